import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeAws, type Stored } from './aws.ts';
import { makeUpstream } from './upstream.ts';

// A process of its own: everything that functions call, from what the file in the first argument says is stored. It tells its addresses, and at
// each further message how many requests each server got since the last one.

const [, , file = ''] = process.argv;
const stored = JSON.parse(readFileSync(file, 'utf8')) as Stored; // Nothing but the benchmark writes it.
let requests = { aws: 0, upstream: 0 };
const countFor = (server: keyof typeof requests) => (): void => {
  requests[server] += 1;
};
const [aws, upstream] = await Promise.all([
  listen(makeAws(stored, countFor('aws'))),
  listen(makeUpstream(countFor('upstream'))),
]);
process.send?.({ aws, upstream });
process.on('message', () => {
  process.send?.({ requests });
  requests = { aws: 0, upstream: 0 };
});
process.on('disconnect', () => process.exit());

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  return `http://127.0.0.1:${port}`;
}
