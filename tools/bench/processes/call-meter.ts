import { setImmediate } from 'node:timers/promises';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { Pool } from 'undici';
import { newContext } from '#local/api-gateway/invoke.ts';

// A separate process: makes the same calls with undici and through a handler, in turns, and prints the processor time of each call.

/** The measurement. */
export interface Metering {
  /** The file that exports the `handler`. */
  bundle: string;
  functionName: string;
  event: APIGatewayProxyEventV2;
  /** The requests of a call, in their order, for undici. */
  direct: readonly DirectRequest[];
  rounds: number;
  callsPerRound: number;
  concurrency: number;
}

/** A request of undici. */
export interface DirectRequest {
  origin: string;
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
}

/** The processor time of a call in one round, in microseconds. */
export interface MeteredRound {
  direct: number;
  handler: number;
}

const metering = JSON.parse(process.argv[2] ?? '') as Metering; // The benchmark writes it.
const { bundle, functionName, event, direct, rounds, callsPerRound, concurrency } = metering;
type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;
// Every function and every peer exports it.
const { handler } = (await import(bundle)) as { handler: Handler };
const pools = new Map(direct.map(({ origin }) => [origin, new Pool(origin, { connections: 64 })]));
const eventText = JSON.stringify(event);
/** The compiler optimizes a handler during its first ten thousand calls or so. */
const warmUpRounds = Math.ceil(12_000 / callsPerRound);

const metered: MeteredRound[] = [];
for (let round = -warmUpRounds; round < rounds; round += 1) {
  const one = { direct: await processorOf(callDirectly), handler: await processorOf(callHandler) };
  if (round >= 0) metered.push(one);
}
process.stdout.write(JSON.stringify(metered), () => process.exit());

/** The processor time of the whole process for each call, in microseconds. */
async function processorOf(call: () => Promise<void>): Promise<number> {
  await setImmediate();
  let remaining = callsPerRound;
  const before = process.cpuUsage();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (remaining-- > 0) await call();
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return (user + system) / callsPerRound;
}

async function callDirectly(): Promise<void> {
  for (const { origin, method, path, headers, body } of direct) {
    const answer = await pools.get(origin)?.request({ method, path, headers, body: body ?? null });
    JSON.parse((await answer?.body.text()) ?? '');
  }
}

/** Parses the event, as Lambda's runtime does. */
async function callHandler(): Promise<void> {
  const parsed = JSON.parse(eventText) as APIGatewayProxyEventV2; // The text of an event.
  const { statusCode } = await handler(parsed, newContext(functionName, 29_000));
  if (statusCode !== 200) throw new Error(`${functionName} returned ${statusCode}`);
}
