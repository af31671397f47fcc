import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type * as Ownership from '#lib/partners/ownership.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { apiKey, authorization, bearer, combine, json, startGateway, type Gateway, type TestUser } from '../gateway.ts';
import type { TestRequest } from '../invoke.ts';

let gateway: Gateway;
let ownership: typeof Ownership;
let partner: DemoPartner;
let other: DemoPartner;

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

const application = json({ application: 'app' });

const call = (method: string, path: string, ...requests: TestRequest[]) =>
  gateway.call.http(method, path, combine(...requests));
const keyOf = ({ client_secret }: DemoPartner) => authorization(client_secret);

/** Creates a temporary user of the partner. */
async function temporaryUser(): Promise<TestUser> {
  const { body } = await call('POST', '/auth/init', apiKey(partner.client_secret));
  const { id_user, auth_token } = body as { id_user: number; auth_token: string };
  return { id: String(id_user), token: auth_token };
}

/** Moves the clock of the gateway and of upstream forward. */
function advance(minutes: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + minutes * 60_000 });
}

/** Returns the time some hours ago, in seconds since the epoch. */
const hoursAgo = (hours: number) => Math.floor(Date.now() / 1000) - hours * 3600;

/** Returns the statuses with which the two partners can read a user. */
async function readByBoth({ id }: TestUser): Promise<number[]> {
  const read = async (reader: DemoPartner) => (await call('GET', `/users/${id}`, keyOf(reader))).status;
  return [await read(partner), await read(other)];
}

async function exchange(caller: DemoPartner, code: string): Promise<number> {
  return (await call('POST', '/auth/token/access', json({ ...caller, code }))).status;
}

/** Creates a permanent token of the user directly at upstream. */
async function permanentToken({ token }: TestUser): Promise<string> {
  const { body } = await gateway.sandbox('POST', '/users/me/token', combine(application, bearer(token)));
  return (body as { token: string }).token;
}

const newToken = (id: string, ...requests: TestRequest[]) =>
  call('POST', `/users/${id}/token`, application, ...requests);

describe('a temporary user', () => {
  test('is owned by the partner until it expires', async () => {
    advance(0);
    const before = Date.now() / 1000;
    const user = await temporaryUser();
    const { temporary_until = 0 } = (await ownership.ownershipOf(user.id)) ?? {};
    expect(temporary_until - before).toBeGreaterThanOrEqual(1800);
    expect(temporary_until - before).toBeLessThan(1860);
    advance(29);
    expect(await readByBoth(user)).toEqual([200, 404]);
    advance(2);
    expect(await readByBoth(user)).toEqual([404, 404]);
  });

  test('stays owned when it becomes permanent without a call to the gateway', async () => {
    const user = await temporaryUser();
    const token = await permanentToken(user);
    advance(31);
    expect(await readByBoth(user)).toEqual([200, 404]);
    expect(await exchange(other, await gateway.newCode(token))).toBe(400);
    expect(await readByBoth(user)).toEqual([200, 404]);
    expect(await ownership.ownershipOf(user.id)).toEqual({ owner: partner.client_id });
  });

  test('is recorded as permanent when upstream returns it a day after its expiry, and not before', async () => {
    const user = await gateway.newUser(partner);
    await ownership.saveOwner(user.id, partner.client_id, hoursAgo(23));
    expect(await readByBoth(user)).toEqual([200, 404]);
    expect(await ownership.ownershipOf(user.id)).toHaveProperty('temporary_until');
    await ownership.saveOwner(user.id, partner.client_id, hoursAgo(25));
    expect(await readByBoth(user)).toEqual([200, 404]);
    expect(await ownership.ownershipOf(user.id)).toEqual({ owner: partner.client_id });
  });

  test('has a record that DynamoDB deletes thirty days after its expiry', async () => {
    const user = await temporaryUser();
    const { temporary_until = 0 } = (await ownership.ownershipOf(user.id)) ?? {};
    const { table } = await import('#lib/aws/table.ts');
    expect(await table.get(`USER#${user.id}`)).toMatchObject({ expires_at: temporary_until + 30 * 86_400 });
    await permanentToken(user);
    expect(await newToken(user.id, keyOf(partner))).toMatchObject({ status: 200 });
    expect(await table.get(`USER#${user.id}`)).not.toHaveProperty('expires_at');
  });

  test('is not recorded as permanent after its deletion', async () => {
    const user = await temporaryUser();
    advance(31);
    expect(await newToken(user.id, keyOf(partner))).toMatchObject({ status: 404 });
    expect(await ownership.ownershipOf(user.id)).toHaveProperty('temporary_until');
  });

  test.each<[string, (user: TestUser) => Promise<number>]>([
    ['the partner exchanges a code', async ({ token }) => exchange(partner, await gateway.newCode(token))],
    ['the partner exchanges the user’s own token', ({ token }) => exchange(partner, token)],
    ['the partner creates a token', async ({ id }) => (await newToken(id, keyOf(partner))).status],
    ['its token creates another', async ({ token }) => (await newToken('me', bearer(token))).status],
    ['its token creates another by its id', async ({ id, token }) => (await newToken(id, bearer(token))).status],
  ])('becomes permanent and stays owned when %s', async (_case, makePermanent) => {
    const user = await temporaryUser();
    expect(await makePermanent(user)).toBe(200);
    advance(31);
    expect(await readByBoth(user)).toEqual([200, 404]);
    expect(await ownership.ownershipOf(user.id)).toEqual({ owner: partner.client_id });
  });

  test('stays owned when another partner fails to exchange its code', async () => {
    const user = await temporaryUser();
    expect(await exchange(other, await gateway.newCode(user.token))).toBe(400);
    advance(31);
    expect(await readByBoth(user)).toEqual([200, 404]);
  });

  test('becomes permanent with a JWT without expiry', async () => {
    const { id } = await temporaryUser();
    const minted = await call('POST', '/auth/jwt', json({ id_user: id, expire: false }), keyOf(partner));
    expect(minted).toMatchObject({ status: 200 });
    expect(await ownership.ownershipOf(id)).toEqual({ owner: partner.client_id });
  });

  test('becomes permanent with a JWT without expiry that a manage JWT mints', async () => {
    const { id } = await temporaryUser();
    const manager = bearer(await gateway.manageToken());
    expect(await call('POST', '/auth/jwt', json({ id_user: id, expire: false }), manager)).toMatchObject({
      status: 200,
    });
    expect(await ownership.ownershipOf(id)).toEqual({ owner: partner.client_id });
  });

  test('stays temporary with a JWT that expires', async () => {
    const { id } = await temporaryUser();
    expect(await call('POST', '/auth/jwt', json({ id_user: id }), keyOf(partner))).toMatchObject({ status: 200 });
    expect(await ownership.ownershipOf(id)).toHaveProperty('temporary_until');
  });
});

describe('ownership', () => {
  test.each<[string, (user: TestUser) => Promise<{ status: number }>]>([
    ['by key', ({ id }) => call('DELETE', `/users/${id}`, keyOf(partner))],
    ['by its token', ({ token }) => call('DELETE', '/users/me', bearer(token))],
    ['by its token and id', ({ id, token }) => call('DELETE', `/users/${id}`, bearer(token))],
  ])('ends when the user is deleted %s', async (_case, remove) => {
    for (const user of [await gateway.newUser(partner), await temporaryUser()]) {
      expect(await ownership.ownershipOf(user.id)).toMatchObject({ owner: partner.client_id });
      expect((await remove(user)).status).toBe(200);
      expect(await ownership.ownershipOf(user.id)).toBeUndefined();
      expect(await readByBoth(user)).toEqual([404, 404]);
    }
  });

  test.each<[string, (user: TestUser) => Promise<{ status: number }>]>([
    ['another partner', ({ id }) => call('DELETE', `/users/${id}`, keyOf(other))],
    [
      'another user',
      async ({ id }) => call('DELETE', `/users/${id}`, authorization((await gateway.newUser(other)).token)),
    ],
    ['a deletion of all', () => call('DELETE', '/users/all', keyOf(partner))],
  ])('is not ended by %s', async (_who, remove) => {
    const user = await gateway.newUser(partner);
    expect((await remove(user)).status).toBeGreaterThanOrEqual(403);
    expect(await readByBoth(user)).toEqual([200, 404]);
  });

  test('can be recorded again for the same owner, and conflicts for another', async () => {
    const { id } = await gateway.newUser(partner);
    await ownership.saveOwner(id, partner.client_id);
    await expect(ownership.saveOwner(id, other.client_id)).rejects.toThrow(ownership.OwnershipConflict);
    await ownership.endOwnership(id);
    expect(await ownership.ownershipOf(id)).toBeUndefined();
    await ownership.endOwnership(id);
  });
});
