import { now } from '../clock.ts';
import { operations, type Operation, type OperationId } from '../operations.ts';
import type { Middleware } from './call.ts';
import { invocationOf } from './invocation.ts';

const validTraceparent = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Begins the call, its request id, its deadline and the record that its log line is made of, and ends it. */
export function begin(id: OperationId): Middleware {
  const operation: Operation = operations[id];
  return {
    before({ event, context }) {
      const { traceparent = '', accept = '' } = event.headers;
      context.call = {
        id,
        operation,
        ...invocationOf(
          context,
          operation.needs.items.USER?.includes('put') ?? false,
          validTraceparent.test(traceparent) ? traceparent : undefined,
        ),
        startedAt: now(),
        browser: operation.refusals === 'page' && !accept.includes('application/json'),
        fields: {},
        credential: { kind: 'anonymous' },
        caller: { kind: 'anonymous' },
        input: undefined,
      };
    },
    after: release,
    onError: release,
  };
}

const release: Middleware['after'] = ({ context }) => context.call.release();
