import { randomBytes } from 'node:crypto';
import { liveRows, type Table } from '../../store.ts';
import { formatTime, HALF_AN_HOUR, type Clock, type NextId } from './settings.ts';
import type { Users } from './users.ts';

/** A user's connection to a bank. */
export interface Connection {
  id: number;
  id_user: number;
  id_connector: number | null;
  created: string;
  last_update: string;
}

/** Opens the connections of all users. */
export function openConnections(table: Table<Connection>, clock: Clock, nextId: NextId) {
  return {
    async create(owner: Pick<Connection, 'id_user' | 'id_connector'>): Promise<Connection> {
      const now = formatTime(clock.now());
      const connection = { id: await nextId('connection'), ...owner, created: now, last_update: now };
      await table.set(String(connection.id), connection);
      return connection;
    },
    find: (id: number) => table.get(String(id)),
    ofUser: (idUser: number) => table.values().filter(({ id_user }) => id_user === idUser),
    /** Sets the time of the last update to now. */
    refresh: (connection: Connection) =>
      table.set(String(connection.id), { ...connection, last_update: formatTime(clock.now()) }),
    removeOfUser: (idUser: number) => table.deleteWhere(({ id_user }) => id_user === idUser),
  };
}

/** A visit to the bank's page, from `GET /webauth` to the redirect. */
export interface Visit {
  id: string;
  redirect_uri: string;
  state: string | null;
  /** The owner of the connection; `null` for a new user. */
  id_user: number | null;
  id_connector: number | null;
  /** The connection to renew. */
  id_connection: number | null;
  expires: number;
  /** The address of the redirect, once the person has decided. */
  location?: string;
}

/** Opens the visits, which expire after half an hour. */
export async function openVisits(table: Table<Visit>, clock: Clock, users: Users) {
  const visits = await liveRows(
    table,
    ({ expires, id_user }) => clock.now() < expires && (id_user === null || users.find(id_user) !== undefined),
  );
  return {
    async start(visit: Omit<Visit, 'id' | 'expires' | 'location'>): Promise<Visit> {
      const id = randomBytes(24).toString('base64url');
      const started = { ...visit, id, expires: clock.now() + HALF_AN_HOUR * 1000 };
      await visits.set(id, started);
      return started;
    },
    find: (id: string) => visits.get(id),
    finish: (visit: Visit, location: string) => visits.set(visit.id, { ...visit, location }),
  };
}
