import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations, type CallerKind, type Operation, type OperationId } from '#lib/operations/table.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import type { RecordedCall } from '#local/sandbox/http/call-list.ts';
import { authorization, basic, json, startGateway, type Gateway } from './gateway.ts';
import type { Answer, TestRequest } from './invoke.ts';
import { combined } from './presented.ts';
import { codeOf, connectionsOf, visit } from './webauth/browser.ts';

// Two partners of one gateway. Upstream sees one client: only the gateway keeps them apart.

interface Tenant {
  partner: DemoPartner;
  home: string;
  user: { id: string; token: string };
  /** A code of the user's, which somebody else got hold of. */
  code: string;
  connection: string;
}

/** What one tenant asks for that is the other's. */
interface Reach {
  path: string;
  fields?: Record<string, string>;
}

/**
 * `own`: it succeeds, with what is one's own. Else the refusal's status and code, and if upstream was asked, `by upstream` when that one
 * call was refused, or the calls.
 */
type Outcome = string;

const unauthorized = '401 unauthorized';
const forbidden = '403 forbidden';
const notFound = '404 notFound';
const invalidValue = '400 invalidValue';
const upstreamForbids = '403 forbidden by upstream';

type Attempt = [
  what: string,
  reach: (other: Tenant, one: Tenant) => Reach,
  outcomes: Partial<Record<CallerKind, Outcome>>,
];

/** Every operation with every kind of credential: how one tenant reaches for what is the other's, and what comes of it. */
const attempts: Record<OperationId, Attempt[]> = {
  admin_jwt_post: [
    [
      'a manage JWT for every user',
      () => ({ path: '/admin/jwt', fields: { scope: 'users', duration: '60' } }),
      { client: forbidden, bearer_key: forbidden, api_key: forbidden, token: upstreamForbids, anonymous: unauthorized },
    ],
  ],
  auth_init_post: [
    [
      'the other’s user as the new one',
      ({ user }) => ({ path: '/auth/init', fields: { id_user: user.id } }),
      { client: 'own', bearer_key: 'own', api_key: 'own', token: 'own', anonymous: unauthorized },
    ],
    [
      'a new user in the other’s name',
      ({ partner }) => ({ path: '/auth/init', fields: { client_id: partner.client_id } }),
      {
        client: invalidValue,
        bearer_key: invalidValue,
        api_key: invalidValue,
        anonymous: '400 missingParameter',
      },
    ],
  ],
  auth_jwt_post: [
    [
      'a JWT of the other’s user',
      ({ user }) => ({ path: '/auth/jwt', fields: { id_user: user.id } }),
      { client: notFound, bearer_key: notFound, api_key: forbidden, token: upstreamForbids, anonymous: unauthorized },
    ],
    [
      'a JWT of the other’s user in the other’s name',
      ({ user, partner }) => ({ path: '/auth/jwt', fields: { id_user: user.id, client_id: partner.client_id } }),
      { client: invalidValue, bearer_key: invalidValue, api_key: invalidValue },
    ],
  ],
  auth_token_access_post: [
    [
      'the token behind a code of the other’s user',
      ({ code }) => ({ path: '/auth/token/access', fields: { code } }),
      {
        client: '400 invalidCode after POST /auth/token/access, GET /users/me, DELETE /auth/token',
        bearer_key: forbidden,
        api_key: forbidden,
        token: forbidden,
        anonymous: unauthorized,
      },
    ],
    [
      'the token behind the other’s code, at the other’s address',
      ({ code, home }) => ({ path: '/auth/token/access', fields: { code, redirect_uri: home } }),
      { client: invalidValue },
    ],
    [
      'another token for a token of the other’s user',
      ({ user }) => ({ path: '/auth/token/access', fields: { code: user.token } }),
      { client: '400 invalidCode by upstream' },
    ],
  ],
  auth_token_code_get: [
    [
      'a code of the other’s user',
      ({ user }) => ({ path: `/auth/token/code?id_user=${user.id}` }),
      { client: forbidden, bearer_key: forbidden, api_key: forbidden, token: 'own', anonymous: unauthorized },
    ],
  ],
  auth_token_delete: [
    [
      'the end of the other’s user’s token',
      ({ user }) => ({
        path: `/auth/token?${new URLSearchParams({ id_user: user.id, token: user.token }).toString()}`,
      }),
      { client: forbidden, bearer_key: forbidden, api_key: forbidden, token: 'own', anonymous: unauthorized },
    ],
  ],
  certificate_type_get: [
    [
      'a certificate, which is everyone’s',
      () => ({ path: '/certificate/qwac' }),
      { client: 'own', bearer_key: 'own', api_key: 'own', token: 'own', anonymous: unauthorized },
    ],
  ],
  hash_delete: [
    [
      'the end of the other’s user’s connections',
      ({ user }) => ({ path: `/hash?id_user=${user.id}` }),
      { client: forbidden, bearer_key: forbidden, api_key: forbidden, token: 'own', anonymous: unauthorized },
    ],
  ],
  users_id_user_get: [
    [
      'the other’s user',
      ({ user }) => ({ path: `/users/${user.id}?expand=connections` }),
      { client: forbidden, bearer_key: notFound, api_key: forbidden, token: upstreamForbids, anonymous: unauthorized },
    ],
    [
      'the other’s user, encoded',
      ({ user }) => ({ path: `/users/${user.id.replace(/\d/g, (digit) => `%3${digit}`)}` }),
      { bearer_key: notFound, token: upstreamForbids },
    ],
    [
      'everyone',
      () => ({ path: '/users/all' }),
      { client: forbidden, bearer_key: forbidden, api_key: forbidden, token: upstreamForbids, anonymous: unauthorized },
    ],
    [
      'a way around one’s own user',
      ({ user: { id } }, { user }) => ({ path: `/users/${user.id}%2F..%2F${id}` }),
      { bearer_key: invalidValue, token: invalidValue },
    ],
  ],
  users_id_user_delete: [
    [
      'the end of the other’s user',
      ({ user }) => ({ path: `/users/${user.id}` }),
      { client: forbidden, bearer_key: notFound, api_key: forbidden, token: upstreamForbids, anonymous: unauthorized },
    ],
    [
      'the end of everyone',
      () => ({ path: '/users/all' }),
      { client: forbidden, bearer_key: forbidden, api_key: forbidden, token: forbidden, anonymous: unauthorized },
    ],
  ],
  users_id_user_token_post: [
    [
      'a token of the other’s user',
      ({ user }) => ({ path: `/users/${user.id}/token`, fields: { application: 'sharedAccess' } }),
      { client: forbidden, bearer_key: notFound, api_key: forbidden, token: upstreamForbids, anonymous: unauthorized },
    ],
    [
      'a token of the other’s user, by the body',
      ({ user }) => ({ path: '/users/me/token', fields: { application: 'sharedAccess', id_user: user.id } }),
      { bearer_key: invalidValue, token: invalidValue },
    ],
  ],
  webauth_get: [
    [
      'the other’s address home',
      ({ home }, { partner }) => ({ path: webauth({ client_id: partner.client_id, redirect_uri: home }) }),
      { anonymous: invalidValue },
    ],
    [
      'the way home in the other’s name',
      ({ partner }, { home }) => ({ path: webauth({ client_id: partner.client_id, redirect_uri: home }) }),
      { anonymous: invalidValue },
    ],
    [
      'the other’s connection for one’s own user',
      ({ connection }, { partner, home, code }) => ({
        path: webauth({ client_id: partner.client_id, redirect_uri: home, id_connection: connection, token: code }),
      }),
      { anonymous: '404 notFound by upstream' },
    ],
  ],
  webauth_callback_get: [
    [
      'the other’s state, unsealed',
      ({ home }) => ({ path: `/webauth/callback?state=${encodeURIComponent(JSON.stringify({ u: home }))}` }),
      { anonymous: invalidValue },
    ],
  ],
};

const webauth = (fields: Record<string, string>) => `/webauth?${new URLSearchParams(fields).toString()}`;

/** One line of the matrix. */
interface Line {
  id: OperationId;
  kind: CallerKind;
  what: string;
  reach: Attempt[1];
  outcome: Outcome;
}

// The rows were written for every operation, so its ids are those.
const ids = Object.keys(attempts) as OperationId[];
const matrix: Line[] = ids.flatMap((id) =>
  attempts[id].flatMap(([what, reach, outcomes]) =>
    Object.entries(outcomes).map(([kind, outcome]) => ({ id, kind: kind as CallerKind, what, reach, outcome })),
  ),
);

let gateway: Gateway;
const tenants: Record<'A' | 'B', Tenant> = { A: nobodyYet(), B: nobodyYet() };

beforeAll(async () => {
  gateway = await startGateway();
  tenants.A = await newTenant('https://a.example/home');
  tenants.B = await newTenant('https://b.example/home');
});
afterAll(() => gateway.close());

function nobodyYet(): Tenant {
  return {
    partner: { client_id: '', client_secret: '' },
    home: '',
    user: { id: '', token: '' },
    code: '',
    connection: '',
  };
}

async function newTenant(home: string): Promise<Tenant> {
  const partner = await gateway.newPartner({ redirectUris: [home] });
  const user = await gateway.newUser(partner);
  const code = await codeOf(gateway, user.token);
  const start = { client_id: partner.client_id, redirect_uri: home, token: code };
  const visited = await visit(gateway, start, 'approve');
  return { partner, home, user, code, connection: visited.home.searchParams.get('id_connection') ?? '' };
}

/** The request of a kind of caller; a token is that of a user who can be lost. */
async function present(id: OperationId, kind: CallerKind, { partner }: Tenant, fields: Record<string, string>) {
  const row: Operation = operations[id];
  const body: TestRequest = Object.keys(fields).length === 0 ? {} : json(fields);
  switch (kind) {
    case 'client':
      if (row.fields === 'body' && row.accepts.includes('client')) return json({ ...partner, ...fields });
      return combined(body, basic(partner));
    case 'bearer_key':
      return combined(body, authorization(`Bearer ${partner.client_secret}`));
    case 'api_key':
      return combined(body, { headers: { 'x-api-key': partner.client_secret } });
    case 'token': {
      const { token } = await gateway.newUser(partner);
      return combined(body, authorization(`Bearer ${token}`));
    }
    case 'anonymous':
      return body;
  }
}

function outcomeOf({ status, body }: Answer, calls: RecordedCall[]): Outcome {
  if (status < 300) return 'own';
  const refusal = `${status} ${(body as { code: string }).code}`;
  if (calls.length === 0) return refusal;
  if (calls.length === 1 && calls.every((call) => call.status >= 400)) return `${refusal} by upstream`;
  return `${refusal} after ${calls.map(({ method, path }) => `${method} ${path}`).join(', ')}`;
}

/** What upstream and the gateway know of a tenant's user. */
async function stateOf({ user }: Tenant): Promise<{ connections: string[]; owner: string | undefined }> {
  const { ownershipOf } = await import('#lib/partners/ownership.ts');
  const [connections, ownership] = await Promise.all([connectionsOf(gateway, user.token), ownershipOf(user.id)]);
  return { connections: connections.map(({ id }) => String(id)), owner: ownership?.owner };
}

function triedWith(id: OperationId): CallerKind[] {
  return [...new Set(matrix.filter((line) => line.id === id).map(({ kind }) => kind))].toSorted();
}

test(`the matrix has ${matrix.length} attempts in each direction, with every operation and every kind`, () => {
  expect(ids.toSorted()).toEqual(Object.keys(operations).toSorted());
  const kinds: CallerKind[] = ['anonymous', 'api_key', 'bearer_key', 'client', 'token'];
  const worthTrying = ({ accepts }: Operation) => (accepts.includes('anonymous') ? ['anonymous'] : kinds);
  expect(Object.fromEntries(ids.map((id) => [id, triedWith(id)]))).toEqual(
    Object.fromEntries(ids.map((id) => [id, worthTrying(operations[id])])),
  );
});

describe.each([
  ['A', 'B'],
  ['B', 'A'],
] as const)('what is %s’s is not reached by %s', (theirs, ours) => {
  test.each(matrix)('$id by $kind: $what', async ({ id, kind, reach, outcome }) => {
    const [other, one] = [tenants[theirs], tenants[ours]];
    const { method }: Operation = operations[id];
    const { path, fields = {} } = reach(other, one);
    const request = await present(id, kind, one, fields);
    await gateway.upstreamCalls();

    const answer = await gateway.ask.http(method, path, combined({ headers: { accept: 'application/json' } }, request));

    expect(outcomeOf(answer, await gateway.upstreamRequests())).toBe(outcome);
    expect(answer.body).not.toMatchObject({ id_user: Number(other.user.id) });
    expect(await stateOf(other)).toEqual({ connections: [other.connection], owner: other.partner.client_id });
  });
});

test.each([
  ['GET', '/users/OWN/../ID'],
  ['GET', '/users/OWN/%2e%2e/ID'],
  ['GET', '/users/./ID'],
  ['GET', '/users//ID'],
  ['GET', '//users/ID'],
  ['GET', '/users/ID/'],
  ['GET', '/users/ID/token'],
  ['GET', '/../2.0/users/ID'],
  ['GET', '/%2e%2e/2.0/users/ID'],
  ['GET', '%2Fusers%2FID'],
  ['GET', '/users%2FID'],
  ['GET', '/USERS/ID'],
  ['GET', '/users\\ID'],
  ['GET', '/users'],
  ['GET', '/users/'],
  ['GET', '/certificate/../users/ID'],
  ['GET', '/certificate/..%2Fusers%2FID'],
  ['DELETE', '/users/ID/token'],
  ['POST', '/users/ID'],
  ['PUT', '/users/ID'],
  ['PATCH', '/users/ID'],
  ['HEAD', '/users/ID'],
  ['OPTIONS', '/users/ID'],
])('no detour leads to the other’s user: %s %s', async (method, path) => {
  const { partner, user } = tenants.A;
  const address = path.replace('OWN', user.id).replace('ID', tenants.B.user.id);
  for (const credential of [partner.client_secret, user.token]) {
    await gateway.upstreamCalls();
    const { status } = await gateway.ask.http(method, address, authorization(`Bearer ${credential}`));
    expect([400, 404]).toContain(status);
    expect(await gateway.upstreamCalls()).toEqual([]);
  }
});
