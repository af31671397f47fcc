import { setTimeout as sleep } from 'node:timers/promises';
import {
  CloudWatchLogsClient,
  FilterLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { resourceName } from '#infra/names.ts';
import { now } from '#lib/clock.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { functionName, operations } from '#lib/operations/table.ts';
import { CliError } from '../cli-error.ts';
import { isTransient } from '../describe-error.ts';
import type { Session } from '../session.ts';
import { missing } from '../target.ts';
import { filterPattern, readLine, type Filter, type FollowOptions, type LogLine } from './log-line.ts';

/** How often the logs are read, in milliseconds. */
interface Pace {
  /** Minimum time from the start of a round to the start of the next. */
  round: number;
  /** Average time per request: the account's quota is 5 to 25 requests a second, depending on the region. */
  request: number;
}

const defaultPace: Pace = { round: 2_000, request: 200 };
/** Lines arrive late in CloudWatch Logs: each round reads this far back, in milliseconds. */
const lateness = 30_000;

/**
 * Yields the log lines of a deployed environment, sorted by time within a round. Retries transient errors; throws CliError if there are no
 * logs, and the service's other errors.
 */
export async function* deployedLines(
  session: Session,
  filter: Filter,
  { since, onStart, signal }: FollowOptions,
  pace = defaultPace,
): AsyncGenerator<LogLine> {
  const client = new CloudWatchLogsClient({ maxAttempts: 3 });
  const target = session.target();
  const logs = logGroups(target.environment, filter).map((name) =>
    openLog(client, name, filterPattern(filter), signal),
  );
  let from = since;
  let state: 'new' | 'answering' | 'waiting' = 'new';
  while (!signal.aborted) {
    const startedAt = now();
    const { lines, error } = await readAll(logs, from);
    if (signal.aborted) return;
    if (error !== undefined && !isTransient(error)) throw error;
    if (error === undefined) {
      if (logs.every(({ exists }) => !exists()))
        throw new CliError(missing(`log of the environment ${target.environment}`, target));
      if (state === 'new') onStart();
      state = 'answering';
      from = Math.max(since, startedAt - lateness);
    }
    yield* lines.toSorted((one, other) => (one.time < other.time ? -1 : 1));
    if (error !== undefined && state !== 'waiting') {
      session.note('CloudWatch Logs does not answer or throttles requests. Trying again; press Ctrl-C to quit.');
      state = 'waiting';
    }
    const rest = Math.max(pace.round, logs.length * pace.request) - (now() - startedAt);
    await sleep(Math.max(0, rest), undefined, { signal }).catch(() => undefined);
  }
}

/** Reads the new lines of all logs, one log after the other, up to the first error. */
async function readAll(logs: readonly Log[], from: number): Promise<{ lines: LogLine[]; error?: unknown }> {
  const lines: LogLine[] = [];
  try {
    for (const log of logs) for await (const line of log.read(from)) lines.push(line);
    return { lines };
  } catch (error) {
    return { lines, error };
  }
}

function logGroups(environment: string, { partner, operation, status }: Filter): string[] {
  // Runs of scheduled functions have no partner, operation or status.
  const isOfCalls = operation !== undefined || partner !== undefined || status !== undefined;
  const ids = [...(operation ?? Object.keys(operations)), ...(isOfCalls ? [] : Object.keys(jobs))];
  return ids.map((id) => `/aws/lambda/${resourceName(environment, functionName(id))}`);
}

/** The log of one function. */
interface Log {
  exists: () => boolean;
  /** Yields lines since a time, in milliseconds since the epoch, that were not read before. Throws the service's errors. */
  read(startTime: number): AsyncGenerator<LogLine>;
}

function openLog(client: CloudWatchLogsClient, logGroupName: string, pattern: string, abortSignal: AbortSignal): Log {
  /** The events that were read, by id, with their times. */
  const read = new Map<string, number>();
  let exists = true;
  return {
    exists: () => exists,
    async *read(startTime) {
      for (const [id, at] of read) if (at < startTime) read.delete(id);
      let nextToken: string | undefined;
      do {
        const page = await readPage(startTime, nextToken);
        for (const { eventId = '', timestamp = 0, message = '' } of page?.events ?? []) {
          const line = read.has(eventId) ? undefined : readLine(message);
          read.set(eventId, timestamp);
          if (line !== undefined) yield line;
        }
        nextToken = page?.nextToken;
      } while (nextToken !== undefined);
    },
  };

  /** Undefined if the function, and so its log, is not deployed. */
  async function readPage(startTime: number, nextToken: string | undefined) {
    if (!exists) return undefined;
    const command = new FilterLogEventsCommand({ logGroupName, filterPattern: pattern, startTime, nextToken });
    return client.send(command, { abortSignal }).catch((error: unknown) => {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      exists = false;
      return undefined;
    });
  }
}
