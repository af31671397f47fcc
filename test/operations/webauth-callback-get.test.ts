import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WebauthState } from '#lib/webauth/state.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { later, withoutTable, withSetting } from '../conditions.ts';
import { authorization, json, startGateway, ways, type Gateway } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { combined } from '../presented.ts';
import { watched, withoutRequestId } from '../refused.ts';
import { bothShapes, refusedInBothShapes, wrongAddresses } from '../webauth/pages.ts';

const home = 'https://app.example/home';

let gateway: Gateway;
let partner: DemoPartner;

beforeAll(async () => {
  gateway = await startGateway();
  partner = await gateway.newPartner({
    redirectUris: [home, 'http://localhost:8080/home', 'myapp://home', 'myapp:home'],
  });
});
afterAll(() => gateway.close());

const asJson: TestRequest = { headers: { accept: 'application/json' } };

/** Seals as the gateway does on the way to the bank. */
async function sealed(changes: Partial<WebauthState> = {}): Promise<string> {
  const { seal } = await import('#lib/webauth/state.ts');
  return seal({ partner: partner.client_id, redirectUri: home, state: 'mine', ...changes });
}

const sentHome = (location: string) => ({
  status: 302,
  text: '',
  headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  upstream: [],
});
const wrong = refusedInBothShapes(400, 'invalidValue');

describe.each(ways)('GET /webauth/callback by %s', (way) => {
  const send = (query: string, request?: TestRequest) =>
    watched(gateway, () => gateway.ask[way]('GET', `/webauth/callback?${query}`, request));
  const ask = (fields: Record<string, string>, request?: TestRequest) =>
    send(new URLSearchParams(fields).toString(), request);
  const refusal = (query: string) => bothShapes((request) => send(query, request));

  test.each(['https://app.example/home', 'http://localhost:8080/home', 'myapp://home', 'myapp:home'])(
    'sends the browser home to %s, with its state and what became of it',
    async (redirectUri) => {
      const state = await sealed({ redirectUri });
      const location = `${redirectUri}?id_connection=7&state=mine`;
      expect(await ask({ id_connection: '7', state })).toMatchObject(sentHome(location));
      expect(await ask({ id_connection: '7', state }, asJson)).toMatchObject(sentHome(location));
    },
  );

  test('lets what is listed travel, and nothing else', async () => {
    const listed = {
      id_connection: '1',
      connection_id: '2',
      connection_ids: '3,4',
      id_transfer: '5',
      code: 'a+b/c==',
      error: 'access_denied',
      error_description: 'Refusé & <b>“éèà”</b>',
    };
    const unlisted = {
      access_token: 'x',
      redirect_uri: 'https://evil.example',
      client_id: '1',
      client_secret: 'x',
      next: 'https://evil.example',
      id_user: '1',
      '': 'x',
      ['__proto__']: 'x',
      constructor: 'x',
    };
    const answer = await ask({ ...unlisted, ...listed, state: await sealed() });
    const { origin, pathname, hash, searchParams } = new URL(answer.headers['location'] ?? '');
    expect(origin + pathname + hash).toBe(home);
    expect(Object.fromEntries(searchParams)).toEqual({ ...listed, state: 'mine' });
  });

  test('cannot be made to write a header, or to lead elsewhere', async () => {
    const evil = '\r\nSet-Cookie: a=b\r\n\r\n<script>#@evil.example/?&state=theirs\0';
    const answer = await ask({
      error: evil,
      error_description: evil,
      code: evil,
      state: await sealed({ state: evil }),
    });
    const location = answer.headers['location'] ?? '';
    expect(location).toMatch(/^https:\/\/app\.example\/home\?[!-~]+$/);
    expect(location).not.toMatch(/[\r\n<>#@\0]/);
    const fields = new URL(location).searchParams;
    expect(fields.getAll('state')).toEqual([evil]);
    expect(fields.get('error')).toBe(evil);
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  test('brings no state home when there was none, and an empty one empty', async () => {
    const absent = await sealed({ state: undefined });
    expect(await ask({ id_connection: '1', state: absent })).toMatchObject(sentHome(`${home}?id_connection=1`));
    expect(await ask({ state: absent })).toMatchObject(sentHome(home));
    expect(await ask({ state: await sealed({ state: '' }) })).toMatchObject(sentHome(`${home}?state=`));
    expect(await ask({ state: await sealed({ state: 'null' }) })).toMatchObject(sentHome(`${home}?state=null`));
  });

  test('has room for the longest address and state', async () => {
    const longest = await gateway.newPartner({ redirectUris: [`https://app.example/${'a'.repeat(2028)}`] });
    const redirectUri = `https://app.example/${'a'.repeat(2028)}`;
    const state = await sealed({ partner: longest.client_id, redirectUri, state: '\0'.repeat(1024) });
    const answer = await ask({ state });
    expect(answer.status).toBe(302);
    expect(new URL(answer.headers['location'] ?? '').searchParams.get('state')).toBe('\0'.repeat(1024));
  });

  test('looks at no credential, and no body', async () => {
    const state = await sealed();
    for (const request of [
      authorization(partner.client_secret),
      authorization('a, b'),
      combined(json({ state: 'x', evil: 1 }), { headers: { cookie: 'a=b' } }),
      { headers: { 'content-type': 'text/plain' }, body: 'x' },
    ]) {
      expect(await ask({ state }, request)).toMatchObject(sentHome(`${home}?state=mine`));
    }
  });

  test.each(['null', '', 'mine', '.', 'a.b', 'x'.repeat(4608), '{"u":"https://evil.example"}'])(
    'refuses the state "%s", which no seal is',
    async (state) => {
      expect(await refusal(new URLSearchParams({ id_connection: '1', state }).toString())).toEqual(wrong);
    },
  );

  test('misses a state', async () => {
    expect(await refusal('id_connection=1')).toEqual(refusedInBothShapes(400, 'missingParameter'));
    expect(await refusal('')).toEqual(refusedInBothShapes(400, 'missingParameter'));
  });

  test('refuses what comes twice', async () => {
    const state = await sealed();
    for (const more of [`state=${await sealed()}`, `st%61te=${state}`, 'code=1&code=2', 'evil=1&evil=1']) {
      expect(await refusal(`state=${state}&${more}`)).toEqual(wrong);
    }
  });

  test('refuses a seal that was altered, is of another environment, or is over', async () => {
    const state = await sealed();
    const last = state.endsWith('A') ? 'Q' : 'A';
    expect(await refusal(`state=${state.slice(0, -1)}${last}`)).toEqual(wrong);
    expect(await refusal(`state=x${state}`)).toEqual(wrong);
    expect(await refusal(`state=${await withSetting('ENVIRONMENT', 'staging', () => sealed())}`)).toEqual(wrong);
    expect((await later(590, () => ask({ state }))).status).toBe(302);
    expect(await later(601, () => refusal(`state=${state}`))).toEqual(wrong);
  });

  test('says the same whatever is wrong with a seal, but to the log', async () => {
    const state = await sealed();
    gateway.logs();
    const answers = [
      await send('state=null'),
      await send(`state=${state.slice(0, -2)}AA`),
      await later(601, () => send(`state=${state}`)),
    ];
    for (const answer of answers) {
      expect(answer.text).toContain('This link has expired or is not valid.');
      expect(withoutRequestId(answer)).toEqual(withoutRequestId(answers[0] ?? answer));
    }
    expect(gateway.logs().map(({ detail }) => detail)).toEqual([
      'the seal does not open: its key is unknown',
      'the seal does not open: it was altered',
      'the seal does not open: it has expired',
    ]);
  });

  test.each(wrongAddresses.filter(([, address]) => !/\s/.test(address)))(
    'sends nobody to an address that is not registered any more: %s',
    async (_what, redirectUri) => {
      expect(await refusal(`state=${await sealed({ redirectUri })}`)).toEqual(wrong);
    },
  );

  test('sends nobody to another partner’s address, nor home to a partner that is gone', async () => {
    const other = await gateway.newPartner({ redirectUris: ['https://app.example/other'] });
    expect(await refusal(`state=${await sealed({ redirectUri: 'https://app.example/other' })}`)).toEqual(wrong);
    expect(await refusal(`state=${await sealed({ partner: other.client_id })}`)).toEqual(wrong);
    expect(await refusal(`state=${await sealed({ partner: '99999999' })}`)).toEqual(wrong);
    await gateway.changePartner(other, { status: 'disabled' });
    const disabled = await sealed({ partner: other.client_id, redirectUri: 'https://app.example/other' });
    expect(await later(61, () => refusal(`state=${disabled}`))).toEqual(wrong);
  });

  test('tells the log alone which addresses are registered', async () => {
    const state = await sealed({ redirectUri: 'https://app.example/old' });
    gateway.logs();
    await send(`state=${state}`);
    const [line] = gateway.logs();
    expect(line).toMatchObject({ operation: 'webauth_callback_get', partner: partner.client_id, code: 'invalidValue' });
    expect(line?.['detail']).toContain('"https://app.example/home"');
    expect(JSON.stringify(line)).not.toContain(state);
  });

  test('takes a code to the partner alone to which it came home first', async () => {
    const other = await gateway.newPartner({ redirectUris: [home] });
    const code = `of-${way}`;
    const fields = { code, state: await sealed() };
    const theirs = async () => ({ code, state: await sealed({ partner: other.client_id }) });
    expect(await ask(fields)).toMatchObject(sentHome(`${home}?code=${code}&state=mine`));
    expect(await refusal(new URLSearchParams(await theirs()).toString())).toEqual(
      refusedInBothShapes(400, 'invalidCode'),
    );
    // A browser may load the address again.
    expect(await ask(fields)).toMatchObject(sentHome(`${home}?code=${code}&state=mine`));
    expect(await later(1790, async () => (await ask(await theirs())).status)).toBe(400);
    expect(await later(1801, async () => (await ask(await theirs())).status)).toBe(302);
  });

  test('sends nobody home with a code that cannot be bound', async () => {
    const state = await sealed();
    expect(await ask({ id_connection: '1', state })).toMatchObject({ status: 302 });
    // The partner is known for a minute from here on.
    await withoutTable(async () => {
      expect(await refusal(`code=unbound-${way}&state=${state}`)).toEqual(refusedInBothShapes(503, 'unavailable'));
      expect(await ask({ id_connection: '1', state })).toMatchObject({ status: 302 });
    });
  });

  test('goes nowhere without the table', async () => {
    const state = await sealed({ partner: '55555555' });
    expect(await withoutTable(() => refusal(`state=${state}`))).toEqual(refusedInBothShapes(503, 'unavailable'));
  });
});
