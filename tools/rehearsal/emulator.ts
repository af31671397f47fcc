import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Addresses, Closeable } from './account.ts';
import { killGroup, run } from './programs.ts';

const requirements = join(import.meta.dirname, 'requirements.txt');

/** Installs the emulator into its own Python environment, unless it has these versions; returns the folder. Throws with the output of Python or pip. */
export async function installEmulator(folder: string, signal: AbortSignal): Promise<string> {
  const environment = join(folder, 'python');
  const installed = join(environment, 'installed.txt');
  const required = await readFile(requirements, 'utf8');
  if ((await readFile(installed, 'utf8').catch(() => '')) === required) return environment;
  await rm(environment, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', environment], { signal });
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'];
  await run(join(environment, 'bin', 'pip'), ['install', ...options, '--requirement', requirements], { signal });
  await writeFile(installed, required);
  return environment;
}

/** The options of the emulator. */
export interface EmulatorOptions extends Addresses {
  /** The folder of its Python environment. */
  python: string;
  /** The folder of its files: uploads, the functions' code. */
  folder: string;
  /** The file for the output of the emulator and all functions. */
  logFile: string;
  port: number;
  signal: AbortSignal;
}

/** Starts an empty MiniStack on loopback. Throws when it does not answer within a minute. */
export async function startEmulator(options: EmulatorOptions): Promise<Closeable> {
  const { python, folder, logFile, port, emulator, secretsManager, account, region, signal } = options;
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'tmp'), { recursive: true });
  // Below this project's package.json, Node would load the emulator's scripts as ES modules.
  await writeFile(join(folder, 'package.json'), '{}');
  const log = await open(logFile, 'a');
  // Its own process group ends the functions' processes too.
  const child = spawn(join(python, 'bin', 'ministack'), [], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: {
      // The functions run with the first `node` of the path: the Node of this process.
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
      TMPDIR: join(folder, 'tmp'),
      S3_DATA_DIR: join(folder, 's3'),
      STATE_DIR: join(folder, 'state'),
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_HOST: '127.0.0.1',
      MINISTACK_ACCOUNT_ID: account,
      MINISTACK_REGION: region,
      // Enforces the policies of the functions' roles.
      AUTH: 'true',
      // Lambda waits a minute before it repeats a failed run.
      LAMBDA_ASYNC_RETRY_BASE_SECONDS: '0.1',
      // The functions inherit these.
      AWS_ENDPOINT_URL: emulator,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager,
    },
  });
  await log.close();
  const ended = once(child, 'exit');
  const close = async () => {
    killGroup(child.pid, 'SIGTERM');
    await Promise.race([ended, sleep(5_000, undefined, { ref: false })]);
    // A function's process may ignore the first signal.
    killGroup(child.pid, 'SIGKILL');
  };
  try {
    await untilHealthy(emulator, AbortSignal.any([signal, AbortSignal.timeout(60_000)]));
    return { close };
  } catch (cause) {
    await close();
    throw new Error(`the emulator does not answer:\n${await readFile(logFile, 'utf8')}`, { cause });
  }
}

async function untilHealthy(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/_ministack/health`, { signal }).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(100, undefined, { signal });
  }
}
