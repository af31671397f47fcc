import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '#lib/errors.ts';
import { parse } from '#lib/http/fields.ts';
import { operations } from '#lib/operations/table.ts';
import { asToken, serveOnce, type Served } from './serve-once.ts';

const formType = 'application/x-www-form-urlencoded';
const multipartType = 'multipart/form-data; boundary=x';

/** Returns a response whose body is the parsed fields. */
function read(contentType: string, body: Buffer | string): Promise<Served> {
  const headers = { ...asToken, 'content-type': contentType };
  return serveOnce('auth_init_post', async ({ fields }) => fields, { headers, body });
}

const part = (name: string, value: string, more = '') =>
  `--x\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
const parts = (...all: string[]) => `${all.join('')}--x--\r\n`;
const single = parts(part('a', '1'));
const octets = '\r\nContent-Type: application/octet-stream';
const tooMany = parts(...Array.from({ length: 101 }, (_, at) => part(`a${at}`, '')));
const latin1 = Buffer.from(parts(part('a', '\xff')), 'latin1');

describe('a body is parsed by its media type', () => {
  test.each<[string, string, string | Buffer, unknown]>([
    ['JSON', 'application/json', '{"a":"1","b":2,"c":true}', { a: '1', b: 2, c: true }],
    ['JSON with nulls, which count as absent', 'application/json', '{"a":null,"b":{"a":null}}', { b: { a: null } }],
    ['JSON with the same names in nested objects', 'application/json', '{"a":{"a":1},"b":[{"a":2}]}', null],
    ['JSON with text that resembles names', 'application/json', '{"a":"\\"a\\":","b":"{\\"a\\":1}"}', null],
    ['JSON after a byte order mark', 'application/json', '\ufeff{"a":1}', { a: 1 }],
    ['JSON with properties of Object', 'application/json', '{"constructor":"1","toString":"2"}', null],
    ['a form', formType, 'a=1&b=+%2B&c', { a: '1', b: ' +', c: '' }],
    ['a form with only separators', formType, '&&', {}],
    ['multipart', multipartType, parts(part('a', '1'), part('b', 'x\r\ny')), { a: '1', b: 'x\r\ny' }],
    ['multipart without parts', multipartType, parts(), {}],
    ['multipart with preamble and epilogue', multipartType, `before\r\n${single}after`, { a: '1' }],
    ['a quoted boundary', 'multipart/form-data; boundary="x"', single, { a: '1' }],
    ['a boundary with a space', 'multipart/form-data; boundary="x y"', single.replaceAll('--x', '--x y'), { a: '1' }],
    ['multipart text with a binary media type', multipartType, parts(part('a', '1', octets)), { a: '1' }],
    [
      'a value that contains the boundary',
      multipartType,
      parts(part('a', '-x\r\n--xy\r\n-x')),
      { a: '-x\r\n--xy\r\n-x' },
    ],
    ['a type in upper case', 'APPLICATION/JSON', '{"a":1}', { a: 1 }],
    ['a charset', 'application/json;charset=UTF-8', '{"a":1}', { a: 1 }],
    ['a quoted charset', `${formType} ; charset="utf-8"`, 'a=1', { a: '1' }],
    ['an ASCII charset', 'application/json; charset=us-ascii; q=1', '{"a":1}', { a: 1 }],
    ['an empty body of an unknown type', 'text/nonsense', '', {}],
    ['an empty body without a type', '', '', {}],
  ])('%s', async (_what, contentType, body, fields) => {
    expect(await read(contentType, body)).toMatchObject({
      status: 200,
      body: fields ?? (JSON.parse(String(body)) as unknown),
    });
  });

  test('__proto__ is an ordinary field in every type', async () => {
    for (const [type, body] of [
      ['application/json', '{"__proto__":"1"}'],
      [formType, '__proto__=1'],
      [multipartType, parts(part('__proto__', '1'))],
    ] as const) {
      const { text } = await read(type, body);
      expect(text).toBe('{"__proto__":"1"}');
    }
  });
});

describe('a malformed body is rejected with the reason', () => {
  const notUtf8 = Buffer.from([0x61, 0x3d, 0xff, 0xfe]);
  test.each<[string, string, string | Buffer, string]>([
    ['a truncated object', 'application/json', '{"a":', 'not valid JSON'],
    ['white space', 'application/json', '  ', 'not valid JSON'],
    ['a comment', 'application/json', '{/**/}', 'not valid JSON'],
    ['an array', 'application/json', '[]', 'not a JSON object'],
    ['a string', 'application/json', '"a"', 'not a JSON object'],
    ['a number', 'application/json', '1', 'not a JSON object'],
    ['null', 'application/json', 'null', 'not a JSON object'],
    ['a form as JSON', 'application/json', 'a=1', 'not valid JSON'],
    ['a name twice in JSON', 'application/json', '{"a":1,"a":1}', 'more than once'],
    ['a name twice in JSON, one null', 'application/json', '{"a":1,"a":null}', 'more than once'],
    ['a name twice in JSON, apart', 'application/json', '{"a":{"b":[{}]},"b":"a","a" \n:1}', 'more than once'],
    ['a name twice in JSON, once escaped', 'application/json', '{"ab":1,"\\u0061b":2}', 'more than once'],
    ['a name twice in JSON, its escape in capitals', 'application/json', '{"/":1,"\\u002F":2}', 'more than once'],
    ['a quote twice in JSON', 'application/json', '{"\\"":1,"\\u0022":2}', 'more than once'],
    ['an empty name twice in JSON', 'application/json', '{"":1,"":2}', 'more than once'],
    ['a name twice in a form', formType, 'a=1&a=1', 'more than once'],
    ['a name twice in a form, once escaped', formType, 'a=1&%61=2', 'more than once'],
    ['a name twice in multipart', multipartType, parts(part('a', '1'), part('a', '1')), 'more than once'],
    ['escapes of a form that are not UTF-8', formType, 'a=%ff', 'not UTF-8'],
    ['a name of a form that is not UTF-8', formType, '%c3=1', 'not UTF-8'],
    ['bytes of a form that are not UTF-8', formType, notUtf8, 'not UTF-8'],
    ['bytes of multipart that are not UTF-8', multipartType, latin1, 'not UTF-8'],
    ['a truncated multipart body', multipartType, part('a', '1'), 'multipart'],
    ['a multipart body of another boundary', multipartType, single.replaceAll('--x', '--y'), 'multipart'],
    ['multipart without a boundary', 'multipart/form-data', single, 'multipart'],
    ['multipart with an empty boundary', 'multipart/form-data; boundary=""', single, 'multipart'],
    ['a file in multipart', multipartType, parts(part('a', '1', '; filename="a.txt"')), 'multipart'],
    ['a file without a name in multipart', multipartType, parts(part('a', '1', '; filename=""')), 'multipart'],
    ['more than 100 parts', multipartType, tooMany, 'multipart'],
  ])('%s', async (_what, contentType, body, reason) => {
    const response = await read(contentType, body);
    expect(response).toMatchObject({ status: 400, body: { code: 'invalidValue' } });
    expect(response.body).toMatchObject({ description: expect.stringContaining(reason) as string });
  });

  test.each([
    ['no type', ''],
    ['plain text', 'text/plain'],
    ['XML', 'application/xml'],
    ['a type that starts with application/json', 'application/jsonp'],
    ['a type with the suffix +json', 'application/problem+json'],
    ['two types', 'application/json, application/json'],
    ['Latin-1', 'application/json; charset=iso-8859-1'],
    ['UTF-16', `${formType}; charset="UTF-16LE"`],
    ['UTF-7', `${multipartType}; charset=utf-7`],
  ])('415 for %s', async (_what, contentType) => {
    const response = await read(contentType, '{"a":1}');
    expect(response).toMatchObject({ status: 415, body: { code: 'unsupportedMediaType' } });
  });
});

describe.each([
  ['JSON', 'application/json', (length: number) => `{"a":"${'é'.repeat(50)}${'x'.repeat(length - 108)}"}`],
  ['a form', formType, (length: number) => `a=${'x'.repeat(length - 2)}`],
  ['multipart', multipartType, (length: number) => parts(part('a', 'x'.repeat(length - parts(part('a', '')).length)))],
] as const)('the size of %s', (_what, contentType, ofBytes) => {
  test('can be 16 KiB', async () => {
    const body = ofBytes(16 * 1024);
    expect(Buffer.byteLength(body)).toBe(16 * 1024);
    expect(await read(contentType, body)).toMatchObject({ status: 200 });
  });

  test.each([16 * 1024 + 1, 100_000, 5_000_000])('cannot be %i bytes', async (length) => {
    const response = await read(contentType, ofBytes(length));
    expect(response).toMatchObject({ status: 413, body: { code: 'payloadTooLarge' } });
  });
});

describe('any fields', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((text) => !text.includes('\ufffd'));
  const value = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\ufffd'));
  const fields = fc.uniqueArray(fc.tuple(name, value), { selector: ([first]) => first, maxLength: 6 });

  test('are parsed from JSON with any escapes of names, and rejected when a name is repeated', async () => {
    await fc.assert(
      fc.asyncProperty(fields, fc.infiniteStream(fc.boolean()), fc.nat(), async (pairs, escapes, which) => {
        const member = ([key, text]: [string, string]) =>
          `${key.replace(/[^]/g, (character) => (escapes.next().value ? escaped(character) : plain(character)))}" : ${JSON.stringify(text)}`;
        const members = pairs.map((pair) => `\n"${member(pair)}`);
        expect(await read('application/json', `{${members.join(',')}}`)).toMatchObject({
          status: 200,
          body: Object.fromEntries(pairs),
        });
        const again = pairs[which % pairs.length];
        const twice = again === undefined ? ['"a":1', '"a":1'] : [...members, `"${member(again)}`];
        expect(await read('application/json', `{${twice.join(',')}}`)).toMatchObject({ status: 400 });
      }),
    );
  });

  test('are parsed from a form', async () => {
    await fc.assert(
      fc.asyncProperty(fields, async (pairs) => {
        expect(await read(formType, new URLSearchParams(pairs).toString())).toMatchObject({
          status: 200,
          body: Object.fromEntries(pairs.map(([key, text]) => [wellFormed(key), wellFormed(text)])),
        });
      }),
    );
  });

  test('are parsed from multipart', async () => {
    const plainName = fc.stringMatching(/^[\w.[\]-]{1,10}$/);
    const all = fc.uniqueArray(fc.tuple(plainName, value), { selector: ([first]) => first, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(all, async (pairs) => {
        const boundary = 'a b:c?d(e)';
        const within = ([key, text]: [string, string]) => part(key, text).replace(/^--x/, `--${boundary}`);
        const body = `${pairs.map(within).join('')}--${boundary}--`;
        expect(await read(`multipart/form-data; charset=utf-8; boundary="${boundary}"`, body)).toMatchObject({
          status: 200,
          body: Object.fromEntries(pairs.map(([key, text]) => [key, wellFormed(text)])),
        });
      }),
      // Names and values can resemble a delimiter.
      { examples: [[[['a--x', '--x--']]]] },
    );
  });
});

/** Returns the JSON escape of a UTF-16 unit. */
const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
const plain = (character: string) => (/["\\\p{Cc}\p{Cs}]/u.test(character) ? escaped(character) : character);
const wellFormed = (text: string) => text.toWellFormed();

describe('any bytes', () => {
  const pieces = ['--x', '--x--', '\r\n', '\r\n\r\n', 'Content-Disposition: form-data', '; name="a"', '; filename="f"'];
  const marks = ['Content-Type: text/plain; charset=utf-16', '{', '}', '"a"', ':', ',', '[', '1', '&', '=', '%', '\\u'];
  const texts = fc.array(fc.constantFrom(...pieces, ...marks, '\0', 'é', ' '), { maxLength: 16 });
  const bodies = fc.oneof(
    texts.map((all) => Buffer.from(all.join(''))),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );
  const types = fc.constantFrom('application/json', formType, multipartType, 'multipart/form-data', 'text/plain', '');

  test('return fields, 400 or 415', async () => {
    await fc.assert(
      fc.asyncProperty(types, bodies, async (contentType, body) => {
        expect([200, 400, 415]).toContain((await read(contentType, body)).status);
      }),
      { numRuns: 1000 },
    );
  });

  test('make the parser throw nothing but a GatewayError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (contentType, body) => {
        const call = { operation: operations.auth_init_post };
        const event = { headers: { 'content-type': contentType }, body, requestContext: { http: { method: 'POST' } } };
        // The middleware uses nothing else of its request.
        const request = { event, context: { call } } as unknown as Parameters<NonNullable<typeof parse.before>>[0];
        const error: unknown = await Promise.resolve(parse.before?.(request)).catch((thrown: unknown) => thrown);
        expect(error === undefined || error instanceof GatewayError).toBe(true);
      }),
    );
  });
});

const readQuery = (query: string) =>
  serveOnce('auth_token_code_get', async ({ fields }) => fields, { headers: asToken, query });

describe('the query', () => {
  test('is parsed like a form and rejects repeated names', async () => {
    expect(await readQuery('type=singleAccess&x=%C3%A9')).toMatchObject({ body: { type: 'singleAccess', x: 'é' } });
    for (const query of ['type=singleAccess&type=singleAccess', 'x=1&%78=2', 'x=%ff']) {
      expect(await readQuery(query)).toMatchObject({ status: 400, body: { code: 'invalidValue' } });
    }
  });

  test('is ignored by operations with fields in the body', async () => {
    const headers = { ...asToken, 'content-type': formType };
    const response = await serveOnce('auth_init_post', async ({ fields }) => fields, {
      headers,
      body: 'a=1',
      query: 'b=2&b=3&client_secret=x&x=%ff',
    });
    expect(response).toMatchObject({ status: 200, body: { a: '1' } });
  });

  test('has the fields of GET and DELETE, whose body and media type are ignored', async () => {
    const headers = { ...asToken, 'content-type': formType };
    for (const id of ['auth_token_code_get', 'hash_delete'] as const) {
      const response = await serveOnce(id, async ({ fields }) => fields, { headers, body: 'a=1&a=2', query: 'b=2' });
      expect(response).toMatchObject({ status: 200, body: { b: '2' } });
    }
  });
});
