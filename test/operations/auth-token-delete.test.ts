import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorization, json, startGateway, ways, type Gateway } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import {
  apiKeys,
  clients,
  combined,
  malformedTokens,
  managerKeys,
  nobody,
  repeated,
  tokens,
  type Who,
} from '../presented.ts';
import { refused, refusedAtOnce, watched } from '../refused.ts';

let gateway: Gateway;
let who: Who;

beforeAll(async () => {
  gateway = await startGateway();
  const partner = await gateway.newPartner();
  who = { partner, user: await gateway.newUser(partner) };
});
afterAll(() => gateway.close());

const gone = { status: 204, text: '', headers: { 'cache-control': 'no-store' } };
const once = ['DELETE /auth/token'];
const bearer = (token: string) => authorization(`Bearer ${token}`);
const newUser = () => gateway.newUser(who.partner);
const isKnown = async (token: string) => (await gateway.sandbox('GET', '/users/me', bearer(token))).status === 200;

describe.each(ways)('DELETE /auth/token by %s', (way) => {
  const ask = (request: TestRequest, query = '') =>
    watched(gateway, () => gateway.ask[way]('DELETE', `/auth/token${query}`, request));

  test.each(tokens)('removes the token of %s', async (_form, request) => {
    const user = await newUser();
    expect(await ask(request({ ...who, user }))).toMatchObject({ ...gone, upstream: once });
    expect(await isKnown(user.token)).toBe(false);
  });

  test('removes no other token of the user', async () => {
    const user = await newUser();
    const { body } = await gateway.ask.http(
      'POST',
      `/users/${user.id}/token`,
      combined(bearer(who.partner.client_secret), json({ application: 'sharedAccess' })),
    );
    await ask(bearer(user.token));
    expect(await isKnown((body as { token: string }).token)).toBe(true);
  });

  test('removes a JWT of a user', async () => {
    const { body } = await gateway.ask.http('POST', '/auth/jwt', json(who.partner));
    const { jwt_token } = body as { jwt_token: string };
    expect(await ask(bearer(jwt_token))).toMatchObject({ ...gone, upstream: once });
    expect(await isKnown(jwt_token)).toBe(false);
  });

  test.each<[string, TestRequest]>([
    ['a media type', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['a body', json({ token: 'other' })],
    ['half a body', { headers: { 'content-type': 'application/json' }, body: '{' }],
    ['a body of an unknown media type', { headers: { 'content-type': 'text/plain' }, body: 'x' }],
  ])('ignores %s that has no business here', async (_stray, stray) => {
    const { token } = await newUser();
    expect(await ask(combined(bearer(token), stray), '?evil=1')).toMatchObject({ ...gone, upstream: once });
    expect(await isKnown(token)).toBe(false);
  });

  test('refuses a token that is removed already, in upstream’s words', async () => {
    const { token } = await newUser();
    await ask(bearer(token));
    const again = await ask(bearer(token));
    expect(again).toMatchObject({ ...refused(403, 'invalidToken'), upstream: once });
    expect(again.body).toMatchObject({ description: 'The token is invalid or has expired' });
  });

  test.each(['lost', 'bug', 'html'])('repeats once when upstream’s answer is %s', async (answer) => {
    const { token } = await newUser();
    await gateway.control('failures', { answer, path: '/auth/token' });
    expect(await ask(bearer(token))).toMatchObject({ ...gone, upstream: [...once, ...once] });
    expect(await isKnown(token)).toBe(false);
  });

  test.each<[string, number, string, number]>([
    ['bug', 502, 'bug', 2],
    ['html', 502, 'badGateway', 2],
    ['maintenance', 503, 'maintenance', 1],
    ['tooManyRequests', 429, 'tooManyRequests', 1],
  ])('tells the failure when upstream is %s for longer', async (answer, status, code, attempts) => {
    const { token } = await newUser();
    await gateway.control('failures', { answer, path: '/auth/token', times: attempts, retry_after: 7 });
    const upstream = Array.from({ length: attempts }, () => 'DELETE /auth/token');
    expect(await ask(bearer(token))).toMatchObject({ ...refused(status, code), upstream });
  });

  test('leaves a manage JWT alone, even when the first answer is lost', async () => {
    const { jwt_token } = await gateway.secret<{ jwt_token: string }>('manage-token');
    expect(await ask(bearer(jwt_token))).toMatchObject(refused(403, 'forbidden'));
    await gateway.control('failures', { answer: 'html', path: '/auth/token' });
    expect(await ask(bearer(jwt_token))).toMatchObject({ ...refused(403, 'forbidden'), upstream: [...once, ...once] });
  });

  test.each(nobody)('refuses %s', async (_form, request) => {
    expect(await ask(request(who))).toMatchObject(refusedAtOnce(401, 'unauthorized'));
  });

  test.each([...managerKeys, ...clients, ...apiKeys])('refuses %s', async (_form, request) => {
    expect(await ask(request(who))).toMatchObject(refusedAtOnce(403, 'forbidden'));
  });

  test.each(malformedTokens)('refuses %s', async (_form, request) => {
    expect(await ask(request(who))).toMatchObject(refusedAtOnce(403, 'invalidToken'));
  });

  test.each(repeated)('refuses %s', async (_form, request) => {
    expect(await ask(request(who))).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });
});
