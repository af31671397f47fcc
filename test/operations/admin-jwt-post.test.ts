import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DemoPartner } from '../../local/demo-partners.ts';
import { largestBody, unreadableBodies } from '../bodies.ts';
import { authorization, basic, form, json, startGateway, ways, type Gateway } from '../gateway.ts';
import type { Answer, TestRequest } from '../invoke.ts';
import { apiKey, badKeys, contradictions, managerForms } from '../key-forms.ts';
import { combined, malformedTokens, nobody } from '../presented.ts';
import { expectRefusal, withoutRequestId } from '../refusal.ts';
import { upstreamFailures } from '../upstream-failures.ts';

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

/** A manage JWT of this scope that lives for so many minutes. */
function expectMinted({ status, headers, body }: Answer, { scope = 'config', minutes = 1 } = {}) {
  const payload = { type: 'manage_token', scope };
  const jwt_token = expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string;
  expect({ status, headers, body }).toMatchObject({
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: { jwt_token, payload },
  });
  const { iat, exp } = (body as { payload: { iat: number; exp: number } }).payload;
  expect(exp - iat).toBe(minutes * 60);
}

describe.each(ways)('POST /admin/jwt by %s', (way) => {
  const ask = (...requests: TestRequest[]) => gateway.ask[way]('POST', '/admin/jwt', combined(...requests));

  describe('mints a manage JWT', () => {
    test.each(managerForms)('for a key in Authorization: %s', async (_form, request) => {
      expectMinted(await ask(request(manager, { scope: 'users', duration: '5' })), { scope: 'users', minutes: 5 });
    });

    test.each(['', 'Bearer ', 'bearer ', 'OAuth '])('for an admin token of the caller’s own: "%s"', async (scheme) => {
      expectMinted(await ask(json({ duration: 1440 }), authorization(scheme + adminToken)), { minutes: 1440 });
    });

    test.each<[string, TestRequest]>([
      ['no body', {}],
      ['an empty JSON object', json({})],
      ['numbers as numbers', json({ duration: 1 })],
      ['nulls', json({ scope: null, duration: null })],
      ['an empty scope', form({ scope: '' })],
      ['fields that nobody knows', form({ Scope: 'users', duration_: '5', 'duration[]': '5', exp: '0' })],
      ['a prototype', { ...json({}), body: '{"__proto__":{"scope":"users"},"constructor":{"duration":0}}' }],
      ['16 KiB', largestBody({ scope: 'config' })],
      [
        'a parameter at its media type',
        { headers: { 'content-type': 'Application/JSON; Charset="UTF-8"' }, body: '{}' },
      ],
    ])('of scope config, for a minute, by default: %s', async (_case, request) => {
      expectMinted(await ask(request, authorization(manager.client_secret)));
    });

    test.each<[string, () => TestRequest]>([
      ['the caller’s own', () => json({ ...manager })],
      ['a client_id of another', () => json({ client_id: plain.client_id })],
      ['no key at all', () => form({ client_id: '1', client_secret: 'secret' })],
    ])('for Authorization, whatever credentials the body has: %s', async (_case, body) => {
      expectMinted(await ask(body(), authorization(manager.client_secret)));
      expectMinted(await ask(body(), authorization(adminToken)));
    });
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
    const partner = await gateway.newPartner({ grants });
    await gateway.upstreamCalls();
    const answer = await ask(json(fields), authorization(partner.client_secret));
    if (status === 403) expectRefusal(answer, 403, 'forbidden');
    expect(answer.status).toBe(status);
    expect(await gateway.upstreamCalls()).toEqual(status === 403 ? [] : ['POST /admin/jwt']);
  });

  describe('refuses, and asks upstream nothing:', () => {
    beforeEach(() => gateway.upstreamCalls());
    afterEach(async () => expect(await gateway.upstreamCalls()).toEqual([]));

    test.each(nobody)('%s', async (_form, request) => {
      expectRefusal(await ask(request({ partner: manager, user })), 401, 'unauthorized');
    });

    test.each(malformedTokens)('%s', async (_form, request) => {
      expectRefusal(await ask(request({ partner: manager, user })), 403, 'invalidToken');
    });

    test.each<[string, () => TestRequest, number, string]>([
      ['client credentials in the body', () => json({ ...manager }), 401, 'unauthorized'],
      ['Basic', () => basic(manager), 403, 'forbidden'],
      ['a key in x-api-key', () => apiKey(manager.client_secret), 403, 'forbidden'],
      ['a key behind an unknown scheme', () => authorization(`Token ${manager.client_secret}`), 403, 'invalidToken'],
    ])('%s', async (_kind, request, status, code) => {
      expectRefusal(await ask(request()), status, code);
    });

    test('bad keys, all in the same words', async () => {
      const refusals = [];
      for (const [, { client_secret }] of badKeys(manager, disabled)) {
        const answer = await ask(authorization(client_secret));
        expectRefusal(answer, 401, 'invalidClient');
        refusals.push(withoutRequestId(answer));
      }
      for (const refusal of refusals) expect(refusal).toEqual(refusals[0]);
    });

    test('keys that contradict each other or come twice', async () => {
      for (const [name, request] of contradictions(manager, plain)) {
        const { status, body } = await ask(request);
        expect({ name, status, body }).toMatchObject({ name, status: 400, body: { code: 'invalidValue' } });
      }
    });

    test.each(unreadableBodies)('%s', async (_case, request, status, code) => {
      expectRefusal(await ask(request, authorization(manager.client_secret)), status, code);
    });

    test.each<[string, unknown[]]>([
      ['scope', [1, true, [], ['config'], {}, 'config users', 'confıg', 'x'.repeat(65), 'config\n', 'a"b']],
      ['duration', [0, '0', '00', '01', -1, '-1', 1.5, '1.5', '', ' 1', '1e3', '٣', true, [], [5], {}, '9'.repeat(19)]],
    ])('a %s that is none, whoever asks', async (name, values) => {
      for (const value of values) {
        for (const credential of [manager.client_secret, adminToken]) {
          const { status, body } = await ask(json({ [name]: value }), authorization(credential));
          const description = expect.stringMatching(new RegExp(`^${name} must be .*\\.$`)) as string;
          expect({ value, status, body }).toMatchObject({
            value,
            status: 400,
            body: { code: 'invalidValue', description },
          });
        }
      }
    });
  });

  test.each(upstreamFailures)('asks once when upstream has trouble: %s, %i %s', async (answer, status, code, wait) => {
    await gateway.upstreamCalls();
    await gateway.control('failures', { answer, path: '/admin/jwt', retry_after: 7 });
    const refusal = await ask(authorization(manager.client_secret));
    expectRefusal(refusal, status, code);
    expect(refusal.headers['retry-after']).toBe(wait);
    expect(await gateway.upstreamCalls()).toEqual(['POST /admin/jwt']);
  });

  test('passes on what upstream says of a token that may not', async () => {
    await gateway.upstreamCalls();
    expectRefusal(await ask(authorization(`Bearer ${user.token}`)), 403, 'forbidden');
    expect(await gateway.upstreamCalls()).toEqual(['POST /admin/jwt']);
  });
});
