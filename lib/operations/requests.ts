import * as v from 'valibot';
import { lazy } from '../lazy.ts';
import { resemblesKey } from '../partner-key.ts';

// Request schemas. Numbers and booleans are also accepted as strings, as in a form. Unknown fields are ignored. The messages follow the field's
// name in the error description and never repeat the value. Schemas are lazy: creating all of them adds 3 % to a cold start.

const text = v.string('must be a string');

/** Rejects a partner key in the wrong field, so that it is not sent to Budgea or to a redirect URI. */
const noKey = v.check((value: string) => !resemblesKey(value), 'must not be a partner key');

const visible = (longest: number) =>
  v.pipe(
    text,
    v.maxLength(longest, `must be at most ${longest} characters`),
    v.regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces'),
  );

const matching = (pattern: RegExp, shape: string, longest: number) =>
  v.pipe(v.string(`must be ${shape}`), v.maxLength(longest, `must be ${shape}`), v.regex(pattern, `must be ${shape}`));

const int = (shape: string) =>
  v.pipe(v.number(`must be ${shape}`), v.safeInteger(`must be ${shape}`), v.minValue(0, `must be ${shape}`));

/** A whole number or its digits, which must match the pattern. */
const whole = (shape: string, pattern = /^(0|[1-9]\d*)$/, longest = 18) =>
  v.pipe(
    v.union([int(shape), matching(pattern, shape, longest)], `must be ${shape}`),
    v.transform(String),
    v.regex(pattern, `must be ${shape}`),
  );

const boolean = lazy(() =>
  v.pipe(
    v.union(
      [v.boolean(), v.picklist([0, 1], 'must be true or false'), matching(/^(true|false|1|0)$/i, 'true or false', 5)],
      'must be true or false',
    ),
    v.transform((value) => /^(true|1)$/i.test(String(value))),
  ),
);

const userId = lazy(() => whole('a user id', /^[1-9]\d*$/));
const userIdOrWord = lazy(() => matching(/^(me|all|[1-9]\d*)$/, 'a user id, me or all', 18));
const scope = lazy(() =>
  v.pipe(
    matching(/^[\w.:/*-]*$/, 'a scope: letters, digits and _ . : / * -, at most 64', 64),
    noKey,
    v.transform((value) => (value === '' ? undefined : value)),
  ),
);
const expand = lazy(() => v.pipe(matching(/^[\w,.*[\]-]+$/, 'a list of names', 200), noKey));
const redirectUri = lazy(() => v.pipe(visible(2048), noKey));

/** `POST /admin/jwt`. Absent fields get upstream's defaults before the grants are checked. */
export const adminJwtPost = lazy(() =>
  v.object({
    scope: v.optional(
      v.pipe(
        scope(),
        v.transform((value) => value ?? 'config'),
      ),
      'config',
    ),
    duration: v.optional(
      v.pipe(
        whole('a whole number of minutes'),
        v.transform(Number),
        v.minValue(1, 'must be at least 1: manage tokens without expiry are not allowed'),
      ),
      1,
    ),
  }),
);

/** `POST /auth/jwt`. */
export const authJwtPost = lazy(() =>
  v.object({
    scope: v.optional(scope()),
    id_user: v.optional(userId()),
    expire: v.optional(boolean(), true),
  }),
);

/** `POST /auth/token/access`. */
export const authTokenAccessPost = lazy(() =>
  v.object({
    // Validated first, so that an unsupported grant type is reported even when the code is missing.
    grant_type: v.optional(v.literal('authorization_code', 'must be authorization_code')),
    code: v.pipe(visible(4096), noKey),
    redirect_uri: v.optional(redirectUri()),
  }),
);

/** `GET /auth/token/code`. */
export const authTokenCodeGet = lazy(() =>
  v.object({
    type: v.optional(v.picklist(['requestAccess', 'singleAccess'], 'must be requestAccess or singleAccess')),
  }),
);

/** An operation without fields. */
export const noFields = lazy(() => v.object({}));

/** `GET /certificate/{type}`. */
export const certificateTypeGet = lazy(() =>
  v.object({
    type: v.pipe(
      matching(
        /^[a-zA-Z0-9]+([_-][a-zA-Z0-9]+)*$/,
        'a certificate type: letters and digits, joined by - or _, at most 64',
        64,
      ),
      noKey,
    ),
    expand: v.optional(expand()),
  }),
);

/** `GET` and `DELETE /users/{id_user}`. */
export const usersIdUser = lazy(() => v.object({ id_user: userIdOrWord(), expand: v.optional(expand()) }));

/** `POST /users/{id_user}/token`. */
export const usersIdUserTokenPost = lazy(() =>
  v.object({
    id_user: userIdOrWord(),
    application: v.pipe(matching(/^\P{Cc}+$/u, 'an application name of at most 100 characters', 100), noKey),
  }),
);

// Percent-encoding triples a byte, and API Gateway limits the size of headers, such as a redirect's `Location`. A `Location` with the maximum
// length of every field, redirect URI and state included, is below the limit in `respond.ts`.

const bytes = (longest: number) => v.pipe(text, v.maxBytes(longest, `must be at most ${longest} bytes`));

/** Budgea's temporary codes have at most 128 characters. */
const longestCode = 256;

/** `GET /webauth`. */
export const webauthGet = lazy(() =>
  v.object({
    client_id: whole('a client id', /^[1-9]\d{7}$/, 8),
    redirect_uri: redirectUri(),
    state: v.optional(v.pipe(bytes(1024), noKey)),
    id_connector: v.optional(whole('a connector id')),
    connector_uuid: v.optional(matching(/^[0-9a-fA-F-]+$/, 'a UUID', 36)),
    id_connection: v.optional(whole('a connection id')),
    id_transfer: v.optional(whole('a transfer id')),
    fields: v.optional(v.pipe(matching(/^[\w,.;:[\] -]+$/, 'a list of field names', 500), noKey)),
    source: v.optional(v.pipe(matching(/^[\w.-]+$/, 'a source name', 100), noKey)),
    token: v.optional(v.pipe(visible(longestCode), noKey)),
  }),
);

/** `GET /webauth/callback`. Everything except the seal is untrusted. Only the fields that are listed here are passed on. */
export const webauthCallbackGet = lazy(() =>
  v.object({
    // The seal of the longest redirect URI and state has 4195 characters.
    state: visible(4608),
    id_connection: v.optional(bytes(20)),
    connection_id: v.optional(bytes(20)),
    connection_ids: v.optional(bytes(128)),
    id_transfer: v.optional(bytes(20)),
    code: v.optional(bytes(longestCode)),
    error: v.optional(bytes(64)),
    error_description: v.optional(bytes(256)),
  }),
);
