import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** How to start a program of the benchmark's. */
export interface Program {
  /** Arguments of Node: the file, and what it is told. */
  args: readonly string[];
  variables?: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** Runs a program to its end and gives the JSON that it prints; what it logs goes to `/dev/null`. Rejects when it fails. */
export async function runProgram({ args, variables = {}, signal }: Program): Promise<unknown> {
  const child = spawn(process.execPath, args, { env: variables, stdio: ['ignore', 'pipe', 'ignore'], signal });
  const ended = once(child, 'close', { signal });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return JSON.parse(text);
}

/** A server in a process of its own. */
export interface ServerProgram {
  url: string;
  pid: number;
  /** All that it said of itself. */
  told: Readonly<Record<string, unknown>>;
  stop: () => Promise<void>;
}

/** Starts a server that prints one line, JSON with its `url`; what it logs goes to `/dev/null`. Rejects when it ends before that. */
export async function startServer({ args, variables = {}, signal }: Program): Promise<ServerProgram> {
  const child = spawn(process.execPath, args, { env: variables, stdio: ['ignore', 'pipe', 'ignore'], signal });
  const ended = endOf(child);
  const lines = createInterface(child.stdout);
  const line = once(lines, 'line', { signal }) as Promise<[string]>;
  const first = await Promise.race([line, ended]);
  if (first === undefined) throw new Error(`${args.join(' ')} does not start`);
  const told = JSON.parse(first[0]) as { url: string };
  return {
    url: told.url,
    told,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Resolves when a process has ended, by itself or by a signal. */
export function endOf(child: ChildProcess): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  child.on('close', () => resolve(undefined)).on('error', () => resolve(undefined));
  return promise;
}

/** What a program prints, or undefined when it is not there or fails. */
export async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  return promisify(execFile)(command, args).then(
    ({ stdout, stderr }) => `${stdout}${stderr}`.trim(),
    () => undefined,
  );
}
