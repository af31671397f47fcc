import type { Table } from '../../store.ts';
import { HALF_AN_HOUR, type Clock } from './clock.ts';
import { opaque } from './ids.ts';
import type { UserTokens } from './user-tokens.ts';
import type { Users } from './users.ts';

/** A temporary code, as it is kept. */
export interface CodeRow {
  code: string;
  id_user: number;
  /** A single one works once, the others as often as one likes while they live. */
  access: 'single' | 'standard';
  /** The redirect URI that the code was sent to; only who names the same one may exchange it (RFC 6749 §4.1.3). */
  redirect_uri?: string;
  expires: number;
}

/** The temporary codes, which stand for a user for half an hour. */
export interface Codes {
  issue(row: Pick<CodeRow, 'id_user' | 'access' | 'redirect_uri'>): Promise<string>;
  /** The user behind a code, or behind a temporary user token in its place; a single code is spent by this. */
  redeem(code: string, redirectUri?: string): Promise<number | undefined>;
  /** Forgets what no longer counts. */
  sweep(): Promise<void>;
}

/** Opens the codes kept in `table`. */
export function openCodes(
  table: Table<CodeRow>,
  { clock, users, tokens }: { clock: Clock; users: Users; tokens: UserTokens },
): Codes {
  const isLive = ({ id_user, expires }: CodeRow) => clock.now() < expires && users.find(id_user) !== undefined;

  function temporaryTokensUser(token: string): number | undefined {
    const row = tokens.find(token);
    return row === undefined || row.expires === null ? undefined : row.id_user;
  }

  return {
    async issue(row) {
      const code = opaque(24);
      await table.set(code, { code, ...row, expires: clock.now() + HALF_AN_HOUR * 1000 });
      return code;
    },
    async redeem(code, redirectUri) {
      const row = table.get(code);
      if (row === undefined) return temporaryTokensUser(code);
      if (!isLive(row)) return undefined;
      if (row.redirect_uri !== undefined && redirectUri !== undefined && row.redirect_uri !== redirectUri) {
        return undefined;
      }
      // The row leaves memory before anything is awaited, so two requests at once cannot both spend it.
      if (row.access === 'single') await table.delete(code);
      return row.id_user;
    },
    async sweep() {
      for (const row of table.values()) if (!isLive(row)) await table.delete(row.code);
    },
  };
}
