import * as v from 'valibot';
import { later } from '../later.ts';

// What a caller may send. A form carries strings, JSON numbers and booleans too: both are taken. Fields that are not named here are ignored.
// The messages end a sentence that begins with the field's name; they never repeat the value. A function makes its own operation's alone: all of
// them would take 0.03 of an empty start.

const text = v.string('must be a string');

const visible = (longest: number) =>
  v.pipe(
    text,
    v.regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces'),
    // Whoever mixes the fields up does not send a key to Budgea.
    v.regex(/^(?!bgk_)/, 'must not be a partner key'),
    v.maxLength(longest, `must be at most ${longest} characters`),
  );

const matching = (pattern: RegExp, shape: string) =>
  v.pipe(v.string(`must be ${shape}`), v.regex(pattern, `must be ${shape}`));

const int = (shape: string) => v.pipe(v.number(`must be ${shape}`), v.safeInteger(`must be ${shape}`));

/** A number or its digits, and of those such as match. */
const whole = (shape: string, pattern = /^(0|[1-9]\d{0,17})$/) =>
  v.pipe(
    v.union([int(shape), matching(/^\d{1,18}$/, shape)], `must be ${shape}`),
    v.transform(String),
    matching(pattern, shape),
  );

const boolean = later(() =>
  v.pipe(
    v.union(
      [v.boolean(), v.picklist([0, 1], 'must be true or false'), matching(/^(true|false|1|0)$/i, 'true or false')],
      'must be true or false',
    ),
    v.transform((value) => /^(true|1)$/i.test(String(value))),
  ),
);

const userId = later(() => whole('a user id', /^[1-9]\d{0,17}$/));
const userIdOrWord = later(() => matching(/^(me|all|[1-9]\d{0,17})$/, 'a user id, me or all'));
const scope = later(() =>
  v.pipe(
    matching(/^[\w.:/*-]{0,64}$/, 'a scope: letters, digits and _ . : / * -, at most 64'),
    v.transform((value) => (value === '' ? undefined : value)),
  ),
);
const expand = later(() => matching(/^[\w,.*[\]-]{1,200}$/, 'a list of names'));
const redirectUri = later(() => visible(2048));

/** `POST /admin/jwt`: what is left out gets upstream's defaults before any grant is looked at. */
export const adminJwtPost = later(() =>
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
export const authJwtPost = later(() =>
  v.object({
    scope: v.optional(scope()),
    id_user: v.optional(userId()),
    expire: v.optional(boolean(), true),
  }),
);

/** `POST /auth/token/access`. */
export const authTokenAccessPost = later(() =>
  v.object({
    // The first that is wrong is named: whoever wants another grant need not hear of the code.
    grant_type: v.optional(v.literal('authorization_code', 'must be authorization_code')),
    code: visible(4096),
    redirect_uri: v.optional(redirectUri()),
  }),
);

/** `GET /auth/token/code`. */
export const authTokenCodeGet = later(() =>
  v.object({
    type: v.optional(v.picklist(['requestAccess', 'singleAccess'], 'must be requestAccess or singleAccess')),
  }),
);

/** An operation without fields. */
export const nothing = later(() => v.object({}));

/** `GET /certificate/{type}`. */
export const certificateTypeGet = later(() =>
  v.object({
    type: v.pipe(
      matching(/^[a-zA-Z0-9]+([_-][a-zA-Z0-9]+)*$/, 'a certificate type: letters and digits, joined by - or _'),
      v.maxLength(64, 'must be at most 64 characters'),
    ),
    expand: v.optional(expand()),
  }),
);

/** `GET` and `DELETE /users/{id_user}`. */
export const usersIdUser = later(() => v.object({ id_user: userIdOrWord(), expand: v.optional(expand()) }));

/** `POST /users/{id_user}/token`. */
export const usersIdUserTokenPost = later(() =>
  v.object({
    id_user: userIdOrWord(),
    application: matching(/^(?!bgk_)\P{Cc}{1,100}$/u, 'an application name of at most 100 characters'),
  }),
);

/** `GET /webauth`. */
export const webauthGet = later(() =>
  v.object({
    client_id: whole('a client id', /^[1-9]\d{7}$/),
    redirect_uri: redirectUri(),
    state: v.optional(v.pipe(text, v.maxBytes(1024, 'must be at most 1 KiB'))),
    id_connector: v.optional(whole('a connector id')),
    connector_uuid: v.optional(matching(/^[0-9a-fA-F-]{1,36}$/, 'a UUID')),
    id_connection: v.optional(whole('a connection id')),
    id_transfer: v.optional(whole('a transfer id')),
    fields: v.optional(matching(/^[\w,.;:[\] -]{1,500}$/, 'a list of field names')),
    source: v.optional(matching(/^[\w.-]{1,100}$/, 'a source name')),
    token: v.optional(visible(4096)),
  }),
);

/** `GET /webauth/callback`: everything but the seal is untrusted and travels only if it is listed here. */
export const webauthCallbackGet = later(() =>
  v.object({
    // The seal of the longest redirect URI and state has 4195 characters.
    state: visible(4608),
    id_connection: v.optional(text),
    connection_id: v.optional(text),
    connection_ids: v.optional(text),
    id_transfer: v.optional(text),
    code: v.optional(text),
    error: v.optional(text),
    error_description: v.optional(text),
  }),
);
