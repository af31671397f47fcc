import { once } from 'node:events';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { now } from '#lib/clock.ts';
import { CliError } from '../cli-error.ts';
import { clientId } from '../partners/arguments.ts';
import type { Session } from '../session.ts';
import type { Filter, FollowOptions, LogLine } from './log-line.ts';

interface Options extends Filter {
  since: number;
}

/** Adds `tail`. */
export function addTail(program: Command, session: Session): void {
  program
    .command('tail')
    .description('Follow calls and runs of scheduled functions; Ctrl-C quits with exit code 0')
    .addOption(new Option('--partner <client id>', 'Show only calls of this partner').argParser(clientId))
    .option('--operation <operation...>', 'Show only calls of these operations, such as auth_init_post')
    .addOption(
      new Option('--status <status>', 'Show only calls with this status, such as 404 or 5xx').argParser(statusPattern),
    )
    .option('--failed', 'Show only rejected and failed calls and failed runs')
    .addOption(
      new Option('--since <duration>', 'Start this long ago, such as 30s, 10m, 2h or 1d')
        .argParser(milliseconds)
        .default(0, 'now'),
    )
    .addHelpText('after', '\nWith --json, each line is the JSON that the functions log.\n')
    .action(async (options: Options) => {
      await requireOperations(options.operation);
      await tail(session, options);
    });
}

function statusPattern(text: string): string {
  if (/^[1-5](?:xx|\dx|\d\d)$/.test(text)) return text;
  throw new InvalidArgumentError('Expected a status such as 404, or a class such as 5xx.');
}

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function milliseconds(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,3})([smhd])$/.exec(text) ?? [];
  if (unit === 's' || unit === 'm' || unit === 'h' || unit === 'd') return Number(count) * units[unit];
  throw new InvalidArgumentError('Expected a number and s, m, h or d, such as 10m.');
}

/** Throws CliError if an operation does not exist. */
async function requireOperations(ids: readonly string[] = []): Promise<void> {
  const { operations } = await import('#lib/operations/table.ts');
  if (ids.every((id) => Object.hasOwn(operations, id))) return;
  throw new CliError(`There is no such operation. The operations are ${Object.keys(operations).join(', ')}.`, 2);
}

async function tail(session: Session, { since, ...filter }: Options): Promise<void> {
  const { stdout } = session.terminal;
  const end = new AbortController();
  const stop = () => end.abort();
  process.once('SIGINT', stop);
  // The reader of the output has exited.
  stdout.once('error', stop);
  try {
    const { matches } = await import('./log-line.ts');
    const { formatLine, header } = await import('./format.ts');
    const isJson = session.isJson();
    const onStart = () => {
      if (!isJson) stdout.write(`${header(session.look())}\n`);
    };
    for await (const line of await follow(session, filter, { since: now() - since, onStart, signal: end.signal })) {
      if (!matches(filter, line)) continue;
      const text = isJson ? JSON.stringify(line) : formatLine(line, session.look());
      if (!stdout.write(`${text}\n`)) await once(stdout, 'drain', { signal: end.signal });
    }
  } catch (error) {
    if (!end.signal.aborted) throw error;
  } finally {
    process.removeListener('SIGINT', stop);
    stdout.removeListener('error', stop);
  }
}

async function follow(session: Session, filter: Filter, options: FollowOptions): Promise<AsyncIterable<LogLine>> {
  if (session.target().folder !== undefined) {
    const { localLines } = await import('./local.ts');
    return localLines(session, options);
  }
  const { deployedLines } = await import('./deployed.ts');
  return deployedLines(session, filter, options);
}
