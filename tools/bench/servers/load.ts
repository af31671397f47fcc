import { join } from 'node:path';
import { runProgram } from '../programs.ts';
import { peakMemory, processorTime } from '../process-figures.ts';
import type { ServerProgram } from '../programs.ts';
import { eventOf, type Call } from '../surroundings/calls.ts';

/** What a server did under load. */
export interface Loaded {
  /** Good answers a second. */
  rate: number;
  latencyMs: { mean: number; p99: number };
  /** What an answer took of the server's processor time, in microseconds. */
  processor: number;
  /** The most memory that the server had so far, in bytes. */
  peak: number;
}

/** How it is loaded. */
export interface Load {
  call: Call;
  connections: number;
  seconds: number;
}

const program = join(import.meta.dirname, '../peers/load.mjs');

/** Loads a server from another process for so many seconds. Rejects when an answer is no success. */
export async function loadServer({ url, pid }: ServerProgram, load: Load, signal: AbortSignal): Promise<Loaded> {
  const { rawPath, headers } = eventOf(load.call);
  const options = {
    url: url + rawPath,
    headers: { accept: headers['accept'], authorization: headers['authorization'] },
    connections: load.connections,
    duration: load.seconds,
  };
  const before = await processorTime(pid);
  // The program prints it.
  const result = (await runProgram({ args: [program, JSON.stringify(options)], signal })) as Omit<
    Loaded,
    'processor' | 'peak'
  > & { answers: number; failed: number };
  const processor = (await processorTime(pid)) - before;
  if (result.failed > 0) throw new Error(`${result.failed} calls of ${url} failed under load`);
  const { rate, latencyMs, answers } = result;
  return { rate, latencyMs, processor: processor / answers, peak: await peakMemory(pid) };
}
