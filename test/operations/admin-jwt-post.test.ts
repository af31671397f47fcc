import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { largestBody, unreadableBodies } from '../bodies.ts';
import { authorization, basic, form, json, startGateway, ways, type Gateway } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import { apiKey, badKeys, contradictions, managerForms } from '../key-forms.ts';
import { combined, malformedTokens, nobody } from '../presented.ts';
import { refused, refusedAtOnce, upstreamFailures, watched, withoutRequestId } from '../refused.ts';

let gateway: Gateway;
let manager: DemoPartner;
let plain: DemoPartner;
let disabled: DemoPartner;
let user: { id: string; token: string };
let adminToken: string;

beforeAll(async () => {
  gateway = await startGateway();
  const grants = ['admin:jwt:config:60', 'admin:jwt:users:5'];
  [manager, plain, disabled] = await Promise.all([
    gateway.newPartner({ grants }),
    gateway.newPartner(),
    gateway.newPartner({ grants }),
  ]);
  await gateway.changePartner(disabled, { status: 'disabled' });
  user = await gateway.newUser(plain);
  adminToken = (await gateway.secret<{ token: string }>('admin-token')).token;
});
afterAll(() => gateway.close());

/** A manage JWT of this scope. */
const minted = (scope: string) => ({
  status: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: {
    jwt_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string,
    payload: { type: 'manage_token', scope },
  },
});

/** How long a minted token lives. */
function minutesOf(body: unknown): number {
  const { iat, exp } = (body as { payload: { iat: number; exp: number } }).payload;
  return (exp - iat) / 60;
}

describe.each(ways)('POST /admin/jwt by %s', (way) => {
  const ask = (...requests: TestRequest[]) => gateway.ask[way]('POST', '/admin/jwt', combined(...requests));
  const watch = (...requests: TestRequest[]) => watched(gateway, () => ask(...requests));

  test.each(managerForms)('mints a manage JWT for a key in Authorization: %s', async (_form, request) => {
    const answer = await ask(request(manager, { scope: 'users', duration: '5' }));
    expect(answer).toMatchObject(minted('users'));
    expect(minutesOf(answer.body)).toBe(5);
  });

  test.each(['', 'Bearer ', 'bearer ', 'OAuth '])('mints one for an admin token: "%s"', async (scheme) => {
    const answer = await ask(json({ duration: 1440 }), authorization(scheme + adminToken));
    expect(answer).toMatchObject(minted('config'));
    expect(minutesOf(answer.body)).toBe(1440);
  });

  test.each<[string, TestRequest]>([
    ['no body', {}],
    ['an empty JSON object', json({})],
    ['a number as a number', json({ duration: 1 })],
    ['nulls', json({ scope: null, duration: null })],
    ['an empty scope', form({ scope: '' })],
    ['names that nobody knows', form({ scopes: 'users', minutes: '5', exp: '0' })],
    ['a prototype', { ...json({}), body: '{"__proto__":{"scope":"users"},"constructor":{"duration":0}}' }],
    ['16 KiB', largestBody({ scope: 'config' })],
    ['a media type with a parameter', { headers: { 'content-type': 'Application/JSON; Charset="UTF-8"' }, body: '{}' }],
  ])('mints one of scope config, for a minute, by default: %s', async (_case, request) => {
    const answer = await ask(request, authorization(manager.client_secret));
    expect(answer).toMatchObject(minted('config'));
    expect(minutesOf(answer.body)).toBe(1);
  });

  test.each<[string, () => TestRequest]>([
    ['the caller’s own', () => json({ ...manager })],
    ['a client_id of another', () => json({ client_id: plain.client_id })],
    ['no key at all', () => form({ client_id: '1', client_secret: 'secret' })],
  ])('lets Authorization decide, whatever credentials the body has: %s', async (_case, body) => {
    expect(await ask(body(), authorization(manager.client_secret))).toMatchObject(minted('config'));
    expect(await ask(body(), authorization(adminToken))).toMatchObject(minted('config'));
    expect(await watch(body(), authorization(plain.client_secret))).not.toMatchObject({ status: 200 });
  });

  test.each<[string, string[], Record<string, unknown>, number]>([
    ['the longest duration', ['admin:jwt:config:60'], { duration: 60 }, 200],
    ['a minute more', ['admin:jwt:config:60'], { duration: 61 }, 403],
    ['the default duration', ['admin:jwt:config:1'], {}, 200],
    ['the default scope', ['admin:jwt:users:60'], {}, 403],
    ['another scope', ['admin:jwt:config:60'], { scope: 'users' }, 403],
    ['what the granted scope begins with', ['admin:jwt:config:60'], { scope: 'conf' }, 403],
    ['what begins with the granted scope', ['admin:jwt:config:60'], { scope: 'config:6' }, 403],
    ['a part of the granted scope', ['admin:jwt:config:6:60'], { scope: 'config' }, 403],
    ['a scope with a colon', ['admin:jwt:config:6:60'], { scope: 'config:6', duration: 60 }, 200],
    ['a scope in capitals', ['admin:jwt:config:60'], { scope: 'CONFIG' }, 403],
    ['the longer of two grants', ['admin:jwt:config:5', 'admin:jwt:config:60'], { duration: 60 }, 200],
    ['the duration of another scope', ['admin:jwt:config:5', 'admin:jwt:users:60'], { duration: 6 }, 403],
    ['other grants', ['users:all', 'jwt:permanent', 'jwt:scope:config'], {}, 403],
    ['no grant', [], {}, 403],
  ])('lets a grant decide: %s; %j, %j: %i', async (_case, grants, fields, status) => {
    const { client_secret } = await gateway.newPartner({ grants });
    const answer = await watch(json(fields), authorization(client_secret));
    expect(answer).toMatchObject(
      status === 200 ? { status, upstream: ['POST /admin/jwt'] } : refusedAtOnce(status, 'forbidden'),
    );
  });

  test.each(nobody)('refuses nobody: %s', async (_form, request) => {
    expect(await watch(request({ partner: manager, user }))).toMatchObject(refusedAtOnce(401, 'unauthorized'));
  });

  test.each(malformedTokens)('refuses %s', async (_form, request) => {
    expect(await watch(request({ partner: manager, user }))).toMatchObject(refusedAtOnce(403, 'invalidToken'));
  });

  test.each<[string, () => TestRequest, number, string]>([
    ['client credentials in the body', () => json({ ...manager }), 401, 'unauthorized'],
    ['Basic', () => basic(manager), 403, 'forbidden'],
    ['a key in x-api-key', () => apiKey(manager.client_secret), 403, 'forbidden'],
    ['a key behind an unknown scheme', () => authorization(`Token ${manager.client_secret}`), 401, 'invalidClient'],
  ])('refuses other kinds, grant or not: %s', async (_kind, request, status, code) => {
    expect(await watch(request())).toMatchObject(refusedAtOnce(status, code));
  });

  test.each(badKeys)('refuses %s, in the same words as any', async (_case, bad) => {
    const answer = await watch(authorization(bad(manager, disabled).client_secret));
    expect(answer).toMatchObject(refusedAtOnce(401, 'invalidClient'));
    expect(withoutRequestId(answer)).toEqual(withoutRequestId(await ask(authorization('bgk_'))));
  });

  test.each(contradictions)('refuses %s', async (_case, request) => {
    expect(await watch(request(manager, plain))).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });

  test.each(unreadableBodies)('refuses %s', async (_case, request, status, code) => {
    expect(await watch(request, authorization(manager.client_secret))).toMatchObject(refusedAtOnce(status, code));
  });

  test.each<[string, unknown[]]>([
    ['scope', [1, true, [], ['config'], {}, 'config users', 'confıg', 'x'.repeat(65), 'config\n', 'a"b']],
    ['duration', [0, '0', '00', '01', -1, '-1', 1.5, '1.5', '', ' 1', '1e3', '٣', true, [], [5], {}, '9'.repeat(19)]],
  ])('refuses a %s that is none, whoever asks', async (name, values) => {
    const description = expect.stringMatching(new RegExp(`^${name} must be .*\\.$`)) as string;
    for (const value of values) {
      for (const credential of [manager.client_secret, adminToken]) {
        const answer = await watch(json({ [name]: value }), authorization(credential));
        expect(answer).toMatchObject(refusedAtOnce(400, 'invalidValue'));
        expect(answer.body).toMatchObject({ description });
      }
    }
  });

  test.each(upstreamFailures)('asks once when upstream has trouble: %s, %i %s', async (answer, status, code, wait) => {
    await gateway.control('failures', { answer, path: '/admin/jwt', retry_after: 7 });
    const refusal = await watch(authorization(manager.client_secret));
    expect(refusal).toMatchObject({ ...refused(status, code), upstream: ['POST /admin/jwt'] });
    expect(refusal.headers['retry-after']).toBe(wait);
  });

  test('passes on what upstream says of a token that may not', async () => {
    const answer = await watch(authorization(`Bearer ${user.token}`));
    expect(answer).toMatchObject({ ...refused(403, 'forbidden'), upstream: ['POST /admin/jwt'] });
  });
});
