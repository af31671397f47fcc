import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { largestBody, unreadableBodies } from '../bodies.ts';
import { authorization, basic, form, json, startGateway, ways, type Gateway } from '../gateway.ts';
import type { Answer, TestRequest } from '../invoke.ts';
import { apiKey, badKeys, clientForms, contradictingIds, contradictions, managerForms } from '../key-forms.ts';
import { combined, malformedTokens, nobody } from '../presented.ts';
import { refused, refusedAtOnce, upstreamFailures, watched, withoutRequestId } from '../refused.ts';

let gateway: Gateway;
let partner: DemoPartner;
let other: DemoPartner;
let disabled: DemoPartner;
let user: { id: string; token: string };
let manageToken: string;

beforeAll(async () => {
  gateway = await startGateway();
  [partner, other, disabled] = await Promise.all([gateway.newPartner(), gateway.newPartner(), gateway.newPartner()]);
  await gateway.changePartner(disabled, { status: 'disabled' });
  user = await gateway.newUser(other);
  manageToken = (await gateway.secret<{ jwt_token: string }>('manage-token')).jwt_token;
});
afterAll(() => gateway.close());

/** A new user, for good or for half an hour. */
const created = (type: 'permanent' | 'temporary') => ({
  status: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: {
    auth_token: expect.any(String) as string,
    type,
    id_user: expect.any(Number) as number,
    ...(type === 'temporary' && { expires_in: 1800 }),
  },
});

describe.each(ways)('POST /auth/init by %s', (way) => {
  const ask = (...requests: TestRequest[]) => gateway.ask[way]('POST', '/auth/init', combined(...requests));
  const watch = (...requests: TestRequest[]) => watched(gateway, () => ask(...requests));

  /** What the two partners are told when they ask for the new user. */
  async function readByBoth({ body }: Answer): Promise<number[]> {
    const path = `/users/${(body as { id_user: number }).id_user}`;
    const read = ({ client_secret }: DemoPartner) => gateway.ask[way]('GET', path, authorization(client_secret));
    return (await Promise.all([read(partner), read(other)])).map(({ status }) => status);
  }

  test.each([...clientForms, ...managerForms])(
    'makes a permanent user of the partner for %s',
    async (_form, request) => {
      const answer = await watch(request(partner));
      expect(answer).toMatchObject({ ...created('permanent'), upstream: ['POST /auth/init'] });
      expect(await readByBoth(answer)).toEqual([200, 404]);
    },
  );

  test('makes a temporary user of the partner for a key in x-api-key', async () => {
    await gateway.upstreamCalls();
    const answer = await ask(json({ id_user: user.id }), apiKey(partner.client_secret));
    const [sent] = await gateway.upstreamRequests();
    expect(answer).toMatchObject(created('temporary'));
    expect(sent).toMatchObject({ method: 'POST', path: '/auth/init', fields: [], query: [] });
    expect(sent?.headers).not.toContain('authorization');
    expect(sent?.headers).not.toContain('x-api-key');
    expect(await readByBoth(answer)).toEqual([200, 404]);
  });

  test.each([
    ['a user: a temporary one', () => user.token, 'temporary' as const],
    ['a manager: a permanent one', () => manageToken, 'permanent' as const],
  ])('makes a user of nobody for the token of %s', async (_kind, token, type) => {
    for (const scheme of ['', 'Bearer ', 'oauth ']) {
      const answer = await ask(authorization(scheme + token()));
      expect(answer).toMatchObject(created(type));
      expect(await readByBoth(answer)).toEqual([404, 404]);
    }
  });

  test.each<[string, () => TestRequest]>([
    ['the id of a user', () => json({ id_user: Number(user.id), ...partner })],
    [
      'a prototype',
      () => ({ ...json({}), body: JSON.stringify(partner).replace('{', '{"__proto__":{"client_id":1},') }),
    ],
    ['nested credentials', () => json({ ...partner, body: { ...other }, client: [other] })],
    ['other names', () => form({ ...partner, client_ids: other.client_id, id_client: other.client_id })],
    ['16 KiB', () => largestBody({ ...partner })],
  ])('knows client_id and client_secret alone: %s', async (_case, request) => {
    await gateway.upstreamCalls();
    const answer = await ask(request());
    expect(await gateway.upstreamRequests()).toMatchObject([{ fields: ['client_id', 'client_secret'], query: [] }]);
    expect(answer).toMatchObject(created('permanent'));
    expect(await readByBoth(answer)).toEqual([200, 404]);
  });

  describe('without any credential', () => {
    afterEach(() => {
      delete process.env['ALLOW_ANONYMOUS_INIT'];
    });

    test('makes a temporary user of nobody where the environment allows it', async () => {
      process.env['ALLOW_ANONYMOUS_INIT'] = 'true';
      const answer = await ask({});
      expect(answer).toMatchObject(created('temporary'));
      expect(await readByBoth(answer)).toEqual([404, 404]);
    });

    test('does not take a bad one for none', async () => {
      process.env['ALLOW_ANONYMOUS_INIT'] = 'true';
      expect(await watch(apiKey('bgk_'))).toMatchObject(refusedAtOnce(401, 'invalidClient'));
      expect(await watch(json({ client_id: 1, client_secret: 'x' }))).toMatchObject(
        refusedAtOnce(401, 'invalidClient'),
      );
      expect(await watch(form({ client_id: '1' }))).toMatchObject(refusedAtOnce(400, 'missingParameter'));
    });

    test.each(['false', '1', 'TRUE', ''])('is refused where the environment says “%s”', async (value) => {
      process.env['ALLOW_ANONYMOUS_INIT'] = value;
      expect(await watch({})).toMatchObject(refusedAtOnce(401, 'unauthorized'));
    });
  });

  test.each(nobody)('refuses nobody: %s', async (_form, request) => {
    expect(await watch(request({ partner, user }))).toMatchObject(refusedAtOnce(401, 'unauthorized'));
  });

  test('looks for credentials in no query', async () => {
    const path = `/auth/init?${new URLSearchParams({ ...partner }).toString()}`;
    expect(await watched(gateway, () => gateway.ask[way]('POST', path))).toMatchObject(
      refusedAtOnce(401, 'unauthorized'),
    );
  });

  test.each(malformedTokens)('refuses %s', async (_form, request) => {
    expect(await watch(request({ partner, user }))).toMatchObject(refusedAtOnce(403, 'invalidToken'));
  });

  test.each(badKeys)('refuses %s, in the same words as any', async (_case, bad) => {
    const { client_id, client_secret } = bad(partner, disabled);
    const pair = { client_id, client_secret };
    for (const request of [json(pair), form(pair), basic(pair), authorization(client_secret), apiKey(client_secret)]) {
      const answer = await watch(request);
      expect(answer).toMatchObject(refusedAtOnce(401, 'invalidClient'));
      expect(withoutRequestId(answer)).toEqual(withoutRequestId(await ask(authorization('bgk_'))));
    }
  });

  test.each<[string, () => TestRequest]>([
    ['a secret that is no key', () => json({ ...partner, client_secret: 'secret' })],
    [
      'a secret that is no key, beside a good key',
      () => combined(json({ ...partner, client_secret: 'secret' }), authorization(partner.client_secret)),
    ],
    ['Basic that is not base64', () => authorization('Basic %%%')],
    ['Basic without a colon', () => authorization(`Basic ${btoa(partner.client_secret)}`)],
    ['Basic with two colons at its end', () => basic(partner, '::')],
    ['a scheme before the key in x-api-key', () => apiKey(`Bearer ${partner.client_secret}`)],
    ['an upstream token in x-api-key', () => apiKey(user.token)],
  ])('refuses what is no key: %s', async (_case, request) => {
    expect(await watch(request())).toMatchObject(refusedAtOnce(401, 'invalidClient'));
  });

  test.each([...contradictions, ...contradictingIds])('refuses %s', async (_case, request) => {
    expect(await watch(request(partner, other))).toMatchObject(refusedAtOnce(400, 'invalidValue'));
  });

  test.each<[string, () => TestRequest, string]>([
    ['client_id alone', () => json({ client_id: partner.client_id }), 'client_secret'],
    ['client_secret alone', () => form({ client_secret: partner.client_secret }), 'client_id'],
    ['an empty client_secret', () => form({ ...partner, client_secret: '' }), 'client_secret'],
    ['an empty client_id', () => form({ ...partner, client_id: '' }), 'client_id'],
    ['client_secret in an array', () => json({ ...partner, client_secret: [partner.client_secret] }), 'client_secret'],
    ['client_id in an object', () => json({ ...partner, client_id: { id: partner.client_id } }), 'client_id'],
    ['client_id that is null', () => json({ ...partner, client_id: null }), 'client_id'],
  ])('refuses half of the credentials: %s', async (_case, request, missing) => {
    const answer = await watch(request());
    expect(answer).toMatchObject(refusedAtOnce(400, 'missingParameter'));
    expect(answer.body).toMatchObject({ description: `${missing} is missing.` });
  });

  test.each(unreadableBodies)('refuses %s', async (_case, request, status, code) => {
    expect(await watch(request, authorization(partner.client_secret))).toMatchObject(refusedAtOnce(status, code));
  });

  test.each(upstreamFailures)('asks once when upstream has trouble: %s, %i %s', async (answer, status, code, wait) => {
    await gateway.control('failures', { answer, path: '/auth/init', retry_after: 7 });
    const refusal = await watch(json({ ...partner }));
    expect(refusal).toMatchObject({ ...refused(status, code), upstream: ['POST /auth/init'] });
    expect(refusal.headers['retry-after']).toBe(wait);
  });
});
