import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { AuthenticationApi, Configuration, TransportError, type Timeouts } from '#lib/budgea/authentication-api.ts';
import {
  bytes,
  hangUp,
  head,
  json,
  reset,
  respond,
  serversForThisFile,
  stall,
  type Answer,
} from './scripted-server.ts';

const startServer = serversForThisFile();
const mebibyte = 1024 * 1024;
const chunked = head(200, { 'transfer-encoding': 'chunked' });
const secret = 'Zm9vYmFy+c2VjcmV0/1234567890==';

function apiAt(basePath: string, timeouts: Partial<Timeouts> = {}): AuthenticationApi {
  return new AuthenticationApi(new Configuration({ basePath, apiKey: secret, timeouts }));
}

/** Returns the error of a call that creates a token, at a server with this answer. */
async function failure(answer: Answer, timeouts?: Partial<Timeouts>): Promise<unknown> {
  const { url } = await startServer([answer]);
  return apiAt(url, timeouts)
    .usersIdUserTokenPost('me', 'sharedAccess')
    .catch((error: unknown) => error);
}

describe('without a valid response', () => {
  const ok = head(200, { 'content-length': '5' });

  test.each<[string, string, Answer]>([
    ['a reset after the request', 'broken', reset],
    ['a connection that ends without a response', 'broken', hangUp],
    ['a body that ends early', 'broken', (socket) => void socket.end(`${ok}{}`)],
    ['chunks that end early', 'broken', (socket) => void socket.end(`${chunked}2\r\n{}\r\n`)],
    ['a switch of protocols', 'broken', bytes(head(101, { connection: 'upgrade', upgrade: 'other' }))],
    ['an unexpected 100 response', 'broken', bytes(head(100, {}))],
    ['another protocol', 'malformed', bytes('SSH-2.0-OpenSSH_9.2\r\n')],
    ['a header without a colon', 'malformed', bytes('HTTP/1.1 200 OK\r\nno colon\r\n\r\n')],
    ['a header with a control character', 'malformed', bytes('HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n')],
    ['an invalid chunk length', 'malformed', bytes(`${chunked}zz\r\n`)],
    ['endless headers', 'too-large', bytes(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}`)],
    ['an HTML page', 'malformed', respond(200, '<html></html>', { 'content-type': 'text/html' })],
    ['an empty body', 'malformed', respond(200)],
    ['204', 'malformed', respond(204)],
    ['null', 'malformed', json(null)],
    ['an array', 'malformed', json([])],
    ['a string', 'malformed', json('token')],
    ['an object without the token', 'malformed', json({})],
    ['a token that is a number', 'malformed', json({ token: 1 })],
    ['a compressed body', 'malformed', respond(200, gzipSync('{"token":"t"}'), { 'content-encoding': 'gzip' })],
  ])('because of %s, the failure is %s', async (_, expected, answer) => {
    const error = await failure(answer);
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ failure: expected, sent: true });
  });

  test('because of a reset before the request is read, the failure is broken', async () => {
    const server = await startServer([], {
      onConnection: (socket) => void socket.once('readable', () => socket.resetAndDestroy()),
    });
    const call = apiAt(server.url).usersIdUserTokenPost('me', 'sharedAccess');
    await expect(call).rejects.toMatchObject({ failure: 'broken', sent: true });
    expect(server).toMatchObject({ connections: 1, received: [] });
  });

  test('because of a refused connection, the call is retried once', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo; // Neither a pipe nor closed.
    await once(closed.close(), 'close');
    let attempts = 0;
    const count = () => void attempts++;
    subscribe('undici:client:connectError', count);
    const call = apiAt(`http://127.0.0.1:${port}`).usersIdUserTokenPost('me', 'sharedAccess');
    await expect(call).rejects.toMatchObject({ failure: 'unreachable', sent: false });
    unsubscribe('undici:client:connectError', count);
    expect(attempts).toBe(2);
  });

  test('because of an invalid host name, the failure is unreachable', async () => {
    // A label over 63 characters is rejected without a DNS query.
    const call = apiAt(`http://${'x'.repeat(64)}.test`).usersIdUserGet('me');
    await expect(call).rejects.toMatchObject({ failure: 'unreachable', sent: false });
  });
});

/** Writes a text every 10 ms until the connection closes. */
function repeat(text: string): Answer {
  return (socket) => {
    const timer = setInterval(() => socket.write(text), 10);
    socket.on('close', () => clearInterval(timer));
  };
}

const drip: Answer = (socket, request) => {
  bytes(chunked)(socket, request);
  repeat('1\r\n \r\n')(socket, request);
};

describe.concurrent('a call times out', () => {
  test.each<[string, Answer, Partial<Timeouts>]>([
    ['before the headers', stall, { headers: 50 }],
    ['before the rest of the body', bytes(`${head(200, { 'content-length': '9' })}{"`), { headers: 50 }],
    ['while the body arrives slowly', drip, { total: 150 }],
    ['while only informational responses arrive', repeat(head(103, {})), { total: 150 }],
  ])('%s', async (_, answer, timeouts) => {
    expect(await failure(answer, timeouts)).toMatchObject({ failure: 'timeout', sent: true });
  });

  test('before TLS starts, and is retried once because nothing was sent', async (context) => {
    const server = await startServer([stall]);
    const call = apiAt(server.url.replace('http:', 'https:'), { connect: 50 }).authInitPost();
    await expect(call).rejects.toMatchObject({ failure: 'timeout', sent: false });
    await context.expect.poll(() => server.connections).toBe(2);
    expect(server.received).toEqual([]);
  });

  test('by the caller’s signal', async () => {
    const { url } = await startServer([stall]);
    const call = apiAt(url).usersIdUserGet('me', {}, { signal: AbortSignal.timeout(50) });
    await expect(call).rejects.toMatchObject({ failure: 'timeout', sent: true });
  });

  test.each([secret, Object.assign(new Error(secret), { code: secret })])(
    'when the caller aborts, without the caller’s reason in the error',
    async (reason) => {
      const controller = new AbortController();
      const { url } = await startServer([() => controller.abort(reason)]);
      const error = await apiAt(url)
        .authInitPost({}, { signal: controller.signal })
        .catch((caught: unknown) => caught);
      expect(error).toMatchObject({ failure: 'aborted', sent: true });
      expect(inspect(error, { showHidden: true })).not.toContain(secret);
    },
  );
});

describe('the size of a response', () => {
  test('can be 1 MiB', async () => {
    const token = 'x'.repeat(mebibyte - '{"token":""}'.length);
    const { url } = await startServer([json({ token })]);
    await expect(apiAt(url).usersIdUserTokenPost('me', 'a')).resolves.toEqual({ token });
  });

  test('cannot be a byte more', async () => {
    const error = await failure(json({ token: 'x'.repeat(mebibyte + 1 - '{"token":""}'.length) }));
    expect(error).toMatchObject({ failure: 'too-large', sent: true });
  });

  test.each([
    ['with a length', { 'content-length': String(60 * mebibyte) }],
    ['until the connection ends', { connection: 'close' }],
  ])('of 60 MiB %s stops the read soon after the limit', async (_, headers) => {
    const sockets = await socketsDuring(async () => {
      const error = await failure((socket) => {
        socket.write(head(200, headers));
        pour(socket, 60);
      });
      expect(error).toMatchObject({ failure: 'too-large', sent: true });
    });
    expect(sockets).toHaveLength(1);
    expect(sockets[0]?.destroyed).toBe(true);
    expect(sockets[0]?.bytesRead).toBeLessThan(1.25 * mebibyte);
  });
});

describe('an error response', () => {
  test('that is an HTML page has its text and no code', async () => {
    const error = await failure(respond(502, '<h1>Bad Gateway</h1>', { 'content-type': 'text/html' }));
    expect(error).toMatchObject({ name: 'ApiError', status: 502, code: undefined, body: '<h1>Bad Gateway</h1>' });
  });

  test('has its headers, with repeated ones joined', async () => {
    const error = await failure(
      bytes('HTTP/1.1 429 No\r\nRetry-After: 7\r\nVia: a\r\nvia: b\r\ncontent-length: 0\r\n\r\n'),
    );
    expect(error).toMatchObject({ status: 429, headers: { 'retry-after': '7', via: 'a, b' } });
  });

  test('can be a redirect, which is not followed', async () => {
    const server = await startServer([respond(302, '', { location: '/2.0/elsewhere' })]);
    await expect(apiAt(server.url).usersIdUserGet('me')).rejects.toMatchObject({
      status: 302,
      headers: { location: '/2.0/elsewhere' },
    });
    expect(server.received).toHaveLength(1);
  });
});

describe('no secret is shown', () => {
  const escaped = secret.replaceAll('/', String.raw`\/`);

  test.each<[string, Answer]>([
    ['a body that repeats it', json({ code: 'invalidToken', description: `bad token ${secret}` }, 403)],
    ['a code that repeats it', json({ code: secret }, 403)],
    ['a code that quotes it', json({ code: `bad ${secret}`, message: secret }, 400)],
    ['a page that repeats it', respond(500, `<pre>${secret}</pre>`)],
    ['headers that repeat it', respond(401, '', { 'x-echo': secret, 'www-authenticate': secret })],
    ['a redirect that repeats it', respond(302, '', { location: `/?token=${secret}` })],
    ['a success that does not match the specification', json({ tokens: [secret] })],
    ['bytes that are not HTTP', bytes(`${secret}\r\n\r\n`)],
    ['an invalid header', bytes(`HTTP/1.1 200 OK\r\n${secret}\r\n\r\n`)],
    ['a body that ends early', (socket) => void socket.end(`${head(200, { 'content-length': '999' })}${secret}`)],
    ['a reset', reset],
  ])('in the error for %s', async (_, answer) => {
    const error = await failure(answer);
    expect(error).toBeInstanceOf(Error);
    const shown = [
      inspect(error, { depth: Infinity, showHidden: true }),
      JSON.stringify(error),
      String(error),
      JSON.stringify(Object.assign({}, error)),
    ].join('\n');
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain(escaped);
    expect(shown).toContain('users_id_user_token_post');
  });
});

function pour(socket: Socket, times: number): void {
  if (times > 0 && !socket.destroyed) socket.write(Buffer.alloc(mebibyte, ' '), () => pour(socket, times - 1));
}

/** Returns the sockets that undici reports during a call. */
async function socketsDuring(during: () => Promise<void>): Promise<Socket[]> {
  const sockets: Socket[] = [];
  const add = (message: unknown) => void sockets.push((message as { socket: Socket }).socket); // undici's documented message.
  subscribe('undici:client:connected', add);
  await during();
  unsubscribe('undici:client:connected', add);
  return sockets;
}
