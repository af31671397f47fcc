import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations, type CallerKind, type Operation, type OperationId } from '#lib/operations/table.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import type { RecordedCall } from '#local/sandbox/http/call-list.ts';
import { apiKey, basic, bearer, combine, json, startGateway, type Gateway, type TestUser } from './gateway.ts';
import type { TestResponse, TestRequest } from './invoke.ts';
import { connectionsOf, visit } from './webauth/browser.ts';

// Two partners of one gateway. Upstream sees a single client, so only the gateway isolates them.

interface Tenant {
  partner: DemoPartner;
  redirectUri: string;
  user: TestUser;
  /** A leaked code of the user. */
  code: string;
  connection: string;
}

/** A request for a resource of another tenant. */
interface ForeignRequest {
  path: string;
  fields?: Record<string, string>;
}

/**
 * `own`: the request succeeds for the caller's own resource. Otherwise the status and the code of the error, followed by `by upstream` when
 * upstream rejected the only call, or by the upstream calls.
 */
type Outcome = string;

const unauthorized = '401 unauthorized';
const forbidden = '403 forbidden';
const notFound = '404 notFound';
const invalidValue = '400 invalidValue';
const upstreamForbids = '403 forbidden by upstream';

type Attempt = [
  what: string,
  request: (other: Tenant, caller: Tenant) => ForeignRequest,
  outcomes: Partial<Record<CallerKind, Outcome>>,
];

/** For every operation: requests for another tenant's resources, and the outcome for every kind of credential. */
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
      'a new user with the other’s client_id',
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
      'a JWT of the other’s user with the other’s client_id',
      ({ user, partner }) => ({ path: '/auth/jwt', fields: { id_user: user.id, client_id: partner.client_id } }),
      { client: invalidValue, bearer_key: invalidValue, api_key: invalidValue },
    ],
  ],
  auth_token_access_post: [
    [
      'a token for a code of the other’s user',
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
      'a token for the other’s code with the other’s redirect URI',
      ({ code, redirectUri }) => ({ path: '/auth/token/access', fields: { code, redirect_uri: redirectUri } }),
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
      'the revocation of a token of the other’s user',
      ({ user }) => ({
        path: `/auth/token?${new URLSearchParams({ id_user: user.id, token: user.token }).toString()}`,
      }),
      { client: forbidden, bearer_key: forbidden, api_key: forbidden, token: 'own', anonymous: unauthorized },
    ],
  ],
  certificate_type_get: [
    [
      'a certificate, which is shared',
      () => ({ path: '/certificate/qwac' }),
      { client: 'own', bearer_key: 'own', api_key: 'own', token: 'own', anonymous: unauthorized },
    ],
  ],
  hash_delete: [
    [
      'the deletion of the connections of the other’s user',
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
      'the other’s user with an encoded id',
      ({ user }) => ({ path: `/users/${user.id.replace(/\d/g, (digit) => `%3${digit}`)}` }),
      { bearer_key: notFound, token: upstreamForbids },
    ],
    [
      'all users',
      () => ({ path: '/users/all' }),
      { client: forbidden, bearer_key: forbidden, api_key: forbidden, token: upstreamForbids, anonymous: unauthorized },
    ],
    [
      'the other’s user by a path through the own user',
      ({ user: { id } }, { user }) => ({ path: `/users/${user.id}%2F..%2F${id}` }),
      { bearer_key: invalidValue, token: invalidValue },
    ],
  ],
  users_id_user_delete: [
    [
      'the deletion of the other’s user',
      ({ user }) => ({ path: `/users/${user.id}` }),
      { client: forbidden, bearer_key: notFound, api_key: forbidden, token: upstreamForbids, anonymous: unauthorized },
    ],
    [
      'the deletion of all users',
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
      'a token of the other’s user with its id in the body',
      ({ user }) => ({ path: '/users/me/token', fields: { application: 'sharedAccess', id_user: user.id } }),
      { bearer_key: invalidValue, token: invalidValue },
    ],
  ],
  webauth_get: [
    [
      'the other’s redirect URI',
      ({ redirectUri }, { partner }) => ({ path: webauth(partner, redirectUri) }),
      { anonymous: invalidValue },
    ],
    [
      'the own redirect URI with the other’s client_id',
      ({ partner }, { redirectUri }) => ({ path: webauth(partner, redirectUri) }),
      { anonymous: invalidValue },
    ],
    [
      'the other’s connection for the own user',
      ({ connection }, { partner, redirectUri, code }) => ({
        path: webauth(partner, redirectUri, { id_connection: connection, token: code }),
      }),
      { anonymous: '404 notFound by upstream' },
    ],
  ],
  webauth_callback_get: [
    [
      'the other’s redirect URI in an unsealed state',
      ({ redirectUri }) => ({
        path: `/webauth/callback?state=${encodeURIComponent(JSON.stringify({ u: redirectUri }))}`,
      }),
      { anonymous: invalidValue },
    ],
  ],
};

function webauth({ client_id }: DemoPartner, redirect_uri: string, fields: Record<string, string> = {}): string {
  return `/webauth?${new URLSearchParams({ client_id, redirect_uri, ...fields }).toString()}`;
}

/** One row of the matrix. */
interface Row {
  id: OperationId;
  kind: CallerKind;
  what: string;
  request: Attempt[1];
  outcome: Outcome;
}

// The keys are the operation ids, as the record's type requires.
const ids = Object.keys(attempts) as OperationId[];
const matrix: Row[] = ids.flatMap((id) =>
  attempts[id].flatMap(([what, request, outcomes]) =>
    Object.entries(outcomes).map(([kind, outcome]) => ({ id, kind: kind as CallerKind, what, request, outcome })),
  ),
);

let gateway: Gateway;
let tenants: Record<'A' | 'B', Tenant>;

beforeAll(async () => {
  gateway = await startGateway();
  tenants = { A: await newTenant('https://a.example/home'), B: await newTenant('https://b.example/home') };
});
afterAll(() => gateway.close());

async function newTenant(redirectUri: string): Promise<Tenant> {
  const partner = await gateway.newPartner({ redirectUris: [redirectUri] });
  const user = await gateway.newUser(partner);
  const code = await gateway.newCode(user.token);
  const query = { client_id: partner.client_id, redirect_uri: redirectUri, token: code };
  const { result } = await visit(gateway, query, 'approve');
  return { partner, redirectUri, user, code, connection: result.searchParams.get('id_connection') ?? '' };
}

/** Returns the request with the caller's credential. A token is of a new user, as the request can delete it. */
async function authenticated(id: OperationId, kind: CallerKind, { partner }: Tenant, fields: Record<string, string>) {
  const row: Operation = operations[id];
  const body: TestRequest = Object.keys(fields).length === 0 ? {} : json(fields);
  switch (kind) {
    case 'client':
      if (row.fields === 'body' && row.accepts.includes('client')) return json({ ...partner, ...fields });
      return combine(body, basic(partner));
    case 'bearer_key':
      return combine(body, bearer(partner.client_secret));
    case 'api_key':
      return combine(body, apiKey(partner.client_secret));
    case 'token':
      return combine(body, bearer((await gateway.newUser(partner)).token));
    case 'anonymous':
      return body;
  }
}

function outcomeOf({ status, body }: TestResponse, calls: RecordedCall[]): Outcome {
  if (status < 300) return 'own';
  const error = `${status} ${(body as { code: string }).code}`;
  if (calls.length === 0) return error;
  if (calls.length === 1 && calls.every((call) => call.status >= 400)) return `${error} by upstream`;
  return `${error} after ${calls.map(({ method, path }) => `${method} ${path}`).join(', ')}`;
}

/** Returns the connections and the owner of a tenant's user. */
async function stateOf({ user }: Tenant): Promise<{ connections: string[]; owner: string | undefined }> {
  const [connections, owner] = await Promise.all([connectionsOf(gateway, user.token), gateway.ownerOf(user.id)]);
  return { connections: connections.map(({ id }) => String(id)), owner };
}

function testedKinds(id: OperationId): CallerKind[] {
  return [...new Set(matrix.filter((row) => row.id === id).map(({ kind }) => kind))].toSorted();
}

test(`the matrix has ${matrix.length} attempts in each direction, with every operation and every kind`, () => {
  expect(ids.toSorted()).toEqual(Object.keys(operations).toSorted());
  const kinds: CallerKind[] = ['anonymous', 'api_key', 'bearer_key', 'client', 'token'];
  const kindsFor = ({ accepts }: Operation) => (accepts.includes('anonymous') ? ['anonymous'] : kinds);
  expect(Object.fromEntries(ids.map((id) => [id, testedKinds(id)]))).toEqual(
    Object.fromEntries(ids.map((id) => [id, kindsFor(operations[id])])),
  );
});

describe.each([
  ['A', 'B'],
  ['B', 'A'],
] as const)('resources of %s are isolated from %s', (owner, caller) => {
  test.each(matrix)('$id by $kind: $what', async ({ id, kind, request, outcome }) => {
    const other = tenants[owner];
    const { method }: Operation = operations[id];
    const { path, fields = {} } = request(other, tenants[caller]);
    const credential = await authenticated(id, kind, tenants[caller], fields);
    await gateway.upstreamCalls();

    const sent = combine({ headers: { accept: 'application/json' } }, credential);
    const response = await gateway.call.http(method, path, sent);

    expect(outcomeOf(response, await gateway.upstreamRequests())).toBe(outcome);
    expect(response.body).not.toMatchObject({ id_user: Number(other.user.id) });
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
])('no other path returns another tenant’s user: %s %s', async (method, path) => {
  const { partner, user } = tenants.A;
  const address = path.replace('OWN', user.id).replace('ID', tenants.B.user.id);
  for (const credential of [partner.client_secret, user.token]) {
    await gateway.upstreamCalls();
    const { status } = await gateway.call.http(method, address, bearer(credential));
    expect([400, 404]).toContain(status);
    expect(await gateway.upstreamCalls()).toEqual([]);
  }
});
