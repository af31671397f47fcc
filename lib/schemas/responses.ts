import * as z from 'zod/mini';
import { later } from './later.ts';

// What Budgea answers, checked before anyone relies on it. Objects are loose: Budgea adds fields, and they pass.

/** `POST /auth/init`: the new user's token, `permanent` or `temporary` (`expires_in` in seconds). */
export const authInit = later(() =>
  z.looseObject({
    auth_token: z.string(),
    type: z.optional(z.string()),
    expires_in: z.nullish(z.number()),
    id_user: z.nullish(z.int()),
  }),
);

/** `POST /admin/jwt` and `POST /auth/jwt`: the signed token and, decoded, what it says. */
export const jwt = later(() =>
  z.looseObject({
    jwt_token: z.string(),
    payload: z.nullish(z.looseObject({ id_user: z.nullish(z.int()), exp: z.nullish(z.number()) })),
  }),
);

/** `POST /auth/token/access`: the permanent token that the code stood for. */
export const accessToken = later(() => z.looseObject({ access_token: z.string(), token_type: z.nullish(z.string()) }));

/** `GET /auth/token/code`: a temporary code (`expires_in` in seconds). */
export const temporaryCode = later(() =>
  z.looseObject({
    code: z.string(),
    type: z.nullish(z.string()),
    access: z.nullish(z.string()),
    expires_in: z.nullish(z.number()),
  }),
);

/** `GET /certificate/{type}`: the latest certificate of a type, as references to its key files. */
export const certificate = later(() =>
  z.looseObject({
    id: z.nullish(z.union([z.int(), z.string()])),
    type: z.string(),
    created: z.nullish(z.string()),
    id_public_key_file: z.nullish(z.union([z.int(), z.string()])),
    id_private_key_file: z.nullish(z.union([z.int(), z.string()])),
  }),
);

/** One user; `signin` is `YYYY-MM-DD HH:MM:SS` in UTC. */
const user = later(() =>
  z.looseObject({ id: z.int(), signin: z.nullish(z.string()), platform: z.nullish(z.string()) }),
);

/** `GET /users/{id_user}`: one user, or for `all` everyone. */
export const userOrUsers = later(() => z.union([user(), z.looseObject({ users: z.array(user()) })]));

/** `POST /users/{id_user}/token`: a new token of the user. */
export const userToken = later(() => z.looseObject({ token: z.string() }));

/** Budgea's error envelope; `request_id` is a number, a string or hex in different places. */
export const errorEnvelope = later(() =>
  z.looseObject({
    code: z.string(),
    description: z.nullish(z.string()),
    message: z.nullish(z.string()),
    request_id: z.nullish(z.union([z.string(), z.number()])),
  }),
);
