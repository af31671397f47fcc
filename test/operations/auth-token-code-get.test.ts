import { expect, test } from 'vitest';
import { strayBodies } from '../bodies.ts';
import { apiKeys, basicCredentials, bearerKeys, tokens } from '../credentials.ts';
import { bearer, combine, form, json, multipart, transports } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { errorResponse, rejectedWithoutUpstreamCall, upstreamHeaders } from '../responses.ts';
import { startOperationContext, testCredentials, testFailures } from './fixture.ts';

const context = await startOperationContext();
const { gateway, partner, user, token, call } = context;

const temporaryCode = (access: string) => ({
  status: 200,
  headers: { 'cache-control': 'no-store', 'content-type': 'application/json' },
  body: { code: expect.stringMatching(/^.{32}$/) as string, type: 'temporary', access, expires_in: 1800 },
  upstream: ['GET /auth/token/code'],
});
const get = (request: TestRequest, query = '') => call('GET', `/auth/token/code${query}`, request);
const post = (request: TestRequest, query = '') => call('POST', `/auth/token/code${query}`, request);

test.each(transports)('GET and POST /auth/token/code by %s', async (transport) => {
  for (const method of ['GET', 'POST']) {
    const { upstream: _, ...success } = temporaryCode('standard');
    expect(await gateway.call[transport](method, '/auth/token/code', token)).toMatchObject(success);
    const missing = await gateway.call[transport](method, '/auth/token/code');
    expect(missing).toMatchObject(errorResponse(401, 'unauthorized'));
  }
});

test.each(tokens)('forwards %s', async (_form, request) => {
  expect(await get(request({ partner, user }))).toMatchObject(temporaryCode('standard'));
  expect(await post(request({ partner, user }))).toMatchObject(temporaryCode('standard'));
});

test('forwards a JWT of a user', async () => {
  const { body } = await call('POST', '/auth/jwt', json(partner));
  const { jwt_token } = body as { jwt_token: string };
  expect(await get(bearer(jwt_token))).toMatchObject(temporaryCode('standard'));
});

test('returns a code that the partner can exchange', async () => {
  const { code } = (await get(token)).body as { code: string };
  const exchanged = await call('POST', '/auth/token/access', json({ ...partner, code }));
  expect(exchanged).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
});

test.each(['singleAccess', 'requestAccess'])('accepts the type %s in the query and in a body', async (type) => {
  const expected = temporaryCode(type === 'singleAccess' ? 'single' : 'standard');
  expect(await get(token, `?type=${type}`)).toMatchObject(expected);
  for (const body of [json({ type }), form({ type }), multipart({ type })]) {
    expect(await post(combine(token, body))).toMatchObject(expected);
  }
  expect(await post(token, `?type=${type}`)).toMatchObject(expected);
});

test.each(['other', 'singleaccess', 'singleAccess ', ''])('rejects the type "%s"', async (type) => {
  const inQuery = await get(token, `?type=${encodeURIComponent(type)}`);
  expect(inQuery).toMatchObject(rejectedWithoutUpstreamCall(400, 'invalidValue'));
  expect(await post(combine(token, json({ type })))).toMatchObject(rejectedWithoutUpstreamCall(400, 'invalidValue'));
});

test('rejects a repeated type', async () => {
  const response = await get(token, '?type=singleAccess&type=singleAccess');
  expect(response).toMatchObject(rejectedWithoutUpstreamCall(400, 'invalidValue'));
});

test.each(strayBodies)('ignores %s of a GET', async (_body, stray) => {
  expect(await get(combine(token, stray))).toMatchObject(temporaryCode('standard'));
});

test('forwards only the token, the gateway’s headers and the known fields', async () => {
  const stray = { headers: { cookie: 'a=b', 'x-forwarded-host': 'evil.example', 'x-evil': '1', forwarded: 'for=1' } };
  const traced = { headers: { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` } };
  const requests: [string, string, TestRequest][] = [
    ['GET', '?type=singleAccess&evil=1&client_id=1', combine(token, stray)],
    ['POST', '', combine(token, stray, json({ evil: 1, id_user: 1 }), traced)],
  ];
  await gateway.upstreamRequests();
  for (const [method, query, request] of requests) {
    await gateway.call.handler(method, `/auth/token/code${query}`, request);
  }
  const [first, second] = await gateway.upstreamRequests();
  expect(first).toMatchObject({ query: ['type'], fields: [] });
  expect(first?.headers.toSorted()).toEqual(upstreamHeaders);
  expect(second).toMatchObject({ method: 'GET', query: [], fields: [] });
  expect(second?.headers.toSorted()).toEqual([...upstreamHeaders, 'traceparent'].toSorted());
});

test('ignores credentials in the query and in the body', async () => {
  const query = new URLSearchParams({ ...partner, access_token: user.token, token: user.token }).toString();
  expect(await get({}, `?${query}`)).toMatchObject(rejectedWithoutUpstreamCall(401, 'unauthorized'));
  const body = json({ ...partner, access_token: user.token });
  expect(await post(body)).toMatchObject(rejectedWithoutUpstreamCall(401, 'unauthorized'));
  expect(await post(combine(token, body))).toMatchObject(temporaryCode('standard'));
});

testCredentials(context, get, [...bearerKeys, ...basicCredentials, ...apiKeys]);
testCredentials(context, post, [...bearerKeys, ...basicCredentials, ...apiKeys]);

test('returns upstream’s rejection of a token', async () => {
  const response = await get(bearer('bm9ib2R5J3MgdG9rZW4='));
  expect(response).toMatchObject({ ...errorResponse(403, 'invalidToken'), upstream: ['GET /auth/token/code'] });
  expect(response.body).toMatchObject({
    description: 'The token is invalid or has expired',
    request_id: response.headers['x-request-id'],
  });
});

testFailures(context, 'GET /auth/token/code', () => get(token));
