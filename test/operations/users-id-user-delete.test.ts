import { describe, expect, test } from 'vitest';
import { strayBodies } from '../bodies.ts';
import { withoutTable } from '../conditions.ts';
import { apiKeys, basicCredentials, bearerKeys, tokens } from '../credentials.ts';
import { bearer, combine, json, transports, type TestUser } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import type { Intercept } from '../proxy.ts';
import {
  errorResponse,
  rejectedWithoutUpstreamCall,
  repeatedFailures,
  upstreamHeaders,
  withoutRequestId,
} from '../responses.ts';
import { startOperationContext, testCredentials } from './fixture.ts';
import { badExpands, badIds } from './ids.ts';

const context = await startOperationContext();
const { gateway, partner, user, key, token, other, otherUser, call } = context;
const operator = gateway.file.manager;

const send = (id: string, ...requests: TestRequest[]) => call('DELETE', `/users/${id}`, ...requests);
const newUser = () => gateway.newUser(partner);
const deleted = ({ id }: TestUser) => ({
  status: 200,
  headers: { 'cache-control': 'no-store' },
  body: { id: Number(id) },
});
const rejected = rejectedWithoutUpstreamCall;

async function exists({ id }: TestUser): Promise<boolean> {
  return (await gateway.sandbox('GET', `/users/${id}`, bearer(await gateway.manageToken()))).status === 200;
}

/** Expects that a user and its ownership are deleted. */
async function expectDeleted(gone: TestUser): Promise<void> {
  expect([await exists(gone), await gateway.ownerOf(gone.id)]).toEqual([false, undefined]);
}

/** Expects that a user exists and has this owner. */
async function expectUnchanged(of: TestUser, owner = partner): Promise<void> {
  expect([await exists(of), await gateway.ownerOf(of.id)]).toEqual([true, owner.client_id]);
}

/** Runs `during` with a proxy that intercepts one method. */
const intercepting = <T>(intercept: Intercept, during: () => Promise<T>, method = 'DELETE') =>
  gateway.withProxy(
    (request, forward) => (request.method === method ? intercept(request, forward) : forward()),
    during,
  );

test.each(transports)('DELETE /users/{id_user} by %s', async (transport) => {
  const gone = await newUser();
  expect(await gateway.call[transport]('DELETE', `/users/${gone.id}`, key)).toMatchObject(deleted(gone));
  expect(await gateway.call[transport]('DELETE', '/users/me')).toMatchObject(errorResponse(401, 'unauthorized'));
});

test.each(bearerKeys)('deletes the partner’s user and its ownership for %s', async (_form, request) => {
  const gone = await newUser();
  const response = await send(gone.id, request({ partner, user }));
  expect(response).toMatchObject({ ...deleted(gone), upstream: [`DELETE /users/${gone.id}`] });
  await expectDeleted(gone);
});

test.each(tokens)('deletes me and its ownership for %s', async (_form, request) => {
  const gone = await newUser();
  const response = await send('me', request({ partner, user: gone }));
  expect(response).toMatchObject({ ...deleted(gone), upstream: ['GET /users/me', 'DELETE /users/me'] });
  await expectDeleted(gone);
});

test('deletes a user by its id and its ownership for its token', async () => {
  const gone = await newUser();
  const response = await send(gone.id, bearer(gone.token));
  expect(response).toMatchObject({ ...deleted(gone), upstream: [`DELETE /users/${gone.id}`] });
  await expectDeleted(gone);
});

test('does not find a deleted user', async () => {
  const gone = await newUser();
  await send(gone.id, key);
  expect(await send(gone.id, key)).toMatchObject(rejected(404, 'notFound'));
  expect(await send('me', bearer(gone.token))).toMatchObject({
    ...errorResponse(403, 'invalidToken'),
    upstream: ['GET /users/me'],
  });
});

test('returns no body when upstream returns none', async () => {
  const [one, another] = [await newUser(), await newUser()];
  const responses = await intercepting(
    async (_request, forward) => {
      await forward();
      return { status: 204, headers: {}, body: '' };
    },
    async () => [await send(one.id, key), await send('me', bearer(another.token))],
  );
  for (const response of responses) expect(response).toMatchObject({ status: 204, text: '' });
  for (const gone of [one, another]) await expectDeleted(gone);
});

test('rejects all for every caller', async () => {
  const credentials = [partner.client_secret, operator.client_secret, user.token, await gateway.manageToken()];
  for (const credential of credentials) {
    expect(await send('all', bearer(credential))).toMatchObject(rejected(403, 'forbidden'));
    expect(await send('%61ll', bearer(credential))).toMatchObject(rejected(403, 'forbidden'));
  }
  await expectUnchanged(user);
});

test('rejects me for a key', async () => {
  expect(await send('me', key)).toMatchObject(rejected(400, 'invalidValue'));
});

test('returns upstream’s error to a token for another user', async () => {
  const upstream = [`DELETE /users/${otherUser.id}`];
  expect(await send(otherUser.id, token)).toMatchObject({ ...errorResponse(403, 'forbidden'), upstream });
  await expectUnchanged(otherUser, other);
});

test('returns the same error for another partner’s user and for a missing one, and deletes neither', async () => {
  const gone = await newUser();
  await gateway.sandbox('DELETE', '/users/me', bearer(gone.token));
  const missing = await send('999999999999999999', key);
  expect(missing).toMatchObject(rejected(404, 'notFound'));
  expect(await send(otherUser.id, key)).toMatchObject({ upstream: [] });
  const responses = [
    await send(otherUser.id, key),
    await send(gone.id, key),
    await send(otherUser.id, bearer(operator.client_secret)),
  ];
  for (const response of responses) expect(withoutRequestId(response)).toEqual(withoutRequestId(missing));
  await expectUnchanged(otherUser, other);
});

test('a repeated deletion succeeds when the first response was lost', async () => {
  const gone = await newUser();
  await gateway.control('failures', { answer: 'lost', path: `/users/${gone.id}` });
  const path = `DELETE /users/${gone.id}`;
  expect(await send(gone.id, key)).toMatchObject({ status: 204, text: '', upstream: [path, path] });
  await expectDeleted(gone);
});

test('a repeated deletion of me succeeds when the first response was lost', async () => {
  const gone = await newUser();
  let attempts = 0;
  const response = await intercepting(
    async (_request, forward) => {
      const forwarded = await forward();
      return ++attempts === 1 ? 'broken' : forwarded;
    },
    () => send('me', bearer(gone.token)),
  );
  expect(response).toMatchObject({ status: 204, text: '' });
  expect(attempts).toBe(2);
  await expectDeleted(gone);
});

test('a token that upstream rejects at the first attempt deletes no user', async () => {
  const kept = await newUser();
  const invalid = JSON.stringify({ code: 'invalidToken', description: 'no' });
  const response = await intercepting(
    async () => ({ status: 403, headers: { 'content-type': 'application/json' }, body: invalid }),
    () => send('me', bearer(kept.token)),
  );
  expect(response).toMatchObject(errorResponse(403, 'invalidToken'));
  await expectUnchanged(kept);
});

const withoutId: Intercept = async () => ({ status: 200, headers: {}, body: '{"users":[]}' });

test('deletes no user when upstream does not return the id of me', async () => {
  const kept = await newUser();
  const response = await intercepting(withoutId, () => send('me', bearer(kept.token)), 'GET');
  expect(response).toMatchObject(errorResponse(502, 'badGateway'));
  await expectUnchanged(kept);
});

test('a token cannot end the ownership of another user, for any response of upstream', async () => {
  const broken = { status: 502, headers: {}, body: '' };
  const notFound = { status: 404, headers: { 'content-type': 'application/json' }, body: '{"code":"notFound"}' };
  const empty = { status: 204, headers: {}, body: '' };
  for (const responses of [
    [broken, notFound],
    [empty, empty],
  ]) {
    let attempts = 0;
    await intercepting(
      async () => responses[attempts++] ?? empty,
      () => send(otherUser.id, token),
    );
    expect(await gateway.ownerOf(otherUser.id)).toBe(other.client_id);
  }
});

// A repeated deletion whose first response was lost succeeds.
test.each(repeatedFailures.filter(([failure]) => failure !== 'lost'))(
  'returns the persistent upstream failure %s and deletes no user',
  async (answer, status, code, times) => {
    const kept = await newUser();
    const upstream = Array.from({ length: times }, () => `DELETE /users/${kept.id}`);
    for (const credential of [partner.client_secret, kept.token]) {
      await gateway.control('failures', { answer, path: `/users/${kept.id}`, times, retry_after: 7 });
      expect(await send(kept.id, bearer(credential))).toMatchObject({ ...errorResponse(status, code), upstream });
    }
    await expectUnchanged(kept);
  },
);

test.each(strayBodies)('ignores %s', async (_body, stray) => {
  const [one, another] = [await newUser(), await newUser()];
  expect(await send(`${one.id}?user=all`, stray, key)).toMatchObject(deleted(one));
  expect(await send('me', stray, bearer(another.token))).toMatchObject(deleted(another));
});

test('forwards expand and no other field', async () => {
  const gone = await newUser();
  await gateway.upstreamRequests();
  const path = `/users/${gone.id}?expand=connections&evil=1`;
  await gateway.call.handler('DELETE', path, combine(json({ evil: 1 }), key));
  const [sent] = await gateway.upstreamRequests();
  expect(sent).toMatchObject({ query: ['expand'], fields: [] });
  expect(sent?.headers.filter((name) => name !== 'content-length').toSorted()).toEqual(upstreamHeaders);
});

test.each([
  ...badIds.map(([what, id]) => [`an id that is ${what}`, id, id]),
  ...badExpands.map(([what, expand]) => [
    `an expand that is ${what}`,
    `${user.id}?expand=${expand}`,
    `me?expand=${expand}`,
  ]),
])('rejects %s', async (_what, withKey = '', withToken = '') => {
  expect(await send(withKey, key)).toMatchObject(rejected(400, 'invalidValue'));
  expect(await send(withToken, token)).toMatchObject(rejected(400, 'invalidValue'));
});

describe.each([
  ['an id', user.id],
  ['me', 'me'],
  ['all', 'all'],
])('with %s', (_what, id) => {
  testCredentials(context, (request) => send(id, request), [...basicCredentials, ...apiKeys]);
});

test('without the table, rejects a key and deletes me for a token', async () => {
  const gone = await newUser();
  await send('999999999999999999', key);
  gateway.logs();
  await withoutTable(async () => {
    expect(await send(gone.id, key)).toMatchObject(rejected(503, 'unavailable'));
    expect(await send('me', bearer(gone.token))).toMatchObject(deleted(gone));
  });
  expect(gateway.logs().at(-1)).toMatchObject({ status: 200, OwnershipLeft: 1 });
  expect(await send(gone.id, key)).toMatchObject(errorResponse(404, 'notFound'));
});
