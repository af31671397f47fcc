import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toEvent, type ApiRequest } from '#local/api-gateway/event.ts';

const ANY_TEXT = fc.string({
  unit: fc.constantFrom(...Array.from('aZ0 /?#%&=+,;"\\\r\n\0\uFEFFé€😀')),
  size: 'medium',
});
const ROUTE = { routeKey: 'POST /2.0/auth/init' };

function request(overrides: Partial<ApiRequest> = {}): ApiRequest {
  return {
    requestId: 'JKJaXmPLvHcESHA=',
    traceId: 'Root=1-5e6a8dee-0123456789abcdef01234567',
    receivedAt: new Date('2020-03-12T19:03:58.390Z'),
    method: 'POST',
    protocol: 'HTTP/1.1',
    path: '/2.0/auth/init',
    queryString: '',
    headers: [['host', 'id.execute-api.eu-west-3.amazonaws.com']],
    body: Buffer.alloc(0),
    sourceIp: '127.0.0.1',
    port: 3000,
    ...overrides,
  };
}

function withBody(contentType: string | undefined, body: Buffer) {
  return toEvent(request({ headers: contentType === undefined ? [] : [['content-type', contentType]], body }), ROUTE);
}

describe('the event of a request', () => {
  test('has every field of payload format 2.0', () => {
    const headers: ApiRequest['headers'] = [
      ['host', 'id.execute-api.eu-west-3.amazonaws.com'],
      ['user-agent', 'agent/1'],
      ['content-type', 'application/json'],
      ['cookie', 'a=1; b=2'],
      ['cookie', 'c=3'],
    ];
    const event = toEvent(request({ headers, queryString: 'a=1&a=2&b=%C3%A9+x&c', body: Buffer.from('{"é":1}') }), {
      routeKey: 'POST /2.0/auth/{what}',
      pathParameters: { what: 'init' },
    });

    expect(event).toStrictEqual({
      version: '2.0',
      routeKey: 'POST /2.0/auth/{what}',
      rawPath: '/2.0/auth/init',
      rawQueryString: 'a=1&a=2&b=%C3%A9+x&c',
      cookies: ['a=1', 'b=2', 'c=3'],
      headers: {
        host: 'id.execute-api.eu-west-3.amazonaws.com',
        'user-agent': 'agent/1',
        'content-type': 'application/json',
        'content-length': '8',
        'x-amzn-trace-id': 'Root=1-5e6a8dee-0123456789abcdef01234567',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': '3000',
        'x-forwarded-proto': 'http',
      },
      queryStringParameters: { a: '1,2', b: 'é x', c: '' },
      requestContext: {
        accountId: '123456789012',
        apiId: 'local',
        domainName: 'id.execute-api.eu-west-3.amazonaws.com',
        domainPrefix: 'id',
        http: {
          method: 'POST',
          path: '/2.0/auth/init',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'agent/1',
        },
        requestId: 'JKJaXmPLvHcESHA=',
        routeKey: 'POST /2.0/auth/{what}',
        stage: '$default',
        time: '12/Mar/2020:19:03:58 +0000',
        timeEpoch: 1584039838390,
      },
      pathParameters: { what: 'init' },
      body: '{"é":1}',
      isBase64Encoded: false,
    });
  });

  test('leaves out what the request does not have', () => {
    const event = toEvent(request({ headers: [] }), ROUTE);

    for (const field of ['body', 'cookies', 'queryStringParameters', 'pathParameters']) {
      expect(event).not.toHaveProperty(field);
    }
    expect(event.isBase64Encoded).toBe(false);
    expect(event.requestContext).toMatchObject({ domainName: '', http: { userAgent: '' } });
  });

  test('joins repeated headers by commas', () => {
    const event = toEvent(
      request({
        headers: [
          ['x-a', '1'],
          ['x-b', '3'],
          ['x-a', '2'],
        ],
      }),
      ROUTE,
    );

    expect(event.headers).toMatchObject({ 'x-a': '1,2', 'x-b': '3' });
  });

  test('drops the headers of the connection', () => {
    const names = ['connection', 'keep-alive', 'transfer-encoding', 'te', 'upgrade', 'expect', 'proxy-authorization'];
    const { headers } = toEvent(request({ headers: names.map((name) => [name, 'x']) }), ROUTE);

    for (const name of names) expect(headers).not.toHaveProperty(name);
  });

  test('keeps what a caller says of the way so far, and adds itself', () => {
    const headers: ApiRequest['headers'] = [
      ['x-forwarded-for', '203.0.113.9'],
      ['x-forwarded-proto', 'gopher'],
      ['x-forwarded-port', '70'],
      ['x-amzn-trace-id', 'Root=1-00000000-000000000000000000000000'],
    ];

    expect(toEvent(request({ headers }), ROUTE).headers).toMatchObject({
      'x-forwarded-for': '203.0.113.9, 127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-port': '3000',
      'x-amzn-trace-id': 'Root=1-00000000-000000000000000000000000',
    });
  });
});

describe('the body of an event', () => {
  const TEXT = [
    'text/plain',
    'text/csv',
    'application/json',
    'Application/JSON ; charset=utf-8',
    'application/xml',
    'application/javascript',
    'application/problem+json',
    'application/soap+xml',
  ];
  const BINARY = [
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'image/png',
    'application/jsonp',
    'application/json-seq',
    '',
    undefined,
  ];

  test.each(TEXT)('is text for %j', (contentType) => {
    expect(withBody(contentType, Buffer.from('a=é'))).toMatchObject({ body: 'a=é', isBase64Encoded: false });
  });

  test.each(BINARY)('is in base64 for %j', (contentType) => {
    expect(withBody(contentType, Buffer.from('a=b'))).toMatchObject({ body: 'YT1i', isBase64Encoded: true });
  });

  test('gives back any bytes of a binary type', () => {
    const bytes = fc.uint8Array({ minLength: 1 });
    fc.assert(
      fc.property(fc.constantFrom(...BINARY), bytes, (contentType, body) => {
        const event = withBody(contentType, Buffer.from(body));
        expect(event.isBase64Encoded).toBe(true);
        expect(Buffer.from(event.body ?? '', 'base64')).toEqual(Buffer.from(body));
      }),
    );
  });

  test('gives back any text of a text type', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TEXT),
        ANY_TEXT.filter((text) => text !== ''),
        (contentType, body) => {
          expect(withBody(contentType, Buffer.from(body))).toMatchObject({ body, isBase64Encoded: false });
        },
      ),
    );
  });
});

test('a query of any names and values is decoded, repeated names joined', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(ANY_TEXT, ANY_TEXT)), (pairs) => {
      const queryString = new URLSearchParams(pairs).toString();
      const event = toEvent(request({ queryString }), ROUTE);

      expect(event.rawQueryString).toBe(queryString);
      const expected = Map.groupBy(pairs, ([name]) => name);
      expect(new Map(Object.entries(event.queryStringParameters ?? {}))).toEqual(
        new Map([...expected].map(([name, values]) => [name, values.map(([, value]) => value).join(',')])),
      );
    }),
  );
});
