import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { now } from '../clock.ts';
import { env } from '../config/env.ts';

/**
 * Signs a POST of a body to an endpoint's root; gives all of its headers. Names are in lower case, values without spaces around them. Throws
 * MissingSetting without credentials.
 */
export type Sign = (
  endpoint: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
) => Readonly<Record<string, string>>;

const algorithm = 'AWS4-HMAC-SHA256';

/**
 * Makes the signatures for a service, with the credentials that the environment has at the time. The SDK's own signer, which passes
 * the same test, is made for any request: it takes 0.1 of an empty start and 8 µs a signature more. Source: AWS, “Create a signed AWS API request”.
 */
export function signerOf(service: string): Sign {
  let derived: { from: string; key: KeyObject } | undefined;

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

    const from = `${secretAccessKey} ${scope}`;
    if (derived?.from !== from) {
      const key = [day, region, service, 'aws4_request'].reduce(hmac, Buffer.from(`AWS4${secretAccessKey}`));
      // As bytes, Node would try it as two kinds of keys first, and throw an error for each: 6 µs a signature.
      derived = { from, key: createSecretKey(key) };
    }
    const signature = hmac(derived.key, [algorithm, time, scope, hash('sha256', request)].join('\n')).toString('hex');
    const authorization = `${algorithm} Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
    return { ...signed, authorization };
  };
}

function hmac(key: Buffer | KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
