import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from '../median.ts';
import { startTrivialUpstream } from './upstream.ts';

/** What the gateway adds to a request once it is warm. */
export interface Overhead {
  /** A call through the gateway, as a multiple of the same call made directly. */
  ratio: number;
  /** What it adds, in microseconds. */
  added: number;
}

/** One round of the caller's: the time of a call, in microseconds. */
export interface Round {
  direct: number;
  gateway: number;
}

/** Measures the bundled function that gets a code, in a process of its own, against an upstream in this one. Rejects when `signal` ends it. */
export async function measureOverhead(bundle: string, signal: AbortSignal): Promise<Overhead> {
  const upstream = await startTrivialUpstream();
  try {
    const caller = fileURLToPath(new URL('caller.ts', import.meta.url));
    const env = { ...process.env, ENVIRONMENT: 'bench', BUDGEA_URL: upstream.url };
    // The function's log lines go to standard error, and nobody reads them.
    const { stdout } = await promisify(execFile)(process.execPath, [caller, bundle], {
      env,
      signal,
      maxBuffer: 2 ** 28,
    });
    // The caller prints its rounds.
    const rounds = JSON.parse(stdout) as Round[];
    return {
      ratio: median(rounds.map(({ direct, gateway }) => gateway / direct)),
      added: median(rounds.map(({ direct, gateway }) => gateway - direct)),
    };
  } finally {
    await upstream.close();
  }
}
