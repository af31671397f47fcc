import { expect, test } from 'vitest';
import { largestBody } from '../bodies.ts';
import { apiKeys, basicCredentials, bearerKeyForms, contradictions } from '../credentials.ts';
import { authorization, bearer, form, json, transports } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { errorResponse, rejectedWithoutUpstreamCall } from '../responses.ts';
import {
  startOperationContext,
  testCredentials,
  testFailures,
  testInvalidKeys,
  testUnreadableBodies,
} from './fixture.ts';

const context = await startOperationContext({ grants: ['admin:jwt:config:60', 'admin:jwt:users:5'] });
const { gateway, partner, key, other, otherUser, call } = context;
const { token: adminToken } = await gateway.secret<{ token: string }>('admin-token');

const send = (...requests: TestRequest[]) => call('POST', '/admin/jwt', ...requests);

/** A manage JWT of this scope. */
const minted = (scope: string) => ({
  status: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: {
    jwt_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string,
    payload: { type: 'manage_token', scope },
  },
});

/** Returns the lifetime of a minted JWT, in minutes. */
function minutesOf(body: unknown): number {
  const { iat, exp } = (body as { payload: { iat: number; exp: number } }).payload;
  return (exp - iat) / 60;
}

test.each(transports)('POST /admin/jwt by %s', async (transport) => {
  expect(await gateway.call[transport]('POST', '/admin/jwt', key)).toMatchObject(minted('config'));
  expect(await gateway.call[transport]('POST', '/admin/jwt')).toMatchObject(errorResponse(401, 'unauthorized'));
});

test.each(bearerKeyForms)('mints a manage JWT for a key in Authorization: %s', async (_form, request) => {
  const response = await send(request(partner, { scope: 'users', duration: '5' }));
  expect(response).toMatchObject(minted('users'));
  expect(minutesOf(response.body)).toBe(5);
});

test.each(['', 'Bearer ', 'bearer ', 'OAuth '])('mints a manage JWT for an admin token: "%s"', async (scheme) => {
  const response = await send(json({ duration: 1440 }), authorization(scheme + adminToken));
  expect(response).toMatchObject(minted('config'));
  expect(minutesOf(response.body)).toBe(1440);
});

test.each<[string, TestRequest]>([
  ['no body', {}],
  ['an empty JSON object', json({})],
  ['a number', json({ duration: 1 })],
  ['nulls', json({ scope: null, duration: null })],
  ['an empty scope', form({ scope: '' })],
  ['unknown fields', form({ scopes: 'users', minutes: '5', exp: '0' })],
  ['a prototype', { ...json({}), body: '{"__proto__":{"scope":"users"},"constructor":{"duration":0}}' }],
  ['16 KiB', largestBody({ scope: 'config' })],
  ['a media type with a parameter', { headers: { 'content-type': 'Application/JSON; Charset="UTF-8"' }, body: '{}' }],
])('defaults to the scope config and one minute: %s', async (_case, request) => {
  const response = await send(request, key);
  expect(response).toMatchObject(minted('config'));
  expect(minutesOf(response.body)).toBe(1);
});

test.each<[string, TestRequest]>([
  ['the caller’s', json({ ...partner })],
  ['a client_id of another partner', json({ client_id: other.client_id })],
  ['an invalid key', form({ client_id: '1', client_secret: 'secret' })],
])('ignores credentials in the body: %s', async (_case, body) => {
  expect(await send(body, key)).toMatchObject(minted('config'));
  expect(await send(body, authorization(adminToken))).toMatchObject(minted('config'));
  expect(await send(body, bearer(other.client_secret))).not.toMatchObject({ status: 200 });
});

test.each<[string, string[], Record<string, unknown>, number]>([
  ['the maximum duration', ['admin:jwt:config:60'], { duration: 60 }, 200],
  ['one minute more', ['admin:jwt:config:60'], { duration: 61 }, 403],
  ['the default duration', ['admin:jwt:config:1'], {}, 200],
  ['the default scope', ['admin:jwt:users:60'], {}, 403],
  ['another scope', ['admin:jwt:config:60'], { scope: 'users' }, 403],
  ['a prefix of the granted scope', ['admin:jwt:config:60'], { scope: 'conf' }, 403],
  ['a scope that extends the granted one', ['admin:jwt:config:60'], { scope: 'config:6' }, 403],
  ['a part of the granted scope', ['admin:jwt:config:6:60'], { scope: 'config' }, 403],
  ['a scope with a colon', ['admin:jwt:config:6:60'], { scope: 'config:6', duration: 60 }, 200],
  ['a scope in upper case', ['admin:jwt:config:60'], { scope: 'CONFIG' }, 403],
  ['the longer of two grants', ['admin:jwt:config:5', 'admin:jwt:config:60'], { duration: 60 }, 200],
  ['the duration of another scope', ['admin:jwt:config:5', 'admin:jwt:users:60'], { duration: 6 }, 403],
  ['other grants', ['users:all', 'jwt:permanent', 'jwt:scope:config'], {}, 403],
  ['no grant', [], {}, 403],
])('checks the grant: %s; %j, %j: %i', async (_case, grants, fields, status) => {
  const { client_secret } = await gateway.newPartner({ grants });
  const expected =
    status === 200 ? { status, upstream: ['POST /admin/jwt'] } : rejectedWithoutUpstreamCall(status, 'forbidden');
  expect(await send(json(fields), authorization(client_secret))).toMatchObject(expected);
});

testCredentials(context, send, [...basicCredentials, ...apiKeys]);
testInvalidKeys(context, send, [({ client_secret }) => authorization(client_secret)]);
testUnreadableBodies((body) => send(body, key));

test.each<[string, TestRequest, number, string]>([
  ['client credentials in the body', json({ ...partner }), 401, 'unauthorized'],
  ['a key with an unknown scheme', authorization(`Token ${partner.client_secret}`), 401, 'invalidClient'],
])('rejects %s, with a grant', async (_kind, request, status, code) => {
  expect(await send(request)).toMatchObject(rejectedWithoutUpstreamCall(status, code));
});

test.each(contradictions)('rejects %s', async (_case, request) => {
  expect(await send(request(partner, other))).toMatchObject(rejectedWithoutUpstreamCall(400, 'invalidValue'));
});

test.each<[string, unknown[]]>([
  ['scope', [1, true, [], ['config'], {}, 'config users', 'confıg', 'x'.repeat(65), 'config\n', 'a"b']],
  ['duration', [0, '0', '00', '01', -1, '-1', 1.5, '1.5', '', ' 1', '1e3', '٣', true, [], [5], {}, '9'.repeat(19)]],
])('rejects an invalid %s of any caller', async (name, values) => {
  const description = expect.stringMatching(new RegExp(`^${name} must be .*\\.$`)) as string;
  for (const value of values) {
    for (const credential of [partner.client_secret, adminToken]) {
      const response = await send(json({ [name]: value }), authorization(credential));
      expect(response).toMatchObject(rejectedWithoutUpstreamCall(400, 'invalidValue'));
      expect(response.body).toMatchObject({ description });
    }
  }
});

testFailures(context, 'POST /admin/jwt', () => send(key));

test('returns upstream’s error for a token without the right', async () => {
  const response = await send(bearer(otherUser.token));
  expect(response).toMatchObject({ ...errorResponse(403, 'forbidden'), upstream: ['POST /admin/jwt'] });
});
