import { createPrivateKey, createPublicKey, generateKeyPair, randomUUID, type JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';
import { SignJWT } from 'jose/jwt/sign';
import { jwtVerify } from 'jose/jwt/verify';
import { liveRows, type Table } from '../../store.ts';
import type { Clock } from './settings.ts';
import type { Users } from './users.ts';

type JwtClaims =
  { type: 'manage_token'; scope: string } | { type: 'sharedAccess'; scope: string; id_user: number; iss: number };

/** A JWT that was issued and not revoked. */
export interface JwtRow {
  jti: string;
  claims: JwtClaims;
  /** In seconds since the epoch; `null` for a JWT without expiry. */
  exp: number | null;
}

/** Opens the JWTs. One is valid by its signature and expiry, and while it and its user are stored. `audience` returns the host in `aud`. */
export async function openJwts(
  table: Table<JwtRow>,
  context: { settings: Table<unknown>; clock: Clock; users: Users; audience: () => string },
) {
  const { settings, clock, users, audience } = context;
  const rows = await liveRows(
    table,
    ({ claims, exp }) =>
      (exp === null || clock.now() < exp * 1000) &&
      (claims.type === 'manage_token' || users.find(claims.id_user) !== undefined),
  );
  // In the background: a first start does not wait for the key.
  const key = loadOrGenerate(settings);
  const ready = key.catch(() => undefined); // Each caller that awaits the key gets the error.

  return {
    /** Resolves when the signing key is stored or has failed. */
    ready,
    /** Issues a JWT for a number of minutes, 0 for one without expiry. */
    async issue(claims: JwtClaims, minutes: number): Promise<{ jwt_token: string; payload: Record<string, unknown> }> {
      const iat = Math.floor(clock.now() / 1000);
      // The jti distinguishes two JWTs of the same second.
      const jti = randomUUID();
      const exp = minutes === 0 ? null : iat + minutes * 60;
      const payload: Record<string, unknown> = {
        ...claims,
        aud: audience(),
        iat,
        ...(exp === null ? {} : { exp }),
        jti,
      };
      const jwt_token = await new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'JWT' }).sign(await key);
      await rows.set(jti, { jti, claims, exp });
      return { jwt_token, payload };
    },
    async find(jwt: string): Promise<JwtRow | undefined> {
      const options = { algorithms: ['RS256'], currentDate: new Date(clock.now()) };
      const jti = await jwtVerify(jwt, createPublicKey(await key), options).then(
        ({ payload }) => payload.jti,
        () => undefined,
      );
      return jti === undefined ? undefined : rows.get(jti);
    },
    revoke: (jti: string) => rows.delete(jti),
    /** Revokes one or all manage JWTs; resolves to their number. */
    async revokeManageTokens(which: { jti: string } | 'all'): Promise<number> {
      const matches = ({ claims, jti }: JwtRow) =>
        claims.type === 'manage_token' && (which === 'all' || jti === which.jti);
      const count = table.values().filter(matches).length;
      await table.deleteWhere(matches);
      return count;
    },
  };
}

async function loadOrGenerate(settings: Table<unknown>) {
  // Only this file writes this setting.
  const stored = settings.get('signing_key') as { privateKey: JsonWebKey } | undefined;
  if (stored !== undefined) return createPrivateKey({ key: stored.privateKey, format: 'jwk' });
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  await settings.set('signing_key', { privateKey: privateKey.export({ format: 'jwk' }) });
  return privateKey;
}
