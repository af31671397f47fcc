import { join } from 'node:path';
import { eventOf } from '../../calls.ts';
import { bearer } from '../../openapi/examples.ts';
import { bundleFile, type BenchContext, type Part } from '../context.ts';
import { inTurns, median, number, spread, spreadOf, type Spread } from '../figures.ts';
import { processFile, runProgram, startServer, type ServerProgram } from '../processes.ts';
import type { TableCalls, TableCallsResult } from '../processes/table-calls.ts';
import type { TableCaller, TableSize } from './fill.ts';

/** Calls of one kind. */
interface TableCallFigures {
  /** The requests to the table for each call, by kind: `GetItem PARTNER` for example. */
  requests: Readonly<Record<string, number>>;
  milliseconds: Spread;
  /** The time, divided by that with the smallest table in the same round. */
  ratio: Spread;
}

/** Calls with a table of one size. */
export interface TableFigures extends TableSize {
  /** The number of secrets that a process read. */
  secretReads: number;
  /** The number of calls of a process. */
  calls: number;
  /** A caller's first call in a running container. */
  first: TableCallFigures;
  later: TableCallFigures;
}

/** The partners that call; the first of them starts the container. */
const callers = 10;
const functionName = 'users-id-user-get';
const small: TableSize = { partners: 10, users: 100 };

interface Subject {
  size: TableSize;
  server: ServerProgram;
  callers: readonly TableCaller[];
}

interface Round {
  secretReads: number;
  first: TableCallsResult;
  later: TableCallsResult;
}

/** Calls a function with a small and with a large table, in turns. */
export const table: Part<TableFigures[]> = {
  title: 'Table sizes',
  async measure(context) {
    const { quick, folder, report, signal } = context;
    const large = quick ? { partners: 1_000, users: 10_000 } : { partners: 100_000, users: 1_000_000 };
    const laterCalls = quick ? 100 : 500;
    const subjects: Subject[] = [];
    try {
      for (const size of [small, large]) {
        report(`filling a table with ${size.partners} partners and ${size.users} users`);
        const args = [size.partners, size.users, callers].map(String);
        const server = await startServer({
          args: [processFile('table-server.ts'), join(folder, `table-${size.users}`), ...args],
          signal,
        });
        subjects.push({ size, server, callers: server.printed['callers'] as TableCaller[] }); // The server prints them.
      }
      const results = await inTurns('calls with both tables', subjects, quick ? 2 : 5, context, (subject) =>
        callTable(context, subject, laterCalls),
      );
      const [smallest] = subjects;
      const roundsOf = (subject: Subject | undefined) => (subject && results.get(subject)) ?? [];
      return subjects.map((subject) => {
        const figures = (kind: 'first' | 'later') =>
          figuresOf(
            roundsOf(subject).map((round) => round[kind]),
            roundsOf(smallest).map((round) => round[kind]),
          );
        return {
          ...subject.size,
          secretReads: median(roundsOf(subject).map(({ secretReads }) => secretReads)),
          calls: callers + 1 + laterCalls,
          first: figures('first'),
          later: figures('later'),
        };
      });
    } finally {
      await Promise.all(subjects.map(({ server }) => server.stop()));
    }
  },
  table: (figures) => [
    ['table', 'call', 'requests to the table', 'ms', '× the small table'],
    ...figures.flatMap(({ partners, users, first, later }) =>
      [
        { call: 'first of a partner', ...first },
        { call: 'later', ...later },
      ].map((each) => [
        `${number(partners)} partners, ${number(users)} users`,
        each.call,
        Object.entries(each.requests)
          .map(([name, count]) => `${Number(count.toFixed(2))} ${name}`)
          .join(', '),
        spread(each.milliseconds),
        spread(each.ratio),
      ]),
    ),
  ],
};

async function callTable(context: BenchContext, { server, ...subject }: Subject, laterCalls: number): Promise<Round> {
  const calls: TableCalls = {
    bundle: bundleFile(context, functionName),
    functionName,
    events: subject.callers.map(({ key, user }) =>
      eventOf({ operation: 'users_id_user_get', path: { id_user: user }, headers: bearer(key) }),
    ),
    laterCalls,
    table: server.url,
  };
  const variables = { ...context.variablesOf(functionName), AWS_ENDPOINT_URL_DYNAMODB: server.url };
  const args = [processFile('table-calls.ts'), JSON.stringify(calls)];
  await context.requests();
  const round = await runProgram<Omit<Round, 'secretReads'>>({ args, variables, signal: context.signal });
  return { ...round, secretReads: (await context.requests()).aws };
}

const mediansOf = (results: readonly TableCallsResult[]) => results.map(({ milliseconds }) => median(milliseconds));

function figuresOf(rounds: readonly TableCallsResult[], smallest: readonly TableCallsResult[]): TableCallFigures {
  const milliseconds = rounds.flatMap((round) => round.milliseconds);
  const requests: Record<string, number> = {};
  for (const request of rounds.flatMap((round) => round.requests)) requests[request] = (requests[request] ?? 0) + 1;
  const base = mediansOf(smallest);
  return {
    requests: Object.fromEntries(Object.entries(requests).map(([name, count]) => [name, count / milliseconds.length])),
    milliseconds: spreadOf(milliseconds),
    ratio: spreadOf(mediansOf(rounds).map((middle, round) => middle / (base[round] ?? Number.NaN))),
  };
}
