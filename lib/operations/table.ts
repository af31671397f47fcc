import type * as v from 'valibot';
import { type OperationId as SpecifiedId, specification, type Specified } from '../budgea/specification.ts';
import * as requests from './requests.ts';

/** How a caller can be known: by body or Basic credentials, by a key in `Authorization` or `x-api-key`, by an upstream token, or not at all. */
export type CallerKind = 'client' | 'bearer_key' | 'api_key' | 'token' | 'anonymous';

/** The secrets of an environment, as the last part of their names says. */
export type SecretName = 'client-credentials' | 'admin-token' | 'manage-token' | 'sealing-keys';

/** The kinds of items in the table, as their keys begin. */
export type ItemKind = 'PARTNER' | 'KEY_USE' | 'USER' | 'CODE' | 'CERTIFICATE';

/** The calls on single items, as `lib/table.ts` makes them. */
export type ItemCall = 'get' | 'put' | 'update' | 'delete';

/** What a function has to reach; its role and its environment variables follow from it. */
export interface Needs {
  /** Secrets whose values it reads. */
  secrets: readonly SecretName[];
  /** The calls that it makes on items of each kind. */
  items: Readonly<Partial<Record<ItemKind, readonly ItemCall[]>>>;
  /** Environment settings beside what every function gets. */
  settings: readonly ('GATEWAY_URL' | 'CERTIFICATE_TYPES' | 'ALLOW_ANONYMOUS_INIT')[];
}

/** One row: everything that the gateway, its routes, its roles and its documents have to know about an operation. */
export interface Operation extends Omit<Specified, 'mediaTypes' | 'repeatable'> {
  /** What it does and for whom, in one sentence: the API's documents show it. */
  summary: string;
  /** A second method that works too. */
  alsoMethod?: 'POST';
  /** Where fields come from, beside the path. */
  fields: 'query' | 'body';
  /** Path parameters and fields together. */
  request: () => v.ObjectSchema<v.ObjectEntries, undefined>;
  /** The kinds of caller that the operation takes. `anonymous` alone: credentials are not looked at. */
  accepts: readonly CallerKind[];
  /** The shape of its refusals: the envelope, the envelope with OAuth's fields, or a page where a person looks on. */
  refusals: 'envelope' | 'oauth' | 'page';
  needs: Needs;
}

const nothing: Needs = { secrets: [], items: {}, settings: [] };
const partner = { PARTNER: ['get'], KEY_USE: ['update'] } as const;

/** The table of operations. Routes, roles, environment variables, documents and the local gateway are derived from it. */
export const operations = {
  admin_jwt_post: {
    ...specification.admin_jwt_post,
    summary: 'Mints a manage JWT, which always expires; a partner key needs the grant `admin:jwt:<scope>:<minutes>`.',
    fields: 'body',
    request: requests.adminJwtPost,
    accepts: ['bearer_key', 'token'],
    refusals: 'envelope',
    needs: { secrets: ['admin-token'], items: partner, settings: [] },
  },
  auth_init_post: {
    ...specification.auth_init_post,
    summary:
      'Creates a user, who is the calling partner’s from then on: temporary for a key in `x-api-key`, else permanent.',
    fields: 'body',
    request: requests.noFields,
    accepts: ['client', 'bearer_key', 'api_key', 'token'],
    refusals: 'envelope',
    needs: {
      secrets: ['client-credentials', 'manage-token'],
      items: { ...partner, USER: ['get', 'put'] },
      settings: ['ALLOW_ANONYMOUS_INIT'],
    },
  },
  auth_jwt_post: {
    ...specification.auth_jwt_post,
    summary:
      'Mints a user’s JWT, of a new user without `id_user`; a `scope` needs the grant `jwt:scope:<scope>`, and `expire=false` the grant `jwt:permanent`.',
    fields: 'body',
    request: requests.authJwtPost,
    accepts: ['client', 'bearer_key', 'token'],
    refusals: 'envelope',
    needs: {
      secrets: ['client-credentials', 'manage-token'],
      items: { ...partner, USER: ['get', 'put', 'update'] },
      settings: [],
    },
  },
  auth_token_access_post: {
    ...specification.auth_token_access_post,
    summary:
      'Exchanges a temporary code of one of the partner’s users, or of a new user that came home to it, for a permanent token.',
    fields: 'body',
    request: requests.authTokenAccessPost,
    accepts: ['client'],
    refusals: 'oauth',
    needs: {
      secrets: ['client-credentials'],
      items: { ...partner, USER: ['get', 'put', 'update'], CODE: ['get'] },
      settings: ['GATEWAY_URL'],
    },
  },
  auth_token_code_get: {
    ...specification.auth_token_code_get,
    summary: 'Gives a temporary code that stands for the token’s user.',
    alsoMethod: 'POST',
    fields: 'query',
    request: requests.authTokenCodeGet,
    accepts: ['token'],
    refusals: 'envelope',
    needs: nothing,
  },
  auth_token_delete: {
    ...specification.auth_token_delete,
    summary: 'Revokes the token that it is called with.',
    fields: 'query',
    request: requests.noFields,
    accepts: ['token'],
    refusals: 'envelope',
    needs: nothing,
  },
  certificate_type_get: {
    ...specification.certificate_type_get,
    summary:
      'Gives the latest certificate of a type; a partner gets the copy that the gateway keeps, without `expand`.',
    fields: 'query',
    request: requests.certificateTypeGet,
    accepts: ['client', 'bearer_key', 'api_key', 'token'],
    refusals: 'envelope',
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
    refusals: 'envelope',
    needs: nothing,
  },
  users_id_user_get: {
    ...specification.users_id_user_get,
    summary: 'Gives a user; a partner key reaches its own users by id, and all of them with the grant `users:all`.',
    fields: 'query',
    request: requests.usersIdUser,
    accepts: ['bearer_key', 'token'],
    refusals: 'envelope',
    needs: { secrets: ['manage-token'], items: { ...partner, USER: ['get', 'update'] }, settings: [] },
  },
  users_id_user_delete: {
    ...specification.users_id_user_delete,
    summary: 'Deletes one user; a partner key reaches its own by id.',
    fields: 'query',
    request: requests.usersIdUser,
    accepts: ['bearer_key', 'token'],
    refusals: 'envelope',
    needs: { secrets: ['manage-token'], items: { ...partner, USER: ['get', 'delete'] }, settings: [] },
  },
  users_id_user_token_post: {
    ...specification.users_id_user_token_post,
    summary: 'Creates another token of a user; a partner key reaches its own users by id.',
    fields: 'body',
    request: requests.usersIdUserTokenPost,
    accepts: ['bearer_key', 'token'],
    refusals: 'envelope',
    needs: { secrets: ['manage-token'], items: { ...partner, USER: ['get', 'update'] }, settings: [] },
  },
  webauth_get: {
    ...specification.webauth_get,
    summary:
      'Sends the browser to the bank, for the partner that `client_id` names; `redirect_uri` must be registered, and `id_connection` and `id_transfer` require `token`.',
    fields: 'query',
    request: requests.webauthGet,
    accepts: ['anonymous'],
    refusals: 'page',
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
    summary: 'Takes the browser that comes back from the bank on to the partner’s redirect URI.',
    fields: 'query',
    request: requests.webauthCallbackGet,
    accepts: ['anonymous'],
    refusals: 'page',
    needs: { secrets: ['sealing-keys'], items: { PARTNER: ['get'], CODE: ['put'] }, settings: [] },
  },
} as const satisfies Record<SpecifiedId | 'webauth_callback_get', Operation>;

/** The name of a row. */
export type OperationId = keyof typeof operations;

/** What an operation's request is worth once it has been checked. */
export type Input<Id extends OperationId> = v.InferOutput<ReturnType<(typeof operations)[Id]['request']>>;

/** Every API path begins with it, as upstream's do, so that a client changes its host alone. */
export const basePath = '/2.0';

/** The name of a row's function and of its file, without the extension: `users-id-user-get` for `users_id_user_get`. */
export const functionName = (id: string): string => id.replaceAll('_', '-');
