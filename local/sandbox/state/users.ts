import type { Table } from '../../store.ts';
import { HALF_AN_HOUR, written, type Clock } from './clock.ts';
import type { openIds } from './ids.ts';

interface UserRow {
  id: number;
  /** When the user was created, in milliseconds since the epoch. */
  signin: number;
  platform: 'web' | 'sharedAccess';
  /** When a temporary user vanishes; `null` once it is permanent. */
  expires: number | null;
}

/** A user as the API shows it. */
export interface User {
  id: number;
  signin: string;
  platform: string;
}

/** The users: temporary ones vanish after half an hour unless something permanent was issued for them. */
export interface Users {
  create(kind: 'temporary' | 'permanent', platform?: UserRow['platform']): Promise<User>;
  find(id: number): User | undefined;
  all(): User[];
  makePermanent(id: number): Promise<void>;
  /** Everything that names the user dies with its row, since tokens and codes count only while their user lives. */
  remove(id: number): Promise<void>;
  sweep(): Promise<void>;
}

/** Opens the users kept in `table`. */
export function openUsers(table: Table<UserRow>, clock: Clock, nextId: ReturnType<typeof openIds>): Users {
  const isLive = (user: UserRow) => user.expires === null || clock.now() < user.expires;
  const find = (id: number) => {
    const user = table.get(String(id));
    return user !== undefined && isLive(user) ? user : undefined;
  };
  return {
    async create(kind, platform = 'sharedAccess') {
      const signin = clock.now();
      const expires = kind === 'temporary' ? signin + HALF_AN_HOUR * 1000 : null;
      const user: UserRow = { id: await nextId('user'), signin, platform, expires };
      await table.set(String(user.id), user);
      return view(user);
    },
    find(id) {
      const user = find(id);
      return user && view(user);
    },
    all: () => table.values().filter(isLive).map(view),
    async makePermanent(id) {
      const user = find(id);
      if (user !== undefined && user.expires !== null) await table.set(String(id), { ...user, expires: null });
    },
    remove: (id) => table.delete(String(id)),
    async sweep() {
      for (const user of table.values()) if (!isLive(user)) await table.delete(String(user.id));
    },
  };
}

function view({ id, signin, platform }: UserRow): User {
  return { id, signin: written(signin), platform };
}
