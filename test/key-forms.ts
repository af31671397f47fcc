import { makeKey } from '#lib/partners/key.ts';
import type { DemoPartner } from '#local/demo-partners.ts';
import { authorization, basic, form, json, multipart } from './gateway.ts';
import type { TestRequest } from './invoke.ts';
import { combined } from './presented.ts';

type Fields = Record<string, string>;
/** A request in which a partner presents its key, with the operation's own fields in the body. */
type Presents = (partner: DemoPartner, fields?: Fields) => TestRequest;

/** A key in `x-api-key`. */
export function apiKey(key: string): TestRequest {
  return { headers: { 'x-api-key': key } };
}

/** The kind client, with a body. */
export const clientForms: [string, Presents][] = [
  ['JSON', (partner, fields) => json({ ...partner, ...fields })],
  [
    'JSON with a numeric id',
    ({ client_id, client_secret }, fields) => json({ client_id: Number(client_id), client_secret, ...fields }),
  ],
  ['a form', (partner, fields) => form({ ...partner, ...fields })],
  ['multipart', (partner, fields) => multipart({ ...partner, ...fields })],
  ['Basic and a form', (partner, fields) => combined(form({ ...fields }), basic(partner))],
  ['Basic with a trailing colon and JSON', (partner, fields) => combined(json({ ...fields }), basic(partner, ':'))],
  [
    'Basic and the id in the body',
    (partner, fields) => combined(json({ client_id: partner.client_id, ...fields }), basic(partner)),
  ],
  [
    'a form beside the same key in Authorization',
    (partner, fields) => combined(form({ ...partner, ...fields }), authorization(partner.client_secret)),
  ],
  [
    'JSON beside some token in Authorization',
    (partner, fields) => combined(json({ ...partner, ...fields }), authorization('Bearer bm90L2Ega2V5+w==')),
  ],
  ['JSON beside Basic', (partner, fields) => combined(json({ ...partner, ...fields }), basic(partner))],
  [
    'JSON beside the same key in x-api-key',
    (partner, fields) => combined(json({ ...partner, ...fields }), apiKey(partner.client_secret)),
  ],
];

/** The kind manager, with a body. */
export const managerForms: [string, Presents][] = [
  ...['', 'Bearer ', 'bearer ', 'BEARER   ', 'OAuth ', 'oauth '].map((scheme): [string, Presents] => [
    `"${scheme}" and JSON`,
    (partner, fields) => combined(json({ ...fields }), authorization(scheme + partner.client_secret)),
  ]),
  ['a form', (partner, fields) => combined(form({ ...fields }), authorization(partner.client_secret))],
  ['multipart', (partner, fields) => combined(multipart({ ...fields }), authorization(partner.client_secret))],
  [
    'the same key in x-api-key',
    ({ client_secret: key }, fields) => combined(json({ ...fields }), authorization(key), apiKey(key)),
  ],
  [
    'the client_id in the body',
    ({ client_id, client_secret }, fields) => combined(json({ client_id, ...fields }), authorization(client_secret)),
  ],
];

/** Keys that prove nothing, whose refusals nobody can tell apart; `disabled` is a partner that is. */
export const badKeys: [string, (partner: DemoPartner, disabled: DemoPartner) => DemoPartner][] = [
  [
    'a key with a mistyped character',
    ({ client_id, client_secret: key }) => ({ client_id, client_secret: mistyped(key) }),
  ],
  ['half a key', ({ client_id, client_secret: key }) => ({ client_id, client_secret: key.slice(0, 30) })],
  ['a key with something behind it', ({ client_id, client_secret: key }) => ({ client_id, client_secret: `${key}0` })],
  ['a key that the partner never had', ({ client_id }) => ({ client_id, client_secret: makeKey(client_id) })],
  ['a key of no partner', () => ({ client_id: '99999999', client_secret: makeKey('99999999') })],
  ['a key of a disabled partner', (_, disabled) => disabled],
];

const base64 = (text: string) => Buffer.from(text).toString('base64');
const percentEncoded = (text: string) =>
  text.replace(/[^]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
const swappedCase = (text: string) =>
  text.replace(/[a-z]/gi, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()));

/** Mangled keys as a header can carry them: none is a valid key, and none may be sent to Budgea. */
export const mangledKeys: [string, (key: string) => string][] = [
  ['the prefix alone', () => 'bgk_'],
  ['a letter before it', (key) => `x${key}`],
  ['a name before it', (key) => `key/${key}`],
  ['a field around it', (key) => `client_secret=${key}&a=b`],
  ['JSON around it', (key) => JSON.stringify({ key })],
  ['an address around it', (key) => `https://app.example/?key=${key}`],
  ['another scheme before it', (key) => `Token ${key}`],
  ['two schemes before it', (key) => `Bearer Bearer ${key}`],
  ['a tab before it', (key) => `Bearer\t${key}`],
  ['quotes around it', (key) => `"${key}"`],
  ['apostrophes around it', (key) => `Bearer '${key}'`],
  ['angle brackets around it', (key) => `<${key}>`],
  ['something behind it', (key) => `${key};v=1`],
  ['a space inside', (key) => `${key.slice(0, 6)} ${key.slice(6)}`],
  ['a space inside its end', (key) => `${key.slice(0, 40)} ${key.slice(40)}`],
  ['capitals', (key) => key.toUpperCase()],
  ['capitals in its prefix', (key) => key.replace('bgk', 'BGK')],
  ['small letters', (key) => `x${key.toLowerCase()}`],
  ['the other case', swappedCase],
  ['dashes', (key) => key.replaceAll('_', '-')],
  ['dots', (key) => key.replaceAll('_', '.')],
  ['a colon', (key) => key.replace('_', ':')],
  ['two underscores', (key) => `x${key.replaceAll('_', '__')}`],
  ['no underscores', (key) => key.replaceAll('_', '')],
  ['no first underscore', (key) => key.replace('_', '')],
  ['no second underscore', (key) => `x${key.slice(0, 12)}${key.slice(13)}`],
  ['no prefix', (key) => key.slice(4)],
  ['half a prefix', (key) => key.slice(2)],
  ['its first half alone', (key) => `x${key.slice(0, 30)}`],
  ['its client id alone', (key) => `x${key.slice(0, 12)}`],
  ['percent-encoded underscores', (key) => key.replaceAll('_', '%5F')],
  ['underscores that are percent-encoded twice', (key) => key.replaceAll('_', '%255f')],
  ['percent-encoding', percentEncoded],
  ['percent-encoding, twice', (key) => percentEncoded(percentEncoded(key))],
  ['JSON’s escapes', (key) => key.replaceAll('_', '\\u005f')],
  ['HTML’s escapes', (key) => key.replaceAll('_', '&#95;')],
  ['base64', base64],
  ['base64 for addresses', (key) => Buffer.from(key).toString('base64url')],
  ['base64 without its end', (key) => base64(key).replace(/=+$/, '')],
  ['base64 with a letter before it', (key) => `x${base64(key)}`],
  ['base64 with quotes around it', (key) => `"${base64(key)}"`],
  ['base64 that is percent-encoded', (key) => encodeURIComponent(base64(key))],
  ['base64 of capitals', (key) => base64(key.toUpperCase())],
  ['base64 of client credentials', (key) => base64(`${key.slice(4, 12)}:${key}`)],
  ['base64 of a header', (key) => base64(`Bearer ${key}`)],
  ['base64 of JSON', (key) => base64(JSON.stringify({ client_secret: key }))],
  ['hexadecimal', (key) => Buffer.from(key).toString('hex')],
  ['hexadecimal capitals', (key) => Buffer.from(key).toString('hex').toUpperCase()],
];

/** A request of one partner with something of another's. */
type Mixed = (one: DemoPartner, other: DemoPartner) => TestRequest;

/** Keys of two partners in one request, and keys that come twice. */
export const contradictions: [string, Mixed][] = [
  ['keys of two in Authorization and x-api-key', (one, other) => combined(bearer(one), apiKey(other.client_secret))],
  ['keys of two as Basic and in x-api-key', (one, other) => combined(basic(one), apiKey(other.client_secret))],
  ['keys of two in body and Authorization', (one, other) => combined(json(one), bearer(other))],
  ['keys of two in body and Basic', (one, other) => combined(form({ ...one }), basic(other))],
  ['keys of two in body and x-api-key', (one, other) => combined(multipart({ ...one }), apiKey(other.client_secret))],
  ['keys of two in Authorization', (one, other) => authorization(`${one.client_secret},${other.client_secret}`)],
  ['Basic with the client_id of another', (one, { client_id }) => basic({ ...one, client_id })],
  ['Basic without a client_id', (one) => basic({ ...one, client_id: '' })],
  ['Basic with a zero before the client_id', (one) => basic({ ...one, client_id: `0${one.client_id}` })],
  ['Authorization twice', ({ client_secret: key }) => authorization(`Bearer ${key}, Bearer ${key}`)],
  ['x-api-key twice', ({ client_secret: key }) => apiKey(`${key},${key}`)],
  ['client_secret twice in a form', (one) => more(form({ ...one }), `&client_secret=${one.client_secret}`)],
  ['client_secret twice in JSON', (one, other) => secretTwice(one, 'client_secret', other)],
  ['client_secret twice in JSON, once escaped', (one, other) => secretTwice(one, 'client\\u005fsecret', other)],
];

/** A `client_id` in the body that is not the key's: a contradiction where client credentials are taken. */
export const contradictingIds: [string, Mixed][] = [
  ['a client_id of another', (one, { client_id }) => json({ ...one, client_id })],
  ['a numeric client_id of another', (one, other) => json({ ...one, client_id: Number(other.client_id) })],
  ['a client_id with a zero before it', (one) => form({ ...one, client_id: `0${one.client_id}` })],
  ['a client_id with a space behind it', (one) => multipart({ ...one, client_id: `${one.client_id} ` })],
  ['a client_id in full-width digits', (one) => json({ ...one, client_id: fullWidth(one.client_id) })],
  ['a client_id of another beside a key', (one, { client_id }) => combined(form({ client_id }), bearer(one))],
  ['a client_id of another beside Basic', (one, { client_id }) => combined(json({ client_id }), basic(one))],
  ['client_id twice in a form', (one, { client_id }) => more(form({ ...one }), `&client_id=${client_id}`)],
];

/** The digits as another script has them. */
export function fullWidth(digits: string): string {
  return digits.replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0));
}

function bearer({ client_secret }: DemoPartner): TestRequest {
  return authorization(`Bearer ${client_secret}`);
}

function mistyped(key: string): string {
  return key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');
}

function secretTwice(one: DemoPartner, name: string, { client_secret }: DemoPartner): TestRequest {
  return { ...json({}), body: JSON.stringify(one).replace('}', `,"${name}":"${client_secret}"}`) };
}

function more(request: TestRequest, text: string): TestRequest {
  return { ...request, body: (request.body ?? '') + text };
}
