import { describe, expect, test } from 'vitest';
import { strayBodies } from '../bodies.ts';
import { secondsLater, withoutTable } from '../conditions.ts';
import { apiKeys, basicCredentials, bearerKeys, tokens } from '../credentials.ts';
import { bearer, transports } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { errorResponse, rejectedWithoutUpstreamCall, withoutRequestId } from '../responses.ts';
import { startOperationContext, testCredentials, testRetries } from './fixture.ts';
import { badExpands, badIds } from './ids.ts';

const context = await startOperationContext();
const { gateway, partner, user, key, token, otherUser, call } = context;
const operator = gateway.file.manager;

const send = (id: string, ...requests: TestRequest[]) => call('GET', `/users/${id}`, ...requests);
const view = (id: string) => ({
  id: Number(id),
  signin: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) as string,
  platform: 'sharedAccess',
});
const success = { status: 200, headers: { 'cache-control': 'no-store' }, body: view(user.id) };
const own = { ...success, upstream: [`GET /users/${user.id}`] };
const me = { ...success, upstream: ['GET /users/me'] };
const rejected = rejectedWithoutUpstreamCall;

test.each(transports)('GET /users/{id_user} by %s', async (transport) => {
  expect(await gateway.call[transport]('GET', `/users/${user.id}`, key)).toMatchObject(success);
  expect(await gateway.call[transport]('GET', '/users/me')).toMatchObject(errorResponse(401, 'unauthorized'));
});

test.each(bearerKeys)('returns the partner’s user to %s', async (_form, request) => {
  expect(await send(user.id, request({ partner, user }))).toMatchObject(own);
});

test.each(tokens)('returns the user itself to %s', async (_form, request) => {
  expect(await send('me', request({ partner, user }))).toMatchObject(me);
  expect(await send(user.id, request({ partner, user }))).toMatchObject(own);
});

test('accepts a percent-encoded user id', async () => {
  const encoded = user.id.replace(/\d/g, (digit) => `%3${digit}`);
  expect(await send(encoded, key)).toMatchObject(own);
  expect(await send('%6de', token)).toMatchObject(me);
});

test('forwards expand and no other field', async () => {
  for (const request of [key, token]) {
    const { body } = await send(`${user.id}?expand=connections&evil=1&user=2`, request);
    expect(body).toMatchObject({ id: Number(user.id), connections: [] });
  }
  await gateway.upstreamRequests();
  await gateway.call.handler('GET', `/users/me?expand=connections&evil=1`, token);
  expect(await gateway.upstreamRequests()).toMatchObject([{ query: ['expand'], fields: [] }]);
});

test.each(strayBodies)('ignores %s', async (_body, stray) => {
  expect(await send(user.id, stray, key)).toMatchObject(own);
  expect(await send('me', stray, token)).toMatchObject(me);
});

test('rejects me for a key, also with the grant users:all', async () => {
  for (const { client_secret } of [partner, operator]) {
    expect(await send('me', bearer(client_secret))).toMatchObject(rejected(400, 'invalidValue'));
  }
});

test('returns all users only to a key with the grant users:all', async () => {
  expect(await send('all', key)).toMatchObject({
    ...rejected(403, 'forbidden'),
    body: { description: 'This requires the grant users:all.' },
  });
  const { status, body, upstream } = await send('all', bearer(operator.client_secret));
  expect({ status, upstream }).toEqual({ status: 200, upstream: ['GET /users/all'] });
  const users = [user.id, otherUser.id].map(view);
  expect((body as { users: unknown[] }).users).toEqual(expect.arrayContaining(users));
});

test('applies a new grant at once and a revoked one within a minute', async () => {
  const changing = await gateway.newPartner();
  const all = () => send('all', bearer(changing.client_secret));
  expect(await all()).toMatchObject(rejected(403, 'forbidden'));
  await gateway.changePartner(changing, { grants: ['users:all'] });
  expect(await secondsLater(2, all)).toMatchObject({ status: 200 });
  await gateway.changePartner(changing, { grants: [] });
  expect(await secondsLater(63, all)).toMatchObject(rejected(403, 'forbidden'));
});

test.each(['all', otherUser.id, '999999999999999999'])('returns upstream’s error to a token for %s', async (id) => {
  expect(await send(id, token)).toMatchObject({ ...errorResponse(403, 'forbidden'), upstream: [`GET /users/${id}`] });
});

test('returns the same error for another partner’s user and for a missing one', async () => {
  const deleted = await gateway.newUser(partner);
  await gateway.sandbox('DELETE', '/users/me', bearer(deleted.token));
  const missing = await send('999999999999999999', key);
  expect(missing).toMatchObject(rejected(404, 'notFound'));
  expect(await send(otherUser.id, key)).toMatchObject({ upstream: [] });
  expect(await send(deleted.id, key)).toMatchObject({ upstream: [`GET /users/${deleted.id}`] });
  const operatorKey = bearer(operator.client_secret);
  const responses = [
    await send(otherUser.id, key),
    await send(`${otherUser.id}?expand=connections`, key),
    await send(deleted.id, key),
    await send(otherUser.id, operatorKey),
    await send(user.id, operatorKey),
  ];
  for (const response of responses) expect(withoutRequestId(response)).toEqual(withoutRequestId(missing));
});

test.each([
  ...badIds.map(([what, id]) => [`an id that is ${what}`, id]),
  ...badExpands.map(([what, expand]) => [`an expand that is ${what}`, `${user.id}?expand=${expand}`]),
])('rejects %s', async (_what, path = '') => {
  expect(await send(path, key)).toMatchObject(rejected(400, 'invalidValue'));
  expect(await send(path, token)).toMatchObject(rejected(400, 'invalidValue'));
});

describe.each([
  ['an id', user.id],
  ['me', 'me'],
  ['all', 'all'],
])('with %s', (_what, id) => {
  testCredentials(context, (request) => send(id, request), [...basicCredentials, ...apiKeys]);
});

describe.each([
  ['key', key],
  ['token', token],
])('with a %s', (_credential, credential) => {
  testRetries(context, `GET /users/${user.id}`, () => send(user.id, credential), success);
});

test('returns 503 without calling upstream when the table is unavailable', async () => {
  await send(user.id, key);
  await withoutTable(async () => {
    expect(await send(user.id, key)).toMatchObject(rejected(503, 'unavailable'));
    expect(await send('me', token)).toMatchObject(me);
  });
});
