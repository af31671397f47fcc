import { execFile, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** The path of a program in `processes/`. */
export const processFile = (name: string): string => join(import.meta.dirname, 'processes', name);

/** A program to start. */
export interface Program {
  /** Arguments of Node, the file first. */
  args: readonly string[];
  variables?: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** Runs a program, without its log, and returns the JSON that it prints. Rejects when it fails. The caller knows the type. */
export async function runProgram<T>({ args, variables = {}, signal }: Program): Promise<T> {
  const child = spawn(process.execPath, args, { env: variables, stdio: ['ignore', 'pipe', 'ignore'], signal });
  const ended = once(child, 'close', { signal });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}`);
  return JSON.parse(text) as T;
}

/** A server in its own process. */
export interface ServerProgram {
  url: string;
  pid: number;
  /** The JSON that it printed. */
  printed: Readonly<Record<string, unknown>>;
  stop: () => Promise<void>;
}

/** Starts a server, without its log, that prints one line of JSON with its `url`. Rejects when it ends before that. */
export async function startServer({ args, variables = {}, signal }: Program): Promise<ServerProgram> {
  const child = spawn(process.execPath, args, { env: variables, stdio: ['ignore', 'pipe', 'ignore'], signal });
  const ended = endOf(child);
  const line = once(createInterface(child.stdout), 'line', { signal }) as Promise<[string]>;
  const first = await Promise.race([line, ended]);
  if (first === undefined) throw new Error(`${args[0]} does not start`);
  const printed = JSON.parse(first[0]) as { url: string };
  return {
    url: printed.url,
    printed,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Starts a program of `processes/` that exchanges messages; `signal` ends it. */
export function forkProgram(name: string, args: readonly string[], signal: AbortSignal): ChildProcess {
  const child = fork(processFile(name), args, { signal });
  // The end by `signal` is no error.
  child.on('error', () => undefined);
  return child;
}

/** Resolves when a process has ended. */
export function endOf(child: ChildProcess): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  child.on('close', () => resolve(undefined)).on('error', () => resolve(undefined));
  return promise;
}

/** The output of a program; undefined when it is not installed or fails. */
export async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  return promisify(execFile)(command, args).then(
    ({ stdout, stderr }) => `${stdout}${stderr}`.trim(),
    () => undefined,
  );
}

/** The processor time of a process, in microseconds; NaN outside Linux. */
export async function processorTime(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // After the name, which may contain anything: user time is the 14th field, system time the 15th, in hundredths of a second.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** The peak memory of a process, in bytes; NaN outside Linux. */
export async function peakMemory(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024;
}
