import { randomBytes } from 'node:crypto';
import type { Table } from '../../store.ts';

/** The lifetime of codes, temporary users and default user tokens, in seconds. */
export const HALF_AN_HOUR = 1800;

/** The sandbox's clock. */
export type Clock = ReturnType<typeof openClock>;

/** Opens the clock: the machine's time and a stored offset. */
export function openClock(settings: Table<unknown>) {
  const offset = () => Number(settings.get('clock_offset') ?? 0);
  return {
    /** Milliseconds since the epoch. */
    now: () => Date.now() + offset(),
    /** Seconds ahead of the machine's time. */
    ahead: () => offset() / 1000,
    advance: (seconds: number) => settings.set('clock_offset', offset() + Math.round(seconds * 1000)),
  };
}

/** Formats a time as Budgea does: `YYYY-MM-DD HH:MM:SS` in UTC. */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}

/** Returns a new id of a kind. */
export type NextId = ReturnType<typeof openIds>;

/** Opens the ids, which are never reused, even after a deletion or a restart. */
export function openIds(settings: Table<unknown>) {
  return async (kind: 'user' | 'connection' | 'certificate' | 'file'): Promise<number> => {
    const next = Number(settings.get(`last_${kind}`) ?? 0) + 1;
    await settings.set(`last_${kind}`, next);
    return next;
  };
}

/** Returns a random token in base64 that contains `+` and `/`: a client that does not percent-encode it always fails. */
export function opaqueToken(bytes: 24 | 96): string {
  for (;;) {
    const token = randomBytes(bytes).toString('base64');
    if (token.includes('+') && token.includes('/')) return token;
  }
}
