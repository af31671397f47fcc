import { expect, test } from 'vitest';
import type { WebauthState } from '#lib/webauth/state.ts';
import { secondsLater, withoutTable, withSetting } from '../conditions.ts';
import { authorization, combine, json, transports } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { callWithUpstream, errorResponse, withoutRequestId } from '../responses.ts';
import { inBothFormats, rejectedInBothFormats, wrongAddresses } from '../webauth/pages.ts';
import { startOperationContext } from './fixture.ts';

const redirectUri = 'https://app.example/home';
const redirectUris = [redirectUri, 'http://localhost:8080/home', 'myapp://home', 'myapp:home'];

const { gateway, partner } = await startOperationContext({ redirectUris });

const asJson: TestRequest = { headers: { accept: 'application/json' } };

/** Seals a state as `GET /webauth` does. */
async function sealed(changes: Partial<WebauthState> = {}): Promise<string> {
  const { seal } = await import('#lib/webauth/state.ts');
  return seal({ partner: partner.client_id, redirectUri, state: 'mine', ...changes });
}

const redirectedTo = (location: string) => ({
  status: 302,
  text: '',
  headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  upstream: [],
});
const invalid = rejectedInBothFormats(400, 'invalidValue');

const sendQuery = (query: string, request?: TestRequest) =>
  callWithUpstream(gateway, () => gateway.call.handler('GET', `/webauth/callback?${query}`, request));
const send = (fields: Record<string, string>, request?: TestRequest) =>
  sendQuery(new URLSearchParams(fields).toString(), request);
const errorOf = (query: string) => inBothFormats((request) => sendQuery(query, request));
const errorOfState = (state: string) => errorOf(`state=${state}`);

test.each(transports)('GET /webauth/callback by %s', async (transport) => {
  const query = `id_connection=7&state=${await sealed()}`;
  const { upstream: _, ...success } = redirectedTo(`${redirectUri}?id_connection=7&state=mine`);
  expect(await gateway.call[transport]('GET', `/webauth/callback?${query}`)).toMatchObject(success);
  const missing = await gateway.call[transport]('GET', '/webauth/callback', asJson);
  expect(missing).toMatchObject(errorResponse(400, 'missingParameter'));
});

test.each(redirectUris)('redirects to %s with the partner’s state and the result', async (uri) => {
  const state = await sealed({ redirectUri: uri });
  const location = `${uri}?id_connection=7&state=mine`;
  expect(await send({ id_connection: '7', state })).toMatchObject(redirectedTo(location));
  expect(await send({ id_connection: '7', state }, asJson)).toMatchObject(redirectedTo(location));
});

test('passes on the listed fields and no others', async () => {
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
  const response = await send({ ...unlisted, ...listed, state: await sealed() });
  const { origin, pathname, hash, searchParams } = new URL(response.headers['location'] ?? '');
  expect(origin + pathname + hash).toBe(redirectUri);
  expect(Object.fromEntries(searchParams)).toEqual({ ...listed, state: 'mine' });
});

test('encodes values that could add a header or change the address', async () => {
  const evil = '\r\nSet-Cookie: a=b\r\n\r\n<script>#@evil.example/?&state=theirs\0';
  const state = await sealed({ state: evil });
  const response = await send({ error: evil, error_description: evil, code: evil, state });
  const location = response.headers['location'] ?? '';
  expect(location).toMatch(/^https:\/\/app\.example\/home\?[!-~]+$/);
  expect(location).not.toMatch(/[\r\n<>#@\0]/);
  const fields = new URL(location).searchParams;
  expect(fields.getAll('state')).toEqual([evil]);
  expect(fields.get('error')).toBe(evil);
  expect(response.headers).not.toHaveProperty('set-cookie');
});

test('returns an absent state as absent and an empty one as empty', async () => {
  const absent = await sealed({ state: undefined });
  expect(await send({ id_connection: '1', state: absent })).toMatchObject(
    redirectedTo(`${redirectUri}?id_connection=1`),
  );
  expect(await send({ state: absent })).toMatchObject(redirectedTo(redirectUri));
  expect(await send({ state: await sealed({ state: '' }) })).toMatchObject(redirectedTo(`${redirectUri}?state=`));
  const text = await sealed({ state: 'null' });
  expect(await send({ state: text })).toMatchObject(redirectedTo(`${redirectUri}?state=null`));
});

test('accepts the longest redirect URI and state', async () => {
  const longest = `https://app.example/${'a'.repeat(2028)}`;
  const { client_id } = await gateway.newPartner({ redirectUris: [longest] });
  const state = await sealed({ partner: client_id, redirectUri: longest, state: '\0'.repeat(1024) });
  const response = await send({ state });
  expect(response.status).toBe(302);
  expect(new URL(response.headers['location'] ?? '').searchParams.get('state')).toBe('\0'.repeat(1024));
});

test('ignores credentials and bodies', async () => {
  const state = await sealed();
  for (const request of [
    authorization(partner.client_secret),
    authorization('a, b'),
    combine(json({ state: 'x', evil: 1 }), { headers: { cookie: 'a=b' } }),
    { headers: { 'content-type': 'text/plain' }, body: 'x' },
  ]) {
    expect(await send({ state }, request)).toMatchObject(redirectedTo(`${redirectUri}?state=mine`));
  }
});

test.each(['null', '', 'mine', '.', 'a.b', 'x'.repeat(4608), '{"u":"https://evil.example"}'])(
  'rejects the state "%s", which is not sealed',
  async (state) => {
    expect(await errorOf(new URLSearchParams({ id_connection: '1', state }).toString())).toEqual(invalid);
  },
);

test.each(['id_connection=1', ''])('rejects the query "%s" without a state', async (query) => {
  expect(await errorOf(query)).toEqual(rejectedInBothFormats(400, 'missingParameter'));
});

test('rejects repeated fields', async () => {
  const state = await sealed();
  for (const more of [`state=${await sealed()}`, `st%61te=${state}`, 'code=1&code=2', 'evil=1&evil=1']) {
    expect(await errorOf(`state=${state}&${more}`)).toEqual(invalid);
  }
});

test('rejects a seal that is altered, expired or of another environment', async () => {
  const state = await sealed();
  const last = state.endsWith('A') ? 'Q' : 'A';
  expect(await errorOfState(`${state.slice(0, -1)}${last}`)).toEqual(invalid);
  expect(await errorOfState(`x${state}`)).toEqual(invalid);
  expect(await errorOfState(await withSetting('ENVIRONMENT', 'staging', () => sealed()))).toEqual(invalid);
  expect((await secondsLater(590, () => send({ state }))).status).toBe(302);
  expect(await secondsLater(601, () => errorOfState(state))).toEqual(invalid);
});

test('returns the same error for all invalid seals, and logs the reason', async () => {
  const state = await sealed();
  gateway.logs();
  const responses = [
    await sendQuery('state=null'),
    await sendQuery(`state=${state.slice(0, -2)}AA`),
    await secondsLater(601, () => sendQuery(`state=${state}`)),
  ];
  for (const response of responses) {
    expect(response.text).toContain('This link has expired or is not valid.');
    expect(withoutRequestId(response)).toEqual(withoutRequestId(responses[0] ?? response));
  }
  expect(gateway.logs().map(({ detail }) => detail)).toEqual([
    'the seal does not open: its key is unknown',
    'the seal does not open: it was altered',
    'the seal does not open: it has expired',
  ]);
});

test.each(wrongAddresses.filter(([, address]) => !/\s/.test(address)))(
  'rejects a redirect URI that is no longer registered: %s',
  async (_what, uri) => {
    expect(await errorOfState(await sealed({ redirectUri: uri }))).toEqual(invalid);
  },
);

test('rejects a redirect URI of another partner, and an unknown or disabled partner', async () => {
  const uri = 'https://app.example/other';
  const other = await gateway.newPartner({ redirectUris: [uri] });
  expect(await errorOfState(await sealed({ redirectUri: uri }))).toEqual(invalid);
  expect(await errorOfState(await sealed({ partner: other.client_id }))).toEqual(invalid);
  expect(await errorOfState(await sealed({ partner: '99999999' }))).toEqual(invalid);
  await gateway.changePartner(other, { status: 'disabled' });
  const disabled = await sealed({ partner: other.client_id, redirectUri: uri });
  expect(await secondsLater(61, () => errorOfState(disabled))).toEqual(invalid);
});

test('names the registered redirect URIs only in the log', async () => {
  const state = await sealed({ redirectUri: 'https://app.example/old' });
  gateway.logs();
  await sendQuery(`state=${state}`);
  const [line] = gateway.logs();
  expect(line).toMatchObject({ operation: 'webauth_callback_get', partner: partner.client_id, code: 'invalidValue' });
  expect(line?.['detail']).toContain('"https://app.example/home"');
  expect(JSON.stringify(line)).not.toContain(state);
});

test('passes a code on only to the first partner', async () => {
  const other = await gateway.newPartner({ redirectUris: [redirectUri] });
  const code = 'bound-code';
  const fields = { code, state: await sealed() };
  const ofOther = async () => ({ code, state: await sealed({ partner: other.client_id }) });
  expect(await send(fields)).toMatchObject(redirectedTo(`${redirectUri}?code=${code}&state=mine`));
  const query = new URLSearchParams(await ofOther()).toString();
  expect(await errorOf(query)).toEqual(rejectedInBothFormats(400, 'invalidCode'));
  // A browser can load the address again.
  expect(await send(fields)).toMatchObject(redirectedTo(`${redirectUri}?code=${code}&state=mine`));
  expect(await secondsLater(1790, async () => (await send(await ofOther())).status)).toBe(400);
  expect(await secondsLater(1801, async () => (await send(await ofOther())).status)).toBe(302);
});

test('passes on no code that cannot be bound', async () => {
  const state = await sealed();
  expect(await send({ id_connection: '1', state })).toMatchObject({ status: 302 });
  // The partner's record is cached for a minute now.
  await withoutTable(async () => {
    expect(await errorOf(`code=unbound&state=${state}`)).toEqual(rejectedInBothFormats(503, 'unavailable'));
    expect(await send({ id_connection: '1', state })).toMatchObject({ status: 302 });
  });
});

test('returns 503 when the table is unavailable', async () => {
  const state = await sealed({ partner: '55555555' });
  expect(await withoutTable(() => errorOfState(state))).toEqual(rejectedInBothFormats(503, 'unavailable'));
});
