import type { Clock, Reply, RequestOptions, Send, Token } from './domain.ts';

/** A user that this run created. */
export interface User {
  id: string | undefined;
  /** The latest first. */
  tokens: Token[];
  isDeleted: boolean;
}

/** The users that a run created. */
export interface CreatedUsers {
  all: readonly User[];
  /** Calls that may have created a user whose token did not arrive. */
  untraceable: () => number;
  /** Notes what a call did to users; returns the user that it created. */
  observe: (line: string, options: RequestOptions, reply: Reply) => User | undefined;
  /** Deletes each user with its own token; waits and repeats twice at most when the domain is overloaded. */
  deleteAll: () => Promise<void>;
}

const creating = new Set(['POST /auth/init', 'POST /auth/init/', 'POST /auth/renew', 'POST /auth/jwt']);
const rounds = 3;
const pause = 60_000;

/** Opens an empty list of users, who are deleted by `send`. */
export function openUsers(send: Send, clock: Clock): CreatedUsers {
  const all: User[] = [];
  let untraceable = 0;

  /** Deletes a user with one of its tokens; returns whether a repetition can help. */
  async function remove(user: User): Promise<boolean> {
    let isOverloaded = false;
    for (const as of user.tokens) {
      const { status } = await send('DELETE /users/me', { as });
      user.isDeleted = isSuccess(status);
      if (user.isDeleted) return false;
      isOverloaded ||= status === 0 || status === 429 || status >= 500;
    }
    return isOverloaded;
  }

  return {
    all,
    untraceable: () => untraceable,
    observe(line, { at, as, body = {} }, { status, body: answer }) {
      if (line.startsWith('DELETE /users/') && isSuccess(status)) {
        const isIt = ({ id, tokens }: User) =>
          at === undefined ? tokens.some(({ value }) => value === as?.value) : id === at;
        for (const user of all.filter(isIt)) user.isDeleted = true;
      }
      if (!creating.has(line) || body['id_user'] !== undefined) return undefined;
      const value = answer['auth_token'] ?? answer['access_token'] ?? answer['jwt_token'];
      if (typeof value !== 'string') {
        if (status === 0 || isSuccess(status)) untraceable++;
        return undefined;
      }
      const id = JSON.stringify(answer['id_user']);
      const user: User = {
        id: /^[1-9]\d{0,17}$/.test(id) ? id : undefined,
        tokens: [{ kind: 'user token', value }],
        isDeleted: false,
      };
      all.push(user);
      return user;
    },
    async deleteAll() {
      for (let round = 1; round <= rounds; round++) {
        let isWorthRepeating = false;
        for (const user of all) if (!user.isDeleted) isWorthRepeating = (await remove(user)) || isWorthRepeating;
        if (!isWorthRepeating) return;
        if (round < rounds) await clock.sleep(pause);
      }
    },
  };
}

/** Whether a status is 2xx. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
