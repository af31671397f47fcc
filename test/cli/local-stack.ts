import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { WriteStream } from 'node:tty';
import { useLocal, type AwsAddresses } from '#lib/config/process-env.ts';
import { run } from '#cli/run.ts';
import { startDynamoDb } from '#local/dynamodb/server.ts';
import { startSecretsManager } from '#local/secrets-manager/server.ts';
import { awsKey } from '../aws-key.ts';

/** What a command left behind. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** How a command is run. */
export interface RunOptions {
  stdin?: string;
  env?: Record<string, string>;
  /** Of a terminal that the output goes to; without it, it goes into a pipe. */
  columns?: number;
}

/** A local stack's AWS servers, for one test file: a process keeps to the servers that it called first. */
export interface LocalStack extends AwsAddresses {
  /** The state folder, with its `stack.json`. */
  data: string;
  /** Runs a command against the stack in this process. */
  gateway(args: readonly string[], options?: Pick<RunOptions, 'stdin'>): Promise<Outcome>;
  /** As `gateway`, with `--json`; gives what standard output says. */
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
  const gateway: LocalStack['gateway'] = (args, options) => runHere([...args, '--data', data], options);
  return {
    ...addresses,
    data,
    gateway,
    async json<T>(args: readonly string[]) {
      const { stdout } = await gateway([...args, '--json']);
      // The test that asks knows what it asked for.
      return JSON.parse(stdout) as T;
    },
    async close() {
      await Promise.all([table.close(), secrets.close(), rm(data, { recursive: true })]);
    },
  };
}

/** A state folder with this `stack.json`. */
export async function stackFolder(file: object): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'gateway-cli-'));
  await writeFile(join(data, 'stack.json'), JSON.stringify(file));
  return data;
}

/** Runs a command in this process. */
export async function runHere(args: readonly string[], { stdin = '', columns }: RunOptions = {}): Promise<Outcome> {
  const output = () => Object.assign(new PassThrough(), columns === undefined ? {} : windowOf(columns));
  const terminal = { stdin: new PassThrough().end(stdin), stdout: output(), stderr: output() };
  const [stdout, stderr] = [text(terminal.stdout), text(terminal.stderr)];
  const code = await run(args, terminal);
  terminal.stdout.end();
  terminal.stderr.end();
  return { code, stdout: await stdout, stderr: await stderr };
}

/** What makes a stream one of a terminal. */
function windowOf(columns: number) {
  return { isTTY: true, columns, getColorDepth: () => WriteStream.prototype.getColorDepth() };
}

/** Starts the command itself, with no AWS settings but those given. */
export function start(args: readonly string[], { env = {} }: RunOptions = {}): ChildProcessWithoutNullStreams {
  const { NODE_COMPILE_CACHE } = process.env;
  return spawn(process.execPath, ['cli/main.ts', ...args], {
    env: { HOME: tmpdir(), AWS_EC2_METADATA_DISABLED: 'true', NODE_COMPILE_CACHE, ...env },
  });
}

/** Runs the command itself to its end. */
export async function runReal(args: readonly string[], { stdin = '', env }: RunOptions = {}): Promise<Outcome> {
  const child = start(args, { env });
  child.stdin.end(stdin);
  return outcomeOf(child);
}

/** What a started command leaves behind. */
export async function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  const ended = Promise.withResolvers<number | null>();
  child.once('error', ended.reject).once('close', ended.resolve);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended.promise]);
  return { code, stdout, stderr };
}
