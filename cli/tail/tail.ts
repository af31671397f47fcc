import { once } from 'node:events';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { now } from '#lib/clock.ts';
import { clientId } from '../partners/arguments.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import type { Filter } from './filter.ts';
import type { Following, LogLine } from './line.ts';

interface Options extends Filter {
  since: number;
}

/** `tail`: the calls as they are answered, and the runs of scheduled functions between them, until Ctrl-C. */
export function addTail(program: Command, session: Session): void {
  program
    .command('tail')
    .description('follow calls, and runs of scheduled functions, as they happen; Ctrl-C ends it, with exit code 0')
    .addOption(new Option('--partner <client id>', 'calls of this partner').argParser(clientId))
    .option('--operation <operation...>', 'calls of these operations, such as auth_init_post')
    .addOption(new Option('--status <status>', 'calls answered with it, such as 404 or 5xx').argParser(statusPattern))
    .option('--failed', 'what was refused or failed')
    .addOption(
      new Option('--since <duration>', 'begin so long ago, such as 30s, 10m, 2h or 1d')
        .argParser(duration)
        .default(0, 'now'),
    )
    .addHelpText('after', '\nWith --json, each is a line of JSON, as the functions log it.\n')
    .action(async (options: Options) => {
      await requireOperations(options.operation);
      await tail(session, options);
    });
}

async function tail(session: Session, { since, ...filter }: Options): Promise<void> {
  const { stdout } = session.terminal;
  const end = new AbortController();
  const stop = () => end.abort();
  process.once('SIGINT', stop);
  // Whoever read the lines has gone.
  stdout.once('error', stop);
  try {
    const { passes } = await import('./filter.ts');
    const { shown, titles } = await import('./shown.ts');
    const isJson = session.isJson();
    const begun = () => {
      if (!isJson) stdout.write(`${titles(session.look())}\n`);
    };
    for await (const line of await follow(session, filter, { since: now() - since, begun, signal: end.signal })) {
      if (!passes(filter, line)) continue;
      const text = isJson ? JSON.stringify(line) : shown(line, session.look());
      if (!stdout.write(`${text}\n`)) await once(stdout, 'drain', { signal: end.signal });
    }
  } catch (error) {
    if (!end.signal.aborted) throw error;
  } finally {
    process.removeListener('SIGINT', stop);
    stdout.removeListener('error', stop);
  }
}

/** Throws Refusal for an operation that there is none of. */
async function requireOperations(ids: readonly string[] = []): Promise<void> {
  const { operations } = await import('#lib/operations/table.ts');
  const unknown = ids.find((id) => !Object.hasOwn(operations, id));
  if (unknown === undefined) return;
  throw new Refusal(`There is no such operation. Name some of ${Object.keys(operations).join(', ')}.`, 2);
}

async function follow(session: Session, filter: Filter, following: Following): Promise<AsyncIterable<LogLine>> {
  if (session.target().folder !== undefined) {
    const { localLines } = await import('./local.ts');
    return localLines(session, following);
  }
  const { deployedLines } = await import('./deployed.ts');
  return deployedLines(session, filter, following);
}

function statusPattern(text: string): string {
  if (!/^[1-5](?:xx|\dx|\d\d)$/.test(text))
    throw new InvalidArgumentError('It takes a status such as 404, or a class such as 5xx.');
  return text;
}

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function duration(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,3})([smhd])$/.exec(text) ?? [];
  if (unit === 's' || unit === 'm' || unit === 'h' || unit === 'd') return Number(count) * units[unit];
  throw new InvalidArgumentError('It takes a number and s, m, h or d, such as 10m.');
}
