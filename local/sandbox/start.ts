import { randomBytes, randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { codeOf, openStateFolder, readOrWrite } from '../files.ts';
import { openStore } from '../store.ts';
import { banner, type Credentials } from './banner.ts';
import { startSandbox } from './server.ts';

interface Options {
  port: number;
  data: string;
  fresh: boolean;
  redirectUri: string[];
}

const options = new Command('npm run sandbox --')
  .description(
    'Starts a stateful sandbox of the Budgea API on this machine, with its twelve authentication operations.',
  )
  .option('--port <n>', 'port to listen on', portNumber, 3001)
  .option('--data <dir>', 'folder for credentials and state', '.local/sandbox')
  .option('--fresh', 'delete all state and create new credentials', false)
  .option('--redirect-uri <uri>', 'redirect URI that /webauth accepts; can be repeated', redirectUri, [])
  .addHelpText(
    'after',
    `
Control routes, outside the API's /2.0:
  POST   /_sandbox/clock {"advance": seconds}            move the clock forward
  GET    /_sandbox/clock                                 show the time
  GET    /_sandbox/calls, DELETE /_sandbox/calls         list or clear the calls, without any values
  POST   /_sandbox/certificates {"type"}                 issue a new certificate
  POST   /_sandbox/manage-tokens/revoke {"jti"|"all"}    revoke manage JWTs
  POST   /_sandbox/admin-token {"token"}                 replace the admin token
  POST   /_sandbox/client {"client_secret"}              replace the client secret
  POST   /_sandbox/failures {"answer", "path", "times"}  fail the next calls, or all with "times": "always"; "answer" is
                                                         tooManyRequests, bug, maintenance, html, reset (closes the
                                                         connection) or lost (closes it after the operation)
  GET    /_sandbox/failures, DELETE /_sandbox/failures   list or cancel the planned failures
  POST   /_sandbox/latency {"milliseconds"}              delay every call
  GET    /_sandbox/latency                               show the delay`,
  )
  .parse()
  .opts<Options>();

const files = { state: join(options.data, 'state'), credentials: join(options.data, 'credentials.json') };

try {
  await start(options);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}

async function start({ port, data, fresh, redirectUri: redirectUris }: Options): Promise<void> {
  await openStateFolder(data, ['state', 'credentials.json']);
  if (fresh) await deleteState();
  const credentials = await readOrWrite(files.credentials, makeCredentials);
  // A page of the sandbox that stands in for an application.
  const home = `http://127.0.0.1:${port}/bank/home`;
  const sandbox = await startSandbox({
    port,
    folder: files.state,
    client: credentials,
    adminToken: credentials.admin_token,
    redirectUris: [home, ...redirectUris],
  });
  process.stdout.write(banner({ url: sandbox.url, data, home, redirectUris }, credentials));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void sandbox.close());
}

/** Creates the credentials in base64url, which needs no escaping in a form, a URL or a shell. */
function makeCredentials(): Credentials {
  return {
    client_id: randomInt(10_000_000, 100_000_000),
    client_secret: randomBytes(24).toString('base64url'),
    admin_token: randomBytes(48).toString('base64url'),
  };
}

/** Deletes only the sandbox's own files. Rejects while another sandbox uses them. */
async function deleteState(): Promise<void> {
  await (await openStore(files.state)).close();
  await rm(files.state, { recursive: true });
  await rm(files.credentials, { force: true });
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (codeOf(error) === 'EADDRINUSE') return 'The port is in use. Choose another port with --port.';
  if (codeOf(error.cause) === 'LEVEL_LOCKED') {
    return 'The state folder is in use by another sandbox. Stop it, or choose another folder with --data.';
  }
  return error.message;
}

function portNumber(value: string): number {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('It must be a number from 1 to 65535.');
  return port;
}

function redirectUri(value: string, previous: string[]): string[] {
  if (!URL.canParse(value) || /[?#]/.test(value))
    throw new InvalidArgumentError('It must be an absolute URI without a query or fragment.');
  return [...previous, value];
}
