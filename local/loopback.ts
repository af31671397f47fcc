import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer, type AddressInfo, type Server as NetServer } from 'node:net';

/** A running server. */
export interface RunningServer {
  /** The origin, `http://127.0.0.1:PORT`. */
  url: string;
  port: number;
  /** Stops accepting requests, and resolves when the running ones have ended. */
  close(): Promise<void>;
}

/** Listens on the loopback interface; port 0 selects a free one. Rejects with EADDRINUSE when the port is in use. */
export async function listen(server: NetServer, port: number): Promise<{ url: string; port: number }> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: actual } = server.address() as AddressInfo; // Neither a pipe nor closed.
  return { url: `http://127.0.0.1:${actual}`, port: actual };
}

/** Returns a free port of the loopback interface. Rejects with EADDRINUSE when `port` is in use. */
export async function freePort(port = 0): Promise<number> {
  const server = createServer();
  const { port: free } = await listen(server, port);
  server.close();
  await once(server, 'close');
  return free;
}

/** A response that a check sends instead of the server. */
export interface CheckResponse {
  status: number;
  type: string;
  body: string;
}

const names = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::(\d+))?$/i;

/**
 * Answers 403 to every request that is not from this machine's user, before the server's request listeners, which must be registered
 * already. `forbidden` returns the response for a message in the server's protocol.
 */
export function requireLoopback(server: Server, forbidden: (message: string) => Omit<CheckResponse, 'status'>): void {
  checkFirst(server, (request) => {
    if (isLocal(request)) return undefined;
    const { localPort } = request.socket;
    const message = `This server answers programs on this machine and its own pages only. Call it as http://127.0.0.1:${localPort} or http://localhost:${localPort}, without the Origin of another page.`;
    return { status: 403, ...forbidden(message) };
  });
}

/** Sends the response that `check` returns; a request without one goes to the server's request listeners. */
export function checkFirst(server: Server, check: (request: IncomingMessage) => CheckResponse | undefined): void {
  const listeners = server.listeners('request') as RequestListener[]; // This event has only listeners of this type.
  server.removeAllListeners('request').on('request', (request, response) => {
    const rejected = check(request);
    if (rejected === undefined) return listeners.forEach((listener) => listener.call(server, request, response));
    const { status, type, body } = rejected;
    const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
    response
      .writeHead(status, { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(body) })
      .end(body);
  });
}

/**
 * Whether a request may come from this machine's user: its Host is a loopback name with the server's port (another name can be made to
 * resolve to loopback), and no page of another origin sent it. Programs send no `Origin`.
 */
function isLocal({ method, headers, headersDistinct, socket }: IncomingMessage): boolean {
  const { host = '', origin, 'sec-fetch-site': site = 'none', 'sec-fetch-mode': mode } = headers;
  const name = names.exec(host);
  // `headers` has only the first of two hosts.
  if (name === null || headersDistinct['host']?.length !== 1) return false;
  if (Number(name[1] ?? 80) !== socket.localPort) return false;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) return false;
  // A link on another page may lead here.
  return site === 'same-origin' || site === 'none' || (method === 'GET' && mode === 'navigate');
}
