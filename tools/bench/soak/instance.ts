import { parentPort, workerData } from 'node:worker_threads';
import type { Handler } from '#lib/http/serve.ts';
import { newContext } from '#local/api-gateway/context.ts';
import { toEvent } from '#local/api-gateway/event.ts';
import type { SoakCall } from './calls.ts';
import { takeLogs, type LogLine } from './function-logs.ts';

/** What an instance is told when it starts. */
export interface InstanceOrders {
  /** Begins the request ids of its invocations. */
  name: string;
  call: SoakCall;
  /** How many invocations it has under way at a time. */
  atOnce: number;
}

/** What an instance tells after each call. */
export interface Answered {
  milliseconds: number;
  /** The log line of a call that failed. */
  failure?: LogLine;
}

/** Lambda's limit for the functions, in milliseconds. */
const timeout = 29_000;

// One worker thread is one function instance: its own module graph, its own environment, its own caches.
// The thread that starts this gives these orders.
const { name, call, atOnce } = workerData as InstanceOrders;
let lastLine: LogLine = {};
takeLogs((line) => (lastLine = line));
// Every function file exports its handler.
const { handler } = (await import(`../../functions/${call.functionName}.ts`)) as { handler: Handler };

const stopping = new AbortController();
parentPort?.once('message', () => stopping.abort());
let invocations = 0;
await Promise.all(Array.from({ length: atOnce }, invokeUntilStopped));

async function invokeUntilStopped(): Promise<void> {
  while (!stopping.signal.aborted) {
    const startedAt = performance.now();
    const failure = await invoke(`${name}-${(invocations += 1)}`);
    parentPort?.postMessage({ milliseconds: performance.now() - startedAt, ...failure } satisfies Answered);
  }
}

async function invoke(requestId: string): Promise<Pick<Answered, 'failure'>> {
  const context = { ...newContext(call.functionName, timeout), awsRequestId: requestId };
  const event = toEvent(
    {
      requestId,
      traceId: 'Root=1-00000000-000000000000000000000000',
      receivedAt: new Date(),
      method: call.method,
      protocol: 'HTTP/1.1',
      path: call.path,
      queryString: '',
      headers: Object.entries(call.headers),
      body: Buffer.from(call.body),
      sourceIp: '127.0.0.1',
      port: 443,
    },
    call,
  );
  try {
    const { statusCode, body = '' } = await handler(event, context);
    return statusCode === 200 && body.includes(call.expected) ? {} : { failure: { ...lastLine } };
  } catch (error) {
    return { failure: { requestId, thrown: error instanceof Error ? error.name : typeof error } };
  }
}
