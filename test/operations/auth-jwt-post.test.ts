import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { largestBody, unreadableBodies } from '../bodies.ts';
import { authorization, basic, form, json, multipart, startGateway, ways, type Gateway } from '../gateway.ts';
import type { Answer, TestRequest } from '../invoke.ts';
import {
  apiKey,
  badKeys,
  clientForms,
  contradictingIds,
  contradictions,
  fullWidth,
  managerForms,
} from '../key-forms.ts';
import { combined, malformedTokens, nobody } from '../presented.ts';
import { refused, refusedAtOnce, upstreamFailures, watched, withoutRequestId } from '../refused.ts';

let gateway: Gateway;
let partner: DemoPartner;
let granted: DemoPartner;
let other: DemoPartner;
let disabled: DemoPartner;
/** The partner's. */
let user: { id: string; token: string };
/** The other partner's. */
let foreign: { id: string; token: string };
let manageToken: string;

beforeAll(async () => {
  gateway = await startGateway();
  [partner, granted, other, disabled] = await Promise.all([
    gateway.newPartner(),
    gateway.newPartner({ grants: ['jwt:permanent', 'jwt:scope:payments:validate'] }),
    gateway.newPartner(),
    gateway.newPartner(),
  ]);
  await gateway.changePartner(disabled, { status: 'disabled' });
  user = await gateway.newUser(partner);
  foreign = await gateway.newUser(other);
  manageToken = (await gateway.secret<{ jwt_token: string }>('manage-token')).jwt_token;
});
afterAll(() => gateway.close());

/** A user's JWT. */
const issued = (payload: object = {}) => ({
  status: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: {
    jwt_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string,
    payload: { type: 'sharedAccess', scope: '', id_user: expect.any(Number) as number, ...payload },
  },
});

function payloadOf({ body }: Answer): { id_user: number; iat: number; exp?: number } {
  return (body as { payload: { id_user: number; iat: number; exp?: number } }).payload;
}

describe.each(ways)('POST /auth/jwt by %s', (way) => {
  const ask = (...requests: TestRequest[]) => gateway.ask[way]('POST', '/auth/jwt', combined(...requests));
  const watch = (...requests: TestRequest[]) => watched(gateway, () => ask(...requests));

  /** What the two partners are told when they ask for the JWT's user. */
  async function readByBoth(answer: Answer): Promise<number[]> {
    const path = `/users/${payloadOf(answer).id_user}`;
    const read = ({ client_secret }: DemoPartner) => gateway.ask[way]('GET', path, authorization(client_secret));
    return (await Promise.all([read(partner), read(other)])).map(({ status }) => status);
  }

  test.each([...clientForms, ...managerForms])('gives a JWT of an own user for %s', async (_form, request) => {
    const answer = await watch(request(partner, { id_user: user.id }));
    expect(answer).toMatchObject({ ...issued({ id_user: Number(user.id) }), upstream: ['POST /auth/jwt'] });
  });

  test.each([...clientForms, ...managerForms])('makes a user of the partner for %s', async (_form, request) => {
    const answer = await watch(request(partner));
    expect(answer).toMatchObject({ ...issued(), upstream: ['POST /auth/jwt'] });
    expect(payloadOf(answer).id_user).toBeGreaterThan(Number(foreign.id));
    expect(await readByBoth(answer)).toEqual([200, 404]);
  });

  test.each<[string, () => TestRequest]>([
    ['a number', () => json({ id_user: Number(user.id) })],
    ['a number with a fraction of nothing', () => ({ ...json({}), body: `{"id_user":${user.id}.0}` })],
    ['in the largest body', () => largestBody({ id_user: user.id })],
  ])('takes an own user’s id as %s', async (_case, body) => {
    const answer = await ask(body(), authorization(partner.client_secret));
    expect(answer).toMatchObject(issued({ id_user: Number(user.id) }));
  });

  test('sends upstream the contract’s credentials and what was asked for, nothing else', async () => {
    const fields = { id_user: user.id, unknown: 'x', token: 'x' };
    await gateway.upstreamCalls();
    await ask(json({ ...partner, ...fields }));
    await ask(form(fields), authorization(partner.client_secret));
    const [asClient, asManager] = await gateway.upstreamRequests();
    expect(asClient?.fields.toSorted()).toEqual(['client_id', 'client_secret', 'expire', 'id_user']);
    expect(asClient?.headers).not.toContain('authorization');
    expect(asManager?.fields.toSorted()).toEqual(['expire', 'id_user']);
    expect(asManager?.headers).toContain('authorization');
  });

  test.each(['', 'Bearer ', 'OAuth '])('lets upstream decide on a caller’s own token: "%s"', async (scheme) => {
    const manager = await watch(json({ id_user: foreign.id, expire: false }), authorization(scheme + manageToken));
    expect(manager).toMatchObject({ ...issued({ id_user: Number(foreign.id) }), upstream: ['POST /auth/jwt'] });
    const ofUser = await watch(json({ id_user: user.id }), authorization(scheme + user.token));
    expect(ofUser).toMatchObject({ ...refused(403, 'forbidden'), upstream: ['POST /auth/jwt'] });
  });

  test('leaves nobody’s what a caller’s own token made', async () => {
    const answer = await ask(authorization(manageToken));
    expect(answer).toMatchObject(issued());
    expect(await readByBoth(answer)).toEqual([404, 404]);
  });

  describe('lets grants decide:', () => {
    test.each([false, 'false', 'False', 'FALSE', '0', 0])(
      'expire=%j makes a JWT that never expires',
      async (expire) => {
        const answer = await ask(json({ expire }), authorization(granted.client_secret));
        expect(answer).toMatchObject(issued());
        expect(payloadOf(answer)).not.toHaveProperty('exp');
        expect(await watch(json({ expire, ...partner }))).toMatchObject(refusedAtOnce(403, 'forbidden'));
      },
    );

    test.each([true, 'true', 'TRUE', '1', 1, null])('expire=%j makes one that does', async (expire) => {
      const answer = await ask(json({ expire, ...partner }));
      expect(answer).toMatchObject(issued());
      expect((payloadOf(answer).exp ?? Infinity) - payloadOf(answer).iat).toBe(1800);
    });

    test.each([
      ['the granted scope', 'payments:validate', 200],
      ['no scope', '', 200],
      ['what the granted scope begins with', 'payments', 403],
      ['what begins with the granted scope', 'payments:validate:all', 403],
      ['the granted scope in capitals', 'PAYMENTS:VALIDATE', 403],
      ['all scopes', '*', 403],
      ['a grant in the place of a scope', 'jwt:scope:payments:validate', 403],
    ])('%s, “%s”: %i', async (_case, scope, status) => {
      const bodies = [
        form({ ...granted, scope }),
        combined(multipart({ scope }), authorization(granted.client_secret)),
      ];
      for (const request of bodies) {
        const answer = await watch(request);
        expect(answer).toMatchObject(status === 200 ? issued({ scope }) : refusedAtOnce(status, 'forbidden'));
      }
    });

    test('no scope but the empty one without a grant, for an own user either', async () => {
      const asked = json({ ...partner, id_user: user.id, scope: 'payments:validate' });
      expect(await watch(asked)).toMatchObject(refusedAtOnce(403, 'forbidden'));
    });
  });

  test.each<[string, (id: string) => TestRequest]>([
    ['a string', (id_user) => json({ id_user })],
    ['a number', (id) => json({ id_user: Number(id) })],
    ['a number with an exponent', (id) => ({ ...json({}), body: `{"id_user":${id}e0}` })],
    ['in a form', (id_user) => form({ id_user })],
    ['in multipart', (id_user) => multipart({ id_user })],
    ['with an escaped name', (id) => ({ ...json({}), body: `{"id\\u005fuser":"${id}"}` })],
    ['with an escaped digit', (id) => ({ ...json({}), body: `{"id_user":"\\u003${id[0]}${id.slice(1)}"}` })],
  ])('answers for a foreign user as for a missing one: %s', async (_case, body) => {
    for (const credential of [authorization(partner.client_secret), basic(partner)]) {
      const answer = await watch(body(foreign.id), credential);
      expect(answer).toMatchObject(refusedAtOnce(404, 'notFound'));
      expect(withoutRequestId(answer)).toEqual(withoutRequestId(await ask(body('987654321'), credential)));
    }
  });

  test('answers in the same words for an own user that upstream does not know any more', async () => {
    const gone = await gateway.newUser(partner);
    await gateway.sandbox('DELETE', '/users/me', authorization(`Bearer ${gone.token}`));
    const answer = await watch(json({ id_user: gone.id, ...partner }));
    expect(answer).toMatchObject({ ...refused(404, 'notFound'), upstream: ['POST /auth/jwt'] });
    expect(withoutRequestId(answer)).toEqual(withoutRequestId(await ask(json({ id_user: foreign.id, ...partner }))));
  });

  test('takes nothing for a foreign user’s id that only looks like it', async () => {
    const { id } = foreign;
    const texts = [
      `0${id}`,
      ` ${id}`,
      `${id} `,
      `+${id}`,
      `-${id}`,
      `${id}.0`,
      `${id}e0`,
      `${id}\n`,
      `${id}\0`,
      `0x${id}`,
    ];
    const others = ['me', 'all', '', '0', '1'.repeat(19), fullWidth(id), `${id},${user.id}`, `${user.id}/../${id}`];
    const values = [
      [id],
      [Number(id)],
      { id_user: id },
      [],
      {},
      true,
      false,
      0,
      -Number(id),
      Number(id) + 0.5,
      2 ** 53,
    ];
    for (const id_user of [...texts, ...others, ...values]) {
      for (const request of [json({ ...partner, id_user }), combined(json({ id_user }), authorization(manageToken))]) {
        expect({ id_user, ...(await watch(request)) }).toMatchObject({
          id_user,
          ...refusedAtOnce(400, 'invalidValue'),
        });
      }
    }
  });

  test.each<[string, (own: string, foreign: string) => TestRequest]>([
    ['a form', (own, id) => ({ ...form({}), body: `id_user=${own}&id_user=${id}` })],
    ['a form, once escaped', (own, id) => ({ ...form({}), body: `id_user=${own}&id%5Fuser=${id}` })],
    ['JSON', (own, id) => ({ ...json({}), body: `{"id_user":${own},"id_user":${id}}` })],
    ['JSON, once escaped', (own, id) => ({ ...json({}), body: `{"id\\u005fuser" : ${own}, "id_user":${id}}` })],
    ['JSON, once null', (own, id) => ({ ...json({}), body: `{"id_user":null,"id_user":${id},"x":${own}}` })],
    ['multipart', (own, id) => more(multipart({ id_user: own }), multipart({ id_user: id }))],
  ])('refuses two ids in %s', async (_case, body) => {
    for (const request of [body(user.id, foreign.id), body(foreign.id, user.id)]) {
      const answer = await watch(request, authorization(partner.client_secret));
      expect(answer).toMatchObject(refusedAtOnce(400, 'invalidValue'));
    }
  });

  test.each<[string, (id: string) => TestRequest]>([
    ['another case', (id_user) => form({ ID_USER: id_user })],
    ['brackets', (id_user) => form({ 'id_user[]': id_user })],
    ['a space', (id_user) => json({ ' id_user': id_user })],
    ['a dash', (id_user) => multipart({ 'id-user': id_user })],
    ['full-width letters', (id_user) => json({ ｉｄ＿ｕｓｅｒ: id_user })],
  ])('refuses an id_user with a name in %s, in place of making a user', async (_case, request) => {
    for (const credential of [authorization(partner.client_secret), basic(partner)]) {
      const answer = await watch(request(user.id), credential);
      expect(answer).toMatchObject(refusedAtOnce(400, 'invalidValue'));
      expect(answer.body).toMatchObject({
        description: expect.stringMatching(/^id_user is written differently/) as string,
      });
    }
  });

  test('refuses an id_user in the query, in place of making a user', async () => {
    for (const name of ['id_user', 'ID_USER']) {
      const asked = authorization(partner.client_secret);
      const answer = await watched(gateway, () => gateway.ask[way]('POST', `/auth/jwt?${name}=${user.id}`, asked));
      expect(answer).toMatchObject(refusedAtOnce(400, 'invalidValue'));
      expect(answer.body).toMatchObject({ description: 'id_user belongs in the body.' });
    }
  });

  test.each<[string, (id: string) => TestRequest]>([
    [
      'a prototype',
      (id) => ({ ...json({}), body: `{"__proto__":{"id_user":${id}},"constructor":{"prototype":{"id_user":${id}}}}` }),
    ],
    ['a form’s prototype', (id) => form({ '__proto__[id_user]': id, '__proto__.id_user': id })],
    ['an object inside', (id) => json({ user: { id_user: id }, payload: { id_user: id } })],
    ['a header', (id) => ({ headers: { id_user: id, cookie: `id_user=${id}` } })],
    ['null', () => json({ id_user: null })],
  ])('does not see an id_user in %s: the JWT is a new user’s', async (_case, request) => {
    const answer = await ask(request(foreign.id), authorization(partner.client_secret));
    expect(answer).toMatchObject(issued());
    expect(payloadOf(answer).id_user).toBeGreaterThan(Number(foreign.id));
    expect(await readByBoth(answer)).toEqual([200, 404]);
  });

  test.each<[string, (its: { client_id: string; id_user: string }) => TestRequest, number, string]>([
    ['own key', (its) => json({ ...partner, ...its }), 400, 'invalidValue'],
    ['own key as Basic', (its) => combined(form(its), basic(partner)), 400, 'invalidValue'],
    [
      'own key in Authorization',
      (its) => combined(form(its), authorization(partner.client_secret)),
      400,
      'invalidValue',
    ],
    ['own key in x-api-key', (its) => combined(form(its), apiKey(partner.client_secret)), 400, 'invalidValue'],
    [
      'own key in Authorization beside an empty one',
      (its) => combined(form({ ...its, client_secret: '' }), authorization(partner.client_secret)),
      400,
      'invalidValue',
    ],
    [
      'own key in Authorization beside half a foreign one',
      (its) => combined(form({ ...its, client_secret: 'bgk_' }), authorization(partner.client_secret)),
      400,
      'invalidValue',
    ],
    [
      'own key with the foreign client_id inside',
      (its) => json({ client_secret: partner.client_secret.replace(partner.client_id, its.client_id), ...its }),
      401,
      'invalidClient',
    ],
    ['no key', (its) => json(its), 400, 'missingParameter'],
    ['a number for a key', (its) => json({ ...its, client_secret: 1 }), 400, 'missingParameter'],
    [
      'own credentials beside a manage JWT',
      (its) => combined(json({ ...its, ...partner }), authorization(manageToken)),
      404,
      'notFound',
    ],
  ])('reaches no foreign user with the foreign client_id and %s', async (_case, request, status, code) => {
    const asked = request({ client_id: other.client_id, id_user: foreign.id });
    expect(await watch(asked)).toMatchObject(refusedAtOnce(status, code));
  });

  test.each(nobody)('refuses nobody: %s', async (_form, request) => {
    expect(await watch(request({ partner, user }))).toMatchObject(refusedAtOnce(401, 'unauthorized'));
  });

  test.each(malformedTokens)('refuses %s', async (_form, request) => {
    expect(await watch(request({ partner, user }))).toMatchObject(refusedAtOnce(403, 'invalidToken'));
  });

  test('refuses a key in x-api-key', async () => {
    expect(await watch(apiKey(partner.client_secret))).toMatchObject(refusedAtOnce(403, 'forbidden'));
  });

  test.each(badKeys)('refuses %s, in the same words as any', async (_case, bad) => {
    const { client_id, client_secret } = bad(partner, disabled);
    const pair = { client_id, client_secret, id_user: user.id };
    for (const request of [json(pair), form(pair), basic(pair), authorization(client_secret)]) {
      const answer = await watch(request);
      expect(answer).toMatchObject(refusedAtOnce(401, 'invalidClient'));
      expect(withoutRequestId(answer)).toEqual(withoutRequestId(await ask(authorization('bgk_'))));
    }
  });

  test.each([...contradictions, ...contradictingIds])('refuses %s', async (_case, request) => {
    expect(await watch(request(partner, other))).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });

  test.each(unreadableBodies)('refuses %s', async (_case, request, status, code) => {
    expect(await watch(request, authorization(granted.client_secret))).toMatchObject(refusedAtOnce(status, code));
  });

  test.each<[string, unknown[]]>([
    ['scope', [1, true, [], ['config'], {}, 'a b', 'confıg', 'x'.repeat(65), 'a\n', 'a"b']],
    ['expire', ['', 'no', 'falsee', ' false', 2, -1, [], [false], {}, 'ｆalse']],
  ])('refuses a %s that is none', async (name, values) => {
    for (const value of values) {
      const answer = await watch(json({ [name]: value, id_user: user.id }), authorization(granted.client_secret));
      expect({ value, ...answer }).toMatchObject({ value, ...refusedAtOnce(400, 'invalidValue') });
    }
  });

  test.each(upstreamFailures)('asks once when upstream has trouble: %s, %i %s', async (answer, status, code, wait) => {
    await gateway.control('failures', { answer, path: '/auth/jwt', retry_after: 7 });
    const refusal = await watch(json({ ...partner }));
    expect(refusal).toMatchObject({ ...refused(status, code), upstream: ['POST /auth/jwt'] });
    expect(refusal.headers['retry-after']).toBe(wait);
  });
});

/** Two multipart bodies with the same boundary as one. */
function more(first: TestRequest, second: TestRequest): TestRequest {
  return { ...first, body: (first.body ?? '').replace('--a b--\r\n', '') + (second.body ?? '') };
}
