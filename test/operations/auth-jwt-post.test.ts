import { describe, expect, test } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { largestBody } from '../bodies.ts';
import { apiKeys, bearerKeyForms, clientForms, contradictingIds, contradictions, fullWidth } from '../credentials.ts';
import { apiKey, authorization, basic, bearer, combine, form, json, multipart, transports } from '../gateway.ts';
import type { TestRequest, TestResponse } from '../invoke.ts';
import { errorResponse, rejectedWithoutUpstreamCall, withoutRequestId } from '../responses.ts';
import {
  startOperationContext,
  testCredentials,
  testFailures,
  testInvalidKeys,
  testUnreadableBodies,
} from './fixture.ts';

const context = await startOperationContext();
const { gateway, partner, user, key, other, otherUser, call } = context;
const granted = await gateway.newPartner({ grants: ['jwt:permanent', 'jwt:scope:payments:validate'] });
const grantedKey = authorization(granted.client_secret);
const manageToken = authorization(await gateway.manageToken());

const send = (...requests: TestRequest[]) => call('POST', '/auth/jwt', ...requests);
const jsonText = (body: string): TestRequest => ({ ...json({}), body });

/** A user's JWT. */
const issued = (payload: object = {}) => ({
  status: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: {
    jwt_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string,
    payload: { type: 'sharedAccess', scope: '', id_user: expect.any(Number) as number, ...payload },
  },
});

function payloadOf({ body }: TestResponse): { id_user: number; iat: number; exp?: number } {
  return (body as { payload: { id_user: number; iat: number; exp?: number } }).payload;
}

/** Returns the statuses with which the two partners can read the JWT's user. */
async function readByBoth(response: TestResponse): Promise<number[]> {
  const path = `/users/${payloadOf(response).id_user}`;
  const read = ({ client_secret }: DemoPartner) => gateway.call.handler('GET', path, authorization(client_secret));
  return (await Promise.all([read(partner), read(other)])).map(({ status }) => status);
}

/** Expects a JWT of a new user of the partner. */
async function expectNewUser(response: TestResponse): Promise<void> {
  expect(response).toMatchObject(issued());
  expect(payloadOf(response).id_user).toBeGreaterThan(Number(otherUser.id));
  expect(await readByBoth(response)).toEqual([200, 404]);
}

test.each(transports)('POST /auth/jwt by %s', async (transport) => {
  const response = await gateway.call[transport]('POST', '/auth/jwt', json({ ...partner, id_user: user.id }));
  expect(response).toMatchObject(issued({ id_user: Number(user.id) }));
  expect(await gateway.call[transport]('POST', '/auth/jwt')).toMatchObject(errorResponse(401, 'unauthorized'));
});

test.each([...clientForms, ...bearerKeyForms])('returns a JWT of the partner’s user: %s', async (_form, request) => {
  const response = await send(request(partner, { id_user: user.id }));
  expect(response).toMatchObject({ ...issued({ id_user: Number(user.id) }), upstream: ['POST /auth/jwt'] });
});

test.each([...clientForms, ...bearerKeyForms])('creates a user of the partner: %s', async (_form, request) => {
  const response = await send(request(partner));
  expect(response.upstream).toEqual(['POST /auth/jwt']);
  await expectNewUser(response);
});

test.each<[string, TestRequest]>([
  ['a number', json({ id_user: Number(user.id) })],
  ['a number with the fraction .0', jsonText(`{"id_user":${user.id}.0}`)],
  ['a string in the largest body', largestBody({ id_user: user.id })],
])('accepts the id as %s', async (_case, body) => {
  expect(await send(body, key)).toMatchObject(issued({ id_user: Number(user.id) }));
});

test('sends only the contract’s credentials and the known fields upstream', async () => {
  const fields = { id_user: user.id, unknown: 'x', token: 'x' };
  await gateway.upstreamCalls();
  await gateway.call.handler('POST', '/auth/jwt', json({ ...partner, ...fields }));
  await gateway.call.handler('POST', '/auth/jwt', combine(form(fields), key));
  const [asClient, asBearerKey] = await gateway.upstreamRequests();
  expect(asClient?.fields.toSorted()).toEqual(['client_id', 'client_secret', 'expire', 'id_user']);
  expect(asClient?.headers).not.toContain('authorization');
  expect(asBearerKey?.fields.toSorted()).toEqual(['expire', 'id_user']);
  expect(asBearerKey?.headers).toContain('authorization');
});

test.each(['', 'Bearer ', 'OAuth '])('forwards a manage JWT and a user token: "%s"', async (scheme) => {
  const asManager = authorization(scheme + (await gateway.manageToken()));
  const response = await send(json({ id_user: otherUser.id, expire: false }), asManager);
  expect(response).toMatchObject({ ...issued({ id_user: Number(otherUser.id) }), upstream: ['POST /auth/jwt'] });
  const ofUser = await send(json({ id_user: user.id }), authorization(scheme + user.token));
  expect(ofUser).toMatchObject({ ...errorResponse(403, 'forbidden'), upstream: ['POST /auth/jwt'] });
});

test('records no owner of a user that a manage JWT creates', async () => {
  const response = await send(manageToken);
  expect(response).toMatchObject(issued());
  expect(await readByBoth(response)).toEqual([404, 404]);
});

describe('checks grants:', () => {
  test.each([false, 'false', 'False', 'FALSE', '0', 0])('expire=%j returns a JWT without expiry', async (expire) => {
    const response = await send(json({ expire }), grantedKey);
    expect(response).toMatchObject(issued());
    expect(payloadOf(response)).not.toHaveProperty('exp');
    const withoutGrant = await send(json({ expire, ...partner }));
    expect(withoutGrant).toMatchObject(rejectedWithoutUpstreamCall(403, 'forbidden'));
  });

  test.each([true, 'true', 'TRUE', '1', 1, null])('expire=%j returns a JWT that expires', async (expire) => {
    const response = await send(json({ expire, ...partner }));
    expect(response).toMatchObject(issued());
    expect((payloadOf(response).exp ?? Infinity) - payloadOf(response).iat).toBe(1800);
  });

  test.each([
    ['the granted scope', 'payments:validate', 200],
    ['no scope', '', 200],
    ['a prefix of the granted scope', 'payments', 403],
    ['a scope that extends the granted one', 'payments:validate:all', 403],
    ['the granted scope in upper case', 'PAYMENTS:VALIDATE', 403],
    ['all scopes', '*', 403],
    ['a grant in place of a scope', 'jwt:scope:payments:validate', 403],
  ])('%s, “%s”: %i', async (_case, scope, status) => {
    const expected = status === 200 ? issued({ scope }) : rejectedWithoutUpstreamCall(status, 'forbidden');
    for (const request of [form({ ...granted, scope }), combine(multipart({ scope }), grantedKey)]) {
      expect(await send(request)).toMatchObject(expected);
    }
  });

  test('rejects a scope without a grant, also for the partner’s user', async () => {
    const request = json({ ...partner, id_user: user.id, scope: 'payments:validate' });
    expect(await send(request)).toMatchObject(rejectedWithoutUpstreamCall(403, 'forbidden'));
  });
});

test.each<[string, (id: string) => TestRequest]>([
  ['a string', (id_user) => json({ id_user })],
  ['a number', (id) => json({ id_user: Number(id) })],
  ['a number with an exponent', (id) => jsonText(`{"id_user":${id}e0}`)],
  ['in a form', (id_user) => form({ id_user })],
  ['in multipart', (id_user) => multipart({ id_user })],
  ['with an escaped name', (id) => jsonText(`{"id\\u005fuser":"${id}"}`)],
  ['with an escaped digit', (id) => jsonText(`{"id_user":"\\u003${id[0]}${id.slice(1)}"}`)],
])('returns the same error for another partner’s user and for a missing one: %s', async (_case, body) => {
  for (const credential of [authorization(partner.client_secret), basic(partner)]) {
    const response = await send(body(otherUser.id), credential);
    expect(response).toMatchObject(rejectedWithoutUpstreamCall(404, 'notFound'));
    expect(withoutRequestId(response)).toEqual(withoutRequestId(await send(body('987654321'), credential)));
  }
});

test('returns the same error for a user of the partner that upstream has deleted', async () => {
  const deleted = await gateway.newUser(partner);
  await gateway.sandbox('DELETE', '/users/me', bearer(deleted.token));
  const response = await send(json({ id_user: deleted.id, ...partner }));
  expect(response).toMatchObject({ ...errorResponse(404, 'notFound'), upstream: ['POST /auth/jwt'] });
  const ofOther = await send(json({ id_user: otherUser.id, ...partner }));
  expect(withoutRequestId(response)).toEqual(withoutRequestId(ofOther));
});

test('rejects values that resemble the id of another partner’s user', async () => {
  const { id } = otherUser;
  const number = Number(id);
  const decorated = [
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
  const texts = ['me', 'all', '', '0', '1'.repeat(19), fullWidth(id), `${id},${user.id}`, `${user.id}/../${id}`];
  const values = [[id], [number], { id_user: id }, [], {}, true, false, 0, -number, number + 0.5, 2 ** 53];
  for (const id_user of [...decorated, ...texts, ...values]) {
    for (const request of [json({ ...partner, id_user }), combine(json({ id_user }), manageToken)]) {
      const response = { id_user, ...(await send(request)) };
      expect(response).toMatchObject({ id_user, ...rejectedWithoutUpstreamCall(400, 'invalidValue') });
    }
  }
});

test.each<[string, (one: string, another: string) => TestRequest]>([
  ['a form', (one, another) => ({ ...form({}), body: `id_user=${one}&id_user=${another}` })],
  ['a form, once escaped', (one, another) => ({ ...form({}), body: `id_user=${one}&id%5Fuser=${another}` })],
  ['JSON', (one, another) => jsonText(`{"id_user":${one},"id_user":${another}}`)],
  ['JSON, once escaped', (one, another) => jsonText(`{"id\\u005fuser" : ${one}, "id_user":${another}}`)],
  ['JSON, once null', (one, another) => jsonText(`{"id_user":null,"id_user":${another},"x":${one}}`)],
  ['multipart', (one, another) => append(multipart({ id_user: one }), multipart({ id_user: another }))],
])('rejects two ids in %s', async (_case, body) => {
  for (const request of [body(user.id, otherUser.id), body(otherUser.id, user.id)]) {
    expect(await send(request, key)).toMatchObject(rejectedWithoutUpstreamCall(400, 'invalidValue'));
  }
});

test.each<[string, TestRequest]>([
  ['another case', form({ ID_USER: user.id })],
  ['brackets', form({ 'id_user[]': user.id })],
  ['a space', json({ ' id_user': user.id })],
  ['a dash', multipart({ 'id-user': user.id })],
  ['full-width letters', json({ ｉｄ＿ｕｓｅｒ: user.id })],
])('rejects an id_user that is misspelled with %s and creates no user', async (_case, request) => {
  for (const credential of [key, basic(partner)]) {
    const response = await send(request, credential);
    expect(response).toMatchObject(rejectedWithoutUpstreamCall(400, 'invalidValue'));
    expect(response.body).toMatchObject({ description: expect.stringMatching(/^id_user is misspelled/) as string });
  }
});

test('rejects an id_user in the query and creates no user', async () => {
  for (const name of ['id_user', 'ID_USER']) {
    const response = await call('POST', `/auth/jwt?${name}=${user.id}`, key);
    expect(response).toMatchObject(rejectedWithoutUpstreamCall(400, 'invalidValue'));
    expect(response.body).toMatchObject({ description: 'id_user must be sent in the body.' });
  }
});

test.each<[string, (id: string) => TestRequest]>([
  ['a prototype', (id) => jsonText(`{"__proto__":{"id_user":${id}},"constructor":{"prototype":{"id_user":${id}}}}`)],
  ['a prototype in a form', (id) => form({ '__proto__[id_user]': id, '__proto__.id_user': id })],
  ['a nested object', (id) => json({ user: { id_user: id }, payload: { id_user: id } })],
  ['a header', (id) => ({ headers: { id_user: id, cookie: `id_user=${id}` } })],
  ['null', () => json({ id_user: null })],
])('ignores an id_user in %s and creates a user', async (_case, request) => {
  const response = await send(request(otherUser.id), key);
  expect(response).toMatchObject({ status: 200 });
  await expectNewUser(response);
});

const theirs = { client_id: other.client_id, id_user: otherUser.id };
test.each<[string, TestRequest, number, string]>([
  ['the partner’s key', json({ ...partner, ...theirs }), 400, 'invalidValue'],
  ['the partner’s key as Basic', combine(form(theirs), basic(partner)), 400, 'invalidValue'],
  ['the partner’s key in Authorization', combine(form(theirs), key), 400, 'invalidValue'],
  ['the partner’s key in x-api-key', combine(form(theirs), apiKey(partner.client_secret)), 400, 'invalidValue'],
  [
    'the partner’s key in Authorization and an empty one',
    combine(form({ ...theirs, client_secret: '' }), key),
    400,
    'invalidValue',
  ],
  [
    'the partner’s key in Authorization and a truncated one',
    combine(form({ ...theirs, client_secret: 'bgk_' }), key),
    400,
    'invalidValue',
  ],
  [
    'the partner’s key with the other client_id inside',
    json({ client_secret: partner.client_secret.replace(partner.client_id, theirs.client_id), ...theirs }),
    401,
    'invalidClient',
  ],
  ['no key', json(theirs), 400, 'missingParameter'],
  ['a number as the key', json({ ...theirs, client_secret: 1 }), 400, 'missingParameter'],
  [
    'the partner’s credentials and a manage JWT',
    combine(json({ ...theirs, ...partner }), manageToken),
    404,
    'notFound',
  ],
])('returns no JWT of another partner’s user for its client_id with %s', async (_case, request, status, code) => {
  expect(await send(request)).toMatchObject(rejectedWithoutUpstreamCall(status, code));
});

testCredentials(context, send, apiKeys);
testInvalidKeys(context, (request) => send(request), [
  (pair) => json({ ...pair, id_user: user.id }),
  (pair) => form({ ...pair, id_user: user.id }),
  basic,
  ({ client_secret }) => authorization(client_secret),
]);
testUnreadableBodies((body) => send(body, grantedKey));

test.each([...contradictions, ...contradictingIds])('rejects %s', async (_case, request) => {
  expect(await send(request(partner, other))).toMatchObject(rejectedWithoutUpstreamCall(400, 'invalidValue'));
});

test.each<[string, unknown[]]>([
  ['scope', [1, true, [], ['config'], {}, 'a b', 'confıg', 'x'.repeat(65), 'a\n', 'a"b']],
  ['expire', ['', 'no', 'falsee', ' false', 2, -1, [], [false], {}, 'ｆalse']],
])('rejects an invalid %s', async (name, values) => {
  for (const value of values) {
    const response = await send(json({ [name]: value, id_user: user.id }), grantedKey);
    expect({ value, ...response }).toMatchObject({ value, ...rejectedWithoutUpstreamCall(400, 'invalidValue') });
  }
});

testFailures(context, 'POST /auth/jwt', () => send(json({ ...partner })));

/** Joins two multipart bodies with the same boundary. */
function append(first: TestRequest, second: TestRequest): TestRequest {
  return { ...first, body: (first.body ?? '').replace('--a b--\r\n', '') + (second.body ?? '') };
}
