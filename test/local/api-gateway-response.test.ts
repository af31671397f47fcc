import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toResponse } from '#local/api-gateway/response.ts';

describe('a structured result', () => {
  test('becomes the response that it describes', () => {
    const response = toResponse({
      statusCode: 201,
      headers: { 'Content-Type': 'application/json', 'X-Count': 3, 'x-flag': true },
      cookies: ['a=1; Path=/', 'b=2'],
      body: '{"é":1}',
    });

    expect(response).toEqual({
      statusCode: 201,
      headers: [
        ['content-type', 'application/json'],
        ['x-count', '3'],
        ['x-flag', 'true'],
        ['set-cookie', 'a=1; Path=/'],
        ['set-cookie', 'b=2'],
      ],
      body: Buffer.from('{"é":1}'),
    });
  });

  test('may be a status alone', () => {
    expect(toResponse({ statusCode: 204 })).toEqual({ statusCode: 204, headers: [], body: Buffer.alloc(0) });
  });

  test('with a body and no type is plain text', () => {
    expect(toResponse({ statusCode: 200, body: 'x' }).headers).toEqual([['content-type', 'text/plain;charset=UTF-8']]);
  });

  test('does not decide on the connection, the length or the request id', () => {
    const headers = {
      Connection: 'close',
      'Transfer-Encoding': 'chunked',
      'content-length': 9,
      'Apigw-Requestid': 'x',
    };

    expect(toResponse({ statusCode: 200, headers }).headers).toEqual([]);
  });

  test('gives back any bytes in base64', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const body = Buffer.from(bytes).toString('base64');
        expect(toResponse({ statusCode: 200, body, isBase64Encoded: true }).body).toEqual(Buffer.from(bytes));
      }),
    );
  });
});

describe('a result without a status code', () => {
  test.each([
    [{ message: 'hello' }, '{"message":"hello"}'],
    ['hello', 'hello'],
    [[1, 2], '[1,2]'],
    [12, '12'],
    [null, 'null'],
    [undefined, 'null'],
  ])('%j is answered as JSON', (result, body) => {
    expect(toResponse(result)).toEqual({
      statusCode: 200,
      headers: [['content-type', 'application/json']],
      body: Buffer.from(body),
    });
  });
});

describe('a malformed result', () => {
  test.each([
    { statusCode: '200' },
    { statusCode: null },
    { statusCode: 99 },
    { statusCode: 101 },
    { statusCode: 600 },
    { statusCode: 200.5 },
    { statusCode: 200, body: { a: 1 } },
    { statusCode: 200, body: 12 },
    { statusCode: 200, body: 'no base64', isBase64Encoded: true },
    { statusCode: 200, headers: 'x' },
    { statusCode: 200, headers: ['x'] },
    { statusCode: 200, headers: { a: null } },
    { statusCode: 200, headers: { a: ['x'] } },
    { statusCode: 200, headers: { 'a b': 'x' } },
    { statusCode: 200, headers: { location: '/\r\nset-cookie: a=1' } },
    { statusCode: 200, headers: { a: '€' } },
    { statusCode: 200, cookies: 'a=1' },
    { statusCode: 200, cookies: [1] },
    { statusCode: 200, cookies: ['a=1\nb'] },
  ])('%j is an internal server error', (result) => {
    expect(toResponse(result)).toEqual({
      statusCode: 500,
      headers: [['content-type', 'application/json']],
      body: Buffer.from('{"message":"Internal Server Error"}'),
    });
  });

  test('is always an answer, never an exception', () => {
    const result = fc.record(
      { statusCode: fc.anything(), headers: fc.anything(), cookies: fc.anything(), body: fc.anything() },
      { requiredKeys: ['statusCode'] },
    );
    fc.assert(
      fc.property(fc.oneof(result, fc.jsonValue()), (value) => {
        const json = JSON.stringify(value) as string | undefined;
        expect([200, 500]).toContain(toResponse(json === undefined ? undefined : JSON.parse(json)).statusCode);
      }),
    );
  });
});
