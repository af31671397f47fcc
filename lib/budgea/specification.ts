import * as v from 'valibot';
import { lazy } from '../lazy.ts';
import { int, number, seconds, userId } from '../numbers.ts';
import type { MediaType } from './wire.ts';

// What Budgea answers, checked before anyone relies on it. Objects are loose: Budgea adds fields, and they pass.

/** An object. valibot alone would take a list for one whose fields are all absent. */
const object = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(
    v.unknown(),
    v.check((value) => !Array.isArray(value)),
    v.looseObject(entries),
  );

/** `POST /auth/init`: the new user's token, `permanent` or `temporary` (`expires_in` in seconds). */
export const authInit = lazy(() =>
  object({
    auth_token: v.string(),
    type: v.optional(v.string()),
    expires_in: v.nullish(seconds),
    id_user: v.nullish(userId),
  }),
);

/** `POST /admin/jwt` and `POST /auth/jwt`: the signed token and, decoded, what it says. */
export const jwt = lazy(() =>
  object({
    jwt_token: v.string(),
    payload: v.nullish(object({ id_user: v.nullish(userId), exp: v.nullish(seconds) })),
  }),
);

/** `POST /auth/token/access`: the permanent token that the code stood for. */
export const accessToken = lazy(() => object({ access_token: v.string(), token_type: v.nullish(v.string()) }));

/** `GET /auth/token/code`: a temporary code (`expires_in` in seconds). */
export const temporaryCode = lazy(() =>
  object({
    code: v.string(),
    type: v.nullish(v.string()),
    access: v.nullish(v.string()),
    expires_in: v.nullish(seconds),
  }),
);

/** `GET /certificate/{type}`: the latest certificate of a type, as references to its key files. */
export const certificate = lazy(() =>
  object({
    id: v.nullish(v.union([int, v.string()])),
    type: v.string(),
    created: v.nullish(v.string()),
    id_public_key_file: v.nullish(v.union([int, v.string()])),
    id_private_key_file: v.nullish(v.union([int, v.string()])),
  }),
);

/** One user; `signin` is `YYYY-MM-DD HH:MM:SS` in UTC. */
const user = lazy(() => object({ id: userId, signin: v.nullish(v.string()), platform: v.nullish(v.string()) }));

/** `GET /users/{id_user}`: one user, or for `all` everyone. */
export const userOrUsers = lazy(() => v.union([user(), object({ users: v.array(user()) })]));

/** `POST /users/{id_user}/token`: a new token of the user. */
export const userToken = lazy(() => object({ token: v.string() }));

/** Budgea's error envelope; `request_id` is a number, a string or hex in different places. */
export const errorEnvelope = lazy(() =>
  object({
    code: v.string(),
    description: v.nullish(v.string()),
    message: v.nullish(v.string()),
    request_id: v.nullish(v.union([v.string(), number])),
  }),
);

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

const deletedUsers = lazy(() => v.optional(userOrUsers()));

/** The twelve operations of the specification. */
export const specification = {
  admin_jwt_post: { ...postJson, path: '/admin/jwt', response: jwt },
  auth_init_post: { ...postForm, path: '/auth/init', response: authInit },
  auth_jwt_post: { ...postJson, path: '/auth/jwt', response: jwt },
  auth_token_access_post: { ...postForm, path: '/auth/token/access', response: accessToken },
  auth_token_code_get: { ...getOnce, path: '/auth/token/code', response: temporaryCode },
  auth_token_delete: { ...remove, path: '/auth/token', response: 'empty' },
  certificate_type_get: { ...get, path: '/certificate/{type}', response: certificate },
  hash_delete: { ...remove, path: '/hash', response: 'empty' },
  users_id_user_delete: { ...remove, path: '/users/{id_user}', response: deletedUsers },
  users_id_user_get: { ...get, path: '/users/{id_user}', response: userOrUsers },
  users_id_user_token_post: { ...postForm, path: '/users/{id_user}/token', response: userToken },
  webauth_get: { ...getOnce, path: '/webauth', response: 'redirect' },
} as const satisfies Record<string, Specified>;

/** The name of an operation, as the specification gives it. */
export type OperationId = keyof typeof specification;
