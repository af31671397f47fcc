import { afterAll, expect, test } from 'vitest';
import type { NewPartner } from '#lib/partners/directory.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { unreadableBodies } from '../bodies.ts';
import {
  invalidKeys,
  malformedTokens,
  noCredentials,
  repeatedCredentials,
  type CallerContext,
  type Presentation,
} from '../credentials.ts';
import { bearer, combine, startGateway, type Gateway, type TestUser } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import {
  callWithUpstream,
  errorResponse,
  rejectedWithoutUpstreamCall,
  repeatedFailures,
  upstreamFailures,
  withoutRequestId,
  type ResponseWithUpstream,
} from '../responses.ts';

/** The gateway and its callers, for the tests of one operation. */
export interface OperationContext {
  gateway: Gateway;
  partner: DemoPartner;
  /** A user of the partner. */
  user: TestUser;
  /** The user's token and the partner's key as Bearer. */
  token: TestRequest;
  key: TestRequest;
  other: DemoPartner;
  /** A user of the other partner. */
  otherUser: TestUser;
  /** A disabled partner with the options of the first one. */
  disabled: DemoPartner;
  /** Calls the operation's handler with the merged requests. */
  call: (method: string, path: string, ...requests: TestRequest[]) => Promise<ResponseWithUpstream>;
}

/** Starts a gateway with partners and users, and closes it after the tests of the file. */
export async function startOperationContext(options: Partial<NewPartner> = {}): Promise<OperationContext> {
  const gateway = await startGateway();
  afterAll(() => gateway.close());
  const [partner, other, disabled] = await Promise.all([
    gateway.newPartner(options),
    gateway.newPartner({ redirectUris: ['https://other.example/home'] }),
    gateway.newPartner(options),
  ]);
  await gateway.changePartner(disabled, { status: 'disabled' });
  const user = await gateway.newUser(partner);
  return {
    gateway,
    partner,
    user,
    token: bearer(user.token),
    key: bearer(partner.client_secret),
    other,
    otherUser: await gateway.newUser(other),
    disabled,
    call: (method, path, ...requests) =>
      callWithUpstream(gateway, () => gateway.call.handler(method, path, combine(...requests))),
  };
}

type Send = (request: TestRequest) => Promise<ResponseWithUpstream>;

/** Tests that missing, malformed, repeated and unaccepted credentials are rejected. */
export function testCredentials(
  context: CallerContext,
  send: Send,
  unaccepted: Presentation[],
  rejected = rejectedWithoutUpstreamCall,
): void {
  const cases: [Presentation[], status: number, code: string][] = [
    [noCredentials, 401, 'unauthorized'],
    [malformedTokens, 403, 'invalidToken'],
    [repeatedCredentials, 400, 'invalidValue'],
    [unaccepted, 403, 'forbidden'],
  ];
  test.each(
    cases.flatMap(([presentations, status, code]) =>
      presentations.map(([form, request]) => [form, request, status, code] as const),
    ),
  )('rejects %s', async (_form, request, status, code) => {
    expect(await send(request(context))).toMatchObject(rejected(status, code));
  });
}

/** Tests that all invalid keys get the same error response, in each form. */
export function testInvalidKeys(
  { partner, disabled }: OperationContext,
  send: Send,
  forms: [(partner: DemoPartner) => TestRequest, ...((partner: DemoPartner) => TestRequest)[]],
  rejected = rejectedWithoutUpstreamCall,
): void {
  test.each(invalidKeys)('rejects %s like any invalid key', async (_case, invalid) => {
    const { client_id, client_secret } = invalid(partner, disabled);
    const malformed = withoutRequestId(await send(forms[0]({ client_id: partner.client_id, client_secret: 'bgk_' })));
    for (const form of forms) {
      const response = await send(form({ client_id, client_secret }));
      expect(response).toMatchObject(rejected(401, 'invalidClient'));
      expect(withoutRequestId(response)).toEqual(malformed);
    }
  });
}

/** Tests that unreadable bodies are rejected. */
export function testUnreadableBodies(send: Send, rejected = rejectedWithoutUpstreamCall): void {
  test.each(unreadableBodies)('rejects %s', async (_case, body, status, code) => {
    expect(await send(body)).toMatchObject(rejected(status, code));
  });
}

/** Tests that an upstream failure is returned and the upstream call, such as `POST /auth/init`, is not repeated. */
export function testFailures(
  { gateway }: OperationContext,
  upstreamCall: string,
  send: () => Promise<ResponseWithUpstream>,
  failed: typeof errorResponse = errorResponse,
): void {
  test.each(upstreamFailures)('calls upstream once when it fails with %s', async (answer, status, code, retryAfter) => {
    await gateway.control('failures', { answer, path: upstreamCall.split(' ')[1], retry_after: 7 });
    const response = await send();
    expect(response).toMatchObject({ ...failed(status, code), upstream: [upstreamCall] });
    expect(response.headers['retry-after']).toBe(retryAfter);
  });
}

/** Tests that an upstream read or delete, such as `DELETE /hash`, is repeated once, and that a persistent failure is returned. */
export function testRetries(
  { gateway }: OperationContext,
  upstreamCall: string,
  send: () => Promise<ResponseWithUpstream>,
  success: object,
  persistent = repeatedFailures,
): void {
  const path = upstreamCall.split(' ')[1];

  test.each(['lost', 'bug', 'html'])('repeats the upstream call once after %s', async (answer) => {
    await gateway.control('failures', { answer, path });
    expect(await send()).toMatchObject({ ...success, upstream: [upstreamCall, upstreamCall] });
  });

  test.each(persistent)('returns the persistent upstream failure %s', async (answer, status, code, times) => {
    await gateway.control('failures', { answer, path, times, retry_after: 7 });
    const upstream = Array.from({ length: times }, () => upstreamCall);
    expect(await send()).toMatchObject({ ...errorResponse(status, code), upstream });
  });
}
