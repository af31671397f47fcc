import { randomUUID } from 'node:crypto';
import type { Invocation } from '../../lib/http/call.ts';

/** The longest that the work of one invocation may take, in milliseconds: as in a function. */
const longest = 25_000;

/** What the gateway's own modules need to know of whoever uses them, for a command. */
export function newInvocation(): Invocation {
  return {
    requestId: randomUUID(),
    traceparent: undefined,
    signal: AbortSignal.timeout(longest),
    record: { upstream_attempts: 0, upstream_ms: 0, count: [] },
  };
}
