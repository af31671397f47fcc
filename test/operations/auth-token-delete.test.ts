import { expect, test } from 'vitest';
import { strayBodies } from '../bodies.ts';
import { apiKeys, basicCredentials, bearerKeys, tokens } from '../credentials.ts';
import { bearer, json, transports } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { errorResponse, repeatedFailures } from '../responses.ts';
import { startOperationContext, testCredentials, testRetries } from './fixture.ts';

const context = await startOperationContext();
const { gateway, partner, key, call } = context;

const revoked = { status: 204, text: '', headers: { 'cache-control': 'no-store' } };
const upstream = ['DELETE /auth/token'];
const send = (...requests: TestRequest[]) => call('DELETE', '/auth/token', ...requests);
const isValid = async (token: string) => (await gateway.sandbox('GET', '/users/me', bearer(token))).status === 200;

test.each(transports)('DELETE /auth/token by %s', async (transport) => {
  const { token } = await gateway.newUser(partner);
  expect(await gateway.call[transport]('DELETE', '/auth/token', bearer(token))).toMatchObject(revoked);
  expect(await gateway.call[transport]('DELETE', '/auth/token')).toMatchObject(errorResponse(401, 'unauthorized'));
});

test.each(tokens)('revokes the token of %s', async (_form, request) => {
  const user = await gateway.newUser(partner);
  expect(await send(request({ partner, user }))).toMatchObject({ ...revoked, upstream });
  expect(await isValid(user.token)).toBe(false);
});

test('revokes no other token of the user', async () => {
  const { id, token } = await gateway.newUser(partner);
  const { body } = await call('POST', `/users/${id}/token`, key, json({ application: 'sharedAccess' }));
  await send(bearer(token));
  expect(await isValid((body as { token: string }).token)).toBe(true);
});

test('revokes a JWT of a user', async () => {
  const { body } = await call('POST', '/auth/jwt', json(partner));
  const { jwt_token } = body as { jwt_token: string };
  expect(await send(bearer(jwt_token))).toMatchObject({ ...revoked, upstream });
  expect(await isValid(jwt_token)).toBe(false);
});

test.each(strayBodies)('ignores %s', async (_body, stray) => {
  const { token } = await gateway.newUser(partner);
  expect(await call('DELETE', '/auth/token?evil=1', bearer(token), stray)).toMatchObject({ ...revoked, upstream });
  expect(await isValid(token)).toBe(false);
});

test('returns upstream’s rejection of a revoked token', async () => {
  const { token } = await gateway.newUser(partner);
  await send(bearer(token));
  const again = await send(bearer(token));
  expect(again).toMatchObject({ ...errorResponse(403, 'invalidToken'), upstream });
  expect(again.body).toMatchObject({ description: 'The token is invalid or has expired' });
});

async function sendNewToken() {
  const { token } = await gateway.newUser(partner);
  const response = await send(bearer(token));
  return { ...response, isValid: await isValid(token) };
}
// A repeated request whose first response was lost finds the token revoked.
const persistent = repeatedFailures.filter(([failure]) => failure !== 'lost');
testRetries(context, 'DELETE /auth/token', sendNewToken, { ...revoked, isValid: false }, persistent);

test('does not revoke a manage JWT, also when the first response is lost', async () => {
  const manageToken = bearer(await gateway.manageToken());
  expect(await send(manageToken)).toMatchObject(errorResponse(403, 'forbidden'));
  await gateway.control('failures', { answer: 'html', path: '/auth/token' });
  const twice = { ...errorResponse(403, 'forbidden'), upstream: [...upstream, ...upstream] };
  expect(await send(manageToken)).toMatchObject(twice);
});

testCredentials(context, send, [...bearerKeys, ...basicCredentials, ...apiKeys]);
