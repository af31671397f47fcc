import { describe, expect, test } from 'vitest';
import { largestBody } from '../bodies.ts';
import { withoutTable } from '../conditions.ts';
import { apiKeys, basicCredentials, bearerKeys, tokens } from '../credentials.ts';
import { bearer, combine, form, json, multipart, transports } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { errorResponse, rejectedWithoutUpstreamCall, withoutRequestId } from '../responses.ts';
import { startOperationContext, testCredentials, testFailures, testUnreadableBodies } from './fixture.ts';
import { badIds } from './ids.ts';

const context = await startOperationContext();
const { gateway, partner, user, key, token, otherUser, call } = context;
const operatorKey = bearer(gateway.file.manager.client_secret);

const send = (id: string, ...requests: TestRequest[]) => call('POST', `/users/${id}/token`, ...requests);
const application = json({ application: 'sharedAccess' });
const issued = (id: string) => ({
  status: 200,
  headers: { 'cache-control': 'no-store' },
  body: { token: expect.stringMatching(/^[\w+/=]{128}$/) as string },
  // The response does not contain the id of `me`.
  upstream: [`POST /users/${id}/token`, ...(id === 'me' ? ['GET /users/me'] : [])],
});
const rejected = rejectedWithoutUpstreamCall;
const bodies: [string, (fields: Record<string, string>) => TestRequest][] = [
  ['JSON', json],
  ['a form', form],
  ['multipart', multipart],
];

test.each(transports)('POST /users/{id_user}/token by %s', async (transport) => {
  const path = `/users/${user.id}/token`;
  const { upstream: _, ...success } = issued(user.id);
  expect(await gateway.call[transport]('POST', path, combine(application, key))).toMatchObject(success);
  expect(await gateway.call[transport]('POST', path, application)).toMatchObject(errorResponse(401, 'unauthorized'));
});

describe.each(bodies)('with %s', (_form, body) => {
  const fields = body({ application: 'sharedAccess' });

  test.each(bearerKeys)('returns a token of the partner’s user to %s', async (_credential, request) => {
    const response = await send(user.id, fields, request({ partner, user }));
    expect(response).toMatchObject(issued(user.id));
    const { token: created } = response.body as { token: string };
    expect(await call('GET', '/users/me', bearer(created))).toMatchObject({ body: { id: Number(user.id) } });
  });

  test.each(tokens)('returns another token of the user to %s', async (_credential, request) => {
    expect(await send('me', fields, request({ partner, user }))).toMatchObject(issued('me'));
    expect(await send(user.id, fields, request({ partner, user }))).toMatchObject(issued(user.id));
  });

  test('ignores credentials in the body', async () => {
    const withCredentials = body({ application: 'sharedAccess', ...partner });
    expect(await send(user.id, withCredentials)).toMatchObject(rejected(401, 'unauthorized'));
    expect(await send('me', withCredentials, token)).toMatchObject(issued('me'));
    expect(await send(user.id, withCredentials, key)).toMatchObject(issued(user.id));
  });
});

test('forwards the application and no other field', async () => {
  await gateway.upstreamRequests();
  const body = json({ application: 'sharedAccess', user: otherUser.id, client_id: '1', scope: 'x', expire: false });
  for (const request of [key, token]) {
    await gateway.call.handler('POST', `/users/${user.id}/token?app=evil&evil=1`, combine(body, request));
  }
  const sent = { method: 'POST', path: `/users/${user.id}/token`, query: [], fields: ['application'] };
  expect(await gateway.upstreamRequests()).toMatchObject([sent, sent]);
});

test.each(['me', 'all', '%6de', 'al%6c'])('rejects "%s" for a key', async (id) => {
  expect(await send(id, application, key)).toMatchObject(rejected(400, 'invalidValue'));
  expect(await send(id, application, operatorKey)).toMatchObject(rejected(400, 'invalidValue'));
});

test.each(['all', otherUser.id, '999999999999999999'])('returns upstream’s error to a token for %s', async (id) => {
  const upstream = [`POST /users/${id}/token`];
  expect(await send(id, application, token)).toMatchObject({ ...errorResponse(403, 'forbidden'), upstream });
});

test('returns the same error for another partner’s user and for a missing one', async () => {
  const deleted = await gateway.newUser(partner);
  await gateway.sandbox('DELETE', '/users/me', bearer(deleted.token));
  const missing = await send('999999999999999999', application, key);
  expect(missing).toMatchObject(rejected(404, 'notFound'));
  expect(await send(otherUser.id, application, key)).toMatchObject({ upstream: [] });
  const responses = [
    await send(otherUser.id, application, key),
    await send(deleted.id, application, key),
    await send(otherUser.id, application, operatorKey),
  ];
  for (const response of responses) expect(withoutRequestId(response)).toEqual(withoutRequestId(missing));
});

test.each<[string, TestRequest]>([
  ['no body', {}],
  ['an empty object', json({})],
  ['a null', json({ application: null })],
  ['a form without it', form({ app: 'x' })],
])('rejects a missing application: %s', async (_what, body) => {
  for (const request of [key, token]) {
    const response = await send(user.id, body, request);
    expect(response).toMatchObject(rejected(400, 'missingParameter'));
    expect(response.body).toMatchObject({ description: 'application is missing.' });
  }
});

test.each<[string, unknown]>([
  ['empty', ''],
  ['101 characters', 'x'.repeat(101)],
  ['CRLF', 'a\r\nX-Evil: 1'],
  ['NUL', 'a\0'],
  ['a C1 control character', 'a\u0085'],
  ['a partner key', `bgk_12345678_${'x'.repeat(49)}`],
  ['a number', 1],
  ['a list', ['sharedAccess']],
  ['an object', { $ne: '' }],
])('rejects an application that is %s', async (_what, value) => {
  for (const request of [key, token]) {
    const response = await send(user.id, json({ application: value }), request);
    expect(response).toMatchObject(rejected(400, 'invalidValue'));
  }
});

test.each(['Ünï-cödé 應用 🏦', 'a "quoted" & <b>', "'; drop table users; --", 'x'.repeat(100)])(
  'accepts the application %s',
  async (name) => {
    for (const [, body] of bodies) {
      expect(await send(user.id, body({ application: name }), key)).toMatchObject(issued(user.id));
    }
  },
);

test.each(badIds)('rejects an id that is %s', async (_what, id) => {
  expect(await send(id, application, key)).toMatchObject(rejected(400, 'invalidValue'));
  expect(await send(id, application, token)).toMatchObject(rejected(400, 'invalidValue'));
});

testUnreadableBodies((body) => send(user.id, body, key));
testUnreadableBodies((body) => send('me', body, token));

test('accepts a body of 16 KiB', async () => {
  const body = largestBody({ application: 'sharedAccess' });
  expect(await send(user.id, body, key)).toMatchObject(issued(user.id));
});

describe.each([
  ['an id', user.id],
  ['me', 'me'],
  ['all', 'all'],
])('with %s', (_what, id) => {
  testCredentials(context, (request) => send(id, application, request), [...basicCredentials, ...apiKeys]);
});

describe.each([
  ['key', key],
  ['token', token],
])('with a %s', (_credential, credential) => {
  testFailures(context, `POST /users/${user.id}/token`, () => send(user.id, application, credential));
});

test('returns 503 without calling upstream when the table is unavailable', async () => {
  await send('999999999999999999', application, key);
  gateway.logs();
  await withoutTable(async () => {
    expect(await send(user.id, application, key)).toMatchObject(rejected(503, 'unavailable'));
    expect(await send('me', application, token)).toMatchObject(issued('me'));
    expect(gateway.logs().at(-1)).toMatchObject({ status: 200, OwnershipNotExtended: 1 });
  });
});
