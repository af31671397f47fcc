import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { authorization, json, startGateway, type Gateway } from '../gateway.ts';
import type { TestResponse } from '../invoke.ts';
import { connectionsOf, decide, pathOf, locationOf } from './browser.ts';

// Code theft by another partner of the same gateway, with its own key and redirect URI, at each step of a code's lifetime. The tests follow the
// table in SECURITY.md.

const redirectUri = 'https://app.example/home';
const thiefsUri = 'https://thief.example/home';

let gateway: Gateway;
let partner: DemoPartner;
let thief: DemoPartner;

beforeAll(async () => {
  gateway = await startGateway();
  [partner, thief] = await Promise.all([
    gateway.newPartner({ redirectUris: [redirectUri] }),
    gateway.newPartner({ redirectUris: [thiefsUri] }),
  ]);
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => gateway.close());

const start = (caller: DemoPartner, redirect_uri: string, fields: Record<string, string> = {}): Promise<TestResponse> =>
  gateway.call.http(
    'GET',
    `/webauth?${new URLSearchParams({ client_id: caller.client_id, redirect_uri, ...fields }).toString()}`,
    { headers: { accept: 'application/json' } },
  );
const exchange = (caller: DemoPartner, code: string): Promise<TestResponse> =>
  gateway.call.http('POST', '/auth/token/access', json({ ...caller, code }));
const read = async ({ client_secret }: DemoPartner, id: number): Promise<number> =>
  (await gateway.call.http('GET', `/users/${id}`, authorization(client_secret))).status;

/** Approves at the bank as a new user. Returns the path of the callback and the code in it. */
async function approved(): Promise<{ callback: string; code: string }> {
  const callback = await decide(locationOf(await start(partner, redirectUri)), 'approve');
  return { callback: pathOf(gateway, callback), code: new URL(callback).searchParams.get('code') ?? '' };
}

/** Approves at the bank as a new user and calls the callback. Returns the code. */
async function codeFromCallback(): Promise<string> {
  const { callback, code } = await approved();
  locationOf(await gateway.call.http('GET', callback));
  return code;
}

/** Returns the id of the user of an exchanged code. */
async function userOf(response: TestResponse): Promise<number> {
  const { access_token } = response.body as { access_token: string };
  const { body } = await gateway.sandbox('GET', '/users/me', authorization(`Bearer ${access_token}`));
  return (body as { id: number }).id;
}

const invalidCode = { status: 400, body: { code: 'invalidCode', error: 'invalid_grant' } };

describe('a code for a new user', () => {
  test('can be exchanged by its partner, who then owns the user', async () => {
    const response = await exchange(partner, await codeFromCallback());
    expect(response).toMatchObject({ status: 200 });
    const id = await userOf(response);
    expect([await read(partner, id), await read(thief, id)]).toEqual([200, 404]);
  });

  test('stolen before the callback: returns neither a token nor the user to a thief', async () => {
    const { callback, code } = await approved();
    await gateway.upstreamCalls();
    expect(await exchange(thief, code)).toMatchObject(invalidCode);
    expect(await gateway.upstreamCalls()).toEqual(['POST /auth/token/access', 'GET /users/me', 'DELETE /auth/token']);
    expect(locationOf(await gateway.call.http('GET', callback))).toMatch(/^https:\/\/app\.example\/home\?/);
    // The sandbox's code works once, and the thief has used it.
    expect(await exchange(partner, code)).toMatchObject(invalidCode);
  });

  test('stolen after the callback: is rejected without a call to upstream', async () => {
    const code = await codeFromCallback();
    await gateway.upstreamCalls();
    expect(await exchange(thief, code)).toMatchObject(invalidCode);
    expect(await gateway.upstreamCalls()).toEqual([]);
    expect(await exchange(partner, code)).toMatchObject({ status: 200 });
  });

  test('stolen after the callback: is rejected as a webauth token', async () => {
    const code = await codeFromCallback();
    await gateway.upstreamCalls();
    expect(await start(thief, thiefsUri, { token: code })).toMatchObject({
      status: 400,
      body: { code: 'invalidCode' },
    });
    expect(await gateway.upstreamCalls()).toEqual([]);
    expect(await start(partner, redirectUri, { token: code })).toMatchObject({ status: 302 });
  });

  test('stolen after its exchange: returns nothing', async () => {
    const code = await codeFromCallback();
    const first = await exchange(partner, code);
    expect(first).toMatchObject({ status: 200 });
    const id = await userOf(first);
    for (const stolen of [code, await freshCode(first)])
      expect(await exchange(thief, stolen)).toMatchObject(invalidCode);
    expect([await read(partner, id), await read(thief, id)]).toEqual([200, 404]);
  });

  test('sent to the callback again with the thief’s seal: stays bound to the first partner', async () => {
    const code = await codeFromCallback();
    const own = new URL(await decide(locationOf(await start(thief, thiefsUri)), 'refuse')).searchParams.get('state');
    const query = new URLSearchParams({ state: own ?? '', code }).toString();
    expect(await gateway.call.http('GET', `/webauth/callback?${query}`)).toMatchObject({ status: 400 });
    expect(await exchange(partner, code)).toMatchObject({ status: 200 });
  });

  test('expires together with its binding', async () => {
    const code = await codeFromCallback();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1_801_000 });
    for (const each of [partner, thief]) expect(await exchange(each, code)).toMatchObject(invalidCode);
  });
});

describe('a code of /auth/token/code', () => {
  test('can be used by any holder to add a connection to its user', async () => {
    const user = await gateway.newUser(partner);
    const token = await gateway.newCode(user.token);
    await decide(locationOf(await start(thief, thiefsUri, { token })), 'approve');
    expect(await connectionsOf(gateway, user.token)).toHaveLength(1);
  });

  test('can be exchanged only by its user’s partner', async () => {
    const user = await gateway.newUser(partner);
    expect(await exchange(thief, await gateway.newCode(user.token))).toMatchObject(invalidCode);
    expect(await exchange(partner, await gateway.newCode(user.token))).toMatchObject({ status: 200 });
  });
});

/** Returns another code of the user of an exchanged code. */
function freshCode({ body }: TestResponse): Promise<string> {
  return gateway.newCode((body as { access_token: string }).access_token);
}
