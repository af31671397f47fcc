import { expect, test } from 'vitest';
import { withoutTable } from '../conditions.ts';
import { authorization, basic, bearer, combine, json, transports } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import type { Intercept, ProxyRequest } from '../proxy.ts';
import { callWithUpstream, errorResponse, upstreamFailures, withoutRequestId } from '../responses.ts';
import { errorPage, inBothFormats, inspectPage, rejectedInBothFormats, wrongAddresses } from '../webauth/pages.ts';
import { startOperationContext } from './fixture.ts';

const redirectUri = 'https://app.example/home';
const otherRedirectUri = 'https://other.example/home';
const redirectUris = [redirectUri, 'http://127.0.0.1/home', 'myapp://home'];

const { gateway, partner, user, other, disabled } = await startOperationContext({ redirectUris });

const asJson: TestRequest = { headers: { accept: 'application/json' } };
const newCode = () => gateway.newCode(user.token);
const queryOf = (fields: Record<string, string>) =>
  new URLSearchParams({ client_id: partner.client_id, redirect_uri: redirectUri, ...fields }).toString();
const redirected = {
  status: 302,
  text: '',
  headers: {
    location: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/bank\/[\w-]{32}$/) as string,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  },
  upstream: ['GET /webauth'],
};
const upstreamHeaders = ['accept', 'connection', 'host', 'user-agent', 'x-request-id'];

const sendQuery = (query: string, request?: TestRequest) => gateway.call.handler('GET', `/webauth?${query}`, request);
const send = (fields: Record<string, string> = {}, request?: TestRequest) =>
  callWithUpstream(gateway, () => sendQuery(queryOf(fields), request));
const errorOf = (query: string) =>
  inBothFormats((request) => callWithUpstream(gateway, () => sendQuery(query, request)));
const intercepting = (intercept: Intercept) => gateway.withProxy(intercept, () => sendQuery(queryOf({})));

/** Returns the query of the one request that upstream received. */
async function forwardedQuery(fields: Record<string, string>): Promise<URLSearchParams> {
  const requests: ProxyRequest[] = [];
  const response = await gateway.withProxy(
    async (request, forward) => {
      requests.push(request);
      return forward();
    },
    () => sendQuery(queryOf(fields)),
  );
  expect(response.status).toBe(302);
  expect(requests).toHaveLength(1);
  return new URL(requests[0]?.path ?? '', 'http://upstream').searchParams;
}

test.each(transports)('GET /webauth by %s', async (transport) => {
  const { upstream: _, ...success } = redirected;
  expect(await gateway.call[transport]('GET', `/webauth?${queryOf({ state: 'x' })}`)).toMatchObject(success);
  const missing = await gateway.call[transport]('GET', '/webauth', asJson);
  expect(missing).toMatchObject(errorResponse(400, 'missingParameter'));
});

test.each(redirectUris)('redirects to the bank for the redirect URI %s', async (redirect_uri) => {
  expect(await send({ redirect_uri, state: 'x' })).toMatchObject(redirected);
});

test('ignores credentials', async () => {
  const requests = [
    bearer(user.token),
    authorization(other.client_secret),
    authorization('Bearer not a token'),
    authorization('a, b'),
    basic({ client_id: '1', client_secret: '2' }),
    { headers: { 'x-api-key': other.client_secret, cookie: 'a=b' } },
    combine(json({ client_id: other.client_id }), asJson),
  ];
  for (const request of requests) expect(await send({}, request)).toMatchObject(redirected);
  await gateway.upstreamRequests();
  for (const request of requests) await sendQuery(queryOf({}), request);
  for (const { headers } of await gateway.upstreamRequests()) {
    expect(headers.filter((name) => name !== 'content-length').toSorted()).toEqual(upstreamHeaders);
  }
});

test('sends upstream the contract’s client id, the gateway’s callback and a sealed state', async () => {
  const { client_id } = await gateway.secret<{ client_id: number }>('client-credentials');
  const query = await forwardedQuery({ state: 'my own state', evil: '1', scope: 'x', response_type: 'token' });
  expect(Object.fromEntries(query)).toEqual({
    client_id: String(client_id),
    redirect_uri: `${gateway.file.gateway}/webauth/callback`,
    state: expect.stringMatching(/^[\w-]+\.[\w-]{80,}$/) as string,
  });
});

test('sends a sealed state also when the partner sends none', async () => {
  expect((await forwardedQuery({})).get('state')).toMatch(/^[\w-]+\.[\w-]{80,}$/);
});

test('forwards the fields of webauth unchanged', async () => {
  const fields = {
    id_connector: '59',
    connector_uuid: '338178e6-3d01-564f-9a7b-52ca442459bf',
    id_transfer: '0',
    fields: 'a,b.c:d;[e] f-g',
    source: 'my-app.1',
    token: await newCode(),
  };
  expect(Object.fromEntries(await forwardedQuery(fields))).toMatchObject(fields);
});

test.each([
  ...wrongAddresses,
  ['another partner’s', otherRedirectUri],
  ['the gateway’s callback', `${gateway.file.gateway}/webauth/callback`],
  ['the gateway', gateway.file.gateway],
])('rejects an unregistered redirect URI: %s', async (_what, redirect_uri = '') => {
  expect(await errorOf(queryOf({ redirect_uri }))).toEqual(rejectedInBothFormats(400, 'invalidValue'));
});

test('rejects the partner’s redirect URI with the client id of another partner', async () => {
  const query = queryOf({ client_id: other.client_id });
  expect(await errorOf(query)).toEqual(rejectedInBothFormats(400, 'invalidValue'));
});

test('names the registered redirect URIs only in the log', async () => {
  gateway.logs();
  const query = queryOf({ redirect_uri: 'https://app.example/hom' });
  expect(await errorOf(query)).toEqual(rejectedInBothFormats(400, 'invalidValue'));
  expect(gateway.logs()[0]).toMatchObject({
    operation: 'webauth_get',
    partner: partner.client_id,
    status: 400,
    code: 'invalidValue',
    detail: `the redirect URI is not one of the registered ${JSON.stringify(redirectUris)}`,
  });
});

test('returns the same error for an unknown or disabled partner and for an unregistered redirect URI', async () => {
  const unregistered = await sendQuery(queryOf({ redirect_uri: otherRedirectUri }));
  for (const client_id of [disabled.client_id, '99999999']) {
    expect(await errorOf(queryOf({ client_id }))).toEqual(rejectedInBothFormats(400, 'invalidValue'));
    expect(withoutRequestId(await sendQuery(queryOf({ client_id })))).toEqual(withoutRequestId(unregistered));
  }
  expect(gateway.logs().at(-1)).toMatchObject({ detail: 'the partner is unknown or disabled' });
});

test.each<[string, Record<string, string>]>([
  ['client_id of seven digits', { client_id: '1234567' }],
  ['client_id with a leading zero', { client_id: '01234567' }],
  ['client_id with a space', { client_id: '12345678 ' }],
  ['client_id in full-width digits', { client_id: '１２３４５６７８' }],
  ['client_id that is a key of the table', { client_id: 'PARTNER#1' }],
  ['redirect_uri that is empty', { redirect_uri: '' }],
  ['state of 1025 bytes', { state: 'x'.repeat(1025) }],
  ['state of 1025 bytes in fewer characters', { state: `x${'🏦'.repeat(256)}` }],
  ['id_connector', { id_connector: 'x' }],
  ['list of id_connector', { id_connector: '1,2' }],
  ['connector_uuid', { connector_uuid: '../evil' }],
  ['id_connection', { id_connection: '-1' }],
  ['id_transfer', { id_transfer: '１' }],
  ['fields', { fields: 'a&b=c' }],
  ['fields with markup', { fields: '<script>' }],
  ['source', { source: 'a/b' }],
  ['token', { token: 'a b' }],
  ['token that is a partner key', { token: `bgk_12345678_${'x'.repeat(49)}` }],
  ['token with CRLF', { token: 'a\r\nb' }],
])('rejects an invalid %s', async (_what, fields) => {
  expect(await errorOf(queryOf(fields))).toEqual(rejectedInBothFormats(400, 'invalidValue'));
});

test.each<Record<string, string>>([
  { id_connection: '1' },
  { id_transfer: '1' },
  { id_connection: '1', id_transfer: '1' },
])('requires a token with %o', async (fields) => {
  expect(await errorOf(queryOf(fields))).toEqual(rejectedInBothFormats(400, 'missingParameter'));
  const { body } = await sendQuery(queryOf(fields), asJson);
  expect(body).toMatchObject({ description: expect.stringMatching(/^token is missing: /) as string });
});

test('accepts an unbound code and one that is bound to the partner, and rejects one of another partner', async () => {
  const { bindCode } = await import('#lib/webauth/code-binding.ts');
  const [own, foreign, unbound] = [await newCode(), await newCode(), await newCode()];
  await Promise.all([bindCode(own, partner.client_id), bindCode(foreign, other.client_id)]);
  expect(await send({ token: own })).toMatchObject(redirected);
  expect(await send({ token: unbound })).toMatchObject(redirected);
  expect(await errorOf(queryOf({ token: foreign }))).toEqual(rejectedInBothFormats(400, 'invalidCode'));
});

test('rejects a code whose binding cannot be read', async () => {
  const token = await newCode();
  expect(await send({ token })).toMatchObject(redirected);
  await withoutTable(async () => {
    expect(await errorOf(queryOf({ token }))).toEqual(rejectedInBothFormats(503, 'unavailable'));
  });
});

test.each([`redirect_uri=${encodeURIComponent(redirectUri)}`, `client_id=${partner.client_id}`, ''])(
  'rejects the incomplete query "%s"',
  async (query) => {
    expect(await errorOf(query)).toEqual(rejectedInBothFormats(400, 'missingParameter'));
  },
);

test.each(['client_id', 'redirect_uri', 'state', 'token', 'evil'])('rejects a repeated %s', async (name) => {
  const escaped = `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
  for (const again of [name, escaped]) {
    const query = `${queryOf({ [name]: 'x' })}&${again}=x`;
    expect(await errorOf(query)).toEqual(rejectedInBothFormats(400, 'invalidValue'));
  }
});

test('rejects a query that is not UTF-8', async () => {
  expect(await errorOf(`${queryOf({})}&state=%ff`)).toEqual(rejectedInBothFormats(400, 'invalidValue'));
});

test('shows upstream’s error on the page, with escaped markup', async () => {
  const token = 'bm9ib2R5J3MgY29kZQ==';
  const invalid = { ...errorResponse(400, 'invalidCode'), upstream: ['GET /webauth'] };
  expect(await send({ token }, asJson)).toMatchObject(invalid);
  expect(inspectPage(await send({ token }))).toEqual(errorPage(400));
  const body = JSON.stringify({ code: 'invalidValue', description: `<script>alert("1")</script>&'` });
  const response = await intercepting(async () => ({ status: 400, headers: {}, body }));
  expect(inspectPage(response)).toEqual(errorPage(400));
  expect(response.text).toContain('<p>&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;&#39;</p>');
});

test.each<[string, number, Record<string, string>]>([
  ['a script', 307, { location: 'javascript:alert(1)' }],
  ['data', 307, { location: 'data:text/html,x' }],
  ['an application', 302, { location: 'myapp://home' }],
  ['ftp', 302, { location: 'ftp://bank.example/' }],
  ['an invalid URL', 302, { location: 'http://' }],
  ['no location', 302, {}],
  ['no redirect', 200, { 'content-type': 'text/html' }],
])('shows an error page when upstream’s redirect is %s', async (_what, status, headers) => {
  const response = await intercepting(async () => ({ status, headers, body: '' }));
  expect(inspectPage(response)).toEqual(errorPage(502));
});

test.each([
  ['https://bank.example/a?b=c#d', /^https:\/\/bank\.example\/a\?b=c#d$/],
  ['/bank/1', /^http:\/\/127\.0\.0\.1:\d+\/bank\/1$/],
])('redirects to the address %s of upstream', async (location, expected) => {
  const { headers } = await intercepting(async () => ({ status: 302, headers: { location }, body: '' }));
  expect(headers['location']).toMatch(expected);
});

test.each(upstreamFailures)('calls upstream once when it fails with %s', async (answer, status, code, retryAfter) => {
  await gateway.control('failures', { answer, path: '/webauth', times: 2, retry_after: 7 });
  const html = await send();
  expect(inspectPage(html)).toEqual(errorPage(status));
  expect(html).toMatchObject({ upstream: ['GET /webauth'] });
  expect(html.headers['retry-after']).toBe(retryAfter);
  expect(await send({}, asJson)).toMatchObject({ ...errorResponse(status, code), upstream: ['GET /webauth'] });
});

test('returns 503 without calling upstream when the table is unavailable', async () => {
  await withoutTable(async () => {
    const response = await send({ client_id: '55555555' });
    expect(inspectPage(response)).toEqual(errorPage(503));
    expect(response).toMatchObject({ headers: { 'retry-after': '5' }, upstream: [] });
  });
});
