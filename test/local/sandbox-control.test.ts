import { beforeEach, describe, expect, test } from 'vitest';
import { createCallList, type RecordedCall } from '#local/sandbox/http/call-list.ts';
import { CONTRACT, payloadOf, sandboxForThisFile } from './sandbox-harness.ts';

const { call, newUser, manageToken, userJwt } = sandboxForThisFile();

async function calls(): Promise<RecordedCall[]> {
  // The shape that the route documents.
  return (await call('GET /_sandbox/calls')).body['calls'] as RecordedCall[];
}

describe('the call list', () => {
  beforeEach(() => call('DELETE /_sandbox/calls'));

  test('names what each call carried, the newest last', async () => {
    const token = await manageToken();
    await call('GET /users/all?expand=connections', { token, headers: { 'x-request-id': 'secret' } });
    const [first, second, ...more] = await calls();
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      method: 'POST',
      path: '/2.0/admin/jwt',
      query: [],
      fields: ['scope', 'duration'],
      status: 200,
    });
    expect(second).toMatchObject({ method: 'GET', path: '/2.0/users/all', query: ['expand'], fields: [], status: 200 });
    expect(second?.headers).toEqual(expect.arrayContaining(['authorization', 'x-request-id', 'host']));
    expect(Date.parse(second?.at ?? '')).toBeGreaterThan(Date.now() - 60_000);
  });

  test('shows refused calls too', async () => {
    await call('PUT /hash');
    await call('POST /auth/token/access', { multipart: { client_id: 'x' } });
    await call('POST /auth/init', { raw: '{', headers: { 'content-type': 'application/json' } });
    expect((await calls()).map(({ path, fields, status }) => [path, fields, status])).toEqual([
      ['/2.0/hash', [], 405],
      ['/2.0/auth/token/access', ['client_id'], 400],
      ['/2.0/auth/init', [], 400],
    ]);
  });

  test('holds no value, wherever a client puts it', async () => {
    const secret = 'Zecr3t';
    const form = { client_id: secret, client_secret: secret, code: secret, [secret]: secret };
    await call(`POST /auth/token/access?${secret}=${secret}&state=${secret}`, {
      authorization: `Basic ${secret}`,
      form,
    });
    for (const path of [
      `/users/${secret}`,
      `/certificate/${secret}`,
      `/${secret}`,
      `/users/12/${secret}`,
      `/webauth?token=${secret}`,
    ]) {
      await call(`GET ${path}`, { token: secret, headers: { cookie: secret } });
    }
    expect(JSON.stringify(await calls())).not.toMatch(new RegExp(secret, 'i'));
    expect((await calls()).map(({ path }) => path)).toContain('/2.0/users/*');
  });

  test('keeps the last ten thousand', async () => {
    const list = createCallList(() => 0, []);
    const request = {
      method: 'GET',
      url: '/2.0/hash',
      query: {},
      body: undefined,
      headers: {},
      raw: { rawHeaders: [] },
    };
    for (let status = 0; status < 25_000; status++) list.record(request, status, 0);
    expect(list.all()).toHaveLength(10_000);
    expect(list.all().at(-1)).toMatchObject({ status: 24_999 });
  });
});

test('a new certificate takes the place of the old one', async () => {
  const { body: renewed } = await call('POST /_sandbox/certificates', { json: { type: 'qwac' } });
  expect((await call('GET /certificate/qwac', { token: CONTRACT.adminToken })).body).toEqual(renewed);
  expect(await call('POST /_sandbox/certificates', { json: { type: 'none' } })).toMatchObject({ status: 400 });
});

test("manage tokens are revoked one by one or all at once, users' JWTs never", async () => {
  const [one, two] = [await manageToken(), await manageToken()];
  const { id } = await newUser();
  const jwt = await userJwt(id);
  const status = async (token: string) => (await call('GET /users/all', { token })).status;

  await call('POST /_sandbox/manage-tokens/revoke', { json: { jti: payloadOf(one)['jti'] } });
  expect([await status(one), await status(two)]).toEqual([403, 200]);
  await call('POST /_sandbox/manage-tokens/revoke', { json: { jti: payloadOf(jwt)['jti'] } });
  const { body } = await call('POST /_sandbox/manage-tokens/revoke', { json: { all: true } });
  expect(body['revoked']).toBeGreaterThanOrEqual(1);
  expect([await status(one), await status(two)]).toEqual([403, 403]);
  expect(await call('GET /users/me', { token: jwt })).toMatchObject({ status: 200 });
  expect(await call('POST /_sandbox/manage-tokens/revoke')).toMatchObject({ status: 400 });
});

test('the credentials that it verifies can be rotated', async () => {
  await call('POST /_sandbox/client', { json: { client_secret: 'next' } });
  expect(await call('POST /auth/init', { json: CONTRACT.client })).toMatchObject({ status: 401 });
  expect(await call('POST /auth/init', { json: { ...CONTRACT.client, client_secret: 'next' } })).toMatchObject({
    status: 200,
  });
  await call('POST /_sandbox/client', { json: { client_secret: CONTRACT.client.client_secret } });

  await call('POST /_sandbox/admin-token', { json: { token: 'next' } });
  expect(await call('POST /admin/jwt', { token: CONTRACT.adminToken })).toMatchObject({
    status: 403,
    body: { code: 'invalidToken' },
  });
  expect(await call('POST /admin/jwt', { token: 'next' })).toMatchObject({ status: 200 });
  await call('POST /_sandbox/admin-token', { json: { token: CONTRACT.adminToken } });
});

const plan = (failure: Record<string, unknown>) => call('POST /_sandbox/failures', { json: failure });
const init = () => call('POST /auth/init');

describe('failures', () => {
  beforeEach(() => call('DELETE /_sandbox/failures'));

  test.each([
    ['tooManyRequests', 429],
    ['bug', 500],
    ['maintenance', 503],
  ])('%s answers %i in the envelope, once', async (answer, status) => {
    await plan({ answer });
    expect(await init()).toMatchObject({ status, body: { code: answer } });
    expect(await init()).toMatchObject({ status: 200 });
  });

  test('too many requests say when to come back', async () => {
    await plan({ answer: 'tooManyRequests', retry_after: 7, times: 2 });
    expect((await init()).headers.get('retry-after')).toBe('7');
    expect((await init()).headers.get('retry-after')).toBe('7');
    expect(await init()).toMatchObject({ status: 200 });
  });

  test('wait for their path', async () => {
    await plan({ answer: 'html', path: '/auth/init' });
    expect(await call('POST /auth/jwt')).toMatchObject({ status: 401 });
    expect(await init()).toMatchObject({ status: 502, text: expect.stringContaining('<h1>502') });
  });

  test('a lost answer is lost after everything was done', async () => {
    const token = await manageToken();
    const users = async () => ((await call('GET /users/all', { token })).body['users'] as unknown[]).length;
    const before = await users();
    await plan({ answer: 'lost', path: '/auth/init' });
    await expect(init()).rejects.toThrow('fetch failed');
    expect(await users()).toBe(before + 1);
    expect(await calls()).toContainEqual(expect.objectContaining({ path: '/2.0/auth/init', status: 0 }));
  });

  test('a reset connection is reset before anything is done', async () => {
    const token = await manageToken();
    const users = async () => ((await call('GET /users/all', { token })).body['users'] as unknown[]).length;
    const before = await users();
    await plan({ answer: 'reset', path: '/auth/init' });
    await expect(init()).rejects.toThrow('fetch failed');
    expect(await users()).toBe(before);
    expect((await calls()).findLast(({ path }) => path === '/2.0/auth/init')).toMatchObject({ status: 0 });
  });

  test('last until they are called off, and are shown', async () => {
    await plan({ answer: 'bug', path: '/auth/init', times: 'always' });
    await plan({ answer: 'html', times: 3 });
    for (let time = 0; time < 5; time++) expect(await init()).toMatchObject({ status: 500 });
    expect(await call('GET /users/me')).toMatchObject({ status: 502 });
    expect((await call('GET /_sandbox/failures')).body).toEqual({
      failures: [
        { answer: 'bug', path: '/auth/init', times: 'always' },
        { answer: 'html', times: 2 },
      ],
    });
    await call('DELETE /_sandbox/failures');
    expect((await call('GET /_sandbox/failures')).body).toEqual({ failures: [] });
  });

  test('can be called off, and must be known', async () => {
    await plan({ answer: 'bug', times: 5 });
    await call('DELETE /_sandbox/failures');
    expect(await init()).toMatchObject({ status: 200 });
    expect(await plan({ answer: 'flood' })).toMatchObject({ status: 400 });
  });
});

test('every call waits as long as it is told to', async () => {
  await call('POST /_sandbox/latency', { json: { milliseconds: 40 } });
  expect((await call('GET /_sandbox/latency')).body).toEqual({ milliseconds: 40 });
  const startedAt = performance.now();
  expect(await init()).toMatchObject({ status: 200 });
  // A timer may be early by a fraction of a millisecond.
  expect(performance.now() - startedAt).toBeGreaterThan(39);
  expect((await calls()).at(-1)?.duration_ms).toBeGreaterThan(38);
  expect(await call('POST /_sandbox/latency', { json: { milliseconds: -1 } })).toMatchObject({ status: 400 });
  await call('POST /_sandbox/latency', { json: { milliseconds: 0 } });
});

test('a page of another origin controls nothing', async () => {
  const form = { milliseconds: '50' };
  const foreign = { headers: { origin: 'https://example.com' }, form };
  expect(await call('POST /_sandbox/latency', foreign)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  expect((await call('GET /_sandbox/latency')).body).toEqual({ milliseconds: 0 });
});
