import { createHash, timingSafeEqual } from 'node:crypto';

// The job of every peer: check a partner's key, put the manage token in its place, forward.

const known = Buffer.from(process.env.PARTNER_KEY_HASH ?? '', 'hex');

/** Whether an `Authorization` header carries the partner's key. */
export function isKnown(authorization = '') {
  const presented = createHash('sha256')
    .update(authorization.replace(/^Bearer /, ''))
    .digest();
  return presented.length === known.length && timingSafeEqual(presented, known);
}

/** Where calls go, without the path, and the header that signs them. */
export const { origin } = new URL(process.env.BUDGEA_URL ?? '');
export const signature = `Bearer ${process.env.MANAGE_TOKEN}`;
