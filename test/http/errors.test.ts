import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ApiError, TransportError, type TransportFailure } from '#lib/budgea/authentication-api.ts';
import { errorCodes, GatewayError, type ErrorCode } from '#lib/errors.ts';
import { makeKey } from '#lib/partner-key.ts';
import { json } from '../gateway.ts';
import { asToken, serveOnce, type Served } from './serve-once.ts';

afterEach(() => vi.useRealTimers());

/** Returns the response to an error, for a caller that gets the envelope. */
const responseTo = (error: unknown): Promise<Served> => serveOnce('hash_delete', throwing(error), { headers: asToken });

function throwing(error: unknown): () => Promise<never> {
  return async () => {
    throw error;
  };
}

const everyCode = Object.keys(errorCodes) as ErrorCode[];
const marked = 'internal-marker';

describe('a GatewayError', () => {
  test.each(everyCode)('%s becomes its status, code and description in the envelope', async (code) => {
    const response = await responseTo(new GatewayError(code, { detail: marked, cause: new Error(marked) }));
    const { status, description } = errorCodes[code];
    const waits = status === 503 || status === 429;
    expect(response).toMatchObject({
      status,
      body: { code, description, message: null, request_id: response.requestId },
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-request-id': response.requestId },
    });
    expect(Object.keys(response.body as object)).toEqual(['code', 'description', 'message', 'request_id']);
    expect(response.headers['retry-after']).toBe(waits ? '5' : undefined);
    expect('www-authenticate' in response.headers).toBe(status === 401);
    expect(response.text + JSON.stringify(response.headers)).not.toContain(marked);
  });

  test('has a detail, and a cause with name and code, only in the log', async () => {
    const cause = Object.assign(new TypeError(marked), { code: 'ECONNRESET' });
    const { lines } = await responseTo(new GatewayError('unavailable', { detail: 'the reason', cause }));
    expect(lines).toMatchObject([{ code: 'unavailable', detail: 'the reason', cause: 'TypeError ECONNRESET' }]);
    expect(JSON.stringify(lines)).not.toContain(marked);
  });

  test('can have its own description and Retry-After', async () => {
    const response = await responseTo(new GatewayError('unavailable', { description: 'Wait.', retryAfter: 17 }));
    expect(response).toMatchObject({ body: { description: 'Wait.' }, headers: { 'retry-after': '17' } });
  });
});

describe('an error of upstream', () => {
  const envelope = { code: 'someCode', description: 'Some words.', message: 'More words.', request_id: 12 };
  const respondingWith = (status: number, body: unknown = envelope, headers: Record<string, string> = {}) =>
    responseTo(new ApiError('hash_delete', status, headers, body));

  test.each([400, 401, 402, 403, 404, 405, 409, 410, 418, 422, 429, 451, 499])(
    'with %i in the envelope is passed on, with the gateway’s request id',
    async (status) => {
      const response = await respondingWith(status);
      const { requestId } = response;
      expect(response).toMatchObject({ status, body: { ...envelope, request_id: requestId } });
      expect(Object.keys(response.body as object)).toEqual(['code', 'description', 'message', 'request_id']);
    },
  );

  test.each([
    [500, 502],
    [501, 502],
    [502, 502],
    [503, 503],
    [504, 502],
    [599, 502],
    [999, 502],
  ])('with %i becomes %i with the same code', async (status, expected) => {
    expect(await respondingWith(status)).toMatchObject({ status: expected, body: { code: 'someCode' } });
  });

  test.each([
    ['a page', '<html><body>Bad Gateway</body></html>'],
    ['null', null],
    ['nothing', ''],
    ['an array', [envelope]],
    ['a code that is not a string', { ...envelope, code: 5 }],
    ['a description that is not a string', { ...envelope, description: { html: '<p>' } }],
    ['no code', { description: 'x' }],
    ['only OAuth’s fields', { error: 'invalid_grant' }],
  ])('becomes 502 when its body is %s', async (_what, body) => {
    for (const status of [400, 401, 403, 404, 500, 502]) {
      const response = await respondingWith(status, body);
      expect(response).toMatchObject({ status: 502, body: { code: 'badGateway', message: null } });
    }
  });

  test.each([301, 302, 307, 308, 304, 399])('becomes 502 when it is the redirect %i', async (status) => {
    const response = await respondingWith(status, envelope, { location: 'https://example.com/elsewhere' });
    expect(response).toMatchObject({ status: 502, body: { code: 'badGateway' } });
    expect(response.headers).not.toHaveProperty('location');
  });

  test.each([
    [429, 'tooManyRequests'],
    [503, 'unavailable'],
  ] as const)('with %i and without an envelope keeps its status, with the code %s', async (status, code) => {
    for (const body of ['<html>busy</html>', null, { error: 'busy' }]) {
      const response = await respondingWith(status, body, { 'retry-after': '9' });
      expect(response).toMatchObject({ status, body: { code }, headers: { 'retry-after': '9' } });
    }
  });

  test('is passed on without its headers and additional fields', async () => {
    const response = await respondingWith(400, { ...envelope, stack: marked, error: marked }, { 'x-internal': marked });
    expect(response.text + JSON.stringify(response.headers)).not.toContain(marked);
  });

  test('is logged without a code that could contain a secret', async () => {
    for (const code of ['Q9x0bWFuYWdlLXRva2Vu', 'eyJhbGciOi.J9.x', 'bgk_12345678_x', 'a b', 'a\nb', 'x'.repeat(64)]) {
      const { lines } = await respondingWith(400, { code });
      expect(JSON.stringify(lines)).not.toContain(JSON.stringify(code).slice(1, -1));
    }
  });
});

async function retryAfter(status: number, header: string | undefined): Promise<string | undefined> {
  const headers: Record<string, string> = header === undefined ? {} : { 'retry-after': header };
  return (await responseTo(new ApiError('hash_delete', status, headers, {}))).headers['retry-after'];
}

describe('Retry-After from upstream', () => {
  test.each([
    ['7', '7'],
    [' 7 ', '7'],
    ['0', '1'],
    ['000', '1'],
    ['3600', '3600'],
    ['3601', '3600'],
    ['9'.repeat(400), '3600'],
    ['-1', '1'],
    ['', '5'],
    ['soon', '5'],
    ['Infinity', '5'],
    ['0x10', '5'],
    [undefined, '5'],
    ['Wed, 01 Jan 2031 00:01:30 GMT', '90'],
    ['Wednesday, 01-Jan-31 00:01:30 GMT', '90'],
    ['Wed Jan  1 00:01:30 2031 GMT', '90'],
    ['Tue, 31 Dec 2030 23:59:59 GMT', '1'],
    ['Thu, 01 Jan 2099 00:00:00 GMT', '3600'],
    ['Wed, 99 Foo 2031 00:00:00 GMT', '5'],
  ])('%j becomes %s', async (header, expected) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2031, 0, 1) });
    expect(await retryAfter(429, header)).toBe(expected);
    expect(await retryAfter(503, header)).toBe(expected);
  });

  test('of any value becomes whole seconds from 1 to 3600', async () => {
    const headers = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    );
    await fc.assert(
      fc.asyncProperty(headers, fc.constantFrom(429, 503), async (header, status) => {
        const seconds = await retryAfter(status, header);
        expect(seconds).toMatch(/^[1-9]\d{0,3}$/);
        expect(Number(seconds)).toBeLessThanOrEqual(3600);
      }),
    );
  });

  test('is passed on only with 429 and 503', async () => {
    expect(await retryAfter(400, '7')).toBeUndefined();
    expect(await retryAfter(500, '7')).toBeUndefined();
  });
});

test.each<[TransportFailure, number, ErrorCode]>([
  ['unreachable', 502, 'badGateway'],
  ['tls', 502, 'badGateway'],
  ['timeout', 504, 'gatewayTimeout'],
  ['aborted', 502, 'badGateway'],
  ['broken', 502, 'badGateway'],
  ['too-large', 502, 'badGateway'],
  ['malformed', 502, 'badGateway'],
])('the transport failure %s becomes %i', async (failure, status, code) => {
  const response = await responseTo(new TransportError(failure, marked, { sent: true }));
  expect(response).toMatchObject({ status, body: { code, description: errorCodes[code].description, message: null } });
  expect(response.text).not.toContain(marked);
});

describe('any other thrown value', () => {
  class Strange extends Error {
    override readonly name = 'Strange';
    readonly status = 418;
    readonly statusCode = 418;
    readonly expose = true;
    readonly body = marked;
    readonly headers = { 'x-internal': marked };
  }

  test.each([
    ['an Error', new Error(marked)],
    ['an error that resembles an HTTP client’s', new Strange(marked)],
    ['an error whose message resembles a stack', new Error(`${marked}\n    at ${marked} (${marked})`)],
    ['an AggregateError', new AggregateError([new Error(marked)], marked)],
    ['an error with a cause', new Error(marked, { cause: new Error(marked) })],
    ['a string', marked],
    ['an object', { statusCode: 200, body: marked, message: marked }],
    ['a number', 5],
    ['null', null],
    ['undefined', undefined],
    ['a frozen error', Object.freeze(new Error(marked))],
  ])('becomes the same constant 500: %s', async (_what, error) => {
    const response = await responseTo(error);
    const { code, description } = { code: 'bug', ...errorCodes.bug };
    expect(response).toMatchObject({ status: 500 });
    expect(response.body).toEqual({ code, description, message: null, request_id: response.requestId });
    expect(Object.keys(response.headers).toSorted()).toEqual([
      'cache-control',
      'content-type',
      'x-content-type-options',
      'x-request-id',
    ]);
    expect(response.lines).toMatchObject([{ code: 'bug', status: 500, detail: 'an unexpected error' }]);
    expect(response.text + JSON.stringify(response.headers) + JSON.stringify(response.lines)).not.toContain(marked);
  });

  test('is logged with the location where it was thrown', async () => {
    const { lines } = await responseTo(new RangeError(marked));
    expect(lines[0]?.['cause']).toMatch(/^RangeError at .*errors\.test\.ts/);
  });
});

describe('an error of /auth/token/access', () => {
  const partner = json({ client_id: '12345678', client_secret: makeKey('12345678'), code: 'abc' });
  const send = (error: unknown) => serveOnce('auth_token_access_post', throwing(error), partner);

  test.each<[ErrorCode, string]>([
    ['invalidCode', 'invalid_grant'],
    ['invalidClient', 'invalid_client'],
    ['unauthorized', 'invalid_client'],
    ['forbidden', 'unauthorized_client'],
    ['invalidValue', 'invalid_request'],
    ['missingParameter', 'invalid_request'],
    ['tooManyRequests', 'temporarily_unavailable'],
    ['unavailable', 'temporarily_unavailable'],
    ['gatewayTimeout', 'temporarily_unavailable'],
    ['badGateway', 'server_error'],
    ['bug', 'server_error'],
  ])('has the code %s and OAuth’s %s', async (code, error) => {
    const response = await send(code === 'bug' ? new Error() : new GatewayError(code));
    const { description } = errorCodes[code];
    const envelope = { code, description, message: null, request_id: response.requestId };
    expect(response.body).toEqual({ ...envelope, error, error_description: description });
  });

  test('of upstream has its description in both formats', async () => {
    const response = await send(new ApiError('x', 400, {}, { code: 'invalidCode', description: 'Used.' }));
    const envelope = { code: 'invalidCode', description: 'Used.' };
    expect(response.body).toMatchObject({ ...envelope, error: 'invalid_grant', error_description: 'Used.' });
  });
});

describe('an error page', () => {
  const query = 'client_id=12345678&redirect_uri=https://example.com/';
  const send = (error: unknown, headers = {}) => serveOnce('webauth_get', throwing(error), { query, headers });

  test('contains only the description and the request id', async () => {
    const response = await send(new GatewayError('invalidValue', { description: 'Wrong.', detail: marked }));
    expect(response).toMatchObject({
      status: 400,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'content-security-policy': expect.stringContaining("default-src 'none'") as string,
      },
    });
    expect(response.text).toContain('Wrong.');
    expect(response.text).toContain(response.requestId);
    expect(response.text).not.toContain(marked);
  });

  test('escapes upstream’s description', async () => {
    const description = `<script>alert('1')</script>&"`;
    const { text } = await send(new ApiError('webauth_get', 400, {}, { code: 'x', description }));
    expect(text).toContain('&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;&#38;&#34;');
    expect(text).not.toContain('<script');
  });

  test('is replaced by the envelope for clients that accept JSON', async () => {
    const response = await send(new GatewayError('invalidValue'), { accept: 'application/json' });
    expect(response).toMatchObject({ status: 400, body: { code: 'invalidValue', request_id: response.requestId } });
  });
});
