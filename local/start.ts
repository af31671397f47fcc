import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { isLoopback } from '#lib/loopback.ts';
import type { Throttling } from './api-gateway/throttle.ts';
import { banner } from './banner.ts';
import { codeOf, openStateFolder, UnsafeFolder } from './files.ts';
import { deployedIntervals } from './jobs.ts';
import { StartFailure } from './servers.ts';
import { stateFiles } from './stack-file.ts';
import { startStack } from './stack.ts';

interface Options {
  port: number;
  upstream?: string;
  awsEndpoint?: string;
  data: string;
  rotateEvery: number;
  fetchEvery: number;
  throttle?: Throttling;
  fresh: boolean;
}

const interval = (flags: string, description: string, milliseconds: number): Option =>
  new Option(flags, description).argParser(duration).default(milliseconds, `${milliseconds / 3_600_000}h`);

const options = new Command('npm start --')
  .description('Starts the gateway on this machine, with a sandbox Budgea, a Secrets Manager and a DynamoDB.')
  .option('--port <n>', 'port of the gateway; the other servers use the next four', portNumber, 3000)
  .option('--upstream <url>', 'base URL of a Budgea API to use instead of the sandbox, with /2.0', upstreamUrl)
  .option('--aws-endpoint <url>', 'AWS-compatible endpoint to use instead of the local servers', httpUrl)
  .option('--data <dir>', 'folder for the state and stack.json', '.local')
  .addOption(
    interval('--rotate-every <duration>', 'rotation interval, such as 30s, 5m or 4h', deployedIntervals.rotate),
  )
  .addOption(interval('--fetch-every <duration>', 'interval of the certificate fetch', deployedIntervals.fetch))
  .option(
    '--throttle <rate:burst>',
    'requests per second and burst of each route, such as 20:40 (default: unlimited)',
    throttling,
  )
  .option('--fresh', 'delete all state: secrets, partners and users', false)
  .parse()
  .opts<Options>();

try {
  if (options.fresh) await deleteState(options.data);
  const intervals = { rotate: options.rotateEvery, fetch: options.fetchEvery };
  const stack = await startStack({ ...options, intervals, throttling: options.throttle });
  const { startSchedules } = await import('./schedules.ts');
  const schedules = await startSchedules(intervals, options.awsEndpoint === undefined);
  process.stdout.write(banner(stack, options));
  stopOnSignal([schedules, stack]);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}

/** Deletes only a stack's own files. */
async function deleteState(data: string): Promise<void> {
  await openStateFolder(data, stateFiles);
  for (const name of stateFiles) await rm(join(data, name), { recursive: true, force: true });
}

/** The first signal waits for running calls, the second does not. */
function stopOnSignal(running: { close(): Promise<void> }[]): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(130);
    stopping = true;
    process.stdout.write('\nStopping… Press Ctrl-C again to stop without waiting for running calls.\n');
    void Promise.all(running.map((part) => part.close())).then(() => process.exit(0));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

function messageOf(error: unknown): string {
  if (error instanceof UnsafeFolder) return error.message;
  if (!(error instanceof StartFailure)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const code = codeOf(error.cause) ?? codeOf(error.cause instanceof Error ? error.cause.cause : undefined);
  if (code === 'EADDRINUSE') {
    return `Port ${error.port} of the ${error.part} is in use. Choose other ports with --port N; N to N+4 must be free.`;
  }
  if (code === 'LEVEL_LOCKED' || code === 'LEVEL_DATABASE_NOT_OPEN') {
    return `The state folder ${options.data} is in use by another stack. Stop it, or choose another folder with --data DIR.`;
  }
  return `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_531)
    throw new InvalidArgumentError('It must be a number from 1 to 65531.');
  return port;
}

function duration(text: string): number {
  const [, number, unit] = /^([1-9]\d{0,3})([smh])$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('It must be a number followed by s, m or h, such as 30s.');
  const seconds = unit === 's' ? 1 : unit === 'm' ? 60 : 3600;
  return Number(number) * seconds * 1000;
}

function throttling(text: string): Throttling {
  const [, rate, burst] = /^([1-9]\d{0,4}):([1-9]\d{0,4})$/.exec(text) ?? [];
  if (rate === undefined || burst === undefined)
    throw new InvalidArgumentError('It must be two numbers, such as 20:40.');
  return { requestsPerSecond: Number(rate), burst: Number(burst) };
}

/** The contract's credentials are sent to this URL. */
function upstreamUrl(text: string): string {
  const url = httpUrl(text);
  if (new URL(url).protocol === 'http:' && !isLoopback(new URL(url)))
    throw new InvalidArgumentError('Over http, the credentials would leave this machine in the clear. Use https.');
  return url;
}

function httpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('It must be an http or https URL.');
  return text.replace(/\/+$/, '');
}
