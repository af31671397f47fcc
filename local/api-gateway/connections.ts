import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

interface Connections {
  /** Keeps a connection until a response on it has left. */
  hold(socket: Socket, response: ServerResponse): void;
  isHeld(socket: Duplex): boolean;
  /** Drops every connection, now or as soon as nothing holds it. */
  drain(): void;
}

/**
 * Watches a server's connections. Node's own `closeIdleConnections` spares one on which a request has not fully arrived, so
 * that a browser's speculative connection or a stalled upload would delay the shutdown.
 */
export function trackConnections(server: Server): Connections {
  const calls = new Map<Duplex, number>();
  let draining = false;
  server.on('connection', (socket) => {
    calls.set(socket, 0);
    socket.once('close', () => calls.delete(socket));
  });

  return {
    hold(socket, response) {
      count(socket, 1);
      response.once('close', () => count(socket, -1));
    },
    isHeld: (socket) => (calls.get(socket) ?? 0) > 0,
    drain() {
      draining = true;
      for (const socket of calls.keys()) count(socket, 0);
    },
  };

  function count(socket: Duplex, change: number): void {
    const current = calls.get(socket);
    if (current === undefined) return;
    calls.set(socket, current + change);
    // Ending rather than destroying lets the last bytes of an answer leave.
    if (draining && current + change === 0) (socket as Socket).destroySoon();
  }
}
