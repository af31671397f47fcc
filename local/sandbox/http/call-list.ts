import type { FastifyRequest } from 'fastify';
import { OPERATIONS } from '../operations.ts';
import { bodyOf } from './bodies.ts';

/** One answered call: names only, never a value. */
export interface RecordedCall {
  method: string;
  path: string;
  query: string[];
  fields: string[];
  headers: string[];
  /** 0 when the connection broke before the answer. */
  status: number;
  /** The sandbox's time, ISO 8601. */
  at: string;
  /** From the whole request's head to the answer, in milliseconds. */
  duration_ms: number;
  /** The call's `x-request-id`, when it is a UUID. */
  request_id?: string;
}

/** What the list reads of a request. */
type AnsweredRequest = Pick<FastifyRequest, 'method' | 'url' | 'query' | 'body' | 'headers'> & {
  raw: { rawHeaders: string[] };
};

/** The last calls of the API, the newest last. */
export interface CallList {
  /** `duration` in milliseconds. */
  record(request: AnsweredRequest, status: number, duration: number): void;
  all(): RecordedCall[];
  empty(): void;
}

const BOUND = 10_000;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Makes an empty list, which tells `onCall` of each call too; `certificateTypes` may be shown in paths. It lives as long as the process. */
export function createCallList(
  now: () => number,
  certificateTypes: readonly string[],
  onCall: (call: RecordedCall) => void = () => {},
): CallList {
  const words = new Set([
    ...OPERATIONS.flatMap(({ path }) => path.split('/')),
    ...certificateTypes,
    '2.0',
    'me',
    'all',
  ]);
  let calls: RecordedCall[] = [];

  // A client that mixes things up may send a secret where a path or a name belongs: only what cannot be one is shown.
  const shownPath = (url: string) =>
    (url.split('?')[0] ?? '')
      .split('/')
      .map((part) => (words.has(part) || /^[0-9]{1,18}$/.test(part) ? part : '*'))
      .join('/');

  return {
    record(request, status, duration) {
      const { 'x-request-id': requestId } = request.headers;
      const call: RecordedCall = {
        method: request.method,
        path: shownPath(request.url),
        query: shownNames(request.query),
        fields: shownNames(bodyOf(request)),
        headers: request.raw.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()),
        status,
        at: new Date(now()).toISOString(),
        duration_ms: Math.round(duration),
        ...(typeof requestId === 'string' && uuid.test(requestId) && { request_id: requestId }),
      };
      calls.push(call);
      // Cut at twice the bound, so that a long run does not copy the list at every call.
      if (calls.length > 2 * BOUND) calls = calls.slice(-BOUND);
      onCall(call);
    },
    all: () => calls.slice(-BOUND),
    empty() {
      calls = [];
    },
  };
}

function shownNames(values: unknown): string[] {
  return Object.keys(values ?? {}).map((name) => (/^[a-z][a-z_]{0,30}$/i.test(name) ? name : '*'));
}
