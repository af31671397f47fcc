import * as v from 'valibot';
import { lazy } from '../lazy.ts';
import { int, number, seconds, userId } from '../numbers.ts';

// The schemas of Budgea's responses. Objects are loose, because Budgea may add fields.

/** Returns the schema of an object. valibot would accept an array for an object whose fields are all optional. */
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

/** `POST /admin/jwt` and `POST /auth/jwt`: the signed token and its decoded claims. */
export const jwt = lazy(() =>
  object({
    jwt_token: v.string(),
    payload: v.nullish(object({ id_user: v.nullish(userId), exp: v.nullish(seconds) })),
  }),
);

/** `POST /auth/token/access`: the permanent token for the code. */
const accessToken = lazy(() => object({ access_token: v.string(), token_type: v.nullish(v.string()) }));

/** `GET /auth/token/code`: a temporary code (`expires_in` in seconds). */
const temporaryCode = lazy(() =>
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

/** `GET /users/{id_user}`: one user, or all users for `all`. */
const userOrUsers = lazy(() => v.union([user(), object({ users: v.array(user()) })]));

/** `POST /users/{id_user}/token`: a new token of the user. */
const userToken = lazy(() => object({ token: v.string() }));

/** Budgea's error envelope. `request_id` is a number, a string or hexadecimal, depending on the operation. */
export const errorEnvelope = lazy(() =>
  object({
    code: v.string(),
    description: v.nullish(v.string()),
    message: v.nullish(v.string()),
    request_id: v.nullish(v.union([v.string(), number])),
  }),
);

/** The media types of request bodies that Budgea accepts. */
export type MediaType = 'application/json' | 'application/x-www-form-urlencoded' | 'multipart/form-data';

/** The part of an operation's specification that a client needs. */
export interface Specified {
  method: 'GET' | 'POST' | 'DELETE';
  /** The path relative to the base URL, with `{parameters}`. */
  path: string;
  /** The media types of the request body; the first is the default. Without one, the fields are sent in the query. */
  mediaTypes: readonly MediaType[];
  /** Whether the request may be sent again when the first attempt may have arrived. */
  repeatable: boolean;
  /** The schema of a success. `redirect`: the result is the address in `Location`. */
  response: (() => v.GenericSchema) | 'empty' | 'redirect';
}

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';
const multipart = 'multipart/form-data';

// Budgea accepts every body in three media types; the first here is the operation's media type in the specification.
const postJson = { method: 'POST', mediaTypes: [json, multipart, form], repeatable: false } as const;
const postForm = { method: 'POST', mediaTypes: [form, multipart, json], repeatable: false } as const;
const get = { method: 'GET', mediaTypes: [], repeatable: true } as const;
const remove = { method: 'DELETE', mediaTypes: [], repeatable: true } as const;
/** A `GET` that creates or spends a code. */
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

/** The name of an operation in the specification. */
export type OperationId = keyof typeof specification;
