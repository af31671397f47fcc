import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ManageToken } from '#lib/rotation/manage-token.ts';
import type { Passing } from '../proxy.ts';
import { interval, startWorld, steps, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(async () => {
  await world.reset();
  await world.create('admin-token', { token: world.adminToken });
  await world.create('manage-token', { jwt_token: 'the one in use', expires_at: 0 });
});
afterEach(() => {
  vi.unstubAllEnvs();
  world.expectNoLeak();
});
afterAll(() => world.close());

const failure = 'rotate_manage_token failed';
const step = (name: string, version: string) => world.step('manage-token', name, version);
const pending = () => world.value<ManageToken>('manage-token', 'AWSPENDING');
const current = () => world.value<ManageToken>('manage-token');
/** What upstream knows of the JWT in use; undefined when it would reject it. */
const inUse = async () => world.budgea.jwts.find((await current())?.jwt_token ?? '');
/** Why the last run failed. */
const reason = () => world.logs().at(-1)?.['detail'];

/** A new pending version with a fresh JWT. */
async function created(): Promise<string> {
  const version = await world.begin('manage-token');
  await step('createSecret', version);
  return version;
}

/** What upstream is asked from now on. */
function watchUpstream(): Passing[] {
  const seen: Passing[] = [];
  world.gate.meddle((name, request) => {
    if (name.includes('/')) seen.push(request);
    return undefined;
  });
  return seen;
}

/** Upstream answers the test call like this, so many times. */
function answerTestCall(status: number, code = 'said', times = Infinity): void {
  const body = JSON.stringify(status === 200 ? { id: 1 } : { code });
  let left = times;
  world.gate.meddle((name) =>
    name.startsWith('GET /users') && left-- > 0
      ? Promise.resolve({ status, headers: { 'content-type': 'application/json' }, body })
      : undefined,
  );
}

describe('createSecret', () => {
  test('mints a JWT with the admin token, for a scope and a time that it names, and stores it as pending', async () => {
    const seen = watchUpstream();
    await created();
    expect(seen).toMatchObject([
      { method: 'POST', path: '/2.0/admin/jwt', headers: { authorization: `Bearer ${world.adminToken}` } },
    ]);
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ scope: 'users', duration: 3 * interval });
    const made = await pending();
    const row = await world.budgea.jwts.find(made?.jwt_token ?? '');
    expect(row).toMatchObject({ claims: { type: 'manage_token', scope: 'users' }, exp: made?.expires_at });
    expect(await current()).toMatchObject({ jwt_token: 'the one in use' });
  });

  test.each([
    ['30', 90],
    ['240', 720],
    ['10080', 30_240],
    // However short the interval, the JWT lives a while.
    ['0.5', 15],
    ['0', 15],
  ])('asks for three intervals of %s minutes: %i', async (minutes, duration) => {
    vi.stubEnv('ROTATION_MINUTES', minutes);
    const seen = watchUpstream();
    await created();
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({ duration });
  });

  test('mints nothing when the interval is no number', async () => {
    vi.stubEnv('ROTATION_MINUTES', 'soon');
    await expect(created()).rejects.toThrow(failure);
    expect(world.gate.calls()).not.toContain('POST /admin/jwt');
  });

  test('asks for the scope of the environment', async () => {
    vi.stubEnv('MANAGE_SCOPE', 'config');
    const seen = watchUpstream();
    await created();
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({ scope: 'config' });
  });

  test('repeated, mints nothing more', async () => {
    const version = await created();
    const minted = world.minted().length;
    await step('createSecret', version);
    expect(world.minted()).toHaveLength(minted);
  });

  test('overtaken by its own retry, goes on with the JWT that was stored first', async () => {
    const version = await world.begin('manage-token');
    const [arrived, overtaken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let puts = 0;
    world.gate.meddle((name, _request, forward) => {
      if (name !== 'PutSecretValue' || puts++ > 0) return undefined;
      arrived.resolve();
      return overtaken.promise.then(forward);
    });
    const minted = world.minted().length;
    const slow = step('createSecret', version);
    await arrived.promise;
    await step('createSecret', version);
    const stored = await pending();
    overtaken.resolve();
    await slow;

    expect(puts).toBe(2);
    expect(world.minted()).toHaveLength(minted + 2);
    for (const name of steps) await step(name, version);
    expect(await current()).toEqual(stored);
    expect(await inUse()).toBeDefined();
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text that is not JSON, as a deployment may put there', 'kX7!placeholder'],
    ['JSON of another shape', { token: 'x' }],
  ])('makes a first value where there is %s', async (_case, value) => {
    await world.reset();
    await world.create('admin-token', { token: world.adminToken });
    await world.create('manage-token', value);
    await world.rotate('manage-token');
    expect(await inUse()).toBeDefined();
  });
});

describe('a rotation before the operator has set the admin token', () => {
  test.each<[string, { value?: unknown } | undefined]>([
    ['is not there', undefined],
    ['has no value', {}],
    ['has a value of another shape', { value: { admin: 'x' } }],
  ])('does nothing when the secret %s, and the next one is not in its way', async (_case, admin) => {
    await world.reset();
    await world.create('manage-token');
    if (admin !== undefined) await world.create('admin-token', admin.value);
    world.gate.calls();
    await world.rotate('manage-token');
    expect(new Set(world.gate.calls())).toEqual(new Set(['DescribeSecret', 'GetSecretValue']));
    expect(await current()).toBeUndefined();
    const told = { outcome: 'failed', detail: expect.stringContaining('admin-token') as string };
    expect(world.logs()).toContainEqual(expect.objectContaining(told));

    await world.set('admin-token', { token: world.adminToken });
    // The service takes up the rotation that it could not end, and says so.
    await expect(world.rotate('manage-token')).rejects.toThrow('That rotation will be reattempted');
    expect(await inUse()).toBeDefined();
    await world.rotate('manage-token');
  });

  test('the configuration can be tried', async () => {
    await world.reset();
    await world.create('manage-token');
    await world.try('manage-token');
    expect(world.logs()).toMatchObject([{ step: 'testSecret', outcome: 'success' }]);
  });
});

describe('testSecret', () => {
  test('asks upstream for a user that cannot exist, with the pending JWT', async () => {
    const version = await created();
    const seen = watchUpstream();
    await step('testSecret', version);
    const authorization = `Bearer ${(await pending())?.jwt_token}`;
    expect(seen).toMatchObject([{ method: 'GET', path: '/2.0/users/999999999999999999', headers: { authorization } }]);
  });

  test.each([200, 404])('takes %i as proof', async (status) => {
    answerTestCall(status);
    await world.rotate('manage-token');
    expect(await inUse()).toBeDefined();
  });

  test.each([
    [401, 'unauthorized'],
    [403, 'invalidToken'],
    [403, 'forbidden'],
  ])('gives up a JWT that upstream answers with %i %s, and the next rotation makes another', async (status, code) => {
    const minted = world.minted().length;
    answerTestCall(status, code);
    await world.rotate('manage-token');
    expect(await pending()).toBeUndefined();
    expect(await current()).toMatchObject({ jwt_token: 'the one in use' });
    expect(world.minted()).toHaveLength(minted + 1);

    world.gate.meddle(() => undefined);
    await world.rotate('manage-token');
    expect(await inUse()).toBeDefined();
    expect(world.minted()).toHaveLength(minted + 2);
  });

  test('says why it gave a JWT up, also when the answer to that got lost', async () => {
    const version = await created();
    let moves = 0;
    const rejection = { status: 401, headers: {}, body: '' };
    world.gate.meddle((name, _request, forward) => {
      if (name.startsWith('GET /users')) return Promise.resolve(rejection);
      return name === 'UpdateSecretVersionStage' && moves++ === 0 ? forward().then(() => 'broken') : undefined;
    });
    await expect(step('testSecret', version)).rejects.toThrow(failure);
    expect(moves).toBe(2);
    expect(reason()).toBe('the pending value is not usable: upstream rejects it');
  });

  test.each([
    [429, 1],
    [503, 1],
    // A read is repeated once within a step.
    [500, 2],
    [502, 2],
  ])('proves nothing by a %i, and the retry tests the same JWT again', async (status, times) => {
    const minted = world.minted().length;
    answerTestCall(status, 'said', times);
    await world.rotate('manage-token');
    expect(world.logs()).toContainEqual(expect.objectContaining({ step: 'testSecret', outcome: 'failed' }));
    expect(world.minted()).toHaveLength(minted + 1);
    expect(await inUse()).toBeDefined();
  });
});

describe('a pending value', () => {
  test('passes when it lives until the next rotation', async () => {
    await tested(value(good()));
    expect(await pending()).toBeDefined();
  });

  test.each<[string, string, () => unknown]>([
    ['is not JSON', 'it does not have its shape', () => 'eyJ'],
    ['has another shape', 'it does not have its shape', () => ({ jwt: jwt(good()) })],
    ['is no JWT', 'it is not a manage JWT that expires', () => ({ ...value({}), jwt_token: 'opaque' })],
    ['has no JSON in it', 'it is not a manage JWT that expires', () => ({ ...value({}), jwt_token: 'a.b.c' })],
    ['is of another type', 'it is not a manage JWT that expires', () => value({ ...good(), type: 'sharedAccess' })],
    ['never expires', 'it is not a manage JWT that expires', () => value({ ...good(), exp: undefined })],
    ['has another scope', 'it has another scope', () => value({ ...good(), scope: 'users config' })],
    ['is for another host', 'it is for another host', () => value({ ...good(), aud: 'other.biapi.pro' })],
    ['is for another port', 'it is for another host', () => value({ ...good(), aud: '127.0.0.1:1' })],
    [
      'is stored as about to expire',
      'it would not live until the next rotation',
      () => ({ ...value(good()), expires_at: lastingUntil() - 10 }),
    ],
    [
      'is about to expire, whatever was stored beside it',
      'it would not live until the next rotation',
      () => value({ ...good(), exp: lastingUntil() - 10 }),
    ],
  ])('that %s gives up its label, and upstream is not asked', async (_case, why, make) => {
    await expect(tested(make())).rejects.toThrow(failure);
    expect(reason()).toBe(`the pending value is not usable: ${why}`);
    expect(await pending()).toBeUndefined();
    expect(world.gate.calls().filter((name) => name.includes('/'))).toEqual([]);
  });

  test.each([
    ['https://demo.biapi.pro/2.0', 'demo.biapi.pro'],
    ['https://demo.biapi.pro/2.0', 'demo.biapi.pro:443'],
    ['http://demo.biapi.pro/2.0', 'demo.biapi.pro:80'],
  ])('for %s may name its audience %s', async (url, aud) => {
    vi.stubEnv('BUDGEA_URL', url);
    // Upstream cannot be asked there: the scope ends the test, after the audience has passed.
    await expect(tested(value({ ...good(), aud, scope: 'other' }))).rejects.toThrow(failure);
    expect(reason()).toBe('the pending value is not usable: it has another scope');
  });
});

/** A little longer than until the next rotation, in seconds since the epoch. */
const lastingUntil = () => Math.floor(Date.now() / 1000) + interval * 60 + 5;

/** A JWT that nobody signed. */
const jwt = (payload: object) => `${base64url('{}')}.${base64url(JSON.stringify(payload))}.${'s'.repeat(30)}`;
const base64url = (text: string) => Buffer.from(text).toString('base64url');

const good = () => ({ type: 'manage_token', aud: new URL(world.gate.url).host, scope: 'users', exp: lastingUntil() });
const value = (payload: object) => ({ jwt_token: jwt(payload), expires_at: lastingUntil() });

/** Tests a value that no function made, and that upstream would take. */
async function tested(pendingValue: unknown): Promise<void> {
  const version = await world.begin('manage-token');
  await world.putPending('manage-token', version, pendingValue);
  answerTestCall(404);
  await step('testSecret', version);
}
