import type { Table } from '../../store.ts';
import { HALF_AN_HOUR, type Clock } from './clock.ts';
import { opaque } from './ids.ts';
import type { Users } from './users.ts';

/** One opaque token of a user, as it is kept. */
export interface UserTokenRow {
  token: string;
  id_user: number;
  /** In milliseconds since the epoch; `null` for a permanent one. */
  expires: number | null;
}

/** The opaque tokens of users. One counts only while its user lives. */
export interface UserTokens {
  /** A permanent token makes its user permanent too. */
  issuePermanent(idUser: number): Promise<string>;
  issueTemporary(idUser: number): Promise<string>;
  find(token: string): UserTokenRow | undefined;
  revoke(token: string): Promise<void>;
  /** Forgets what no longer counts. */
  sweep(): Promise<void>;
}

/** Opens the user tokens kept in `table`. */
export function openUserTokens(table: Table<UserTokenRow>, clock: Clock, users: Users): UserTokens {
  const isLive = ({ id_user, expires }: UserTokenRow) =>
    (expires === null || clock.now() < expires) && users.find(id_user) !== undefined;

  return {
    async issuePermanent(idUser) {
      const token = opaque(96);
      await users.makePermanent(idUser);
      await table.set(token, { token, id_user: idUser, expires: null });
      return token;
    },
    async issueTemporary(idUser) {
      const token = opaque(24);
      await table.set(token, { token, id_user: idUser, expires: clock.now() + HALF_AN_HOUR * 1000 });
      return token;
    },
    find(token) {
      const row = table.get(token);
      return row !== undefined && isLive(row) ? row : undefined;
    },
    revoke: (token) => table.delete(token),
    async sweep() {
      for (const row of table.values()) if (!isLive(row)) await table.delete(row.token);
    },
  };
}
