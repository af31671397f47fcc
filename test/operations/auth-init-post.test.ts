import { afterEach, describe, expect, test } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { largestBody } from '../bodies.ts';
import { bearerKeyForms, clientForms, contradictingIds, contradictions } from '../credentials.ts';
import { apiKey, authorization, basic, combine, form, json, transports } from '../gateway.ts';
import type { TestRequest, TestResponse } from '../invoke.ts';
import { errorResponse, rejectedWithoutUpstreamCall } from '../responses.ts';
import {
  startOperationContext,
  testCredentials,
  testFailures,
  testInvalidKeys,
  testUnreadableBodies,
} from './fixture.ts';

const context = await startOperationContext();
const { gateway, partner, user, key, other, call } = context;

const send = (...requests: TestRequest[]) => call('POST', '/auth/init', ...requests);

const created = (type: 'permanent' | 'temporary') => ({
  status: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: {
    auth_token: expect.any(String) as string,
    type,
    id_user: expect.any(Number) as number,
    ...(type === 'temporary' && { expires_in: 1800 }),
  },
});

/** Returns the statuses with which the two partners can read the new user. */
async function readByBoth({ body }: TestResponse): Promise<number[]> {
  const path = `/users/${(body as { id_user: number }).id_user}`;
  const read = ({ client_secret }: DemoPartner) => gateway.call.handler('GET', path, authorization(client_secret));
  return (await Promise.all([read(partner), read(other)])).map(({ status }) => status);
}

test.each(transports)('POST /auth/init by %s', async (transport) => {
  const response = await gateway.call[transport]('POST', '/auth/init', json({ ...partner }));
  expect(response).toMatchObject(created('permanent'));
  expect(await gateway.call[transport]('POST', '/auth/init')).toMatchObject(errorResponse(401, 'unauthorized'));
});

test.each([...clientForms, ...bearerKeyForms])(
  'creates a permanent user of the partner: %s',
  async (_form, request) => {
    const response = await send(request(partner));
    expect(response).toMatchObject({ ...created('permanent'), upstream: ['POST /auth/init'] });
    expect(await readByBoth(response)).toEqual([200, 404]);
  },
);

test('creates a temporary user of the partner for a key in x-api-key', async () => {
  await gateway.upstreamCalls();
  const request = combine(json({ id_user: user.id }), apiKey(partner.client_secret));
  const response = await gateway.call.handler('POST', '/auth/init', request);
  const [sent] = await gateway.upstreamRequests();
  expect(response).toMatchObject(created('temporary'));
  expect(sent).toMatchObject({ method: 'POST', path: '/auth/init', fields: [], query: [] });
  expect(sent?.headers).not.toContain('authorization');
  expect(sent?.headers).not.toContain('x-api-key');
  expect(await readByBoth(response)).toEqual([200, 404]);
});

test.each([
  ['a temporary user without an owner for a user token', user.token, 'temporary' as const],
  ['a permanent user without an owner for a manage JWT', await gateway.manageToken(), 'permanent' as const],
])('creates %s', async (_kind, token, type) => {
  for (const scheme of ['', 'Bearer ', 'oauth ']) {
    const response = await send(authorization(scheme + token));
    expect(response).toMatchObject(created(type));
    expect(await readByBoth(response)).toEqual([404, 404]);
  }
});

test.each<[string, TestRequest]>([
  ['the id of a user', json({ id_user: Number(user.id), ...partner })],
  ['a prototype', { ...json({}), body: JSON.stringify(partner).replace('{', '{"__proto__":{"client_id":1},') }],
  ['nested credentials', json({ ...partner, body: { ...other }, client: [other] })],
  ['other names', form({ ...partner, client_ids: other.client_id, id_client: other.client_id })],
  ['16 KiB', largestBody({ ...partner })],
])('ignores fields other than client_id and client_secret: %s', async (_case, request) => {
  await gateway.upstreamCalls();
  const response = await gateway.call.handler('POST', '/auth/init', request);
  expect(await gateway.upstreamRequests()).toMatchObject([{ fields: ['client_id', 'client_secret'], query: [] }]);
  expect(response).toMatchObject(created('permanent'));
  expect(await readByBoth(response)).toEqual([200, 404]);
});

describe('without a credential', () => {
  afterEach(() => {
    delete process.env['ALLOW_ANONYMOUS_INIT'];
  });

  test('creates a temporary user without an owner if the environment allows it', async () => {
    process.env['ALLOW_ANONYMOUS_INIT'] = 'true';
    const response = await send();
    expect(response).toMatchObject(created('temporary'));
    expect(await readByBoth(response)).toEqual([404, 404]);
  });

  test.each<[string, TestRequest, number, string]>([
    ['a malformed key', apiKey('bgk_'), 401, 'invalidClient'],
    ['unknown client credentials', json({ client_id: 1, client_secret: 'x' }), 401, 'invalidClient'],
    ['a client_id without a secret', form({ client_id: '1' }), 400, 'missingParameter'],
  ])('does not accept %s as a missing credential', async (_case, request, status, code) => {
    process.env['ALLOW_ANONYMOUS_INIT'] = 'true';
    expect(await send(request)).toMatchObject(rejectedWithoutUpstreamCall(status, code));
  });

  test.each(['false', '1', 'TRUE', ''])('is rejected with the setting “%s”', async (value) => {
    process.env['ALLOW_ANONYMOUS_INIT'] = value;
    expect(await send()).toMatchObject(rejectedWithoutUpstreamCall(401, 'unauthorized'));
  });
});

testCredentials(context, send, []);
testInvalidKeys(context, send, [
  json,
  (pair) => form({ ...pair }),
  basic,
  ({ client_secret }) => authorization(client_secret),
  ({ client_secret }) => apiKey(client_secret),
]);
testUnreadableBodies((body) => send(body, key));

test('ignores credentials in the query', async () => {
  const response = await call('POST', `/auth/init?${new URLSearchParams({ ...partner }).toString()}`);
  expect(response).toMatchObject(rejectedWithoutUpstreamCall(401, 'unauthorized'));
});

test.each<[string, TestRequest]>([
  ['another secret', json({ ...partner, client_secret: 'secret' })],
  ['another secret together with a valid key', combine(json({ ...partner, client_secret: 'secret' }), key)],
  ['Basic that is not base64', authorization('Basic %%%')],
  ['Basic without a colon', authorization(`Basic ${btoa(partner.client_secret)}`)],
  ['Basic with two trailing colons', basic(partner, '::')],
  ['a scheme before the key in x-api-key', apiKey(`Bearer ${partner.client_secret}`)],
  ['an upstream token in x-api-key', apiKey(user.token)],
])('rejects %s as an invalid key', async (_case, request) => {
  expect(await send(request)).toMatchObject(rejectedWithoutUpstreamCall(401, 'invalidClient'));
});

test.each([...contradictions, ...contradictingIds])('rejects %s', async (_case, request) => {
  expect(await send(request(partner, other))).toMatchObject(rejectedWithoutUpstreamCall(400, 'invalidValue'));
});

test.each<[string, TestRequest, string]>([
  ['only client_id', json({ client_id: partner.client_id }), 'client_secret'],
  ['only client_secret', form({ client_secret: partner.client_secret }), 'client_id'],
  ['an empty client_secret', form({ ...partner, client_secret: '' }), 'client_secret'],
  ['an empty client_id', form({ ...partner, client_id: '' }), 'client_id'],
  ['client_secret in an array', json({ ...partner, client_secret: [partner.client_secret] }), 'client_secret'],
  ['client_id in an object', json({ ...partner, client_id: { id: partner.client_id } }), 'client_id'],
  ['client_id that is null', json({ ...partner, client_id: null }), 'client_id'],
])('rejects incomplete credentials: %s', async (_case, request, missing) => {
  const response = await send(request);
  expect(response).toMatchObject(rejectedWithoutUpstreamCall(400, 'missingParameter'));
  expect(response.body).toMatchObject({ description: `${missing} is missing.` });
});

testFailures(context, 'POST /auth/init', () => send(json({ ...partner })));
