import { randomBytes } from 'node:crypto';
import type { Table } from '../../store.ts';

/** Gives integers that were never given before, whatever was deleted or restarted since. */
export function openIds(settings: Table<unknown>) {
  return async (kind: 'user' | 'connection' | 'certificate' | 'file'): Promise<number> => {
    const next = Number(settings.get(`last_${kind}`) ?? 0) + 1;
    await settings.set(`last_${kind}`, next);
    return next;
  };
}

/**
 * An opaque token of `bytes` random bytes in base64. It always holds a `+` and a `/`, so that a client which forgets to
 * percent-encode it fails at once and not one time in three.
 */
export function opaque(bytes: 24 | 96): string {
  for (;;) {
    const token = randomBytes(bytes).toString('base64');
    if (token.includes('+') && token.includes('/')) return token;
  }
}
