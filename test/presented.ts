import type { DemoPartner } from '#local/demo-partners.ts';
import { authorization, basic } from './gateway.ts';
import type { TestRequest } from './invoke.ts';

/** Whose credentials a case presents. */
export interface Who {
  partner: DemoPartner;
  user: { token: string };
}

/** One way to present a credential. */
export type Presented = [form: string, request: (who: Who) => TestRequest];

const withToken = (form: string, header: (token: string) => string): Presented => [
  form,
  ({ user }) => authorization(header(user.token)),
];
const withKey = (form: string, header: (key: string) => string): Presented => [
  form,
  ({ partner }) => authorization(header(partner.client_secret)),
];

/** The kind token. */
export const tokens: Presented[] = [
  withToken('Bearer <token>', (token) => `Bearer ${token}`),
  withToken('bearer <token>', (token) => `bearer ${token}`),
  withToken('BEARER, spaces, <token>', (token) => `BEARER   ${token}  `),
  withToken('OAuth <token>', (token) => `OAuth ${token}`),
  withToken('oauth <token>', (token) => `oauth ${token}`),
  withToken('<token> alone', (token) => token),
  [
    'a token beside a key in x-api-key',
    ({ user, partner }) => ({ headers: { authorization: user.token, 'x-api-key': partner.client_secret } }),
  ],
];

/** The kind manager. */
export const managerKeys: Presented[] = [
  withKey('Bearer <key>', (key) => `Bearer ${key}`),
  withKey('oauth <key>', (key) => `oauth ${key}`),
  withKey('<key> alone', (key) => key),
  [
    'a key twice, in x-api-key too',
    ({ partner: { client_secret: key } }) => ({ headers: { authorization: key, 'x-api-key': key } }),
  ],
];

/** The kind client, as a request without a body can present it. */
export const clients: Presented[] = [
  ['Basic', ({ partner }) => basic(partner)],
  ['Basic with a colon at its end', ({ partner }) => basic(partner, ':')],
  [
    'basic in lower case',
    ({ partner }) => authorization(basic(partner).headers['authorization']?.replace('Basic', 'basic') ?? ''),
  ],
];

/** The kind identified. */
export const apiKeys: Presented[] = [
  ['a key in x-api-key', ({ partner }) => ({ headers: { 'x-api-key': partner.client_secret } })],
];

/** No credential at all, whatever it looks like. */
export const nobody: Presented[] = [
  ['nothing', () => ({})],
  ['an empty Authorization', () => authorization('')],
  ['a scheme without a token', () => authorization('Bearer')],
  ['Basic without a value', () => authorization('Basic ')],
  ['an empty x-api-key', () => ({ headers: { 'x-api-key': '' } })],
  ['a token in a cookie', ({ user }) => ({ headers: { cookie: `token=${user.token}` } })],
  ['a token in another header', ({ user }) => ({ headers: { 'x-authorization': `Bearer ${user.token}` } })],
];

/** What no upstream token can be: refused with 403 `invalidToken`. */
export const malformedTokens: Presented[] = [
  ['a token with a space', () => authorization('Bearer abc def')],
  ['an unknown scheme', () => authorization('Digest abcdefgh')],
  ['a token with a quote', () => authorization('Bearer "abcdefgh"')],
  ['a token with a semicolon', () => authorization('Bearer abc;def')],
  ['a token with a letter outside ASCII', () => authorization('Bearer abcdéf')],
  ['a token with = inside', () => authorization('Bearer abc=def')],
  ['a token with a line break, encoded', () => authorization('Bearer abc%0d%0aX-Evil:1')],
  ['a token of 8193 characters', () => authorization(`Bearer ${'a'.repeat(8193)}`)],
];

/** Credentials given twice: refused with 400 `invalidValue`. */
export const repeated: Presented[] = [
  [
    'two tokens, as API Gateway joins repeated headers',
    ({ user }) => authorization(`Bearer ${user.token},Bearer ${user.token}`),
  ],
  [
    'a token and a key, joined',
    ({ user, partner }) => authorization(`Bearer ${user.token}, Bearer ${partner.client_secret}`),
  ],
  ['two keys in x-api-key', ({ partner: { client_secret: key } }) => ({ headers: { 'x-api-key': `${key},${key}` } })],
];

/** The request with more of it: headers come together, the later body counts. */
export function combined(...requests: TestRequest[]): TestRequest {
  const bodies = requests.flatMap(({ body }) => (body === undefined ? [] : [body]));
  const last = bodies.at(-1);
  return {
    headers: Object.assign({}, ...requests.map(({ headers }) => headers)) as Record<string, string>,
    ...(last === undefined ? {} : { body: last }),
  };
}
