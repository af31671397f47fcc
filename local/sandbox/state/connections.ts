import type { Table } from '../../store.ts';
import { written, type Clock } from './clock.ts';
import type { openIds } from './ids.ts';

/** A user's link to a bank. */
export interface Connection {
  id: number;
  id_user: number;
  id_connector: number | null;
  created: string;
  last_update: string;
}

/** The connections of all users. */
export interface Connections {
  create(owner: { id_user: number; id_connector: number | null }): Promise<Connection>;
  find(id: number): Connection | undefined;
  ofUser(idUser: number): Connection[];
  /** Notes that the bank was asked again just now. */
  refresh(connection: Connection): Promise<void>;
  removeOfUser(idUser: number): Promise<void>;
}

/** Opens the connections kept in `table`. */
export function openConnections(
  table: Table<Connection>,
  clock: Clock,
  nextId: ReturnType<typeof openIds>,
): Connections {
  const ofUser = (idUser: number) => table.values().filter(({ id_user }) => id_user === idUser);
  return {
    async create(owner) {
      const now = written(clock.now());
      const connection = { id: await nextId('connection'), ...owner, created: now, last_update: now };
      await table.set(String(connection.id), connection);
      return connection;
    },
    find: (id) => table.get(String(id)),
    ofUser,
    refresh: (connection) => table.set(String(connection.id), { ...connection, last_update: written(clock.now()) }),
    async removeOfUser(idUser) {
      await Promise.all(ofUser(idUser).map(({ id }) => table.delete(String(id))));
    },
  };
}
