import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { apiKey, bearer, json, startGateway, type Gateway, type TestUser } from '../gateway.ts';
import type { TestRequest, TestResponse } from '../invoke.ts';
import { errorResponse } from '../responses.ts';

// An upstream whose responses have the documented format but do not match the request.

let gateway: Gateway;
let partner: DemoPartner;
let other: DemoPartner;
let user: TestUser;
let otherUser: TestUser;
/** Changes the sandbox's JSON responses. */
type Edit = (body: Record<string, unknown>, method: string) => unknown;
const unchanged: Edit = (body) => body;
let edit = unchanged;

beforeAll(async () => {
  gateway = await startGateway();
  [partner, other] = await Promise.all([gateway.newPartner({ grants: ['users:all'] }), gateway.newPartner()]);
  otherUser = await gateway.newUser(other);
});
beforeEach(async () => {
  user = await gateway.newUser(partner);
});
afterEach(() => {
  edit = unchanged;
});
afterAll(() => gateway.close());

const key = () => bearer(partner.client_secret);

async function call(method: string, path: string, request: TestRequest): Promise<TestResponse & { line: unknown }> {
  gateway.logs();
  const response = await gateway.withProxy(
    async (sent, forward) => {
      const forwarded = await forward();
      if (!forwarded.body.startsWith('{')) return forwarded;
      const body = JSON.stringify(edit(JSON.parse(forwarded.body) as Record<string, unknown>, sent.method));
      return { ...forwarded, headers: { 'content-type': 'application/json' }, body };
    },
    () => gateway.call.http(method, path, request),
  );
  return { ...response, line: gateway.logs().at(-1) };
}

const badGateway = errorResponse(502, 'badGateway');
const statusOf = async (token: string) => (await gateway.sandbox('GET', '/users/me', bearer(token))).status;

/** Expects that both users have their owners. */
async function expectOwners(): Promise<void> {
  const owners = [await gateway.ownerOf(user.id), await gateway.ownerOf(otherUser.id)];
  expect(owners).toEqual([partner.client_id, other.client_id]);
}

const withOtherId: Edit = (body) => ({ ...body, id: Number(otherUser.id) });
/** Returns the string in a field. */
const textIn = (body: Record<string, unknown>, field: string): string | undefined =>
  typeof body[field] === 'string' ? body[field] : undefined;

describe('a response about another user', () => {
  test.each<[string, string, () => TestRequest]>([
    ['a read by key', 'GET', key],
    ['a read by token', 'GET', () => bearer(user.token)],
    ['a deletion by key', 'DELETE', key],
    ['a deletion by token', 'DELETE', () => bearer(user.token)],
  ])('is rejected and counted, and no ownership changes: %s', async (_case, method, request) => {
    edit = withOtherId;
    const response = await call(method, `/users/${user.id}`, request());
    expect(response).toMatchObject({ ...badGateway, line: { UnexpectedUser: 1, status: 502 } });
    await expectOwners();
  });

  test('is rejected and counted for a deletion of me, and no ownership changes', async () => {
    edit = (body, method) => (method === 'DELETE' ? withOtherId(body, method) : body);
    const response = await call('DELETE', '/users/me', bearer(user.token));
    expect(response).toMatchObject({ ...badGateway, line: { UnexpectedUser: 1 } });
    await expectOwners();
  });

  test('is rejected and counted for a JWT', async () => {
    edit = ({ payload, ...rest }) => ({ ...rest, payload: { ...(payload as object), id_user: Number(otherUser.id) } });
    const response = await call('POST', '/auth/jwt', json({ ...partner, id_user: user.id }));
    expect(response).toMatchObject({ ...badGateway, line: { UnexpectedUser: 1 } });
    expect(response.text).not.toContain('eyJ');
  });

  test.each<[string, () => string, object]>([
    ['one user for all', () => '/users/all', { id: 1 }],
    ['all for one user', () => `/users/${user.id}`, { users: [] }],
  ])('is rejected: %s', async (_what, path, body) => {
    edit = () => body;
    expect(await call('GET', path(), key())).toMatchObject({ ...badGateway, line: { UnexpectedUser: 1 } });
  });

  test.each([-1, 0, -9007199254740991])('is rejected with the id %d', async (id) => {
    edit = (body) => ({ ...body, id });
    expect(await call('GET', `/users/${user.id}`, key())).toMatchObject(badGateway);
    expect(await call('GET', '/users/me', bearer(user.token))).toMatchObject(badGateway);
  });

  test.each<[string, object, (caller: DemoPartner) => TestRequest]>([
    ['a negative id', { id_user: -7 }, (caller) => json(caller)],
    ['a negative lifetime', { expires_in: -1 }, ({ client_secret }) => apiKey(client_secret)],
  ])('is rejected for a new user with %s', async (_case, changes, request) => {
    edit = (body) => ({ ...body, ...changes });
    expect(await call('POST', '/auth/init', request(partner))).toMatchObject(badGateway);
  });

  test('is rejected for a code with a negative lifetime', async () => {
    edit = (body) => ({ ...body, expires_in: -1 });
    expect(await call('GET', '/auth/token/code', bearer(otherUser.token))).toMatchObject(badGateway);
  });
});

describe('a token that is not a valid header value', () => {
  const breaks: [string, (token: string) => string][] = [
    ['ends with a line feed', (token) => `${token}\n`],
    ['ends with CRLF', (token) => `${token}\r\n`],
    ['is followed by a header', (token) => `${token}\r\nX-Evil: 1`],
    ['is wrapped', (token) => token.replaceAll(/(.{20})/g, '$1\r\n')],
  ];
  const creations: [string, string, (caller: DemoPartner) => TestRequest, string][] = [
    ['POST /auth/init for a client', '/auth/init', (caller) => json(caller), 'auth_token'],
    ['POST /auth/init for an API key', '/auth/init', ({ client_secret }) => apiKey(client_secret), 'auth_token'],
    ['POST /auth/jwt for a client', '/auth/jwt', (caller) => json(caller), 'jwt_token'],
  ];

  describe.each(creations)('%s', (_name, path, request, field) => {
    test.each(breaks)('is rejected and counted, and the new user is deleted: it %s', async (_case, broken) => {
      let token = '';
      edit = (body) => {
        token = textIn(body, field) ?? token;
        return field in body ? { ...body, [field]: broken(token) } : body;
      };
      const response = await call('POST', path, request(partner));
      expect(response).toMatchObject({ ...badGateway, line: { UnusableToken: 1, status: 502 } });
      expect(response.line).not.toHaveProperty('UndoFailed');
      expect(await statusOf(token)).toBe(403);
      const id = Number((await gateway.newUser(partner)).id) - 1;
      const deleted = await gateway.sandbox('GET', `/users/${id}`, bearer(await gateway.manageToken()));
      expect(deleted.status).toBe(404);
      expect(await gateway.ownerOf(String(id))).toBeUndefined();
    });
  });

  test.each(breaks)('is revoked after an exchange: it %s', async (_case, broken) => {
    const code = await gateway.newCode(user.token);
    let token = '';
    edit = (body) => {
      token = textIn(body, 'access_token') ?? token;
      return 'access_token' in body ? { ...body, access_token: broken(token) } : body;
    };
    const response = await call('POST', '/auth/token/access', json({ ...partner, code }));
    expect(response).toMatchObject({ status: 502, body: { code: 'badGateway', error: 'server_error' } });
    expect(response.line).toMatchObject({ UnusableToken: 1 });
    expect([await statusOf(token), await statusOf(user.token)]).toEqual([403, 200]);
  });

  test('is also counted when it cannot be revoked', async () => {
    edit = (body) => ('auth_token' in body ? { ...body, auth_token: 'a\r\nb' } : body);
    expect(await call('POST', '/auth/init', json(partner))).toMatchObject({
      ...badGateway,
      line: { UnusableToken: 1, UndoFailed: 1 },
    });
  });
});
