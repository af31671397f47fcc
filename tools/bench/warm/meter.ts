import { setImmediate } from 'node:timers/promises';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { Pool } from 'undici';
import { newContext } from '#local/api-gateway/context.ts';

// A process of its own: makes the same calls with undici alone and through a handler, by turns, and prints what each call takes of the processor.

/** What is measured. */
export interface Metering {
  /** The file whose `handler` is called. */
  bundle: string;
  functionName: string;
  event: APIGatewayProxyEventV2;
  /** The requests that a call causes, one after the other: undici makes the same ones. */
  direct: readonly DirectRequest[];
  rounds: number;
  callsPerRound: number;
  concurrency: number;
}

/** One request as it goes over the wire. */
export interface DirectRequest {
  origin: string;
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
}

/** One round: microseconds of the processor for each call. */
export interface MeteredRound {
  direct: number;
  handler: number;
}

const metering = JSON.parse(process.argv[2] ?? '') as Metering; // The benchmark writes it.
const { bundle, functionName, event, direct, rounds, callsPerRound, concurrency } = metering;
type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;
// What every function and every peer exports.
const { handler } = (await import(bundle)) as { handler: Handler };
const pools = new Map(direct.map(({ origin }) => [origin, new Pool(origin, { connections: 64 })]));
const eventText = JSON.stringify(event);
/** Rounds that are for the compiler, which is done with a handler after some ten thousand calls. */
const warmingUp = Math.ceil(12_000 / callsPerRound);

const metered: MeteredRound[] = [];
for (let round = -warmingUp; round < rounds; round += 1) {
  const one = { direct: await processorOf(callDirectly), handler: await processorOf(callHandler) };
  if (round >= 0) metered.push(one);
}
process.stdout.write(JSON.stringify(metered), () => process.exit());

/** Microseconds of the processor for each call, whatever part of the process takes them. */
async function processorOf(call: () => Promise<void>): Promise<number> {
  await setImmediate();
  let left = callsPerRound;
  const before = process.cpuUsage();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (left-- > 0) await call();
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

/** As the runtime does: the event arrives as a text. */
async function callHandler(): Promise<void> {
  // It is the event's own text.
  const { statusCode } = await handler(
    JSON.parse(eventText) as APIGatewayProxyEventV2,
    newContext(functionName, 29_000),
  );
  if (statusCode !== 200) throw new Error(`${functionName} answered ${statusCode}`);
}
