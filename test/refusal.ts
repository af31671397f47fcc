import { expect } from 'vitest';
import type { Gateway } from './gateway.ts';
import type { Answer } from './invoke.ts';
import { refused, watched } from './refused.ts';

/** The gateway refuses by itself: in the envelope, with the answer's own request id, and upstream was asked nothing. */
export async function expectOwnRefusal(
  gateway: Gateway,
  ask: () => Promise<Answer>,
  status: number,
  code: string,
): Promise<void> {
  const answer = await watched(gateway, ask);
  expect(answer).toMatchObject(refused(status, code));
  expect(answer.body).toMatchObject({ request_id: answer.headers['x-request-id'] });
}

/** An answer without what differs between any two: compared with another's, every other byte has to be the same. */
export function withoutRequestId({ status, headers, text }: Answer): unknown {
  const { 'x-request-id': requestId = '', 'apigw-requestid': _, date: __, ...rest } = headers;
  return { status, headers: rest, text: text.replaceAll(requestId, '<request id>') };
}
