import { now } from '../clock.ts';
import { operations, type Operation, type OperationId } from '../operations.ts';
import type { Middleware } from './call.ts';

/** The longest that a call may take, in milliseconds. */
const longest = 25_000;
/** Kept of the invocation's time to answer in. */
const reserve = 500;
const validTraceparent = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Begins the call: its request id, its deadline and the record that its log line is made of. */
export function begin(id: OperationId): Middleware {
  const operation: Operation = operations[id];
  return {
    before({ event, context }) {
      const { traceparent, accept = '' } = event.headers;
      context.call = {
        id,
        operation,
        requestId: context.awsRequestId,
        traceparent: traceparent !== undefined && validTraceparent.test(traceparent) ? traceparent : undefined,
        startedAt: now(),
        signal: AbortSignal.timeout(Math.max(1, Math.min(longest, context.getRemainingTimeInMillis() - reserve))),
        record: { upstream_attempts: 0, upstream_ms: 0, count: [] },
        browser: operation.refusals === 'page' && !accept.includes('application/json'),
        fields: {},
        credential: { kind: 'anonymous' },
        caller: { kind: 'anonymous' },
        input: undefined,
      };
    },
  };
}
