import * as fc from 'fast-check';
import { inspect } from 'node:util';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  ApiError,
  AuthenticationApi,
  Configuration,
  TransportError,
  type User,
  type Users,
} from '#lib/budgea/authentication-api.ts';
import { readResponse } from '#lib/budgea/wire.ts';
import { operationNames } from './operations.ts';
import { anyText } from '../code-point.ts';

const answer = (status: number, value?: unknown, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: value === undefined ? '' : JSON.stringify(value),
});

/** Returns the error that a function throws. */
function errorOf(read: () => unknown): unknown {
  try {
    read();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** Returns the result of webauthGet for a redirect. */
const webauthTo = (location: string) =>
  new AuthenticationApi(new Configuration({ basePath: 'https://a.test/2.0' }), async () =>
    answer(307, undefined, { location }),
  ).webauthGet();

const errorResponse = (status: number, body: unknown) =>
  errorOf(() => readResponse('hash_delete', answer(status, body)));

const deep = (levels: number) => ({
  ...answer(200),
  body: `{"id":1,"deep":${'['.repeat(levels - 1)}1${']'.repeat(levels - 1)}}`,
});

describe('a success', () => {
  test('keeps unspecified fields', () => {
    const user = { id: 1, signin: null, connections: [{ id: 2 }] };
    expect(readResponse('users_id_user_get', answer(200, user))).toEqual(user);
  });

  test('can have any 2xx status', () => {
    expect(readResponse('users_id_user_token_post', answer(201, { token: 't' }))).toEqual({ token: 't' });
  });

  test('of a deletion can be empty or contain the deleted users', () => {
    expect(readResponse('users_id_user_delete', answer(204))).toBeUndefined();
    expect(readResponse('users_id_user_delete', { ...answer(200), body: ' \n' })).toBeUndefined();
    expect(readResponse('users_id_user_delete', answer(200, { id: 1 }))).toEqual({ id: 1 });
    expect(readResponse('users_id_user_delete', answer(200, { users: [{ id: 1 }] }))).toEqual({ users: [{ id: 1 }] });
    expect(errorOf(() => readResponse('users_id_user_delete', answer(200, null)))).toBeInstanceOf(TransportError);
  });

  test('can have a hundred levels, but not more', () => {
    expect(readResponse('users_id_user_get', deep(100))).toMatchObject({ id: 1 });
    for (const levels of [101, 30_000]) {
      expect(errorOf(() => readResponse('users_id_user_get', deep(levels)))).toMatchObject({ failure: 'malformed' });
    }
  });

  test('without a result can have any body', () => {
    expect(readResponse('hash_delete', { ...answer(200), body: 'OK' })).toBeUndefined();
  });

  test('of webauth is the target of the redirect', () => {
    expect(readResponse('webauth_get', answer(302, undefined, { location: '/bank' }))).toBe('/bank');
    expect(errorOf(() => readResponse('webauth_get', answer(200)))).toMatchObject({ failure: 'malformed' });
    expect(errorOf(() => readResponse('webauth_get', answer(307)))).toMatchObject({ name: 'ApiError', status: 307 });
  });
});

describe('webauthGet', () => {
  test('returns an absolute address', async () => {
    await expect(webauthTo('https://bank.test/x?y')).resolves.toBe('https://bank.test/x?y');
    await expect(webauthTo('/bank?x=1')).resolves.toBe('https://a.test/bank?x=1');
    await expect(webauthTo('bank')).resolves.toBe('https://a.test/2.0/bank');
  });

  test('rejects an invalid address', async () => {
    await expect(webauthTo('https://')).rejects.toMatchObject({ failure: 'malformed', sent: true });
  });
});

describe('an error response', () => {
  test('has the envelope’s code, whatever the other fields', () => {
    for (const request_id of [1, 'a1', null, undefined]) {
      const body = { code: 'invalidToken', description: null, message: 'No', request_id };
      expect(errorResponse(403, body)).toMatchObject({ status: 403, code: 'invalidToken', body: { message: 'No' } });
    }
    expect(String(errorResponse(403, { code: 'invalidToken' }))).toBe(
      'ApiError: hash_delete answered 403 invalidToken',
    );
  });

  test('has no code when the body is not an envelope or the code has another form', () => {
    for (const body of [undefined, null, 7, 'no', [], {}, { code: 7 }, { code: 'a b' }, { code: '' }, { code: 'a1' }]) {
      expect(errorResponse(400, body)).toMatchObject({ status: 400, code: undefined });
    }
    expect(String(errorResponse(400, null))).toBe('ApiError: hash_delete answered 400');
  });
});

test('any response is a result, an ApiError or a TransportError', () => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.array(fc.record({ id: fc.integer() })));
  const fields = { code: value, token: value, id: value, users: value, auth_token: value, payload: value };
  const object = fc.record(fields, { requiredKeys: [] });
  const body = fc.oneof(
    anyText,
    fc.oneof(value, object).map((json) => JSON.stringify(json)),
  );
  const headers = fc.record({ location: fc.string() }, { requiredKeys: [] });
  const response = fc.record({ status: fc.integer({ min: 200, max: 599 }), headers, body });
  const property = fc.property(fc.constantFrom(...operationNames), response, (operation, received) => {
    try {
      readResponse(operation, received);
      return true;
    } catch (error) {
      return error instanceof ApiError || error instanceof TransportError;
    }
  });
  expect(fc.check(property, { numRuns: 200 })).toMatchObject({ failed: false });
});

test('no error shows a token that the response repeats', () => {
  const token = fc.stringMatching(/^[A-Za-z0-9+/]{31}[0-9]=$/);
  const places = [
    (secret: string) => ({ code: secret }),
    (secret: string) => ({ code: `bad_${secret}` }),
    (secret: string) => ({ code: 'bad', description: secret, request_id: secret }),
    (secret: string) => [secret],
    (secret: string) => secret,
  ];
  fc.assert(
    fc.property(token, fc.constantFrom(...places), fc.constantFrom(200, 302, 401, 500), (secret, place, status) => {
      const response = { status, headers: { 'x-echo': secret }, body: JSON.stringify(place(secret)) };
      const error = errorOf(() => readResponse('auth_init_post', response));
      const shown = inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error) + String(error);
      expect(shown).not.toContain(secret);
    }),
  );
});

test('one user and all users have different types', () => {
  const api = new AuthenticationApi();
  expectTypeOf(() => api.usersIdUserGet('me')).returns.resolves.toEqualTypeOf<User>();
  expectTypeOf(() => api.usersIdUserGet(7)).returns.resolves.toEqualTypeOf<User>();
  expectTypeOf(() => api.usersIdUserGet('all')).returns.resolves.toEqualTypeOf<Users>();
  expectTypeOf(() => api.usersIdUserGet(String(7))).returns.resolves.toEqualTypeOf<User | Users>();
  expectTypeOf(() => api.usersIdUserDelete('me')).returns.resolves.toEqualTypeOf<User | undefined>();
  expectTypeOf(() => api.usersIdUserDelete('all')).returns.resolves.toEqualTypeOf<Users | undefined>();
  expectTypeOf<User['id']>().toEqualTypeOf<number>();
});
