import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AwsKey } from '#lib/config/process-env.ts';

/** Base32: one byte selects a character without bias. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Creates an access key in AWS's form. Its id is longer: the local AWS servers verify the id's 140 random bits. */
export function makeAwsKey(): AwsKey {
  const random = Array.from(randomBytes(28), (byte) => alphabet.charAt(byte % alphabet.length));
  return { accessKeyId: `AKIA${random.join('')}`, secretAccessKey: randomBytes(30).toString('base64') };
}

/** Returns the error of an `Authorization` header (Signature Version 4) that does not name the access key. The signature is not verified. */
export function credentialError(authorization: string | undefined, accessKeyId: string) {
  const presented = /^AWS4-HMAC-SHA256 .*?\bCredential=([^/,\s]+)/.exec(authorization ?? '')?.[1];
  if (presented === undefined) {
    const message = `Request is missing Authentication Token. ${remedy}`;
    return { type: 'MissingAuthenticationTokenException' as const, message };
  }
  if (timingSafeEqual(digest(presented), digest(accessKeyId))) return undefined;
  const message = `The security token included in the request is invalid. ${remedy}`;
  return { type: 'UnrecognizedClientException' as const, message };
}

const remedy = 'Sign it with the access key in stack.json, "aws".';

/** Has the same length for any id, which the comparison requires. */
const digest = (text: string): Buffer => hash('sha256', text, 'buffer');
