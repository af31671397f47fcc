import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a proxy received. */
export interface ProxyRequest {
  method: string;
  /** With the query. */
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** The response of the server or of the proxy in its place; `broken` closes the connection without a response. */
export type ProxyResponse = { status: number; headers: Record<string, string>; body: string } | 'broken';

/** Handles a request. `forward` sends it to the server and returns the server's response. */
export type Intercept = (
  request: ProxyRequest,
  forward: () => Promise<Exclude<ProxyResponse, 'broken'>>,
) => Promise<ProxyResponse>;

/** A running proxy. */
export interface RunningProxy {
  /** The origin, `http://127.0.0.1:PORT`. */
  url: string;
  close(): Promise<void>;
}

/** Starts a proxy on loopback. `originOf` returns the server of a request. */
export async function startProxy(
  originOf: (request: ProxyRequest) => string,
  intercept: Intercept,
): Promise<RunningProxy> {
  const server = createServer((incoming, response) => {
    handle(incoming).then(
      (result) => (result === 'broken' ? response.destroy() : send(response, result)),
      // The server closed the connection, so the proxy does the same.
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

  async function handle(incoming: IncomingMessage): Promise<ProxyResponse> {
    const request = await read(incoming);
    return intercept(request, () => forward(originOf(request), request));
  }
}

function send(response: ServerResponse, { status, headers, body }: Exclude<ProxyResponse, 'broken'>): void {
  response.writeHead(status, headers).end(body);
}

async function read(incoming: IncomingMessage): Promise<ProxyRequest> {
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

/** Uses `node:http`, which is several times as fast as `fetch`: most calls of the tests pass through a proxy. */
async function forward(origin: string, { method, path, headers, body }: ProxyRequest) {
  const { host: _host, connection: _connection, ...forwarded } = headers;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  httpRequest(origin + path, { method, headers: forwarded, agent }, resolve)
    .on('error', reject)
    .end(body);
  const response = await promise;
  const { headers: received, body: text } = await read(response);
  for (const name of ['connection', 'keep-alive', 'content-length', 'transfer-encoding']) delete received[name];
  return { status: response.statusCode ?? 0, headers: received, body: text };
}
