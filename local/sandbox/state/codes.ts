import { liveRows, type Table } from '../../store.ts';
import { HALF_AN_HOUR, opaqueToken, type Clock } from './settings.ts';
import type { Users, UserTokens } from './users.ts';

interface CodeRow {
  code: string;
  id_user: number;
  /** A single code works once, a standard one until it expires. */
  access: 'single' | 'standard';
  /** The redirect URI that received the code; an exchange must name the same one (RFC 6749, section 4.1.3). */
  redirect_uri?: string;
  expires: number;
}

/** Opens the temporary codes of users, which are valid for half an hour. */
export async function openCodes(
  table: Table<CodeRow>,
  { clock, users, tokens }: { clock: Clock; users: Users; tokens: UserTokens },
) {
  const rows = await liveRows(
    table,
    ({ id_user, expires }) => clock.now() < expires && users.find(id_user) !== undefined,
  );
  return {
    async issue(row: Pick<CodeRow, 'id_user' | 'access' | 'redirect_uri'>): Promise<string> {
      const code = opaqueToken(24);
      await rows.set(code, { code, ...row, expires: clock.now() + HALF_AN_HOUR * 1000 });
      return code;
    },
    /** Returns the user of a code, or of a temporary user token instead of one. A single code becomes invalid. */
    async redeem(code: string, redirectUri?: string): Promise<number | undefined> {
      const row = rows.get(code);
      if (row === undefined) {
        const token = tokens.find(code);
        return token === undefined || token.expires === null ? undefined : token.id_user;
      }
      if (row.redirect_uri !== undefined && redirectUri !== undefined && row.redirect_uri !== redirectUri) {
        return undefined;
      }
      // The row leaves memory before the first await: two concurrent requests cannot both redeem it.
      if (row.access === 'single') await rows.delete(code);
      return row.id_user;
    },
  };
}
