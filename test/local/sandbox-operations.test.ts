import { describe, expect, test } from 'vitest';
import { CONTRACT, payloadOf, sandboxForThisFile } from './sandbox-harness.ts';

const { call, newUser, manageToken, userJwt, newCode, exchange } = sandboxForThisFile();
const client = CONTRACT.client;
const ADMIN = CONTRACT.adminToken;

describe('POST /admin/jwt', () => {
  test('mints a manage token of the scope and minutes asked for', async () => {
    const { status, body } = await call('POST /admin/jwt', { token: ADMIN, json: { scope: 'users', duration: 5 } });
    expect(status).toBe(200);
    expect(body['payload']).toEqual(payloadOf(String(body['jwt_token'])));
    expect(body['payload']).toMatchObject({
      type: 'manage_token',
      scope: 'users',
      aud: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    });
    const { iat, exp } = payloadOf(String(body['jwt_token']));
    expect(Number(exp) - Number(iat)).toBe(300);
  });

  test('defaults to the scope config for one minute', async () => {
    const { body } = await call('POST /admin/jwt', { token: ADMIN });
    const { scope, iat, exp } = payloadOf(String(body['jwt_token']));
    expect({ scope, seconds: Number(exp) - Number(iat) }).toEqual({ scope: 'config', seconds: 60 });
  });

  test('duration 0 never expires', async () => {
    expect(payloadOf(await manageToken('users', 0))).not.toHaveProperty('exp');
  });

  test('two of the same second differ', async () => {
    const [one, two] = await Promise.all([manageToken(), manageToken()]);
    expect(one).not.toBe(two);
  });

  test('signs with RS256', async () => {
    const [header = ''] = (await manageToken()).split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'RS256', typ: 'JWT' });
  });

  test('is for the admin token alone', async () => {
    const { token } = await newUser();
    expect(await call('POST /admin/jwt', { token: await manageToken() })).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    expect(await call('POST /admin/jwt', { token })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await call('POST /admin/jwt', { json: client })).toMatchObject({
      status: 401,
      body: { code: 'unauthorized' },
    });
  });

  test.each([{ duration: -1 }, { duration: 1.5 }, { duration: 'soon' }, { scope: 'a  b' }, { scope: ['users'] }])(
    'refuses %j',
    async (json) => {
      expect(await call('POST /admin/jwt', { token: ADMIN, json })).toMatchObject({
        status: 400,
        body: { code: 'invalidValue' },
      });
    },
  );
});

describe('POST /auth/init', () => {
  test('makes a temporary user for anybody', async () => {
    const { status, body } = await call('POST /auth/init');
    expect(status).toBe(200);
    expect(body).toEqual({
      auth_token: expect.any(String),
      type: 'temporary',
      expires_in: 1800,
      id_user: expect.any(Number),
    });
  });

  test('makes a permanent user for the client', async () => {
    const { body } = await call('POST /auth/init', { json: client });
    expect(body).toEqual({ auth_token: expect.any(String), type: 'permanent', id_user: expect.any(Number) });
  });

  test.each([['config'], ['users'], ['facturation']])(
    'makes a permanent user for a manage token of scope %s',
    async (scope) => {
      const { body } = await call('POST /auth/init', { token: await manageToken(scope) });
      expect(body).toMatchObject({ type: 'permanent' });
    },
  );

  test('hands out tokens that need percent-encoding', async () => {
    for (const kind of ['temporary', 'permanent'] as const) {
      expect((await newUser(kind)).token).toMatch(/^(?=.*\+)(?=.*\/)[A-Za-z0-9+/=]+$/);
    }
  });

  test('complete client credentials decide, whatever token is beside them', async () => {
    const { token } = await newUser('temporary');
    expect(await call('POST /auth/init', { token, json: client })).toMatchObject({ body: { type: 'permanent' } });
  });

  test('refuses wrong and half credentials, and a dead token', async () => {
    const wrong = { ...client, client_secret: 'wrong' };
    expect(await call('POST /auth/init', { json: wrong })).toMatchObject({
      status: 401,
      body: { code: 'invalidClient' },
    });
    expect(await call('POST /auth/init', { json: { client_id: client.client_id } })).toMatchObject({
      status: 400,
      body: { code: 'missingParameter' },
    });
    expect(await call('POST /auth/init', { token: 'dead' })).toMatchObject({
      status: 403,
      body: { code: 'invalidToken' },
    });
  });
});

describe('POST /auth/jwt', () => {
  test('mints the JWT of a user, for half an hour', async () => {
    const { id } = await newUser();
    const payload = payloadOf(await userJwt(id));
    expect(payload).toMatchObject({ id_user: id, iss: client.client_id, scope: '', type: 'sharedAccess' });
    expect(Number(payload['exp']) - Number(payload['iat'])).toBe(1800);
  });

  test.each([false, 'false', 'False', '0'])('mints one for ever with expire=%j', async (expire) => {
    const { id } = await newUser();
    expect(payloadOf(await userJwt(id, { expire }))).not.toHaveProperty('exp');
  });

  test('makes a user when none is named', async () => {
    const { body } = await call('POST /auth/jwt', { token: await manageToken('config'), json: { scope: 'some' } });
    const me = await call('GET /users/me', { token: String(body['jwt_token']) });
    expect(body['payload']).toMatchObject({ id_user: me.body['id'], scope: 'some' });
  });

  test('refuses strangers, users, unknown users and bad values', async () => {
    const { token } = await newUser();
    const wrong = { ...client, client_secret: 'wrong' };
    expect(await call('POST /auth/jwt')).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(await call('POST /auth/jwt', { token })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await call('POST /auth/jwt', { json: wrong })).toMatchObject({
      status: 401,
      body: { code: 'invalidClient' },
    });
    expect(await call('POST /auth/jwt', { json: { client_secret: 'x' } })).toMatchObject({
      status: 400,
      body: { code: 'missingParameter' },
    });
    expect(await call('POST /auth/jwt', { json: { ...client, id_user: 999_999 } })).toMatchObject({
      status: 404,
      body: { code: 'notFound' },
    });
    expect(await call('POST /auth/jwt', { json: { ...client, id_user: 'me' } })).toMatchObject({
      status: 400,
      body: { code: 'invalidValue' },
    });
    expect(await call('POST /auth/jwt', { json: { ...client, expire: 'maybe' } })).toMatchObject({
      status: 400,
      body: { code: 'invalidValue' },
    });
  });
});

describe('POST /auth/token/access', () => {
  test('exchanges a code for a permanent token of the same user', async () => {
    const { id, token } = await newUser();
    const { status, body } = await exchange(await newCode(token));
    expect(status).toBe(200);
    expect(body).toEqual({ access_token: expect.any(String), token_type: 'Bearer' });
    expect(await call('GET /users/me', { token: String(body['access_token']) })).toMatchObject({ body: { id } });
  });

  test('a single code works once, also for two at once; another as often as one likes', async () => {
    const { token } = await newUser();
    const single = await newCode(token, 'singleAccess');
    const statuses = (await Promise.all([exchange(single), exchange(single), exchange(single)])).map(
      ({ status }) => status,
    );
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 400, 400]);

    const standard = await newCode(token);
    expect([(await exchange(standard)).status, (await exchange(standard)).status]).toEqual([200, 200]);
  });

  test('takes the token of a temporary user in the place of a code, and never a permanent one', async () => {
    const { id, token } = await newUser('temporary');
    const { body } = await exchange(token);
    expect(await call('GET /users/me', { token: String(body['access_token']) })).toMatchObject({ body: { id } });
    expect(await exchange(String(body['access_token']))).toMatchObject({ status: 400, body: { code: 'invalidCode' } });
  });

  test('takes a whitelisted redirect_uri', async () => {
    const { token } = await newUser();
    const code = await newCode(token);
    expect(await exchange(code, { redirect_uri: 'myapp://home' })).toMatchObject({ status: 200 });
    expect(await exchange(code, { redirect_uri: 'myapp://home/' })).toMatchObject({
      status: 400,
      body: { code: 'invalidValue' },
    });
  });

  test('authenticates with Basic too, with or without a colon at the end', async () => {
    const { token } = await newUser();
    const code = await newCode(token);
    for (const pair of ['12345678:s3cret+/=', '12345678:s3cret+/=:']) {
      const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
      expect(await call('POST /auth/token/access', { authorization, form: { code } })).toMatchObject({ status: 200 });
    }
    const wrong = `basic ${Buffer.from('12345678:wrong').toString('base64')}`;
    expect(await call('POST /auth/token/access', { authorization: wrong, form: { code } })).toMatchObject({
      status: 401,
    });
  });

  test('spends no code on a refused call', async () => {
    const { token } = await newUser();
    const code = await newCode(token, 'singleAccess');
    await exchange(code, { client_secret: 'wrong' });
    await exchange(code, { grant_type: 'password' });
    await exchange(code, { redirect_uri: 'https://evil.example' });
    expect(await exchange(code)).toMatchObject({ status: 200 });
  });

  test('refuses in both shapes', async () => {
    const cases = [
      [{ client_id: '' }, 400, 'missingParameter', 'invalid_request'],
      [{ client_secret: '' }, 400, 'missingParameter', 'invalid_request'],
      [{ code: '' }, 400, 'missingParameter', 'invalid_request'],
      [{ client_secret: 'wrong' }, 401, 'invalidClient', 'invalid_client'],
      [{ grant_type: 'password' }, 400, 'invalidValue', 'unsupported_grant_type'],
      [{ code: 'unknown' }, 400, 'invalidCode', 'invalid_grant'],
      [{ code: { nested: true } }, 400, 'invalidValue', 'invalid_request'],
    ] as const;
    for (const [fields, status, code, error] of cases) {
      const received = await exchange('any', fields);
      expect(received).toMatchObject({ status, body: { code, error } });
      expect(received.body['error_description']).toBe(received.body['description']);
    }
  });
});

describe('GET /auth/token/code', () => {
  test('makes a code of either kind', async () => {
    const { token } = await newUser();
    const code = expect.any(String);
    expect((await call('GET /auth/token/code', { token })).body).toEqual({
      code,
      type: 'temporary',
      access: 'standard',
      expires_in: 1800,
    });
    expect((await call('GET /auth/token/code?type=singleAccess', { token })).body).toMatchObject({ access: 'single' });
  });

  test('works for a user by JWT, and for no manage token', async () => {
    const { id } = await newUser();
    expect(await call('GET /auth/token/code', { token: await userJwt(id) })).toMatchObject({ status: 200 });
    expect(await call('GET /auth/token/code', { token: await manageToken() })).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    expect(await call('GET /auth/token/code?type=forever', { token: await userJwt(id) })).toMatchObject({
      status: 400,
      body: { code: 'invalidValue' },
    });
  });
});

describe('DELETE /auth/token', () => {
  test('revokes the token in use and no other', async () => {
    const { id, token } = await newUser();
    const jwt = await userJwt(id);
    for (const used of [jwt, token]) {
      expect(await call('DELETE /auth/token', { token: used })).toMatchObject({ status: 204, text: '' });
      expect(await call('GET /users/me', { token: used })).toMatchObject({
        status: 403,
        body: { code: 'invalidToken' },
      });
    }
    expect(await call('GET /users/me', { token: await userJwt(id) })).toMatchObject({ status: 200 });
  });

  test('does not revoke manage tokens', async () => {
    const token = await manageToken();
    expect(await call('DELETE /auth/token', { token })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await call('GET /users/all', { token })).toMatchObject({ status: 200 });
  });
});

describe('GET /certificate/{type}', () => {
  test('returns the same certificate for every valid token', async () => {
    const { token } = await newUser('temporary');
    const { status, body } = await call('GET /certificate/qwac', { token });
    expect(status).toBe(200);
    expect(body).toEqual({
      id: expect.any(Number),
      id_public_key_file: expect.any(Number),
      id_private_key_file: expect.any(Number),
      type: 'qwac',
      created: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    });
    expect((await call('GET /certificate/qwac?expand=all', { token: await manageToken('config') })).body).toEqual(body);
    expect((await call('GET /certificate/qseal', { token: ADMIN })).body).toMatchObject({ type: 'qseal' });
  });

  test('refuses an unknown type, and client credentials', async () => {
    expect(await call('GET /certificate/none', { token: ADMIN })).toMatchObject({
      status: 404,
      body: { code: 'notFound' },
    });
    const authorization = `Basic ${Buffer.from('12345678:s3cret+/=').toString('base64')}`;
    expect(await call('GET /certificate/qwac', { authorization })).toMatchObject({
      status: 401,
      body: { code: 'unauthorized' },
    });
  });
});

describe('/users/{id_user}', () => {
  test('a user reaches itself, by me and by id', async () => {
    const { id, token } = await newUser();
    for (const name of ['me', id]) {
      const { status, body } = await call(`GET /users/${name}`, { token });
      expect(status).toBe(200);
      expect(body).toEqual({
        id,
        signin: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
        platform: expect.any(String),
      });
    }
  });

  test('signin is the time of creation, in UTC', async () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    const { token } = await newUser();
    const { body } = await call('GET /users/me', { token });
    const signin = Date.parse(`${String(body['signin']).replace(' ', 'T')}Z`);
    expect(signin).toBeGreaterThanOrEqual(before);
    expect(signin).toBeLessThanOrEqual(Date.now());
  });

  test('a user token cannot access another user, existing or not', async () => {
    const [one, two] = [await newUser(), await newUser()];
    for (const line of [
      `GET /users/${two.id}`,
      'GET /users/999999',
      'GET /users/all',
      `DELETE /users/${two.id}`,
      `POST /users/${two.id}/token`,
    ]) {
      expect(await call(line, { token: one.token })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
  });

  test('a manage token reaches any user, with the scope users', async () => {
    const { id } = await newUser();
    const token = await manageToken('config users');
    expect(await call(`GET /users/${id}`, { token })).toMatchObject({ status: 200, body: { id } });
    expect((await call('GET /users/all', { token })).body['users']).toContainEqual(expect.objectContaining({ id }));
    expect(await call('GET /users/999999999999999999', { token })).toMatchObject({
      status: 404,
      body: { code: 'notFound' },
    });
    expect(await call('GET /users/me', { token })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    for (const name of ['0', '-1', 'you', '1e3']) {
      expect(await call(`GET /users/${name}`, { token })).toMatchObject({
        status: 400,
        body: { code: 'invalidValue' },
      });
    }
  });

  test('a manage token without that scope reaches none, there or not', async () => {
    const { id } = await newUser();
    const token = await manageToken('config');
    for (const name of [id, 999_999, 'all']) {
      expect(await call(`GET /users/${name}`, { token })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
    expect(await call(`GET /users/${id}`, { token: ADMIN })).toMatchObject({ status: 200 });
  });

  test('a deleted user takes its tokens, JWTs and codes along', async () => {
    const { id, token } = await newUser();
    const jwt = await userJwt(id, { expire: false });
    const code = await newCode(token);
    const { body } = await call('GET /users/me', { token });
    expect(await call('DELETE /users/me', { token })).toMatchObject({ status: 200, body });
    for (const dead of [token, jwt]) {
      expect(await call('GET /users/me', { token: dead })).toMatchObject({
        status: 403,
        body: { code: 'invalidToken' },
      });
    }
    expect(await exchange(code)).toMatchObject({ status: 400, body: { code: 'invalidCode' } });
    expect(await call(`DELETE /users/${id}`, { token: await manageToken() })).toMatchObject({ status: 404 });
  });

  test('a manage token deletes by id', async () => {
    const { id, token } = await newUser();
    expect(await call(`DELETE /users/${id}`, { token: await manageToken() })).toMatchObject({
      status: 200,
      body: { id },
    });
    expect(await call('GET /users/me', { token })).toMatchObject({ status: 403 });
  });
});

describe('POST /users/{id_user}/token', () => {
  test('makes another token of the user', async () => {
    const { id, token } = await newUser();
    for (const [name, by] of [
      ['me', token],
      [String(id), await manageToken()],
    ] as const) {
      const { status, body } = await call(`POST /users/${name}/token`, {
        token: by,
        form: { application: 'sharedAccess' },
      });
      expect(status).toBe(200);
      expect(await call('GET /users/me', { token: String(body['token']) })).toMatchObject({ body: { id } });
    }
  });

  test('needs an application, and one user', async () => {
    const token = await manageToken();
    const { id } = await newUser();
    expect(await call(`POST /users/${id}/token`, { token })).toMatchObject({
      status: 400,
      body: { code: 'missingParameter' },
    });
    expect(await call('POST /users/all/token', { token, form: { application: 'x' } })).toMatchObject({
      status: 400,
      body: { code: 'invalidValue' },
    });
    expect(await call('POST /users/999999/token', { token, form: { application: 'x' } })).toMatchObject({
      status: 404,
    });
  });
});
