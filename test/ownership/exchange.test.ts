import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { authorization, json, startGateway, type Gateway } from '../gateway.ts';
import { startProxy, type RunningProxy } from '../proxy.ts';
import { refused, watched, type Watched } from '../refused.ts';
import { noFault, startFaultyAws, type FaultyAws } from './faulty-aws.ts';

let aws: FaultyAws;
let gateway: Gateway;
let partner: DemoPartner;
let user: { id: string; token: string };
/** Stands before the sandbox: it sees the token that a code is exchanged for, and can answer `GET /users/me` itself. */
let wire: RunningProxy;
let accessToken = '';
let me: string | undefined;

beforeAll(async () => {
  aws = await startFaultyAws();
  gateway = await startGateway({ awsEndpoint: aws.url });
  partner = await gateway.newPartner();
  user = await gateway.newUser(partner);
  const { origin } = new URL(gateway.file.sandbox ?? '');
  wire = await startProxy(
    () => origin,
    async ({ path }, forward) => {
      if (path === '/2.0/users/me' && me !== undefined) return { status: 200, headers: {}, body: me };
      const answer = await forward();
      if (path === '/2.0/auth/token/access')
        accessToken = (JSON.parse(answer.body) as { access_token: string }).access_token;
      return answer;
    },
  );
});
afterEach(() => {
  aws.fault = noFault;
  me = undefined;
});
afterAll(async () => {
  await wire.close();
  await gateway.close();
  await aws.close();
});

/** Exchanges a code of the user; says too whether upstream takes the new token afterwards, and the user’s own. */
async function exchange(
  { token }: { token: string },
  { bound = false } = {},
): Promise<Watched & { tokens: [number, number] }> {
  const { body } = await gateway.sandbox('GET', '/auth/token/code', authorization(`Bearer ${token}`));
  const { code } = body as { code: string };
  if (bound) await (await import('#lib/webauth/code-binding.ts')).bindCode(code, partner.client_id);
  const asked = json({ ...partner, code });
  const answer = await gateway.withUpstream(`${wire.url}/2.0`, () =>
    watched(gateway, () => gateway.ask.http('POST', '/auth/token/access', asked)),
  );
  return { ...answer, tokens: [await statusOf(accessToken), await statusOf(token)] };
}

const given = { status: 200, tokens: [200, 200] };
const refusal = refused(502, 'badGateway');
/** No token, and the one that upstream made is dead. */
const nothingGiven = { ...refusal, body: { ...refusal.body, error: 'server_error' }, tokens: [403, 200] };

/** A permanent user that no partner created. */
async function unownedUser(): Promise<{ id: string; token: string }> {
  const contract = await gateway.secret<object>('client-credentials');
  const { body } = await gateway.sandbox('POST', '/auth/init', json(contract));
  const { id_user, auth_token } = body as { id_user: number; auth_token: string };
  return { id: String(id_user), token: auth_token };
}

async function statusOf(token: string): Promise<number> {
  return (await gateway.sandbox('GET', '/users/me', authorization(`Bearer ${token}`))).status;
}

test.each(['unreachable', 'error'] as const)(
  'a code whose binding cannot be read is not sent upstream: the table is %s',
  async (fault) => {
    // The partner is known for a minute from here on.
    expect(await exchange(user)).toMatchObject(given);
    aws.fault = (_operation, item) => (item.startsWith('CODE#') ? fault : undefined);
    const { body, ...rest } = refused(503, 'unavailable');
    expect(await exchange(user)).toMatchObject({
      ...rest,
      body: { ...body, error: 'temporarily_unavailable' },
      upstream: [],
    });
  },
);

describe('a code’s user that cannot be settled', () => {
  test.each([
    ['with its record out of reach', 'unreachable' as const],
    ['with its record unreadable', 'error' as const],
  ])('gets nobody a token, %s', async (_case, fault) => {
    // The partner is known for a minute from here on.
    expect(await exchange(user)).toMatchObject(given);
    aws.fault = (operation, item) => (operation === 'GetItem' && item.startsWith('USER#') ? fault : undefined);
    expect(await exchange(user)).toMatchObject(nothingGiven);
  });

  test('gets nobody a token while a new owner cannot be recorded', async () => {
    const registered = await unownedUser();
    aws.fault = (operation, item) => (operation === 'PutItem' && item.startsWith('USER#') ? 'error' : undefined);
    expect(await exchange(registered, { bound: true })).toMatchObject(nothingGiven);
    aws.fault = noFault;
    expect(await exchange(registered, { bound: true })).toMatchObject(given);
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
  ])('gets nobody a token when upstream says it is %s', async (answer) => {
    me = answer;
    expect(await exchange(user)).toMatchObject(nothingGiven);
  });
});
