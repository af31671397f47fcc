import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type * as Ownership from '#lib/partners/ownership.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { noFault, startTestAws, unreachable, type TestAws } from '../aws.ts';
import { mistyped } from '../credentials.ts';
import { apiKey, authorization, bearer, json, startGateway, type Gateway } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';
import {
  callWithUpstream,
  errorResponse,
  rejectedWithoutUpstreamCall,
  type ResponseWithUpstream,
} from '../responses.ts';

let aws: TestAws;
let gateway: Gateway;
let ownership: typeof Ownership;
let partner: DemoPartner;
let other: DemoPartner;
/** Changes upstream's responses to POST requests. */
let edit: (body: Record<string, unknown>) => unknown = (body) => body;
/** The last token that upstream issued. */
let token = '';

beforeAll(async () => {
  aws = await startTestAws();
  gateway = await startGateway({ awsEndpoint: aws.url });
  ownership = await import('#lib/partners/ownership.ts');
  [partner, other] = await Promise.all([gateway.newPartner(), gateway.newPartner()]);
});
afterEach(() => {
  aws.fault = noFault;
  edit = (body) => body;
});
afterAll(async () => {
  await gateway.close();
  await aws.close();
});

/** Returns the id that the next user gets. */
async function nextId(): Promise<string> {
  return String(Number((await gateway.newUser(other)).id) + 1);
}

/** Returns upstream's statuses of a user and of the new token. */
async function statusesOf(id: string): Promise<{ user: number; token: number }> {
  const [user, me] = await Promise.all([
    gateway.sandbox('GET', `/users/${id}`, bearer(await gateway.manageToken())),
    gateway.sandbox('GET', '/users/me', bearer(token)),
  ]);
  return { user: user.status, token: me.status };
}
const tokenRevoked = { user: 200, token: 403 };
const userDeleted = { user: 404, token: 403 };

const onUsers = (faults: Record<string, 'error' | 'lost'>) => (operation: string, item: string) =>
  item.startsWith('USER#') ? faults[operation] : undefined;

/** Returns the only log line, which must not contain a secret. */
function logLine(): unknown {
  const [line, ...more] = gateway.logs();
  expect(more).toEqual([]);
  expect(JSON.stringify(line)).not.toContain(token);
  expect(JSON.stringify(line)).not.toContain(partner.client_secret);
  return line;
}

const post = (path: string, request: TestRequest) =>
  callWithUpstream(gateway, () => gateway.call.http('POST', path, request));

describe.each<[string, string, (caller: DemoPartner) => TestRequest]>([
  ['POST /auth/init with client credentials', '/auth/init', (caller) => json(caller)],
  ['POST /auth/init with a bearer key', '/auth/init', ({ client_secret }) => authorization(client_secret)],
  ['POST /auth/init with an API key', '/auth/init', ({ client_secret }) => apiKey(client_secret)],
  ['POST /auth/jwt with client credentials', '/auth/jwt', (caller) => json(caller)],
  ['POST /auth/jwt with a bearer key', '/auth/jwt', ({ client_secret }) => authorization(client_secret)],
])('%s', (_name, path, request) => {
  const send = (): Promise<ResponseWithUpstream> => {
    gateway.logs();
    return gateway.withProxy(
      async ({ method }, forward) => {
        const forwarded = await forward();
        if (method !== 'POST') return forwarded;
        const body = JSON.parse(forwarded.body) as Record<string, unknown>;
        token = String(body['auth_token'] ?? body['jwt_token']);
        return { ...forwarded, body: JSON.stringify(edit(body)) };
      },
      () => post(path, request(partner)),
    );
  };
  const failed = (undo: string[]) => ({ ...errorResponse(502, 'badGateway'), upstream: [`POST ${path}`, ...undo] });

  test('records the owner when the response of the write was lost', async () => {
    const id = await nextId();
    aws.fault = onUsers({ PutItem: 'lost' });
    expect(await send()).toMatchObject({ status: 200, upstream: [`POST ${path}`] });
    expect(await ownership.ownershipOf(id)).toMatchObject({ owner: partner.client_id });
  });

  test('deletes the user with its own token when the write failed and no owner is recorded', async () => {
    const id = await nextId();
    aws.fault = onUsers({ PutItem: 'error' });
    expect(await send()).toMatchObject(failed(['DELETE /users/me']));
    expect(await statusesOf(id)).toEqual(userDeleted);
    expect(logLine()).toMatchObject({ status: 502, id_user: id, partner: partner.client_id });
  });

  test.each([
    ['the write fails with a conflict', {}],
    ['the write fails and a read returns another owner', { PutItem: 'error' as const }],
  ])('does not delete another partner’s user: %s', async (_case, faults) => {
    const id = await nextId();
    await ownership.saveOwner(id, other.client_id);
    aws.fault = onUsers(faults);
    const response = await send();
    expect(response).toMatchObject(failed(['DELETE /auth/token']));
    expect(response.text).not.toContain(token);
    expect(await statusesOf(id)).toEqual(tokenRevoked);
    aws.fault = noFault;
    expect(await ownership.ownershipOf(id)).toEqual({ owner: other.client_id });
    const metrics = [
      expect.objectContaining({
        Metrics: expect.arrayContaining([{ Name: 'OwnershipConflict', Unit: 'Count' }]) as unknown,
      }),
    ];
    expect(logLine()).toMatchObject({ OwnershipConflict: 1, _aws: { CloudWatchMetrics: metrics } });
  });

  test('only revokes the token when the owner remains unknown', async () => {
    const id = await nextId();
    aws.fault = onUsers({ PutItem: 'error', GetItem: 'error' });
    expect(await send()).toMatchObject(failed(['DELETE /auth/token']));
    expect(await statusesOf(id)).toEqual(tokenRevoked);
    expect(logLine()).not.toHaveProperty('OwnershipConflict');
  });

  test.each([
    ['the user', { PutItem: 'error' as const }, '/users/me'],
    ['the token', { PutItem: 'error' as const, GetItem: 'error' as const }, '/auth/token'],
  ])('counts that %s cannot be removed', async (_what, faults, removed) => {
    aws.fault = onUsers(faults);
    await gateway.control('failures', { answer: 'bug', path: removed, times: 2 });
    expect(await send()).toMatchObject(failed([`DELETE ${removed}`, `DELETE ${removed}`]));
    expect(logLine()).toMatchObject({ UndoFailed: 1 });
  });

  const withoutId: ((body: Record<string, unknown>) => unknown)[] = [
    ({ jwt_token, ...body }) => (jwt_token === undefined ? { ...body, id_user: undefined } : { jwt_token }),
    (body) => ({ ...body, id_user: null, payload: null }),
    (body) => ({ ...body, id_user: null, payload: { id_user: null } }),
  ];
  test.each(withoutId)('reads the id of the user when the response has none', async (edited) => {
    const id = await nextId();
    edit = edited;
    expect(await send()).toMatchObject({ status: 200, upstream: [`POST ${path}`, 'GET /users/me'] });
    expect(await ownership.ownershipOf(id)).toMatchObject({ owner: partner.client_id });
  });

  test('deletes the user when its id cannot be read', async () => {
    const id = await nextId();
    edit = withoutId[0] ?? edit;
    await gateway.control('failures', { answer: 'html', path: '/users/me', times: 2 });
    expect(await send()).toMatchObject(failed(['GET /users/me', 'GET /users/me', 'DELETE /users/me']));
    expect(await statusesOf(id)).toEqual(userDeleted);
  });

  test('records no owner when upstream creates no user', async () => {
    const id = await nextId();
    await gateway.control('failures', { answer: 'bug', path });
    expect(await send()).toMatchObject(errorResponse(502, 'bug'));
    expect(await ownership.ownershipOf(id)).toBeUndefined();
  });
});

test.each<[string, (caller: DemoPartner) => TestRequest]>([
  ['/admin/jwt', ({ client_secret }) => authorization(client_secret)],
  ['/auth/init', (caller) => json(caller)],
  ['/auth/init', ({ client_secret }) => apiKey(client_secret)],
  ['/auth/jwt', ({ client_secret }) => authorization(client_secret)],
  ['/auth/token/access', (caller) => json({ ...caller, code: 'x' })],
])('POST %s does not call upstream for a partner whose record cannot be read', async (path, request) => {
  const uncached = await gateway.newPartner({ grants: ['admin:jwt:config:1'] });
  aws.fault = unreachable;
  expect(await post(path, request(uncached))).toMatchObject({
    ...rejectedWithoutUpstreamCall(503, 'unavailable'),
    headers: { 'retry-after': '5' },
  });
});

test('a mistyped key is rejected without a read of the table', async () => {
  aws.fault = unreachable;
  const response = await post('/auth/init', apiKey(mistyped(partner.client_secret)));
  expect(response).toMatchObject(rejectedWithoutUpstreamCall(401, 'invalidClient'));
});

test('POST /auth/jwt does not call upstream while the owner of the user cannot be read', async () => {
  const { id } = await gateway.newUser(partner);
  aws.fault = onUsers({ GetItem: 'error' });
  expect(await post('/auth/jwt', json({ ...partner, id_user: id }))).toMatchObject({
    ...rejectedWithoutUpstreamCall(503, 'unavailable'),
    headers: { 'retry-after': '5' },
  });
});
