import { parentPort, workerData } from 'node:worker_threads';
import type { Handler } from '#lib/http/serve.ts';
import { functionName } from '#lib/operations/table.ts';
import { newContext } from '#local/api-gateway/invoke.ts';
import { eventOf, type Call } from '../../calls.ts';
import { takeLogs, type LogLine } from './instance-logs.ts';

// A worker thread is one function instance, with its own modules, environment and caches. It makes the same call until it gets a message.

/** The work of an instance. */
export interface InstanceData {
  /** The beginning of its request ids. */
  name: string;
  call: Call;
  /** A text in every successful response. */
  expected: string;
  /** The number of concurrent invocations. */
  concurrency: number;
}

/** The message of an instance after each call. */
export interface CallResult {
  milliseconds: number;
  /** The log line of a failed call. */
  failure?: LogLine;
}

/** Lambda's limit for the functions, in milliseconds. */
const timeout = 29_000;

const { name, call, expected, concurrency } = workerData as InstanceData; // The fleet writes it.
const ownFunction = functionName(call.operation);
let lastLine: LogLine = {};
takeLogs((line) => (lastLine = line));
// Every function exports its handler.
const { handler } = (await import(`#functions/${ownFunction}.ts`)) as { handler: Handler };

const stopping = new AbortController();
parentPort?.once('message', () => stopping.abort());
let invocations = 0;
await Promise.all(Array.from({ length: concurrency }, invokeUntilStopped));

async function invokeUntilStopped(): Promise<void> {
  while (!stopping.signal.aborted) {
    const startedAt = performance.now();
    const failure = await invoke(`${name}-${(invocations += 1)}`);
    parentPort?.postMessage({ milliseconds: performance.now() - startedAt, ...failure } satisfies CallResult);
  }
}

async function invoke(requestId: string): Promise<Pick<CallResult, 'failure'>> {
  const context = { ...newContext(ownFunction, timeout), awsRequestId: requestId };
  try {
    const { statusCode, body = '' } = await handler(eventOf(call, requestId), context);
    return statusCode === 200 && body.includes(expected) ? {} : { failure: { ...lastLine } };
  } catch (error) {
    return { failure: { requestId, thrown: error instanceof Error ? error.name : typeof error } };
  }
}
