import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { withoutTable } from '../conditions.ts';
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
import { startProxy, type Meddle } from '../proxy.ts';
import { refused, refusedAtOnce, watched, withoutRequestId } from '../refused.ts';
import { badExpands, badIds } from './ids.ts';

interface User {
  id: string;
  token: string;
}

let gateway: Gateway;
let who: Who & { user: User };
let foreign: User;
let operator: DemoPartner;

beforeAll(async () => {
  gateway = await startGateway();
  const partner = await gateway.newPartner();
  who = { partner, user: await gateway.newUser(partner) };
  foreign = await gateway.newUser(await gateway.newPartner());
  operator = gateway.file.manager;
});
afterAll(() => gateway.close());

const bearer = (token: string) => authorization(`Bearer ${token}`);
const key = () => bearer(who.partner.client_secret);
const token = () => bearer(who.user.token);
const newUser = () => gateway.newUser(who.partner);
const deleted = ({ id }: User) => ({ status: 200, headers: { 'cache-control': 'no-store' }, body: { id: Number(id) } });
const nobodyInParticular: Meddle = async () => ({ status: 200, headers: {}, body: '{"users":[]}' });
/** Does as it is told, and answers without a body. */
const empty: Meddle = async (_request, forward) => {
  await forward();
  return { status: 204, headers: {}, body: '' };
};

async function ownerOf(id: string): Promise<string | undefined> {
  const { ownershipOf } = await import('#lib/partners/ownership.ts');
  return (await ownershipOf(id))?.owner;
}

async function isThere({ id }: User): Promise<boolean> {
  const { jwt_token } = await gateway.secret<{ jwt_token: string }>('manage-token');
  return (await gateway.sandbox('GET', `/users/${id}`, bearer(jwt_token))).status === 200;
}

/** Puts a proxy between gateway and sandbox that meddles with one method. */
async function meddling<T>(meddle: Meddle, during: () => Promise<T>, method = 'DELETE'): Promise<T> {
  const { origin } = new URL(gateway.file.sandbox ?? '');
  const proxy = await startProxy(
    () => origin,
    (request, forward) => (request.method === method ? meddle(request, forward) : forward()),
  );
  try {
    return await gateway.withUpstream(`${proxy.url}/2.0`, during);
  } finally {
    await proxy.close();
  }
}

describe.each(ways)('DELETE /users/{id_user} by %s', (way) => {
  const remove = (id: string, request: TestRequest) => gateway.ask[way]('DELETE', `/users/${id}`, request);
  const ask = (id: string, request: TestRequest) => watched(gateway, () => remove(id, request));

  test.each(managerKeys)('deletes an own user for %s, and ends its ownership', async (_form, request) => {
    const user = await newUser();
    expect(await ask(user.id, request(who))).toMatchObject({
      ...deleted(user),
      upstream: [`DELETE /users/${user.id}`],
    });
    expect(await isThere(user)).toBe(false);
    expect(await ownerOf(user.id)).toBeUndefined();
  });

  test.each(tokens)('deletes me for %s, and ends its ownership', async (_form, request) => {
    const user = await newUser();
    expect(await ask('me', request({ ...who, user }))).toMatchObject({
      ...deleted(user),
      upstream: ['GET /users/me', 'DELETE /users/me'],
    });
    expect(await isThere(user)).toBe(false);
    expect(await ownerOf(user.id)).toBeUndefined();
  });

  test('deletes a user by its own id for its token, and ends its ownership', async () => {
    const user = await newUser();
    const upstream = [`DELETE /users/${user.id}`];
    expect(await ask(user.id, bearer(user.token))).toMatchObject({ ...deleted(user), upstream });
    expect(await isThere(user)).toBe(false);
    expect(await ownerOf(user.id)).toBeUndefined();
  });

  test('finds a deleted user no more', async () => {
    const user = await newUser();
    await remove(user.id, key());
    expect(await ask(user.id, key())).toMatchObject(refusedAtOnce(404, 'notFound'));
    expect(await ask('me', bearer(user.token))).toMatchObject({
      ...refused(403, 'invalidToken'),
      upstream: ['GET /users/me'],
    });
  });

  test('gives no body when upstream gives none', async () => {
    const [one, other] = [await newUser(), await newUser()];
    const answers = await meddling(empty, async () => [
      await remove(one.id, key()),
      await remove('me', bearer(other.token)),
    ]);
    for (const answer of answers) expect(answer).toMatchObject({ status: 204, text: '' });
    for (const { id } of [one, other]) expect(await ownerOf(id)).toBeUndefined();
  });

  test('deletes one user at a time, whoever asks', async () => {
    const { jwt_token } = await gateway.secret<{ jwt_token: string }>('manage-token');
    for (const credential of [who.partner.client_secret, operator.client_secret, who.user.token, jwt_token]) {
      expect(await ask('all', bearer(credential))).toMatchObject(refusedAtOnce(403, 'forbidden'));
      expect(await ask('%61ll', bearer(credential))).toMatchObject(refusedAtOnce(403, 'forbidden'));
    }
    expect(await isThere(who.user)).toBe(true);
  });

  test('knows no me for a key', async () => {
    expect(await ask('me', key())).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });

  test('leaves other users to upstream for a token, which refuses', async () => {
    const upstream = [`DELETE /users/${foreign.id}`];
    expect(await ask(foreign.id, token())).toMatchObject({ ...refused(403, 'forbidden'), upstream });
    expect(await isThere(foreign)).toBe(true);
    expect(await ownerOf(foreign.id)).toBeDefined();
  });

  test('tells nobody a foreign user from a missing one, and deletes none', async () => {
    const gone = await newUser();
    await gateway.sandbox('DELETE', '/users/me', bearer(gone.token));
    const missing = await ask('999999999999999999', key());
    expect(missing).toMatchObject(refusedAtOnce(404, 'notFound'));
    expect(await ask(foreign.id, key())).toMatchObject({ upstream: [] });
    const answers = [
      await ask(foreign.id, key()),
      await ask(gone.id, key()),
      await ask(foreign.id, bearer(operator.client_secret)),
    ];
    for (const answer of answers) expect(withoutRequestId(answer)).toEqual(withoutRequestId(missing));
    expect(await isThere(foreign)).toBe(true);
    expect(await ownerOf(foreign.id)).toBeDefined();
  });

  test('a repeated deletion succeeds when the first answer was lost', async () => {
    const user = await newUser();
    await gateway.control('failures', { answer: 'lost', path: `/users/${user.id}` });
    const path = `DELETE /users/${user.id}`;
    expect(await ask(user.id, key())).toMatchObject({ status: 204, text: '', upstream: [path, path] });
    expect(await isThere(user)).toBe(false);
    expect(await ownerOf(user.id)).toBeUndefined();
  });

  test('a repeated deletion of me succeeds when the first answer was lost', async () => {
    const user = await newUser();
    let answers = 0;
    const answer = await meddling(
      async (_request, forward) => {
        const answered = await forward();
        return ++answers === 1 ? 'broken' : answered;
      },
      () => remove('me', bearer(user.token)),
    );
    expect(answer).toMatchObject({ status: 204, text: '' });
    expect(answers).toBe(2);
    expect(await isThere(user)).toBe(false);
    expect(await ownerOf(user.id)).toBeUndefined();
  });

  test('a token that is not known at the first attempt has not deleted anyone', async () => {
    const user = await newUser();
    const invalid = JSON.stringify({ code: 'invalidToken', description: 'no' });
    const answer = await meddling(
      async () => ({ status: 403, headers: { 'content-type': 'application/json' }, body: invalid }),
      () => remove('me', bearer(user.token)),
    );
    expect(answer).toMatchObject(refused(403, 'invalidToken'));
    expect(await ownerOf(user.id)).toBe(who.partner.client_id);
  });

  test('deletes nobody when upstream does not say who me is', async () => {
    const user = await newUser();
    const answer = await meddling(nobodyInParticular, () => remove('me', bearer(user.token)), 'GET');
    expect(answer).toMatchObject(refused(502, 'badGateway'));
    expect(await isThere(user)).toBe(true);
    expect(await ownerOf(user.id)).toBe(who.partner.client_id);
  });

  test('a token cannot end the ownership of another user, whatever upstream answers', async () => {
    const broken = { status: 502, headers: {}, body: '' };
    const hidden = { status: 404, headers: { 'content-type': 'application/json' }, body: '{"code":"notFound"}' };
    const done = { status: 204, headers: {}, body: '' };
    for (const [first, second] of [
      [broken, hidden],
      [done, done],
    ] as const) {
      let attempts = 0;
      await meddling(
        async () => (++attempts === 1 ? first : second),
        () => remove(foreign.id, token()),
      );
      expect(await ownerOf(foreign.id)).toBeDefined();
    }
  });

  test.each<[string, number, string, number]>([
    ['bug', 502, 'bug', 2],
    ['html', 502, 'badGateway', 2],
    ['maintenance', 503, 'maintenance', 1],
    ['tooManyRequests', 429, 'tooManyRequests', 1],
  ])('tells the failure when upstream is %s for longer, and the user stays', async (answer, status, code, attempts) => {
    const user = await newUser();
    const upstream = Array.from({ length: attempts }, () => `DELETE /users/${user.id}`);
    for (const credential of [who.partner.client_secret, user.token]) {
      await gateway.control('failures', { answer, path: `/users/${user.id}`, times: attempts, retry_after: 7 });
      expect(await ask(user.id, bearer(credential))).toMatchObject({ ...refused(status, code), upstream });
    }
    expect(await isThere(user)).toBe(true);
    expect(await ownerOf(user.id)).toBe(who.partner.client_id);
  });

  test.each<[string, TestRequest]>([
    ['a media type', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['a body', json({ id_user: 'all' })],
    ['half a body', { headers: { 'content-type': 'application/json' }, body: '{' }],
    ['a body of an unknown media type', { headers: { 'content-type': 'text/plain' }, body: 'x' }],
  ])('ignores %s that has no business here', async (_stray, stray) => {
    const [one, other] = [await newUser(), await newUser()];
    expect(await ask(`${one.id}?user=all`, combined(stray, key()))).toMatchObject(deleted(one));
    expect(await ask('me', combined(stray, bearer(other.token)))).toMatchObject(deleted(other));
  });

  test('forwards what to expand and nothing else', async () => {
    const user = await newUser();
    await gateway.upstreamRequests();
    await remove(`${user.id}?expand=connections&evil=1`, combined(json({ evil: 1 }), key()));
    const own = ['accept', 'authorization', 'connection', 'host', 'user-agent', 'x-request-id'];
    const [sent] = await gateway.upstreamRequests();
    expect(sent).toMatchObject({ query: ['expand'], fields: [] });
    expect(sent?.headers.filter((name) => name !== 'content-length').toSorted()).toEqual(own);
  });

  test.each(badIds)('refuses an id that is %s', async (_what, id) => {
    expect(await ask(id, key())).toMatchObject(refusedAtOnce(400, 'invalidValue'));
    expect(await ask(id, token())).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });

  test.each(badExpands)('refuses an expand that is %s', async (_what, expand) => {
    expect(await ask(`${who.user.id}?expand=${expand}`, key())).toMatchObject(refusedAtOnce(400, 'invalidValue'));
    expect(await ask(`me?expand=${expand}`, token())).toMatchObject(refusedAtOnce(400, 'invalidValue'));
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

  test('without the table, refuses a key and still lets a user go', async () => {
    const user = await newUser();
    await ask('999999999999999999', key());
    gateway.logs();
    await withoutTable(async () => {
      expect(await ask(user.id, key())).toMatchObject(refusedAtOnce(503, 'unavailable'));
      expect(await ask('me', bearer(user.token))).toMatchObject(deleted(user));
    });
    expect(gateway.logs().at(-1)).toMatchObject({ status: 200, OwnershipLeft: 1 });
    expect(await ask(user.id, key())).toMatchObject(refused(404, 'notFound'));
  });
});
