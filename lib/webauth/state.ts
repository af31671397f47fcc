import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { now } from '../clock.ts';
import { env } from '../config/env.ts';
import { GatewayError } from '../errors.ts';
import { lazy } from '../lazy.ts';
import { cachedSecret, type CachedSecret } from '../secrets/reader.ts';

/** The state of a webauth round trip, which travels in the browser. */
export interface WebauthState {
  /** The partner's client id. */
  partner: string;
  redirectUri: string;
  /** The partner's own state, at most 1 KiB. */
  state?: string | undefined;
}

/** Lifetime of a sealed state, in seconds. */
export const sealLife = 600;
/** An unknown key id causes the keys to be read again, at most once per this interval, in milliseconds. */
const unknownKeyInterval = 30_000;

const sealingKey = lazy(() =>
  v.object({
    kid: v.pipe(v.string(), v.regex(/^[\w-]{1,32}$/)),
    /** 32 bytes, base64. */
    key: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]{43}=$/)),
  }),
);

/** `<env>/gateway/sealing-keys`. `next` is distributed to all readers before it is used for sealing. */
export const sealingKeys = lazy(() =>
  v.object({ next: sealingKey(), current: sealingKey(), previous: v.optional(sealingKey()) }),
);

/** The value of the sealing secret. */
export type SealingKeys = v.InferOutput<ReturnType<typeof sealingKeys>>;
type SealingKey = v.InferOutput<ReturnType<typeof sealingKey>>;

const secret = cachedSecret('sealing-keys', sealingKeys);

/** Returns a new sealing key. */
export function makeSealingKey(): SealingKey {
  return { kid: randomBytes(6).toString('base64url'), key: randomBytes(32).toString('base64') };
}

/**
 * Seals a state for ten minutes with AES-256-GCM; the environment and the key id are additional authenticated data. Throws GatewayError
 * `unavailable` when the keys cannot be read.
 */
export async function seal({ partner, redirectUri, state }: WebauthState): Promise<string> {
  const { current } = (await secret.get()).value;
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyObject(current), nonce);
  cipher.setAAD(additionalData(current.kid));
  const expiresAt = Math.floor(now() / 1000) + sealLife;
  // Not JSON, which escapes one byte as up to six: the seal is part of URLs and must stay short for any state.
  const text = [expiresAt, partner, redirectUri, ...(state === undefined ? [] : [state])].join(' ');
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${current.kid}.${sealed.toString('base64url')}`;
}

/** Opens a sealed state. Throws GatewayError `invalidValue` when it is expired, altered or of another environment. */
export async function open(token: string): Promise<WebauthState> {
  const [kid = '', sealed = '', ...rest] = token.split('.');
  const key = rest.length === 0 ? await findKey(kid) : undefined;
  if (key === undefined) throw invalidSeal('its key is unknown');
  const bytes = Buffer.from(sealed, 'base64url');
  // Buffer also decodes text that it never encodes. Only the canonical text is valid.
  if (bytes.toString('base64url') !== sealed) throw invalidSeal('it was altered');
  const [, expiresAt, partner, redirectUri, state] = content.exec(decipher(key, bytes)) ?? [];
  if (partner === undefined || redirectUri === undefined) throw invalidSeal('its content is malformed');
  if (Number(expiresAt) * 1000 <= now()) throw invalidSeal('it has expired');
  return { partner, redirectUri, state };
}

/** Expiry, partner, redirect URI, and the optional state, which may contain any characters. */
const content = /^(\d+) (\S+) (\S+)(?: ([^]*))?$/;

function decipher(key: SealingKey, sealed: Buffer): string {
  if (sealed.length < 12 + 16) throw invalidSeal('it is too short');
  try {
    const decipherer = createDecipheriv('aes-256-gcm', keyObject(key), sealed.subarray(0, 12), { authTagLength: 16 });
    decipherer.setAAD(additionalData(key.kid));
    decipherer.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipherer.update(sealed.subarray(12, -16)), decipherer.final()]).toString('utf8');
  } catch {
    throw invalidSeal('it was altered');
  }
}

const keyObjects = new WeakMap<SealingKey, KeyObject>();

/** Creates the key object once per key: from bytes, Node would first try to parse two other kinds of keys for each call. */
function keyObject(key: SealingKey): KeyObject {
  const cached = keyObjects.get(key);
  if (cached !== undefined) return cached;
  const created = createSecretKey(key.key, 'base64');
  keyObjects.set(key, created);
  return created;
}

let unknownKeyAt = -Infinity;

async function findKey(kid: string): Promise<SealingKey | undefined> {
  const cached = await secret.get();
  const key = find(cached, kid);
  if (key !== undefined || now() - unknownKeyAt < unknownKeyInterval) return key;
  unknownKeyAt = now();
  const newer = await secret.newerThan(cached);
  return newer === undefined ? undefined : find(newer, kid);
}

function find({ value: { next, current, previous } }: CachedSecret<SealingKeys>, kid: string): SealingKey | undefined {
  return [current, next, previous].find((key) => key?.kid === kid);
}

function additionalData(kid: string): Buffer {
  return Buffer.from(`${env.environment()}|${kid}`);
}

function invalidSeal(reason: string): GatewayError {
  return new GatewayError('invalidValue', {
    description: 'This link has expired or is not valid.',
    detail: `the seal does not open: ${reason}`,
  });
}
