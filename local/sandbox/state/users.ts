import { liveRows, type Table } from '../../store.ts';
import { formatTime, HALF_AN_HOUR, opaqueToken, type Clock, type NextId } from './settings.ts';

interface UserRow {
  id: number;
  /** The time of creation, in milliseconds since the epoch. */
  signin: number;
  platform: 'web' | 'sharedAccess';
  /** When a temporary user expires; `null` for a permanent one. */
  expires: number | null;
}

/** A user as the API returns it. */
export interface User {
  id: number;
  signin: string;
  platform: string;
}

/** The users of the sandbox. */
export type Users = Awaited<ReturnType<typeof openUsers>>;

/** Opens the users. A temporary user expires after half an hour, unless a permanent token is issued for it. */
export async function openUsers(table: Table<UserRow>, clock: Clock, nextId: NextId) {
  const users = await liveRows(table, ({ expires }) => expires === null || clock.now() < expires);
  const view = ({ id, signin, platform }: UserRow): User => ({ id, signin: formatTime(signin), platform });
  return {
    async create(kind: 'temporary' | 'permanent', platform: UserRow['platform'] = 'sharedAccess'): Promise<User> {
      const signin = clock.now();
      const expires = kind === 'temporary' ? signin + HALF_AN_HOUR * 1000 : null;
      const user: UserRow = { id: await nextId('user'), signin, platform, expires };
      await users.set(String(user.id), user);
      return view(user);
    },
    find(id: number): User | undefined {
      const user = users.get(String(id));
      return user && view(user);
    },
    all: () => users.values().map(view),
    async makePermanent(id: number): Promise<void> {
      const user = users.get(String(id));
      if (user !== undefined && user.expires !== null) await users.set(String(id), { ...user, expires: null });
    },
    /** The user's tokens, JWTs and codes become invalid with it. */
    remove: (id: number) => users.delete(String(id)),
  };
}

interface UserTokenRow {
  token: string;
  id_user: number;
  /** In milliseconds since the epoch; `null` for a permanent token. */
  expires: number | null;
}

/** The opaque tokens of users. */
export type UserTokens = Awaited<ReturnType<typeof openUserTokens>>;

/** Opens the opaque tokens of users, which are valid while their user exists. */
export async function openUserTokens(table: Table<UserTokenRow>, clock: Clock, users: Users) {
  const tokens = await liveRows(
    table,
    ({ id_user, expires }) => (expires === null || clock.now() < expires) && users.find(id_user) !== undefined,
  );
  return {
    /** Issues a permanent token, which makes its user permanent. */
    async issuePermanent(idUser: number): Promise<string> {
      const token = opaqueToken(96);
      await users.makePermanent(idUser);
      await tokens.set(token, { token, id_user: idUser, expires: null });
      return token;
    },
    async issueTemporary(idUser: number): Promise<string> {
      const token = opaqueToken(24);
      await tokens.set(token, { token, id_user: idUser, expires: clock.now() + HALF_AN_HOUR * 1000 });
      return token;
    },
    find: (token: string) => tokens.get(token),
    revoke: (token: string) => tokens.delete(token),
  };
}
