import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { selfSigned } from '#test/budgea/certificate.ts';

// A process of its own: a network to servers that speak plain HTTP near by. What comes out of it speaks TLS and is as far away as the first argument
// says. It tells its addresses and the certificate that they are trusted by.

/** A server, by its address, and how far away it is to seem: the time there and back, in milliseconds. */
export interface Place {
  origin: string;
  roundTrip: number;
}

/** What the network tells: where each place is now, in their order. */
export interface Told {
  origins: string[];
  certificate: string;
}

const places = JSON.parse(process.argv[2] ?? '') as Place[]; // The benchmark writes it.
const own = selfSigned('localhost');
process.on('disconnect', () => process.exit());
const origins = await Promise.all(places.map(farAway));
process.send?.({ origins, certificate: own.cert } satisfies Told);

async function farAway({ origin, roundTrip }: Place): Promise<string> {
  const { hostname, port } = new URL(origin);
  const secure = createTlsServer({ ...own, noDelay: true }, (socket) => {
    const plain = connect({ host: hostname, port: Number(port), noDelay: true });
    endTogether(socket, plain);
    socket.pipe(plain).pipe(socket);
  });
  const securePort = await listen(secure);
  const far = createServer({ noDelay: true }, (socket) => {
    const near = connect({ host: '127.0.0.1', port: securePort, noDelay: true });
    endTogether(socket, near);
    // Loopback's own handshake took no time, so that the first piece takes a round more.
    let later = roundTrip;
    socket.on('data', (piece) => {
      setTimeout(() => near.write(piece), later + roundTrip / 2);
      later = 0;
    });
    near.on('data', (piece) => setTimeout(() => socket.write(piece), roundTrip / 2));
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
  return (server.address() as AddressInfo).port; // Neither a pipe nor closed.
}
