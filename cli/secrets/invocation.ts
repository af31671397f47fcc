import { randomUUID } from 'node:crypto';
import { deadline } from '#lib/transport/deadline.ts';
import type { Invocation } from '#lib/operations/call.ts';

/** The longest that the work of one invocation may take, in milliseconds: as in a function. */
const longest = 25_000;

/** What the gateway's own modules need to know of whoever uses them, for a command, which ends before its deadline or with it. */
export function newInvocation(): Invocation {
  return {
    requestId: randomUUID(),
    traceparent: undefined,
    ...deadline(longest),
    log: { upstream_attempts: 0, upstream_ms: 0, count: [] },
  };
}
