import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SealingKeys } from '#lib/webauth/state.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { codePoint } from '../code-point.ts';
import { secondsLater } from '../conditions.ts';
import { authorization, json, startGateway, type Gateway } from '../gateway.ts';
import { callWithUpstream } from '../responses.ts';
import { connectionsOf, decide, pathOf, locationOf, visit, type Decision } from './browser.ts';
import { inspectPage, errorPage } from './pages.ts';
import { countReads, keyNamed } from './sealing-keys.ts';

const redirectUri = 'https://app.example/home';

let gateway: Gateway;
let partner: DemoPartner;
let user: { id: string; token: string };

beforeAll(async () => {
  gateway = await startGateway();
  partner = await gateway.newPartner({ redirectUris: [redirectUri] });
});
beforeEach(async () => {
  user = await gateway.newUser(partner);
});
afterAll(() => gateway.close());

const started = (fields: Record<string, string> = {}) => ({
  client_id: partner.client_id,
  redirect_uri: redirectUri,
  ...fields,
});
const go = (fields: Record<string, string>, decision: Decision) => visit(gateway, started(fields), decision);
const bearer = (token: string) => authorization(`Bearer ${token}`);

/** Starts webauth and refuses at the bank. Returns the path of the gateway's callback. */
async function decided(fields: Record<string, string> = {}): Promise<string> {
  const query = new URLSearchParams(started(fields)).toString();
  const start = await gateway.call.http('GET', `/webauth?${query}`);
  return pathOf(gateway, await decide(locationOf(start), 'refuse'));
}

/** Returns the state in the result of a round trip with this state. */
const roundTrip = async (state: string) => (await go({ state }, 'refuse')).result.searchParams.getAll('state');
/** Returns the seal in a callback. */
const sealIn = (callback: string) => new URLSearchParams(callback.split('?')[1]).get('state') ?? '';

describe('a round trip', () => {
  test('that is approved adds a connection to the user of the code and to no other', async () => {
    const bystander = await gateway.newUser(partner);
    const token = await gateway.newCode(user.token);
    const { result } = await go({ token, state: 'mine', id_connector: '59' }, 'approve');
    expect(result.origin + result.pathname).toBe(redirectUri);
    expect(Object.fromEntries(result.searchParams)).toEqual({
      id_connection: expect.any(String) as string,
      state: 'mine',
    });
    const id = Number(result.searchParams.get('id_connection'));
    expect(await connectionsOf(gateway, user.token)).toMatchObject([{ id, id_connector: 59 }]);
    expect(await connectionsOf(gateway, bystander.token)).toEqual([]);
  });

  test('that is refused adds no connection and returns an error', async () => {
    const { result } = await go({ token: await gateway.newCode(user.token), state: 'mine' }, 'refuse');
    expect(Object.fromEntries(result.searchParams)).toEqual({
      error: 'access_denied',
      error_description: 'The person refused at the bank',
      state: 'mine',
    });
    expect(await connectionsOf(gateway, user.token)).toEqual([]);
  });

  test('with a connection renews it', async () => {
    const first = await go({ token: await gateway.newCode(user.token) }, 'approve');
    const id_connection = first.result.searchParams.get('id_connection') ?? '';
    const again = await go({ token: await gateway.newCode(user.token), id_connection }, 'approve');
    expect(again.result.searchParams.get('id_connection')).toBe(id_connection);
    expect(await connectionsOf(gateway, user.token)).toHaveLength(1);
  });

  test('of a new user returns a code that only its partner can exchange', async () => {
    const { result } = await go({ state: 'mine' }, 'approve');
    const code = result.searchParams.get('code') ?? '';
    const thief = await gateway.newPartner({ redirectUris: [redirectUri] });
    const stolen = () =>
      gateway.call.http('POST', '/auth/token/access', json({ ...thief, code, redirect_uri: redirectUri }));
    expect(await callWithUpstream(gateway, stolen)).toMatchObject({
      status: 400,
      body: { code: 'invalidCode' },
      upstream: [],
    });
    const body = json({ ...partner, code, redirect_uri: redirectUri });
    const exchanged = await gateway.call.http('POST', '/auth/token/access', body);
    expect(exchanged).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    const { access_token } = exchanged.body as { access_token: string };
    const { body: me } = await gateway.call.http('GET', '/users/me', bearer(access_token));
    const { id } = me as { id: number };
    const response = await gateway.call.http('GET', `/users/${id}`, authorization(partner.client_secret));
    expect(response).toMatchObject({ status: 200, body: { id } });
  });

  test('exposes neither the state nor the redirect URI nor the partner to the bank', async () => {
    const { start, page: bank, callback } = await go({ state: 'my-own-state' }, 'refuse');
    const visible = [locationOf(start), await (await fetch(bank)).text(), callback].join('\n');
    expect(visible).not.toContain('my-own-state');
    expect(visible).not.toContain('app.example');
    expect(visible).not.toContain(partner.client_id);
  });

  test('has redirects without cache and referrer', async () => {
    const { start, end } = await go({ state: 'mine' }, 'refuse');
    for (const { headers } of [start, end]) {
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    }
  });

  test('logs neither the state nor a code', async () => {
    const token = await gateway.newCode(user.token);
    gateway.logs();
    const { callback, result } = await go({ state: 'my-own-state', token }, 'approve');
    const lines = JSON.stringify(gateway.logs());
    expect(lines).toContain('"webauth_callback_get"');
    const sealed = new URL(callback).searchParams.get('state') ?? '';
    for (const secret of ['my-own-state', token, sealed, result.href]) expect(lines).not.toContain(secret);
  });
});

describe('the partner’s state is returned unchanged', () => {
  test.each<[string, string]>([
    ['empty', ''],
    ['the text null', 'null'],
    ['the format of a seal', 'abc.def'],
    ['URL syntax', '&state=theirs#?/%26+ =;'],
    ['percent signs', '%00%0d%0a%ff%'],
    ['CRLF and a header', 'a\r\nSet-Cookie: a=b\r\n\r\n'],
    ['NUL', '\0'],
    ['markup', '"><script>alert(1)</script>'],
    ['JSON', '{"a":["é",null]}'],
    ['a byte order mark', '\ufeffa\ufeff'],
    ['the replacement character', '\ufffd'],
    ['leading and trailing spaces', '  a  '],
    ['letters in two normalization forms', 'e\u0301é'],
    ['right-to-left text', '\u202eאב'],
    ['1 KiB', 'x'.repeat(1024)],
    ['1 KiB of NUL', '\0'.repeat(1024)],
    ['1 KiB of emoji', '🏦'.repeat(256)],
  ])('%s', async (_what, state) => {
    expect(await roundTrip(state)).toEqual([state]);
  });

  test('for any text', async () => {
    const text = fc.string({ unit: codePoint, maxLength: 256 });
    const property = fc.asyncProperty(text, async (state) => {
      expect(await roundTrip(state)).toEqual([state]);
    });
    await fc.assert(property, { numRuns: 10 });
  });

  test('and absent when there was none', async () => {
    const { result } = await go({}, 'refuse');
    expect(result.searchParams.has('state')).toBe(false);
  });
});

describe('the callback', () => {
  test('rejects a browser after more than ten minutes', async () => {
    const callback = await decided();
    expect(inspectPage(await secondsLater(601, () => gateway.call.http('GET', callback)))).toEqual(errorPage(400));
  });

  test('rejects a redirect URI that is no longer registered', async () => {
    const leaver = await gateway.newPartner({ redirectUris: [redirectUri] });
    const callback = await decided({ client_id: leaver.client_id });
    await gateway.changePartner(leaver, { redirect_uris: ['https://app.example/new'] });
    const response = await secondsLater(61, () => gateway.call.http('GET', callback));
    expect(inspectPage(response)).toEqual(errorPage(400));
    expect(response.text).not.toContain('app.example');
  });

  test('rejects a disabled partner, as GET /webauth does', async () => {
    const leaver = await gateway.newPartner({ redirectUris: [redirectUri] });
    const callback = await decided({ client_id: leaver.client_id });
    await gateway.changePartner(leaver, { status: 'disabled' });
    await secondsLater(61, async () => {
      expect(inspectPage(await gateway.call.http('GET', callback))).toEqual(errorPage(400));
      const query = new URLSearchParams(started({ client_id: leaver.client_id })).toString();
      expect(inspectPage(await gateway.call.http('GET', `/webauth?${query}`))).toEqual(errorPage(400));
    });
  });

  test('redirects with another partner’s seal only to that partner', async () => {
    const other = await gateway.newPartner({ redirectUris: ['https://other.example/home'] });
    const theirs = { client_id: other.client_id, redirect_uri: 'https://other.example/home', state: 'theirs' };
    const own = sealIn(await decided({ state: 'own' }));
    const foreign = sealIn(await decided(theirs));
    const location = locationOf(await gateway.call.http('GET', `/webauth/callback?id_connection=1&state=${foreign}`));
    expect(location).toBe('https://other.example/home?id_connection=1&state=theirs');
    for (const cut of [20, 60, -22]) {
      const mixed = own.slice(0, cut) + foreign.slice(cut);
      expect(inspectPage(await gateway.call.http('GET', `/webauth/callback?state=${mixed}`))).toEqual(errorPage(400));
    }
  });
});

async function rotate(): Promise<void> {
  const { writeSecret } = await import('#local/secrets.ts');
  const { next, current } = await gateway.secret<SealingKeys>('sealing-keys');
  await writeSecret('sealing-keys', { next: keyNamed('fresh'), current: next, previous: current });
}

async function flood(): Promise<void> {
  for (let index = 0; index < 20; index++) {
    const response = await gateway.call.http('GET', `/webauth/callback?state=unknown-${index}.AAAA`);
    expect(inspectPage(response)).toEqual(errorPage(400));
  }
}

describe('a rotation of the sealing keys', () => {
  test('does not interrupt round trips in progress', async () => {
    const callback = await decided({ state: 'before' });
    const { current } = await gateway.secret<SealingKeys>('sealing-keys');
    await rotate();
    const again = async (state: string, seconds: number) => {
      const response = await secondsLater(seconds, () => gateway.call.http('GET', callback));
      expect(new URL(locationOf(response)).searchParams.get('state')).toBe(state);
    };
    await again('before', 0);
    // The maximum time that a container caches the keys.
    await again('before', 361);
    await secondsLater(4000, async () => {
      const sealed = sealIn(await decided({ state: 'after' }));
      expect(sealed.split('.')[0]).not.toBe(current.kid);
      const response = await gateway.call.http('GET', `/webauth/callback?state=${sealed}`);
      expect(new URL(locationOf(response)).searchParams.get('state')).toBe('after');
    });
  });

  test('is looked up at most once in 30 seconds for any number of unknown keys', async () => {
    await secondsLater(2000, async () => {
      // Refreshes the cache, which has expired.
      await decided();
      expect(await countReads(flood)).toBe(1);
      expect(await countReads(flood)).toBe(0);
    });
    await secondsLater(2031, async () => {
      expect(await countReads(flood)).toBe(1);
    });
  });
});
