import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SealingKeys } from '#lib/webauth/state.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { codePoint } from '../code-point.ts';
import { later } from '../conditions.ts';
import { authorization, json, startGateway, type Gateway } from '../gateway.ts';
import { watched } from '../refused.ts';
import { codeOf, connectionsOf, decide, pathOf, targetOf, visit, type Decision } from './browser.ts';
import { asPage, page } from './pages.ts';
import { countReads, keyNamed } from './sealing-keys.ts';

const home = 'https://app.example/home';

let gateway: Gateway;
let partner: DemoPartner;
let user: { id: string; token: string };

beforeAll(async () => {
  gateway = await startGateway();
  partner = await gateway.newPartner({ redirectUris: [home] });
});
beforeEach(async () => {
  user = await gateway.newUser(partner);
});
afterAll(() => gateway.close());

const started = (fields: Record<string, string> = {}) => ({
  client_id: partner.client_id,
  redirect_uri: home,
  ...fields,
});
const go = (fields: Record<string, string>, decision: Decision) => visit(gateway, started(fields), decision);
const bearer = (token: string) => authorization(`Bearer ${token}`);

/** Goes to the bank and decides; gives the gateway's callback, as the bank sends the browser there. */
async function decided(fields: Record<string, string> = {}): Promise<string> {
  const query = new URLSearchParams(started(fields)).toString();
  const start = await gateway.ask.http('GET', `/webauth?${query}`);
  return pathOf(gateway, await decide(targetOf(start), 'refuse'));
}

/** The state that comes home when this one was sent along. */
const roundTrip = async (state: string) => (await go({ state }, 'refuse')).home.searchParams.getAll('state');
/** The gateway's seal on the way back. */
const sealIn = (callback: string) => new URLSearchParams(callback.split('?')[1]).get('state') ?? '';

describe('a browser’s whole way', () => {
  test('approving connects the user of the code, and nobody else', async () => {
    const bystander = await gateway.newUser(partner);
    const token = await codeOf(gateway, user.token);
    const { home: end } = await go({ token, state: 'mine', id_connector: '59' }, 'approve');
    expect(end.origin + end.pathname).toBe(home);
    expect(Object.fromEntries(end.searchParams)).toEqual({
      id_connection: expect.any(String) as string,
      state: 'mine',
    });
    const id = Number(end.searchParams.get('id_connection'));
    expect(await connectionsOf(gateway, user.token)).toMatchObject([{ id, id_connector: 59 }]);
    expect(await connectionsOf(gateway, bystander.token)).toEqual([]);
  });

  test('refusing connects nobody, and says so', async () => {
    const { home: end } = await go({ token: await codeOf(gateway, user.token), state: 'mine' }, 'refuse');
    expect(Object.fromEntries(end.searchParams)).toEqual({
      error: 'access_denied',
      error_description: 'The person refused at the bank',
      state: 'mine',
    });
    expect(await connectionsOf(gateway, user.token)).toEqual([]);
  });

  test('a connection is renewed, not made again', async () => {
    const first = await go({ token: await codeOf(gateway, user.token) }, 'approve');
    const id_connection = first.home.searchParams.get('id_connection') ?? '';
    const again = await go({ token: await codeOf(gateway, user.token), id_connection }, 'approve');
    expect(again.home.searchParams.get('id_connection')).toBe(id_connection);
    expect(await connectionsOf(gateway, user.token)).toHaveLength(1);
  });

  test('a new person comes home with a code, which makes it the partner’s user, and nobody else’s', async () => {
    const { home: end } = await go({ state: 'mine' }, 'approve');
    const code = end.searchParams.get('code') ?? '';
    const thief = await gateway.newPartner({ redirectUris: [home] });
    const stolen = () => gateway.ask.http('POST', '/auth/token/access', json({ ...thief, code, redirect_uri: home }));
    expect(await watched(gateway, stolen)).toMatchObject({ status: 400, body: { code: 'invalidCode' }, upstream: [] });
    const body = json({ ...partner, code, redirect_uri: home });
    const exchanged = await gateway.ask.http('POST', '/auth/token/access', body);
    expect(exchanged).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    const { access_token } = exchanged.body as { access_token: string };
    const { body: me } = await gateway.ask.http('GET', '/users/me', bearer(access_token));
    const { id } = me as { id: number };
    const seen = await gateway.ask.http('GET', `/users/${id}`, authorization(partner.client_secret));
    expect(seen).toMatchObject({ status: 200, body: { id } });
  });

  test('neither the bank nor anyone on the way sees the state, the address home or the partner', async () => {
    const { start, page: bank, callback } = await go({ state: 'my-own-state' }, 'refuse');
    const seen = [targetOf(start), await (await fetch(bank)).text(), callback].join('\n');
    expect(seen).not.toContain('my-own-state');
    expect(seen).not.toContain('app.example');
    expect(seen).not.toContain(partner.client_id);
  });

  test('no redirect is kept or tells where the browser came from', async () => {
    const { start, end } = await go({ state: 'mine' }, 'refuse');
    for (const { headers } of [start, end]) {
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    }
  });

  test('the log has neither the state nor a code', async () => {
    const token = await codeOf(gateway, user.token);
    gateway.logs();
    const { callback, home: end } = await go({ state: 'my-own-state', token }, 'approve');
    const lines = JSON.stringify(gateway.logs());
    expect(lines).toContain('"webauth_callback_get"');
    const sealed = new URL(callback).searchParams.get('state') ?? '';
    for (const secret of ['my-own-state', token, sealed, end.href]) expect(lines).not.toContain(secret);
  });
});

describe('the caller’s state comes home exactly', () => {
  test.each<[string, string]>([
    ['empty', ''],
    ['the text null', 'null'],
    ['a seal’s look', 'abc.def'],
    ['what URLs are made of', '&state=theirs#?/%26+ =;'],
    ['percent signs', '%00%0d%0a%ff%'],
    ['CRLF and a header', 'a\r\nSet-Cookie: a=b\r\n\r\n'],
    ['NUL', '\0'],
    ['markup', '"><script>alert(1)</script>'],
    ['JSON', '{"a":["é",null]}'],
    ['a byte order mark', '\ufeffa\ufeff'],
    ['the replacement character', '\ufffd'],
    ['spaces at its ends', '  a  '],
    ['letters that look alike in two forms', 'e\u0301é'],
    ['right-to-left text', '\u202eאב'],
    ['1 KiB', 'x'.repeat(1024)],
    ['1 KiB of NUL', '\0'.repeat(1024)],
    ['1 KiB of emoji', '🏦'.repeat(256)],
  ])('%s', async (_what, state) => {
    expect(await roundTrip(state)).toEqual([state]);
  });

  test('whatever it is', async () => {
    const text = fc.string({ unit: codePoint, maxLength: 256 });
    const property = fc.asyncProperty(text, async (state) => {
      expect(await roundTrip(state)).toEqual([state]);
    });
    await fc.assert(property, { numRuns: 10 });
  });

  test('and stays absent when there was none', async () => {
    const { home: end } = await go({}, 'refuse');
    expect(end.searchParams.has('state')).toBe(false);
  });
});

describe('on the way back', () => {
  test('a browser that took over ten minutes goes no further', async () => {
    const callback = await decided();
    expect(asPage(await later(601, () => gateway.ask.http('GET', callback)))).toEqual(page(400));
  });

  test('a browser goes no further once its address home is not registered any more', async () => {
    const leaver = await gateway.newPartner({ redirectUris: [home] });
    const callback = await decided({ client_id: leaver.client_id });
    await gateway.changePartner(leaver, { redirect_uris: ['https://app.example/new'] });
    const answer = await later(61, () => gateway.ask.http('GET', callback));
    expect(asPage(answer)).toEqual(page(400));
    expect(answer.text).not.toContain('app.example');
  });

  test('a browser goes no further once the partner is disabled, and neither does a new one', async () => {
    const leaver = await gateway.newPartner({ redirectUris: [home] });
    const callback = await decided({ client_id: leaver.client_id });
    await gateway.changePartner(leaver, { status: 'disabled' });
    await later(61, async () => {
      expect(asPage(await gateway.ask.http('GET', callback))).toEqual(page(400));
      const query = new URLSearchParams(started({ client_id: leaver.client_id })).toString();
      expect(asPage(await gateway.ask.http('GET', `/webauth?${query}`))).toEqual(page(400));
    });
  });

  test('a browser with another’s seal gets to that one’s application alone', async () => {
    const other = await gateway.newPartner({ redirectUris: ['https://other.example/home'] });
    const theirs = { client_id: other.client_id, redirect_uri: 'https://other.example/home', state: 'theirs' };
    const own = sealIn(await decided({ state: 'own' }));
    const foreign = sealIn(await decided(theirs));
    const location = targetOf(await gateway.ask.http('GET', `/webauth/callback?id_connection=1&state=${foreign}`));
    expect(location).toBe('https://other.example/home?id_connection=1&state=theirs');
    for (const cut of [20, 60, -22]) {
      const mixed = own.slice(0, cut) + foreign.slice(cut);
      expect(asPage(await gateway.ask.http('GET', `/webauth/callback?state=${mixed}`))).toEqual(page(400));
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
    const answer = await gateway.ask.http('GET', `/webauth/callback?state=unknown-${index}.AAAA`);
    expect(asPage(answer)).toEqual(page(400));
  }
}

describe('a rotation of the sealing keys', () => {
  test('while a browser is at the bank costs nobody the way home', async () => {
    const callback = await decided({ state: 'before' });
    const { current } = await gateway.secret<SealingKeys>('sealing-keys');
    await rotate();
    const again = async (state: string, seconds: number) => {
      const answer = await later(seconds, () => gateway.ask.http('GET', callback));
      expect(new URL(targetOf(answer)).searchParams.get('state')).toBe(state);
    };
    await again('before', 0);
    // The longest that a container goes on with what it has read.
    await again('before', 361);
    await later(4000, async () => {
      const sealed = sealIn(await decided({ state: 'after' }));
      expect(sealed.split('.')[0]).not.toBe(current.kid);
      const answer = await gateway.ask.http('GET', `/webauth/callback?state=${sealed}`);
      expect(new URL(targetOf(answer)).searchParams.get('state')).toBe('after');
    });
  });

  test('is not looked for more than once in 30 seconds, however many unknown keys come', async () => {
    await later(2000, async () => {
      // Whatever was read before is old by now: this brings the cache up to date.
      await decided();
      expect(await countReads(flood)).toBe(1);
      expect(await countReads(flood)).toBe(0);
    });
    await later(2031, async () => {
      expect(await countReads(flood)).toBe(1);
    });
  });
});
