import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startSandbox, type RunningSandbox, type SandboxOptions } from '#local/sandbox/server.ts';
import { callsTo, CONTRACT, sandboxForThisFile } from './sandbox-harness.ts';

const HALF_AN_HOUR = 1800;

describe('time', () => {
  const { call, newUser, manageToken, userJwt, newCode, exchange, advance } = sandboxForThisFile();

  test('moves by as much as it is told, and only forward', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const before = Number((await advance(0)).body['now']);
    const after = Number((await advance(90.5)).body['now']);
    expect(after - before).toBe(90_500);
    for (const seconds of [-1, 'soon', null]) {
      expect(await call('POST /_sandbox/clock', { json: { advance: seconds } })).toMatchObject({ status: 400 });
    }
  });

  test('a temporary user vanishes after half an hour, with its token and code', async () => {
    const { id, token } = await newUser('temporary');
    const code = await newCode(token);
    await advance(HALF_AN_HOUR - 30);
    expect(await call('GET /users/me', { token })).toMatchObject({ status: 200 });
    await advance(30);
    expect(await call('GET /users/me', { token })).toMatchObject({ status: 403, body: { code: 'invalidToken' } });
    expect(await exchange(code)).toMatchObject({ status: 400, body: { code: 'invalidCode' } });
    const manager = await manageToken();
    expect(await call(`GET /users/${id}`, { token: manager })).toMatchObject({ status: 404 });
    expect((await call('GET /users/all', { token: manager })).body['users']).not.toContainEqual(
      expect.objectContaining({ id }),
    );
  });

  test('a temporary user stays once it got a permanent token; the temporary one ends all the same', async () => {
    const { id, token } = await newUser('temporary');
    const { body } = await exchange(await newCode(token));
    await advance(HALF_AN_HOUR);
    expect(await call('GET /users/me', { token: String(body['access_token']) })).toMatchObject({
      status: 200,
      body: { id },
    });
    expect(await call('GET /users/me', { token })).toMatchObject({ status: 403 });
  });

  test('codes end after half an hour', async () => {
    const { token } = await newUser();
    const codes = [await newCode(token), await newCode(token, 'singleAccess')];
    await advance(HALF_AN_HOUR);
    for (const code of codes)
      expect(await exchange(code)).toMatchObject({ status: 400, body: { code: 'invalidCode' } });
  });

  test('JWTs end when they say', async () => {
    const { id, token } = await newUser();
    const [jwt, endless, manage, endlessManage] = [
      await userJwt(id),
      await userJwt(id, { expire: false }),
      await manageToken('users', 30),
      await manageToken('users', 0),
    ];
    await advance(HALF_AN_HOUR);
    expect(await call('GET /users/me', { token: jwt })).toMatchObject({ status: 403, body: { code: 'invalidToken' } });
    expect(await call('GET /users/all', { token: manage })).toMatchObject({
      status: 403,
      body: { code: 'invalidToken' },
    });
    for (const lasting of [token, endless])
      expect(await call('GET /users/me', { token: lasting })).toMatchObject({ status: 200 });
    expect(await call('GET /users/all', { token: endlessManage })).toMatchObject({ status: 200 });
  });

  test('new things are of the new time', async () => {
    const now = Number((await advance(86_400)).body['now']);
    const { token } = await newUser();
    const { body } = await call('GET /users/me', { token });
    expect(Date.parse(`${String(body['signin']).replace(' ', 'T')}Z`)).toBeGreaterThan(now - 1000);
  });
});

describe('restart', () => {
  let folder: string;
  let running: RunningSandbox;
  const { call, newUser, manageToken, userJwt, newCode, exchange, advance } = callsTo(() => running.url);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
    running = await startSandbox({ ...CONTRACT, folder });
  });
  afterEach(async () => {
    await running.close();
    await rm(folder, { recursive: true });
  });

  async function restart(options: Partial<SandboxOptions> = {}): Promise<void> {
    await running.close();
    running = await startSandbox({ ...CONTRACT, folder, ...options });
  }

  test('keeps users, tokens, codes, certificates and time', async () => {
    const { id, token } = await newUser();
    const [jwt, manage, code, spent] = [
      await userJwt(id),
      await manageToken(),
      await newCode(token),
      await newCode(token, 'singleAccess'),
    ];
    await exchange(spent);
    const certificate = await call('GET /certificate/qwac', { token });
    await advance(600);
    const before = running.now();

    await restart();
    for (const kept of [token, jwt]) {
      expect(await call('GET /users/me', { token: kept })).toMatchObject({ status: 200, body: { id } });
    }
    expect(await call(`GET /users/${id}`, { token: manage })).toMatchObject({ status: 200 });
    expect(await exchange(code)).toMatchObject({ status: 200 });
    expect(await exchange(spent)).toMatchObject({ status: 400 });
    expect((await call('GET /certificate/qwac', { token })).body).toEqual(certificate.body);
    expect(running.now()).toBeGreaterThanOrEqual(before);
  });

  test('keeps deletions, and never reuses an id', async () => {
    const { id, token } = await newUser();
    await call('DELETE /users/me', { token });
    await restart();
    expect(await call('GET /users/me', { token })).toMatchObject({ status: 403 });
    expect((await newUser()).id).toBeGreaterThan(id);
  });

  test('forgets what has expired', async () => {
    const { token } = await newUser('temporary');
    const kept = await newUser();
    await userJwt(kept.id);
    await newCode(kept.token);
    await advance(HALF_AN_HOUR);
    await restart();
    expect(await call('GET /users/me', { token })).toMatchObject({ status: 403 });
    expect(await call('GET /users/me', { token: kept.token })).toMatchObject({ status: 200 });
  });

  test('keeps rotated credentials until it is started with others', async () => {
    await call('POST /_sandbox/admin-token', { json: { token: 'second' } });
    await call('POST /_sandbox/client', { json: { client_secret: 'second' } });
    await restart();
    expect(await call('POST /admin/jwt', { token: CONTRACT.adminToken })).toMatchObject({ status: 403 });
    expect(await call('POST /admin/jwt', { token: 'second' })).toMatchObject({ status: 200 });
    expect(await call('POST /auth/init', { json: CONTRACT.client })).toMatchObject({ status: 401 });

    await restart({ adminToken: 'third' });
    expect(await call('POST /admin/jwt', { token: 'third' })).toMatchObject({ status: 200 });
    expect(await call('POST /admin/jwt', { token: 'second' })).toMatchObject({ status: 403 });

    await restart();
    expect(await call('POST /admin/jwt', { token: CONTRACT.adminToken })).toMatchObject({ status: 200 });
  });

  test('a taken port is refused as such, whether the folder is free or not', async () => {
    for (const options of [{ folder }, {}]) {
      const second = startSandbox({ ...CONTRACT, ...options, port: running.port });
      await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
    }
    expect(await call('POST /auth/init')).toMatchObject({ status: 200 });
  });

  test('stops at once, even with open connections', async () => {
    const idle = await fetch(`${running.url}/auth/init`, { method: 'POST' });
    await idle.text();
    await running.close();
    await expect(fetch(`${running.url}/auth/init`, { method: 'POST' })).rejects.toThrow('fetch failed');
    running = await startSandbox({ ...CONTRACT, folder });
  });
});
