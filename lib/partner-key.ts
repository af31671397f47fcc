import { hash as digest, randomBytes, timingSafeEqual } from 'node:crypto';

/** The prefix of every partner key. Secret scanners find leaked keys by it. */
export const keyPrefix = 'bgk_';

/** The maximum number of live keys: two during a key rotation. */
export const mostKeys = 2;

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const format = /^bgk_([1-9]\d{7})_[0-9A-Za-z]{43}[0-9A-Za-z]{6}$/;

/** A well-formed partner key. It is valid if the record of the partner that it names contains its hash. */
export interface PresentedKey {
  clientId: string;
  /** SHA-256 of the whole key, hexadecimal. */
  hash: string;
}

/** Returns a new key of a partner: 43 random base62 characters (256 bits) and a checksum. */
export function makeKey(clientId: string): string {
  const body = `${keyPrefix}${clientId}_${randomBase62(43)}`;
  return body + checksum(body);
}

/** Returns a new client id: 8 digits, the first not 0. */
export function makeClientId(): string {
  return String(10_000_000 + (randomBytes(4).readUInt32BE() % 90_000_000));
}

/** Parses a key. Returns undefined when the format or the checksum is wrong; no lookup is needed for that. */
export function readKey(text: string): PresentedKey | undefined {
  const clientId = format.exec(text)?.[1];
  if (clientId === undefined || checksum(text.slice(0, -6)) !== text.slice(-6)) return undefined;
  return { clientId, hash: hashKey(text) };
}

/** The maximum number of nested escapes that are decoded. */
const maxLayers = 4;

// The patterns of a mangled key. Each is strict enough that a random token does not match by chance.
const prefixAndId = /bgk[^a-z0-9].{0,6}?[1-9]\d{7}(?![a-z0-9])/i;
const withoutSeparators = /bgk[^a-z0-9]{0,3}[1-9]\d{7}[^a-z0-9]{0,3}[a-z0-9]{49}(?![a-z0-9])/i;
const withoutPrefix = /^(?:.{0,8}[^a-z0-9])?[1-9]\d{7}[^a-z0-9]{1,3}[a-z0-9]{49}[^a-z0-9]{0,8}$/i;
const inHexadecimal = /[46]2[46]7[46]b(?:..){0,7}?3[1-9](?:3\d){7}/i;
/** Two base64 groups that encode three digits each. The eight digits of a client id contain two such groups at any alignment. */
const digitsInBase64 = /(?:[MNO][DTjz][AEIMQUYcgk][w-z0-5]){2}/;
const jwt = /^eyJ[\w-]+\.eyJ/;
const escapes = /(?:%|\\u00)([0-9a-f]{2})/gi;

/**
 * Returns whether a text starts with the key prefix or contains a mangled key: truncated, quoted, in another case, with other separators,
 * percent-encoded, in hexadecimal or in base64. Such a text is never sent to Budgea.
 *
 * Budgea's tokens are base64 of 24 or 96 random bytes, and JWTs. A random token of n characters matches with a probability of 1.4e-13 n: 7e-14 n
 * for `prefixAndId` (three letters in either case, a separator, eight digits in one of seven places, a boundary) and as much for
 * `withoutSeparators` (three letters, eight digits, 49 letters or digits, a boundary). This is 2e-11 for 128 characters, 1e-10 for a JWT of 700 and
 * less than 1e-9 up to 7,000. The other patterns add nothing: `withoutPrefix` has a length that no token has, and decoded text must match as well.
 * The exact prefix at the start is sufficient. Standard base64 cannot contain it; URL-safe base64 starts with it once in 1.7e7 tokens.
 */
export function resemblesKey(text: string, layers = maxLayers): boolean {
  if (text.length < 12 || layers === 0) return text.startsWith(keyPrefix);
  const visible = /[^\x21-\x7e]/.test(text) ? text.normalize('NFKC').replace(/[^\x21-\x7e]+/g, '') : text;
  if (isMangled(visible) || inHexadecimal.test(visible)) return true;
  if (digitsInBase64.test(visible) && !jwt.test(visible) && isMangledInBase64(visible)) return true;
  const unescaped = visible.replace(escapes, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return unescaped !== visible && resemblesKey(unescaped, layers - 1);
}

function isMangled(text: string): boolean {
  return (
    text.startsWith(keyPrefix) ||
    prefixAndId.test(text) ||
    withoutSeparators.test(text) ||
    (text.length < 90 && withoutPrefix.test(text))
  );
}

/** Decodes at each of the four alignments. A character outside the alphabet is replaced, so that alignment is kept. */
function isMangledInBase64(text: string): boolean {
  const base64 = text.replace(/[^\w+/-]/g, 'A');
  return [0, 1, 2, 3].some((offset) => isMangled(Buffer.from(base64.slice(offset), 'base64').toString('latin1')));
}

/** Returns the stored form of a key: its SHA-256 in hexadecimal. 256 random bits need no salt. */
export function hashKey(key: string): string {
  return digest('sha256', key, 'hex');
}

/** Returns the id of a key, which may be logged and displayed: the first 8 digits of its hash. */
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
      // 248 is the largest multiple of 62 in a byte: every character is equally likely.
      if (byte < 248 && text.length < length) text += alphabet.charAt(byte % 62);
    }
  }
  return text;
}

/** Returns the CRC-32 of ASCII text (ISO 3309). Node's own implementation would load its whole zlib module for a short key. */
export function crc32(text: string): number {
  let rest = 0xffffffff;
  for (let place = 0; place < text.length; place++) {
    rest ^= text.charCodeAt(place);
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  return (rest ^ 0xffffffff) >>> 0;
}
