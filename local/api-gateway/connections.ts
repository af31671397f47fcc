import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Tracks a server's connections. Node's `closeIdleConnections` skips a connection with an incomplete request: a browser's speculative
 * connection or a stalled upload would delay the shutdown.
 */
export function trackConnections(server: Server) {
  const calls = new Map<Duplex, number>();
  let draining = false;
  server.on('connection', (socket) => {
    calls.set(socket, 0);
    socket.once('close', () => calls.delete(socket));
  });

  return {
    /** Marks a connection as in use until the response is sent. */
    hold(socket: Socket, response: ServerResponse) {
      count(socket, 1);
      response.once('close', () => count(socket, -1));
    },
    isHeld: (socket: Duplex) => (calls.get(socket) ?? 0) > 0,
    /** Closes every connection, now or when it is no longer in use. */
    drain() {
      draining = true;
      for (const socket of calls.keys()) count(socket, 0);
    },
  };

  function count(socket: Duplex, change: number): void {
    const current = calls.get(socket);
    if (current === undefined) return;
    calls.set(socket, current + change);
    // `destroySoon` sends the last bytes of a response first.
    if (draining && current + change === 0) (socket as Socket).destroySoon();
  }
}
