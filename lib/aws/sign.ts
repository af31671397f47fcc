import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { now } from '../clock.ts';
import { env } from '../env.ts';

/** Signs a POST of a body to an endpoint; gives all of its headers. Throws MissingSetting without credentials. */
export type Sign = (
  endpoint: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
) => Promise<Record<string, string>>;

/** Makes the signatures for a service, with the credentials that the environment has at the time. */
export function signerOf(service: string): Sign {
  const signer = new SignatureV4({
    service,
    region: async () => env.awsRegion(),
    credentials: async () => env.awsCredentials(),
    sha256: Sha256,
  });
  return async ({ protocol, hostname, host }, body, headers) => {
    const request = { method: 'POST', protocol, hostname, path: '/', headers: { ...headers, host }, body };
    const signed = await signer.sign(request, { signingDate: new Date(now()) });
    return signed.headers;
  };
}

/** SHA-256, or with a secret its HMAC, as the signer wants it. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    // The signer gives text and bytes.
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | Uint8Array);
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {}
}
