import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is started: a bundle with a `handler`, and a file with the event of its first invocation. */
export interface Startable {
  name: string;
  bundle: string;
  event: string;
  variables: Readonly<Record<string, string>>;
}

/** What one start took. */
export interface Start {
  /** From the start of the process to its first answer, in milliseconds. */
  time: number;
  /** Of the processor until then, in milliseconds. */
  work: number;
  /** The most memory that the process had, in bytes. */
  peak: number;
}

const runner = fileURLToPath(new URL('runner.mjs', import.meta.url));

/** Starts a process, invokes the function once and gives what that took. Rejects when the answer is no success. */
export async function start({ name, bundle, event, variables }: Startable, signal: AbortSignal): Promise<Start> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [runner, bundle, event], {
    cwd: dirname(bundle),
    env: variables,
    // The log is for nobody.
    stdio: ['ignore', 'pipe', 'ignore'],
    signal,
  });
  let answeredAt = Number.NaN;
  child.stdout.once('data', () => (answeredAt = performance.now()));
  const failed = Promise.withResolvers<never>();
  child.once('error', failed.reject);
  const printed = await Promise.race([text(child.stdout), failed.promise]);
  const [status = '', figures = '{}'] = printed.split('\n');
  if (!/^[23]\d\d$/.test(status)) throw new Error(`${name} answered ${status || 'nothing'} when it was started`);
  // The runner prints them.
  const { work, peak } = JSON.parse(figures) as { work: number; peak: number | null };
  return { time: answeredAt - startedAt, work, peak: peak ?? Number.NaN };
}
