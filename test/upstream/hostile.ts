import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as it came over the wire. */
export interface Arrived {
  method: string;
  path: string;
  /** In order, names as they were sent. */
  headers: [name: string, value: string][];
  body: string;
  /** The request id of the gateway's call. */
  call: string;
}

/** What the server does with a request; it may write on the socket whatever it likes. */
export type Behaviour = (arrived: Arrived, response: ServerResponse, socket: Socket) => void;

/** A Budgea that means no good. */
export interface HostileServer {
  /** `/2.0` included. */
  url: string;
  /** What it does from now on with whole requests. */
  behave: Behaviour;
  /** What it does from now on with a new connection, before anything of it is read. */
  meet: (socket: Socket) => void;
  /** What arrived since the last time. */
  arrived(): Arrived[];
  /** How many connections there were since the last time. */
  connections(): number;
  close(): Promise<void>;
}

const nothing = (): undefined => undefined;

/** Starts it; at first it answers nothing. */
export async function startHostile(): Promise<HostileServer> {
  let all: Arrived[] = [];
  let connections = 0;
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
      const arrived = { method, path: url, headers, body, call: String(request.headers['x-request-id']) };
      all.push(arrived);
      hostile.behave(arrived, response, socket);
    });
  });
  server.on('connection', (socket) => {
    connections++;
    socket.on('error', nothing);
    hostile.meet(socket);
  });
  server.on('clientError', nothing);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  const hostile: HostileServer = {
    url: `http://127.0.0.1:${port}/2.0`,
    behave: nothing,
    meet: nothing,
    arrived: () => all.splice(0),
    connections() {
      const count = connections;
      connections = 0;
      return count;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return hostile;
}
