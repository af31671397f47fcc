import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Handler } from '#lib/http/serve.ts';
import { newContext } from '#local/api-gateway/context.ts';

// A process of its own, as a fresh container: each caller's first call, then many more of them by turns, one at a time; prints what they took, and what
// the table was asked for them.

/** What is to be called. */
export interface TableCalls {
  bundle: string;
  functionName: string;
  /** One for each caller. */
  events: readonly APIGatewayProxyEventV2[];
  laterCalls: number;
  /** The table's address. */
  table: string;
}

/** What so many calls took. */
export interface TableCallsMade {
  /** Of each call, in milliseconds. */
  milliseconds: number[];
  /** What the table was asked for all of them. */
  asked: string[];
}

const { bundle, functionName, events, laterCalls, table } = JSON.parse(process.argv[2] ?? '') as TableCalls; // The benchmark writes it.
const { handler } = (await import(bundle)) as { handler: Handler }; // Every function exports it.

const warmUp = events.slice(0, 1);
await make(warmUp);
const first = await make(events.slice(1));
await make(warmUp);
const later = await make(Array.from({ length: laterCalls }, (_, index) => events[index % events.length]));
process.stdout.write(JSON.stringify({ first, later }), () => process.exit());

async function make(calls: readonly (APIGatewayProxyEventV2 | undefined)[]): Promise<TableCallsMade> {
  await askedSoFar();
  const milliseconds: number[] = [];
  for (const event of calls) {
    if (event === undefined) continue;
    const startedAt = performance.now();
    const { statusCode } = await handler(event, newContext(functionName, 29_000));
    milliseconds.push(performance.now() - startedAt);
    if (statusCode !== 200) throw new Error(`${functionName} answered ${statusCode}`);
  }
  return { milliseconds, asked: await askedSoFar() };
}

async function askedSoFar(): Promise<string[]> {
  return (await (await fetch(table)).json()) as string[]; // The table's server says so.
}
