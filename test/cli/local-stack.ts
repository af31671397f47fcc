import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { WriteStream } from 'node:tty';
import { useLocal, type AwsAddresses } from '#lib/config/process-env.ts';
import { run } from '#cli/program.ts';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import { startSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey } from '../aws-key.ts';

/** The result of a command. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The input of a command. */
export interface RunOptions {
  stdin?: string;
  env?: Record<string, string>;
  /** The width of the terminal that the output is written to; without it, the output is a pipe. */
  columns?: number;
}

/** The AWS servers of a local stack, for one test file: a process keeps the servers that it called first. */
export interface LocalStack extends AwsAddresses {
  /** The state folder with `stack.json`. */
  data: string;
  /** Runs a command for the stack in this process. */
  gateway(args: readonly string[], options?: Pick<RunOptions, 'stdin'>): Promise<Outcome>;
  /** Runs a command with `--json` and returns its parsed output. */
  json<T>(args: readonly string[]): Promise<T>;
  close(): Promise<void>;
}

/** Starts the servers on free ports, with an empty table. */
export async function startLocalStack(): Promise<LocalStack> {
  const servers = { port: 0, accessKeyId: awsKey.accessKeyId };
  const [table, secrets] = await Promise.all([startDynamoDb(servers), startSecretsManager(servers)]);
  const addresses = { secretsManager: secrets.url, dynamodb: table.url, aws: awsKey };
  useLocal(addresses);
  await (await import('#local/table.ts')).createTable();
  const data = await stackFolder(addresses);
  const gateway: LocalStack['gateway'] = (args, options) => runCommand([...args, '--data', data], options);
  return {
    ...addresses,
    data,
    gateway,
    async json<T>(args: readonly string[]) {
      const { stdout } = await gateway([...args, '--json']);
      // The caller declares the type of the output.
      return JSON.parse(stdout) as T;
    },
    async close() {
      await Promise.all([table.close(), secrets.close(), rm(data, { recursive: true })]);
    },
  };
}

/** Creates a state folder with this `stack.json`. */
export async function stackFolder(file: object): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'gateway-cli-'));
  await writeFile(join(data, 'stack.json'), JSON.stringify(file));
  return data;
}

/** Runs a command in this process. */
export async function runCommand(args: readonly string[], { stdin = '', columns }: RunOptions = {}): Promise<Outcome> {
  const output = () => Object.assign(new PassThrough(), columns === undefined ? {} : terminalOf(columns));
  const terminal = { stdin: new PassThrough().end(stdin), stdout: output(), stderr: output() };
  const [stdout, stderr] = [text(terminal.stdout), text(terminal.stderr)];
  const code = await run(args, terminal);
  terminal.stdout.end();
  terminal.stderr.end();
  return { code, stdout: await stdout, stderr: await stderr };
}

/** Returns the properties that make a stream a terminal. */
function terminalOf(columns: number) {
  return { isTTY: true, columns, getColorDepth: () => WriteStream.prototype.getColorDepth() };
}

/** Starts a command in a new process, with only the AWS settings in `env`. */
export function startProcess(args: readonly string[], { env = {} }: RunOptions = {}): ChildProcessWithoutNullStreams {
  const { NODE_COMPILE_CACHE } = process.env;
  return spawn(process.execPath, ['cli/main.ts', ...args], {
    env: { HOME: tmpdir(), AWS_EC2_METADATA_DISABLED: 'true', NODE_COMPILE_CACHE, ...env },
  });
}

/** Runs a command in a new process. */
export async function runProcess(args: readonly string[], { stdin = '', env }: RunOptions = {}): Promise<Outcome> {
  const child = startProcess(args, { env });
  child.stdin.end(stdin);
  return outcomeOf(child);
}

/** Returns the result of a started command. */
export async function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  const ended = Promise.withResolvers<number | null>();
  child.once('error', ended.reject).once('close', ended.resolve);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended.promise]);
  return { code, stdout, stderr };
}

/** Runs a command in a new process with a pseudo-terminal of util-linux's `script`; `type` is typed after the first output. */
export async function runInTerminal(
  args: readonly string[],
  { columns, type }: { columns: number; type?: string },
): Promise<{ code: number | null; output: string }> {
  const command = [process.execPath, 'cli/main.ts', ...args].map((word) => `'${word}'`).join(' ');
  const line = `stty cols ${columns} rows 24; exec ${command}`;
  const child = spawn('/usr/bin/script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    env: { HOME: tmpdir(), PATH: '/usr/bin:/bin', SHELL: '/bin/sh', TERM: 'xterm-256color' },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (output === '' && type !== undefined) child.stdin.write(type);
    output += chunk.toString();
  });
  await once(child, 'close');
  return { code: child.exitCode, output };
}
