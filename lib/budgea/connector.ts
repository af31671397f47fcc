import type { Socket } from 'node:net';
import type { buildConnector as Undici } from 'undici';
import buildConnector from 'undici/lib/core/connect.js';
import { now } from '../clock.ts';

/** Opens the connections of one origin. */
export interface Connector {
  /** As undici asks for one. */
  open: Undici.connector;
  /** Opens one that is not asked for yet, and is given away as soon as one is. */
  openEarly: () => void;
}

/** A connection that carries no request is one that servers soon close: this old, in milliseconds, it is not used any more. */
const longestEarly = 2_000;

/** Makes the connector of an origin, `https://host:port`; opening a connection may take `timeout` milliseconds. */
export function connectorOf(origin: string, timeout: number): Connector {
  // HTTP/2 would put many requests on one connection, to be lost together.
  const connect = buildConnector({ timeout, allowH2: false });
  let open: Undici.connector = connect;
  return {
    open: (target, done) => open(target, done),
    openEarly() {
      let early: Early | 'opening' | 'failed' = 'opening';
      let hand: Undici.Callback = (error, socket) => {
        early = error === null ? new Early(socket) : 'failed';
      };
      connect(targetOf(origin), (...result) => hand(...result));
      open = (target, done) => {
        open = connect;
        if (early === 'opening') hand = done;
        else if (early === 'failed' || !early.isFresh()) connect(target, done);
        // Not at once: undici is not ready while it asks.
        else queueMicrotask(done.bind(undefined, null, early.take()));
      };
    },
  };
}

/** A connection that is open and waits for its first request; it ends by itself when there is none. */
class Early {
  readonly #socket: Socket;
  readonly #openedAt = now();

  constructor(socket: Socket) {
    this.#socket = socket.setTimeout(longestEarly, () => socket.destroy()).on('error', () => undefined);
  }

  /** A frozen Lambda's timers do not run: the clock says how old it is. */
  isFresh(): boolean {
    return this.#socket.writable && Math.abs(now() - this.#openedAt) < longestEarly;
  }

  take(): Socket {
    return this.#socket.setTimeout(0);
  }
}

function targetOf(origin: string): Undici.Options {
  const { protocol, hostname, host, port } = new URL(origin);
  return { protocol, hostname: hostname.replaceAll(/[[\]]/g, ''), host, port };
}
