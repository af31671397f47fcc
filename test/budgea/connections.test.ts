import { createSecureServer } from 'node:http2';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AuthenticationApi, Configuration } from '#lib/budgea/authentication-api.ts';
import { preconnectTo } from '#lib/budgea/send.ts';
import { selfSigned } from './certificate.ts';
import { json, serversForThisFile, type Answer } from './scripted-server.ts';

const startServer = serversForThisFile();
const created = json({ auth_token: 't' });

function apiAt(basePath: string): AuthenticationApi {
  return new AuthenticationApi(new Configuration({ basePath }));
}

function ahead(basePath: string): void {
  preconnectTo(new Configuration({ basePath }));
}

/** Answers the first request of each connection; a later one finds out that the connection is dead. */
function onceAConnection(): Answer {
  const used = new WeakSet();
  return (socket, request) => {
    if (used.has(socket)) return void socket.resetAndDestroy();
    used.add(socket);
    created(socket, request);
  };
}

describe('a connection', () => {
  test('is kept for the calls that follow, whichever client makes them', async () => {
    const server = await startServer([created]);
    for (let call = 0; call < 5; call++) await apiAt(server.url).authInitPost();
    expect(server.received).toHaveLength(5);
    expect(server.connections).toBe(1);
  });

  test('carries one request at a time', async () => {
    const answers: (() => void)[] = [];
    const server = await startServer([(socket, request) => void answers.push(() => created(socket, request))]);
    const calls = [apiAt(server.url).authInitPost(), apiAt(server.url).authInitPost()];
    await expect.poll(() => answers.length).toBe(2);
    for (const answer of answers) answer();
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

describe('a connection that is opened ahead', () => {
  test('is the first call’s, while it opens and once it is open', async () => {
    const [opening, open] = [await startServer([created]), await startServer([created])];
    ahead(open.url);
    await expect.poll(() => open.connections).toBe(1);
    ahead(opening.url);
    for (const { url } of [opening, open, opening, open]) await apiAt(url).authInitPost();
    expect([opening.connections, open.connections]).toEqual([1, 1]);
  });

  test('is one, however often it is asked for, and none when there is one', async () => {
    const server = await startServer([created]);
    ahead(server.url);
    ahead(server.url);
    await apiAt(server.url).authInitPost();
    ahead(server.url);
    await apiAt(server.url).authInitPost();
    expect(server.connections).toBe(1);
  });

  test('carries one request at a time', async () => {
    const answers: (() => void)[] = [];
    const server = await startServer([(socket, request) => void answers.push(() => created(socket, request))]);
    ahead(server.url);
    const calls = [apiAt(server.url).authInitPost(), apiAt(server.url).authInitPost()];
    await expect.poll(() => answers.length).toBe(2);
    for (const answer of answers) answer();
    await Promise.all(calls);
    expect(server.connections).toBe(2);
  });

  test('and that the server closes again is not used', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const server = await startServer([created], {
      onConnection: (socket, count) => {
        if (count === 1) socket.once('close', () => resolve()).end();
      },
    });
    ahead(server.url);
    await closed;
    await apiAt(server.url).authInitPost();
    expect(server).toMatchObject({ connections: 2 });
    expect(server.received).toHaveLength(1);
  });

  test.each([2_500, -2_500, 60_000])('is not used after timers stood still for %d ms', async (pause) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const server = await startServer([created]);
    ahead(server.url);
    await expect.poll(() => server.connections).toBe(1);
    await setImmediate();
    vi.setSystemTime(Date.now() + pause);
    await apiAt(server.url).authInitPost();
    vi.useRealTimers();
    expect(server.connections).toBe(2);
  });

  test('ends when nobody uses it', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const server = await startServer([created], {
      onConnection: (socket) => void socket.once('close', () => resolve()),
    });
    ahead(server.url);
    await closed;
    expect(server.connections).toBe(1);
  });
});

test('an answer may begin with a byte order mark', async () => {
  const server = await startServer([
    (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\n\ufeff{"auth_token": "t"}'),
  ]);
  await expect(apiAt(server.url).authInitPost()).resolves.toEqual({ auth_token: 't' });
});

test('a call that ends while it waits for a connection ends at once, and is never sent', async () => {
  const mostConnections = 64;
  const answers: (() => void)[] = [];
  const hold: Answer = (socket, request) => void answers.push(() => created(socket, request));
  const server = await startServer([...Array.from({ length: mostConnections }, () => hold), created]);
  const calls = Array.from({ length: mostConnections }, () => apiAt(server.url).authInitPost());
  await expect.poll(() => answers.length).toBe(mostConnections);
  const controller = new AbortController();
  const late = apiAt(server.url).authInitPost({}, { signal: controller.signal });
  controller.abort();
  await expect(late).rejects.toMatchObject({ failure: 'aborted' });
  for (const answer of answers) answer();
  await Promise.all(calls);
  await apiAt(server.url).authInitPost({ client_id: 1 });
  expect(server.received.map(({ body }) => body)).toEqual([...Array.from(calls, () => ''), 'client_id=1']);
});

describe('after a pause in which timers stood still', () => {
  afterEach(() => vi.useRealTimers());

  test.each([
    ['a minute later', 60_000],
    ['with a clock that went back', -60_000],
  ])('a creating call gets a fresh connection %s', async (_, jump) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const server = await startServer([onceAConnection()]);
    const api = apiAt(server.url);
    await api.authInitPost();
    vi.setSystemTime(Date.now() + jump);
    await expect(api.authInitPost()).resolves.toEqual({ auth_token: 't' });
    expect(server).toMatchObject({ connections: 2 });
    expect(server.received).toHaveLength(2);
  });

  test('without one, the dead connection is found out, and nothing is sent twice', async () => {
    const server = await startServer([onceAConnection()]);
    const api = apiAt(server.url);
    await api.authInitPost();
    await expect(api.authInitPost()).rejects.toMatchObject({ failure: 'broken', sent: true });
    expect(server.received).toHaveLength(2);
  });

  test('a running call ends well on the old connection', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const late: Answer = (socket, request) => {
      arrive();
      void released.then(() => created(socket, request));
    };
    const server = await startServer([late, created]);
    const running = apiAt(server.url).authInitPost();
    await arrived;
    vi.setSystemTime(Date.now() + 60_000);
    await apiAt(server.url).authInitPost();
    release();
    await expect(running).resolves.toEqual({ auth_token: 't' });
    expect(server.connections).toBe(2);
  });
});

describe('with TLS', () => {
  const trusted = selfSigned('127.0.0.1');
  const wrongName = selfSigned('budgea.test');
  const authorities = getCACertificates('default');
  const trust = (...certificates: string[]) => setDefaultCACertificates([...authorities, ...certificates]);
  afterEach(() => trust());

  test('a certificate that nobody vouches for ends the call, and is not tried again', async () => {
    const server = await startServer([created], { tls: selfSigned('127.0.0.1') });
    const call = apiAt(server.url).authInitPost();
    await expect(call).rejects.toMatchObject({ failure: 'tls', sent: false });
    await expect(call).rejects.toThrow('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(server).toMatchObject({ connections: 1, received: [] });
  });

  test('so does a certificate for another name', async () => {
    trust(wrongName.cert);
    const server = await startServer([created], { tls: wrongName });
    await expect(apiAt(server.url).authInitPost()).rejects.toMatchObject({ failure: 'tls', sent: false });
    expect(server).toMatchObject({ connections: 1, received: [] });
  });

  test('so does a server that speaks none', async () => {
    const server = await startServer([created], {
      onConnection: (socket) => void socket.end('HTTP/1.1 400 No\r\n\r\n'),
    });
    const call = apiAt(server.url.replace('http:', 'https:')).authInitPost();
    await expect(call).rejects.toMatchObject({ failure: 'tls', sent: false });
    expect(server.connections).toBe(1);
  });

  test('a handshake that breaks is tried again even by a creating call, as nothing has left', async () => {
    trust(trusted.cert);
    const server = await startServer([created], {
      tls: trusted,
      onConnection: (socket, count) => void (count === 1 && socket.resetAndDestroy()),
    });
    await expect(apiAt(server.url).authInitPost()).resolves.toEqual({ auth_token: 't' });
    expect(server.connections).toBe(2);
    expect(server.received).toHaveLength(1);
  });

  test.each(['fails, is replaced', 'is asked for meanwhile and then fails, is replaced'])(
    'a connection that is opened ahead and %s',
    async (when) => {
      trust(trusted.cert);
      const { promise: broken, resolve } = Promise.withResolvers<void>();
      const server = await startServer([created], {
        tls: trusted,
        onConnection: (socket, count) => {
          if (count === 1) socket.once('close', () => resolve()).resetAndDestroy();
        },
      });
      ahead(server.url);
      if (when === 'fails, is replaced') await broken.then(() => setImmediate());
      await expect(apiAt(server.url).authInitPost()).resolves.toEqual({ auth_token: 't' });
      expect(server.connections).toBe(2);
      expect(server.received).toHaveLength(1);
    },
  );

  test('one that is opened ahead is the first call’s', async () => {
    trust(trusted.cert);
    const server = await startServer([created], { tls: trusted });
    ahead(server.url);
    await expect.poll(() => server.connections).toBe(1);
    for (let call = 0; call < 2; call++) await apiAt(server.url).authInitPost();
    expect(server.connections).toBe(1);
  });

  test('a delete that never left is not done when the second finds nothing', async () => {
    trust(trusted.cert);
    const server = await startServer([json({ code: 'notFound' }, 404)], {
      tls: trusted,
      onConnection: (socket, count) => void (count === 1 && socket.resetAndDestroy()),
    });
    await expect(apiAt(server.url).usersIdUserDelete(7)).rejects.toMatchObject({ status: 404 });
  });

  test('HTTP/1.1 is spoken even where HTTP/2 is offered', async () => {
    trust(trusted.cert);
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
