import { setTimeout as sleep } from 'node:timers/promises';
import {
  CloudWatchLogsClient,
  FilterLogEventsCommand,
  ResourceNotFoundException,
  type FilterLogEventsCommandOutput,
} from '@aws-sdk/client-cloudwatch-logs';
import { resourceName } from '#infra/names.ts';
import { now } from '#lib/clock.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { functionName, operations } from '#lib/operations/table.ts';
import { isPassing } from '../explain.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import { patternOf, type Filter } from './filter.ts';
import { readLine, type Following, type LogLine } from './line.ts';

/** How often all logs are read, in milliseconds. */
interface Pace {
  /** From the beginning of one round to that of the next, at the least. */
  round: number;
  /** From one request to the next, on average: the account's quota is 5 to 25 requests a second, by region. */
  request: number;
}

const usualPace: Pace = { round: 2_000, request: 200 };
/** Lines come to CloudWatch Logs late: each round looks back so far, in milliseconds. */
const lateness = 30_000;

/**
 * The lines of a deployed environment's logs; those of one round in the order of their times. Throws Refusal when there are no such logs, and the
 * service's errors, but waits for what passes by itself.
 */
export async function* deployedLines(
  session: Session,
  filter: Filter,
  { since, begun, signal }: Following,
  pace = usualPace,
): AsyncGenerator<LogLine> {
  const client = new CloudWatchLogsClient({ maxAttempts: 3 });
  const { environment } = session.target();
  const logs = logsOf(environment, filter).map((name) => openLog(client, name, patternOf(filter), signal));
  let from = since;
  let state: 'new' | 'answering' | 'waiting' = 'new';
  while (!signal.aborted) {
    const beganAt = now();
    const { lines, error } = await readAll(logs, from);
    if (signal.aborted) return;
    if (error !== undefined && !isPassing(error)) throw error;
    if (error === undefined) {
      if (logs.every(({ exists }) => !exists())) throw new Refusal(nothingOf(environment));
      if (state === 'new') begun();
      state = 'answering';
      from = Math.max(since, beganAt - lateness);
    }
    yield* lines.toSorted((one, other) => (one.time < other.time ? -1 : 1));
    if (error !== undefined && state !== 'waiting') {
      session.note('CloudWatch Logs does not answer, or not so often. Trying again; Ctrl-C ends this.');
      state = 'waiting';
    }
    const rest = Math.max(pace.round, logs.length * pace.request) - (now() - beganAt);
    await sleep(Math.max(0, rest), undefined, { signal }).catch(() => undefined);
  }
}

/** The new lines of all logs, one log after the other; up to the error where one cannot be read. */
async function readAll(logs: readonly Log[], from: number): Promise<{ lines: LogLine[]; error?: unknown }> {
  const lines: LogLine[] = [];
  try {
    for (const log of logs) for await (const line of log.read(from)) lines.push(line);
    return { lines };
  } catch (error) {
    return { lines, error };
  }
}

function logsOf(environment: string, { partner, operation, status }: Filter): string[] {
  const ids = operation ?? Object.keys(operations);
  // A run of a scheduled function has neither.
  const working = operation === undefined && partner === undefined && status === undefined ? Object.keys(jobs) : [];
  return [...ids, ...working].map((id) => `/aws/lambda/${resourceName(environment, functionName(id))}`);
}

/** One function's log. */
interface Log {
  /** Whether there is one. */
  exists: () => boolean;
  /** The lines since a time, in milliseconds since the epoch, that were not read before. Throws the service's errors. */
  read(startTime: number): AsyncGenerator<LogLine>;
}

function openLog(
  client: CloudWatchLogsClient,
  logGroupName: string,
  filterPattern: string,
  abortSignal: AbortSignal,
): Log {
  /** When each event was, by its id: those that were read already. */
  const seen = new Map<string, number>();
  let exists = true;
  return {
    exists: () => exists,
    async *read(startTime) {
      for (const [id, at] of seen) if (at < startTime) seen.delete(id);
      let nextToken: string | undefined;
      do {
        const page = await readPage(new FilterLogEventsCommand({ logGroupName, filterPattern, startTime, nextToken }));
        for (const { eventId = '', timestamp = 0, message = '' } of page?.events ?? []) {
          const line = seen.has(eventId) ? undefined : readLine(message);
          seen.set(eventId, timestamp);
          if (line !== undefined) yield line;
        }
        nextToken = page?.nextToken;
      } while (nextToken !== undefined);
    },
  };

  async function readPage(command: FilterLogEventsCommand): Promise<FilterLogEventsCommandOutput | undefined> {
    if (!exists) return undefined;
    try {
      return await client.send(command, { abortSignal });
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      exists = false;
      return undefined;
    }
  }
}

function nothingOf(environment: string): string {
  return `There are no logs of ${environment} in this account and region. Deploy the environment first, or check --env, AWS_PROFILE and AWS_REGION.`;
}
