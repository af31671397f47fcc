import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ApiError, TransportError, type TransportFailure } from '#lib/budgea/authentication-api.ts';
import { errorCodes, GatewayError, type ErrorCode } from '#lib/errors.ts';
import { makeKey } from '#lib/partners/key.ts';
import { json } from '../gateway.ts';
import { asToken, serveOnce, type Sent, type Served } from './served.ts';

afterEach(() => vi.useRealTimers());

/** What the mapper makes of an error, for a caller that takes the envelope. */
const answerTo = (error: unknown): Promise<Served> => serveOnce('hash_delete', throwing(error), { headers: asToken });

function throwing(error: unknown): () => Promise<never> {
  return async () => {
    throw error;
  };
}

const everyCode = Object.keys(errorCodes) as ErrorCode[];
const marked = 'internal-marker';

describe('an error of the gateway’s own', () => {
  test.each(everyCode)('%s becomes its status, code and description in the envelope', async (code) => {
    const answer = await answerTo(new GatewayError(code, { detail: marked, cause: new Error(marked) }));
    const { status, description } = errorCodes[code];
    const waits = status === 503 || status === 429;
    expect(answer).toMatchObject({
      status,
      body: { code, description, message: null, request_id: answer.requestId },
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-request-id': answer.requestId },
    });
    expect(Object.keys(answer.body as object)).toEqual(['code', 'description', 'message', 'request_id']);
    expect(answer.headers['retry-after']).toBe(waits ? '5' : undefined);
    expect('www-authenticate' in answer.headers).toBe(status === 401);
    expect(answer.text + JSON.stringify(answer.headers)).not.toContain(marked);
  });

  test('says its detail to the log alone, and of its cause the name and the code', async () => {
    const cause = Object.assign(new TypeError(marked), { code: 'ECONNRESET' });
    const { lines } = await answerTo(new GatewayError('unavailable', { detail: 'the reason', cause }));
    expect(lines).toMatchObject([{ code: 'unavailable', detail: 'the reason', cause: 'TypeError ECONNRESET' }]);
    expect(JSON.stringify(lines)).not.toContain(marked);
  });

  test('can carry a description and a time to come back of its own', async () => {
    const answer = await answerTo(new GatewayError('unavailable', { description: 'Wait.', retryAfter: 17 }));
    expect(answer).toMatchObject({ body: { description: 'Wait.' }, headers: { 'retry-after': '17' } });
  });
});

describe('an answer of upstream’s', () => {
  const envelope = { code: 'someCode', description: 'Some words.', message: 'More words.', request_id: 12 };
  const answering = (status: number, body: unknown = envelope, headers: Record<string, string> = {}) =>
    answerTo(new ApiError('hash_delete', status, headers, body));

  test.each([400, 401, 402, 403, 404, 405, 409, 410, 418, 422, 429, 451, 499])(
    'goes on as it is when it refuses with %i in the envelope, under the gateway’s request id',
    async (status) => {
      const answer = await answering(status);
      const { requestId } = answer;
      expect(answer).toMatchObject({ status, body: { ...envelope, request_id: requestId } });
      expect(Object.keys(answer.body as object)).toEqual(['code', 'description', 'message', 'request_id']);
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
  ])('says with its code that upstream failed: %i becomes %i', async (status, expected) => {
    expect(await answering(status)).toMatchObject({ status: expected, body: { code: 'someCode' } });
  });

  test.each([
    ['a page', '<html><body>Bad Gateway</body></html>'],
    ['null', null],
    ['nothing', ''],
    ['an array', [envelope]],
    ['a code that is no text', { ...envelope, code: 5 }],
    ['a description that is no text', { ...envelope, description: { html: '<p>' } }],
    ['no code', { description: 'x' }],
    ['OAuth’s shape alone', { error: 'invalid_grant' }],
  ])('is a bad gateway when its body is %s, whatever its status', async (_what, body) => {
    for (const status of [400, 401, 403, 404, 500, 502]) {
      const answer = await answering(status, body);
      expect(answer).toMatchObject({ status: 502, body: { code: 'badGateway', message: null } });
    }
  });

  test.each([301, 302, 307, 308, 304, 399])('is a bad gateway when it redirects: %i', async (status) => {
    const answer = await answering(status, envelope, { location: 'https://example.com/elsewhere' });
    expect(answer).toMatchObject({ status: 502, body: { code: 'badGateway' } });
    expect(answer.headers).not.toHaveProperty('location');
  });

  test.each([
    [429, 'tooManyRequests'],
    [503, 'unavailable'],
  ] as const)('keeps %i without an envelope, as %s', async (status, code) => {
    for (const body of ['<html>busy</html>', null, { error: 'busy' }]) {
      const answer = await answering(status, body, { 'retry-after': '9' });
      expect(answer).toMatchObject({ status, body: { code }, headers: { 'retry-after': '9' } });
    }
  });

  test('passes no header on, and no field that is not the envelope’s', async () => {
    const answer = await answering(400, { ...envelope, stack: marked, error: marked }, { 'x-internal': marked });
    expect(answer.text + JSON.stringify(answer.headers)).not.toContain(marked);
  });

  test('logs no code that is not plainly one, whatever an upstream echoes into it', async () => {
    for (const code of ['Q9x0bWFuYWdlLXRva2Vu', 'eyJhbGciOi.J9.x', 'bgk_12345678_x', 'a b', 'a\nb', 'x'.repeat(64)]) {
      const { lines } = await answering(400, { code });
      expect(JSON.stringify(lines)).not.toContain(JSON.stringify(code).slice(1, -1));
    }
  });
});

async function waiting(status: number, header: string | undefined): Promise<string | undefined> {
  const headers: Record<string, string> = header === undefined ? {} : { 'retry-after': header };
  return (await answerTo(new ApiError('hash_delete', status, headers, {}))).headers['retry-after'];
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
    expect(await waiting(429, header)).toBe(expected);
    expect(await waiting(503, header)).toBe(expected);
  });

  test('whatever it says, becomes whole seconds from 1 to 3600', async () => {
    const headers = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    );
    await fc.assert(
      fc.asyncProperty(headers, fc.constantFrom(429, 503), async (header, status) => {
        const seconds = await waiting(status, header);
        expect(seconds).toMatch(/^[1-9]\d{0,3}$/);
        expect(Number(seconds)).toBeLessThanOrEqual(3600);
      }),
    );
  });

  test('travels with 429 and 503 alone', async () => {
    expect(await waiting(400, '7')).toBeUndefined();
    expect(await waiting(500, '7')).toBeUndefined();
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
])('an upstream that is %s becomes %i', async (failure, status, code) => {
  const answer = await answerTo(new TransportError(failure, marked, { sent: true }));
  expect(answer).toMatchObject({ status, body: { code, description: errorCodes[code].description, message: null } });
  expect(answer.text).not.toContain(marked);
});

describe('anything else that is thrown', () => {
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
    ['an error that looks like an HTTP client’s', new Strange(marked)],
    ['an error whose message looks like a stack', new Error(`${marked}\n    at ${marked} (${marked})`)],
    ['an AggregateError', new AggregateError([new Error(marked)], marked)],
    ['an error with a cause', new Error(marked, { cause: new Error(marked) })],
    ['a text', marked],
    ['an object', { statusCode: 200, body: marked, message: marked }],
    ['a number', 5],
    ['null', null],
    ['undefined', undefined],
    ['a frozen error', Object.freeze(new Error(marked))],
  ])('becomes the same constant 500: %s', async (_what, error) => {
    const answer = await answerTo(error);
    const { code, description } = { code: 'bug', ...errorCodes.bug };
    expect(answer).toMatchObject({ status: 500 });
    expect(answer.body).toEqual({ code, description, message: null, request_id: answer.requestId });
    expect(Object.keys(answer.headers).toSorted()).toEqual([
      'cache-control',
      'content-type',
      'x-content-type-options',
      'x-request-id',
    ]);
    expect(answer.lines).toMatchObject([{ code: 'bug', status: 500, detail: 'an unexpected error' }]);
    expect(answer.text + JSON.stringify(answer.headers) + JSON.stringify(answer.lines)).not.toContain(marked);
  });

  test('is logged with the place where it was thrown', async () => {
    const { lines } = await answerTo(new RangeError(marked));
    expect(lines[0]?.['cause']).toMatch(/^RangeError at .*errors\.test\.ts/);
  });
});

describe('a refusal at /auth/token/access', () => {
  const partner = json({ client_id: '12345678', client_secret: makeKey('12345678'), code: 'abc' });
  const refusing = (error: unknown, sent: Sent = partner) => serveOnce('auth_token_access_post', throwing(error), sent);

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
  ])('says %s as OAuth’s %s too', async (code, error) => {
    const answer = await refusing(code === 'bug' ? new Error() : new GatewayError(code));
    const { description } = errorCodes[code];
    const envelope = { code, description, message: null, request_id: answer.requestId };
    expect(answer.body).toEqual({ ...envelope, error, error_description: description });
  });

  test('passes upstream’s words on in both shapes', async () => {
    const answer = await refusing(new ApiError('x', 400, {}, { code: 'invalidCode', description: 'Used.' }));
    const envelope = { code: 'invalidCode', description: 'Used.' };
    expect(answer.body).toMatchObject({ ...envelope, error: 'invalid_grant', error_description: 'Used.' });
  });
});

describe('a refusal before a person’s eyes', () => {
  const query = 'client_id=12345678&redirect_uri=https://example.com/';
  const refusing = (error: unknown, headers = {}) => serveOnce('webauth_get', throwing(error), { query, headers });

  test('is a page that holds nothing but the description and the request id', async () => {
    const answer = await refusing(new GatewayError('invalidValue', { description: 'Wrong.', detail: marked }));
    expect(answer).toMatchObject({
      status: 400,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'content-security-policy': expect.stringContaining("default-src 'none'") as string,
      },
    });
    expect(answer.text).toContain('Wrong.');
    expect(answer.text).toContain(answer.requestId);
    expect(answer.text).not.toContain(marked);
  });

  test('escapes what upstream said', async () => {
    const description = `<script>alert('1')</script>&"`;
    const { text } = await refusing(new ApiError('webauth_get', 400, {}, { code: 'x', description }));
    expect(text).toContain('&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;&#38;&#34;');
    expect(text).not.toContain('<script');
  });

  test('is the envelope for a program that asks for JSON', async () => {
    const answer = await refusing(new GatewayError('invalidValue'), { accept: 'application/json' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalidValue', request_id: answer.requestId } });
  });
});
