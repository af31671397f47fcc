import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An upstream that does nothing but answer. */
export interface TrivialUpstream {
  /** The base URL. */
  url: string;
  close(): Promise<void>;
}

const answer = JSON.stringify({ code: 'A'.repeat(64), type: 'temporary', access: 'single', expires_in: 1800 });

/** Starts an upstream on loopback that answers every request with the same code. */
export async function startTrivialUpstream(): Promise<TrivialUpstream> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  return {
    url: `http://127.0.0.1:${port}/2.0`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
