import { randomUUID } from 'node:crypto';
import type { Table } from '../../store.ts';
import type { Clock } from './clock.ts';
import type { SigningKey } from './signing-key.ts';
import type { Users } from './users.ts';

/** What a JWT says about its holder. */
type JwtClaims =
  { type: 'manage_token'; scope: string } | { type: 'sharedAccess'; scope: string; id_user: number; iss: number };

/** A JWT that was issued and not revoked; a user's one counts only while the user lives. */
export interface JwtRow {
  jti: string;
  claims: JwtClaims;
  /** In seconds since the epoch; `null` for one that never expires. */
  exp: number | null;
}

/** The answer of the operations that make a JWT. */
interface IssuedJwt {
  jwt_token: string;
  payload: Record<string, unknown>;
}

/** The JWTs: recognised by signature and expiry, and by being on record, so that each can be revoked. */
export interface Jwts {
  /** `minutes` of life, 0 for ever. */
  issue(claims: JwtClaims, minutes: number): Promise<IssuedJwt>;
  find(jwt: string): Promise<JwtRow | undefined>;
  revoke(jti: string): Promise<void>;
  /** Revokes the manage JWT of that `jti`, or every one; resolves to how many there were. */
  revokeManageTokens(which: { jti: string } | 'all'): Promise<number>;
  /** Forgets what no longer counts. */
  sweep(): Promise<void>;
}

/** Opens the JWTs on record in `table`; `audience()` is the host that they name. */
export function openJwts(
  table: Table<JwtRow>,
  { clock, key, users, audience }: { clock: Clock; key: SigningKey; users: Users; audience: () => string },
): Jwts {
  const hasUser = ({ claims }: JwtRow) => claims.type === 'manage_token' || users.find(claims.id_user) !== undefined;
  const isExpired = ({ exp }: JwtRow) => exp !== null && exp * 1000 <= clock.now();

  return {
    async issue(claims, minutes) {
      const iat = Math.floor(clock.now() / 1000);
      // The jti makes two that were minted in the same second differ.
      const jti = randomUUID();
      const exp = minutes === 0 ? null : iat + minutes * 60;
      const payload = { ...claims, aud: audience(), iat, ...(exp === null ? {} : { exp }), jti };
      const jwt_token = await key.sign(payload);
      await table.set(jti, { jti, claims, exp });
      return { jwt_token, payload };
    },
    async find(jwt) {
      const payload = await key.verify(jwt, clock.now());
      const row = payload?.jti === undefined ? undefined : table.get(payload.jti);
      return row !== undefined && hasUser(row) ? row : undefined;
    },
    revoke: (jti) => table.delete(jti),
    async revokeManageTokens(which) {
      const rows = table
        .values()
        .filter((row) => row.claims.type === 'manage_token' && (which === 'all' || row.jti === which.jti));
      for (const { jti } of rows) await table.delete(jti);
      return rows.length;
    },
    async sweep() {
      for (const row of table.values()) if (isExpired(row) || !hasUser(row)) await table.delete(row.jti);
    },
  };
}
