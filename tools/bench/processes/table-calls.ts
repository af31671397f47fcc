import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Handler } from '#lib/http/serve.ts';
import { newContext } from '#local/api-gateway/invoke.ts';

// A separate process, like a new container: makes each caller's first call, then many more in turns, one at a time. Prints their times and
// their requests to the table.

/** The calls. */
export interface TableCalls {
  bundle: string;
  functionName: string;
  /** One event for each caller. */
  events: readonly APIGatewayProxyEventV2[];
  laterCalls: number;
  /** The table's address. */
  table: string;
}

/** The results of some calls. */
export interface TableCallsResult {
  /** The time of each call. */
  milliseconds: number[];
  /** The requests to the table. */
  requests: string[];
}

const { bundle, functionName, events, laterCalls, table } = JSON.parse(process.argv[2] ?? '') as TableCalls; // The benchmark writes it.
const { handler } = (await import(bundle)) as { handler: Handler }; // Every function exports it.

const warmUp = events.slice(0, 1);
await make(warmUp);
const first = await make(events.slice(1));
await make(warmUp);
const later = await make(Array.from({ length: laterCalls }, (_, index) => events[index % events.length]));
process.stdout.write(JSON.stringify({ first, later }), () => process.exit());

async function make(calls: readonly (APIGatewayProxyEventV2 | undefined)[]): Promise<TableCallsResult> {
  await readRequests();
  const milliseconds: number[] = [];
  for (const event of calls) {
    if (event === undefined) continue;
    const startedAt = performance.now();
    const { statusCode } = await handler(event, newContext(functionName, 29_000));
    milliseconds.push(performance.now() - startedAt);
    if (statusCode !== 200) throw new Error(`${functionName} returned ${statusCode}`);
  }
  return { milliseconds, requests: await readRequests() };
}

async function readRequests(): Promise<string[]> {
  return (await (await fetch(table)).json()) as string[]; // The format of the table server.
}
