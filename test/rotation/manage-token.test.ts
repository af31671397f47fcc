import { describe, expect, test, vi } from 'vitest';
import type { ManageToken } from '#lib/rotation/manage-token.ts';
import type { ProxyRequest } from '../proxy.ts';
import { interval, steps, useFixture } from './fixture.ts';

const fixture = await useFixture({}, async ({ create, adminToken }) => {
  await create('admin-token', { token: adminToken });
  await create('manage-token', { jwt_token: 'the current one', expires_at: 0 });
});

const failure = 'rotate_manage_token failed';
const step = (name: string, version: string) => fixture.step('manage-token', name, version);
const pending = () => fixture.value<ManageToken>('manage-token', 'AWSPENDING');
const current = () => fixture.value<ManageToken>('manage-token');
/** Returns upstream's record of the current JWT, or undefined for a JWT that upstream would reject. */
const currentRow = async () => fixture.budgea.jwts.find((await current())?.jwt_token ?? '');

/** Starts a rotation and creates the pending JWT. Returns the version. */
async function createPending(): Promise<string> {
  const version = await fixture.begin('manage-token');
  await step('createSecret', version);
  return version;
}

/** Returns the list of the requests to upstream from now on. */
function watchUpstream(): ProxyRequest[] {
  const requests: ProxyRequest[] = [];
  fixture.gate.intercept((name, request) => {
    if (name.includes('/')) requests.push(request);
    return undefined;
  });
  return requests;
}

/** Makes upstream answer the test call with this status, `times` times. */
function answerTestCall(status: number, code = 'someCode', times = Infinity): void {
  const body = JSON.stringify(status === 200 ? { id: 1 } : { code });
  let left = times;
  fixture.gate.intercept((name) =>
    name.startsWith('GET /users') && left-- > 0
      ? Promise.resolve({ status, headers: { 'content-type': 'application/json' }, body })
      : undefined,
  );
}

describe('createSecret', () => {
  test('creates a JWT with the admin token, and stores it as pending', async () => {
    const requests = watchUpstream();
    await createPending();
    expect(requests).toMatchObject([
      { method: 'POST', path: '/2.0/admin/jwt', headers: { authorization: `Bearer ${fixture.adminToken}` } },
    ]);
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ scope: 'users', duration: 3 * interval });
    const created = await pending();
    const row = await fixture.budgea.jwts.find(created?.jwt_token ?? '');
    expect(row).toMatchObject({ claims: { type: 'manage_token', scope: 'users' }, exp: created?.expires_at });
    expect(await current()).toMatchObject({ jwt_token: 'the current one' });
  });

  test.each([
    ['ROTATION_MINUTES', '30', { duration: 90 }],
    ['ROTATION_MINUTES', '240', { duration: 720 }],
    ['ROTATION_MINUTES', '10080', { duration: 30_240 }],
    // The minimum lifetime.
    ['ROTATION_MINUTES', '0.5', { duration: 15 }],
    ['ROTATION_MINUTES', '0', { duration: 15 }],
    ['MANAGE_SCOPE', 'config', { scope: 'config' }],
  ])('with %s=%s requests %j', async (variable, setting, request) => {
    vi.stubEnv(variable, setting);
    const requests = watchUpstream();
    await createPending();
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject(request);
  });

  test('creates no JWT when the interval is not a number', async () => {
    vi.stubEnv('ROTATION_MINUTES', 'soon');
    await expect(createPending()).rejects.toThrow(failure);
    expect(fixture.gate.calls()).not.toContain('POST /admin/jwt');
  });

  test('creates no second JWT when it is repeated', async () => {
    const version = await createPending();
    const minted = fixture.minted().length;
    await step('createSecret', version);
    expect(fixture.minted()).toHaveLength(minted);
  });

  test('keeps the JWT that was stored first when a retry overtakes the first attempt', async () => {
    const version = await fixture.begin('manage-token');
    const [arrived, overtaken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let puts = 0;
    fixture.gate.intercept((name, _request, forward) => {
      if (name !== 'PutSecretValue' || puts++ > 0) return undefined;
      arrived.resolve();
      return overtaken.promise.then(forward);
    });
    const minted = fixture.minted().length;
    const slow = step('createSecret', version);
    await arrived.promise;
    await step('createSecret', version);
    const stored = await pending();
    overtaken.resolve();
    await slow;

    expect(puts).toBe(2);
    expect(fixture.minted()).toHaveLength(minted + 2);
    for (const name of steps) await step(name, version);
    expect(await current()).toEqual(stored);
    expect(await currentRow()).toBeDefined();
  });

  test.each<[string, unknown]>([
    ['no value', undefined],
    ['a placeholder, as a deployment may set', 'kX7!placeholder'],
    ['JSON of another shape', { token: 'x' }],
  ])('creates the first value where there is %s', async (_case, value) => {
    await fixture.reset();
    await fixture.create('admin-token', { token: fixture.adminToken });
    await fixture.create('manage-token', value);
    await fixture.rotate('manage-token');
    expect(await currentRow()).toBeDefined();
  });
});

describe('a rotation without a usable admin token', () => {
  test.each<[string, { value?: unknown } | undefined]>([
    ['does not exist', undefined],
    ['has no value', {}],
    ['has a value of another shape', { value: { admin: 'x' } }],
  ])('does nothing when the secret %s, and does not block the next rotation', async (_case, admin) => {
    await fixture.reset();
    await fixture.create('manage-token');
    if (admin !== undefined) await fixture.create('admin-token', admin.value);
    fixture.gate.calls();
    await fixture.rotate('manage-token');
    expect(new Set(fixture.gate.calls())).toEqual(new Set(['DescribeSecret', 'GetSecretValue']));
    expect(await current()).toBeUndefined();
    const logged = { outcome: 'failed', detail: expect.stringContaining('admin-token') as string };
    expect(fixture.logs()).toContainEqual(expect.objectContaining(logged));

    await fixture.set('admin-token', { token: fixture.adminToken });
    // The service resumes the failed rotation and reports that.
    await expect(fixture.rotate('manage-token')).rejects.toThrow('That rotation will be reattempted');
    expect(await currentRow()).toBeDefined();
    await fixture.rotate('manage-token');
  });

  test('allows the configuration test', async () => {
    await fixture.reset();
    await fixture.create('manage-token');
    await fixture.try('manage-token');
    expect(fixture.logs()).toMatchObject([{ step: 'testSecret', outcome: 'success' }]);
  });
});

describe('testSecret', () => {
  test('reads a user that cannot exist with the pending JWT', async () => {
    const version = await createPending();
    const requests = watchUpstream();
    await step('testSecret', version);
    const authorization = `Bearer ${(await pending())?.jwt_token}`;
    const path = '/2.0/users/999999999999999999';
    expect(requests).toMatchObject([{ method: 'GET', path, headers: { authorization } }]);
  });

  test.each([200, 404])('accepts the JWT on %i', async (status) => {
    answerTestCall(status);
    await fixture.rotate('manage-token');
    expect(await currentRow()).toBeDefined();
  });

  test.each([
    [401, 'unauthorized'],
    [403, 'invalidToken'],
    [403, 'forbidden'],
  ])('rejects the JWT on %i %s, and the next rotation creates another', async (status, code) => {
    const minted = fixture.minted().length;
    answerTestCall(status, code);
    await fixture.rotate('manage-token');
    expect(await pending()).toBeUndefined();
    expect(await current()).toMatchObject({ jwt_token: 'the current one' });
    expect(fixture.minted()).toHaveLength(minted + 1);

    fixture.gate.intercept(() => undefined);
    await fixture.rotate('manage-token');
    expect(await currentRow()).toBeDefined();
    expect(fixture.minted()).toHaveLength(minted + 2);
  });

  test('logs why it rejected a JWT even if the response to the label’s removal is lost', async () => {
    const version = await createPending();
    let moves = 0;
    const rejection = { status: 401, headers: {}, body: '' };
    fixture.gate.intercept((name, _request, forward) => {
      if (name.startsWith('GET /users')) return Promise.resolve(rejection);
      return name === 'UpdateSecretVersionStage' && moves++ === 0 ? forward().then(() => 'broken') : undefined;
    });
    await expect(step('testSecret', version)).rejects.toThrow(failure);
    expect(moves).toBe(2);
    expect(fixture.reason()).toBe('the pending value is not usable: upstream rejects it');
  });

  test.each([
    [429, 1],
    [503, 1],
    // A read is retried once within a step.
    [500, 2],
    [502, 2],
  ])('fails on %i without a decision, and the retry tests the same JWT again', async (status, times) => {
    const minted = fixture.minted().length;
    answerTestCall(status, 'someCode', times);
    await fixture.rotate('manage-token');
    expect(fixture.logs()).toContainEqual(expect.objectContaining({ step: 'testSecret', outcome: 'failed' }));
    expect(fixture.minted()).toHaveLength(minted + 1);
    expect(await currentRow()).toBeDefined();
  });
});

describe('a pending value', () => {
  test('is accepted when it does not expire before the next rotation', async () => {
    await testPending(value(claims()));
    expect(await pending()).toBeDefined();
  });

  const schema = 'it does not match its schema';
  const jwt = 'it is not a manage JWT with an expiry time';
  const host = 'its audience is another host';
  const expiry = 'it expires before the next rotation';
  test.each<[string, string, () => unknown]>([
    ['is not JSON', schema, () => 'eyJ'],
    ['has another shape', schema, () => ({ jwt: unsignedJwt(claims()) })],
    ['is not a JWT', jwt, () => ({ ...value({}), jwt_token: 'opaque' })],
    ['contains no JSON', jwt, () => ({ ...value({}), jwt_token: 'a.b.c' })],
    ['has another type', jwt, () => value({ ...claims(), type: 'sharedAccess' })],
    ['does not expire', jwt, () => value({ ...claims(), exp: undefined })],
    ['has another scope', 'it has another scope', () => value({ ...claims(), scope: 'users config' })],
    ['has another host as audience', host, () => value({ ...claims(), aud: 'other.biapi.pro' })],
    ['has another port as audience', host, () => value({ ...claims(), aud: '127.0.0.1:1' })],
    ['has a stored expiry too soon', expiry, () => ({ ...value(claims()), expires_at: validUntil() - 10 })],
    ['has a claimed expiry too soon', expiry, () => value({ ...claims(), exp: validUntil() - 10 })],
  ])('that %s loses its label without a call of upstream', async (_case, reason, create) => {
    await expect(testPending(create())).rejects.toThrow(failure);
    expect(fixture.reason()).toBe(`the pending value is not usable: ${reason}`);
    expect(await pending()).toBeUndefined();
    expect(fixture.gate.calls().filter((name) => name.includes('/'))).toEqual([]);
  });

  test.each([
    ['https://demo.biapi.pro/2.0', 'demo.biapi.pro'],
    ['https://demo.biapi.pro/2.0', 'demo.biapi.pro:443'],
    ['http://demo.biapi.pro/2.0', 'demo.biapi.pro:80'],
  ])('for %s may have the audience %s', async (url, aud) => {
    vi.stubEnv('BUDGEA_URL', url);
    // That upstream cannot be called: the scope, which is checked after the audience, ends the test.
    await expect(testPending(value({ ...claims(), aud, scope: 'other' }))).rejects.toThrow(failure);
    expect(fixture.reason()).toBe('the pending value is not usable: it has another scope');
  });
});

/** A time just after the next rotation, in seconds since the epoch. */
const validUntil = () => Math.floor(Date.now() / 1000) + interval * 60 + 5;

const unsignedJwt = (payload: object) => `${base64url('{}')}.${base64url(JSON.stringify(payload))}.${'s'.repeat(30)}`;
const base64url = (text: string) => Buffer.from(text).toString('base64url');

const claims = () => ({
  type: 'manage_token',
  aud: new URL(fixture.gate.url).host,
  scope: 'users',
  exp: validUntil(),
});
const value = (payload: object) => ({ jwt_token: unsignedJwt(payload), expires_at: validUntil() });

/** Runs testSecret for a value that upstream would accept. */
async function testPending(pendingValue: unknown): Promise<void> {
  const version = await fixture.begin('manage-token');
  await fixture.putPending('manage-token', version, pendingValue);
  answerTestCall(404);
  await step('testSecret', version);
}
