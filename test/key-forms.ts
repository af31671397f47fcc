import { makeKey } from '../lib/partners/key.ts';
import type { DemoPartner } from '../local/demo-partners.ts';
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
export function badKeys({ client_id, client_secret }: DemoPartner, disabled: DemoPartner): [string, DemoPartner][] {
  const last = client_secret.endsWith('0') ? '1' : '0';
  return [
    ['a key with a mistyped character', { client_id, client_secret: client_secret.slice(0, -1) + last }],
    ['half a key', { client_id, client_secret: client_secret.slice(0, 30) }],
    ['a key with something behind it', { client_id, client_secret: `${client_secret}0` }],
    ['a key that the partner never had', { client_id, client_secret: makeKey(client_id) }],
    ['a key of no partner', { client_id: '99999999', client_secret: makeKey('99999999') }],
    ['a key of a disabled partner', disabled],
  ];
}

/** Keys of two partners in one request, and keys that come twice. */
export function contradictions(one: DemoPartner, other: DemoPartner): [string, TestRequest][] {
  const { client_secret: key } = one;
  return [
    ['two partners in Authorization and x-api-key', combined(authorization(key), apiKey(other.client_secret))],
    ['two partners as Basic and in x-api-key', combined(basic(one), apiKey(other.client_secret))],
    ['two partners in body and Authorization', combined(json({ ...one }), authorization(other.client_secret))],
    ['two partners in body and Basic', combined(form({ ...one }), basic(other))],
    ['two partners in body and x-api-key', combined(multipart({ ...one }), apiKey(other.client_secret))],
    ['two partners in Authorization', authorization(`Bearer ${key},Bearer ${other.client_secret}`)],
    ['Basic with the client_id of another', basic({ ...one, client_id: other.client_id })],
    ['Basic without a client_id', basic({ ...one, client_id: '' })],
    ['Basic with a zero before the client_id', basic({ ...one, client_id: `0${one.client_id}` })],
    ['Authorization twice', authorization(`${key}, ${key}`)],
    ['x-api-key twice', apiKey(`${key},${key}`)],
    ['client_secret twice in a form', withMore(form({ ...one }), `&client_secret=${key}`)],
    [
      'client_secret twice in JSON, once escaped',
      { ...json({}), body: JSON.stringify(one).replace('}', `,"client\\u005fsecret":"${other.client_secret}"}`) },
    ],
  ];
}

/** A `client_id` in the body that is not the key's: a contradiction where client credentials are taken. */
export function contradictingIds(one: DemoPartner, other: DemoPartner): [string, TestRequest][] {
  return [
    ['another’s', json({ ...one, client_id: other.client_id })],
    ['another’s as a number', json({ ...one, client_id: Number(other.client_id) })],
    ['a zero before it', form({ ...one, client_id: `0${one.client_id}` })],
    ['a space behind it', multipart({ ...one, client_id: `${one.client_id} ` })],
    ['full-width digits', json({ ...one, client_id: fullWidth(one.client_id) })],
    [
      'another’s beside a key in Authorization',
      combined(form({ client_id: other.client_id }), authorization(one.client_secret)),
    ],
    ['another’s beside Basic', combined(json({ client_id: other.client_id }), basic(one))],
    ['twice in a form', withMore(form({ ...one }), `&client_id=${other.client_id}`)],
  ];
}

/** The digits as another script has them. */
export function fullWidth(digits: string): string {
  return digits.replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0));
}

function withMore(request: TestRequest, more: string): TestRequest {
  return { ...request, body: (request.body ?? '') + more };
}
