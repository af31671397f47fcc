import type { AuthenticationApi, CallOptions } from '#lib/budgea/authentication-api.ts';
import { json, respond, type Answer } from './scripted-server.ts';

/** A call of an operation with all options, and a successful answer. */
interface OperationCall {
  call(api: AuthenticationApi, options?: CallOptions): Promise<unknown>;
  success: Answer;
  result: unknown;
}

const client = { client_id: 12_345_678, client_secret: 's3cret+/=' };
const jwt = { jwt_token: 'a.b.c', payload: { id_user: 7 } };
const user = { id: 7, signin: '2024-01-02 03:04:05', platform: 'web' };

function operationCall(result: unknown, call: OperationCall['call']): OperationCall {
  return { call, result, success: result === undefined ? respond(204) : json(result) };
}

/** The calls of the twelve operations. */
export const operations = {
  admin_jwt_post: operationCall(jwt, (api, options) => api.adminJwtPost({ scope: 'users', duration: 5 }, options)),
  auth_init_post: operationCall({ auth_token: 't' }, (api, options) => api.authInitPost(client, options)),
  auth_jwt_post: operationCall(jwt, (api, options) =>
    api.authJwtPost({ ...client, scope: 'read', id_user: 7, expire: false }, options),
  ),
  auth_token_access_post: operationCall({ access_token: 't', token_type: 'Bearer' }, (api, options) =>
    api.authTokenAccessPost(
      client.client_id,
      client.client_secret,
      'c+/=',
      { redirect_uri: 'https://a.test/' },
      options,
    ),
  ),
  auth_token_code_get: operationCall({ code: 'c' }, (api, options) =>
    api.authTokenCodeGet({ type: 'singleAccess' }, options),
  ),
  auth_token_delete: operationCall(undefined, (api, options) => api.authTokenDelete(options)),
  certificate_type_get: operationCall({ id: 1, type: 'qwac' }, (api, options) =>
    api.certificateTypeGet('qwac', { expand: 'keys' }, options),
  ),
  hash_delete: operationCall(undefined, (api, options) => api.hashDelete(options)),
  users_id_user_delete: operationCall(user, (api, options) =>
    api.usersIdUserDelete(7, { expand: 'connections' }, options),
  ),
  users_id_user_get: operationCall(user, (api, options) => api.usersIdUserGet(7, { expand: 'connections' }, options)),
  users_id_user_token_post: operationCall({ token: 't' }, (api, options) =>
    api.usersIdUserTokenPost(7, 'sharedAccess', options),
  ),
  webauth_get: {
    ...operationCall('https://bank.test/', (api, options) => api.webauthGet({ client_id: 1, state: 'a b' }, options)),
    success: respond(307, '', { location: 'https://bank.test/' }),
  },
} satisfies Record<string, OperationCall>;

/** The name of an operation. */
export type OperationName = keyof typeof operations;

/** The names of all operations. */
export const operationNames = Object.keys(operations) as OperationName[]; // An object literal has no other keys.
