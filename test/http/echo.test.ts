import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '#lib/errors.ts';
import { rejectEcho } from '#lib/secrets/echo.ts';
import { changes, codes, escapes, type Encoding } from '../upstream/encodings.ts';

/** Returns pseudo-random bytes, the same in each run. */
function bytes(seed: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, at) =>
    createHash('sha256').update(`${seed} ${at}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwtOf = (claims: object, seed: string, signature = 256) =>
  `${json({ alg: 'RS256', typ: 'JWT' })}.${json(claims)}.${bytes(seed, signature).toString('base64url')}`;

const claims = { domain: 'example.biapi.pro', scope: 'users', iat: 1_700_000_000, exp: 1_700_014_400 };
const secret = bytes('secret', 36).toString('base64');
const jwt = jwtOf(claims, 'jwt');
/** A credential with characters that resemble escapes. */
const awkward = `p%41&amp;\\u0062"'<q>+/=~\\nx%zz&#98;^%2B`;

const repeats = 'the response repeats a credential of the gateway';
const tooDeep = 'the response is encoded too deeply to be searched for credentials';

/** Returns the detail of the error for a response, or undefined when it passes. */
function check(body: string, credential: string, location?: string): string | undefined {
  try {
    rejectEcho({ status: 200, headers: location === undefined ? {} : { location }, body }, [credential]);
    return undefined;
  } catch (error) {
    if (error instanceof GatewayError) return error.detail;
    throw error;
  }
}

/** Composes encodings; the first is the innermost. */
const composed = (encodings: readonly Encoding[]) => (text: string) =>
  encodings.reduce((encoded, [, encode]) => encode(encoded), text);

/** Returns the places of a response in which the repeated credential is not detected. */
function missed(text: string, credential: string): string[] {
  const places: [string, string | undefined][] = [
    ['a page', check(`<pre>${text}</pre>`, credential)],
    ['JSON', check(JSON.stringify({ code: 'invalidValue', description: text }), credential)],
    ['Location', check('', credential, `https://example.com/?e=${encodeURIComponent(text)}`)],
  ];
  return places.flatMap(([place, detail]) => (detail === repeats ? [] : [place]));
}

test.each([...changes, ...escapes, ...codes])('detects a repeated credential in %s', (_encoding, encode) => {
  expect(missed(encode(secret), secret)).toEqual([]);
  expect(missed(encode(jwt), jwt)).toEqual([]);
});

test.each([...escapes, ...codes])('detects a repeated credential that resembles escapes in %s', (_encoding, encode) => {
  expect(missed(encode(awkward), awkward)).toEqual([]);
});

/** Each encoding makes a text up to six times as long. */
const longest = 30_000;

test('detects a repeated credential in any composition of up to five encodings', () => {
  const visible = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
  const credentials = fc.oneof(
    // Without backslashes, which together with the next character are one escape in some encodings and two in others.
    fc.string({ unit: visible.filter((character) => character !== '\\'), minLength: 16, maxLength: 80 }),
    fc.uint8Array({ minLength: 16, maxLength: 64 }).map((value) => Buffer.from(value).toString('base64')),
    fc.constant(jwt),
  );
  const encodings = fc.array(fc.constantFrom(...escapes, ...codes), { maxLength: 5 });
  fc.assert(
    fc.property(credentials, fc.constantFrom(...changes), encodings, (credential, change, others) => {
      const text = composed([change, ...others])(credential);
      fc.pre(text.length < longest);
      expect(check(JSON.stringify({ code: 'invalidValue', description: text }), credential)).toBe(repeats);
    }),
    { seed: 20_240_301, numRuns: 1500 },
  );
});

test.each<[string, string]>([
  ['without its header', jwt.slice(jwt.indexOf('.') + 1)],
  ['as its signature', jwt.slice(jwt.lastIndexOf('.') + 1)],
  ['as a JSON serialization', JSON.stringify({ payload: jwt.split('.')[1], signature: jwt.split('.')[2] })],
])('detects a repeated JWT %s', (_part, body) => {
  expect(check(body, jwt)).toBe(repeats);
  expect(check(Buffer.from(body).toString('base64'), jwt)).toBe(repeats);
});

const megabyte = 1024 * 1024;
const times = (text: string) => text.repeat(Math.floor(megabyte / text.length));
/** Returns a list of users with the maximum size of a response. */
function usersOf(user: (at: number) => object): string {
  const size = JSON.stringify(user(10_000)).length + 4;
  return JSON.stringify({ users: Array.from({ length: Math.floor(megabyte / size) }, (_, at) => user(at)) });
}
const user = (id: number) => ({ id, signin: '2024-03-01T10:11:12+00:00', platform: 'sharedAccess' });

describe('passes a response without a credential:', () => {
  test.each<[string, string]>([
    ['nothing', ''],
    ['an error', '{"code":"invalidValue","description":"the value of \\"scope\\" is not allowed","message":null}'],
    ['a token', JSON.stringify({ auth_token: bytes('token', 64).toString('base64'), type: 'permanent', id_user: 7 })],
    [
      'a JWT of the same key',
      JSON.stringify({ jwt_token: jwtOf({ ...claims, id_user: 7 }, 'other'), payload: claims }),
    ],
    ['a JWT with the same claims and another signature', JSON.stringify({ jwt_token: jwtOf(claims, 'later') })],
    [
      'a certificate',
      JSON.stringify({ id: 1, certificate: `-----BEGIN CERTIFICATE-----\n${bytes('pem', 1500).toString('base64')}` }),
    ],
    [
      'digits',
      JSON.stringify({
        fingerprint: bytes('digits', 32)
          .toString('hex')
          .replaceAll(/..(?=.)/g, '$&:'),
      }),
    ],
    ['other languages', '{"names":["Zoé Lefèvre","王小明","Иван Петров","محمد","ελληνικά","🙂","İstanbul"]}'],
    [
      'other languages in escapes',
      '{"names":["\\u738b\\u5c0f\\u660e","Zo\\u00e9"],"page":"%D0%98%D0%B2%D0%B0%D0%BD&eacute;"}',
    ],
    ['a page', '<!doctype html><title>502 Bad Gateway</title><p>nginx &amp; friends&nbsp;&copy;</p>'],
    ['users', usersOf(user)],
    ['users with escapes', usersOf((id) => ({ ...user(id), url: `https:\\/\\/a.example\\/%20?b=c&amp;d=${id}` }))],
    ['users in other languages', usersOf((id) => ({ ...user(id), name: 'Zoé' })).slice(0, megabyte / 2)],
    ['users with tokens', usersOf((id) => ({ ...user(id), token: bytes(`${id}`, 48).toString('base64') }))],
    ['users with JWTs', usersOf((id) => ({ id, jwt_token: jwtOf({ ...claims, id_user: id }, `${id}`, 64) }))],
    ['users with hashes', usersOf((id) => ({ ...user(id), hash: bytes(`${id}`, 32).toString('hex') }))],
    ['users in lines', JSON.stringify(JSON.parse(usersOf(user)), undefined, 1)],
    [
      'encoded addresses',
      JSON.stringify(Array(10_000).fill(`https://a.example/?b=${encodeURIComponent('https://b.example/?c=d e&f=é')}`)),
    ],
    ['a picture', JSON.stringify({ logo: bytes('picture', 700_000).toString('base64') })],
    ['random bytes', bytes('random', megabyte).toString('latin1')],
  ])('%s', (_name, body) => {
    for (const credential of [secret, jwt, awkward]) {
      expect(check(body, credential)).toBeUndefined();
      expect(
        check('', credential, `https://example.com/?e=${encodeURIComponent(body.slice(0, 2000))}`),
      ).toBeUndefined();
    }
  });

  test('a credential of fewer than 8 characters', () => {
    expect(check('{"id":"1234567"}', '1234567')).toBeUndefined();
    expect(check('{"id":"12345678"}', '12345678')).toBe(repeats);
  });
});

describe('rejects a response that takes too long to decode:', () => {
  test.each<[string, string]>([
    ['a percent sign that is encoded half a million times', `%${times('25')}41`],
    ['an ampersand that is encoded a quarter of a million times', `&${times('amp;')}`],
    ['a backslash that is escaped 200 000 times', `\\${times('u005c')}`],
    ['hexadecimal digits that encode hexadecimal digits', times('3')],
  ])('%s', (_name, body) => {
    expect(check(body, secret)).toBe(tooDeep);
    expect(check(`${body}${secret}`, secret)).toBe(repeats);
  });

  test('but searches a response with fewer layers to the end', () => {
    const text = `%${'25'.repeat(1000)}41`;
    expect(check(text, secret)).toBeUndefined();
    expect(check(text + encodeURIComponent(secret), secret)).toBe(repeats);
  });
});
