import { expect } from 'vitest';
import type { Gateway } from './gateway.ts';
import type { TestResponse } from './invoke.ts';

/** A response, and the calls that upstream received during the request. */
export interface ResponseWithUpstream extends TestResponse {
  upstream: string[];
}

/** Sends a request and lists the calls that upstream received for it. */
export async function callWithUpstream(
  gateway: Gateway,
  call: () => Promise<TestResponse>,
): Promise<ResponseWithUpstream> {
  await gateway.upstreamCalls();
  const response = await call();
  return { ...response, upstream: await gateway.upstreamCalls() };
}

/** An error in the envelope, which must not be cached. */
export function errorResponse(status: number, code: string) {
  const text = expect.stringMatching(/./) as string;
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-request-id': text },
    body: { code, description: text, message: null, request_id: text },
  };
}

/** An error of the gateway itself, without a call to upstream. */
export function rejectedWithoutUpstreamCall(status: number, code: string) {
  return { ...errorResponse(status, code), upstream: [] };
}

/** A response without what differs between any two: two of them are indistinguishable if the results are equal. */
export function withoutRequestId({ status, headers, text }: TestResponse): unknown {
  const { 'x-request-id': requestId = '', 'apigw-requestid': _, date: __, ...rest } = headers;
  return { status, headers: rest, text: text.replaceAll(requestId, '<request id>') };
}

/** Failures that the sandbox simulates, with the error that the caller gets when the call is not repeated. */
export const upstreamFailures: [answer: string, status: number, code: string, retryAfter?: string][] = [
  ['tooManyRequests', 429, 'tooManyRequests', '7'],
  ['maintenance', 503, 'maintenance', '5'],
  ['bug', 502, 'bug'],
  ['html', 502, 'badGateway'],
  ['lost', 502, 'badGateway'],
];

/** The same failures for reads and deletes, with the number of attempts that the gateway makes. */
export const repeatedFailures: [answer: string, status: number, code: string, attempts: number][] = [
  ['lost', 502, 'badGateway', 2],
  ['bug', 502, 'bug', 2],
  ['html', 502, 'badGateway', 2],
  ['maintenance', 503, 'maintenance', 1],
  ['tooManyRequests', 429, 'tooManyRequests', 1],
];

/** The headers that the gateway sends upstream with a token. */
export const upstreamHeaders = ['accept', 'authorization', 'connection', 'host', 'user-agent', 'x-request-id'];
