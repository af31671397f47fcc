import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { BudgeaError } from '../errors.ts';

/** The failures that can be planned. */
export const ANSWERS = ['tooManyRequests', 'bug', 'maintenance', 'html', 'reset', 'lost'] as const;

/** A planned failure. */
export interface Failure {
  /** The path that fails, without `/2.0`; by default any. */
  path?: string | undefined;
  /**
   * `tooManyRequests`, `bug` and `maintenance` are Budgea's errors, `html` is a proxy's error page, and `reset` closes the connection: the
   * operation does not run. With `lost`, the connection closes after the operation.
   */
  answer: (typeof ANSWERS)[number];
  /** For `tooManyRequests`, in seconds. */
  retryAfter: number;
}

/** A failure and the number of calls that it fails; `Infinity` for every call. */
type Planned = Failure & { times: number };

/** The planned failures. */
export type Failures = ReturnType<typeof createFailures>;

/** Creates an empty list of failures in memory. `onTake` is called when a failure is used. */
export function createFailures(onTake: () => void = () => {}) {
  let planned: Planned[] = [];
  return {
    plan: (failure: Planned) => void planned.push(failure),
    /** Returns the first failure for a path, and counts it as used. */
    take(path: string): Failure | undefined {
      const failure = planned.find((other) => other.path === undefined || other.path === path);
      if (failure === undefined || failure.times === Infinity) return failure;
      failure.times -= 1;
      planned = planned.filter(({ times }) => times > 0);
      onTake();
      return failure;
    },
    all: (): readonly Planned[] => planned,
    clear() {
      planned = [];
    },
  };
}

/** Whether the caller receives no response. */
export function breaksConnection(answer: Failure['answer']): answer is 'lost' | 'reset' {
  return answer === 'lost' || answer === 'reset';
}

/** Sends the failure instead of the operation's response. Throws Budgea's errors. */
export function fail({ answer, retryAfter }: Failure, reply: FastifyReply): FastifyReply {
  if (answer === 'html') {
    return reply.code(502).type('text/html').send('<html><body><h1>502 Bad Gateway</h1></body></html>');
  }
  if (breaksConnection(answer)) {
    reply.hijack();
    reply.raw.socket?.resetAndDestroy();
    return reply;
  }
  if (answer === 'tooManyRequests') reply.header('retry-after', String(retryAfter));
  throw new BudgeaError(answer, 'This failure was requested');
}

/** The delay of every call. */
export type Latency = ReturnType<typeof createLatency>;

/** Creates a delay of 0 milliseconds in memory. */
export function createLatency() {
  let latency = 0;
  return {
    get: () => latency,
    set(milliseconds: number) {
      latency = milliseconds;
    },
    async wait(): Promise<void> {
      if (latency > 0) await sleep(latency, undefined, { ref: false });
    },
  };
}
