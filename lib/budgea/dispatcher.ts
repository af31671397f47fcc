import type { Dispatcher, Pool as PoolOfConnections } from 'undici';
import request from 'undici/lib/api/api-request.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { now } from '../clock.ts';

/** An idle connection is kept this long, in milliseconds. */
const keepAlive = 4_000;
const connections = 64;

interface Connected {
  pool: PoolOfConnections;
  usedAt: number;
}

const pools = new Map<string, Connected>();

/**
 * Sends one request over a kept connection of its origin. Rejects with undici's or the socket's error.
 * Source of the waiting times: the caller; undici's own default is five minutes.
 */
export function dispatch(
  origin: string,
  connectTimeout: number,
  options: Dispatcher.RequestOptions,
): Promise<Dispatcher.ResponseData> {
  return request.call(poolOf(origin, connectTimeout), options);
}

/**
 * The origin's pool. A frozen Lambda's timers do not run, so connections that the far side closed meanwhile look alive when it thaws: after
 * a pause in which they should have been dropped, a new pool takes over and the old one ends with its running requests.
 */
function poolOf(origin: string, connectTimeout: number): PoolOfConnections {
  const key = `${origin} ${connectTimeout}`;
  const known = pools.get(key);
  const time = now();
  if (known !== undefined && Math.abs(time - known.usedAt) < keepAlive) {
    known.usedAt = time;
    return known.pool;
  }
  known?.pool.close().catch(() => undefined);
  const pool = new Pool(origin, {
    connections,
    connect: { timeout: connectTimeout },
    keepAliveTimeout: keepAlive,
    keepAliveMaxTimeout: keepAlive,
    pipelining: 1,
  });
  pools.set(key, { pool, usedAt: time });
  return pool;
}
