import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bundle } from '../../infra/bundle.ts';
import { median } from '../median.ts';

/** What starting Node with a module takes, as multiples of starting it with an empty one. */
interface Start {
  /** The time until the process has ended. */
  time: number;
  /** The processor's time until the module was loaded, which other work on the machine changes less. */
  work: number;
}

// What is measured: a process that loads the module that it is given, and tells its processor time in microseconds.
const loader = `
await import(process.argv[2]);
const { user, system } = process.cpuUsage();
process.getBuiltinModule('node:fs').writeSync(1, String(user + system));
`;

/** A bundle and what its start takes. */
export interface Started {
  bundle: Bundle;
  start: Start;
}

/**
 * Starts a fresh Node process with each bundle in turn, and so often with all of them; gives what the medians come to. `folder` is for files
 * of its own. Rejects when a bundle cannot be loaded, and after `signal`.
 */
export async function measureStarts(
  folder: string,
  bundles: readonly Bundle[],
  { runs, signal }: { runs: number; signal: AbortSignal },
): Promise<Started[]> {
  const [load, empty] = [join(folder, 'load.mjs'), join(folder, 'empty.mjs')];
  await Promise.all([writeFile(load, loader), writeFile(empty, '')]);
  const start = async (file: string): Promise<Start> => {
    const startedAt = performance.now();
    const { stdout } = await promisify(execFile)(process.execPath, [load, file], { signal });
    return { time: performance.now() - startedAt, work: Number(stdout) };
  };
  const empties: Start[] = [];
  const started = bundles.map((bundle) => ({ bundle, starts: [] as Start[] }));
  for (let run = 0; run < runs; run += 1) {
    empties.push(await start(empty));
    for (const { bundle, starts } of started) starts.push(await start(bundle.file));
  }
  const base = medianOf(empties);
  return started.map(({ bundle, starts }) => {
    const { time, work } = medianOf(starts);
    return { bundle, start: { time: time / base.time, work: work / base.work } };
  });
}

function medianOf(starts: readonly Start[]): Start {
  return { time: median(starts.map(({ time }) => time)), work: median(starts.map(({ work }) => work)) };
}
