import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openStateFolder, readOrWrite } from '../files.ts';
import { openStore } from '../store.ts';
import { banner } from './banner.ts';
import { HELP, readCommandLine, type Command } from './command-line.ts';
import { makeCredentials } from './credentials.ts';
import { startSandbox } from './server.ts';

const stateFolder = 'state';
const credentialsFile = 'credentials.json';

try {
  const command = readCommandLine(process.argv.slice(2));
  if (command.help) process.stdout.write(HELP);
  else await start(command);
} catch (error) {
  process.stderr.write(`${complaint(error)}\n`);
  process.exitCode = 1;
}

async function start({ port, data, fresh, redirectUris }: Command): Promise<void> {
  await openStateFolder(data, [stateFolder, credentialsFile]);
  if (fresh) await forget(data);
  const credentials = await readOrWrite(credentialsIn(data), makeCredentials);
  // The sandbox's own page to come home to, so that webauth can be tried before there is an application.
  const home = `http://127.0.0.1:${port}/bank/home`;
  const sandbox = await startSandbox({
    port,
    folder: stateIn(data),
    client: credentials,
    adminToken: credentials.admin_token,
    redirectUris: [home, ...redirectUris],
  });
  process.stdout.write(banner({ url: sandbox.url, data, home, redirectUris }, credentials));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void sandbox.close());
}

/** Removes what a sandbox wrote and nothing else, whatever folder was named. Refuses while another one uses it. */
async function forget(data: string): Promise<void> {
  await (await openStore(stateIn(data))).close();
  await rm(stateIn(data), { recursive: true });
  await rm(credentialsIn(data), { force: true });
}

function stateIn(data: string): string {
  return join(data, stateFolder);
}

function credentialsIn(data: string): string {
  return join(data, credentialsFile);
}

/** What went wrong, for whoever typed the command. */
function complaint(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (codeOf(error) === 'EADDRINUSE') {
    return 'The port is taken, perhaps by a sandbox that runs already. Stop it, or choose another with --port.';
  }
  if (codeOf(error.cause) === 'LEVEL_LOCKED') {
    return 'The state folder is in use by another sandbox. Stop it, or choose another folder with --data.';
  }
  return error.message;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
