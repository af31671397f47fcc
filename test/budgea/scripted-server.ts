import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { afterAll } from 'vitest';

/** A received request, with header names in lower case. */
interface Received {
  /** The method and the target, for example `GET /2.0/users/me`. */
  line: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Answers a request. */
export type Answer = (socket: Socket, request: Received) => void;

/** The options of a scripted server. */
export interface ScriptOptions {
  tls?: TlsOptions;
  /** Called with each connection, and its number from 1, before anything is read. */
  onConnection?: (socket: Socket, count: number) => void;
}

/** A server that answers by a script and records requests. */
export interface ScriptedServer {
  url: string;
  received: Received[];
  connections: number;
}

/** Returns a function that starts servers on loopback, which answer with one answer of the script after another and repeat the last one. */
export function serversForThisFile() {
  const closings: (() => Promise<void>)[] = [];
  afterAll(() => Promise.all(closings.map((close) => close())));

  return async (script: readonly Answer[], { tls, onConnection }: ScriptOptions = {}): Promise<ScriptedServer> => {
    const sockets = new Set<Socket>();
    const scripted: ScriptedServer = { url: '', received: [], connections: 0 };
    const accept = (socket: Socket) => {
      sockets.add(socket.on('error', () => undefined));
      scripted.connections++;
      onConnection?.(socket, scripted.connections);
    };
    const talk = (socket: Socket) => {
      sockets.add(socket.on('error', () => undefined));
      readRequests(socket, (request) => {
        script[Math.min(scripted.received.push(request), script.length) - 1]?.(socket, request);
      });
    };
    const server = tls === undefined ? createServer(talk) : createTlsServer(tls, talk);
    server.on('connection', accept).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
    scripted.url = `http${tls === undefined ? '' : 's'}://127.0.0.1:${port}/2.0`;
    closings.push(async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    });
    return scripted;
  };
}

/** Answers with a complete HTTP response. */
export function respond(status: number, body: string | Buffer = '', headers: Record<string, string> = {}): Answer {
  const length = Buffer.byteLength(body);
  return (socket) => {
    socket.write(head(status, { 'content-length': String(length), ...headers }));
    socket.write(body);
  };
}

/** Answers with JSON. */
export function json(value: unknown, status = 200): Answer {
  return respond(status, JSON.stringify(value), { 'content-type': 'application/json' });
}

/** Answers with these bytes and leaves the connection open. */
export function bytes(text: string): Answer {
  return (socket) => void socket.write(text);
}

/** Returns a response's status line and headers. */
export function head(status: number, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} As scripted\r\n${lines.join('')}\r\n`;
}

/** Breaks the connection with a TCP reset. */
export const reset: Answer = (socket) => void socket.resetAndDestroy();

/** Ends the connection without a response. */
export const hangUp: Answer = (socket) => void socket.end();

/** Never answers. */
export const stall: Answer = () => undefined;

function readRequests(socket: Socket, received: (request: Received) => void): void {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
      const [first = '', ...lines] = text.slice(0, end).split('\r\n');
      const headers = Object.fromEntries(lines.map((line) => headerOf(line)));
      const bodyEnd = end + 4 + Number(headers['content-length'] ?? 0);
      if (text.length < bodyEnd) return;
      const body = Buffer.from(text.slice(end + 4, bodyEnd), 'latin1').toString('utf8');
      text = text.slice(bodyEnd);
      received({ line: first.replace(/ HTTP\/1\.1$/, ''), headers, body });
    }
  });
}

function headerOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
