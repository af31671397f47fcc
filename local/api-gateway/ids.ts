import { randomBytes } from 'node:crypto';

/** The account that the local functions and API pretend to be in. */
export const ACCOUNT_ID = '123456789012';

/** The id of the local API. */
export const API_ID = 'local';

/** Makes an id of the form that API Gateway gives its requests, such as `JKJaXmPLvHcESHA=`. */
export function newRequestId(): string {
  return `${randomBytes(11).toString('base64url')}=`;
}

/** Makes a trace header of the form that AWS X-Ray documents: the time in seconds and 96 random bits, both in hex. */
export function newTraceId(now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000).toString(16);
  return `Root=1-${seconds.padStart(8, '0')}-${randomBytes(12).toString('hex')}`;
}
