import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { largestBody } from '../bodies.ts';
import { apiKeys, bearerKeys, clientForms, contradictingIds, contradictions, tokens } from '../credentials.ts';
import { authorization, basic, bearer, form, json, multipart, transports, type TestUser } from '../gateway.ts';
import type { TestRequest, TestResponse } from '../invoke.ts';
import type { ProxyRequest } from '../proxy.ts';
import { errorResponse, rejectedWithoutUpstreamCall, withoutRequestId } from '../responses.ts';
import {
  startOperationContext,
  testCredentials,
  testFailures,
  testInvalidKeys,
  testUnreadableBodies,
} from './fixture.ts';

const redirectUri = 'https://app.example/home';
const context = await startOperationContext({ redirectUris: [redirectUri, 'myapp://home'] });
const { gateway, partner, user, other, otherUser, call } = context;
const unknownCode = 'bm8rc3VjaC9jb2Rl';

/** The exchanges that reached upstream during a test. */
let exchanges: { sent: ProxyRequest; access_token: string }[] = [];
beforeEach(() => {
  exchanges = [];
});

/** Runs `during` with a proxy that records the exchanges. */
function recorded<T>(during: () => Promise<T>): Promise<T> {
  return gateway.withProxy(async (sent, forward) => {
    const response = await forward();
    if (sent.path.endsWith('/access') && response.status === 200)
      exchanges.push({ sent, ...(JSON.parse(response.body) as { access_token: string }) });
    return response;
  }, during);
}

const send = (...requests: TestRequest[]) => recorded(() => call('POST', '/auth/token/access', ...requests));

const exchanged = {
  status: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: { access_token: expect.any(String) as string, token_type: 'Bearer' },
};

/** An error with OAuth's fields in addition to the envelope's. */
function oauthError(status: number, code: string, error = oauthErrorOf(status, code)) {
  const { body, ...rest } = errorResponse(status, code);
  return { ...rest, body: { ...body, error, error_description: body.description } };
}

/** The OAuth error code: RFC 6749, sections 5.2 and 4.1.2.1. */
function oauthErrorOf(status: number, code: string): string {
  if (code === 'invalidCode') return 'invalid_grant';
  if (status === 401) return 'invalid_client';
  if (status === 403) return 'unauthorized_client';
  if (status === 502) return 'server_error';
  return status === 429 || status === 503 ? 'temporarily_unavailable' : 'invalid_request';
}

const rejected = (status: number, code: string, error?: string) => ({
  ...oauthError(status, code, error),
  upstream: [],
});
const invalidCode = oauthError(400, 'invalidCode');

/** Returns upstream's response to a token. */
async function lookUp(token: string): Promise<{ status: number; body: unknown }> {
  const { status, body } = await gateway.sandbox('GET', '/users/me', bearer(token));
  return { status, body };
}
const revoked = { status: 403, body: { code: 'invalidToken' } };
const validFor = ({ id }: TestUser) => ({ status: 200, body: { id: Number(id) } });

async function bindCode(code: string, clientId: string): Promise<void> {
  await (await import('#lib/webauth/code-binding.ts')).bindCode(code, clientId);
}

const tokenOf = ({ body }: TestResponse): string => (body as { access_token: string }).access_token;

/** Returns the status with which a partner can read a user. */
async function read({ client_secret }: DemoPartner, { id }: TestUser): Promise<number> {
  return (await gateway.call.handler('GET', `/users/${id}`, authorization(client_secret))).status;
}
const readByBoth = async (of: TestUser) => [await read(partner, of), await read(other, of)];

test.each(transports)('POST /auth/token/access by %s', async (transport) => {
  const request = form({ ...partner, code: await gateway.newCode(user.token), redirect_uri: redirectUri });
  expect(await gateway.call[transport]('POST', '/auth/token/access', request)).toMatchObject(exchanged);
  const { upstream: _, ...missing } = rejected(401, 'unauthorized');
  expect(await gateway.call[transport]('POST', '/auth/token/access', form({ code: 'x' }))).toMatchObject(missing);
});

test.each(clientForms)('exchanges a code of the partner’s user: %s', async (_form, request) => {
  const code = await gateway.newCode(user.token);
  const response = await send(request(partner, { code }));
  expect(response).toMatchObject({ ...exchanged, upstream: ['POST /auth/token/access', 'GET /users/me'] });
  expect(await lookUp(tokenOf(response))).toMatchObject(validFor(user));
});

test('accepts the largest body, with the code as its last field', async () => {
  const code = await gateway.newCode(user.token);
  expect(await send(largestBody({ ...partner, code }))).toMatchObject(exchanged);
});

test.each<[string, Record<string, string>, Record<string, string>]>([
  ['no other field', {}, {}],
  ['the grant type', { grant_type: 'authorization_code' }, { grant_type: 'authorization_code' }],
  ['the callback for a redirect URI', { redirect_uri: redirectUri }, { redirect_uri: 'callback' }],
  ['the callback for an application’s redirect URI', { redirect_uri: 'myapp://home' }, { redirect_uri: 'callback' }],
  ['no unknown fields', { client_assertion: 'x', scope: 'x', id_user: '1', codes: 'x', redirect_uris: 'x' }, {}],
])('sends upstream the contract’s credentials, the code and %s', async (_case, fields, expected) => {
  const code = await gateway.newCode(user.token);
  const contract = await gateway.secret<{ client_id: number; client_secret: string }>('client-credentials');
  expect(await send(form({ ...partner, code, ...fields }), { headers: { 'x-api-key': '' } })).toMatchObject(exchanged);
  const callback = expected['redirect_uri'] && { redirect_uri: `${gateway.file.gateway}/webauth/callback` };
  const [exchange] = exchanges;
  expect(Object.fromEntries(new URLSearchParams(exchange?.sent.body))).toEqual({
    client_id: String(contract.client_id),
    client_secret: contract.client_secret,
    code,
    ...expected,
    ...callback,
  });
  expect(Object.keys(exchange?.sent.headers ?? {})).not.toContain('authorization');
});

describe('verifies the owner of the user:', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const revokes = { ...invalidCode, upstream: ['POST /auth/token/access', 'GET /users/me', 'DELETE /auth/token'] };

  test('revokes the new token of another partner’s user, and nothing else', async () => {
    for (const type of ['requestAccess', 'singleAccess'] as const) {
      const code = await gateway.newCode(otherUser.token, type);
      expect(await send(json({ ...partner, code }))).toMatchObject(revokes);
    }
    expect(exchanges).toHaveLength(2);
    for (const { access_token } of exchanges) expect(await lookUp(access_token)).toMatchObject(revoked);
    expect(await lookUp(otherUser.token)).toMatchObject(validFor(otherUser));
    expect(await readByBoth(otherUser)).toEqual([404, 200]);
  });

  test('returns the same error for another partner’s code and for an unknown one', async () => {
    const ofOther = await send(json({ ...partner, code: await gateway.newCode(otherUser.token) }));
    const ofNone = await send(json({ ...partner, code: unknownCode }));
    expect(ofNone).toMatchObject(invalidCode);
    expect(withoutRequestId(ofOther)).toEqual(withoutRequestId(ofNone));
  });

  test('a bound code makes an unowned user the partner’s', async () => {
    const unowned = await gateway.newUnownedUser();
    expect(await readByBoth(unowned)).toEqual([404, 404]);
    const code = await gateway.newCode(unowned.token);
    await bindCode(code, partner.client_id);
    expect(await send(json({ ...other, code }))).toMatchObject(invalidCode);
    expect(exchanges).toEqual([]);
    expect(await send(json({ ...partner, code }))).toMatchObject(exchanged);
    expect(await readByBoth(unowned)).toEqual([200, 404]);
    const later = await send(json({ ...other, code: await gateway.newCode(unowned.token) }));
    expect(later).toMatchObject(invalidCode);
  });

  test('an unbound code leaves an unowned user unowned, and the new token is revoked', async () => {
    const unowned = await gateway.newUnownedUser();
    const code = await gateway.newCode(unowned.token);
    expect(await send(json({ ...partner, code }))).toMatchObject(revokes);
    expect(await lookUp(exchanges[0]?.access_token ?? '')).toMatchObject(revoked);
    expect(await lookUp(unowned.token)).toMatchObject(validFor(unowned));
    expect(await readByBoth(unowned)).toEqual([404, 404]);
  });

  test('a code whose binding has expired leaves an unowned user unowned', async () => {
    const unowned = await gateway.newUnownedUser();
    const code = await gateway.newCode(unowned.token);
    await bindCode(code, partner.client_id);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1_801_000 });
    // Upstream's code lives as long as its binding: this one is still accepted upstream.
    const fresh = await gateway.newCode(unowned.token);
    await bindCode(fresh, partner.client_id);
    vi.setSystemTime(Date.now() + 1_799_000);
    expect(await send(json({ ...partner, code }))).toMatchObject(invalidCode);
    expect(await send(json({ ...partner, code: fresh }))).toMatchObject(exchanged);
  });

  test('only one of two partners with a bound code gets an unowned user', async () => {
    const unowned = await gateway.newUnownedUser();
    const codes = [await gateway.newCode(unowned.token), await gateway.newCode(unowned.token)] as const;
    await Promise.all([bindCode(codes[0], partner.client_id), bindCode(codes[1], other.client_id)]);
    const responses = await recorded(() =>
      Promise.all(
        [partner, other].map((each, at) => call('POST', '/auth/token/access', json({ ...each, code: codes[at] }))),
      ),
    );
    const statuses = responses.map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 400]);
    expect(await readByBoth(unowned)).toEqual(statuses.map((status) => (status === 200 ? 200 : 404)));
    const lookups = await Promise.all(exchanges.map(({ access_token }) => lookUp(access_token)));
    expect(lookups.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test.each<[string, number]>([
    ['bug', 2],
    ['maintenance', 1],
    ['tooManyRequests', 1],
    ['html', 2],
    ['lost', 2],
  ])('returns no token when the user cannot be read, upstream failure %s', async (answer, times) => {
    await gateway.control('failures', { answer, path: '/users/me', times });
    const response = await send(json({ ...partner, code: await gateway.newCode(user.token) }));
    expect(response).toMatchObject(oauthError(502, 'badGateway'));
    expect(exchanges).toHaveLength(1);
    expect(await lookUp(exchanges[0]?.access_token ?? '')).toMatchObject(revoked);
    expect(await lookUp(user.token)).toMatchObject(validFor(user));
  });

  test('repeats a failed read of the user once', async () => {
    await gateway.control('failures', { answer: 'bug', path: '/users/me' });
    expect(await send(json({ ...partner, code: await gateway.newCode(user.token) }))).toMatchObject(exchanged);
  });

  test('counts a token that cannot be revoked, and does not return it', async () => {
    await gateway.control('failures', { answer: 'bug', path: '/auth/token', times: 2 });
    gateway.logs();
    const response = await send(json({ ...partner, code: await gateway.newCode(otherUser.token) }));
    expect(response).toMatchObject(invalidCode);
    expect(gateway.logs()).toContainEqual(expect.objectContaining({ status: 400, UndoFailed: 1 }));
    expect(response.text).not.toContain(exchanges[0]?.access_token);
  });
});

test('returns upstream’s error for a single-use code that was used', async () => {
  const code = await gateway.newCode(user.token, 'singleAccess');
  expect(await send(form({ ...partner, code }))).toMatchObject(exchanged);
  const again = await send(form({ ...partner, code }));
  expect(again).toMatchObject({ ...invalidCode, upstream: ['POST /auth/token/access'] });
});

test.each([
  'https://app.example/home/',
  'https://app.example/home?',
  'https://app.example/home#',
  'https://app.example/home?state=x',
  'https://app.example/',
  'https://app.example/home/../home',
  'https://app.example/%68ome',
  'https://APP.example/home',
  'HTTPS://app.example/home',
  'http://app.example/home',
  'https://app.example:443/home',
  'https://app.example@evil.example/home',
  'https://app.example.evil.example/home',
  'https://other.example/home',
  'myapp://home/',
  'MYAPP://home',
  'javascript:alert(1)',
  'null',
  `${gateway.file.gateway}/webauth/callback`,
])('rejects a redirect URI that is not registered: %s', async (redirect_uri) => {
  const response = await send(form({ ...partner, code: unknownCode, redirect_uri }));
  expect(response).toMatchObject(rejected(400, 'invalidValue'));
  expect(response.text).not.toContain('app.example');
});

test.each<[string, unknown[]]>([
  ['code', ['', 'with space', 'line\nbreak', 'cödé', 'x'.repeat(4097), 1, true, ['x'], [], {}, '\u0000']],
  ['redirect_uri', ['', ` ${redirectUri}`, `${redirectUri}\n`, [redirectUri], { uri: '' }, 1, true, 'x'.repeat(2049)]],
])('rejects an invalid %s', async (name, values) => {
  for (const value of values) {
    const response = await send(json({ ...partner, code: unknownCode, [name]: value }));
    expect({ value, ...response }).toMatchObject({ value, ...rejectedWithoutUpstreamCall(400, 'invalidValue') });
  }
});

test('rejects another grant type as unsupported_grant_type, with and without a code', async () => {
  const grantTypes = ['', 'password', 'client_credentials', 'Authorization_Code', ['authorization_code'], {}, 1];
  for (const grant_type of grantTypes) {
    for (const fields of [{ grant_type }, { grant_type, code: unknownCode }]) {
      const response = { fields, ...(await send(json({ ...partner, ...fields }))) };
      expect(response).toMatchObject({ fields, ...rejected(400, 'invalidValue', 'unsupported_grant_type') });
    }
  }
});

test.each<[string, TestRequest]>([
  ['JSON', json({ ...partner })],
  ['JSON with null', json({ ...partner, code: null })],
  ['a form', form({ ...partner, codes: 'x' })],
  ['multipart', multipart({ ...partner })],
  ['only Basic', basic(partner)],
])('rejects a missing code: %s', async (_case, request) => {
  const response = await send(request);
  expect(response).toMatchObject(rejected(400, 'missingParameter'));
  expect(response.body).toMatchObject({ description: 'code is missing.', error_description: 'code is missing.' });
});

test('rejects a partner key as the code', async () => {
  const response = await send(form({ ...partner, code: partner.client_secret }));
  expect(response).toMatchObject(rejected(400, 'invalidValue'));
});

test('rejects a code in the query', async () => {
  const path = `/auth/token/access?code=${encodeURIComponent(await gateway.newCode(user.token))}`;
  const response = await call('POST', path, form({ ...partner }));
  expect(response).toMatchObject(rejected(400, 'invalidValue'));
  expect(response.body).toMatchObject({ description: 'code must be sent in the body.' });
});

const withCode = (request: TestRequest) => send(json({ code: unknownCode }), request);
testCredentials(context, withCode, [...bearerKeys, ...apiKeys, ...tokens], rejected);
testInvalidKeys(
  context,
  (request) => send(request),
  [
    (pair) => json({ ...pair, code: 'x' }),
    (pair) => form({ ...pair, code: 'x' }),
    (pair) => multipart({ ...pair, code: 'x' }),
    basic,
  ],
  rejected,
);
testUnreadableBodies(
  (body) => send(body, basic(partner)),
  (status, code) => rejected(status, code),
);

test('rejects the contract’s own credentials', async () => {
  const response = await withCode(basic({ client_id: '1', client_secret: 'real' }));
  expect(response).toMatchObject(rejected(401, 'invalidClient'));
});

test.each([...contradictions, ...contradictingIds])('rejects %s', async (_case, request) => {
  expect(await send(request(partner, other))).toMatchObject(rejected(400, 'invalidValue'));
});

testFailures(
  context,
  'POST /auth/token/access',
  async () => send(form({ ...partner, code: await gateway.newCode(user.token) })),
  oauthError,
);
