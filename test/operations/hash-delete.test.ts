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
import { connect, connectionsOf } from '../webauth/browser.ts';

let gateway: Gateway;
let who: Who;

beforeAll(async () => {
  gateway = await startGateway();
  const partner = await gateway.newPartner();
  who = { partner, user: await gateway.newUser(partner) };
});
afterAll(() => gateway.close());

const emptied = { status: 204, text: '', headers: { 'cache-control': 'no-store' } };
const once = ['DELETE /hash'];
const bearer = (token: string) => authorization(`Bearer ${token}`);

describe.each(ways)('DELETE /hash by %s', (way) => {
  const ask = (request: TestRequest, query = '') =>
    watched(gateway, () => gateway.ask[way]('DELETE', `/hash${query}`, request));

  test('deletes the connections of the user and of nobody else', async () => {
    const [one, other] = [await gateway.newUser(who.partner), await gateway.newUser(who.partner)];
    for (const { token } of [one, one, other]) await connect(gateway, token);
    expect(await connectionsOf(gateway, one.token)).toHaveLength(2);
    expect(await ask(bearer(one.token))).toMatchObject({ ...emptied, upstream: once });
    expect(await connectionsOf(gateway, one.token)).toEqual([]);
    expect(await connectionsOf(gateway, other.token)).toHaveLength(1);
  });

  test('leaves the user, its token and its owner', async () => {
    const { id, token } = await gateway.newUser(who.partner);
    await ask(bearer(token));
    for (const credential of [token, who.partner.client_secret]) {
      expect(await gateway.ask[way]('GET', `/users/${id}`, bearer(credential))).toMatchObject({ status: 200 });
    }
  });

  test.each(tokens)('takes %s, with or without connections', async (_form, request) => {
    expect(await ask(request(who))).toMatchObject({ ...emptied, upstream: once });
  });

  test.each<[string, TestRequest]>([
    ['a media type', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['a body', json({ id_user: 1 })],
    ['half a body', { headers: { 'content-type': 'application/json' }, body: '{' }],
    ['a body of an unknown media type', { headers: { 'content-type': 'text/plain' }, body: 'x' }],
  ])('ignores %s that has no business here', async (_stray, stray) => {
    expect(await ask(combined(bearer(who.user.token), stray), '?id_user=1')).toMatchObject({
      ...emptied,
      upstream: once,
    });
  });

  test.each(['lost', 'bug', 'html'])('repeats once when upstream’s answer is %s', async (answer) => {
    const { token } = await gateway.newUser(who.partner);
    await connect(gateway, token);
    await gateway.control('failures', { answer, path: '/hash' });
    expect(await ask(bearer(token))).toMatchObject({ ...emptied, upstream: [...once, ...once] });
    expect(await connectionsOf(gateway, token)).toEqual([]);
  });

  test.each<[string, number, string, number]>([
    ['lost', 502, 'badGateway', 2],
    ['bug', 502, 'bug', 2],
    ['html', 502, 'badGateway', 2],
    ['maintenance', 503, 'maintenance', 1],
    ['tooManyRequests', 429, 'tooManyRequests', 1],
  ])('tells the failure when upstream is %s for longer', async (answer, status, code, attempts) => {
    await gateway.control('failures', { answer, path: '/hash', times: attempts, retry_after: 7 });
    const upstream = Array.from({ length: attempts }, () => 'DELETE /hash');
    expect(await ask(bearer(who.user.token))).toMatchObject({ ...refused(status, code), upstream });
  });

  test.each(['bm9ib2R5J3MgdG9rZW4=', 'a.b.c', '~'])('passes upstream’s refusal of the token %s on', async (token) => {
    expect(await ask(bearer(token))).toMatchObject({ ...refused(403, 'invalidToken'), upstream: once });
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
