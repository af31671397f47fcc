import * as v from 'valibot';
import { lazy } from '../lazy.ts';
import { resemblesKey } from '../partners/key.ts';

// What a caller may send. A form carries strings, JSON numbers and booleans too: both are taken. Fields that resemble none of these are ignored.
// The messages end a sentence that begins with the field's name; they never repeat the value. A function makes its own operation's alone: all of
// them would take 0.03 of an empty start.

const text = v.string('must be a string');

/** A key in the wrong field is not sent to Budgea, and not to a redirect URI. */
const noKey = v.check((value: string) => !resemblesKey(value), 'must not be a partner key');

const visible = (longest: number) =>
  v.pipe(
    text,
    v.maxLength(longest, `must be at most ${longest} characters`),
    v.regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces'),
  );

const matching = (pattern: RegExp, shape: string, longest: number) =>
  v.pipe(v.string(`must be ${shape}`), v.maxLength(longest, `must be ${shape}`), v.regex(pattern, `must be ${shape}`));

const int = (shape: string) => v.pipe(v.number(`must be ${shape}`), v.safeInteger(`must be ${shape}`));

/** A number or its digits, and of those such as match. */
const whole = (shape: string, pattern = /^(0|[1-9]\d*)$/, longest = 18) =>
  v.pipe(
    v.union([int(shape), matching(/^\d+$/, shape, longest)], `must be ${shape}`),
    v.transform(String),
    matching(pattern, shape, longest),
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

/** `POST /admin/jwt`: what is left out gets upstream's defaults before any grant is looked at. */
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
        v.minValue(1, 'must be at least 1: a manage token that never expires is refused'),
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
    // The first that is wrong is named: whoever wants another grant need not hear of the code.
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

// Percent-encoding makes up to three characters of a byte, and a redirect's address is a header, which API Gateway limits. An address with the longest
// value of every field, redirect URI and state included, is shorter than `respond.ts` allows.

const bytes = (longest: number) => v.pipe(text, v.maxBytes(longest, `must be at most ${longest} bytes`));

/** A temporary code has 128 characters at most. */
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

/** `GET /webauth/callback`: everything but the seal is untrusted and travels only if it is listed here. */
export const webauthCallbackGet = lazy(() =>
  v.object({
    // The seal of the longest redirect URI and state has 4195 characters. Any other text does not open, and is not sent anywhere.
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
