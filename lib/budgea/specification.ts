import * as v from 'valibot';
import { later } from '../later.ts';
import * as responses from '../schemas/responses.ts';
import type { MediaType } from './media.ts';

/** What the specification says of one operation, as far as a client has to know it. */
export interface Specified {
  method: 'GET' | 'POST' | 'DELETE';
  /** Relative to the base URL, with `{parameters}`. */
  path: string;
  /** Media types of the request's body; the first is the default. None: the fields travel in the query. */
  mediaTypes: readonly MediaType[];
  /** Whether the same request may be sent a second time after a failure that leaves open whether the first arrived. */
  repeatable: boolean;
  /** The shape of a success; `redirect`: the answer is the target in `Location`. */
  response: (() => v.GenericSchema) | 'empty' | 'redirect';
}

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';
const multipart = 'multipart/form-data';

// Budgea takes every body in three media types; the first here is the one that the specification names for the operation.
const postJson = { method: 'POST', mediaTypes: [json, multipart, form], repeatable: false } as const;
const postForm = { method: 'POST', mediaTypes: [form, multipart, json], repeatable: false } as const;
const get = { method: 'GET', mediaTypes: [], repeatable: true } as const;
const remove = { method: 'DELETE', mediaTypes: [], repeatable: true } as const;
/** A read by its method, yet each call mints a code or spends one. */
const getOnce = { ...get, repeatable: false } as const;

const deletedUsers = later(() => v.optional(responses.userOrUsers()));

/** The twelve operations of the specification. */
export const specification = {
  admin_jwt_post: { ...postJson, path: '/admin/jwt', response: responses.jwt },
  auth_init_post: { ...postForm, path: '/auth/init', response: responses.authInit },
  auth_jwt_post: { ...postJson, path: '/auth/jwt', response: responses.jwt },
  auth_token_access_post: { ...postForm, path: '/auth/token/access', response: responses.accessToken },
  auth_token_code_get: { ...getOnce, path: '/auth/token/code', response: responses.temporaryCode },
  auth_token_delete: { ...remove, path: '/auth/token', response: 'empty' },
  certificate_type_get: { ...get, path: '/certificate/{type}', response: responses.certificate },
  hash_delete: { ...remove, path: '/hash', response: 'empty' },
  users_id_user_delete: { ...remove, path: '/users/{id_user}', response: deletedUsers },
  users_id_user_get: { ...get, path: '/users/{id_user}', response: responses.userOrUsers },
  users_id_user_token_post: { ...postForm, path: '/users/{id_user}/token', response: responses.userToken },
  webauth_get: { ...getOnce, path: '/webauth', response: 'redirect' },
} as const satisfies Record<string, Specified>;

/** The name of an operation, as the specification gives it. */
export type OperationId = keyof typeof specification;
