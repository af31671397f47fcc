import * as fc from 'fast-check';
import { parse } from 'node:querystring';
import { describe, expect, test } from 'vitest';
import { AuthenticationApi, Configuration, type MediaType } from '#lib/budgea/authentication-api.ts';
import { buildRequest, type BudgeaRequest } from '#lib/budgea/wire.ts';
import { operationNames, operations, type OperationName } from './operations.ts';
import { anyText } from '../code-point.ts';

/** Returns the request that a method builds, without sending it. */
async function buildBy(
  call: (api: AuthenticationApi) => Promise<unknown>,
  configuration = new Configuration(),
): Promise<BudgeaRequest> {
  const sent: BudgeaRequest[] = [];
  const api = new AuthenticationApi(configuration, async (request) => {
    sent.push(request);
    return { status: 418, headers: {}, body: '' };
  });
  await expect(call(api)).rejects.toMatchObject({ status: 418 });
  const [request] = sent;
  if (request === undefined) throw new Error('no request was built');
  return request;
}

const form = 'application/x-www-form-urlencoded';
const multipart = 'multipart/form-data';
const json = 'application/json';

describe('every method builds the specified request', () => {
  const expected: Record<OperationName, [string, string, Record<string, unknown>?]> = {
    admin_jwt_post: ['POST /admin/jwt', json, { scope: 'users', duration: 5 }],
    auth_init_post: ['POST /auth/init', form, { client_id: '12345678', client_secret: 's3cret+/=' }],
    auth_jwt_post: [
      'POST /auth/jwt',
      json,
      { client_id: 12_345_678, client_secret: 's3cret+/=', scope: 'read', id_user: 7, expire: false },
    ],
    auth_token_access_post: [
      'POST /auth/token/access',
      form,
      { client_id: '12345678', client_secret: 's3cret+/=', code: 'c+/=', redirect_uri: 'https://a.test/' },
    ],
    auth_token_code_get: ['GET /auth/token/code?type=singleAccess', ''],
    auth_token_delete: ['DELETE /auth/token', ''],
    certificate_type_get: ['GET /certificate/qwac?expand=keys', ''],
    hash_delete: ['DELETE /hash', ''],
    users_id_user_delete: ['DELETE /users/7?expand=connections', ''],
    users_id_user_get: ['GET /users/7?expand=connections', ''],
    users_id_user_token_post: ['POST /users/7/token', form, { application: 'sharedAccess' }],
    webauth_get: ['GET /webauth?client_id=1&state=a+b', ''],
  };

  test.each(operationNames)('%s', async (name) => {
    const [line, mediaType, fields] = expected[name];
    const { operation, method, path, headers, body } = await buildBy((api) => operations[name].call(api));
    expect(operation).toBe(name);
    expect(`${method} ${path}`).toBe(line);
    expect(headers['accept']).toBe('application/json');
    expect(headers['content-type'] ?? '').toBe(mediaType);
    expect(Object.keys(headers)).not.toContain('authorization');
    expect(body === undefined ? undefined : await read(mediaType, body)).toEqual(fields);
  });

  test('without options, only required fields are sent', async () => {
    expect(await buildBy((api) => api.adminJwtPost())).toMatchObject({ body: '{}' });
    expect(await buildBy((api) => api.authInitPost())).toMatchObject({ body: '' });
    expect(await buildBy((api) => api.authJwtPost())).toMatchObject({ body: '{}' });
    expect(await buildBy((api) => api.authTokenCodeGet())).toMatchObject({ path: '/auth/token/code' });
    expect(await buildBy((api) => api.authTokenAccessPost('1', 'b', 'c'))).toMatchObject({
      body: 'client_id=1&client_secret=b&code=c',
    });
    expect(await buildBy((api) => api.certificateTypeGet('qwac'))).toMatchObject({ path: '/certificate/qwac' });
    expect(await buildBy((api) => api.usersIdUserGet('all'))).toMatchObject({ path: '/users/all' });
    expect(await buildBy((api) => api.webauthGet())).toMatchObject({ path: '/webauth' });
  });

  test('undefined options are omitted in every media type', async () => {
    const opts = { client_id: undefined, scope: undefined, expire: true };
    for (const mediaType of [json, form, multipart] as const) {
      const { headers, body = '' } = await buildBy((api) => api.authJwtPost(opts, { mediaType }));
      expect(await read(headers['content-type'] ?? '', body)).toEqual({ expire: mediaType === json ? true : 'true' });
    }
  });
});

describe('any text is transmitted unchanged', () => {
  const fields = {
    client_id: anyText,
    client_secret: anyText,
    code: anyText,
    grant_type: anyText,
    redirect_uri: anyText,
  };

  test.each<MediaType>([json, form, multipart])('in %s', async (mediaType) => {
    await fc.assert(
      fc.asyncProperty(fc.record(fields), async (sent) => {
        const { headers, body } = buildRequest('auth_token_access_post', {}, sent, mediaType);
        expect(await read(headers['content-type'] ?? '', body ?? '')).toEqual(sent);
      }),
    );
  });

  test('in a query', () => {
    fc.assert(
      fc.property(fc.record({ state: anyText, redirect_uri: anyText, token: anyText }), (sent) => {
        const { path } = buildRequest('webauth_get', {}, sent);
        expect(path).toMatch(/^\/webauth\?[\x21-\x7e]*$/);
        expect({ ...parse(path.slice(path.indexOf('?') + 1)) }).toEqual(sent);
      }),
    );
  });

  test('in a segment of a path', () => {
    const segment = anyText.filter((value) => !/^\.{0,2}$/.test(value));
    fc.assert(
      fc.property(segment, (id_user) => {
        const { path } = buildRequest('users_id_user_token_post', { id_user }, { application: 'a' });
        const segments = new URL(path, 'https://budgea.test').pathname.split('/');
        expect(segments).toHaveLength(4);
        expect(decodeURIComponent(segments[2] ?? '')).toBe(id_user);
      }),
    );
  });
});

test.each(['', '.', '..'])('the id %j, which would change the path, is rejected', async (id) => {
  const api = new AuthenticationApi(new Configuration(), () => Promise.reject(new Error('sent')));
  await expect(api.usersIdUserDelete(id)).rejects.toThrow(new TypeError('id_user must not be empty, "." or ".."'));
  await expect(api.certificateTypeGet(id)).rejects.toThrow(new TypeError('type must not be empty, "." or ".."'));
});

/** Parses a body with parsers that are independent of the client. */
async function read(contentType: string, body: string): Promise<Record<string, unknown>> {
  if (contentType === json) return JSON.parse(body);
  if (contentType === form) return { ...parse(body) };
  return Object.fromEntries(await new Response(body, { headers: { 'content-type': contentType } }).formData());
}
