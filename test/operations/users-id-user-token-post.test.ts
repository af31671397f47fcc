import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { largestBody, unreadableBodies } from '../bodies.ts';
import { withoutTable } from '../conditions.ts';
import { authorization, form, json, multipart, startGateway, ways, type Gateway } from '../gateway.ts';
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
import { refused, refusedAtOnce, upstreamFailures, watched, withoutRequestId } from '../refused.ts';
import { badIds } from './ids.ts';

interface User {
  id: string;
  token: string;
}

let gateway: Gateway;
let who: Who & { user: User };
let foreign: User;

beforeAll(async () => {
  gateway = await startGateway();
  const partner = await gateway.newPartner();
  who = { partner, user: await gateway.newUser(partner) };
  foreign = await gateway.newUser(await gateway.newPartner());
});
afterAll(() => gateway.close());

const bearer = (token: string) => authorization(`Bearer ${token}`);
const key = () => bearer(who.partner.client_secret);
const token = () => bearer(who.user.token);
const application = json({ application: 'sharedAccess' });
const issued = (id: string) => ({
  status: 200,
  headers: { 'cache-control': 'no-store' },
  body: { token: expect.stringMatching(/^[\w+/=]{128}$/) as string },
  // The answer does not say which user `me` is.
  upstream: [`POST /users/${id}/token`, ...(id === 'me' ? ['GET /users/me'] : [])],
});
const bodies: [string, (fields: Record<string, string>) => TestRequest][] = [
  ['JSON', json],
  ['a form', form],
  ['multipart', multipart],
];

describe.each(ways)('POST /users/{id_user}/token by %s', (way) => {
  const ask = (id: string, ...requests: TestRequest[]) =>
    watched(gateway, () => gateway.ask[way]('POST', `/users/${id}/token`, combined(...requests)));

  describe.each(bodies)('with %s', (_form, body) => {
    const fields = body({ application: 'sharedAccess' });

    test.each(managerKeys)('makes a token of an own user for %s', async (_credential, request) => {
      const answer = await ask(who.user.id, fields, request(who));
      expect(answer).toMatchObject(issued(who.user.id));
      const { token: made } = answer.body as { token: string };
      const me = await gateway.ask[way]('GET', '/users/me', bearer(made));
      expect(me).toMatchObject({ status: 200, body: { id: Number(who.user.id) } });
    });

    test.each(tokens)('makes another token of the user for %s', async (_credential, request) => {
      expect(await ask('me', fields, request(who))).toMatchObject(issued('me'));
      expect(await ask(who.user.id, fields, request(who))).toMatchObject(issued(who.user.id));
    });
  });

  test('forwards the application and nothing else', async () => {
    await gateway.upstreamRequests();
    const body = json({ application: 'sharedAccess', user: foreign.id, client_id: '1', scope: 'x', expire: false });
    for (const request of [key(), token()]) {
      await gateway.ask[way]('POST', `/users/${who.user.id}/token?app=evil&evil=1`, combined(body, request));
    }
    const sent = { method: 'POST', path: `/users/${who.user.id}/token`, query: [], fields: ['application'] };
    expect(await gateway.upstreamRequests()).toMatchObject([sent, sent]);
  });

  test.each(['me', 'all', '%6de', 'al%6c'])('knows no "%s" for a key', async (id) => {
    expect(await ask(id, application, key())).toMatchObject(refusedAtOnce(400, 'invalidValue'));
    const operator = bearer(gateway.file.manager.client_secret);
    expect(await ask(id, application, operator)).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });

  test('leaves all and other users to upstream for a token, which refuses', async () => {
    for (const id of ['all', foreign.id, '999999999999999999']) {
      expect(await ask(id, application, token())).toMatchObject({
        ...refused(403, 'forbidden'),
        upstream: [`POST /users/${id}/token`],
      });
    }
  });

  test('tells nobody a foreign user from a missing one', async () => {
    const gone = await gateway.newUser(who.partner);
    await gateway.sandbox('DELETE', '/users/me', bearer(gone.token));
    const missing = await ask('999999999999999999', application, key());
    expect(missing).toMatchObject(refusedAtOnce(404, 'notFound'));
    expect(await ask(foreign.id, application, key())).toMatchObject({ upstream: [] });
    const answers = [
      await ask(foreign.id, application, key()),
      await ask(gone.id, application, key()),
      await ask(foreign.id, application, bearer(gateway.file.manager.client_secret)),
    ];
    for (const answer of answers) expect(withoutRequestId(answer)).toEqual(withoutRequestId(missing));
  });

  test.each<[string, TestRequest]>([
    ['no body', {}],
    ['an empty object', json({})],
    ['a null', json({ application: null })],
    ['a form without it', form({ app: 'x' })],
  ])('misses the application in %s', async (_what, body) => {
    for (const request of [key(), token()]) {
      const answer = await ask(who.user.id, body, request);
      expect(answer).toMatchObject(refusedAtOnce(400, 'missingParameter'));
      expect(answer.body).toMatchObject({ description: 'application is missing.' });
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
  ])('refuses an application that is %s', async (_what, value) => {
    for (const request of [key(), token()]) {
      const answer = await ask(who.user.id, json({ application: value }), request);
      expect(answer).toMatchObject(refusedAtOnce(400, 'invalidValue'));
    }
  });

  test.each(['Ünï-cödé 應用 🏦', 'a "quoted" & <b>', "'; drop table users; --", 'x'.repeat(100)])(
    'takes the application %s as it is',
    async (name) => {
      for (const [, body] of bodies) {
        expect(await ask(who.user.id, body({ application: name }), key())).toMatchObject(issued(who.user.id));
      }
    },
  );

  test.each(badIds)('refuses an id that is %s', async (_what, id) => {
    expect(await ask(id, application, key())).toMatchObject(refusedAtOnce(400, 'invalidValue'));
    expect(await ask(id, application, token())).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });

  test.each(unreadableBodies)('refuses %s', async (_what, body, status, code) => {
    expect(await ask(who.user.id, body, key())).toMatchObject(refusedAtOnce(status, code));
    expect(await ask('me', body, token())).toMatchObject(refusedAtOnce(status, code));
  });

  test('reads a body of 16 KiB', async () => {
    const body = largestBody({ application: 'sharedAccess' });
    expect(await ask(who.user.id, body, key())).toMatchObject(issued(who.user.id));
  });

  test.each(nobody)('refuses %s', async (_form, request) => {
    expect(await ask(who.user.id, application, request(who))).toMatchObject(refusedAtOnce(401, 'unauthorized'));
  });

  test.each(bodies)('does not look at credentials in %s', async (_form, body) => {
    const fields = body({ application: 'sharedAccess', ...who.partner });
    expect(await ask(who.user.id, fields)).toMatchObject(refusedAtOnce(401, 'unauthorized'));
    expect(await ask('me', fields, token())).toMatchObject(issued('me'));
    expect(await ask(who.user.id, fields, key())).toMatchObject(issued(who.user.id));
  });

  test.each([...clients, ...apiKeys])('refuses %s', async (_form, request) => {
    for (const id of [who.user.id, 'me', 'all']) {
      expect(await ask(id, application, request(who))).toMatchObject(refusedAtOnce(403, 'forbidden'));
    }
  });

  test.each(malformedTokens)('refuses %s', async (_form, request) => {
    expect(await ask('me', application, request(who))).toMatchObject(refusedAtOnce(403, 'invalidToken'));
  });

  test.each(repeated)('refuses %s', async (_form, request) => {
    expect(await ask('me', application, request(who))).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });

  test.each(upstreamFailures)('asks once and tells the failure when upstream is %s', async (answer, status, code) => {
    const path = `/users/${who.user.id}/token`;
    for (const request of [key(), token()]) {
      await gateway.control('failures', { answer, path, times: 1, retry_after: 7 });
      const failed = await ask(who.user.id, application, request);
      expect(failed).toMatchObject({ ...refused(status, code), upstream: [`POST ${path}`] });
    }
  });

  test('answers 503, and asks nothing, when the table cannot say whose the user is', async () => {
    await ask('999999999999999999', application, key());
    gateway.logs();
    await withoutTable(async () => {
      expect(await ask(who.user.id, application, key())).toMatchObject(refusedAtOnce(503, 'unavailable'));
      expect(await ask('me', application, token())).toMatchObject(issued('me'));
      expect(gateway.logs().at(-1)).toMatchObject({ status: 200, OwnershipNotExtended: 1 });
    });
  });
});
