import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AwsKey } from '#lib/config/process-env.ts';

/** Base32: a byte picks a character without bias. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Makes an access key in the form of AWS's own, with a longer id: its 140 random bits are what the local AWS servers check. */
export function makeAwsKey(): AwsKey {
  const random = Array.from(randomBytes(28), (byte) => alphabet.charAt(byte % alphabet.length));
  return { accessKeyId: `AKIA${random.join('')}`, secretAccessKey: randomBytes(30).toString('base64') };
}

/** An error of both services: its type and its message. */
export interface CredentialError {
  type: 'MissingAuthenticationTokenException' | 'UnrecognizedClientException';
  message: string;
}

/** Why an `Authorization` header (Signature Version 4) does not name the access key; undefined when it does. The signature is not verified. */
export function credentialError(authorization: string | undefined, accessKeyId: string): CredentialError | undefined {
  const given = /^AWS4-HMAC-SHA256 .*?\bCredential=([^/,\s]+)/.exec(authorization ?? '')?.[1];
  if (given === undefined)
    return {
      type: 'MissingAuthenticationTokenException',
      message: `Request is missing Authentication Token. ${remedy}`,
    };
  if (timingSafeEqual(digest(given), digest(accessKeyId))) return undefined;
  return {
    type: 'UnrecognizedClientException',
    message: `The security token included in the request is invalid. ${remedy}`,
  };
}

const remedy = 'Sign it with the access key in stack.json, "aws".';

/** Of equal length for any id, as the comparison needs. */
const digest = (text: string): Buffer => hash('sha256', text, 'buffer');
