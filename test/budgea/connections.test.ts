import { createSecureServer } from 'node:http2';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AuthenticationApi, Configuration } from '#lib/budgea/authentication-api.ts';
import { preconnectTo } from '#lib/budgea/send.ts';
import { selfSigned } from './certificate.ts';
import { json, serversForThisFile, type Answer } from './scripted-server.ts';

const startServer = serversForThisFile();
const token = { auth_token: 't' };
const created = json(token);
const apiAt = (basePath: string) => new AuthenticationApi(new Configuration({ basePath }));
const preconnect = (basePath: string) => preconnectTo(new Configuration({ basePath }));

/** Returns an answer that waits until the test releases all of them. */
function delayed() {
  const waiting: (() => void)[] = [];
  const answer: Answer = (socket, request) => void waiting.push(() => created(socket, request));
  const release = () => waiting.forEach((send) => send());
  return { waiting, answer, release };
}

/** Starts a server whose first connection a test breaks, and resolves `closed` when it is closed. */
async function startWithFirst(breakFirst: (socket: Socket) => void, options = {}, answer = created) {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const server = await startServer([answer], {
    ...options,
    onConnection(socket, count) {
      if (count === 1) breakFirst(socket.once('close', () => resolve()));
    },
  });
  return { server, closed };
}

/** A server with two connections, of which only the second received a request. */
const replaced = { connections: 2, received: [expect.anything()] };

/** Answers the first request of each connection and resets the connection at a second one. */
function oncePerConnection(): Answer {
  const used = new WeakSet();
  return (socket, request) => {
    if (used.has(socket)) return void socket.resetAndDestroy();
    used.add(socket);
    created(socket, request);
  };
}

describe('a connection', () => {
  test('is reused by later calls of any client', async () => {
    const server = await startServer([created]);
    for (let call = 0; call < 5; call++) await apiAt(server.url).authInitPost();
    expect(server.received).toHaveLength(5);
    expect(server.connections).toBe(1);
  });

  test.each([false, true])('carries one request at a time (opened in advance: %j)', async (isEarly) => {
    const { waiting, answer, release } = delayed();
    const server = await startServer([answer]);
    if (isEarly) preconnect(server.url);
    const calls = [apiAt(server.url).authInitPost(), apiAt(server.url).authInitPost()];
    await expect.poll(() => waiting.length).toBe(2);
    release();
    await Promise.all(calls);
    expect(server.connections).toBe(2);
  });

  test('that the server closes is replaced', async () => {
    const server = await startServer([
      (socket, request) => {
        created(socket, request);
        socket.end();
      },
    ]);
    for (let call = 0; call < 3; call++) await apiAt(server.url).authInitPost();
    expect(server.connections).toBe(3);
  });
});

describe('a connection that is opened in advance', () => {
  test('is used by the first call, while it opens and once it is open', async () => {
    const [opening, open] = [await startServer([created]), await startServer([created])];
    preconnect(open.url);
    await expect.poll(() => open.connections).toBe(1);
    preconnect(opening.url);
    for (const { url } of [opening, open, opening, open]) await apiAt(url).authInitPost();
    expect([opening.connections, open.connections]).toEqual([1, 1]);
  });

  test('is opened once, and not when there is one', async () => {
    const server = await startServer([created]);
    preconnect(server.url);
    preconnect(server.url);
    await apiAt(server.url).authInitPost();
    preconnect(server.url);
    await apiAt(server.url).authInitPost();
    expect(server.connections).toBe(1);
  });

  test('is not used once the server has closed it', async () => {
    const { server, closed } = await startWithFirst((socket) => socket.end());
    preconnect(server.url);
    await closed;
    await apiAt(server.url).authInitPost();
    expect(server).toMatchObject(replaced);
  });

  test.each([2_500, -2_500, 60_000])('is not used after timers paused for %d ms', async (pause) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const server = await startServer([created]);
    preconnect(server.url);
    await expect.poll(() => server.connections).toBe(1);
    await setImmediate();
    vi.setSystemTime(Date.now() + pause);
    await apiAt(server.url).authInitPost();
    vi.useRealTimers();
    expect(server.connections).toBe(2);
  });

  test('closes if it is not used', async () => {
    const { server, closed } = await startWithFirst(() => undefined);
    preconnect(server.url);
    await closed;
    expect(server.connections).toBe(1);
  });
});

test('a response may begin with a byte order mark', async () => {
  const server = await startServer([
    (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\n\ufeff{"auth_token": "t"}'),
  ]);
  await expect(apiAt(server.url).authInitPost()).resolves.toEqual(token);
});

test('a call that is aborted while it waits for a connection ends at once and is never sent', async () => {
  const maxConnections = 64;
  const { waiting, answer, release } = delayed();
  const server = await startServer([...Array.from({ length: maxConnections }, () => answer), created]);
  const calls = Array.from({ length: maxConnections }, () => apiAt(server.url).authInitPost());
  await expect.poll(() => waiting.length).toBe(maxConnections);
  const controller = new AbortController();
  const late = apiAt(server.url).authInitPost({}, { signal: controller.signal });
  controller.abort();
  await expect(late).rejects.toMatchObject({ failure: 'aborted' });
  release();
  await Promise.all(calls);
  await apiAt(server.url).authInitPost({ client_id: 1 });
  expect(server.received.map(({ body }) => body)).toEqual([...Array.from(calls, () => ''), 'client_id=1']);
});

describe('after a pause of all timers', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  test.each([
    ['a minute later', 60_000],
    ['with a clock that was set back', -60_000],
  ])('a creating call opens another connection %s', async (_, pause) => {
    const server = await startServer([oncePerConnection()]);
    const api = apiAt(server.url);
    await api.authInitPost();
    vi.setSystemTime(Date.now() + pause);
    await expect(api.authInitPost()).resolves.toEqual(token);
    expect(server.connections).toBe(2);
    expect(server.received).toHaveLength(2);
  });

  test('of no length, the dead connection breaks the call, and nothing is sent twice', async () => {
    const server = await startServer([oncePerConnection()]);
    const api = apiAt(server.url);
    await api.authInitPost();
    await expect(api.authInitPost()).rejects.toMatchObject({ failure: 'broken', sent: true });
    expect(server.received).toHaveLength(2);
  });

  test('a running call succeeds on the old connection', async () => {
    const { waiting, answer, release } = delayed();
    const server = await startServer([answer, created]);
    const running = apiAt(server.url).authInitPost();
    await expect.poll(() => waiting.length).toBe(1);
    vi.setSystemTime(Date.now() + 60_000);
    await apiAt(server.url).authInitPost();
    release();
    await expect(running).resolves.toEqual(token);
    expect(server.connections).toBe(2);
  });
});

describe('with TLS', () => {
  const trusted = selfSigned('127.0.0.1');
  const wrongName = selfSigned('budgea.test');
  const authorities = getCACertificates('default');
  beforeEach(() => setDefaultCACertificates([...authorities, trusted.cert, wrongName.cert]));
  afterEach(() => setDefaultCACertificates(authorities));

  test('an untrusted certificate fails the call, without a retry', async () => {
    const server = await startServer([created], { tls: selfSigned('127.0.0.1') });
    const call = apiAt(server.url).authInitPost();
    await expect(call).rejects.toMatchObject({ failure: 'tls', sent: false });
    await expect(call).rejects.toThrow('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(server).toMatchObject({ connections: 1, received: [] });
  });

  test('a certificate for another name fails the call, without a retry', async () => {
    const server = await startServer([created], { tls: wrongName });
    await expect(apiAt(server.url).authInitPost()).rejects.toMatchObject({ failure: 'tls', sent: false });
    expect(server).toMatchObject({ connections: 1, received: [] });
  });

  test('a server without TLS fails the call, without a retry', async () => {
    const { server } = await startWithFirst((socket) => socket.end('HTTP/1.1 400 No\r\n\r\n'));
    const call = apiAt(server.url.replace('http:', 'https:')).authInitPost();
    await expect(call).rejects.toMatchObject({ failure: 'tls', sent: false });
    expect(server.connections).toBe(1);
  });

  test('a broken handshake is retried even by a creating call, because nothing was sent', async () => {
    const { server } = await startWithFirst((socket) => socket.resetAndDestroy(), { tls: trusted });
    await expect(apiAt(server.url).authInitPost()).resolves.toEqual(token);
    expect(server).toMatchObject(replaced);
  });

  test.each(['before', 'after'])(
    'a connection that is opened in advance and breaks %s the call is replaced',
    async (when) => {
      const { server, closed } = await startWithFirst((socket) => socket.resetAndDestroy(), { tls: trusted });
      preconnect(server.url);
      if (when === 'before') await closed.then(() => setImmediate());
      await expect(apiAt(server.url).authInitPost()).resolves.toEqual(token);
      expect(server).toMatchObject(replaced);
    },
  );

  test('a connection that is opened in advance is used by the first call', async () => {
    const server = await startServer([created], { tls: trusted });
    preconnect(server.url);
    await expect.poll(() => server.connections).toBe(1);
    for (let call = 0; call < 2; call++) await apiAt(server.url).authInitPost();
    expect(server.connections).toBe(1);
  });

  test('a delete that was not sent has not succeeded when the retry returns 404', async () => {
    const notFound = json({ code: 'notFound' }, 404);
    const { server } = await startWithFirst((socket) => socket.resetAndDestroy(), { tls: trusted }, notFound);
    await expect(apiAt(server.url).usersIdUserDelete(7)).rejects.toMatchObject({ status: 404 });
  });

  test('HTTP/1.1 is used even if the server offers HTTP/2', async () => {
    const versions: string[] = [];
    const server = createSecureServer({ ...trusted, allowHTTP1: true }, (request, response) => {
      versions.push(request.httpVersion);
      response.end('{"auth_token":"t"}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
    await apiAt(`https://127.0.0.1:${port}`).authInitPost();
    expect(versions).toEqual(['1.1']);
    server.close();
  });
});
