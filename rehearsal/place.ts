import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Where the rehearsal keeps everything; git ignores it. */
export const folder = join(import.meta.dirname, '..', '.local', 'rehearsal');

/** The emulator's own files, and its log with all that functions wrote. */
export const emulatorFolder = join(folder, 'emulator');
export const logFile = join(emulatorFolder, 'log.txt');

/** The account and the region of environments that do not name theirs. */
export const nowhere = { account: '000000000000', region: 'eu-west-3' };

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.
  server.close();
  await once(server, 'close');
  return port;
}
