import type { Socket } from 'node:net';
import type { buildConnector as Undici, Dispatcher, Pool as PoolOfConnections } from 'undici';
import buildConnector from 'undici/lib/core/connect.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { now } from '../clock.ts';

const connections = 64;
/** The longest answer that is read, in bytes. */
const longestAnswer = 1024 * 1024;
const byteOrderMark = '\ufeff';

/** How long opening a connection may take, and how long an idle one is kept, in milliseconds. */
export interface ConnectionOptions {
  connectTimeout: number;
  keepAlive: number;
}

/** An answer; header names in lower case. */
export interface HttpResponse {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
}

/** One request; `signal` ends it. */
export interface DispatchRequest extends Dispatcher.DispatchOptions {
  signal: AbortSignal;
}

interface Connected {
  pool: PoolOfConnections;
  connector: Connector;
  usedAt: number;
}

const pools = new Map<string, Connected>();
const connectErrors = new WeakSet<Error>();

/**
 * Sends one request over a kept connection of its origin. Rejects with undici's or the socket's error, or with the signal's reason.
 * It gathers the answer itself: the stream that undici's `request` makes of one takes 0.06 of an empty start and a fifth of a warm call.
 * Source of the waiting times: the caller; undici's own default is five minutes.
 */
export async function dispatch(
  origin: string,
  patience: ConnectionOptions,
  { signal, ...request }: DispatchRequest,
): Promise<HttpResponse> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const answer: HttpResponse = { status: 0, headers: {}, text: '' };
  const chunks: Buffer[] = [];
  let running: Dispatcher.DispatchController | undefined;
  const abort = () => {
    reject(signal.reason);
    running?.abort(signal.reason);
  };
  signal.addEventListener('abort', abort);
  try {
    connectedTo(origin, patience).pool.dispatch(request, {
      onRequestStart: (controller) => {
        running = controller;
        // While it waited for a connection.
        if (signal.aborted) abort();
      },
      // For a 1xx too; the last one counts.
      onResponseStart: (_, status, headers) => void Object.assign(answer, { status, headers }),
      onResponseData: (_, chunk) => void chunks.push(chunk),
      onResponseEnd: () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ ...answer, text: text.startsWith(byteOrderMark) ? text.slice(1) : text });
      },
      onResponseError: (_, error) => reject(error),
    });
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    // undici frees a connection one turn after its answer; a call that follows at once would open another.
    await new Promise(setImmediate);
  }
}

/** Opens a connection that the origin's first request finds open, or opening. When it fails, that request opens its own. */
export function preconnect(origin: string, patience: ConnectionOptions): void {
  if (!pools.has(keyOf(origin, patience))) connectedTo(origin, patience).connector.openEarly();
}

/** Whether an error of {@link dispatch} is that there was no connection, so that not a byte can have arrived. */
export function isConnectFailure(error: unknown): boolean {
  return error instanceof Error && connectErrors.has(error);
}

/**
 * The origin's pool. A frozen Lambda's timers do not run, so connections that the far side closed meanwhile look alive when it thaws: after
 * a pause in which they should have been dropped, a new pool takes over and the old one ends with its running requests.
 */
function connectedTo(origin: string, patience: ConnectionOptions): Connected {
  const key = keyOf(origin, patience);
  const known = pools.get(key);
  const time = now();
  if (known !== undefined && Math.abs(time - known.usedAt) < patience.keepAlive) {
    known.usedAt = time;
    return known;
  }
  known?.pool.close().catch(() => undefined);
  const connector = connectorOf(origin, patience.connectTimeout);
  const made = { pool: openPool(origin, connector, patience), connector, usedAt: time };
  pools.set(key, made);
  return made;
}

const keyOf = (origin: string, { connectTimeout }: ConnectionOptions) => `${origin} ${connectTimeout}`;

function openPool(origin: string, connector: Connector, { keepAlive }: ConnectionOptions): PoolOfConnections {
  return new Pool(origin, {
    connect: (target, done) =>
      connector.open(target, (...result) => {
        if (result[0] !== null) connectErrors.add(result[0]);
        done(...result);
      }),
    allowH2: false,
    connections,
    pipelining: 1,
    keepAliveTimeout: keepAlive,
    keepAliveMaxTimeout: keepAlive,
    maxResponseSize: longestAnswer,
  });
}

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
