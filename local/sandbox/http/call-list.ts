import type { FastifyRequest } from 'fastify';
import { operationRoutes } from '../operations.ts';
import { bodyOf } from './bodies.ts';

/** An answered call, with names but no values. */
export interface RecordedCall {
  method: string;
  path: string;
  query: string[];
  fields: string[];
  headers: string[];
  /** 0 when the connection was closed without a response. */
  status: number;
  /** The sandbox's time, ISO 8601. */
  at: string;
  /** From the request's headers to the response, in milliseconds. */
  duration_ms: number;
  /** The call's `x-request-id`, when it is a UUID. */
  request_id?: string;
}

/** The properties of a request that the list reads. */
type AnsweredRequest = Pick<FastifyRequest, 'method' | 'url' | 'query' | 'body' | 'headers'> & {
  raw: { rawHeaders: string[] };
};

/** The list of the last calls. */
export type CallList = ReturnType<typeof createCallList>;

const MAX_CALLS = 10_000;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Creates an empty list in memory. `onCall` is called for each call; paths may show `certificateTypes`. */
export function createCallList(
  now: () => number,
  certificateTypes: readonly string[],
  onCall: (call: RecordedCall) => void = () => {},
) {
  const operationParts = operationRoutes.flatMap(({ path }) => path.split('/'));
  const knownParts = new Set([...operationParts, ...certificateTypes, '2.0', 'me', 'all']);
  let calls: RecordedCall[] = [];

  // A client may send a secret in place of a path or a name: only known parts and ids are shown.
  const maskPath = (url: string) =>
    (url.split('?')[0] ?? '')
      .split('/')
      .map((part) => (knownParts.has(part) || /^[0-9]{1,18}$/.test(part) ? part : '*'))
      .join('/');

  return {
    /** Adds a call; `duration` is in milliseconds. */
    record(request: AnsweredRequest, status: number, duration: number): void {
      const { 'x-request-id': requestId } = request.headers;
      const call: RecordedCall = {
        method: request.method,
        path: maskPath(request.url),
        query: maskNames(request.query),
        fields: maskNames(bodyOf(request)),
        headers: request.raw.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()),
        status,
        at: new Date(now()).toISOString(),
        duration_ms: Math.round(duration),
        ...(typeof requestId === 'string' && uuid.test(requestId) && { request_id: requestId }),
      };
      calls.push(call);
      // Truncated at twice the maximum: a long run does not copy the list at every call.
      if (calls.length > 2 * MAX_CALLS) calls = calls.slice(-MAX_CALLS);
      onCall(call);
    },
    /** Returns the last 10,000 calls, newest last. */
    all: () => calls.slice(-MAX_CALLS),
    clear() {
      calls = [];
    },
  };
}

function maskNames(values: unknown): string[] {
  return Object.keys(values ?? {}).map((name) => (/^[a-z][a-z_]{0,30}$/i.test(name) ? name : '*'));
}
