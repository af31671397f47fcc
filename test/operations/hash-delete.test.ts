import { expect, test } from 'vitest';
import { strayBodies } from '../bodies.ts';
import { apiKeys, basicCredentials, bearerKeys, tokens } from '../credentials.ts';
import { bearer, transports } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { errorResponse } from '../responses.ts';
import { connect, connectionsOf } from '../webauth/browser.ts';
import { startOperationContext, testCredentials, testRetries } from './fixture.ts';

const context = await startOperationContext();
const { gateway, partner, user, token, call } = context;

const emptied = { status: 204, text: '', headers: { 'cache-control': 'no-store' } };
const upstream = ['DELETE /hash'];
const send = (...requests: TestRequest[]) => call('DELETE', '/hash', ...requests);

test.each(transports)('DELETE /hash by %s', async (transport) => {
  expect(await gateway.call[transport]('DELETE', '/hash', token)).toMatchObject(emptied);
  expect(await gateway.call[transport]('DELETE', '/hash')).toMatchObject(errorResponse(401, 'unauthorized'));
});

test('deletes the connections of the user and of no other user', async () => {
  const [one, other] = [await gateway.newUser(partner), await gateway.newUser(partner)];
  for (const each of [one, one, other]) await connect(gateway, each.token);
  expect(await connectionsOf(gateway, one.token)).toHaveLength(2);
  expect(await send(bearer(one.token))).toMatchObject({ ...emptied, upstream });
  expect(await connectionsOf(gateway, one.token)).toEqual([]);
  expect(await connectionsOf(gateway, other.token)).toHaveLength(1);
});

test('keeps the user, its token and its owner', async () => {
  const kept = await gateway.newUser(partner);
  await send(bearer(kept.token));
  for (const credential of [kept.token, partner.client_secret]) {
    expect(await call('GET', `/users/${kept.id}`, bearer(credential))).toMatchObject({ status: 200 });
  }
});

test.each(tokens)('accepts %s, with or without connections', async (_form, request) => {
  expect(await send(request({ partner, user }))).toMatchObject({ ...emptied, upstream });
});

test.each(strayBodies)('ignores %s', async (_body, stray) => {
  expect(await call('DELETE', '/hash?id_user=1', token, stray)).toMatchObject({ ...emptied, upstream });
});

async function sendForNewUser() {
  const created = await gateway.newUser(partner);
  await connect(gateway, created.token);
  const response = await send(bearer(created.token));
  return { ...response, connections: await connectionsOf(gateway, created.token) };
}
testRetries(context, 'DELETE /hash', sendForNewUser, { ...emptied, connections: [] });

test.each(['bm9ib2R5J3MgdG9rZW4=', 'a.b.c', '~'])('returns upstream’s rejection of the token %s', async (unknown) => {
  expect(await send(bearer(unknown))).toMatchObject({ ...errorResponse(403, 'invalidToken'), upstream });
});

testCredentials(context, send, [...bearerKeys, ...basicCredentials, ...apiKeys]);
