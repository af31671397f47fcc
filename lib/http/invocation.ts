import type { Context } from 'aws-lambda';
import type { Invocation } from './call.ts';

/** The longest that an invocation may work, in milliseconds. */
const longest = 25_000;
/** Kept of the invocation's time to answer in. */
const reserve = 500;

/** What calls upstream need to know of an invocation, made of Lambda's context. */
export function invocationOf(context: Context, traceparent?: string): Invocation {
  return {
    requestId: context.awsRequestId,
    traceparent,
    signal: AbortSignal.timeout(Math.max(1, Math.min(longest, context.getRemainingTimeInMillis() - reserve))),
    record: { upstream_attempts: 0, upstream_ms: 0, count: [] },
  };
}
