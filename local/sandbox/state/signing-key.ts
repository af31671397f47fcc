import { exportJWK } from 'jose/key/export';
import { generateKeyPair } from 'jose/key/generate/keypair';
import { importJWK } from 'jose/key/import';
import { SignJWT } from 'jose/jwt/sign';
import { jwtVerify } from 'jose/jwt/verify';
import type { JWK, JWTPayload } from 'jose';
import type { Table } from '../../store.ts';

/** Signs the sandbox's JWTs and recognises its own. */
export interface SigningKey {
  sign(payload: Record<string, unknown>): Promise<string>;
  /** The payload of a JWT that this key signed and that is still valid at `now`; otherwise `undefined`. */
  verify(jwt: string, now: number): Promise<JWTPayload | undefined>;
  /** Resolves when the key is made and kept. */
  ready: Promise<unknown>;
}

/** Opens the RS256 key pair; a missing one is made in the background, so that a first start does not wait for it. */
export function openSigningKey(settings: Table<unknown>): SigningKey {
  const ready = loadOrGenerate(settings);
  // Whoever needs the key awaits it and sees the failure there.
  ready.catch(() => {});
  return {
    ready,
    async sign(payload) {
      const { privateKey } = await ready;
      return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'JWT' }).sign(privateKey);
    },
    async verify(jwt, now) {
      const { publicKey } = await ready;
      const options = { algorithms: ['RS256'], currentDate: new Date(now) };
      return jwtVerify(jwt, publicKey, options).then(
        ({ payload }) => payload,
        () => undefined,
      );
    },
  };
}

interface KeptKeys {
  publicKey: JWK;
  privateKey: JWK;
}

async function loadOrGenerate(settings: Table<unknown>) {
  // Nothing but this file writes this setting.
  const kept = settings.get('signing_key') as KeptKeys | undefined;
  if (kept !== undefined) {
    const [publicKey, privateKey] = await Promise.all([
      importJWK(kept.publicKey, 'RS256'),
      importJWK(kept.privateKey, 'RS256'),
    ]);
    return { publicKey, privateKey };
  }
  const made = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
  const [publicKey, privateKey] = await Promise.all([exportJWK(made.publicKey), exportJWK(made.privateKey)]);
  await settings.set('signing_key', { publicKey, privateKey } satisfies KeptKeys);
  return made;
}
