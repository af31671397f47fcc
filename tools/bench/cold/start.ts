import { fork } from 'node:child_process';
import { once } from 'node:events';
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

/** Starts a process, invokes the function once and gives what that took; one at a time. Rejects when the answer is no success. */
export type StartOne = (startable: Startable) => Promise<Start>;

const runner = fileURLToPath(new URL('runner.mjs', import.meta.url));
const starter = fileURLToPath(new URL('starter.mjs', import.meta.url));

/** Makes the process that starts others; `signal` ends it. */
export function startStarter(signal: AbortSignal): StartOne {
  const child = fork(starter, { signal });
  // Its end by `signal` is no error.
  child.on('error', () => undefined);
  return async ({ name, bundle, event, variables }) => {
    const answered = once(child, 'message', { signal });
    child.send({ command: process.execPath, args: [runner, bundle, event], cwd: dirname(bundle), env: variables });
    // The starter sends one of the two.
    const [answer] = (await answered) as [{ error: string } | { error?: undefined; time: number; printed: string }];
    if (answer.error !== undefined) throw new Error(`${name} cannot be started: ${answer.error}`);
    const { time, printed } = answer;
    const [status = '', figures = '{}'] = printed.split('\n');
    if (!/^[23]\d\d$/.test(status)) throw new Error(`${name} answered ${status || 'nothing'} when it was started`);
    // The runner prints them.
    const { work, peak } = JSON.parse(figures) as { work: number; peak: number | null };
    return { time, work, peak: peak ?? Number.NaN };
  };
}
