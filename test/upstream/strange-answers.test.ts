import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { DemoPartner } from '#local/demo-partners.ts';
import { authorization, json, startGateway, type Gateway } from '../gateway.ts';
import type { Answer, TestRequest } from '../invoke.ts';
import { apiKey } from '../key-forms.ts';
import { startProxy, type Passing, type RunningProxy } from '../proxy.ts';
import { refused } from '../refused.ts';

// An upstream that answers in the documented shape, and about something else than it was asked.

let gateway: Gateway;
let partner: DemoPartner;
let other: DemoPartner;
let user: { id: string; token: string };
let foreign: { id: string; token: string };
/** Stands before the sandbox and edits its JSON answers. */
let wire: RunningProxy;
type Edit = (answer: Record<string, unknown>, request: Passing) => unknown;
const unchanged: Edit = (answer) => answer;
let edit = unchanged;

beforeAll(async () => {
  gateway = await startGateway();
  [partner, other] = await Promise.all([gateway.newPartner({ grants: ['users:all'] }), gateway.newPartner()]);
  [user, foreign] = [await gateway.newUser(partner), await gateway.newUser(other)];
  const { origin } = new URL(gateway.file.sandbox ?? '');
  wire = await startProxy(
    () => origin,
    async (request, forward) => {
      const answer = await forward();
      if (!answer.body.startsWith('{')) return answer;
      const headers = { 'content-type': 'application/json' };
      return {
        ...answer,
        headers,
        body: JSON.stringify(edit(JSON.parse(answer.body) as Record<string, unknown>, request)),
      };
    },
  );
});
afterEach(() => {
  edit = unchanged;
});
afterAll(async () => {
  await wire.close();
  await gateway.close();
});

const bearer = (token: string) => authorization(`Bearer ${token}`);
const key = () => bearer(partner.client_secret);

async function ask(method: string, path: string, request: TestRequest): Promise<Answer & { line: unknown }> {
  gateway.logs();
  const answer = await gateway.withUpstream(`${wire.url}/2.0`, () => gateway.ask.http(method, path, request));
  return { ...answer, line: gateway.logs().at(-1) };
}

async function ownerOf(id: string): Promise<string | undefined> {
  const { ownershipOf } = await import('#lib/partners/ownership.ts');
  return (await ownershipOf(id))?.owner;
}

const badGateway = refused(502, 'badGateway');

const aboutForeign: Edit = (answer) => ({ ...answer, id: Number(foreign.id) });
/** Returns the string that the answer has in a field. */
const textIn = (answer: Record<string, unknown>, field: string): string | undefined =>
  typeof answer[field] === 'string' ? answer[field] : undefined;

describe('an answer about another user', () => {
  test.each<[string, string, () => string, () => TestRequest]>([
    ['a read by key', 'GET', () => user.id, key],
    ['a read by token', 'GET', () => user.id, () => bearer(user.token)],
    ['a deletion by key', 'DELETE', () => user.id, key],
    ['a deletion by token', 'DELETE', () => user.id, () => bearer(user.token)],
  ])('is refused and counted, and no ownership changes: %s', async (_case, method, id, request) => {
    user = await gateway.newUser(partner);
    edit = aboutForeign;
    const answer = await ask(method, `/users/${id()}`, request());
    expect(answer).toMatchObject({ ...badGateway, line: { UnexpectedUser: 1, status: 502 } });
    expect([await ownerOf(user.id), await ownerOf(foreign.id)]).toEqual([partner.client_id, other.client_id]);
  });

  test('is refused and counted when me was deleted, and no ownership changes', async () => {
    const own = await gateway.newUser(partner);
    edit = (answer, { method }) => (method === 'DELETE' ? aboutForeign(answer, { method } as Passing) : answer);
    expect(await ask('DELETE', '/users/me', bearer(own.token))).toMatchObject({
      ...badGateway,
      line: { UnexpectedUser: 1 },
    });
    expect([await ownerOf(own.id), await ownerOf(foreign.id)]).toEqual([partner.client_id, other.client_id]);
  });

  test('is refused and counted for a JWT', async () => {
    user = await gateway.newUser(partner);
    edit = ({ payload, ...rest }) => ({ ...rest, payload: { ...(payload as object), id_user: Number(foreign.id) } });
    const answer = await ask('POST', '/auth/jwt', json({ ...partner, id_user: user.id }));
    expect(answer).toMatchObject({ ...badGateway, line: { UnexpectedUser: 1 } });
    expect(answer.text).not.toContain('eyJ');
  });

  test.each<[string, Edit]>([
    ['one user for all', () => ({ id: 1 })],
    ['all for one user', () => ({ users: [] })],
  ])('is refused: %s', async (what, edited) => {
    user = await gateway.newUser(partner);
    edit = edited;
    const path = what.startsWith('one') ? '/users/all' : `/users/${user.id}`;
    expect(await ask('GET', path, key())).toMatchObject({ ...badGateway, line: { UnexpectedUser: 1 } });
  });

  test.each([-1, 0, -9007199254740991])('with the id %d is refused', async (id) => {
    user = await gateway.newUser(partner);
    edit = (answer) => ({ ...answer, id });
    expect(await ask('GET', `/users/${user.id}`, key())).toMatchObject(badGateway);
    expect(await ask('GET', '/users/me', bearer(user.token))).toMatchObject(badGateway);
  });

  test.each<[string, object, (partner: DemoPartner) => TestRequest]>([
    ['a negative id', { id_user: -7 }, (caller) => json(caller)],
    ['a negative life', { expires_in: -1 }, ({ client_secret }) => apiKey(client_secret)],
  ])('is refused for a new user with %s', async (_case, edited, request) => {
    edit = (answer) => ({ ...answer, ...edited });
    expect(await ask('POST', '/auth/init', request(partner))).toMatchObject(badGateway);
  });

  test.each(['/auth/token/code'])('is refused for a code with a negative life', async (path) => {
    edit = (answer) => ({ ...answer, expires_in: -1 });
    expect(await ask('GET', path, bearer(foreign.token))).toMatchObject(badGateway);
  });
});

describe('a token that no header can carry', () => {
  const breaks: [string, (token: string) => string][] = [
    ['ends with a line feed', (token) => `${token}\n`],
    ['ends with CRLF', (token) => `${token}\r\n`],
    ['has a header after it', (token) => `${token}\r\nX-Evil: 1`],
    ['is wrapped', (token) => token.replaceAll(/(.{20})/g, '$1\r\n')],
  ];
  const creations: [string, string, (partner: DemoPartner) => TestRequest, string][] = [
    ['POST /auth/init for a client', '/auth/init', (caller) => json(caller), 'auth_token'],
    ['POST /auth/init for an API key', '/auth/init', ({ client_secret }) => apiKey(client_secret), 'auth_token'],
    ['POST /auth/jwt for a client', '/auth/jwt', (caller) => json(caller), 'jwt_token'],
  ];

  describe.each(creations)('%s', (_name, path, request, field) => {
    test.each(breaks)('is refused and counted, and the new user deleted: it %s', async (_case, broken) => {
      let token = '';
      edit = (answer) => {
        token = textIn(answer, field) ?? token;
        return field in answer ? { ...answer, [field]: broken(token) } : answer;
      };
      const answer = await ask('POST', path, request(partner));
      expect(answer).toMatchObject({ ...badGateway, line: { UnusableToken: 1, status: 502 } });
      expect(answer.line).not.toHaveProperty('UndoFailed');
      expect((await gateway.sandbox('GET', '/users/me', bearer(token))).status).toBe(403);
      const id = Number((await gateway.newUser(partner)).id) - 1;
      const { jwt_token } = await gateway.secret<{ jwt_token: string }>('manage-token');
      expect((await gateway.sandbox('GET', `/users/${id}`, bearer(jwt_token))).status).toBe(404);
      expect(await ownerOf(String(id))).toBeUndefined();
    });
  });

  test.each(breaks)('is revoked after an exchange: it %s', async (_case, broken) => {
    user = await gateway.newUser(partner);
    const { body } = await gateway.sandbox('GET', '/auth/token/code', bearer(user.token));
    let token = '';
    edit = (answer) => {
      token = textIn(answer, 'access_token') ?? token;
      return 'access_token' in answer ? { ...answer, access_token: broken(token) } : answer;
    };
    const answer = await ask('POST', '/auth/token/access', json({ ...partner, ...(body as object) }));
    expect(answer).toMatchObject({ status: 502, body: { code: 'badGateway', error: 'server_error' } });
    expect(answer.line).toMatchObject({ UnusableToken: 1 });
    expect((await gateway.sandbox('GET', '/users/me', bearer(token))).status).toBe(403);
    expect((await gateway.sandbox('GET', '/users/me', bearer(user.token))).status).toBe(200);
  });

  test('that cannot be undone is counted too', async () => {
    edit = (answer) => ('auth_token' in answer ? { ...answer, auth_token: 'a\r\nb' } : answer);
    expect(await ask('POST', '/auth/init', json(partner))).toMatchObject({
      ...badGateway,
      line: { UnusableToken: 1, UndoFailed: 1 },
    });
  });
});
