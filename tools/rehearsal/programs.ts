import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ownerOf, type Addresses, type Credentials } from './account.ts';

/** The environment, the signal and the standard input of a program. */
export interface RunOptions {
  signal: AbortSignal;
  env?: NodeJS.ProcessEnv;
  input?: string;
}

/** Runs a program and returns its standard output. Throws with its output when it exits with another code than 0. */
export async function run(
  program: string,
  args: readonly string[],
  { signal, env = process.env, input = '' }: RunOptions,
): Promise<string> {
  signal.throwIfAborted();
  // In its own process group: Ctrl-C reaches only the rehearsal, which then ends the whole group.
  const child = spawn(program, args, { env, detached: true });
  const end = () => killGroup(child.pid, 'SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  const output = { out: '', all: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => ((output.out += text), (output.all += text)));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.all += text));
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  signal.removeEventListener('abort', end);
  signal.throwIfAborted();
  if (code !== 0) {
    throw new Error(`${[program, ...args].join(' ')} ended with ${code ?? 'a signal'}:\n${output.all.trim()}`);
  }
  return output.out;
}

/** Signals a process group. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The project's command lines, without the AWS account of the user's environment. */
export type Programs = ReturnType<typeof openPrograms>;

const root = join(import.meta.dirname, '../..');
const cdkProgram = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');

/** Returns functions that run the command lines on the emulator. `home` replaces the user's home: no AWS profile, no CDK cache. */
export function openPrograms({
  environment,
  home,
  emulator,
  secretsManager,
  account,
  region,
  signal,
}: Addresses & { environment: string; home: string; signal: AbortSignal }) {
  const owner = ownerOf(account);
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    AWS_REGION: region,
    AWS_ENDPOINT_URL: emulator,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager,
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_DEFAULT_ACCOUNT: account,
    CDK_DEFAULT_REGION: region,
  };
  const node = (args: readonly string[], { accessKeyId, secretAccessKey } = owner, input = '') =>
    run(process.execPath, args, {
      signal,
      env: { ...env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      input,
    });
  return {
    /** The CDK's command line. */
    cdk: (...args: string[]) => node([cdkProgram, '--no-notices', ...args]),
    /** Synthesizes the environment as `npm run synth` does. */
    synth: (assembly: string) =>
      node([join(root, 'infra/cdk.ts'), 'synth', environment, '--quiet', '--output', assembly]),
    /** The gateway's command line, with these credentials. */
    gateway: (credentials: Credentials, args: readonly string[], input?: string) =>
      node([join(root, 'cli/main.ts'), ...args, '--env', environment], credentials, input),
    owner,
  };
}
