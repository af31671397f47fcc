import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { ACCOUNT_ID } from './event.ts';

const REGION = 'eu-west-3';

/** The largest result of a function: 6 MB. Source: "Lambda quotas", synchronous invocation payload. */
const MAX_RESULT_BYTES = 6 * 1024 * 1024;

/** A Lambda function's handler for API Gateway's payload format 2.0. */
export type LambdaHandler = (
  event: APIGatewayProxyEventV2,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2 | string>;

/** The result of an invocation that threw, timed out, or returned a value that is not JSON or too large. */
export const FAILED = Symbol('failed');

/** Runs a function once. Never rejects: an error's type and stack frames go to standard error, without its message, which may quote the request. */
export async function invoke(
  { functionName, handler }: { functionName: string; handler: LambdaHandler },
  event: APIGatewayProxyEventV2,
  timeoutMs: number,
): Promise<unknown> {
  try {
    const running = (async () => handler(event, newContext(functionName, timeoutMs)))();
    const result = await within(timeoutMs, running, TIMED_OUT);
    if (result === TIMED_OUT) return report(functionName, 'Sandbox.Timedout');
    const json = JSON.stringify(result ?? null);
    if (Buffer.byteLength(json) > MAX_RESULT_BYTES) return report(functionName, 'Function.ResponseSizeTooLarge');
    return JSON.parse(json) as unknown;
  } catch (error) {
    return report(functionName, error instanceof Error ? error.name : typeof error, stackFrames(error));
  }
}

/** Returns the context of one invocation; its remaining time starts at `timeoutMs`. */
export function newContext(functionName: string, timeoutMs: number): Context {
  const deadline = performance.now() + timeoutMs;
  return {
    awsRequestId: randomUUID(),
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:${functionName}`,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local/[$LATEST]',
    memoryLimitInMB: '256',
    getRemainingTimeInMillis: () => Math.max(0, Math.ceil(deadline - performance.now())),
    done: noCallbacks,
    fail: noCallbacks,
    succeed: noCallbacks,
  };
}

/** Waits for a promise for at most `ms` milliseconds and then returns `late`. Does not keep the process alive. */
export async function within<T, L>(ms: number, promise: Promise<T>, late: L): Promise<T | L> {
  const { promise: timeout, resolve } = Promise.withResolvers<L>();
  const timer = setTimeout(resolve, ms, late);
  timer.unref();
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

const TIMED_OUT = Symbol('timed out');

function noCallbacks(): never {
  throw new Error('The Node.js 24 runtime has no callbacks: return a promise');
}

function report(functionName: string, errorType: string, stack: string[] = []): typeof FAILED {
  process.stderr.write(`${JSON.stringify({ functionName, errorType, stack })}\n`);
  return FAILED;
}

function stackFrames(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const { message, stack = '' } = error;
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n');
  return frames.map((line) => line.trim()).filter((line) => line.startsWith('at '));
}
