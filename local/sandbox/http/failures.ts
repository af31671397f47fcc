import type { FastifyReply } from 'fastify';
import { BudgeaError } from '../errors.ts';

/** A failure that one of the next calls meets. */
export interface Failure {
  /** The path that it waits for, without `/2.0`; any when there is none. */
  path?: string | undefined;
  /**
   * `tooManyRequests`, `bug` and `maintenance` are Budgea's own; `html` is a page from the network's edge. These four
   * refuse before anything is done. `lost` does everything, and the connection breaks before the answer.
   */
  answer: (typeof ANSWERS)[number];
  /** For `tooManyRequests`, in seconds. */
  retryAfter: number;
}

/** The failures that can be asked for. */
export const ANSWERS = ['tooManyRequests', 'bug', 'maintenance', 'html', 'lost'] as const;

/** The failures to come, each met once. */
export interface Failures {
  plan(failure: Failure, times: number): void;
  /** Takes the first failure that waits for this path. */
  meet(path: string): Failure | undefined;
  clear(): void;
}

/** Makes an empty list of failures; it lives as long as the process. */
export function createFailures(): Failures {
  let planned: Failure[] = [];
  return {
    plan: (failure, times) => void planned.push(...Array.from({ length: times }, () => failure)),
    meet(path) {
      const index = planned.findIndex((failure) => failure.path === undefined || failure.path === path);
      return index === -1 ? undefined : planned.splice(index, 1)[0];
    },
    clear() {
      planned = [];
    },
  };
}

/** Answers with the failure, in place of the operation. Throws Budgea's own. */
export function fail({ answer, retryAfter }: Failure, reply: FastifyReply): FastifyReply {
  if (answer === 'html') {
    return reply.code(502).type('text/html').send('<html><body><h1>502 Bad Gateway</h1></body></html>');
  }
  if (answer === 'lost') {
    reply.hijack();
    reply.raw.socket?.destroy();
    return reply;
  }
  if (answer === 'tooManyRequests') reply.header('retry-after', String(retryAfter));
  throw new BudgeaError(answer, 'This failure was asked for');
}
