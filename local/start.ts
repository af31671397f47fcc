import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { isLoopback } from '#lib/loopback.ts';
import type { Throttling } from './api-gateway/throttle.ts';
import { banner } from './banner.ts';
import { openStateFolder, UnsafeFolder } from './files.ts';
import { deployedIntervals } from './intervals.ts';
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

const options = new Command('npm start --')
  .description(
    'Brings up the gateway on this machine: the functions, a sandbox Budgea, a Secrets Manager and a DynamoDB.',
  )
  .option(
    '--port <n>',
    'port of the gateway; the sandbox, Secrets Manager, DynamoDB and the demo application take the next four',
    portNumber,
    3000,
  )
  .option('--upstream <url>', 'call this Budgea, /2.0 included, instead of the sandbox', upstreamUrl)
  .option('--aws-endpoint <url>', 'use this AWS-compatible endpoint instead of the local ones', httpUrl)
  .option('--data <dir>', 'keep state and stack.json in this folder', '.local')
  .option(
    '--rotate-every <duration>',
    'rotate the manage token this often, such as 30s, 5m or 4h',
    duration,
    deployedIntervals.rotate,
  )
  .option('--fetch-every <duration>', 'fetch the certificates this often', duration, deployedIntervals.fetch)
  .option(
    '--throttle <rate:burst>',
    'answer 429 to more calls than these a second and at once, on each route, such as 20:40; unlimited by default',
    throttling,
  )
  .option('--fresh', 'start from nothing: forget all secrets, partners and users of the folder', false)
  .parse()
  .opts<Options>();

try {
  if (options.fresh) await forget(options.data);
  const intervals = { rotate: options.rotateEvery, fetch: options.fetchEvery };
  const stack = await startStack({ ...options, intervals, throttling: options.throttle });
  const { startSchedules } = await import('./schedules.ts');
  const schedules = await startSchedules(intervals, options.awsEndpoint === undefined);
  process.stdout.write(banner(stack, options));
  stopOnSignal([schedules, stack]);
} catch (error) {
  process.stderr.write(`${complaint(error)}\n`);
  process.exitCode = 1;
}

/** Removes what a stack wrote, and nothing else that the folder may hold. */
async function forget(data: string): Promise<void> {
  await openStateFolder(data, stateFiles);
  for (const name of stateFiles) await rm(join(data, name), { recursive: true, force: true });
}

/** The first signal lets running calls end, the second does not wait. */
function stopOnSignal(running: { close(): Promise<void> }[]): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(130);
    stopping = true;
    process.stdout.write('\nStopping; once more does not wait for running calls.\n');
    void Promise.all(running.map((part) => part.close())).then(() => process.exit(0));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

function complaint(error: unknown): string {
  if (error instanceof UnsafeFolder) return error.message;
  if (!(error instanceof StartFailure)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const code = codeOf(error.cause) ?? codeOf(error.cause instanceof Error ? error.cause.cause : undefined);
  if (code === 'EADDRINUSE') {
    return `Port ${error.port}, for the ${error.part}, is taken. Stop what listens there, or choose other ports with --port N (N to N+4 must be free).`;
  }
  if (code === 'LEVEL_LOCKED' || code === 'LEVEL_DATABASE_NOT_OPEN') {
    return `The state folder ${options.data} is in use by another stack. Stop that one, or choose another folder with --data DIR.`;
  }
  return `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_531)
    throw new InvalidArgumentError('It takes a number from 1 to 65531.');
  return port;
}

function duration(text: string): number {
  const [, number, unit] = /^([1-9]\d{0,3})([smh])$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('It takes a number and s, m or h, such as 30s.');
  const seconds = unit === 's' ? 1 : unit === 'm' ? 60 : 3600;
  return Number(number) * seconds * 1000;
}

function throttling(text: string): Throttling {
  const [, rate, burst] = /^([1-9]\d{0,4}):([1-9]\d{0,4})$/.exec(text) ?? [];
  if (rate === undefined || burst === undefined) throw new InvalidArgumentError('It takes two numbers, such as 20:40.');
  return { requestsPerSecond: Number(rate), burst: Number(burst) };
}

/** The contract's credentials are sent there. */
function upstreamUrl(text: string): string {
  const url = new URL(httpUrl(text));
  if (url.protocol === 'http:' && !isLoopback(url))
    throw new InvalidArgumentError('Over http the credentials would leave this machine in the clear. Use https.');
  return httpUrl(text);
}

function httpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('It takes an http or https URL.');
  return text.replace(/\/+$/, '');
}
