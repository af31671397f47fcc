import type * as v from 'valibot';
import { type OperationId as SpecifiedId, specification, type Specified } from '../budgea/specification.ts';
import * as requests from './requests.ts';

/** The kinds of credentials: client credentials in the body or HTTP Basic, a partner key in `Authorization` or `x-api-key`, an upstream token, or none. */
export type CallerKind = 'client' | 'bearer_key' | 'api_key' | 'token' | 'anonymous';

/** The secrets of an environment, by the last part of their names. */
export type SecretName = 'client-credentials' | 'admin-token' | 'manage-token' | 'sealing-keys';

/** The kinds of items in the table, by the prefix of their keys. */
export type ItemKind = 'PARTNER' | 'KEY_USE' | 'USER' | 'CODE' | 'CERTIFICATE';

/** The calls on single items of `lib/aws/table.ts`. */
export type ItemCall = 'get' | 'put' | 'update' | 'delete';

/** The resources that a function accesses. Its role and its environment variables are derived from them. */
export interface Needs {
  /** Secrets whose values the function reads. */
  secrets: readonly SecretName[];
  /** The calls on items of each kind. */
  items: Readonly<Partial<Record<ItemKind, readonly ItemCall[]>>>;
  /** Settings in addition to those of every function. */
  settings: readonly ('GATEWAY_URL' | 'CERTIFICATE_TYPES' | 'ALLOW_ANONYMOUS_INIT')[];
}

/** The definition of an operation, from which routes, roles and documents are derived. */
export interface Operation extends Omit<Specified, 'mediaTypes' | 'repeatable'> {
  /** A short description for the API's documents. */
  summary: string;
  /** An additional method. */
  alsoMethod?: 'POST';
  /** The place of the fields that are not in the path. */
  fields: 'query' | 'body';
  /** The schema of path parameters and fields. */
  request: () => v.ObjectSchema<v.ObjectEntries, undefined>;
  /** The accepted kinds of credentials. With only `anonymous`, credentials are ignored. */
  accepts: readonly CallerKind[];
  /** The format of error responses: the JSON envelope, the envelope with OAuth's fields, or an HTML page for browsers. */
  errorFormat: 'envelope' | 'oauth' | 'page';
  needs: Needs;
}

const nothing: Needs = { secrets: [], items: {}, settings: [] };
const partner = { PARTNER: ['get'], KEY_USE: ['update'] } as const;

/** The table of operations. Routes, roles, environment variables, documents and the local gateway are derived from it. */
export const operations = {
  admin_jwt_post: {
    ...specification.admin_jwt_post,
    summary:
      'Mints a manage JWT, which always expires. A partner key requires the grant `admin:jwt:<scope>:<minutes>`.',
    fields: 'body',
    request: requests.adminJwtPost,
    accepts: ['bearer_key', 'token'],
    errorFormat: 'envelope',
    needs: { secrets: ['admin-token'], items: partner, settings: [] },
  },
  auth_init_post: {
    ...specification.auth_init_post,
    summary:
      'Creates a user that belongs to the calling partner: temporary with a key in `x-api-key`, permanent otherwise.',
    fields: 'body',
    request: requests.noFields,
    accepts: ['client', 'bearer_key', 'api_key', 'token'],
    errorFormat: 'envelope',
    needs: {
      secrets: ['client-credentials', 'manage-token'],
      items: { ...partner, USER: ['get', 'put'] },
      settings: ['ALLOW_ANONYMOUS_INIT'],
    },
  },
  auth_jwt_post: {
    ...specification.auth_jwt_post,
    summary:
      'Mints a user’s JWT. Creates a new user if `id_user` is absent. `scope` requires the grant `jwt:scope:<scope>`, `expire=false` the grant `jwt:permanent`.',
    fields: 'body',
    request: requests.authJwtPost,
    accepts: ['client', 'bearer_key', 'token'],
    errorFormat: 'envelope',
    needs: {
      secrets: ['client-credentials', 'manage-token'],
      items: { ...partner, USER: ['get', 'put', 'update'] },
      settings: [],
    },
  },
  auth_token_access_post: {
    ...specification.auth_token_access_post,
    summary:
      'Exchanges a temporary code of one of the partner’s users, or of a new user from its webauth, for a permanent token.',
    fields: 'body',
    request: requests.authTokenAccessPost,
    accepts: ['client'],
    errorFormat: 'oauth',
    needs: {
      secrets: ['client-credentials'],
      items: { ...partner, USER: ['get', 'put', 'update'], CODE: ['get'] },
      settings: ['GATEWAY_URL'],
    },
  },
  auth_token_code_get: {
    ...specification.auth_token_code_get,
    summary: 'Returns a temporary code for the token’s user.',
    alsoMethod: 'POST',
    fields: 'query',
    request: requests.authTokenCodeGet,
    accepts: ['token'],
    errorFormat: 'envelope',
    needs: nothing,
  },
  auth_token_delete: {
    ...specification.auth_token_delete,
    summary: 'Revokes the token of the request.',
    fields: 'query',
    request: requests.noFields,
    accepts: ['token'],
    errorFormat: 'envelope',
    needs: nothing,
  },
  certificate_type_get: {
    ...specification.certificate_type_get,
    summary:
      'Returns the latest certificate of a type. A partner gets the gateway’s stored copy and cannot use `expand`.',
    fields: 'query',
    request: requests.certificateTypeGet,
    accepts: ['client', 'bearer_key', 'api_key', 'token'],
    errorFormat: 'envelope',
    needs: {
      secrets: ['manage-token'],
      items: { ...partner, CERTIFICATE: ['get', 'put', 'update'] },
      settings: ['CERTIFICATE_TYPES'],
    },
  },
  hash_delete: {
    ...specification.hash_delete,
    summary: 'Deletes all bank connections of the token’s user.',
    fields: 'query',
    request: requests.noFields,
    accepts: ['token'],
    errorFormat: 'envelope',
    needs: nothing,
  },
  users_id_user_get: {
    ...specification.users_id_user_get,
    summary: 'Returns a user. A partner key can read its own users by id, and all users with the grant `users:all`.',
    fields: 'query',
    request: requests.usersIdUser,
    accepts: ['bearer_key', 'token'],
    errorFormat: 'envelope',
    needs: { secrets: ['manage-token'], items: { ...partner, USER: ['get', 'update'] }, settings: [] },
  },
  users_id_user_delete: {
    ...specification.users_id_user_delete,
    summary: 'Deletes a user. A partner key can delete its own users by id.',
    fields: 'query',
    request: requests.usersIdUser,
    accepts: ['bearer_key', 'token'],
    errorFormat: 'envelope',
    needs: { secrets: ['manage-token'], items: { ...partner, USER: ['get', 'delete'] }, settings: [] },
  },
  users_id_user_token_post: {
    ...specification.users_id_user_token_post,
    summary: 'Creates another token of a user. A partner key can create tokens for its own users.',
    fields: 'body',
    request: requests.usersIdUserTokenPost,
    accepts: ['bearer_key', 'token'],
    errorFormat: 'envelope',
    needs: { secrets: ['manage-token'], items: { ...partner, USER: ['get', 'update'] }, settings: [] },
  },
  webauth_get: {
    ...specification.webauth_get,
    summary:
      'Redirects the browser to the bank. `client_id` is the partner’s, `redirect_uri` must be registered, and `id_connection` and `id_transfer` require `token`.',
    fields: 'query',
    request: requests.webauthGet,
    accepts: ['anonymous'],
    errorFormat: 'page',
    needs: {
      secrets: ['client-credentials', 'sealing-keys'],
      items: { PARTNER: ['get'], CODE: ['get'] },
      settings: ['GATEWAY_URL'],
    },
  },
  webauth_callback_get: {
    method: 'GET',
    path: '/webauth/callback',
    response: 'redirect',
    summary: 'Redirects the browser from the bank to the partner’s redirect URI.',
    fields: 'query',
    request: requests.webauthCallbackGet,
    accepts: ['anonymous'],
    errorFormat: 'page',
    needs: { secrets: ['sealing-keys'], items: { PARTNER: ['get'], CODE: ['put'] }, settings: [] },
  },
} as const satisfies Record<SpecifiedId | 'webauth_callback_get', Operation>;

/** The id of an operation. */
export type OperationId = keyof typeof operations;

/** The validated input of an operation. */
export type Input<Id extends OperationId> = v.InferOutput<ReturnType<(typeof operations)[Id]['request']>>;

/** The prefix of every API path, the same as upstream's, so that clients only change the host. */
export const basePath = '/2.0';

/** Returns the name of an operation's function and of its file without extension: `users-id-user-get` for `users_id_user_get`. */
export const functionName = (id: string): string => id.replaceAll('_', '-');
