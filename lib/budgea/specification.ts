import * as z from 'zod/mini';
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
  response: z.ZodMiniType | 'empty' | 'redirect';
}

const json = ['application/json', 'multipart/form-data', 'application/x-www-form-urlencoded'] as const;
const form = ['application/x-www-form-urlencoded', 'multipart/form-data', 'application/json'] as const;
const none = [] as const;

/**
 * The twelve operations of the specification. Budgea takes every body in three media types; the first here is the one that the
 * specification names for the operation.
 */
export const specification = {
  admin_jwt_post: { method: 'POST', path: '/admin/jwt', mediaTypes: json, repeatable: false, response: responses.jwt },
  auth_init_post: {
    method: 'POST',
    path: '/auth/init',
    mediaTypes: form,
    repeatable: false,
    response: responses.authInit,
  },
  auth_jwt_post: { method: 'POST', path: '/auth/jwt', mediaTypes: json, repeatable: false, response: responses.jwt },
  auth_token_access_post: {
    method: 'POST',
    path: '/auth/token/access',
    mediaTypes: form,
    repeatable: false,
    response: responses.accessToken,
  },
  auth_token_code_get: {
    method: 'GET',
    path: '/auth/token/code',
    mediaTypes: none,
    // A read by its method, yet each call mints a code.
    repeatable: false,
    response: responses.temporaryCode,
  },
  auth_token_delete: {
    method: 'DELETE',
    path: '/auth/token',
    mediaTypes: none,
    repeatable: true,
    response: 'empty',
  },
  certificate_type_get: {
    method: 'GET',
    path: '/certificate/{type}',
    mediaTypes: none,
    repeatable: true,
    response: responses.certificate,
  },
  hash_delete: { method: 'DELETE', path: '/hash', mediaTypes: none, repeatable: true, response: 'empty' },
  users_id_user_delete: {
    method: 'DELETE',
    path: '/users/{id_user}',
    mediaTypes: none,
    repeatable: true,
    response: z.optional(responses.user),
  },
  users_id_user_get: {
    method: 'GET',
    path: '/users/{id_user}',
    mediaTypes: none,
    repeatable: true,
    response: responses.userOrUsers,
  },
  users_id_user_token_post: {
    method: 'POST',
    path: '/users/{id_user}/token',
    mediaTypes: form,
    repeatable: false,
    response: responses.userToken,
  },
  webauth_get: { method: 'GET', path: '/webauth', mediaTypes: none, repeatable: true, response: 'redirect' },
} as const satisfies Record<string, Specified>;

/** The name of an operation, as the specification gives it. */
export type OperationId = keyof typeof specification;
