import { makeKey } from '#lib/partner-key.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { apiKey, authorization, basic, bearer, combine, form, json, multipart } from './gateway.ts';
import type { TestRequest } from './invoke.ts';

/** The partner and the user whose credentials a request presents. */
export interface CallerContext {
  partner: DemoPartner;
  user: { token: string };
}

/** One way to present a credential without a body. */
export type Presentation = [form: string, request: (caller: CallerContext) => TestRequest];

const withToken = (name: string, header: (token: string) => string): Presentation => [
  name,
  ({ user }) => authorization(header(user.token)),
];
const withKey = (name: string, header: (key: string) => string): Presentation => [
  name,
  ({ partner }) => authorization(header(partner.client_secret)),
];

/** User tokens. */
export const tokens: Presentation[] = [
  withToken('Bearer <token>', (token) => `Bearer ${token}`),
  withToken('bearer <token>', (token) => `bearer ${token}`),
  withToken('BEARER, spaces, <token>', (token) => `BEARER   ${token}  `),
  withToken('OAuth <token>', (token) => `OAuth ${token}`),
  withToken('oauth <token>', (token) => `oauth ${token}`),
  withToken('<token> without a scheme', (token) => token),
  [
    'a token together with a key in x-api-key',
    ({ user, partner }) => combine(authorization(user.token), apiKey(partner.client_secret)),
  ],
];

/** Partner keys in `Authorization`. */
export const bearerKeys: Presentation[] = [
  withKey('Bearer <key>', (key) => `Bearer ${key}`),
  withKey('oauth <key>', (key) => `oauth ${key}`),
  withKey('<key> without a scheme', (key) => key),
  [
    'the same key in Authorization and x-api-key',
    ({ partner: { client_secret: key } }) => combine(authorization(key), apiKey(key)),
  ],
];

/** Client credentials without a body. */
export const basicCredentials: Presentation[] = [
  ['Basic', ({ partner }) => basic(partner)],
  ['Basic with a trailing colon', ({ partner }) => basic(partner, ':')],
  [
    'basic in lower case',
    ({ partner }) => authorization(basic(partner).headers['authorization']?.replace('Basic', 'basic') ?? ''),
  ],
];

/** Partner keys in `x-api-key`. */
export const apiKeys: Presentation[] = [['a key in x-api-key', ({ partner }) => apiKey(partner.client_secret)]];

/** Requests without a credential. */
export const noCredentials: Presentation[] = [
  ['nothing', () => ({})],
  ['an empty Authorization', () => authorization('')],
  ['a scheme without a token', () => authorization('Bearer')],
  ['Basic without a value', () => authorization('Basic ')],
  ['an empty x-api-key', () => apiKey('')],
  ['a token in a cookie', ({ user }) => ({ headers: { cookie: `token=${user.token}` } })],
  ['a token in another header', ({ user }) => ({ headers: { 'x-authorization': `Bearer ${user.token}` } })],
];

/** Malformed upstream tokens: rejected with 403 `invalidToken`. */
export const malformedTokens: Presentation[] = [
  ['a token with a space', () => authorization('Bearer abc def')],
  ['an unknown scheme', () => authorization('Digest abcdefgh')],
  ['a token with a quote', () => authorization('Bearer "abcdefgh"')],
  ['a token with a semicolon', () => authorization('Bearer abc;def')],
  ['a token with a non-ASCII letter', () => authorization('Bearer abcdéf')],
  ['a token with = inside', () => authorization('Bearer abc=def')],
  ['a token with an encoded line break', () => authorization('Bearer abc%0d%0aX-Evil:1')],
  ['a token of 8193 characters', () => bearer('a'.repeat(8193))],
];

/** Repeated credentials: rejected with 400 `invalidValue`. */
export const repeatedCredentials: Presentation[] = [
  [
    'two tokens, as API Gateway joins repeated headers',
    ({ user }) => authorization(`Bearer ${user.token},Bearer ${user.token}`),
  ],
  [
    'a token and a key, joined',
    ({ user, partner }) => authorization(`Bearer ${user.token}, Bearer ${partner.client_secret}`),
  ],
  ['two keys in x-api-key', ({ partner: { client_secret: key } }) => apiKey(`${key},${key}`)],
];

type Fields = Record<string, string>;
/** One way to present a partner key together with the operation's own fields in the body. */
type KeyForm = [form: string, request: (partner: DemoPartner, fields?: Fields) => TestRequest];

/** Client credentials with a body. */
export const clientForms: KeyForm[] = [
  ['JSON', (partner, fields) => json({ ...partner, ...fields })],
  [
    'JSON with a numeric id',
    ({ client_id, client_secret }, fields) => json({ client_id: Number(client_id), client_secret, ...fields }),
  ],
  ['a form', (partner, fields) => form({ ...partner, ...fields })],
  ['multipart', (partner, fields) => multipart({ ...partner, ...fields })],
  ['Basic and a form', (partner, fields) => combine(form({ ...fields }), basic(partner))],
  ['Basic with a trailing colon and JSON', (partner, fields) => combine(json({ ...fields }), basic(partner, ':'))],
  [
    'Basic and the id in the body',
    (partner, fields) => combine(json({ client_id: partner.client_id, ...fields }), basic(partner)),
  ],
  [
    'a form and the same key in Authorization',
    (partner, fields) => combine(form({ ...partner, ...fields }), authorization(partner.client_secret)),
  ],
  [
    'JSON and an unknown token in Authorization',
    (partner, fields) => combine(json({ ...partner, ...fields }), bearer('bm90L2Ega2V5+w==')),
  ],
  ['JSON and Basic', (partner, fields) => combine(json({ ...partner, ...fields }), basic(partner))],
  [
    'JSON and the same key in x-api-key',
    (partner, fields) => combine(json({ ...partner, ...fields }), apiKey(partner.client_secret)),
  ],
];

/** Partner keys in `Authorization` with a body. */
export const bearerKeyForms: KeyForm[] = [
  ...['', 'Bearer ', 'bearer ', 'BEARER   ', 'OAuth ', 'oauth '].map((scheme): KeyForm => [
    `"${scheme}" and JSON`,
    (partner, fields) => combine(json({ ...fields }), authorization(scheme + partner.client_secret)),
  ]),
  ['a form', (partner, fields) => combine(form({ ...fields }), authorization(partner.client_secret))],
  ['multipart', (partner, fields) => combine(multipart({ ...fields }), authorization(partner.client_secret))],
  [
    'the same key in x-api-key',
    ({ client_secret: key }, fields) => combine(json({ ...fields }), authorization(key), apiKey(key)),
  ],
  [
    'the client_id in the body',
    ({ client_id, client_secret }, fields) => combine(json({ client_id, ...fields }), authorization(client_secret)),
  ],
];

/** Invalid keys, whose error responses are identical. `disabled` is a disabled partner. */
export const invalidKeys: [string, (partner: DemoPartner, disabled: DemoPartner) => DemoPartner][] = [
  [
    'a key with a mistyped character',
    ({ client_id, client_secret: key }) => ({ client_id, client_secret: mistyped(key) }),
  ],
  ['a truncated key', ({ client_id, client_secret: key }) => ({ client_id, client_secret: key.slice(0, 30) })],
  ['a key with a trailing character', ({ client_id, client_secret: key }) => ({ client_id, client_secret: `${key}0` })],
  ['a key that the partner never had', ({ client_id }) => ({ client_id, client_secret: makeKey(client_id) })],
  ['a key of an unknown partner', () => ({ client_id: '99999999', client_secret: makeKey('99999999') })],
  ['a key of a disabled partner', (_, disabled) => disabled],
];

const base64 = (text: string) => Buffer.from(text).toString('base64');
const percentEncoded = (text: string) =>
  text.replace(/[^]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
const swappedCase = (text: string) =>
  text.replace(/[a-z]/gi, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()));

/** Mangled keys that a header can contain. None is a valid key, and none may be sent to Budgea. */
export const mangledKeys: [string, (key: string) => string][] = [
  ['only the prefix', () => 'bgk_'],
  ['a letter before it', (key) => `x${key}`],
  ['a name before it', (key) => `key/${key}`],
  ['a field around it', (key) => `client_secret=${key}&a=b`],
  ['JSON around it', (key) => JSON.stringify({ key })],
  ['a URL around it', (key) => `https://app.example/?key=${key}`],
  ['another scheme before it', (key) => `Token ${key}`],
  ['two schemes before it', (key) => `Bearer Bearer ${key}`],
  ['a tab before it', (key) => `Bearer\t${key}`],
  ['quotes around it', (key) => `"${key}"`],
  ['apostrophes around it', (key) => `Bearer '${key}'`],
  ['angle brackets around it', (key) => `<${key}>`],
  ['text after it', (key) => `${key};v=1`],
  ['a space inside', (key) => `${key.slice(0, 6)} ${key.slice(6)}`],
  ['a space near its end', (key) => `${key.slice(0, 40)} ${key.slice(40)}`],
  ['upper case', (key) => key.toUpperCase()],
  ['an upper-case prefix', (key) => key.replace('bgk', 'BGK')],
  ['lower case', (key) => `x${key.toLowerCase()}`],
  ['swapped case', swappedCase],
  ['dashes', (key) => key.replaceAll('_', '-')],
  ['dots', (key) => key.replaceAll('_', '.')],
  ['a colon', (key) => key.replace('_', ':')],
  ['two underscores', (key) => `x${key.replaceAll('_', '__')}`],
  ['no underscores', (key) => key.replaceAll('_', '')],
  ['no first underscore', (key) => key.replace('_', '')],
  ['no second underscore', (key) => `x${key.slice(0, 12)}${key.slice(13)}`],
  ['no prefix', (key) => key.slice(4)],
  ['half a prefix', (key) => key.slice(2)],
  ['only its first half', (key) => `x${key.slice(0, 30)}`],
  ['only its client id', (key) => `x${key.slice(0, 12)}`],
  ['percent-encoded underscores', (key) => key.replaceAll('_', '%5F')],
  ['underscores that are percent-encoded twice', (key) => key.replaceAll('_', '%255f')],
  ['percent-encoding', percentEncoded],
  ['percent-encoding, twice', (key) => percentEncoded(percentEncoded(key))],
  ['JSON escapes', (key) => key.replaceAll('_', '\\u005f')],
  ['HTML escapes', (key) => key.replaceAll('_', '&#95;')],
  ['base64', base64],
  ['base64url', (key) => Buffer.from(key).toString('base64url')],
  ['base64 without padding', (key) => base64(key).replace(/=+$/, '')],
  ['base64 with a letter before it', (key) => `x${base64(key)}`],
  ['base64 with quotes around it', (key) => `"${base64(key)}"`],
  ['percent-encoded base64', (key) => encodeURIComponent(base64(key))],
  ['base64 of upper case', (key) => base64(key.toUpperCase())],
  ['base64 of client credentials', (key) => base64(`${key.slice(4, 12)}:${key}`)],
  ['base64 of a header', (key) => base64(`Bearer ${key}`)],
  ['base64 of JSON', (key) => base64(JSON.stringify({ client_secret: key }))],
  ['hexadecimal', (key) => Buffer.from(key).toString('hex')],
  ['upper-case hexadecimal', (key) => Buffer.from(key).toString('hex').toUpperCase()],
];

/** A request of one partner that contains a credential of another. */
type Mixed = (one: DemoPartner, other: DemoPartner) => TestRequest;

/** Keys of two partners in one request, and repeated keys: rejected with 400 `invalidValue`. */
export const contradictions: [string, Mixed][] = [
  ['keys of two in Authorization and x-api-key', (one, other) => combine(keyOf(one), apiKey(other.client_secret))],
  ['keys of two as Basic and in x-api-key', (one, other) => combine(basic(one), apiKey(other.client_secret))],
  ['keys of two in body and Authorization', (one, other) => combine(json(one), keyOf(other))],
  ['keys of two in body and Basic', (one, other) => combine(form({ ...one }), basic(other))],
  ['keys of two in body and x-api-key', (one, other) => combine(multipart({ ...one }), apiKey(other.client_secret))],
  ['keys of two in Authorization', (one, other) => authorization(`${one.client_secret},${other.client_secret}`)],
  ['Basic with the client_id of another', (one, { client_id }) => basic({ ...one, client_id })],
  ['Basic without a client_id', (one) => basic({ ...one, client_id: '' })],
  ['Basic with a zero before the client_id', (one) => basic({ ...one, client_id: `0${one.client_id}` })],
  ['Authorization twice', ({ client_secret: key }) => authorization(`Bearer ${key}, Bearer ${key}`)],
  ['x-api-key twice', ({ client_secret: key }) => apiKey(`${key},${key}`)],
  ['client_secret twice in a form', (one) => append(form({ ...one }), `&client_secret=${one.client_secret}`)],
  ['client_secret twice in JSON', (one, other) => secretTwice(one, 'client_secret', other)],
  ['client_secret twice in JSON, once escaped', (one, other) => secretTwice(one, 'client\\u005fsecret', other)],
];

/** A `client_id` in the body that does not match the key: a contradiction for operations that accept client credentials. */
export const contradictingIds: [string, Mixed][] = [
  ['a client_id of another', (one, { client_id }) => json({ ...one, client_id })],
  ['a numeric client_id of another', (one, other) => json({ ...one, client_id: Number(other.client_id) })],
  ['a client_id with a leading zero', (one) => form({ ...one, client_id: `0${one.client_id}` })],
  ['a client_id with a trailing space', (one) => multipart({ ...one, client_id: `${one.client_id} ` })],
  ['a client_id in full-width digits', (one) => json({ ...one, client_id: fullWidth(one.client_id) })],
  ['a client_id of another with a bearer key', (one, { client_id }) => combine(form({ client_id }), keyOf(one))],
  ['a client_id of another with Basic', (one, { client_id }) => combine(json({ client_id }), basic(one))],
  ['client_id twice in a form', (one, { client_id }) => append(form({ ...one }), `&client_id=${client_id}`)],
];

/** Returns the digits in full-width form. */
export function fullWidth(digits: string): string {
  return digits.replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0));
}

function keyOf({ client_secret }: DemoPartner): TestRequest {
  return bearer(client_secret);
}

/** Returns the key with another last character, so that its checksum is wrong. */
export function mistyped(key: string): string {
  return key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');
}

function secretTwice(one: DemoPartner, name: string, { client_secret }: DemoPartner): TestRequest {
  return { ...json({}), body: JSON.stringify(one).replace('}', `,"${name}":"${client_secret}"}`) };
}

function append(request: TestRequest, text: string): TestRequest {
  return { ...request, body: (request.body ?? '') + text };
}
