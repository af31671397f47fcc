import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { authorization, json, startGateway, type Gateway } from '../gateway.ts';
import type { Answer } from '../invoke.ts';
import { codeOf, connectionsOf, decide, pathOf, targetOf } from './browser.ts';

// The way of a code, and a thief at each point of it: another partner of the same gateway, with a key and a redirect URI of its own. The rows
// are those of the table in SECURITY.md.

const home = 'https://app.example/home';
const thiefsHome = 'https://thief.example/home';

let gateway: Gateway;
let partner: DemoPartner;
let thief: DemoPartner;

beforeAll(async () => {
  gateway = await startGateway();
  [partner, thief] = await Promise.all([
    gateway.newPartner({ redirectUris: [home] }),
    gateway.newPartner({ redirectUris: [thiefsHome] }),
  ]);
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => gateway.close());

const start = (caller: DemoPartner, redirect_uri: string, fields: Record<string, string> = {}): Promise<Answer> =>
  gateway.ask.http(
    'GET',
    `/webauth?${new URLSearchParams({ client_id: caller.client_id, redirect_uri, ...fields }).toString()}`,
    { headers: { accept: 'application/json' } },
  );
const exchange = (caller: DemoPartner, code: string): Promise<Answer> =>
  gateway.ask.http('POST', '/auth/token/access', json({ ...caller, code }));
const read = async ({ client_secret }: DemoPartner, id: number): Promise<number> =>
  (await gateway.ask.http('GET', `/users/${id}`, authorization(client_secret))).status;

/** A new person approves at the bank: the callback that the bank sends the browser to, and the code in it. */
async function approved(): Promise<{ callback: string; code: string }> {
  const callback = await decide(targetOf(await start(partner, home)), 'approve');
  return { callback: pathOf(gateway, callback), code: new URL(callback).searchParams.get('code') ?? '' };
}

/** The same, and the browser has gone through the callback. */
async function comeHome(): Promise<string> {
  const { callback, code } = await approved();
  targetOf(await gateway.ask.http('GET', callback));
  return code;
}

/** The user of an exchanged code. */
async function userOf(answer: Answer): Promise<number> {
  const { access_token } = answer.body as { access_token: string };
  const { body } = await gateway.sandbox('GET', '/users/me', authorization(`Bearer ${access_token}`));
  return (body as { id: number }).id;
}

const refused = { status: 400, body: { code: 'invalidCode', error: 'invalid_grant' } };

describe('a code that the bank issues for a new person', () => {
  test('comes home, is exchanged by its partner, and makes the user the partner’s', async () => {
    const answer = await exchange(partner, await comeHome());
    expect(answer).toMatchObject({ status: 200 });
    const id = await userOf(answer);
    expect([await read(partner, id), await read(thief, id)]).toEqual([200, 404]);
  });

  test('stolen before the callback, yields neither a token nor the user to a thief who exchanges it', async () => {
    const { callback, code } = await approved();
    await gateway.upstreamCalls();
    expect(await exchange(thief, code)).toMatchObject(refused);
    expect(await gateway.upstreamCalls()).toEqual(['POST /auth/token/access', 'GET /users/me', 'DELETE /auth/token']);
    expect(targetOf(await gateway.ask.http('GET', callback))).toMatch(/^https:\/\/app\.example\/home\?/);
    // The sandbox's code works once, and the thief has spent it.
    expect(await exchange(partner, code)).toMatchObject(refused);
  });

  test('stolen after the callback, is refused to a thief before upstream is asked', async () => {
    const code = await comeHome();
    await gateway.upstreamCalls();
    expect(await exchange(thief, code)).toMatchObject(refused);
    expect(await gateway.upstreamCalls()).toEqual([]);
    expect(await exchange(partner, code)).toMatchObject({ status: 200 });
  });

  test('stolen after the callback, starts no visit of a thief', async () => {
    const code = await comeHome();
    await gateway.upstreamCalls();
    expect(await start(thief, thiefsHome, { token: code })).toMatchObject({
      status: 400,
      body: { code: 'invalidCode' },
    });
    expect(await gateway.upstreamCalls()).toEqual([]);
    expect(await start(partner, home, { token: code })).toMatchObject({ status: 302 });
  });

  test('stolen after its exchange, yields nothing', async () => {
    const code = await comeHome();
    const first = await exchange(partner, code);
    expect(first).toMatchObject({ status: 200 });
    const id = await userOf(first);
    for (const stolen of [code, await freshCode(first)]) expect(await exchange(thief, stolen)).toMatchObject(refused);
    expect([await read(partner, id), await read(thief, id)]).toEqual([200, 404]);
  });

  test('put through a callback again, with a seal of a thief’s own, stays bound to the first partner', async () => {
    const code = await comeHome();
    const own = new URL(await decide(targetOf(await start(thief, thiefsHome)), 'refuse')).searchParams.get('state');
    const query = new URLSearchParams({ state: own ?? '', code }).toString();
    expect(await gateway.ask.http('GET', `/webauth/callback?${query}`)).toMatchObject({ status: 400 });
    expect(await exchange(partner, code)).toMatchObject({ status: 200 });
  });

  test('expires, and its binding with it', async () => {
    const code = await comeHome();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1_801_000 });
    for (const each of [partner, thief]) expect(await exchange(each, code)).toMatchObject(refused);
  });
});

describe('a code of /auth/token/code', () => {
  test('belongs to whoever holds it: it adds a connection to its user', async () => {
    const user = await gateway.newUser(partner);
    const token = await codeOf(gateway, user.token);
    await decide(targetOf(await start(thief, thiefsHome, { token })), 'approve');
    expect(await connectionsOf(gateway, user.token)).toHaveLength(1);
  });

  test('yields a token to its user’s partner alone', async () => {
    const user = await gateway.newUser(partner);
    expect(await exchange(thief, await codeOf(gateway, user.token))).toMatchObject(refused);
    expect(await exchange(partner, await codeOf(gateway, user.token))).toMatchObject({ status: 200 });
  });
});

/** Another code of the user whose code was exchanged. */
function freshCode({ body }: Answer): Promise<string> {
  return codeOf(gateway, (body as { access_token: string }).access_token);
}
