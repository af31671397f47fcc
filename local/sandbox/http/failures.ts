import type { FastifyReply } from 'fastify';
import { BudgeaError } from '../errors.ts';

/** A failure that one of the next calls meets. */
export interface Failure {
  /** The path that it waits for, without `/2.0`; any when there is none. */
  path?: string | undefined;
  /**
   * `tooManyRequests`, `bug` and `maintenance` are Budgea's own; `html` is a page from the network's edge; `reset` breaks
   * the connection. These five refuse before anything is done. `lost` does everything, and the connection breaks then.
   */
  answer: (typeof ANSWERS)[number];
  /** For `tooManyRequests`, in seconds. */
  retryAfter: number;
}

/** The failures that can be asked for. */
export const ANSWERS = ['tooManyRequests', 'bug', 'maintenance', 'html', 'reset', 'lost'] as const;

/** A failure to come, and how many calls will meet it: `Infinity` until it is called off. */
type Planned = Failure & { times: number };

/** The failures to come. */
export interface Failures {
  plan(failure: Planned): void;
  /** Takes the first failure that waits for this path. */
  meet(path: string): Failure | undefined;
  all(): readonly Planned[];
  clear(): void;
}

/** Makes an empty list of failures, which tells `onMeet` when one was met; it lives as long as the process. */
export function createFailures(onMeet: () => void = () => {}): Failures {
  let planned: Planned[] = [];
  return {
    plan: (failure) => void planned.push(failure),
    meet(path) {
      const met = planned.find((failure) => failure.path === undefined || failure.path === path);
      if (met === undefined || met.times === Infinity) return met;
      met.times -= 1;
      planned = planned.filter(({ times }) => times > 0);
      onMeet();
      return met;
    },
    all: () => planned,
    clear() {
      planned = [];
    },
  };
}

/** Whether the caller gets no answer at all. */
export function breaksConnection(answer: Failure['answer']): answer is 'lost' | 'reset' {
  return answer === 'lost' || answer === 'reset';
}

/** Answers with the failure, in place of the operation. Throws Budgea's own. */
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
  throw new BudgeaError(answer, 'This failure was asked for');
}
