import type { Context } from 'aws-lambda';
import { deadline } from '../budgea/deadline.ts';
import type { Invocation } from './call.ts';

/** The longest that an invocation may work, in milliseconds. */
const longest = 25_000;
/** Kept of the invocation's time to answer in. */
const answering = 500;
/** Kept of it where a user may have to be recorded, looked for and taken back before there is an answer; a third of a short one. */
const settling = 9_500;

/** What calls upstream need to know of an invocation, made of Lambda's context; `settles` when a call may leave something to take back. */
export function invocationOf(context: Context, settles: boolean, traceparent?: string): Invocation {
  const remaining = context.getRemainingTimeInMillis();
  const reserve = settles ? Math.min(settling, remaining / 3) : answering;
  return {
    requestId: context.awsRequestId,
    traceparent,
    ...deadline(Math.max(1, Math.min(longest, Math.floor(remaining - reserve)))),
    record: { upstream_attempts: 0, upstream_ms: 0, count: [] },
  };
}
