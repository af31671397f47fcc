import type { IncomingMessage, RequestListener, Server } from 'node:http';

/** An answer that a check gives in place of the server. */
export interface Refusal {
  status: number;
  type: string;
  body: string;
}

const names = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::(\d+))?$/i;

/**
 * Answers 403 to every request that does not come from this machine's user, before the server's request listeners see it. The listeners have to
 * be there already. `refuse` makes the answer in the server's protocol and takes a sentence for the caller.
 */
export function requireLoopback(server: Server, refuse: (message: string) => Omit<Refusal, 'status'>): void {
  checkFirst(server, (request) => {
    if (isFromHere(request)) return undefined;
    const { localPort } = request.socket;
    const message = `This server answers programs on this machine and its own pages only. Call it as http://127.0.0.1:${localPort} or http://localhost:${localPort}, without the Origin of another page.`;
    return { status: 403, ...refuse(message) };
  });
}

/** Sends what `check` returns in place of the server's own answer; its request listeners see only the requests without a refusal. */
export function checkFirst(server: Server, check: (request: IncomingMessage) => Refusal | undefined): void {
  const listeners = server.listeners('request') as RequestListener[]; // This event has listeners of this type alone.
  server.removeAllListeners('request').on('request', (request, response) => {
    const refusal = check(request);
    if (refusal === undefined) return listeners.forEach((listener) => listener.call(server, request, response));
    const { status, type, body } = refusal;
    const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
    response
      .writeHead(status, { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(body) })
      .end(body);
  });
}

/**
 * Whether a request may come from this machine's user: it names the server by a name of the loopback interface with the server's own port
 * (another host name can be made to resolve to loopback), and no page of another origin had the browser send it. Programs send no `Origin`.
 */
function isFromHere({ method, headers, headersDistinct, socket }: IncomingMessage): boolean {
  const { host = '', origin, 'sec-fetch-site': site = 'none', 'sec-fetch-mode': mode } = headers;
  const name = names.exec(host);
  // Of two hosts, `headers` has the first.
  if (name === null || headersDistinct['host']?.length !== 1) return false;
  if (Number(name[1] ?? 80) !== socket.localPort) return false;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) return false;
  // A link on another page may lead here.
  return site === 'same-origin' || site === 'none' || (method === 'GET' && mode === 'navigate');
}
