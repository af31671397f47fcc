import { hash as digest, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from './crc32.ts';

/** Every partner key begins with it, so that a secret scanner finds a leaked one. */
export const keyPrefix = 'bgk_';

/** A partner changes its key with two of them, one after the other. */
export const mostKeys = 2;

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const format = /^bgk_([1-9]\d{7})_[0-9A-Za-z]{43}[0-9A-Za-z]{6}$/;

/** A well-formed partner key: who it claims to be, and what the record of that partner can confirm. */
export interface PresentedKey {
  clientId: string;
  /** SHA-256 of the whole key, hexadecimal. */
  hash: string;
}

/** Makes a new key of a partner: 43 random base62 characters (256 bits) and their checksum. */
export function makeKey(clientId: string): string {
  const body = `${keyPrefix}${clientId}_${randomBase62(43)}`;
  return body + checksum(body);
}

/** Makes a new client id: 8 digits, the first not 0. */
export function makeClientId(): string {
  return String(10_000_000 + (randomBytes(4).readUInt32BE() % 90_000_000));
}

/** Reads a key; undefined when its form or its checksum is wrong, without any look-up. */
export function readKey(text: string): PresentedKey | undefined {
  const clientId = format.exec(text)?.[1];
  if (clientId === undefined || checksum(text.slice(0, -6)) !== text.slice(-6)) return undefined;
  return { clientId, hash: hashKey(text) };
}

/** What is stored of a key: its SHA-256, hexadecimal. No salt is needed for 256 random bits. */
export function hashKey(key: string): string {
  return digest('sha256', key, 'hex');
}

/** The name of a key that may be logged and shown: the beginning of its hash. */
export function keyId(hash: string): string {
  return hash.slice(0, 8);
}

/** Compares two hashes in constant time. */
export function sameHash(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

function checksum(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (let place = 0; place < 6; place++) {
    digits = alphabet.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      // 248 is the largest multiple of 62 that a byte holds: every character stays equally likely.
      if (byte < 248 && text.length < length) text += alphabet.charAt(byte % 62);
    }
  }
  return text;
}
