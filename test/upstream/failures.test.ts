import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authorization, json, startGateway, type Gateway } from '../gateway.ts';
import { invokeHandler, type TestResponse } from '../invoke.ts';
import { pauseTimers } from '../timers.ts';
import { createContext, restoreContext, upstreamCalls, type UpstreamCall, type CallContext } from './calls.ts';
import { startHostile, type ReceivedRequest, type Responder, type HostileServer } from './hostile.ts';

let gateway: Gateway;
let hostile: HostileServer;
let context: CallContext;

beforeAll(async () => {
  gateway = await startGateway();
  hostile = await startHostile();
  context = await createContext(gateway);
});
beforeEach(() => restoreContext(context));
afterAll(async () => {
  await hostile.close();
  await gateway.close();
});

/** The response to a call, and the requests that upstream received for it. */
interface Outcome {
  name: string;
  call: UpstreamCall;
  response: TestResponse;
  received: ReceivedRequest[];
}

/** Makes all calls concurrently against the hostile server. */
async function callAll(respond: Responder, { remainingMs = 29_000, url = hostile.url } = {}): Promise<Outcome[]> {
  hostile.respond = respond;
  hostile.received();
  const results = await gateway.withUpstream(url, () =>
    Promise.all(
      upstreamCalls.map(async ([name, call]) => ({
        name,
        call,
        response: await invokeHandler(...call.request(context), remainingMs),
      })),
    ),
  );
  const received = hostile.received();
  return results.map(({ name, call, response }) => {
    const id = response.headers['x-request-id'];
    return { name, call, response, received: received.filter((request) => request.call === id) };
  });
}

/** Returns the status and the error code of each call. */
const statusesOf = (outcomes: Outcome[]) =>
  Object.fromEntries(
    outcomes.map(({ name, response: { status, body } }) => [name, `${status} ${(body as { code?: string })?.code}`]),
  );

/** The same status for all calls, except those for which `others` returns another one. */
const expected = (response: string, others: (call: UpstreamCall) => string | undefined = () => undefined) =>
  Object.fromEntries(upstreamCalls.map(([name, call]) => [name, others(call) ?? response]));

/** Deletes without a response body: any 2xx is a success. */
const emptyIsSuccess = ({ operation }: UpstreamCall) =>
  operation === 'auth_token_delete' || operation === 'hash_delete' ? '204 undefined' : undefined;

/** Returns how often upstream received each request of a call. */
function countsOf({ received }: Outcome): number[] {
  const counts = new Map<string, number>();
  for (const { method, path } of received) counts.set(`${method} ${path}`, (counts.get(`${method} ${path}`) ?? 0) + 1);
  return [...counts.values()];
}

/** Expects that no request was sent more often than allowed, and that every error is the gateway's. */
function expectLimitedAttempts(outcomes: Outcome[]): void {
  for (const outcome of outcomes) {
    const { name, call, response } = outcome;
    const most = Math.max(0, ...countsOf(outcome));
    expect(most, `attempts of ${name}`).toBeLessThanOrEqual(call.attempts);
    if (response.status < 400) continue;
    const requestId = response.headers['x-request-id'];
    const envelope = { description: expect.any(String) as string, message: null, request_id: requestId };
    expect(response.body, `of ${name}`).toMatchObject(envelope);
    expect(response.headers, `of ${name}`).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/json',
    });
  }
}

/** Expects the number of attempts of each call. */
function expectAttempts(outcomes: Outcome[], attempts: (call: UpstreamCall) => number): void {
  const all = Object.fromEntries(outcomes.map((outcome) => [outcome.name, countsOf(outcome)[0] ?? 0]));
  expect(all).toEqual(Object.fromEntries(upstreamCalls.map(([name, call]) => [name, attempts(call)])));
}

const maximum = ({ attempts }: UpstreamCall) => attempts;

/** Returns the user id in a path, or the id of `me`. */
const idIn = (path: string): number => Number(/\/users\/(\d+)/.exec(path)?.[1] ?? 7);

describe('a failed connection', () => {
  test('refused: 502', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    const outcomes = await callAll(() => undefined, { url: `http://127.0.0.1:${port}/2.0` });
    expect(statusesOf(outcomes)).toEqual(expected('502 badGateway'));
    expectLimitedAttempts(outcomes);
  });

  test('reset at the first byte: 502, and requests that must be sent once open only one connection', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        connections++;
        socket.resetAndDestroy();
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const outcomes = await callAll(() => undefined, { url: `http://127.0.0.1:${port}/2.0` });
    server.close();
    expect(statusesOf(outcomes)).toEqual(expected('502 badGateway'));
    expect(connections).toBe(upstreamCalls.reduce((sum, [, { attempts }]) => sum + attempts, 0));
  });

  test.each<[string, Responder]>([
    ['reset after the request', (_received, _response, socket) => socket.resetAndDestroy()],
    ['closed without a response', (_received, _response, socket) => socket.end()],
    ['closed within the head', (_received, _response, socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Ty')],
    [
      'closed within the body',
      (_received, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
        response.write('{"id":1,');
        setImmediate(() => response.destroy());
      },
    ],
    [
      'closed within a chunk',
      (_received, _response, socket) =>
        socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"id":1}'),
    ],
  ])('%s: 502, and only reads and deletes are repeated, once', async (_what, respond) => {
    const outcomes = await callAll(respond);
    expect(statusesOf(outcomes)).toEqual(expected('502 badGateway'));
    expectLimitedAttempts(outcomes);
    expectAttempts(outcomes, maximum);
  });

  test('a repeated read succeeds, and a repeated delete that returns 404 counts as a success', async () => {
    const earlier = new Set<string>();
    const outcomes = await callAll(({ method, call, path }, response, socket) => {
      const again = earlier.has(`${call} ${method} ${path}`);
      earlier.add(`${call} ${method} ${path}`);
      if (!again) socket.resetAndDestroy();
      else if (method === 'DELETE') response.writeHead(404).end(JSON.stringify({ code: 'notFound' }));
      else response.end(JSON.stringify(path.endsWith('/all') ? { users: [] } : { id: idIn(path), type: 'qwac' }));
    });
    const all = statusesOf(outcomes);
    for (const { name, call } of outcomes) {
      const done = call.operation.endsWith('delete') ? '204 undefined' : '200 undefined';
      expect(all[name], `of ${name}`).toBe(call.attempts === 2 ? done : '502 badGateway');
    }
    expectLimitedAttempts(outcomes);
  });

  test('a 404 page of a proxy does not make a repeated delete a success', async () => {
    const earlier = new Set<string>();
    const outcomes = await callAll(({ call, method }, response) => {
      const status = earlier.has(`${call} ${method}`) ? 404 : 502;
      earlier.add(`${call} ${method}`);
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html></html>');
    });
    const deletes = outcomes.filter(({ call }) => call.operation.endsWith('delete'));
    for (const { name, response } of deletes) expect(response.status, `of ${name}`).toBe(502);
  });
});

describe('no response in time', () => {
  const remainingMs = 20_000;
  /** Pauses all deadlines. Returns a function that returns those that end before the function's timeout. */
  const pauseDeadlines = () => {
    const timers = pauseTimers((milliseconds) => milliseconds > 5_000);
    return () => timers.splice(0).filter(({ milliseconds }) => milliseconds < remainingMs);
  };

  test.each<[string, Responder]>([
    ['nothing', () => undefined],
    ['half a head', (_received, _response, socket) => socket.write('HTTP/1.1 200 OK\r\nX')],
    ['interim responses', (_received, response) => response.writeProcessing()],
    ['half a body', (_received, response) => response.writeHead(200, { 'content-length': 100 }).write('{"id":1')],
    [
      'an endless body',
      (_received, response) => {
        response.writeHead(200).write('{"a":"');
        const trickle = setInterval(() => response.write('a'), 20);
        response.on('close', () => clearInterval(trickle));
      },
    ],
  ])('%s: 504 before the function’s timeout, and one attempt', async (_what, respond) => {
    const deadlines = pauseDeadlines();
    let received = 0;
    const running = callAll(
      (...request) => {
        respond(...request);
        received++;
      },
      { remainingMs },
    );
    await expect.poll(() => received).toBe(upstreamCalls.length);
    // The gateway reads what was written of the responses.
    await turn();
    for (const deadline of deadlines()) deadline.run();
    const outcomes = await running;
    expect(statusesOf(outcomes)).toEqual(expected('504 gatewayTimeout'));
    expectAttempts(outcomes, () => 1);
  });

  test('a late failure leaves no time for a second attempt', async () => {
    const deadlines = pauseDeadlines();
    const waiting: ServerResponse[] = [];
    const fail = () => {
      for (const response of waiting.splice(0)) response.writeHead(500).end();
    };
    const running = callAll((_received, response) => waiting.push(response), { remainingMs });
    await expect.poll(() => waiting.length).toBe(upstreamCalls.length);
    const started = deadlines();
    fail();
    const repeated = upstreamCalls.filter(([, { attempts }]) => attempts === 2);
    await expect.poll(() => waiting.length).toBe(repeated.length);
    // The call's deadline also ends the second attempt.
    for (const deadline of started) deadline.run();
    fail();
    const outcomes = await running;
    expect(statusesOf(outcomes)).toEqual(
      expected('502 badGateway', ({ attempts }) => (attempts === 2 ? '504 gatewayTimeout' : undefined)),
    );
    expectLimitedAttempts(outcomes);
    expectAttempts(outcomes, maximum);
  });
});

const json200 =
  (body: string): Responder =>
  (_received, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);

describe('an invalid response', () => {
  test.each<[string, Responder]>([
    ['null', json200('null')],
    ['true', json200('true')],
    ['an array', json200('[]')],
    ['an empty object', json200('{}')],
    ['a truncated object', json200('{"id":')],
    ['a page', json200('<html><body>Welcome</body></html>')],
    ['bytes that are not text', (_received, response) => response.end(Buffer.from([0xff, 0xfe, 0x00]))],
    [
      'unrequested compression',
      (_received, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"id":1}')),
    ],
    [
      'fields of other types',
      json200(
        JSON.stringify({
          id: '1',
          jwt_token: 5,
          auth_token: null,
          access_token: ['a'],
          code: {},
          token: 1,
          type: 7,
          users: 'all',
          payload: 'payload',
        }),
      ),
    ],
  ])('200 with %s: 502, and one attempt', async (_what, respond) => {
    const outcomes = await callAll(respond);
    expect(statusesOf(outcomes)).toEqual(expected('502 badGateway', emptyIsSuccess));
    expectAttempts(outcomes, () => 1);
  });

  test('an id above the safe integers: 502', async () => {
    const outcomes = await callAll(json200('{"id":12345678901234567890,"type":"qwac"}'));
    const users = outcomes.filter(({ call }) => /^users_id_user_(get|delete)$/.test(call.operation));
    expect(users.map(({ response }) => response.status)).toEqual(users.map(() => 502));
  });

  test('60 MB: 502, and the connection is closed long before the end', async () => {
    const chunk = 'a'.repeat(64 * 1024);
    let written = 0;
    const pour = (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const write = () => {
        for (let count = 0; count < 960 && !response.destroyed; count++) {
          written += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', write);
        }
        response.end();
      };
      write();
    };
    let received = 0;
    const waiting: ServerResponse[] = [];
    const outcomes = await callAll((_received, response) => {
      waiting.push(response);
      // Starts when all calls have read the table, which runs in this process and must respond in time.
      if (++received >= upstreamCalls.length) for (const each of waiting.splice(0)) pour(each);
    });
    expect(statusesOf(outcomes)).toEqual(expected('502 badGateway'));
    expectAttempts(outcomes, () => 1);
    expect(written / outcomes.length).toBeLessThan(12 * 1024 * 1024);
  });

  test('30,000 nested arrays: 502, and one attempt', async () => {
    const fields = '"id":1,"type":"qwac","code":"a","token":"a","auth_token":"a","access_token":"a","jwt_token":"a"';
    const deep = `{${fields},"users":[],"deep":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    const outcomes = await callAll(json200(deep));
    expect(statusesOf(outcomes)).toEqual(expected('502 badGateway', emptyIsSuccess));
    expectAttempts(outcomes, () => 1);
  });

  test('204 for an operation with a response body: 502', async () => {
    const outcomes = await callAll((_received, response) => response.writeHead(204).end());
    const all = expected('502 badGateway', (call) => (call.operation.endsWith('delete') ? '204 undefined' : undefined));
    // The id of `me` is read first, without a response body.
    expect(statusesOf(outcomes)).toEqual({ ...all, 'DELETE /users/me by token': '502 badGateway' });
  });

  test.each<[string, string]>([
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['an invalid status', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['an invalid header', 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    ],
    ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n'],
  ])('%s: 502', async (_what, bytes) => {
    const outcomes = await callAll((_received, _response, socket) => socket.end(bytes));
    expect(statusesOf(outcomes)).toEqual(expected('502 badGateway'));
    expectLimitedAttempts(outcomes);
  });

  test('a megabyte of headers: 502', async () => {
    const outcomes = await callAll((_received, _response, socket) =>
      socket.end(`HTTP/1.1 200 OK\r\n${`X-Filler: ${'a'.repeat(1000)}\r\n`.repeat(1000)}\r\n{}`),
    );
    expect(statusesOf(outcomes)).toEqual(expected('502 badGateway'));
    expectLimitedAttempts(outcomes);
  });
});

describe('a redirect is not followed', () => {
  test.each([301, 302, 303, 307, 308])('%i: 502, and no request to the target', async (status) => {
    const elsewhere = `${hostile.url}/elsewhere`;
    const outcomes = await callAll((_received, response) => response.writeHead(status, { location: elsewhere }).end());
    expect(statusesOf(outcomes)).toEqual({ ...expected('502 badGateway'), 'GET /webauth': '302 undefined' });
    expectAttempts(outcomes, () => 1);
    expect(outcomes.flatMap(({ received }) => received).filter(({ path }) => path.includes('elsewhere'))).toEqual([]);
  });

  test.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'http://', '//', 'app://x'])(
    'the browser is not sent to %s',
    async (location) => {
      hostile.respond = (_received, response) => response.writeHead(302, { location }).end();
      const call = upstreamCalls.find(([name]) => name === 'GET /webauth')?.[1];
      const response = await gateway.withUpstream(hostile.url, () =>
        invokeHandler(...(call?.request(context) ?? ['GET', '/', {}])),
      );
      expect(response.headers).not.toHaveProperty('location');
      expect(response).toMatchObject({ status: 502, body: { code: 'badGateway' } });
    },
  );
});

const respondingWith = (status: number, body: unknown, headers: Record<string, string> = {}): Responder => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return (_received, response) => response.writeHead(status, headers).end(text);
};

describe('an error of upstream', () => {
  test.each([500, 502, 504])('%i as a page: 502, and reads and deletes are repeated once', async (status) => {
    const outcomes = await callAll(respondingWith(status, '<html></html>', { 'content-type': 'text/html' }));
    expect(statusesOf(outcomes)).toEqual(expected('502 badGateway'));
    expectLimitedAttempts(outcomes);
    expectAttempts(outcomes, maximum);
  });

  test('500 in the envelope: 502 with its code', async () => {
    const outcomes = await callAll(respondingWith(500, { code: 'bug', description: 'Failed.' }));
    expect(statusesOf(outcomes)).toEqual(expected('502 bug'));
    expectLimitedAttempts(outcomes);
    expectAttempts(outcomes, maximum);
  });

  test.each([
    [429, '7', '7', 'tooManyRequests'],
    [429, undefined, '5', 'tooManyRequests'],
    [429, 'tomorrow', '5', 'tooManyRequests'],
    [429, '99999', '3600', 'tooManyRequests'],
    [503, '0', '1', 'unavailable'],
    [503, undefined, '5', 'unavailable'],
  ])('%i with Retry-After %j: passed on in whole seconds, and one attempt', async (status, header, seconds, code) => {
    const headers: Record<string, string> = header === undefined ? {} : { 'retry-after': header };
    const outcomes = await callAll(respondingWith(status, '', headers));
    expect(statusesOf(outcomes)).toEqual(expected(`${status} ${code}`));
    for (const { name, response } of outcomes) expect(response.headers['retry-after'], `of ${name}`).toBe(seconds);
    expectAttempts(outcomes, () => 1);
  });

  test.each([400, 403, 404, 405, 418])('%i as a page: 502, as it is not the caller’s error', async (status) => {
    const outcomes = await callAll(respondingWith(status, '<html></html>', { 'content-type': 'text/html' }));
    expect(statusesOf(outcomes)).toEqual(expected('502 badGateway'));
    expectAttempts(outcomes, () => 1);
  });

  test('401: 503 without upstream’s description for the gateway’s credential, passed on for a caller’s token', async () => {
    const error = { code: 'invalidClient', description: 'upstream description', message: 'upstream message' };
    const outcomes = await callAll(respondingWith(401, error));
    expect(statusesOf(outcomes)).toEqual(
      expected('503 unavailable', ({ attaches }) => (attaches === 'own' ? undefined : '401 invalidClient')),
    );
    for (const { name, call, response } of outcomes) {
      expect(response.text.includes('upstream'), `of ${name}`).toBe(call.attaches !== 'own');
    }
    expectAttempts(outcomes, () => 1);
  });

  test('403 forbidden: passed on for every credential', async () => {
    const outcomes = await callAll(respondingWith(403, { code: 'forbidden', description: 'Forbidden.' }));
    expect(statusesOf(outcomes)).toEqual(expected('403 forbidden'));
    expectAttempts(outcomes, () => 1);
  });
});

test('a user that upstream does not find: 404, and its ownership is kept until it is deleted', async () => {
  hostile.respond = (_received, response) => response.writeHead(404).end(JSON.stringify({ code: 'notFound' }));
  const key = authorization(context.partner.client_secret);
  const path = `/users/${context.user.id}`;
  await gateway.withUpstream(hostile.url, async () => {
    for (const [method, at] of [
      ['GET', path],
      ['DELETE', path],
    ] as const) {
      expect(await invokeHandler(method, at, key)).toMatchObject({ status: 404, body: { code: 'notFound' } });
    }
    const jwt = json({ ...context.partner, id_user: context.user.id });
    expect(await invokeHandler('POST', '/auth/jwt', jwt)).toMatchObject({ status: 404, body: { code: 'notFound' } });
  });
  expect(await invokeHandler('GET', path, key)).toMatchObject({ status: 200 });
});
