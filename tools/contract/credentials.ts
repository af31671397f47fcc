import password from '@inquirer/password';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import * as v from 'valibot';
import type { Token } from './domain.ts';
import type { Credentials } from './investigation.ts';

/** The standard streams, and the signal that Ctrl-C aborts. */
export interface Terminal {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable;
  stderr: Writable & { isTTY?: boolean };
  signal: AbortSignal;
}

/** Standard input that is not what the command reads; the message quotes nothing of it. */
export class InvalidInput extends Error {}

const secret = v.optional(v.pipe(v.string(), v.trim()), '');

const input = v.strictObject({
  client_id: v.optional(v.pipe(v.union([v.string(), v.number()]), v.transform(String), v.trim()), ''),
  client_secret: secret,
  users_token: secret,
  config_token: secret,
  admin_token: secret,
});

const labels = {
  client_id: 'Client id',
  client_secret: 'Client secret',
  users_token: 'Users token',
  config_token: 'Config token',
  admin_token: 'Admin manage token',
} as const satisfies Record<keyof v.InferOutput<typeof input>, string>;

/** Prompts for each credential on a terminal, without showing it; reads a JSON object from standard input otherwise. Throws InvalidInput. */
export async function readCredentials(terminal: Terminal): Promise<Credentials> {
  const values = terminal.stdin.isTTY === true ? await promptForAll(terminal) : await readJson(terminal.stdin);
  const result = v.safeParse(input, values);
  if (!result.success) {
    throw new InvalidInput(`Standard input must be a JSON object with any of ${Object.keys(labels).join(', ')}.`);
  }
  const { client_id, client_secret, users_token, config_token, admin_token } = result.output;
  if ((client_id === '') !== (client_secret === '')) {
    throw new InvalidInput('The client id and the client secret are needed together.');
  }
  return {
    ...(client_id !== '' && { client: { client_id, client_secret } }),
    ...token('users', 'users token', users_token),
    ...token('config', 'config token', config_token),
    ...token('admin', 'admin token', admin_token),
  };
}

async function promptForAll({ stdin, stderr, signal }: Terminal): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const [name, label] of Object.entries(labels)) {
    const message = `${label} (Enter skips):`;
    values[name] = await password({ message, toggleMask: false }, { input: stdin, output: stderr, signal });
  }
  return values;
}

async function readJson(stdin: Readable): Promise<unknown> {
  const json = await text(stdin);
  try {
    return json.trim() === '' ? {} : JSON.parse(json);
  } catch {
    // The parser's message quotes what it parses.
    return undefined;
  }
}

function token(name: 'users' | 'config' | 'admin', kind: Token['kind'], value: string): Credentials {
  return value === '' ? {} : { [name]: { kind, value } };
}
