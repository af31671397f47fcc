import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations, type Operation } from '#lib/operations/table.ts';
import { authorization, basic, form, json, startGateway, type Gateway } from './gateway.ts';
import type { TestRequest } from './invoke.ts';
import { apiKey, mangledKeys } from './key-forms.ts';
import { combined } from './presented.ts';
import { refused, watched, withoutRequestId, type Watched } from './refused.ts';
import { makeWorld, upstreamCalls, type World } from './upstream/calls.ts';

let gateway: Gateway;
let world: World;

beforeAll(async () => {
  gateway = await startGateway();
  world = await makeWorld(gateway);
});
afterAll(() => gateway.close());

/** Every operation that forwards a token, once. */
const forwarding = upstreamCalls.filter(([, { attaches }]) => attaches === 'callers');

describe.each(forwarding)('%s', (_name, { operation, request }) => {
  const { accepts }: Operation = operations[operation];
  const ask = (credential: TestRequest): Promise<Watched> => {
    const [method, path, sent] = request(world);
    return watched(gateway, () => gateway.ask.http(method, path, combined(sent, credential)));
  };

  test('forwards no mangled key, and refuses it as any bad one', async () => {
    const bad = await ask(authorization(`Bearer bgk_12345678_${'0'.repeat(49)}`));
    expect(bad).toMatchObject(
      accepts.includes('bearer_key') ? refused(401, 'invalidClient') : refused(403, 'forbidden'),
    );
    for (const [what, mangle] of mangledKeys) {
      for (const scheme of ['', 'Bearer ', 'OAuth ']) {
        const answer = await ask(authorization(scheme + mangle(world.partner.client_secret)));
        expect([what, withoutRequestId(answer), answer.upstream]).toEqual([what, withoutRequestId(bad), []]);
      }
    }
  });
});

const init = (request: TestRequest) => watched(gateway, () => gateway.ask.http('POST', '/auth/init', request));
const badKey = async () => withoutRequestId(await init(authorization('bgk_')));

describe('POST /auth/init', () => {
  test.each(mangledKeys)('refuses a key with %s as any bad one, wherever client credentials go', async (_, mangle) => {
    const { client_id } = world.partner;
    const client_secret = mangle(world.partner.client_secret);
    const expected = await badKey();
    for (const request of [
      json({ client_id, client_secret }),
      form({ client_id, client_secret }),
      apiKey(client_secret),
      basic({ client_id, client_secret }),
    ]) {
      const answer = await init(request);
      expect(answer).toMatchObject({ ...refused(401, 'invalidClient'), upstream: [] });
      expect(withoutRequestId(answer)).toEqual(expected);
    }
  });

  test.each<[string, (key: string, id: string) => TestRequest]>([
    ['as Basic’s user', (key) => basic({ client_id: key, client_secret: '' })],
    ['as Basic’s user, with the id as password', (key, id) => basic({ client_id: key, client_secret: id })],
    ['as both halves of Basic', (key) => basic({ client_id: key, client_secret: key })],
    ['as Basic without a colon', (key) => authorization(`Basic ${Buffer.from(key).toString('base64')}`)],
    ['as Basic without its encoding', (key, id) => authorization(`Basic ${id}:${key}`)],
    ['as the id in a form', (key) => form({ client_id: key })],
    ['as the id and as the secret', (key) => json({ client_id: key, client_secret: key })],
    ['as the id, with the id as secret', (key, id) => json({ client_id: key, client_secret: id })],
  ])('refuses a key %s as any bad one', async (_what, request) => {
    const { client_id, client_secret } = world.partner;
    for (const key of [client_secret, client_secret.toUpperCase(), `"${client_secret}"`]) {
      const answer = await init(request(key, client_id));
      expect(answer).toMatchObject({ ...refused(401, 'invalidClient'), upstream: [] });
      expect(withoutRequestId(answer)).toEqual(await badKey());
    }
  });
});

type Sends = (text: string) => [method: string, path: string, request?: TestRequest];
const query = (path: string, fields: Record<string, string>) => `${path}?${new URLSearchParams(fields).toString()}`;
const token = () => authorization(`Bearer ${world.user.token}`);
const credentials = ({ partner: { client_id, client_secret } }: World) => ({ client_id, client_secret });
const visit = (fields: Record<string, string>) => {
  const { client_id, redirect_uri } = world.partner;
  return query('/webauth', { client_id, redirect_uri, ...fields });
};

describe('a field that Budgea would get', () => {
  const fields: [string, Sends][] = [
    ['code', (code) => ['POST', '/auth/token/access', form({ ...credentials(world), code })]],
    [
      'redirect_uri',
      (uri) => ['POST', '/auth/token/access', form({ ...credentials(world), code: world.code, redirect_uri: uri })],
    ],
    ['application', (application) => ['POST', '/users/me/token', combined(form({ application }), token())]],
    ['scope', (scope) => ['POST', '/admin/jwt', combined(form({ scope }), token())]],
    ['scope', (scope) => ['POST', '/auth/jwt', combined(json({ scope }), token())]],
    ['expand', (expand) => ['GET', query('/users/me', { expand }), token()]],
    ['type', (type) => ['GET', `/certificate/${encodeURIComponent(type)}`, token()]],
    ['expand', (expand) => ['GET', query('/certificate/qwac', { expand }), token()]],
    ['token', (code) => ['GET', visit({ token: code })]],
    ['redirect_uri', (uri) => ['GET', visit({ redirect_uri: uri })]],
    ['state', (state) => ['GET', visit({ state })]],
    ['fields', (list) => ['GET', visit({ fields: list })]],
    ['source', (source) => ['GET', visit({ source })]],
  ];
  test.each(fields)('%s may be no key, mangled or not', async (name, send) => {
    const asJson = { headers: { accept: 'application/json' } };
    for (const [what, mangle] of [['nothing', (key: string) => key] as const, ...mangledKeys]) {
      const [method, path, request = {}] = send(mangle(world.partner.client_secret));
      const answer = await watched(gateway, () => gateway.ask.http(method, path, combined(asJson, request)));
      expect([what, answer.status, answer.upstream]).toEqual([what, 400, []]);
      const { code, description } = answer.body as { code: string; description: string };
      expect(code).toBe('invalidValue');
      expect(description).toMatch(new RegExp(`^${name} must `));
    }
  });
});
