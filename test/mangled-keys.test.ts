import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations, type Operation } from '#lib/operations/table.ts';
import { mangledKeys } from './credentials.ts';
import { apiKey, authorization, basic, bearer, combine, form, json, startGateway, type Gateway } from './gateway.ts';
import type { TestRequest } from './invoke.ts';
import {
  callWithUpstream,
  rejectedWithoutUpstreamCall,
  withoutRequestId,
  type ResponseWithUpstream,
} from './responses.ts';
import { createContext, upstreamCalls, type CallContext } from './upstream/calls.ts';

let gateway: Gateway;
let context: CallContext;

beforeAll(async () => {
  gateway = await startGateway();
  context = await createContext(gateway);
});
afterAll(() => gateway.close());

/** The calls that forward a token. */
const forwarding = upstreamCalls.filter(([, { attaches }]) => attaches === 'callers');

describe.each(forwarding)('%s', (_name, { operation, request }) => {
  const { accepts }: Operation = operations[operation];
  const call = (credential: TestRequest): Promise<ResponseWithUpstream> => {
    const [method, path, sent] = request(context);
    return callWithUpstream(gateway, () => gateway.call.http(method, path, combine(sent, credential)));
  };

  test('rejects a mangled key like any invalid key', async () => {
    const invalid = await call(bearer(`bgk_12345678_${'0'.repeat(49)}`));
    expect(invalid).toMatchObject(
      accepts.includes('bearer_key')
        ? rejectedWithoutUpstreamCall(401, 'invalidClient')
        : rejectedWithoutUpstreamCall(403, 'forbidden'),
    );
    for (const [what, mangle] of mangledKeys) {
      for (const scheme of ['', 'Bearer ', 'OAuth ']) {
        const response = await call(authorization(scheme + mangle(context.partner.client_secret)));
        expect([what, withoutRequestId(response), response.upstream]).toEqual([what, withoutRequestId(invalid), []]);
      }
    }
  });
});

const init = (request: TestRequest) =>
  callWithUpstream(gateway, () => gateway.call.http('POST', '/auth/init', request));
const invalidKey = async () => withoutRequestId(await init(authorization('bgk_')));

describe('POST /auth/init', () => {
  test.each(mangledKeys)('rejects a key with %s like any invalid key, in every place', async (_, mangle) => {
    const { client_id } = context.partner;
    const client_secret = mangle(context.partner.client_secret);
    const expected = await invalidKey();
    for (const request of [
      json({ client_id, client_secret }),
      form({ client_id, client_secret }),
      apiKey(client_secret),
      basic({ client_id, client_secret }),
    ]) {
      const response = await init(request);
      expect(response).toMatchObject(rejectedWithoutUpstreamCall(401, 'invalidClient'));
      expect(withoutRequestId(response)).toEqual(expected);
    }
  });

  test.each<[string, (key: string, id: string) => TestRequest]>([
    ['as the user of Basic', (key) => basic({ client_id: key, client_secret: '' })],
    ['as the user of Basic, with the id as password', (key, id) => basic({ client_id: key, client_secret: id })],
    ['as the user and the password of Basic', (key) => basic({ client_id: key, client_secret: key })],
    ['as Basic without a colon', (key) => authorization(`Basic ${Buffer.from(key).toString('base64')}`)],
    ['as unencoded Basic', (key, id) => authorization(`Basic ${id}:${key}`)],
    ['as the id in a form', (key) => form({ client_id: key })],
    ['as the id and as the secret', (key) => json({ client_id: key, client_secret: key })],
    ['as the id, with the id as secret', (key, id) => json({ client_id: key, client_secret: id })],
  ])('rejects a key %s like any invalid key', async (_what, request) => {
    const { client_id, client_secret } = context.partner;
    for (const key of [client_secret, client_secret.toUpperCase(), `"${client_secret}"`]) {
      const response = await init(request(key, client_id));
      expect(response).toMatchObject(rejectedWithoutUpstreamCall(401, 'invalidClient'));
      expect(withoutRequestId(response)).toEqual(await invalidKey());
    }
  });
});

type Sends = (text: string) => [method: string, path: string, request?: TestRequest];
const query = (path: string, fields: Record<string, string>) => `${path}?${new URLSearchParams(fields).toString()}`;
const token = () => bearer(context.user.token);
const credentials = ({ partner: { client_id, client_secret } }: CallContext) => ({ client_id, client_secret });
const visit = (fields: Record<string, string>) => {
  const { client_id, redirect_uri } = context.partner;
  return query('/webauth', { client_id, redirect_uri, ...fields });
};

describe('a field that is sent to Budgea', () => {
  const fields: [string, Sends][] = [
    ['code', (code) => ['POST', '/auth/token/access', form({ ...credentials(context), code })]],
    [
      'redirect_uri',
      (uri) => ['POST', '/auth/token/access', form({ ...credentials(context), code: context.code, redirect_uri: uri })],
    ],
    ['application', (application) => ['POST', '/users/me/token', combine(form({ application }), token())]],
    ['scope', (scope) => ['POST', '/admin/jwt', combine(form({ scope }), token())]],
    ['scope', (scope) => ['POST', '/auth/jwt', combine(json({ scope }), token())]],
    ['expand', (expand) => ['GET', query('/users/me', { expand }), token()]],
    ['type', (type) => ['GET', `/certificate/${encodeURIComponent(type)}`, token()]],
    ['expand', (expand) => ['GET', query('/certificate/qwac', { expand }), token()]],
    ['token', (code) => ['GET', visit({ token: code })]],
    ['redirect_uri', (uri) => ['GET', visit({ redirect_uri: uri })]],
    ['state', (state) => ['GET', visit({ state })]],
    ['fields', (list) => ['GET', visit({ fields: list })]],
    ['source', (source) => ['GET', visit({ source })]],
  ];
  test.each(fields)('%s must not be a key, mangled or not', async (name, send) => {
    const asJson = { headers: { accept: 'application/json' } };
    for (const [what, mangle] of [['nothing', (key: string) => key] as const, ...mangledKeys]) {
      const [method, path, request = {}] = send(mangle(context.partner.client_secret));
      const response = await callWithUpstream(gateway, () => gateway.call.http(method, path, combine(asJson, request)));
      expect([what, response.status, response.upstream]).toEqual([what, 400, []]);
      const { code, description } = response.body as { code: string; description: string };
      expect(code).toBe('invalidValue');
      expect(description).toMatch(new RegExp(`^${name} must `));
    }
  });
});
