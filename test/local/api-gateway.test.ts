import { once } from 'node:events';
import { connect } from 'node:net';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { within } from '#local/api-gateway/invoke.ts';
import { startApiGateway, type ApiGatewayOptions, type LambdaHandler } from '#local/api-gateway/server.ts';
import type { RunningServer } from '#local/loopback.ts';

const MEGABYTE = 1024 * 1024;

const gateways: RunningServer[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
});

/** Starts a gateway whose one function answers `ANY /2.0/{what}`. */
async function start(handler: LambdaHandler, options: Partial<ApiGatewayOptions> = {}): Promise<RunningServer> {
  const route = { method: 'ANY', path: '/2.0/{what}', functionName: 'test-function', handler };
  const gateway = await startApiGateway({ port: 0, routes: [route], ...options });
  gateways.push(gateway);
  return gateway;
}

/** A function that answers the event that it got, and the events so far. */
function echo(): { handler: LambdaHandler; events: APIGatewayProxyEventV2[] } {
  const events: APIGatewayProxyEventV2[] = [];
  return {
    events,
    handler: async (event) => {
      events.push(event);
      return { statusCode: 200, body: event.body ?? '', isBase64Encoded: event.isBase64Encoded };
    },
  };
}

/** Sends bytes as they are, and gives everything that comes back until the gateway ends the connection. */
async function sendRaw({ port }: RunningServer, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  socket.write(bytes, 'latin1');
  const received: string[] = [];
  for await (const chunk of socket as AsyncIterable<string>) received.push(chunk);
  return received.join('');
}

function silenceStandardError() {
  return vi.spyOn(process.stderr, 'write').mockReturnValue(true);
}

/** A response's status and content on one line. */
async function summary(call: Response | Promise<Response>): Promise<string> {
  const response = await call;
  return `${response.status} ${await response.text()}`;
}

function streamOf(bytes: number): ReadableStream {
  return new Blob([new Uint8Array(bytes)]).stream();
}

function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

describe('a call', () => {
  test('reaches its function as an event', async () => {
    const { handler, events } = echo();
    const gateway = await start(handler);
    await sendRaw(
      gateway,
      [
        'POST /2.0/a%20b?x=1&x=%32 HTTP/1.1',
        `Host: 127.0.0.1:${gateway.port}`,
        'X-Twice: 1',
        'Cookie: a=1; b=2',
        'X-TWICE: 2',
        'Connection: close',
        'Transfer-Encoding: chunked',
        'Content-Type: application/json',
        '',
        '2\r\n{}\r\n0\r\n\r\n',
      ].join('\r\n'),
    );

    expect(events).toMatchObject([
      {
        routeKey: 'ANY /2.0/{what}',
        rawPath: '/2.0/a b',
        rawQueryString: 'x=1&x=%32',
        cookies: ['a=1', 'b=2'],
        queryStringParameters: { x: '1,2' },
        pathParameters: { what: 'a b' },
        body: '{}',
        isBase64Encoded: false,
        requestContext: { domainName: `127.0.0.1:${gateway.port}`, http: { method: 'POST', sourceIp: '127.0.0.1' } },
      },
    ]);
    expect(events[0]?.headers).toEqual({
      host: `127.0.0.1:${gateway.port}`,
      'x-twice': '1,2',
      'content-type': 'application/json',
      'content-length': '2',
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-[\da-f]{8}-[\da-f]{24}$/) as string,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-port': String(gateway.port),
      'x-forwarded-proto': 'http',
    });
  });

  test('is answered as its function says', async () => {
    const gateway = await start(async () => ({
      statusCode: 302,
      headers: { Location: 'https://partner.example/', 'Cache-Control': 'no-store' },
      cookies: ['a=1', 'b=2'],
    }));
    const response = await fetch(`${gateway.url}/2.0/x`, { redirect: 'manual' });

    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('https://partner.example/');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-length')).toBe('0');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  test('has an id of its own, the same in event and response', async () => {
    const { handler, events } = echo();
    const gateway = await start(handler);
    const responses = await Promise.all([1, 2, 3].map(() => fetch(`${gateway.url}/2.0/x`)));
    const ids = responses.map((response) => response.headers.get('apigw-requestid'));

    expect(new Set(ids).size).toBe(3);
    expect(new Set(events.map((event) => event.requestContext.requestId))).toEqual(new Set(ids));
  });

  test('carries any bytes both ways', async () => {
    const gateway = await start(echo().handler);
    const types = fc.constantFrom('multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', 'image/png');
    await fc.assert(
      fc.asyncProperty(types, fc.uint8Array({ size: 'medium' }), async (type, body) => {
        const response = await fetch(`${gateway.url}/2.0/x`, {
          method: 'POST',
          headers: { 'content-type': type },
          body,
        });
        expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array(body));
      }),
      { numRuns: 50 },
    );
  });

  test('of HEAD or OPTIONS is one like any other', async () => {
    const { handler, events } = echo();
    const gateway = await start(async (event, context) => {
      await handler(event, context);
      return 'hello';
    });
    for (const method of ['HEAD', 'OPTIONS']) {
      const response = await fetch(`${gateway.url}/2.0/x`, { method });
      expect([response.status, response.headers.get('content-length')]).toEqual([200, '5']);
      expect(await response.text()).toBe(method === 'HEAD' ? '' : 'hello');
    }
    expect(events.map((event) => event.requestContext.http.method)).toEqual(['HEAD', 'OPTIONS']);
  });

  test('answered 204 has neither content nor length', async () => {
    const gateway = await start(async () => ({ statusCode: 204, body: 'ignored' }));
    const response = await fetch(`${gateway.url}/2.0/x`, { method: 'DELETE' });

    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([204, null, '']);
  });
});

describe('a function', () => {
  test('gets a context that counts down', async () => {
    const contexts: Context[] = [];
    const gateway = await start(
      async (_event, context) => {
        contexts.push(context);
        const before = context.getRemainingTimeInMillis();
        await new Promise(setImmediate);
        return { statusCode: context.getRemainingTimeInMillis() <= before && before <= 5_000 ? 200 : 400 };
      },
      { functionTimeoutMs: 5_000 },
    );
    expect((await fetch(`${gateway.url}/2.0/x`)).status).toBe(200);
    expect((await fetch(`${gateway.url}/2.0/x`)).status).toBe(200);

    expect(contexts[0]).toMatchObject({
      functionName: 'test-function',
      functionVersion: '$LATEST',
      memoryLimitInMB: '256',
      invokedFunctionArn: 'arn:aws:lambda:eu-west-3:123456789012:function:test-function',
    });
    expect(contexts[0]?.awsRequestId).not.toBe(contexts[1]?.awsRequestId);
  });

  test('that throws is an internal server error, and its message is not logged', async () => {
    const written = silenceStandardError();
    const gateway = await start(async (event) => {
      throw new TypeError(`secret\n    at ${event.body}`);
    });
    const response = await fetch(`${gateway.url}/2.0/x`, { method: 'POST', body: 'hidden' });

    expect(await summary(response)).toBe('500 {"message":"Internal Server Error"}');
    expect(written).toHaveBeenCalledOnce();
    const line = String(written.mock.calls[0]?.[0]);
    expect(line).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(line)).toEqual({
      functionName: 'test-function',
      errorType: 'TypeError',
      stack: expect.arrayContaining([expect.stringContaining('api-gateway.test.ts')]) as string[],
    });
    expect(line).not.toMatch(/secret|hidden/);
  });

  test.each([
    ['throws what is no error', async () => Promise.reject('x'), 'string'],
    ['returns what is not JSON', async () => ({ statusCode: 200, body: 1n as unknown as string }), 'TypeError'],
    ['returns more than 6 MB', async () => 'x'.repeat(6 * MEGABYTE), 'Function.ResponseSizeTooLarge'],
    ['runs out of its time', () => new Promise<never>(() => {}), 'Sandbox.Timedout'],
  ])('that %s is an internal server error', async (_what, handler, errorType) => {
    const written = silenceStandardError();
    const gateway = await start(handler, { functionTimeoutMs: 50 });

    expect(await summary(fetch(`${gateway.url}/2.0/x`))).toBe('500 {"message":"Internal Server Error"}');
    expect(written).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(`"errorType":"${errorType}"`));
  });

  test('that returns a malformed result is an internal server error', async () => {
    const gateway = await start(async () => ({ statusCode: 200, body: { a: 1 } as unknown as string }));

    expect(await summary(fetch(`${gateway.url}/2.0/x`))).toBe('500 {"message":"Internal Server Error"}');
  });

  test('that outlives the gateway’s patience is unavailable, and counts as running until it ends', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const gateway = await start(() => promise, { timeoutMs: 1, maxConcurrency: 1 });

    expect(await summary(fetch(`${gateway.url}/2.0/x`))).toBe('503 {"message":"Service Unavailable"}');
    expect(await summary(fetch(`${gateway.url}/2.0/x`))).toBe('429 {"message":"Too Many Requests"}');
    resolve('done');
    await promise;
    expect(await (await fetch(`${gateway.url}/2.0/x`)).text()).toBe('done');
  });
});

describe('the gateway itself refuses', () => {
  test.each([
    ['GET', '/'],
    ['GET', '/2.0/x/y'],
    ['HEAD', '/2.0'],
    ['OPTIONS', '/2.0'],
  ])('%s %s, which no route matches', async (method, path) => {
    const gateway = await start(echo().handler);
    const response = await fetch(gateway.url + path, { method });

    expect(response.status).toBe(404);
    expect(await response.text()).toBe(method === 'HEAD' ? '' : '{"message":"Not Found"}');
  });

  test('in JSON, with a request id', async () => {
    const gateway = await start(echo().handler);
    const { headers } = await fetch(gateway.url);

    expect(headers.get('apigw-requestid')).toMatch(/^[\w-]{15}=$/);
    expect(headers.get('content-type')).toBe('application/json');
  });

  test('a path that is not percent-encoded UTF-8', async () => {
    const gateway = await start(echo().handler);

    expect(await summary(fetch(`${gateway.url}/2.0/%ff`))).toBe('400 {"message":"Bad Request"}');
  });

  test('more calls than may run at once', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const started = Promise.withResolvers<void>();
    const handler = async () => {
      started.resolve();
      return promise;
    };
    const gateway = await start(handler, { maxConcurrency: 1 });
    const first = fetch(`${gateway.url}/2.0/x`);
    await started.promise;

    expect(await summary(fetch(`${gateway.url}/2.0/x`))).toBe('429 {"message":"Too Many Requests"}');
    resolve('done');
    expect(await (await first).text()).toBe('done');
  });

  test('more calls a second than a route takes, and says so in the log', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
    const written = silenceStandardError();
    const gateway = await start(echo().handler, { throttling: { requestsPerSecond: 1, burst: 2 } });
    const statuses = async () => {
      const answers = [];
      for (let call = 0; call < 3; call++) answers.push((await fetch(`${gateway.url}/2.0/x`)).status);
      return answers;
    };

    expect(await statuses()).toEqual([200, 200, 429]);
    vi.setSystemTime(1_001_500);
    expect(await statuses()).toEqual([200, 429, 429]);
    vi.setSystemTime(2_000_000);
    expect(await statuses()).toEqual([200, 200, 429]);
    const lines = written.mock.calls.map(([line]) => JSON.parse(String(line)) as unknown);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatchObject({ route: 'ANY /2.0/{what}', status: '429', integration_status: '-' });
  });

  test('a body over 10 MB by its length, before it arrives', async () => {
    const { handler, events } = echo();
    const gateway = await start(handler);
    const head = `POST /2.0/x HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nConnection: close\r\nContent-Length: ${10 * MEGABYTE + 1}\r\n\r\n`;

    expect(await sendRaw(gateway, head)).toMatch(/^HTTP\/1.1 413 [^]*\r\n\r\n{"message":"Request Entity Too Large"}$/);
    expect(events).toEqual([]);
  });

  test('a body over 10 MB that does not say its length, and takes one of 10 MB', async () => {
    const gateway = await start(async (event) => event.headers['content-length'] ?? '');
    const post = { method: 'POST', duplex: 'half' } as const;

    const fits = await fetch(`${gateway.url}/2.0/x`, { ...post, body: streamOf(10 * MEGABYTE) });
    expect(await fits.text()).toBe(String(10 * MEGABYTE));
    const tooLong = await fetch(`${gateway.url}/2.0/x`, { ...post, body: streamOf(10 * MEGABYTE + 1) });
    expect(await summary(tooLong)).toBe('413 {"message":"Request Entity Too Large"}');
  });

  test('a request line and header values over 10,240 bytes together', async () => {
    const gateway = await start(echo().handler);
    const call = (length: number) => fetch(`${gateway.url}/2.0/x`, { headers: { 'x-long': 'x'.repeat(length) } });

    expect((await call(10_000)).status).toBe(200);
    expect(await summary(call(10_241))).toBe('431 {"message":"Request Header Fields Too Large"}');
    expect(await summary(call(70_000))).toBe('431 {"message":"Request Header Fields Too Large"}');
  });

  test('a URI over 10,240 bytes', async () => {
    const gateway = await start(echo().handler);

    expect(await summary(fetch(`${gateway.url}/2.0/x?${'x'.repeat(10_240)}`))).toBe(
      '414 {"message":"Request-URI Too Long"}',
    );
  });

  test('what is not HTTP', async () => {
    const gateway = await start(echo().handler);

    expect(await sendRaw(gateway, 'hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 [^]*\r\n\r\n{"message":"Bad Request"}$/);
  });

  test('to start on a port that is taken', async () => {
    const { port } = await start(echo().handler);

    await expect(start(echo().handler, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('closing', () => {
  test('lets running calls end, and accepts no more', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const started = Promise.withResolvers<void>();
    const gateway = await start(async () => {
      started.resolve();
      return promise;
    });
    const call = fetch(`${gateway.url}/2.0/x`);
    await started.promise;
    const closed = gateway.close();

    await expect(fetch(`${gateway.url}/2.0/x`)).rejects.toThrow('fetch failed');
    resolve('done');
    const response = await call;
    expect([response.headers.get('connection'), await response.text()]).toEqual(['close', 'done']);
    await closed;
    await gateway.close();
  });

  test('drops connections that are idle, silent or in the middle of a request', async () => {
    const gateway = await start(echo().handler);
    await (await fetch(`${gateway.url}/2.0/x`)).text();
    const host = `Host: 127.0.0.1:${gateway.port}`;
    const sent = ['', 'GET /2.0/x HTTP/1.1\r\n', `POST /2.0/x HTTP/1.1\r\n${host}\r\nContent-Length: 2\r\n\r\n{`];
    const sockets = await Promise.all(
      sent.map(async (bytes) => {
        const socket = connect(gateway.port, '127.0.0.1');
        await once(socket, 'connect');
        if (bytes !== '') socket.write(bytes);
        return socket.resume();
      }),
    );
    // Connections are accepted in order: once this one is served, the others are the gateway's too.
    await (await fetch(`${gateway.url}/2.0/x`, { headers: { connection: 'close' } })).text();

    await Promise.all([gateway.close(), ...sockets.map((socket) => once(socket, 'close'))]);
    expect(sockets.every((socket) => socket.destroyed)).toBe(true);
  });

  test('waits for a function whose caller has gone away', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const started = Promise.withResolvers<void>();
    const gateway = await start(async () => {
      started.resolve();
      return promise;
    });
    const abort = new AbortController();
    const call = fetch(`${gateway.url}/2.0/x`, { signal: abort.signal });
    await started.promise;
    abort.abort();
    await expect(call).rejects.toThrow('aborted');

    const closed = gateway.close();
    expect(await within(1, closed, 'still open')).toBe('still open');
    resolve('done');
    await closed;
  });
});

test('a deadline does not keep the process alive', async () => {
  const before = activeTimers();
  const { promise, resolve } = Promise.withResolvers<string>();
  const waiting = within(60_000, promise, 'late');

  expect(activeTimers()).toBe(before);
  resolve('in time');
  expect(await waiting).toBe('in time');
});
