import type { AuthenticationApi, CallOptions } from '#lib/budgea/authentication-api.ts';
import { json, respond, type Answer } from './scripted-server.ts';

/** One operation as the tests call it: with everything that it takes, and with an answer that it is content with. */
interface Called {
  call(api: AuthenticationApi, options?: CallOptions): Promise<unknown>;
  success: Answer;
  result: unknown;
}

const client = { client_id: 12_345_678, client_secret: 's3cret+/=' };
const jwt = { jwt_token: 'a.b.c', payload: { id_user: 7 } };
const user = { id: 7, signin: '2024-01-02 03:04:05', platform: 'web' };

function called(result: unknown, call: Called['call']): Called {
  return { call, result, success: result === undefined ? respond(204) : json(result) };
}

/** The twelve operations. */
export const operations = {
  admin_jwt_post: called(jwt, (api, how) => api.adminJwtPost({ scope: 'users', duration: 5 }, how)),
  auth_init_post: called({ auth_token: 't' }, (api, how) => api.authInitPost(client, how)),
  auth_jwt_post: called(jwt, (api, how) =>
    api.authJwtPost({ ...client, scope: 'read', id_user: 7, expire: false }, how),
  ),
  auth_token_access_post: called({ access_token: 't', token_type: 'Bearer' }, (api, how) =>
    api.authTokenAccessPost(client.client_id, client.client_secret, 'c+/=', { redirect_uri: 'https://a.test/' }, how),
  ),
  auth_token_code_get: called({ code: 'c' }, (api, how) => api.authTokenCodeGet({ type: 'singleAccess' }, how)),
  auth_token_delete: called(undefined, (api, how) => api.authTokenDelete(how)),
  certificate_type_get: called({ id: 1, type: 'qwac' }, (api, how) =>
    api.certificateTypeGet('qwac', { expand: 'keys' }, how),
  ),
  hash_delete: called(undefined, (api, how) => api.hashDelete(how)),
  users_id_user_delete: called(user, (api, how) => api.usersIdUserDelete(7, { expand: 'connections' }, how)),
  users_id_user_get: called(user, (api, how) => api.usersIdUserGet(7, { expand: 'connections' }, how)),
  users_id_user_token_post: called({ token: 't' }, (api, how) => api.usersIdUserTokenPost(7, 'sharedAccess', how)),
  webauth_get: {
    ...called('https://bank.test/', (api, how) => api.webauthGet({ client_id: 1, state: 'a b' }, how)),
    success: respond(307, '', { location: 'https://bank.test/' }),
  },
} satisfies Record<string, Called>;

/** The name of an operation. */
export type OperationName = keyof typeof operations;

/** Every name. */
export const operationNames = Object.keys(operations) as OperationName[]; // The keys of the table above, and no others.
