import type { Socket } from 'node:net';
import type { buildConnector as Undici, Dispatcher, Pool as UndiciPool } from 'undici';
import buildConnector from 'undici/lib/core/connect.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { now } from '../clock.ts';

const connections = 64;
/** The maximum size of a response body, in bytes. */
const maxResponseSize = 1024 * 1024;
const byteOrderMark = '\ufeff';

/** The timeouts of a pool of connections, in milliseconds. */
export interface ConnectionOptions {
  connectTimeout: number;
  /** The time for which an idle connection stays open. */
  keepAlive: number;
}

/** A response, with header names in lower case. */
export interface HttpResponse {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
}

/** A request. `signal` aborts it. */
export interface DispatchRequest extends Dispatcher.DispatchOptions {
  signal: AbortSignal;
}

interface OriginPool {
  pool: UndiciPool;
  connector: Connector;
  usedAt: number;
}

const pools = new Map<string, OriginPool>();
const connectErrors = new WeakSet<Error>();

/**
 * Sends a request over a pooled connection and returns the complete response. Throws undici's or the socket's error, or the signal's reason. Collects
 * the body itself, because the stream of undici's `request` adds 6 % to a cold start and 20 % to a warm call.
 */
export async function dispatch(
  origin: string,
  options: ConnectionOptions,
  { signal, ...request }: DispatchRequest,
): Promise<HttpResponse> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const response: HttpResponse = { status: 0, headers: {}, text: '' };
  const chunks: Buffer[] = [];
  let running: Dispatcher.DispatchController | undefined;
  const abort = () => {
    reject(signal.reason);
    running?.abort(signal.reason);
  };
  signal.addEventListener('abort', abort);
  try {
    poolFor(origin, options).pool.dispatch(request, {
      onRequestStart: (controller) => {
        running = controller;
        // The signal may have aborted while the request waited for a connection.
        if (signal.aborted) abort();
      },
      // Called for 1xx responses too; the last call is the final response.
      onResponseStart: (_, status, headers) => void Object.assign(response, { status, headers }),
      onResponseData: (_, chunk) => void chunks.push(chunk),
      onResponseEnd: () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ ...response, text: text.startsWith(byteOrderMark) ? text.slice(1) : text });
      },
      onResponseError: (_, error) => reject(error),
    });
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    // undici frees a connection one turn of the event loop after the response. An earlier request would open another connection.
    await new Promise(setImmediate);
  }
}

/** Opens a connection for the origin's first request. If it fails, that request opens another one. */
export function preconnect(origin: string, options: ConnectionOptions): void {
  if (!pools.has(keyOf(origin, options))) poolFor(origin, options).connector.openEarly();
}

/** Returns whether an error of {@link dispatch} means that no connection was established, so that nothing was sent. */
export function isConnectFailure(error: unknown): boolean {
  return error instanceof Error && connectErrors.has(error);
}

/**
 * Returns the origin's pool. Timers do not run while a Lambda function is frozen, so afterwards the pool can contain connections that the server has
 * closed. After a pause longer than `keepAlive`, a new pool replaces the old one, which closes after its running requests.
 */
function poolFor(origin: string, options: ConnectionOptions): OriginPool {
  const key = keyOf(origin, options);
  const existing = pools.get(key);
  const time = now();
  if (existing !== undefined && Math.abs(time - existing.usedAt) < options.keepAlive) {
    existing.usedAt = time;
    return existing;
  }
  existing?.pool.close().catch(() => undefined);
  const connector = createConnector(origin, options.connectTimeout);
  const created = { pool: createPool(origin, connector, options), connector, usedAt: time };
  pools.set(key, created);
  return created;
}

const keyOf = (origin: string, { connectTimeout }: ConnectionOptions) => `${origin} ${connectTimeout}`;

function createPool(origin: string, connector: Connector, { keepAlive }: ConnectionOptions): UndiciPool {
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
    maxResponseSize,
  });
}

/** Opens the connections of an origin. */
interface Connector {
  /** Opens a connection for undici. */
  open: Undici.connector;
  /** Opens a connection in advance, which the next call of `open` returns. */
  openEarly: () => void;
}

/** The maximum age of an unused connection, in milliseconds, because servers soon close connections without a request. */
const maxEarlyAge = 2_000;

/** Returns the connector of an origin. A connection attempt times out after `timeout` milliseconds. */
function createConnector(origin: string, timeout: number): Connector {
  // With HTTP/2, one lost connection would fail many requests.
  const connect = buildConnector({ timeout, allowH2: false });
  let open: Undici.connector = connect;
  return {
    open: (target, done) => open(target, done),
    openEarly() {
      let early: EarlySocket | 'opening' | 'failed' = 'opening';
      let onConnect: Undici.Callback = (error, socket) => {
        early = error === null ? new EarlySocket(socket) : 'failed';
      };
      connect(targetOf(origin), (...result) => onConnect(...result));
      open = (target, done) => {
        open = connect;
        if (early === 'opening') onConnect = done;
        else if (early === 'failed' || !early.isFresh()) connect(target, done);
        // undici does not support a synchronous callback.
        else queueMicrotask(done.bind(undefined, null, early.take()));
      };
    },
  };
}

/** An open connection without a request, which closes itself when it becomes too old. */
class EarlySocket {
  readonly #socket: Socket;
  readonly #openedAt = now();

  constructor(socket: Socket) {
    this.#socket = socket.setTimeout(maxEarlyAge, () => socket.destroy()).on('error', () => undefined);
  }

  /** Compares times, because timers do not run while a Lambda function is frozen. */
  isFresh(): boolean {
    return this.#socket.writable && Math.abs(now() - this.#openedAt) < maxEarlyAge;
  }

  take(): Socket {
    return this.#socket.setTimeout(0);
  }
}

function targetOf(origin: string): Undici.Options {
  const { protocol, hostname, host, port } = new URL(origin);
  return { protocol, hostname: hostname.replaceAll(/[[\]]/g, ''), host, port };
}
