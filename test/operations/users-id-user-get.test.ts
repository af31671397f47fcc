import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { later, withoutTable } from '../conditions.ts';
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
import { refused, refusedAtOnce, watched, withoutRequestId } from '../refused.ts';
import { badExpands, badIds } from './ids.ts';

interface User {
  id: string;
  token: string;
}

let gateway: Gateway;
let who: Who & { user: User };
let operator: DemoPartner;
let foreign: User;

beforeAll(async () => {
  gateway = await startGateway();
  const partner = await gateway.newPartner();
  const other = await gateway.newPartner();
  operator = gateway.file.manager;
  who = { partner, user: await gateway.newUser(partner) };
  foreign = await gateway.newUser(other);
});
afterAll(() => gateway.close());

const bearer = (token: string) => authorization(`Bearer ${token}`);
const key = () => bearer(who.partner.client_secret);
const token = () => bearer(who.user.token);
const view = (id: string) => ({
  id: Number(id),
  signin: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) as string,
  platform: 'sharedAccess',
});
const found = (id: string, asked = id) => ({
  status: 200,
  headers: { 'cache-control': 'no-store' },
  body: view(id),
  upstream: [`GET /users/${asked}`],
});

describe.each(ways)('GET /users/{id_user} by %s', (way) => {
  const ask = (id: string, request: TestRequest) =>
    watched(gateway, () => gateway.ask[way]('GET', `/users/${id}`, request));

  test.each(managerKeys)('shows an own user to %s', async (_form, request) => {
    expect(await ask(who.user.id, request(who))).toMatchObject(found(who.user.id));
  });

  test.each(tokens)('shows a user itself to %s', async (_form, request) => {
    expect(await ask('me', request(who))).toMatchObject(found(who.user.id, 'me'));
    expect(await ask(who.user.id, request(who))).toMatchObject(found(who.user.id));
  });

  test('knows a user id however it is percent-encoded', async () => {
    const encoded = who.user.id.replace(/\d/g, (digit) => `%3${digit}`);
    expect(await ask(encoded, key())).toMatchObject(found(who.user.id));
    expect(await ask('%6de', token())).toMatchObject(found(who.user.id, 'me'));
  });

  test('forwards what to expand and nothing else', async () => {
    for (const request of [key(), token()]) {
      expect(await ask(`${who.user.id}?expand=connections&evil=1&user=2`, request)).toMatchObject({
        body: { id: Number(who.user.id), connections: [] },
      });
    }
    await gateway.upstreamRequests();
    await gateway.ask[way]('GET', `/users/me?expand=connections&evil=1`, token());
    expect(await gateway.upstreamRequests()).toMatchObject([{ query: ['expand'], fields: [] }]);
  });

  test.each<[string, TestRequest]>([
    ['a media type', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['a body', json({ id_user: 'all' })],
    ['half a body', { headers: { 'content-type': 'application/json' }, body: '{' }],
    ['credentials in a body', json({ client_id: '10000000', client_secret: 'bgk_1' })],
  ])('ignores %s that has no business here', async (_stray, stray) => {
    expect(await ask(who.user.id, combined(stray, key()))).toMatchObject(found(who.user.id));
    expect(await ask('me', combined(stray, token()))).toMatchObject(found(who.user.id, 'me'));
  });

  test('knows no me for a key, even one with the grant for all', async () => {
    for (const { client_secret } of [who.partner, operator]) {
      expect(await ask('me', bearer(client_secret))).toMatchObject(refusedAtOnce(400, 'invalidValue'));
    }
  });

  test('shows all to a key with the grant alone', async () => {
    expect(await ask('all', key())).toMatchObject({
      ...refusedAtOnce(403, 'forbidden'),
      body: { description: 'This needs the grant users:all.' },
    });
    const { status, body, upstream } = await ask('all', bearer(operator.client_secret));
    expect({ status, upstream }).toEqual({ status: 200, upstream: ['GET /users/all'] });
    const users = [who.user.id, foreign.id].map(view);
    expect((body as { users: unknown[] }).users).toEqual(expect.arrayContaining(users));
  });

  test('takes a grant at once, and forgets it within a minute', async () => {
    const partner = await gateway.newPartner();
    const all = () => ask('all', bearer(partner.client_secret));
    expect(await all()).toMatchObject(refusedAtOnce(403, 'forbidden'));
    await gateway.changePartner(partner, { grants: ['users:all'] });
    expect(await later(2, all)).toMatchObject({ status: 200 });
    await gateway.changePartner(partner, { grants: [] });
    expect(await later(63, all)).toMatchObject(refusedAtOnce(403, 'forbidden'));
  });

  test('leaves all and other users to upstream for a token, which refuses', async () => {
    for (const id of ['all', foreign.id, '999999999999999999']) {
      const upstream = [`GET /users/${id}`];
      expect(await ask(id, token())).toMatchObject({ ...refused(403, 'forbidden'), upstream });
    }
  });

  test('tells nobody a foreign user from a missing one', async () => {
    const gone = await gateway.newUser(who.partner);
    await gateway.sandbox('DELETE', '/users/me', bearer(gone.token));
    const missing = await ask('999999999999999999', key());
    expect(missing).toMatchObject(refusedAtOnce(404, 'notFound'));
    expect(await ask(foreign.id, key())).toMatchObject({ upstream: [] });
    expect(await ask(gone.id, key())).toMatchObject({ upstream: [`GET /users/${gone.id}`] });
    const wide = bearer(operator.client_secret);
    const answers = [
      await ask(foreign.id, key()),
      await ask(`${foreign.id}?expand=connections`, key()),
      await ask(gone.id, key()),
      await ask(foreign.id, wide),
      await ask(who.user.id, wide),
    ];
    for (const answer of answers) expect(withoutRequestId(answer)).toEqual(withoutRequestId(missing));
  });

  test.each(badIds)('refuses an id that is %s', async (_what, id) => {
    expect(await ask(id, key())).toMatchObject(refusedAtOnce(400, 'invalidValue'));
    expect(await ask(id, token())).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });

  test.each(badExpands)('refuses an expand that is %s', async (_what, expand) => {
    const path = `${who.user.id}?expand=${expand}`;
    expect(await ask(path, key())).toMatchObject(refusedAtOnce(400, 'invalidValue'));
    expect(await ask(path, token())).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });

  test.each(nobody)('refuses %s', async (_form, request) => {
    expect(await ask(who.user.id, request(who))).toMatchObject(refusedAtOnce(401, 'unauthorized'));
  });

  test.each([...clients, ...apiKeys])('refuses %s', async (_form, request) => {
    for (const id of [who.user.id, 'me', 'all']) {
      expect(await ask(id, request(who))).toMatchObject(refusedAtOnce(403, 'forbidden'));
    }
  });

  test.each(malformedTokens)('refuses %s', async (_form, request) => {
    expect(await ask('me', request(who))).toMatchObject(refusedAtOnce(403, 'invalidToken'));
  });

  test.each(repeated)('refuses %s', async (_form, request) => {
    expect(await ask('me', request(who))).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });

  test.each(['lost', 'bug', 'html'])('repeats once when upstream’s answer is %s', async (answer) => {
    const { id } = who.user;
    const twice = { ...found(id), upstream: [`GET /users/${id}`, `GET /users/${id}`] };
    for (const request of [key(), token()]) {
      await gateway.control('failures', { answer, path: `/users/${id}` });
      expect(await ask(id, request)).toMatchObject(twice);
    }
  });

  test.each<[string, number, string, number]>([
    ['lost', 502, 'badGateway', 2],
    ['bug', 502, 'bug', 2],
    ['html', 502, 'badGateway', 2],
    ['maintenance', 503, 'maintenance', 1],
    ['tooManyRequests', 429, 'tooManyRequests', 1],
  ])('tells the failure when upstream is %s for longer', async (answer, status, code, attempts) => {
    const { id } = who.user;
    const upstream = Array.from({ length: attempts }, () => `GET /users/${id}`);
    for (const request of [key(), token()]) {
      await gateway.control('failures', { answer, path: `/users/${id}`, times: attempts, retry_after: 7 });
      expect(await ask(id, request)).toMatchObject({ ...refused(status, code), upstream });
    }
  });

  test('answers 503, and asks nothing, when the table cannot say whose the user is', async () => {
    await ask(who.user.id, key());
    await withoutTable(async () => {
      expect(await ask(who.user.id, key())).toMatchObject(refusedAtOnce(503, 'unavailable'));
      expect(await ask('me', token())).toMatchObject(found(who.user.id, 'me'));
    });
  });
});
