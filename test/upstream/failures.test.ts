import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authorization, json, startGateway, type Gateway } from '../gateway.ts';
import { invokeHandler, type Answer } from '../invoke.ts';
import { holdTimers } from '../timers.ts';
import { makeWorld, renewWorld, upstreamCalls, type UpstreamCall, type World } from './calls.ts';
import { startHostile, type Arrived, type Behaviour, type HostileServer } from './hostile.ts';

let gateway: Gateway;
let hostile: HostileServer;
let world: World;

beforeAll(async () => {
  gateway = await startGateway();
  hostile = await startHostile();
  world = await makeWorld(gateway);
});
beforeEach(() => renewWorld(world));
afterAll(async () => {
  await hostile.close();
  await gateway.close();
});

/** What became of one call: its answer and what arrived upstream because of it. */
interface Outcome {
  name: string;
  call: UpstreamCall;
  answer: Answer;
  arrived: Arrived[];
}

/** Makes every call, all at once, against the hostile server. */
async function askEverything(behave: Behaviour, { remainingMs = 29_000, url = hostile.url } = {}): Promise<Outcome[]> {
  hostile.behave = behave;
  hostile.arrived();
  hostile.connections();
  const asked = await gateway.withUpstream(url, () =>
    Promise.all(
      upstreamCalls.map(async ([name, call]) => ({
        name,
        call,
        answer: await invokeHandler(...call.request(world), remainingMs),
      })),
    ),
  );
  const arrived = hostile.arrived();
  return asked.map(({ name, call, answer }) => {
    const id = answer.headers['x-request-id'];
    return { name, call, answer, arrived: arrived.filter((request) => request.call === id) };
  });
}

/** What each call was answered, as text. */
const answers = (outcomes: Outcome[]) =>
  Object.fromEntries(
    outcomes.map(({ name, answer: { status, body } }) => [name, `${status} ${(body as { code?: string })?.code}`]),
  );

/** The same answer to all of them; `others` for those that are answered otherwise. */
const expected = (answer: string, others: (call: UpstreamCall) => string | undefined = () => undefined) =>
  Object.fromEntries(upstreamCalls.map(([name, call]) => [name, others(call) ?? answer]));

/** A delete whose success is an empty answer: whatever the body, a 2xx says that it was done. */
const emptyIsDone = ({ operation }: UpstreamCall) =>
  operation === 'auth_token_delete' || operation === 'hash_delete' ? '204 undefined' : undefined;

/** Of one call, how often each request arrived; a call can make several. */
function countsOf({ arrived }: Outcome): number[] {
  const counts = new Map<string, number>();
  for (const { method, path } of arrived) counts.set(`${method} ${path}`, (counts.get(`${method} ${path}`) ?? 0) + 1);
  return [...counts.values()];
}

/** Nothing that creates, mints or spends arrived twice, nothing else more than twice; and every refusal is ours. */
function expectRestraint(outcomes: Outcome[]): void {
  for (const outcome of outcomes) {
    const { name, call, answer } = outcome;
    const most = Math.max(0, ...countsOf(outcome));
    expect(most, `${name} arrived`).toBeLessThanOrEqual(call.arrivals);
    if (answer.status < 400) continue;
    const requestId = answer.headers['x-request-id'];
    const envelope = { description: expect.any(String) as string, message: null, request_id: requestId };
    expect(answer.body, `of ${name}`).toMatchObject(envelope);
    expect(answer.headers, `of ${name}`).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/json',
    });
  }
}

/** How often each call's request has to have arrived. */
function expectArrivals(outcomes: Outcome[], arrivals: (call: UpstreamCall) => number): void {
  const all = Object.fromEntries(outcomes.map((outcome) => [outcome.name, countsOf(outcome)[0] ?? 0]));
  expect(all).toEqual(Object.fromEntries(upstreamCalls.map(([name, call]) => [name, arrivals(call)])));
}

const asOftenAsMay = ({ arrivals }: UpstreamCall) => arrivals;

/** The id of the user that a path names, or that of `me`. */
const idIn = (path: string): number => Number(/\/users\/(\d+)/.exec(path)?.[1] ?? 7);

describe('a connection that fails', () => {
  test('refused: bad gateway', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    const outcomes = await askEverything(() => undefined, { url: `http://127.0.0.1:${port}/2.0` });
    expect(answers(outcomes)).toEqual(expected('502 badGateway'));
    expectRestraint(outcomes);
  });

  test('reset at the first byte: bad gateway, and nothing that must not be sent twice comes on a second connection', async () => {
    let begun = 0;
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        begun++;
        socket.resetAndDestroy();
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const outcomes = await askEverything(() => undefined, { url: `http://127.0.0.1:${port}/2.0` });
    server.close();
    expect(answers(outcomes)).toEqual(expected('502 badGateway'));
    expect(begun).toBe(upstreamCalls.reduce((sum, [, { arrivals }]) => sum + arrivals, 0));
  });

  test.each<[string, Behaviour]>([
    ['reset after the request was read', (_arrived, _response, socket) => socket.resetAndDestroy()],
    ['ended without an answer', (_arrived, _response, socket) => socket.end()],
    ['ended within the head', (_arrived, _response, socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Ty')],
    [
      'ended within the body',
      (_arrived, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
        response.write('{"id":1,');
        setImmediate(() => response.destroy());
      },
    ],
    [
      'ended within a chunk',
      (_arrived, _response, socket) =>
        socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"id":1}'),
    ],
  ])('%s: bad gateway; reads and deletes are repeated once, nothing else is', async (_what, behave) => {
    const outcomes = await askEverything(behave);
    expect(answers(outcomes)).toEqual(expected('502 badGateway'));
    expectRestraint(outcomes);
    expectArrivals(outcomes, asOftenAsMay);
  });

  test('a repeated read succeeds; a repeated delete that finds nothing did its work the first time', async () => {
    const seen = new Set<string>();
    const outcomes = await askEverything(({ method, call, path }, response, socket) => {
      const again = seen.has(`${call} ${method} ${path}`);
      seen.add(`${call} ${method} ${path}`);
      if (!again) socket.resetAndDestroy();
      else if (method === 'DELETE') response.writeHead(404).end(JSON.stringify({ code: 'notFound' }));
      else response.end(JSON.stringify(path.endsWith('/all') ? { users: [] } : { id: idIn(path), type: 'qwac' }));
    });
    const all = answers(outcomes);
    for (const { name, call } of outcomes) {
      const done = call.operation.endsWith('delete') ? '204 undefined' : '200 undefined';
      expect(all[name], `of ${name}`).toBe(call.arrivals === 2 ? done : '502 badGateway');
    }
    expectRestraint(outcomes);
  });

  test('a page from the network’s edge is no proof that a repeated delete found nothing', async () => {
    const seen = new Set<string>();
    const outcomes = await askEverything(({ call, method }, response) => {
      const status = seen.has(`${call} ${method}`) ? 404 : 502;
      seen.add(`${call} ${method}`);
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html></html>');
    });
    const deletes = outcomes.filter(({ call }) => call.operation.endsWith('delete'));
    for (const { name, answer } of deletes) expect(answer.status, `of ${name}`).toBe(502);
  });
});

describe('no answer in time', () => {
  const remainingMs = 20_000;
  /** Holds all deadlines, and returns those so far that end before the function's own time. */
  const holdDeadlines = () => {
    const held = holdTimers((milliseconds) => milliseconds > 5_000);
    return () => held.splice(0).filter(({ milliseconds }) => milliseconds < remainingMs);
  };

  test.each<[string, Behaviour]>([
    ['nothing at all', () => undefined],
    ['half a head', (_arrived, _response, socket) => socket.write('HTTP/1.1 200 OK\r\nX')],
    ['interim answers', (_arrived, response) => response.writeProcessing()],
    ['half a body', (_arrived, response) => response.writeHead(200, { 'content-length': 100 }).write('{"id":1')],
    [
      'a body that goes on and on',
      (_arrived, response) => {
        response.writeHead(200).write('{"a":"');
        const trickle = setInterval(() => response.write('a'), 20);
        response.on('close', () => clearInterval(trickle));
      },
    ],
  ])('%s: gateway timeout before the function’s own, and sent once', async (_what, behave) => {
    const deadlines = holdDeadlines();
    let arrived = 0;
    const asked = askEverything(
      (...request) => {
        behave(...request);
        arrived++;
      },
      { remainingMs },
    );
    await expect.poll(() => arrived).toBe(upstreamCalls.length);
    // What was written of the answers is read.
    await turn();
    for (const deadline of deadlines()) deadline.run();
    const outcomes = await asked;
    expect(answers(outcomes)).toEqual(expected('504 gatewayTimeout'));
    expectArrivals(outcomes, () => 1);
  });

  test('the first answer that fails late leaves no time for a second', async () => {
    const deadlines = holdDeadlines();
    const waiting: ServerResponse[] = [];
    const fail = () => {
      for (const response of waiting.splice(0)) response.writeHead(500).end();
    };
    const asked = askEverything((_arrived, response) => waiting.push(response), { remainingMs });
    await expect.poll(() => waiting.length).toBe(upstreamCalls.length);
    const begun = deadlines();
    fail();
    const repeated = upstreamCalls.filter(([, { arrivals }]) => arrivals === 2);
    await expect.poll(() => waiting.length).toBe(repeated.length);
    // The time that began with the call ends the second attempt too: its answer comes too late.
    for (const deadline of begun) deadline.run();
    fail();
    const outcomes = await asked;
    expect(answers(outcomes)).toEqual(
      expected('502 badGateway', ({ arrivals }) => (arrivals === 2 ? '504 gatewayTimeout' : undefined)),
    );
    expectRestraint(outcomes);
    expectArrivals(outcomes, asOftenAsMay);
  });
});

const json200 =
  (body: string): Behaviour =>
  (_arrived, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);

describe('an answer that is none', () => {
  test.each<[string, Behaviour]>([
    ['null', json200('null')],
    ['true', json200('true')],
    ['an array', json200('[]')],
    ['an empty object', json200('{}')],
    ['half an object', json200('{"id":')],
    ['a page', json200('<html><body>Welcome</body></html>')],
    ['bytes that are no text', (_arrived, response) => response.end(Buffer.from([0xff, 0xfe, 0x00]))],
    [
      'compressed bytes that nobody asked for',
      (_arrived, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"id":1}')),
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
  ])('200 with %s: bad gateway, and not asked again', async (_what, behave) => {
    const outcomes = await askEverything(behave);
    expect(answers(outcomes)).toEqual(expected('502 badGateway', emptyIsDone));
    expectArrivals(outcomes, () => 1);
  });

  test('an id that no integer holds exactly is none', async () => {
    const outcomes = await askEverything(json200('{"id":12345678901234567890,"type":"qwac"}'));
    const users = outcomes.filter(({ call }) => /^users_id_user_(get|delete)$/.test(call.operation));
    expect(users.map(({ answer }) => answer.status)).toEqual(users.map(() => 502));
  });

  test('60 MB: bad gateway, and the connection ends long before', async () => {
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
    let arrived = 0;
    const waiting: ServerResponse[] = [];
    const outcomes = await askEverything((_arrived, response) => {
      waiting.push(response);
      // All calls have read the table by then, which has to answer in time and is in this process.
      if (++arrived >= upstreamCalls.length) for (const each of waiting.splice(0)) pour(each);
    });
    expect(answers(outcomes)).toEqual(expected('502 badGateway'));
    expectArrivals(outcomes, () => 1);
    expect(written / outcomes.length).toBeLessThan(12 * 1024 * 1024);
  });

  test('30,000 brackets: bad gateway, and not asked again', async () => {
    const fields = '"id":1,"type":"qwac","code":"a","token":"a","auth_token":"a","access_token":"a","jwt_token":"a"';
    const deep = `{${fields},"users":[],"deep":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    const outcomes = await askEverything(json200(deep));
    expect(answers(outcomes)).toEqual(expected('502 badGateway', emptyIsDone));
    expectArrivals(outcomes, () => 1);
  });

  test('204 where there has to be something: bad gateway', async () => {
    const outcomes = await askEverything((_arrived, response) => response.writeHead(204).end());
    const all = expected('502 badGateway', (call) => (call.operation.endsWith('delete') ? '204 undefined' : undefined));
    // Who `me` is was asked first, and not answered.
    expect(answers(outcomes)).toEqual({ ...all, 'DELETE /users/me by token': '502 badGateway' });
  });

  test.each<[string, string]>([
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['a status that is none', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['a header that is none', 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    ],
    ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n'],
  ])('%s: bad gateway', async (_what, bytes) => {
    const outcomes = await askEverything((_arrived, _response, socket) => socket.end(bytes));
    expect(answers(outcomes)).toEqual(expected('502 badGateway'));
    expectRestraint(outcomes);
  });

  test('a megabyte of headers: bad gateway', async () => {
    const outcomes = await askEverything((_arrived, _response, socket) =>
      socket.end(`HTTP/1.1 200 OK\r\n${`X-Filler: ${'a'.repeat(1000)}\r\n`.repeat(1000)}\r\n{}`),
    );
    expect(answers(outcomes)).toEqual(expected('502 badGateway'));
    expectRestraint(outcomes);
  });
});

describe('a redirect is not followed', () => {
  test.each([301, 302, 303, 307, 308])('%i: bad gateway, and nothing arrives elsewhere', async (status) => {
    const elsewhere = `${hostile.url}/elsewhere`;
    const outcomes = await askEverything((_arrived, response) =>
      response.writeHead(status, { location: elsewhere }).end(),
    );
    expect(answers(outcomes)).toEqual({ ...expected('502 badGateway'), 'GET /webauth': '302 undefined' });
    expectArrivals(outcomes, () => 1);
    expect(outcomes.flatMap(({ arrived }) => arrived).filter(({ path }) => path.includes('elsewhere'))).toEqual([]);
  });

  test.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'http://', '//', 'app://x'])(
    'the browser is not sent to %s',
    async (location) => {
      hostile.behave = (_arrived, response) => response.writeHead(302, { location }).end();
      const call = upstreamCalls.find(([name]) => name === 'GET /webauth')?.[1];
      const answer = await gateway.withUpstream(hostile.url, () =>
        invokeHandler(...(call?.request(world) ?? ['GET', '/', {}])),
      );
      expect(answer.headers).not.toHaveProperty('location');
      expect(answer).toMatchObject({ status: 502, body: { code: 'badGateway' } });
    },
  );
});

const answering = (status: number, body: unknown, headers: Record<string, string> = {}): Behaviour => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return (_arrived, response) => response.writeHead(status, headers).end(text);
};

describe('a failure that upstream admits', () => {
  test.each([500, 502, 504])('%i as a page: bad gateway, reads and deletes repeated once', async (status) => {
    const outcomes = await askEverything(answering(status, '<html></html>', { 'content-type': 'text/html' }));
    expect(answers(outcomes)).toEqual(expected('502 badGateway'));
    expectRestraint(outcomes);
    expectArrivals(outcomes, asOftenAsMay);
  });

  test('500 in the envelope: bad gateway with its code', async () => {
    const outcomes = await askEverything(answering(500, { code: 'bug', description: 'It broke.' }));
    expect(answers(outcomes)).toEqual(expected('502 bug'));
    expectRestraint(outcomes);
    expectArrivals(outcomes, asOftenAsMay);
  });

  test.each([
    [429, '7', '7', 'tooManyRequests'],
    [429, undefined, '5', 'tooManyRequests'],
    [429, 'tomorrow', '5', 'tooManyRequests'],
    [429, '99999', '3600', 'tooManyRequests'],
    [503, '0', '1', 'unavailable'],
    [503, undefined, '5', 'unavailable'],
  ])(
    '%i with Retry-After %j: passed on with whole seconds, and not repeated',
    async (status, header, seconds, code) => {
      const headers: Record<string, string> = header === undefined ? {} : { 'retry-after': header };
      const outcomes = await askEverything(answering(status, '', headers));
      expect(answers(outcomes)).toEqual(expected(`${status} ${code}`));
      for (const { name, answer } of outcomes) expect(answer.headers['retry-after'], `of ${name}`).toBe(seconds);
      expectArrivals(outcomes, () => 1);
    },
  );

  test.each([400, 403, 404, 405, 418])('%i as a page: bad gateway, not the partner’s own mistake', async (status) => {
    const outcomes = await askEverything(answering(status, '<html></html>', { 'content-type': 'text/html' }));
    expect(answers(outcomes)).toEqual(expected('502 badGateway'));
    expectArrivals(outcomes, () => 1);
  });

  test('401: unavailable where the gateway signed, never upstream’s words; a caller’s own token gets them', async () => {
    const words = { code: 'invalidClient', description: 'words of upstream', message: 'more words' };
    const outcomes = await askEverything(answering(401, words));
    expect(answers(outcomes)).toEqual(
      expected('503 unavailable', ({ attaches }) => (attaches === 'own' ? undefined : '401 invalidClient')),
    );
    for (const { name, call, answer } of outcomes) {
      expect(answer.text.includes('words'), `of ${name}`).toBe(call.attaches !== 'own');
    }
    expectArrivals(outcomes, () => 1);
  });

  test('403 forbidden: passed on, whoever signed', async () => {
    const outcomes = await askEverything(answering(403, { code: 'forbidden', description: 'Not this.' }));
    expect(answers(outcomes)).toEqual(expected('403 forbidden'));
    expectArrivals(outcomes, () => 1);
  });
});

test('a user that upstream has forgotten is missing, not broken, and stays the partner’s until it is deleted', async () => {
  hostile.behave = (_arrived, response) => response.writeHead(404).end(JSON.stringify({ code: 'notFound' }));
  const key = authorization(world.partner.client_secret);
  const path = `/users/${world.user.id}`;
  await gateway.withUpstream(hostile.url, async () => {
    for (const [method, at] of [
      ['GET', path],
      ['DELETE', path],
    ] as const) {
      expect(await invokeHandler(method, at, key)).toMatchObject({ status: 404, body: { code: 'notFound' } });
    }
    const jwt = json({ ...world.partner, id_user: world.user.id });
    expect(await invokeHandler('POST', '/auth/jwt', jwt)).toMatchObject({ status: 404, body: { code: 'notFound' } });
  });
  expect(await invokeHandler('GET', path, key)).toMatchObject({ status: 200 });
});
