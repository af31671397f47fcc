import { expect } from 'vitest';
import type { Gateway } from './gateway.ts';
import type { Answer } from './invoke.ts';

/** An answer, and what upstream was asked meanwhile. */
export interface Watched extends Answer {
  upstream: string[];
}

/** Asks, and watches upstream. */
export async function watched(gateway: Gateway, ask: () => Promise<Answer>): Promise<Watched> {
  await gateway.upstreamCalls();
  const answer = await ask();
  return { ...answer, upstream: await gateway.upstreamCalls() };
}

/** A refusal in the envelope, which nothing may cache. */
export function refused(status: number, code: string) {
  const text = expect.stringMatching(/./) as string;
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-request-id': text },
    body: { code, description: text, message: null, request_id: text },
  };
}

/** A refusal of a watched call by the gateway alone: upstream was asked nothing. */
export function refusedAtOnce(status: number, code: string) {
  return { ...refused(status, code), upstream: [] };
}

/** An answer without what differs between any two: compared with another's, every other byte has to be the same. */
export function withoutRequestId({ status, headers, text }: Answer): unknown {
  const { 'x-request-id': requestId = '', 'apigw-requestid': _, date: __, ...rest } = headers;
  return { status, headers: rest, text: text.replaceAll(requestId, '<request id>') };
}

/** What the sandbox does to a call on demand, and the refusal that the caller gets. */
export const upstreamFailures: [answer: string, status: number, code: string, retryAfter?: string][] = [
  ['tooManyRequests', 429, 'tooManyRequests', '7'],
  ['maintenance', 503, 'maintenance', '5'],
  ['bug', 502, 'bug'],
  ['html', 502, 'badGateway'],
  ['lost', 502, 'badGateway'],
];
