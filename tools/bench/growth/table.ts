import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bundle } from '#infra/bundle.ts';
import { runProgram, startServer, type ServerProgram } from '../programs.ts';
import { median, spreadOf, type Spread } from '../spread.ts';
import { eventOf } from '../surroundings/calls.ts';
import type { Surroundings } from '../surroundings/surroundings.ts';
import { byTurns, type Going } from '../turns.ts';
import type { TableCaller, TableSize } from './fill.ts';
import type { TableCalls, TableCallsMade } from './table-calls.ts';

/** What calls of one kind ask and take. */
interface TableCallFigures {
  /** How often a call asks for what, `GetItem PARTNER` for example. */
  asked: Readonly<Record<string, number>>;
  milliseconds: Spread;
  /** The time, of that with the smaller table in the same round. */
  ratio: Spread;
}

/** What calls ask and take with a table of one size. */
export interface TableFigures extends TableSize {
  /** How often a process read a secret, for all its calls. */
  secretReads: number;
  /** All the calls of a process. */
  calls: number;
  /** A caller's first call in a container that is running. */
  first: TableCallFigures;
  /** Its later ones. */
  later: TableCallFigures;
}

/** How much of it: the sizes, the smallest first, and how often. */
export interface TableEffort {
  sizes: readonly TableSize[];
  rounds: number;
  laterCalls: number;
}

/** Of however many partners, so many call: the first of them starts the container. */
const callers = 10;
const functionName = 'users-id-user-get';
const serverProgram = fileURLToPath(new URL('table-server.ts', import.meta.url));
const callsProgram = fileURLToPath(new URL('table-calls.ts', import.meta.url));

const mediansOf = (rounds: readonly TableCallsMade[]) => rounds.map(({ milliseconds }) => median(milliseconds));

interface Subject {
  size: TableSize;
  server: ServerProgram;
  callers: readonly TableCaller[];
}

interface Made {
  /** What Secrets Manager was asked. */
  secretReads: number;
  first: TableCallsMade;
  later: TableCallsMade;
}

/** Calls a function whose table has few items, and one whose table has many, by turns. */
export async function measureTable(
  folder: string,
  bundles: readonly Bundle[],
  surroundings: Surroundings,
  { sizes, rounds, laterCalls }: TableEffort,
  going: Going,
): Promise<TableFigures[]> {
  const subjects: Subject[] = [];
  try {
    for (const size of sizes) {
      going.tell(`filling a table with ${size.partners} partners and ${size.users} users`);
      const args = [serverProgram, join(folder, `table-${size.users}`)];
      const numbers = [size.partners, size.users, callers].map(String);
      const server = await startServer({ args: [...args, ...numbers], signal: going.signal });
      // It prints its callers beside its address.
      subjects.push({ size, server, callers: server.told['callers'] as TableCaller[] });
    }
    const made = await byTurns('calls with these tables', subjects, rounds, going, call);
    const [smallest] = subjects;
    const madeFor = (subject: Subject | undefined) => (subject && made.get(subject)) ?? [];
    return subjects.map((subject) => {
      const figures = (kind: 'first' | 'later') =>
        figuresOf(
          madeFor(subject).map((one) => one[kind]),
          madeFor(smallest).map((one) => one[kind]),
        );
      return {
        ...subject.size,
        secretReads: median(madeFor(subject).map(({ secretReads }) => secretReads)),
        calls: callers + 1 + laterCalls,
        first: figures('first'),
        later: figures('later'),
      };
    });
  } finally {
    await Promise.all(subjects.map(({ server }) => server.stop()));
  }

  async function call({ server, callers: known }: Subject): Promise<Made> {
    const calls: TableCalls = {
      bundle: bundles.find(({ name }) => name === functionName)?.file ?? '',
      functionName,
      events: known.map(({ key, user }) =>
        eventOf({
          operation: 'users_id_user_get',
          parameters: { id_user: user },
          headers: { authorization: `Bearer ${key}` },
        }),
      ),
      laterCalls,
      table: server.url,
    };
    const variables = { ...surroundings.variablesOf(functionName), AWS_ENDPOINT_URL_DYNAMODB: server.url };
    const args = [callsProgram, JSON.stringify(calls)];
    await surroundings.requests();
    // The program prints it.
    const made = (await runProgram({ args, variables, signal: going.signal })) as Omit<Made, 'secretReads'>;
    return { ...made, secretReads: (await surroundings.requests()).aws };
  }
}

function figuresOf(rounds: readonly TableCallsMade[], smallest: readonly TableCallsMade[]): TableCallFigures {
  const calls = rounds.flatMap(({ milliseconds }) => milliseconds).length;
  const asked: Record<string, number> = {};
  for (const one of rounds.flatMap((round) => round.asked)) asked[one] = (asked[one] ?? 0) + 1;
  const base = mediansOf(smallest);
  return {
    asked: Object.fromEntries(Object.entries(asked).map(([name, count]) => [name, count / calls])),
    milliseconds: spreadOf(rounds.flatMap(({ milliseconds }) => milliseconds)),
    ratio: spreadOf(mediansOf(rounds).map((one, round) => one / (base[round] ?? Number.NaN))),
  };
}
