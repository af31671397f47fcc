import { randomBytes } from 'node:crypto';
import type { Table } from '../../store.ts';
import { HALF_AN_HOUR, type Clock } from './clock.ts';
import type { Users } from './users.ts';

/** One visit to the bank page, from `GET /webauth` to the redirect home. */
export interface WebauthSession {
  id: string;
  redirect_uri: string;
  state: string | null;
  /** Whose connection it will be; `null` for an anonymous new user's. */
  id_user: number | null;
  id_connector: number | null;
  /** The connection that is updated, instead of a new one. */
  id_connection: number | null;
  expires: number;
  /** Where the person was sent, once decided: asking again gives the same answer. */
  location?: string;
}

/** The visits in progress. */
export interface WebauthSessions {
  start(visit: Omit<WebauthSession, 'id' | 'expires' | 'location'>): Promise<WebauthSession>;
  find(id: string): WebauthSession | undefined;
  finish(session: WebauthSession, location: string): Promise<void>;
  /** Forgets what no longer counts. */
  sweep(): Promise<void>;
}

/** Opens the visits kept in `table`. */
export function openWebauthSessions(table: Table<WebauthSession>, clock: Clock, users: Users): WebauthSessions {
  const isLive = ({ expires, id_user }: WebauthSession) =>
    clock.now() < expires && (id_user === null || users.find(id_user) !== undefined);
  return {
    async start(visit) {
      const id = randomBytes(24).toString('base64url');
      const session = { ...visit, id, expires: clock.now() + HALF_AN_HOUR * 1000 };
      await table.set(id, session);
      return session;
    },
    find(id) {
      const session = table.get(id);
      return session !== undefined && isLive(session) ? session : undefined;
    },
    finish: (session, location) => table.set(session.id, { ...session, location }),
    async sweep() {
      for (const session of table.values()) if (!isLive(session)) await table.delete(session.id);
    },
  };
}
