import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { CONTRACT, sandboxForThisFile } from './sandbox-harness.ts';

const { call, newUser, manageToken, exchange, url } = sandboxForThisFile();
const { client, adminToken } = CONTRACT;
const text = { client_id: String(client.client_id), client_secret: client.client_secret };

describe('bodies', () => {
  test.each([
    ['JSON', { json: client }],
    ['JSON with a client_id in quotes', { json: text }],
    ['JSON with a charset', { json: client, headers: { 'content-type': 'application/json; charset=utf-8' } }],
    ['a form', { form: text }],
    ['multipart', { multipart: text }],
  ])('reads %s', async (_name, sent) => {
    expect(await call('POST /auth/init', sent)).toMatchObject({ status: 200, body: { type: 'permanent' } });
  });

  test('reads multipart with a quoted boundary', async () => {
    const parts = Object.entries(text).map(
      ([name, value]) => `--a b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const { body } = await call('POST /auth/init', {
      raw: `${parts.join('')}--a b--\r\n`,
      headers: { 'content-type': 'multipart/form-data; boundary="a b"' },
    });
    expect(body).toMatchObject({ type: 'permanent' });
  });

  test('reads numbers and booleans written as text', async () => {
    const { id } = await newUser();
    const { body } = await call('POST /auth/jwt', { form: { ...text, id_user: String(id), expire: 'false' } });
    expect(body['payload']).toMatchObject({ id_user: id });
    expect(body['payload']).not.toHaveProperty('exp');
  });

  test.each(['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data', 'text/odd'])(
    'ignores a stray Content-Type %s without a body',
    async (type) => {
      const { token } = await newUser();
      const headers = { 'content-type': type };
      expect(await call('GET /users/me', { token, headers })).toMatchObject({ status: 200 });
      expect(await call('DELETE /hash', { token, headers })).toMatchObject({ status: 204 });
      expect(await call('POST /auth/init', { headers })).toMatchObject({ status: 200, body: { type: 'temporary' } });
    },
  );

  test.each([
    ['broken JSON', 'application/json', '{"client_id":'],
    ['JSON that is no object', 'application/json', '[1]'],
    ['JSON null', 'application/json', 'null'],
    ['multipart without a boundary', 'multipart/form-data', 'x'],
    ['multipart that ends early', 'multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="a"'],
    ['an unknown type', 'text/odd', 'x'],
    ['no type', '', 'x'],
    ['a body over a megabyte', 'application/json', `"${'x'.repeat(1_100_000)}"`],
  ])('refuses %s', async (_name, type, raw) => {
    const headers = { 'content-type': type };
    expect(await call('POST /auth/init', { raw, headers })).toMatchObject({
      status: 400,
      body: { code: 'invalidValue' },
    });
  });

  test('a field given twice is a bad value', async () => {
    const raw = 'client_id=12345678&client_id=12345678&client_secret=x';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await call('POST /auth/init', { raw, headers })).toMatchObject({
      status: 400,
      body: { code: 'invalidValue' },
    });
  });
});

describe('Authorization', () => {
  test.each(['Bearer', 'bearer', 'BEARER', 'OAuth', 'oauth'])('knows %s', async (scheme) => {
    const { token } = await newUser();
    expect(await call('GET /users/me', { authorization: `${scheme} ${token}` })).toMatchObject({ status: 200 });
  });

  test.each(['', 'Bearer', 'Basic eDp5', 'Digest x', 'a-token-without-a-scheme'])(
    'takes %j for no credential',
    async (authorization) => {
      const received = await call('GET /users/me', { authorization });
      expect(received).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    },
  );

  test('a JWT of another signer, without a signature or with another payload is invalid', async () => {
    const [header, payload, signature] = (await manageToken()).split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const other = Buffer.from(JSON.stringify({ type: 'manage_token', scope: 'users' })).toString('base64url');
    for (const token of [`${none}.${payload}.`, `${header}.${other}.${signature}`, `${header}.${payload}.AAAA`]) {
      expect(await call('GET /users/all', { token })).toMatchObject({ status: 403, body: { code: 'invalidToken' } });
    }
  });
});

describe('errors', () => {
  const codes = {
    missingParameter: { status: 400, ask: () => call('GET /webauth') },
    invalidValue: { status: 400, ask: () => call('GET /users/x', { token: adminToken }) },
    invalidCode: { status: 400, ask: () => exchange('unknown') },
    unauthorized: { status: 401, ask: () => call('GET /users/me') },
    invalidClient: { status: 401, ask: () => call('POST /auth/init', { form: { ...text, client_secret: 'wrong' } }) },
    invalidToken: { status: 403, ask: () => call('GET /users/me', { token: 'unknown' }) },
    forbidden: { status: 403, ask: () => call('GET /users/me', { token: adminToken }) },
    notFound: { status: 404, ask: () => call('GET /users/999999', { token: adminToken }) },
    methodNotAllowed: { status: 405, ask: () => call('PUT /hash') },
  };

  test.each(Object.entries(codes))('%s comes in the envelope', async (code, { status, ask }) => {
    const received = await ask();
    expect(received.status).toBe(status);
    expect(received.body).toMatchObject({
      code,
      description: expect.any(String),
      message: null,
      request_id: expect.any(String),
    });
    expect(received.headers.get('cache-control')).toBe('no-store');
  });

  test("only /auth/token/access adds OAuth's fields", async () => {
    expect((await call('GET /auth/token/access')).body).toMatchObject({
      code: 'methodNotAllowed',
      error: 'invalid_request',
    });
    expect((await call('GET /auth/init')).body).not.toHaveProperty('error');
  });

  test('405 names the methods of the path', async () => {
    const received = await call('PATCH /users/1');
    expect(received.headers.get('allow')).toBe('GET, DELETE');
    expect(await call('POST /auth/token/code')).toMatchObject({ status: 405 });
    expect(await call('HEAD /webauth')).toMatchObject({ status: 405 });
  });

  test.each(['GET /', 'GET /users', 'GET /auth/init/more', 'POST /auth/renew'])('%s is not there', async (line) => {
    expect(await call(line)).toMatchObject({ status: 404, body: { code: 'notFound' } });
  });

  test('a path outside the API, or one that cannot be read, is refused in the envelope too', async () => {
    expect(await call(`GET ${new URL('/', url()).href}`)).toMatchObject({ status: 404, body: { code: 'notFound' } });
    expect(await rawRequest('GET /2.0/users/%zz HTTP/1.1')).toMatch(/^HTTP\/1\.1 400 .*"code":"invalidValue"/s);
  });
});

async function rawRequest(line: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(Number(new URL(url()).port), '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString()));
  socket.on('error', reject).on('close', () => resolve(received));
  socket.write(`${line}\r\nHost: ${new URL(url()).host}\r\nConnection: close\r\n\r\n`);
  return promise;
}
