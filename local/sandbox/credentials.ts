import { randomBytes, randomInt } from 'node:crypto';

/** The credentials of a stand-alone sandbox's contract. */
export interface Credentials {
  client_id: number;
  client_secret: string;
  admin_token: string;
}

/** Makes up the credentials of a contract; base64url, so that they can be pasted into a form, a URL or a shell as they are. */
export function makeCredentials(): Credentials {
  return {
    client_id: randomInt(10_000_000, 100_000_000),
    client_secret: randomBytes(24).toString('base64url'),
    admin_token: randomBytes(48).toString('base64url'),
  };
}
