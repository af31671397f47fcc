import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killGroup } from '../run.ts';

/** Where and as what the emulator answers. */
export interface EmulatorOptions {
  /** The folder of its Python environment. */
  python: string;
  /** Its own files: uploads, the functions' code. */
  folder: string;
  /** Gets what the emulator and all functions write. */
  logFile: string;
  port: number;
  account: string;
  region: string;
  /** Environment variables of every function, beside those that its deployment gives it. */
  functions: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** An emulator that answers. */
export interface Emulator {
  url: string;
  close(): Promise<void>;
}

/** Starts MiniStack with nothing in it, on loopback alone. Throws when it does not answer within a minute. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { python, folder, logFile, port, account, region, functions, signal } = options;
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'tmp'), { recursive: true });
  // Below this project, Node would take its scripts for ES modules.
  await writeFile(join(folder, 'package.json'), '{}');
  const log = await open(logFile, 'a');
  // In a group of its own, so that the functions' processes end with it.
  const child = spawn(join(python, 'bin', 'ministack'), [], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: {
      // It runs functions with the `node` that it finds: the one that runs this.
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
      TMPDIR: join(folder, 'tmp'),
      S3_DATA_DIR: join(folder, 's3'),
      STATE_DIR: join(folder, 'state'),
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_HOST: '127.0.0.1',
      MINISTACK_ACCOUNT_ID: account,
      MINISTACK_REGION: region,
      // A function may do what its role says, and nothing else.
      AUTH: 'true',
      // Lambda waits a minute before it repeats a failed run.
      LAMBDA_ASYNC_RETRY_BASE_SECONDS: '0.1',
      ...functions,
    },
  });
  await log.close();
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const emulator: Emulator = {
    url,
    async close() {
      killGroup(child.pid, 'SIGTERM');
      await Promise.race([ended, sleep(5_000, undefined, { ref: false })]);
      // What a function's process does with the first signal is its own affair.
      killGroup(child.pid, 'SIGKILL');
    },
  };
  try {
    await answering(url, AbortSignal.any([signal, AbortSignal.timeout(60_000)]));
    return emulator;
  } catch (cause) {
    await emulator.close();
    throw new Error(`the emulator does not answer:\n${await readFile(logFile, 'utf8')}`, { cause });
  }
}

async function answering(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/_ministack/health`, { signal }).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(100, undefined, { signal });
  }
}
