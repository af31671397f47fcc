import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations, type CallerKind, type Operation, type OperationId } from '#lib/operations/table.ts';
import type { RecordedCall } from '#local/sandbox/http/call-list.ts';
import { apiKey, basic, bearer, combine, json, startGateway, type Gateway } from './gateway.ts';
import type { TestResponse, TestRequest } from './invoke.ts';
import { attempts, type Attempt, type Outcome, type Tenant } from './operations/expectations.ts';
import { connectionsOf, visit } from './webauth/browser.ts';

// Two partners of one gateway. Upstream sees a single client, so only the gateway isolates them.

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
