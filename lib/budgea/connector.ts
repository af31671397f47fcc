import type { Socket } from 'node:net';
import type { buildConnector as Undici } from 'undici';
import buildConnector from 'undici/lib/core/connect.js';

/** Opens the connections of one origin. */
export interface Connector {
  /** As undici asks for one. */
  open: Undici.connector;
  /** Opens one that is not asked for yet, and is given away as soon as one is. */
  openEarly: () => void;
}

/** How long opening a connection may take, and how long one is kept that nobody uses, in milliseconds. */
export interface Patience {
  connectTimeout: number;
  keepAlive: number;
}

/** Makes the connector of an origin, `https://host:port`. */
export function connectorOf(origin: string, { connectTimeout, keepAlive }: Patience): Connector {
  // HTTP/2 would put many requests on one connection, to be lost together.
  const connect = buildConnector({ timeout: connectTimeout, allowH2: false });
  let open: Undici.connector = connect;
  return {
    open: (target, done) => open(target, done),
    openEarly() {
      let early: Socket | 'opening' | 'failed' = 'opening';
      let hand: Undici.Callback = (error, socket) => {
        early = error === null ? kept(socket, keepAlive) : 'failed';
      };
      connect(targetOf(origin), (...result) => hand(...result));
      open = (target, done) => {
        open = connect;
        if (early === 'opening') hand = done;
        else if (early === 'failed' || !early.writable) connect(target, done);
        // Not at once: undici is not ready while it asks.
        else queueMicrotask(done.bind(undefined, null, early.setTimeout(0)));
      };
    },
  };
}

/** A connection that ends when nobody uses it, and that nobody hears of then. */
function kept(socket: Socket, time: number): Socket {
  return socket.setTimeout(time, () => socket.destroy()).on('error', () => undefined);
}

function targetOf(origin: string): Undici.Options {
  const { protocol, hostname, host, port } = new URL(origin);
  return { protocol, hostname: hostname.replaceAll(/[[\]]/g, ''), host, port };
}
