import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** What a program gets beside its arguments. */
export interface RunOptions {
  signal: AbortSignal;
  env?: NodeJS.ProcessEnv;
  /** Its standard input. */
  input?: string;
}

/** A program that ended with another code than 0. */
class Failed extends Error {
  override readonly name = 'Failed';
  constructor(command: string, code: number | null, output: string) {
    super(`${command} ended with ${code ?? 'a signal'}:\n${output.trim()}`);
  }
}

/** Runs a program to its end; gives what it wrote to standard output. Throws Failed, with all that it wrote. */
export async function run(
  program: string,
  args: readonly string[],
  { signal, env = process.env, input = '' }: RunOptions,
): Promise<string> {
  signal.throwIfAborted();
  // In a group of its own, with what it starts: Ctrl-C reaches the rehearsal alone, which then ends the whole group.
  const child = spawn(program, args, { env, detached: true });
  const end = () => killGroup(child.pid, 'SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  const written = { out: '', all: '' };
  collect(child.stdout, (text) => ((written.out += text), (written.all += text)));
  collect(child.stderr, (text) => (written.all += text));
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  signal.removeEventListener('abort', end);
  signal.throwIfAborted();
  if (code !== 0) throw new Failed([program, ...args].join(' '), code, written.all);
  return written.out;
}

/** Signals a process and what it started. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function collect(stream: Readable, add: (text: string) => void): void {
  stream.setEncoding('utf8').on('data', add);
}
