import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { now } from '../clock.ts';
import { env } from '../config/env.ts';
import { GatewayError } from '../errors.ts';
import { lazy } from '../lazy.ts';
import { cachedSecret, type CachedSecret } from '../secrets/reader.ts';

/** What a browser carries through the bank and back. */
export interface WebauthState {
  /** The partner's client id. */
  partner: string;
  redirectUri: string;
  /** The caller's own state, at most 1 KiB. */
  state?: string | undefined;
}

/** A seal opens for this long, in seconds. */
export const sealLife = 600;
/** A key id that nobody knows makes the keys be read again, at most once in this time, in milliseconds. */
const unknownKeyPause = 30_000;

const sealingKey = lazy(() =>
  v.object({
    kid: v.pipe(v.string(), v.regex(/^[\w-]{1,32}$/)),
    /** 32 bytes, base64. */
    key: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]{43}=$/)),
  }),
);

/** `<env>/gateway/sealing-keys`: every reader knows `next` before any writer uses it. */
export const sealingKeys = lazy(() =>
  v.object({ next: sealingKey(), current: sealingKey(), previous: v.optional(sealingKey()) }),
);

/** The value of the sealing secret. */
export type SealingKeys = v.InferOutput<ReturnType<typeof sealingKeys>>;
type SealingKey = v.InferOutput<ReturnType<typeof sealingKey>>;

const secret = cachedSecret('sealing-keys', sealingKeys);

/** Makes a new sealing key. */
export function makeSealingKey(): SealingKey {
  return { kid: randomBytes(6).toString('base64url'), key: randomBytes(32).toString('base64') };
}

/** Seals a state for ten minutes, AES-256-GCM; the environment and the key id are authenticated with it. Throws GatewayError `unavailable`. */
export async function seal({ partner, redirectUri, state }: WebauthState): Promise<string> {
  const { current } = (await secret.get()).value;
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', imported(current), nonce);
  cipher.setAAD(authenticated(current.kid));
  const until = Math.floor(now() / 1000) + sealLife;
  // Not JSON, which can make six bytes of one: the seal travels in addresses, and has to be short whatever the state is.
  const text = [until, partner, redirectUri, ...(state === undefined ? [] : [state])].join(' ');
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${current.kid}.${sealed.toString('base64url')}`;
}

/** Opens a seal. Throws GatewayError `invalidValue` for one that is expired, altered or not this environment's. */
export async function open(token: string): Promise<WebauthState> {
  const [kid = '', sealed = '', ...more] = token.split('.');
  const key = more.length === 0 ? await keyNamed(kid) : undefined;
  if (key === undefined) throw refused('its key is unknown');
  const bytes = Buffer.from(sealed, 'base64url');
  // Decoding forgives what encoding never writes: one seal has one text.
  if (bytes.toString('base64url') !== sealed) throw refused('it was altered');
  const [, until, partner, redirectUri, state] = content.exec(decipher(key, bytes)) ?? [];
  if (partner === undefined || redirectUri === undefined) throw refused('its content is not known');
  if (Number(until) * 1000 <= now()) throw refused('it has expired');
  return { partner, redirectUri, state };
}

/** The end of its life, partner, redirect URI, and the state, which may hold anything and may be absent. */
const content = /^(\d+) (\S+) (\S+)(?: ([^]*))?$/;

function decipher(key: SealingKey, sealed: Buffer): string {
  if (sealed.length < 12 + 16) throw refused('it is too short');
  try {
    const decipherer = createDecipheriv('aes-256-gcm', imported(key), sealed.subarray(0, 12), { authTagLength: 16 });
    decipherer.setAAD(authenticated(key.kid));
    decipherer.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipherer.update(sealed.subarray(12, -16)), decipherer.final()]).toString('utf8');
  } catch {
    throw refused('it was altered');
  }
}

const keyObjects = new WeakMap<SealingKey, KeyObject>();

/** Once for each reading of a key: given bytes, Node would try them as two kinds of keys first, and throw an error for each. */
function imported(key: SealingKey): KeyObject {
  const known = keyObjects.get(key);
  if (known !== undefined) return known;
  const made = createSecretKey(key.key, 'base64');
  keyObjects.set(key, made);
  return made;
}

let lookedForUnknownAt = -Infinity;

async function keyNamed(kid: string): Promise<SealingKey | undefined> {
  const held = await secret.get();
  const known = find(held, kid);
  if (known !== undefined || now() - lookedForUnknownAt < unknownKeyPause) return known;
  lookedForUnknownAt = now();
  const newer = await secret.newerThan(held);
  return newer === undefined ? undefined : find(newer, kid);
}

function find({ value: { next, current, previous } }: CachedSecret<SealingKeys>, kid: string): SealingKey | undefined {
  return [current, next, previous].find((key) => key?.kid === kid);
}

function authenticated(kid: string): Buffer {
  return Buffer.from(`${env.environment()}|${kid}`);
}

function refused(reason: string): GatewayError {
  return new GatewayError('invalidValue', {
    description: 'This link has expired or is not valid.',
    detail: `the seal does not open: ${reason}`,
  });
}
