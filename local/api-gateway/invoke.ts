import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { newContext } from './context.ts';
import { within } from './deadline.ts';
import { MAX_RESULT_BYTES } from './limits.ts';

/** A Lambda function's handler for API Gateway's payload format 2.0. */
export type LambdaHandler = (
  event: APIGatewayProxyEventV2,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2 | string>;

/** What an invocation gives when the function threw, ran out of time or returned what is not JSON or is too large. */
export const FAILED = Symbol('failed');

/**
 * Runs a function once, as Lambda does: with a context that counts down, and its result passed on as JSON. Never rejects:
 * a failure's type and stack frames go to standard error, its message does not, because that may quote the request.
 */
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

const TIMED_OUT = Symbol('timed out');

function report(functionName: string, errorType: string, stack: string[] = []): typeof FAILED {
  process.stderr.write(`${JSON.stringify({ functionName, errorType, stack })}\n`);
  return FAILED;
}

function stackFrames(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const { message, stack = '' } = error;
  return stack
    .slice(stack.indexOf(message) + message.length)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '));
}
