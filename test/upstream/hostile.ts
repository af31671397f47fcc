import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as received over the wire. */
export interface ReceivedRequest {
  method: string;
  path: string;
  /** In order, with names as sent. */
  headers: [name: string, value: string][];
  body: string;
  /** The request id of the gateway's call. */
  call: string;
}

/** Responds to a request. It can write any bytes to the socket. */
export type Responder = (received: ReceivedRequest, response: ServerResponse, socket: Socket) => void;

/** An upstream server that responds as a test defines. */
export interface HostileServer {
  /** With the base path `/2.0`. */
  url: string;
  respond: Responder;
  /** Returns the requests since the last time. */
  received(): ReceivedRequest[];
  close(): Promise<void>;
}

const nothing = (): undefined => undefined;

/** Starts the server, without a responder. */
export async function startHostile(): Promise<HostileServer> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', nothing);
    request.on('end', () => {
      const { method = '', url = '', rawHeaders, socket } = request;
      const headers = rawHeaders.flatMap((name, at): [string, string][] =>
        at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? '']] : [],
      );
      const body = Buffer.concat(chunks).toString('utf8');
      const received = { method, path: url, headers, body, call: String(request.headers['x-request-id']) };
      requests.push(received);
      hostile.respond(received, response, socket);
    });
  });
  server.on('connection', (socket) => socket.on('error', nothing));
  server.on('clientError', nothing);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  const hostile: HostileServer = {
    url: `http://127.0.0.1:${port}/2.0`,
    respond: nothing,
    received: () => requests.splice(0),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return hostile;
}
