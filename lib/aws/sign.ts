import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { now } from '../clock.ts';
import { env } from '../config/env.ts';

/**
 * Signs a POST request to an endpoint's root and returns all of its headers. Header names must be in lower case, and values without surrounding
 * spaces. Throws MissingSetting without credentials.
 */
export type Sign = (
  endpoint: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
) => Readonly<Record<string, string>>;

const algorithm = 'AWS4-HMAC-SHA256';

/**
 * Returns the signer for a service, which uses the environment's current credentials. The SDK's general signer adds 10 % to a cold start and 8 µs to
 * each signature. Source: AWS, “Create a signed AWS API request”.
 */
export function signerOf(service: string): Sign {
  let derived: { source: string; key: KeyObject } | undefined;

  return ({ host }, body, headers) => {
    const { accessKeyId, secretAccessKey, sessionToken } = env.awsCredentials();
    const time = new Date(now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
    const day = time.slice(0, 8);
    const region = env.awsRegion();
    const scope = `${day}/${region}/${service}/aws4_request`;
    const signed: Record<string, string> = {
      ...headers,
      host,
      'x-amz-date': time,
      ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    };
    const names = Object.keys(signed).toSorted();
    const lines = names.map((name) => `${name}:${signed[name]}\n`).join('');
    const request = ['POST', '/', '', lines, names.join(';'), hash('sha256', body)].join('\n');

    const source = `${secretAccessKey} ${scope}`;
    if (derived?.source !== source) {
      const key = [day, region, service, 'aws4_request'].reduce(hmac, Buffer.from(`AWS4${secretAccessKey}`));
      // A KeyObject is 6 µs faster than a Buffer, which Node first tries to parse as two other kinds of keys.
      derived = { source, key: createSecretKey(key) };
    }
    const signature = hmac(derived.key, [algorithm, time, scope, hash('sha256', request)].join('\n')).toString('hex');
    const authorization = `${algorithm} Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
    return { ...signed, authorization };
  };
}

function hmac(key: Buffer | KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
