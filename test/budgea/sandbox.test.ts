import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuthenticationApi, Configuration, type MediaType } from '#lib/budgea/authentication-api.ts';
import { startSandbox, type RunningSandbox } from '#local/sandbox/server.ts';

const client = { client_id: 12_345_678, client_secret: 's3cret+/=&%ü' };
const adminToken = 'the-admin/token+of=tests';
const redirect_uri = 'https://app.example/home-ü';

let sandbox: RunningSandbox;
let api: AuthenticationApi;
let manager: AuthenticationApi;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, client, adminToken, redirectUris: [redirect_uri] });
  api = clientWith();
  manager = clientWith(adminToken);
});
afterAll(() => sandbox.close());

function clientWith(apiKey?: string): AuthenticationApi {
  return new AuthenticationApi(new Configuration({ basePath: sandbox.url, apiKey, apiKeyPrefix: 'Bearer' }));
}

/** Creates a permanent user and a client with its token. */
async function newUser() {
  const { auth_token, id_user } = await api.authInitPost(client);
  return { id: Number(id_user), token: auth_token, user: clientWith(auth_token) };
}

async function control(path: string, body: object): Promise<void> {
  const { ok } = await fetch(new URL(`/_sandbox/${path}`, sandbox.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(ok).toBe(true);
}

/** Loses the response to the next call of the path, after the call has its effect. */
const loseResponse = (path: string) => control('failures', { answer: 'lost', path });

const mediaTypes: MediaType[] = ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'];

describe.each(mediaTypes)('in %s', (mediaType) => {
  test('adminJwtPost creates a manage JWT with the scope', async () => {
    const { jwt_token, payload } = await manager.adminJwtPost({ scope: 'users', duration: 5 }, { mediaType });
    expect(payload).toMatchObject({ type: 'manage_token', scope: 'users' });
    const { users } = await clientWith(jwt_token).usersIdUserGet('all');
    expect(users).toBeInstanceOf(Array);
  });

  test('authInitPost creates a temporary user without credentials and a permanent one with them', async () => {
    expect(await api.authInitPost({}, { mediaType })).toMatchObject({ type: 'temporary', expires_in: 1800 });
    expect(await api.authInitPost(client, { mediaType })).toMatchObject({ type: 'permanent' });
    expect(await manager.authInitPost({}, { mediaType })).toMatchObject({ type: 'permanent' });
  });

  test('authJwtPost creates a JWT for an existing or a new user', async () => {
    const { id } = await newUser();
    const opts = { ...client, id_user: id, scope: 'read', expire: false };
    const { payload } = await api.authJwtPost(opts, { mediaType });
    expect(payload).toMatchObject({ id_user: id, scope: 'read' });
    expect(payload).not.toHaveProperty('exp');
    const created = await api.authJwtPost(client, { mediaType });
    expect(created.payload?.id_user).not.toBe(id);
    expect(created.payload?.exp).toBeTypeOf('number');
  });

  test('authTokenAccessPost exchanges a code for a token', async () => {
    const { id, user } = await newUser();
    const { code } = await user.authTokenCodeGet();
    const { client_id, client_secret } = client;
    const opts = { grant_type: 'authorization_code', redirect_uri };
    const { access_token } = await api.authTokenAccessPost(client_id, client_secret, code, opts, { mediaType });
    expect(await clientWith(access_token).usersIdUserGet('me')).toMatchObject({ id });
  });

  test('usersIdUserTokenPost creates a token for a user', async () => {
    const { id, user } = await newUser();
    const { token } = await user.usersIdUserTokenPost('me', 'Ma banque & moi', { mediaType });
    expect(await clientWith(token).usersIdUserGet(id)).toMatchObject({ id });
    const managed = await manager.usersIdUserTokenPost(id, 'sharedAccess', { mediaType });
    expect(await clientWith(managed.token).usersIdUserGet('me')).toMatchObject({ id });
  });
});

test('authTokenCodeGet creates codes for single use or until they expire', async () => {
  const { user } = await newUser();
  expect(await user.authTokenCodeGet()).toMatchObject({ type: 'temporary', access: 'standard', expires_in: 1800 });
  const { code, access } = await user.authTokenCodeGet({ type: 'singleAccess' });
  expect(access).toBe('single');
  const exchange = () => api.authTokenAccessPost(client.client_id, client.client_secret, code);
  await exchange();
  await expect(exchange()).rejects.toMatchObject({ status: 400, code: 'invalidCode' });
});

test('authTokenDelete revokes only the configured token', async () => {
  const { user } = await newUser();
  const { token } = await user.usersIdUserTokenPost('me', 'sharedAccess');
  const other = clientWith(token);
  await expect(other.authTokenDelete()).resolves.toBeUndefined();
  await expect(other.usersIdUserGet('me')).rejects.toMatchObject({ status: 403, code: 'invalidToken' });
  await user.usersIdUserGet('me');
});

test('certificateTypeGet returns the latest certificate of a type', async () => {
  expect(await manager.certificateTypeGet('qwac', { expand: 'keys' })).toMatchObject({ type: 'qwac' });
  await expect(manager.certificateTypeGet('no such/type')).rejects.toMatchObject({ status: 404, code: 'notFound' });
});

test('hashDelete requires a token', async () => {
  const { user } = await newUser();
  await expect(user.hashDelete()).resolves.toBeUndefined();
  await expect(api.hashDelete()).rejects.toMatchObject({ status: 401, code: 'unauthorized' });
});

test('usersIdUserGet returns one user with the expanded resources', async () => {
  const { id, user } = await newUser();
  expect(await user.usersIdUserGet('me')).toMatchObject({ id, platform: expect.any(String) });
  expect(await user.usersIdUserGet(String(id), { expand: 'connections' })).toMatchObject({ id, connections: [] });
  await expect(manager.usersIdUserGet(999_999_999)).rejects.toMatchObject({ status: 404, code: 'notFound' });
});

test('usersIdUserDelete deletes one user or all users', async () => {
  const { id, user } = await newUser();
  expect(await user.usersIdUserDelete('me')).toMatchObject({ id });
  const other = await newUser();
  const deleted = await manager.usersIdUserDelete('all');
  expect(deleted?.users.map((each) => each.id)).toContain(other.id);
  expect(await manager.usersIdUserGet('all')).toEqual({ users: [] });
});

test('webauthGet returns the bank’s address without requesting it', async () => {
  const { user } = await newUser();
  const { code: token } = await user.authTokenCodeGet({ type: 'singleAccess' });
  const state = 'a state & more+ü';
  const address = await api.webauthGet({ ...client, redirect_uri, token, state, id_connector: 40 });
  expect(address).toContain(new URL('/bank/', sandbox.url).href);
  await expect(api.webauthGet({ client_id: 1, redirect_uri })).rejects.toMatchObject({ code: 'invalidClient' });
});

describe('when a response is lost,', () => {
  test('a read or a deletion is retried, and counts as successful', async () => {
    const { id, user } = await newUser();
    await loseResponse('/users/me');
    await expect(user.usersIdUserGet('me')).resolves.toMatchObject({ id });
    await loseResponse('/auth/token');
    await expect(user.authTokenDelete()).resolves.toBeUndefined();
    await loseResponse(`/users/${id}`);
    await expect(manager.usersIdUserDelete(id)).resolves.toBeUndefined();
    await expect(manager.usersIdUserGet(id)).rejects.toMatchObject({ status: 404 });
  });

  test('a user is created once', async () => {
    const { users: before } = await manager.usersIdUserGet('all');
    await loseResponse('/auth/init');
    await expect(api.authInitPost(client)).rejects.toMatchObject({ failure: 'broken', sent: true });
    const { users: after } = await manager.usersIdUserGet('all');
    expect(after).toHaveLength(before.length + 1);
  });

  test('a code is spent once', async () => {
    const { user } = await newUser();
    const { code: token } = await user.authTokenCodeGet({ type: 'singleAccess' });
    await loseResponse('/webauth');
    const call = api.webauthGet({ client_id: client.client_id, redirect_uri, token });
    await expect(call).rejects.toMatchObject({ failure: 'broken' });
  });
});

test('throttling and maintenance are errors with headers', async () => {
  await control('failures', { answer: 'tooManyRequests', path: '/auth/init', retry_after: 7 });
  await expect(api.authInitPost()).rejects.toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
  await control('failures', { answer: 'html', path: '/auth/init' });
  await expect(api.authInitPost()).rejects.toMatchObject({ status: 502, code: undefined });
});
