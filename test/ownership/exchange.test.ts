import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { noFault, startTestAws, type TestAws } from '../aws.ts';
import { bearer, json, startGateway, type Gateway, type TestUser } from '../gateway.ts';
import { callWithUpstream, errorResponse, type ResponseWithUpstream } from '../responses.ts';

let aws: TestAws;
let gateway: Gateway;
let partner: DemoPartner;
let user: TestUser;

beforeAll(async () => {
  aws = await startTestAws();
  gateway = await startGateway({ awsEndpoint: aws.url });
  partner = await gateway.newPartner();
  user = await gateway.newUser(partner);
});
afterEach(() => {
  aws.fault = noFault;
});
afterAll(async () => {
  await gateway.close();
  await aws.close();
});

/**
 * Exchanges a code of the user. `me` is upstream's response to `GET /users/me`, if it is not the sandbox's. Also returns the statuses of the
 * new token and of the user's own token afterwards.
 */
async function exchange(
  { token }: TestUser,
  { bound = false, me }: { bound?: boolean; me?: string } = {},
): Promise<ResponseWithUpstream & { tokens: number[] }> {
  const code = await gateway.newCode(token);
  if (bound) await (await import('#lib/webauth/code-binding.ts')).bindCode(code, partner.client_id);
  let accessToken = '';
  const response = await gateway.withProxy(
    async ({ path }, forward) => {
      if (path === '/2.0/users/me' && me !== undefined) return { status: 200, headers: {}, body: me };
      const forwarded = await forward();
      if (path === '/2.0/auth/token/access') {
        accessToken = (JSON.parse(forwarded.body) as { access_token: string }).access_token;
      }
      return forwarded;
    },
    () => callWithUpstream(gateway, () => gateway.call.http('POST', '/auth/token/access', json({ ...partner, code }))),
  );
  return { ...response, tokens: [await statusOf(accessToken), await statusOf(token)] };
}

async function statusOf(token: string): Promise<number> {
  return (await gateway.sandbox('GET', '/users/me', bearer(token))).status;
}

const success = { status: 200, tokens: [200, 200] };
const { body: badGateway, ...rest } = errorResponse(502, 'badGateway');
/** An error response without a token. The new token is revoked. */
const revoked = { ...rest, body: { ...badGateway, error: 'server_error' }, tokens: [403, 200] };

test.each(['unreachable', 'error'] as const)(
  'a code whose binding cannot be read is not sent upstream: the table is %s',
  async (fault) => {
    // Caches the partner's record for a minute.
    expect(await exchange(user)).toMatchObject(success);
    aws.fault = (_operation, item) => (item.startsWith('CODE#') ? fault : undefined);
    const { body, ...response } = errorResponse(503, 'unavailable');
    expect(await exchange(user)).toMatchObject({
      ...response,
      body: { ...body, error: 'temporarily_unavailable' },
      upstream: [],
    });
  },
);

describe('no token is returned', () => {
  test.each(['unreachable', 'error'] as const)('when the ownership cannot be read: the table is %s', async (fault) => {
    // Caches the partner's record for a minute.
    expect(await exchange(user)).toMatchObject(success);
    aws.fault = (operation, item) => (operation === 'GetItem' && item.startsWith('USER#') ? fault : undefined);
    expect(await exchange(user)).toMatchObject(revoked);
  });

  test('while a new owner cannot be recorded', async () => {
    const unowned = await gateway.newUnownedUser();
    aws.fault = (operation, item) => (operation === 'PutItem' && item.startsWith('USER#') ? 'error' : undefined);
    expect(await exchange(unowned, { bound: true })).toMatchObject(revoked);
    aws.fault = noFault;
    expect(await exchange(unowned, { bound: true })).toMatchObject(success);
  });

  test.each([
    '{}',
    '{"id":null}',
    '{"id":"1"}',
    '{"id":1.5}',
    '{"id":[1]}',
    '{"id":9007199254740993}',
    '{"users":[]}',
    '{"users":[{"id":1}]}',
    '[]',
    'null',
    '',
    '<html></html>',
  ])('when upstream returns the user %s', async (me) => {
    expect(await exchange(user, { me })).toMatchObject(revoked);
  });
});
