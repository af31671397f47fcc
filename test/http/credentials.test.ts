import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '#lib/errors.ts';
import type { Credential } from '#lib/operations/call.ts';
import { readCredential } from '#lib/http/credentials.ts';
import { operations, type CallerKind, type OperationId } from '#lib/operations/table.ts';
import { makeKey, readKey } from '#lib/partner-key.ts';
import { codePoint } from '../code-point.ts';
import { json } from '../gateway.ts';
import { expectations } from '../operations/expectations.ts';
import { serveOnce, type ServeRequest } from './serve-once.ts';

const id = '12345678';
const key = makeKey(id);
const other = makeKey('87654321');
const mistyped = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');
const token = 'dXNlcitzL3Rva2Vu+/w==';
const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJpZF91c2VyIjoxfQ.c2lnbmF0dXJl_-';

const every: CallerKind[] = ['client', 'bearer_key', 'api_key', 'token'];
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

interface Presented {
  authorization?: string;
  apiKey?: string;
  body?: Record<string, unknown>;
  accepts?: CallerKind[];
}

function read({ authorization, apiKey, body = {}, accepts = every }: Presented): Credential {
  return readCredential({ authorization, 'x-api-key': apiKey }, body, accepts);
}

/** Expected credentials: with the key, and with a malformed one. */
const client = { kind: 'client', key: readKey(key) };
const bearerKey = { kind: 'bearer_key', key: readKey(key) };
const apiKeyCredential = { kind: 'api_key', key: readKey(key) };
const malformed = (kind: CallerKind) => ({ kind, key: undefined });

describe('the credential of a request', () => {
  test.each<[string, Presented, object]>([
    ['nothing', {}, { kind: 'anonymous' }],
    ['empty headers', { authorization: '  ', apiKey: '' }, { kind: 'anonymous' }],
    ['only a scheme', { authorization: 'Bearer' }, { kind: 'anonymous' }],
    ['a scheme and spaces', { authorization: 'oauth   ' }, { kind: 'anonymous' }],
    ['empty body fields', { body: { client_id: '', client_secret: '' } }, { kind: 'anonymous' }],
    ['body fields of other types', { body: { client_id: {}, client_secret: [key] } }, { kind: 'anonymous' }],

    ['a key', { authorization: key }, bearerKey],
    ['a key as Bearer', { authorization: `Bearer ${key}` }, bearerKey],
    ['a key as oAuTh with spaces', { authorization: `  oAuTh   ${key}  ` }, bearerKey],
    ['a mistyped key', { authorization: mistyped }, malformed('bearer_key')],
    ['the prefix of a key', { authorization: 'Bearer bgk_' }, malformed('bearer_key')],
    ['a key after an unknown scheme', { authorization: `Token ${key}` }, malformed('bearer_key')],
    ['a key after a tab', { authorization: `Bearer\t${key}` }, malformed('bearer_key')],
    ['a quoted key', { authorization: `Bearer "${key}"` }, malformed('bearer_key')],
    ['a percent-encoded key', { authorization: key.replace('_', '%5f') }, malformed('bearer_key')],
    [
      'a quoted key and its id in the body',
      { authorization: `"${key}"`, body: { client_id: id } },
      malformed('bearer_key'),
    ],
    ['text that starts with the prefix of a key', { authorization: `bgk_ ${token}` }, malformed('bearer_key')],
    ['a key in both headers', { authorization: key, apiKey: key }, bearerKey],
    ['a key and its id in the body', { authorization: key, body: { client_id: id } }, bearerKey],

    ['a token', { authorization: token }, { kind: 'token', token }],
    ['a token as BEARER', { authorization: `BEARER ${token}` }, { kind: 'token', token }],
    ['a JWT as OAuth', { authorization: `OAuth ${jwt}` }, { kind: 'token', token: jwt }],
    ['a token that starts with a scheme', { authorization: 'bearerish' }, { kind: 'token', token: 'bearerish' }],
    ['a token and a key in x-api-key', { authorization: token, apiKey: key }, { kind: 'token', token }],
    ['a token and any client_id', { authorization: token, body: { client_id: '1' } }, { kind: 'token', token }],
    ['a token and only a secret', { authorization: token, body: { client_secret: key } }, { kind: 'token', token }],

    ['a key in x-api-key', { apiKey: key }, apiKeyCredential],
    ['a mistyped key in x-api-key', { apiKey: mistyped }, malformed('api_key')],
    ['a token in x-api-key', { apiKey: token }, malformed('api_key')],
    ['a scheme in x-api-key', { apiKey: `Bearer ${key}` }, malformed('api_key')],

    ['Basic', { authorization: basic(`${id}:${key}`) }, client],
    ['Basic with a trailing colon', { authorization: basic(`${id}:${key}:`) }, client],
    ['basic in lower case', { authorization: basic(`${id}:${key}`).replace('Basic', 'basic  ') }, client],
    ['Basic with a mistyped key', { authorization: basic(`${id}:${mistyped}`) }, malformed('client')],
    ['Basic with two trailing colons', { authorization: basic(`${id}:${mistyped}::`) }, malformed('client')],
    ['Basic with another secret', { authorization: basic(`${id}:secret`) }, malformed('client')],
    ['Basic with a key as its id', { authorization: basic(`${key}:${key}`) }, malformed('client')],
    ['Basic without a colon', { authorization: basic(key) }, malformed('client')],
    ['Basic that is not base64', { authorization: 'Basic %%%' }, malformed('client')],

    ['a body', { body: { client_id: id, client_secret: key } }, client],
    ['a body with a numeric id', { body: { client_id: Number(id), client_secret: key } }, client],
    ['a body with a key as its id', { body: { client_id: key, client_secret: key } }, malformed('client')],
    ['only an id, which is a key', { body: { client_id: key } }, malformed('client')],
    ['a body and a token', { authorization: token, body: { client_id: id, client_secret: key } }, client],
    [
      'a body and an invalid Authorization',
      { authorization: '"?', body: { client_id: id, client_secret: key } },
      client,
    ],
    [
      'a body with an invalid secret and a key in Authorization',
      { authorization: key, body: { client_id: id, client_secret: 'secret' } },
      malformed('client'),
    ],
  ])('%s', (_what, presented, expected) => {
    expect(read(presented)).toEqual(expected);
  });

  test('unencoded Basic, for any bytes that it decodes to', () => {
    for (const secret of Array.from({ length: 50 }, () => makeKey(id))) {
      expect(read({ authorization: `Basic ${id}:${secret}` })).toEqual(malformed('client'));
    }
  });

  test.each<[string, Presented, object]>([
    ['with a token', { authorization: token, body: { client_id: id, client_secret: key } }, { kind: 'token', token }],
    ['with a key', { authorization: key, body: { client_id: '1', client_secret: 'secret' } }, bearerKey],
    ['without another credential', { body: { client_id: id, client_secret: key } }, { kind: 'anonymous' }],
    ['incomplete', { body: { client_id: id } }, { kind: 'anonymous' }],
  ])('ignores body credentials if the operation does not accept them: %s', (_what, presented, expected) => {
    expect(read({ ...presented, accepts: ['bearer_key', 'token'] })).toEqual(expected);
  });
});

describe('invalid credentials are rejected', () => {
  test.each<[string, Presented, string]>([
    ['two keys in the two headers', { authorization: key, apiKey: other }, 'invalidValue'],
    ['a key and a mistyped one', { authorization: key, apiKey: mistyped }, 'invalidValue'],
    [
      'two keys in header and body',
      { authorization: key, body: { client_id: id, client_secret: other } },
      'invalidValue',
    ],
    [
      'a key in the body and another one in Basic, unencoded',
      { authorization: `Basic ${id}:${other}`, body: { client_id: id, client_secret: key } },
      'invalidValue',
    ],
    ['a key twice in one header', { authorization: `${key}, ${key}` }, 'invalidValue'],
    ['a token twice in one header', { authorization: `Bearer ${token},Bearer ${token}` }, 'invalidValue'],
    ['two keys in x-api-key', { apiKey: `${key},${other}` }, 'invalidValue'],
    ['another id in Basic', { authorization: basic(`87654321:${key}`) }, 'invalidValue'],
    ['another id in the body', { body: { client_id: '87654321', client_secret: key } }, 'invalidValue'],
    ['another id in the body and a key', { authorization: key, body: { client_id: 87654321 } }, 'invalidValue'],
    ['an id with a leading zero', { body: { client_id: `0${id}`, client_secret: key } }, 'invalidValue'],
    ['an id with a fraction', { body: { client_id: 12345678.5, client_secret: key } }, 'invalidValue'],
    ['only an id', { body: { client_id: id } }, 'missingParameter'],
    ['only a secret', { body: { client_secret: key } }, 'missingParameter'],
    ['a token with a space', { authorization: 'Bearer a b' }, 'invalidToken'],
    ['two schemes', { authorization: `Bearer Bearer ${token}` }, 'invalidToken'],
    ['an unknown scheme', { authorization: `Digest ${token}` }, 'invalidToken'],
    ['a token of 8193 characters', { authorization: 'a'.repeat(8193) }, 'invalidToken'],
  ])('%s', (_what, presented, code) => {
    expect(() => read(presented)).toThrow(expect.objectContaining({ name: 'GatewayError', code }));
  });
});

describe('any request', () => {
  const keys = fc.constantFrom(key, other, mistyped, 'bgk_', 'bgk_x');
  const secrets = fc.oneof(keys, fc.constantFrom(token, jwt, 'secret', ''), fc.string());
  const ids = fc.constantFrom(id, '87654321', '', '1');
  const schemes = fc.constantFrom('', 'Bearer ', 'bearer  ', 'OAUTH ', 'Basic ', 'basic ', 'Digest ', ' ', 'Bearer\t');
  const basics = fc.tuple(ids, secrets, fc.constantFrom('', ':', '::')).map((pair) => basic(pair.join(':')));
  const headers = fc.oneof(
    fc.tuple(schemes, secrets).map((both) => both.join('')),
    basics,
    fc.tuple(secrets, secrets).map((both) => both.join(',')),
    fc.string({ unit: codePoint }),
  );
  const bodies = fc.record(
    {
      client_id: fc.oneof(ids, ids.map(Number), fc.jsonValue()),
      client_secret: fc.oneof(secrets, fc.jsonValue()),
      ['__proto__']: fc.constant({ client_id: id, client_secret: key }),
    },
    { requiredKeys: [] },
  );
  const presented = fc.record(
    { authorization: headers, apiKey: headers, body: bodies, accepts: fc.subarray(every, { minLength: 1 }) },
    { requiredKeys: [] },
  );

  test('has one credential or throws a GatewayError', () => {
    const known = ['client', 'bearer_key', 'api_key', 'token', 'anonymous'];
    const codes = ['invalidValue', 'missingParameter', 'invalidToken'];
    fc.assert(
      fc.property(presented, (request) => {
        const result = outcome(request);
        expect([...known, ...codes]).toContain('kind' in result ? result.kind : result.code);
      }),
      { numRuns: 2000 },
    );
  });

  test('has its token unchanged, which never starts with the prefix of a key', () => {
    fc.assert(
      fc.property(presented, (request) => {
        const result = outcome(request);
        fc.pre('token' in result);
        expect(result.token).not.toMatch(/^bgk_/);
        expect(result.token).toMatch(/^[\w.~+/=-]{1,8192}$/);
        expect(request.authorization?.trim().endsWith(result.token)).toBe(true);
      }),
      { maxSkipsPerRun: 1000 },
    );
  });

  test('has an accepted key only if it contains no key of another partner', () => {
    fc.assert(
      fc.property(presented, ({ authorization = '', apiKey = '', body = {}, ...rest }) => {
        const result = outcome({ authorization, apiKey, body, ...rest });
        fc.pre('key' in result && result.key !== undefined);
        const encoded = /^basic +(.*)$/i.exec(authorization.trim())?.[1] ?? '';
        const secret = typeof body['client_secret'] === 'string' ? body['client_secret'] : '';
        const sole = /^\s*bgk_/.test(apiKey) ? apiKey : '';
        const texts = [authorization, sole, Buffer.from(encoded, 'base64').toString(), secret];
        const sent = [key, other].filter((each) => texts.some((text) => text.includes(each)));
        expect(sent.map((text) => readKey(text)?.hash)).toEqual([result.key.hash]);
      }),
      { maxSkipsPerRun: 1000 },
    );
  });
});

type Outcome = Credential | { code: string };

function outcome(request: Presented): Outcome {
  try {
    return read(request);
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code };
    throw error;
  }
}

const request = (operation: OperationId, headers: Record<string, string>): ServeRequest => ({
  headers: { ...headers, ...json({}).headers, accept: 'application/json' },
  body: JSON.stringify(expectations[operation].fields ?? {}),
  query: operation.startsWith('webauth') ? 'client_id=12345678&redirect_uri=https://example.com/&state=sealed' : '',
  pathParameters: operation === 'certificate_type_get' ? { type: 'qwac' } : { id_user: '12' },
});

describe('the accepted credentials', () => {
  const presenting: Record<Exclude<CallerKind, 'anonymous'>, Record<string, string>> = {
    client: { authorization: basic(`${id}:${key}`) },
    bearer_key: { authorization: key },
    api_key: { 'x-api-key': key },
    token: { authorization: token },
  };
  const challenge = 'Bearer realm="budgea-auth-gateway"';
  const ids = Object.keys(operations) as OperationId[];

  describe.each(ids)('%s', (operation) => {
    const call = (headers: Record<string, string>) =>
      serveOnce(operation, async () => undefined, request(operation, headers));

    test.each(Object.entries(presenting))('%s', async (kind, headers) => {
      const { accepts } = expectations[operation];
      const isAccepted = accepts.length === 0 || accepts.some((each) => each === kind);
      const expected = isAccepted ? { status: 204 } : { status: 403, body: { code: 'forbidden' } };
      expect(await call(headers)).toMatchObject(expected);
    });

    test('none', async () => {
      const unauthorized = { status: 401, body: { code: 'unauthorized' }, headers: { 'www-authenticate': challenge } };
      const expected = operation.startsWith('webauth') ? { status: 204 } : unauthorized;
      expect(await call({})).toMatchObject(expected);
    });
  });

  test('do not include secrets in the query', async () => {
    for (const operation of ids.filter((name) => !name.startsWith('webauth'))) {
      const sent = { ...request(operation, {}), query: `client_id=${id}&client_secret=${key}&access_token=${token}` };
      expect(await serveOnce(operation, async () => undefined, sent)).toMatchObject({ status: 401 });
    }
  });
});
