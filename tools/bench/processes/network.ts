import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { selfSigned } from '#test/budgea/certificate.ts';

// A separate process: simulates a network with TLS and delay in front of local HTTP servers. The first argument holds the routes. The process
// sends the new addresses and their certificate.

/** A server's address, and its round-trip time in milliseconds. */
export interface Route {
  origin: string;
  roundTrip: number;
}

/** The address of each route, in their order. */
export interface Network {
  origins: string[];
  certificate: string;
}

const routes = JSON.parse(process.argv[2] ?? '') as Route[]; // The benchmark writes it.
const certificate = selfSigned('localhost');
process.on('disconnect', () => process.exit());
const origins = await Promise.all(routes.map(delayed));
process.send?.({ origins, certificate: certificate.cert } satisfies Network);

async function delayed({ origin, roundTrip }: Route): Promise<string> {
  const { hostname, port } = new URL(origin);
  const secure = createTlsServer({ ...certificate, noDelay: true }, (socket) => {
    const plain = connect({ host: hostname, port: Number(port), noDelay: true });
    endTogether(socket, plain);
    socket.pipe(plain).pipe(socket);
  });
  const securePort = await listen(secure);
  const far = createServer({ noDelay: true }, (socket) => {
    const near = connect({ host: '127.0.0.1', port: securePort, noDelay: true });
    endTogether(socket, near);
    // The TCP handshake on loopback takes no time: the first chunk adds its round trip.
    let handshake = roundTrip;
    socket.on('data', (chunk) => {
      setTimeout(() => near.write(chunk), handshake + roundTrip / 2);
      handshake = 0;
    });
    near.on('data', (chunk) => setTimeout(() => socket.write(chunk), roundTrip / 2));
  });
  return `https://localhost:${await listen(far)}`;
}

function endTogether(...sockets: Socket[]): void {
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  for (const socket of sockets) socket.on('error', end).on('close', end);
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port; // A TCP server that listens has one.
}
