import type { Dispatcher, Pool as PoolOfConnections } from 'undici';
import request from 'undici/lib/api/api-request.js';
import buildConnector from 'undici/lib/core/connect.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { now } from '../clock.ts';

const connections = 64;
/** The longest answer that is read, in bytes. */
const longestAnswer = 1024 * 1024;

/** How to treat an origin's connections; times in milliseconds. */
export interface Connecting {
  connectTimeout: number;
  /** How long an idle connection is kept. */
  keepAlive: number;
}

/** An answer; header names in lower case. */
export interface Answer {
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  text: string;
}

interface Connected {
  pool: PoolOfConnections;
  usedAt: number;
}

const pools = new Map<string, Connected>();
const connectErrors = new WeakSet<Error>();

/**
 * Sends one request over a kept connection of its origin. Rejects with undici's or the socket's error.
 * Source of the waiting times: the caller; undici's own default is five minutes.
 */
export async function dispatch(
  origin: string,
  connecting: Connecting,
  options: Dispatcher.RequestOptions,
): Promise<Answer> {
  const { statusCode, headers, body } = await request.call(poolOf(origin, connecting), options);
  const text = await body.text();
  // undici frees a connection one turn after its answer; a call that follows at once would open another.
  await new Promise(setImmediate);
  return { status: statusCode, headers, text };
}

/** Whether an error of {@link dispatch} is that there was no connection, so that not a byte can have arrived. */
export function neverConnected(error: unknown): boolean {
  return error instanceof Error && connectErrors.has(error);
}

/**
 * The origin's pool. A frozen Lambda's timers do not run, so connections that the far side closed meanwhile look alive when it thaws: after
 * a pause in which they should have been dropped, a new pool takes over and the old one ends with its running requests.
 */
function poolOf(origin: string, connecting: Connecting): PoolOfConnections {
  const { connectTimeout, keepAlive } = connecting;
  const key = `${origin} ${connectTimeout}`;
  const known = pools.get(key);
  const time = now();
  if (known !== undefined && Math.abs(time - known.usedAt) < keepAlive) {
    known.usedAt = time;
    return known.pool;
  }
  known?.pool.close().catch(() => undefined);
  const pool = openPool(origin, connecting);
  pools.set(key, { pool, usedAt: time });
  return pool;
}

function openPool(origin: string, { connectTimeout, keepAlive }: Connecting): PoolOfConnections {
  // HTTP/2 would put many requests on one connection, to be lost together.
  const connect = buildConnector({ timeout: connectTimeout, allowH2: false });
  return new Pool(origin, {
    connect: (target, done) =>
      connect(target, (...result) => {
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
