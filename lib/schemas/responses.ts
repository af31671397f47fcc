import * as v from 'valibot';
import { later } from '../later.ts';
import { int, number, seconds, userId } from './numbers.ts';

// What Budgea answers, checked before anyone relies on it. Objects are loose: Budgea adds fields, and they pass.

/** An object. valibot alone would take a list for one whose fields are all absent. */
const object = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(
    v.unknown(),
    v.check((value) => !Array.isArray(value)),
    v.looseObject(entries),
  );

/** `POST /auth/init`: the new user's token, `permanent` or `temporary` (`expires_in` in seconds). */
export const authInit = later(() =>
  object({
    auth_token: v.string(),
    type: v.optional(v.string()),
    expires_in: v.nullish(seconds),
    id_user: v.nullish(userId),
  }),
);

/** `POST /admin/jwt` and `POST /auth/jwt`: the signed token and, decoded, what it says. */
export const jwt = later(() =>
  object({
    jwt_token: v.string(),
    payload: v.nullish(object({ id_user: v.nullish(userId), exp: v.nullish(seconds) })),
  }),
);

/** `POST /auth/token/access`: the permanent token that the code stood for. */
export const accessToken = later(() => object({ access_token: v.string(), token_type: v.nullish(v.string()) }));

/** `GET /auth/token/code`: a temporary code (`expires_in` in seconds). */
export const temporaryCode = later(() =>
  object({
    code: v.string(),
    type: v.nullish(v.string()),
    access: v.nullish(v.string()),
    expires_in: v.nullish(seconds),
  }),
);

/** `GET /certificate/{type}`: the latest certificate of a type, as references to its key files. */
export const certificate = later(() =>
  object({
    id: v.nullish(v.union([int, v.string()])),
    type: v.string(),
    created: v.nullish(v.string()),
    id_public_key_file: v.nullish(v.union([int, v.string()])),
    id_private_key_file: v.nullish(v.union([int, v.string()])),
  }),
);

/** One user; `signin` is `YYYY-MM-DD HH:MM:SS` in UTC. */
const user = later(() => object({ id: userId, signin: v.nullish(v.string()), platform: v.nullish(v.string()) }));

/** `GET /users/{id_user}`: one user, or for `all` everyone. */
export const userOrUsers = later(() => v.union([user(), object({ users: v.array(user()) })]));

/** `POST /users/{id_user}/token`: a new token of the user. */
export const userToken = later(() => object({ token: v.string() }));

/** Budgea's error envelope; `request_id` is a number, a string or hex in different places. */
export const errorEnvelope = later(() =>
  object({
    code: v.string(),
    description: v.nullish(v.string()),
    message: v.nullish(v.string()),
    request_id: v.nullish(v.union([v.string(), number])),
  }),
);
