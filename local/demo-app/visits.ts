import { randomBytes } from 'node:crypto';
import type { Outcome, User } from './home.ts';

/** One person on the way to the bank and back; the browser knows the id, the address line the state. */
export interface Visit {
  id: string;
  state: string;
  /** Who the person is, once the application knows. */
  user: User | undefined;
  /** What became of it; there as soon as the person is back. */
  outcome?: Promise<Outcome>;
}

/** The visits that this process remembers. */
export interface Visits {
  begin(user: User | undefined): Visit;
  find(id: string): Visit | undefined;
}

/** Nobody waits for more at once on one machine. */
const most = 1000;

/** Makes an empty memory; the oldest visits are forgotten first. */
export function createVisits(): Visits {
  const visits = new Map<string, Visit>();
  return {
    begin(user) {
      const visit = { id: random(), state: random(), user };
      visits.set(visit.id, visit);
      for (const oldest of visits.keys()) {
        if (visits.size <= most) break;
        visits.delete(oldest);
      }
      return visit;
    },
    find: (id) => visits.get(id),
  };
}

function random(): string {
  return randomBytes(24).toString('base64url');
}
