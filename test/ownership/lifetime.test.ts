import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type * as Ownership from '#lib/partners/ownership.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { authorization, json, startGateway, type Gateway } from '../gateway.ts';
import { apiKey } from '../key-forms.ts';

let gateway: Gateway;
let ownership: typeof Ownership;
let partner: DemoPartner;
let other: DemoPartner;

interface User {
  id: string;
  token: string;
}

beforeAll(async () => {
  gateway = await startGateway();
  ownership = await import('#lib/partners/ownership.ts');
  [partner, other] = await Promise.all([
    gateway.newPartner({ grants: ['jwt:permanent'] }),
    gateway.newPartner({ grants: ['jwt:permanent'] }),
  ]);
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => gateway.close());

/** The partner's, for half an hour. */
async function temporaryUser(): Promise<User> {
  const { body } = await gateway.ask.http('POST', '/auth/init', apiKey(partner.client_secret));
  const { id_user, auth_token } = body as { id_user: number; auth_token: string };
  return { id: String(id_user), token: auth_token };
}

/** Lets time pass for the gateway and for upstream. */
function minutesLater(minutes: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + minutes * 60_000 });
}

const endedAgo = (hours: number) => Math.floor(Date.now() / 1000) - hours * 3600;
const ask = (method: string, path: string, { client_secret }: DemoPartner, body?: object) =>
  gateway.ask.http(method, path, {
    headers: { ...(body && json(body).headers), authorization: client_secret },
    ...(body && { body: JSON.stringify(body) }),
  });

const asUser = (token: string, body: object) => ({
  ...json(body),
  headers: { ...json(body).headers, authorization: `Bearer ${token}` },
});

/** What the two partners are told when they ask for a user. */
async function readByBoth({ id }: User): Promise<number[]> {
  return [(await ask('GET', `/users/${id}`, partner)).status, (await ask('GET', `/users/${id}`, other)).status];
}

async function exchange(caller: DemoPartner, code: string): Promise<number> {
  return (await gateway.ask.http('POST', '/auth/token/access', json({ ...caller, code }))).status;
}

/** A permanent token and a later code, which the user gets from upstream behind the gateway's back. */
async function permanentToken({ token }: User): Promise<string> {
  const request = { ...json({ application: 'app' }), ...authorization(`Bearer ${token}`) };
  const headers = { ...json({}).headers, ...request.headers };
  const { body } = await gateway.sandbox('POST', '/users/me/token', { ...request, headers });
  return (body as { token: string }).token;
}

async function codeOf(token: string): Promise<string> {
  const { body } = await gateway.sandbox('GET', '/auth/token/code', authorization(`Bearer ${token}`));
  return (body as { code: string }).code;
}

describe('a temporary user', () => {
  test('is the partner’s while it lives', async () => {
    minutesLater(0);
    const before = Date.now() / 1000;
    const user = await temporaryUser();
    const { temporary_until = 0 } = (await ownership.ownershipOf(user.id)) ?? {};
    expect(temporary_until - before).toBeGreaterThanOrEqual(1800);
    expect(temporary_until - before).toBeLessThan(1860);
    minutesLater(29);
    expect(await readByBoth(user)).toEqual([200, 404]);
    minutesLater(2);
    expect(await readByBoth(user)).toEqual([404, 404]);
  });

  test('stays the partner’s when its own token made it permanent behind the gateway’s back', async () => {
    const user = await temporaryUser();
    const token = await permanentToken(user);
    minutesLater(31);
    expect(await readByBoth(user)).toEqual([200, 404]);
    expect(await exchange(other, await codeOf(token))).toBe(400);
    expect(await readByBoth(user)).toEqual([200, 404]);
    expect(await ownership.ownershipOf(user.id)).toEqual({ owner: partner.client_id });
  });

  test('is recorded as permanent when upstream knows it a day after its end, and not before', async () => {
    const user = await gateway.newUser(partner);
    await ownership.saveOwner(user.id, partner.client_id, endedAgo(23));
    expect(await readByBoth(user)).toEqual([200, 404]);
    expect(await ownership.ownershipOf(user.id)).toHaveProperty('temporary_until');
    await ownership.saveOwner(user.id, partner.client_id, endedAgo(25));
    expect(await readByBoth(user)).toEqual([200, 404]);
    expect(await ownership.ownershipOf(user.id)).toEqual({ owner: partner.client_id });
  });

  test('leaves its record to DynamoDB thirty days after its end', async () => {
    const user = await temporaryUser();
    const { temporary_until = 0 } = (await ownership.ownershipOf(user.id)) ?? {};
    const { table } = await import('#lib/aws/table.ts');
    expect(await table.get(`USER#${user.id}`)).toMatchObject({ expires_at: temporary_until + 30 * 86_400 });
    await permanentToken(user);
    expect(await ask('POST', `/users/${user.id}/token`, partner, { application: 'app' })).toMatchObject({
      status: 200,
    });
    expect(await table.get(`USER#${user.id}`)).not.toHaveProperty('expires_at');
  });

  test('is not recorded as permanent when it is gone', async () => {
    const user = await temporaryUser();
    minutesLater(31);
    expect(await ask('POST', `/users/${user.id}/token`, partner, { application: 'app' })).toMatchObject({
      status: 404,
    });
    expect(await ownership.ownershipOf(user.id)).toHaveProperty('temporary_until');
  });

  test.each<[string, (user: User) => Promise<number>]>([
    ['exchanges a code', async ({ token }) => exchange(partner, await codeOf(token))],
    ['exchanges the user’s own token', async ({ token }) => exchange(partner, token)],
    [
      'takes a token of it',
      async ({ id }) => (await ask('POST', `/users/${id}/token`, partner, { application: 'app' })).status,
    ],
    [
      'lets its own token take another',
      async ({ token }) =>
        (await gateway.ask.http('POST', '/users/me/token', asUser(token, { application: 'app' }))).status,
    ],
    [
      'lets its own token take another by its id',
      async ({ id, token }) =>
        (await gateway.ask.http('POST', `/users/${id}/token`, asUser(token, { application: 'app' }))).status,
    ],
  ])('stays the partner’s when the partner %s: that made it permanent', async (_case, keep) => {
    const user = await temporaryUser();
    expect(await keep(user)).toBe(200);
    minutesLater(31);
    expect(await readByBoth(user)).toEqual([200, 404]);
    expect(await ownership.ownershipOf(user.id)).toEqual({ owner: partner.client_id });
  });

  test('stays the partner’s when another partner exchanged its code, in vain', async () => {
    const user = await temporaryUser();
    const code = await codeOf(user.token);
    expect(await exchange(other, code)).toBe(400);
    minutesLater(31);
    expect(await readByBoth(user)).toEqual([200, 404]);
  });

  test('stays the partner’s with a JWT that never expires', async () => {
    const { id } = await temporaryUser();
    expect(await ask('POST', '/auth/jwt', partner, { id_user: id, expire: false })).toMatchObject({ status: 200 });
    expect(await ownership.ownershipOf(id)).toEqual({ owner: partner.client_id });
  });

  test('stays the partner’s with a JWT that never expires, minted by a manage JWT', async () => {
    const { id } = await temporaryUser();
    const { jwt_token } = await gateway.secret<{ jwt_token: string }>('manage-token');
    const minted = await gateway.ask.http('POST', '/auth/jwt', asUser(jwt_token, { id_user: id, expire: false }));
    expect(minted).toMatchObject({ status: 200 });
    expect(await ownership.ownershipOf(id)).toEqual({ owner: partner.client_id });
  });

  test('does not stay with one that does', async () => {
    const { id } = await temporaryUser();
    expect(await ask('POST', '/auth/jwt', partner, { id_user: id })).toMatchObject({ status: 200 });
    expect(await ownership.ownershipOf(id)).toHaveProperty('temporary_until');
  });
});

describe('ownership ends with the user', () => {
  test.each<[string, (user: User) => Promise<{ status: number }>]>([
    ['by key', ({ id }) => ask('DELETE', `/users/${id}`, partner)],
    ['by its token', ({ token }) => gateway.ask.http('DELETE', '/users/me', authorization(`Bearer ${token}`))],
    [
      'by its token and id',
      ({ id, token }) => gateway.ask.http('DELETE', `/users/${id}`, authorization(`Bearer ${token}`)),
    ],
  ])('deleted %s', async (_case, remove) => {
    for (const user of [await gateway.newUser(partner), await temporaryUser()]) {
      expect(await ownership.ownershipOf(user.id)).toMatchObject({ owner: partner.client_id });
      expect((await remove(user)).status).toBe(200);
      expect(await ownership.ownershipOf(user.id)).toBeUndefined();
      expect(await readByBoth(user)).toEqual([404, 404]);
    }
  });

  test.each<[string, (user: User) => Promise<{ status: number }>]>([
    ['another partner', ({ id }) => ask('DELETE', `/users/${id}`, other)],
    [
      'another user',
      async ({ id }) => gateway.ask.http('DELETE', `/users/${id}`, authorization((await gateway.newUser(other)).token)),
    ],
    ['anyone who says all', () => ask('DELETE', '/users/all', partner)],
  ])('and not when %s tries', async (_who, attempt) => {
    const user = await gateway.newUser(partner);
    expect((await attempt(user)).status).toBeGreaterThanOrEqual(403);
    expect(await readByBoth(user)).toEqual([200, 404]);
  });
});

test('recording the same owner again is no conflict, and another is one', async () => {
  const { id } = await gateway.newUser(partner);
  await ownership.saveOwner(id, partner.client_id);
  await expect(ownership.saveOwner(id, other.client_id)).rejects.toThrow(ownership.OwnershipConflict);
  await ownership.endOwnership(id);
  expect(await ownership.ownershipOf(id)).toBeUndefined();
  await ownership.endOwnership(id);
});
