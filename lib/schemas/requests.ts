import * as z from 'zod/mini';
import { later } from './later.ts';

// What a caller may send. A form carries strings, JSON numbers and booleans too: both are taken. Fields that are not named here are ignored.
// The messages end a sentence that begins with the field's name; they never repeat the value.

const visible = (longest: number) =>
  z.string({ error: `must be a string` }).check(
    z.regex(/^[\x21-\x7e]+$/, { error: 'must be visible ASCII characters without spaces' }),
    // Whoever mixes the fields up does not send a key to Budgea.
    z.regex(/^(?!bgk_)/, { error: 'must not be a partner key' }),
    z.maxLength(longest, { error: `must be at most ${longest} characters` }),
  );

const matching = (pattern: RegExp, shape: string) =>
  z.string({ error: `must be ${shape}` }).check(z.regex(pattern, { error: `must be ${shape}` }));

const digits = (longest: number, shape: string) =>
  z.pipe(
    z.union([z.int(), matching(new RegExp(`^\\d{1,${longest}}$`), shape)], { error: `must be ${shape}` }),
    z.transform(String),
  );

const whole = (shape: string, pattern = /^(0|[1-9]\d{0,17})$/) => z.pipe(digits(18, shape), matching(pattern, shape));

const boolean = later(() =>
  z.pipe(
    z.union([z.boolean(), z.literal([0, 1]), matching(/^(true|false|1|0)$/i, 'true or false')], {
      error: 'must be true or false',
    }),
    z.transform((value) => /^(true|1)$/i.test(String(value))),
  ),
);

const userId = later(() => whole('a user id', /^[1-9]\d{0,17}$/));
const userIdOrWord = later(() => matching(/^(me|all|[1-9]\d{0,17})$/, 'a user id, me or all'));
const scope = later(() =>
  z.pipe(
    matching(/^[\w.:/*-]{0,64}$/, 'a scope: letters, digits and _ . : / * -, at most 64'),
    z.transform((value) => (value === '' ? undefined : value)),
  ),
);
const expand = later(() => matching(/^[\w,.*[\]-]{1,200}$/, 'a list of names'));
const redirectUri = later(() => visible(2048));

/** `POST /admin/jwt`: what is left out gets upstream's defaults before any grant is looked at. */
export const adminJwtPost = later(() =>
  z.object({
    scope: z._default(
      z.pipe(
        scope(),
        z.transform((value) => value ?? 'config'),
      ),
      'config',
    ),
    duration: z._default(
      z
        .pipe(whole('a whole number of minutes'), z.transform(Number))
        .check(z.positive({ error: 'must be at least 1: a manage token that never expires is refused' })),
      1,
    ),
  }),
);

/** `POST /auth/jwt`. */
export const authJwtPost = later(() =>
  z.object({
    scope: z.optional(scope()),
    id_user: z.optional(userId()),
    expire: z._default(boolean(), true),
  }),
);

/** `POST /auth/token/access`. */
export const authTokenAccessPost = later(() =>
  z.object({
    // The first that is wrong is named: whoever wants another grant need not hear of the code.
    grant_type: z.optional(z.literal('authorization_code', { error: 'must be authorization_code' })),
    code: visible(4096),
    redirect_uri: z.optional(redirectUri()),
  }),
);

/** `GET /auth/token/code`. */
export const authTokenCodeGet = later(() =>
  z.object({
    type: z.optional(z.enum(['requestAccess', 'singleAccess'], { error: 'must be requestAccess or singleAccess' })),
  }),
);

/** An operation without fields. */
export const nothing = later(() => z.object({}));

/** `GET /certificate/{type}`. */
export const certificateTypeGet = later(() =>
  z.object({
    type: matching(
      /^[a-zA-Z0-9]+([_-][a-zA-Z0-9]+)*$/,
      'a certificate type: letters and digits, joined by - or _',
    ).check(z.maxLength(64, { error: 'must be at most 64 characters' })),
    expand: z.optional(expand()),
  }),
);

/** `GET` and `DELETE /users/{id_user}`. */
export const usersIdUser = later(() => z.object({ id_user: userIdOrWord(), expand: z.optional(expand()) }));

/** `POST /users/{id_user}/token`. */
export const usersIdUserTokenPost = later(() =>
  z.object({
    id_user: userIdOrWord(),
    application: matching(/^(?!bgk_)\P{Cc}{1,100}$/u, 'an application name of at most 100 characters'),
  }),
);

/** `GET /webauth`. */
export const webauthGet = later(() =>
  z.object({
    client_id: whole('a client id', /^[1-9]\d{7}$/),
    redirect_uri: redirectUri(),
    state: z.optional(
      z.string().check(z.refine((state) => Buffer.byteLength(state) <= 1024, { error: 'must be at most 1 KiB' })),
    ),
    id_connector: z.optional(whole('a connector id')),
    connector_uuid: z.optional(matching(/^[0-9a-fA-F-]{1,36}$/, 'a UUID')),
    id_connection: z.optional(whole('a connection id')),
    id_transfer: z.optional(whole('a transfer id')),
    fields: z.optional(matching(/^[\w,.;:[\] -]{1,500}$/, 'a list of field names')),
    source: z.optional(matching(/^[\w.-]{1,100}$/, 'a source name')),
    token: z.optional(visible(4096)),
  }),
);

/** `GET /webauth/callback`: everything but the seal is untrusted and travels only if it is listed here. */
export const webauthCallbackGet = later(() =>
  z.object({
    // The seal of the longest redirect URI and state has 4195 characters.
    state: visible(4608),
    id_connection: z.optional(z.string()),
    connection_id: z.optional(z.string()),
    connection_ids: z.optional(z.string()),
    id_transfer: z.optional(z.string()),
    code: z.optional(z.string()),
    error: z.optional(z.string()),
    error_description: z.optional(z.string()),
  }),
);
