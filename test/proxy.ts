import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request on its way through a proxy. */
export interface Passing {
  method: string;
  /** With the query. */
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** What the server behind the proxy answered, or what the proxy answers in its place; `broken` ends the connection without an answer. */
export type Passed = { status: number; headers: Record<string, string>; body: string } | 'broken';

/** What a proxy does with a request: `forward` lets the server do its part. */
export type Meddle = (request: Passing, forward: () => Promise<Exclude<Passed, 'broken'>>) => Promise<Passed>;

/** A proxy that answers. */
export interface RunningProxy {
  /** The origin, `http://127.0.0.1:PORT`. */
  url: string;
  close(): Promise<void>;
}

/** Starts a proxy on loopback; `originOf` says which server a request is for, `meddle` what becomes of it. */
export async function startProxy(originOf: (request: Passing) => string, meddle: Meddle): Promise<RunningProxy> {
  const server = createServer((incoming, response) => {
    pass(incoming).then(
      (answer) => (answer === 'broken' ? response.destroy() : send(response, answer)),
      // The server behind broke the connection, and so does this one.
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };

  async function pass(incoming: IncomingMessage): Promise<Passed> {
    const request = await read(incoming);
    return meddle(request, () => forward(originOf(request), request));
  }
}

function send(response: ServerResponse, { status, headers, body }: Exclude<Passed, 'broken'>): void {
  response.writeHead(status, headers).end(body);
}

async function read(incoming: IncomingMessage): Promise<Passing> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

const agent = new Agent({ keepAlive: true });

/** Not with `fetch`, which takes several times as long, and most of a test's calls come this way. */
async function forward(origin: string, { method, path, headers, body }: Passing) {
  const { host: _host, connection: _connection, ...kept } = headers;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  httpRequest(origin + path, { method, headers: kept, agent }, resolve)
    .on('error', reject)
    .end(body);
  const answer = await promise;
  const { headers: answered, body: text } = await read(answer);
  for (const name of ['connection', 'keep-alive', 'content-length', 'transfer-encoding']) delete answered[name];
  return { status: answer.statusCode ?? 0, headers: answered, body: text };
}
