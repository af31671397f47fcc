import { randomBytes, randomInt } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The credentials of a stand-alone sandbox's contract. */
export interface Credentials {
  client_id: number;
  client_secret: string;
  admin_token: string;
}

/** Reads the credentials in `file`, made up on the first start and readable by their owner alone. */
export async function keptCredentials(file: string): Promise<Credentials> {
  try {
    // Nothing but the function below writes this file.
    return JSON.parse(await readFile(file, 'utf8')) as Credentials;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    return makeCredentials(file);
  }
}

async function makeCredentials(file: string): Promise<Credentials> {
  // base64url, so that they can be pasted into a form, a URL or a shell as they are.
  const credentials: Credentials = {
    client_id: randomInt(10_000_000, 100_000_000),
    client_secret: randomBytes(24).toString('base64url'),
    admin_token: randomBytes(48).toString('base64url'),
  };
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return credentials;
}
