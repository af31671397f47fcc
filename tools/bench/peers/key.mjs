import { createHash, timingSafeEqual } from 'node:crypto';

// Every peer does the same: check a partner's key, replace it with the manage token, forward.

const expected = Buffer.from(process.env.PARTNER_KEY_HASH ?? '', 'hex');

/** Whether an `Authorization` header contains the partner's key. */
export function isKnown(authorization = '') {
  const presented = createHash('sha256')
    .update(authorization.replace(/^Bearer /, ''))
    .digest();
  return presented.length === expected.length && timingSafeEqual(presented, expected);
}

/** The upstream's origin, and the header that signs calls. */
export const { origin } = new URL(process.env.BUDGEA_URL ?? '');
export const signature = `Bearer ${process.env.MANAGE_TOKEN}`;
