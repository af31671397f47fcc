import { createCipheriv, createHash } from 'node:crypto';
import { crc32 as nodesCrc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  crc32,
  hashKey,
  keyId,
  keyPrefix,
  makeClientId,
  makeKey,
  readKey,
  resemblesKey,
  sameHash,
} from '#lib/partner-key.ts';
import { fullWidth, mangledKeys } from '../credentials.ts';

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.split('');
const clientIds = fc.integer({ min: 10_000_000, max: 99_999_999 }).map(String);
const keys = clientIds.map(makeKey);

describe('a new key', () => {
  test('has the documented format and is parsed to its partner and its SHA-256', () => {
    fc.assert(
      fc.property(clientIds, (clientId) => {
        const key = makeKey(clientId);
        expect(key).toMatch(/^bgk_[1-9]\d{7}_[0-9A-Za-z]{49}$/);
        expect(readKey(key)).toEqual({ clientId, hash: createHash('sha256').update(key).digest('hex') });
      }),
    );
  });

  test('is unique among 10,000 of one partner, with uniformly distributed characters', () => {
    const created = Array.from({ length: 10_000 }, () => makeKey('12345678'));
    expect(new Set(created).size).toBe(created.length);
    const counts = new Map(base62.map((character) => [character, 0]));
    for (const character of created.flatMap((key) => key.slice(13, -6).split(''))) {
      counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    const expected = (created.length * 43) / 62;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(counts.size).toBe(62);
    // 61 degrees of freedom: a uniform generator exceeds 140 once in ten million runs, a byte modulo 62 always does.
    expect(chiSquare).toBeLessThan(140);
  });

  test('is random at every position', () => {
    const created = Array.from({ length: 2_000 }, () => makeKey('12345678'));
    for (let place = 13; place < 56; place++) {
      expect(new Set(created.map((key) => key.charAt(place))).size).toBe(62);
    }
  });
});

describe('the checksum', () => {
  test('detects every change of one character', () => {
    const key = makeKey('12345678');
    for (let place = 0; place < key.length; place++) {
      for (const other of base62) {
        if (other === key.charAt(place)) continue;
        expect(readKey(key.slice(0, place) + other + key.slice(place + 1)), `${other} at ${place}`).toBeUndefined();
      }
    }
  });

  test('detects transposed, missing and additional characters', () => {
    fc.assert(
      fc.property(keys, fc.nat(60), fc.constantFrom(...base62), (key, at, more) => {
        const place = at % (key.length - 1);
        const swapped = key.slice(0, place) + key.charAt(place + 1) + key.charAt(place) + key.slice(place + 2);
        expect(swapped === key || readKey(swapped) === undefined).toBe(true);
        expect(readKey(key.slice(0, place) + key.slice(place + 1))).toBeUndefined();
        expect(readKey(key.slice(0, place) + more + key.slice(place))).toBeUndefined();
      }),
    );
  });

  test('detects a replaced client id', () => {
    fc.assert(
      fc.property(keys, clientIds, (key, other) => {
        fc.pre(!key.startsWith(`${keyPrefix}${other}_`));
        expect(readKey(`${keyPrefix}${other}${key.slice(12)}`)).toBeUndefined();
      }),
    );
  });
});

describe('readKey', () => {
  test.each([
    ['nothing', ''],
    ['only the prefix', keyPrefix],
    ['white space around it', ` ${makeKey('12345678')}`],
    ['a trailing line feed', `${makeKey('12345678')}\n`],
    ['a client id that starts with 0', makeKey('02345678')],
    ['a client id of 7 digits', makeKey('1234567')],
    ['a client id of 9 digits', makeKey('123456789')],
    ['digits of another script', makeKey('1234567٣')],
    ['another prefix', makeKey('12345678').replace('bgk_', 'BGK_')],
    ['two keys', makeKey('12345678') + makeKey('12345678')],
  ])('returns undefined for %s', (_what, text) => {
    expect(readKey(text)).toBeUndefined();
  });

  test('returns undefined for other text and never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
        (text) => {
          expect(readKey(text)).toBeUndefined();
          expect(readKey(keyPrefix + text)).toBeUndefined();
          expect(readKey(`${keyPrefix}12345678_${text}`)).toBeUndefined();
        },
      ),
    );
  });
});

describe('resemblesKey', () => {
  test.each(mangledKeys)('detects a key with %s', (_what, mangle) => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(resemblesKey(mangle(key))).toBe(true);
      }),
    );
  });

  test.each<[string, (key: string) => string]>([
    ['full-width letters', (key) => key.replace(/^bgk_\d+/, (start) => fullWidth(start).replace('bgk', 'ｂｇｋ'))],
    ['zero-width characters', (key) => key.split('').join('\u200b')],
    ['line breaks inside', (key) => (key.match(/.{1,5}/g) ?? []).join('\r\n')],
    ['NUL inside', (key) => key.replace('_', '_\0')],
  ])('detects a key with %s, which a header cannot contain', (_what, mangle) => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(resemblesKey(mangle(key))).toBe(true);
      }),
    );
  });

  test('detects none of 240,000 random tokens and JWTs', () => {
    const bytes = pseudoRandom();
    const base64 = (length: number) => bytes(length).toString('base64');
    const base64url = (length: number) => bytes(length).toString('base64url');
    const jwt = (at: number) => {
      const payload = { id_user: 10_000_000 + at, aud: 'example.biapi.pro', iss: 12_345_678, iat: 1_767_225_600 + at };
      const parts = [
        { alg: 'RS256', typ: 'JWT' },
        { ...payload, scope: '', type: 'sharedAccess', jti: base64(16) },
      ];
      const written = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
      return [...written, base64url(256)].join('.');
    };
    const makers = {
      'short tokens': () => base64(24),
      'long tokens': () => base64(96),
      'tokens with underscores': () => base64url(96).replaceAll('-', '+'),
      'tokens that start with a letter of the prefix': () => base64(96).replace(/^[^]/, 'b'),
      'tokens that start with digits': (at: number) => `${10_000_000 + at}${base64(96)}`,
      JWTs: jwt,
    };
    for (const [what, make] of Object.entries(makers)) {
      const detected = Array.from({ length: 40_000 }, (_, at) => resemblesKey(make(at))).filter(Boolean);
      expect([what, detected.length]).toEqual([what, 0]);
    }
  });

  test.each([
    ['nothing', ''],
    ['a word', 'sharedAccess'],
    ['a scope', 'payments:validate'],
    ['a URL', 'https://app.example/callback/12345678/bgk'],
    ['a client id', '12345678'],
    ['a UUID', '338178e6-3d01-564f-9a7b-52ca442459bf'],
    ['a word with the letters of the prefix', 'bgk-accounting.20261231'],
    ['a JWT with a client id in its payload', `eyJh.eyJ${Buffer.from('"iss":12345678').toString('base64url')}.c2ln`],
  ])('does not detect %s', (_what, text) => {
    expect(resemblesKey(text)).toBe(false);
  });

  test('runs in linear time', () => {
    const hard = ['bgk.', '1', 'MTIz', '%25', '\ufdfa', '%41bgk-MTIzMTIz', '426742', '['];
    for (const piece of hard) {
      const text = `bgk${piece.repeat(16_384 / piece.length)}`;
      const startedAt = performance.now();
      resemblesKey(text);
      // It takes milliseconds; backtracking would take minutes.
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    }
  });
});

/** Returns the same bytes in each run. */
function pseudoRandom(): (length: number) => Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  return (length) => cipher.update(Buffer.alloc(length));
}

test('a client id has 8 digits, the first not 0, and is rarely repeated', () => {
  const created = Array.from({ length: 5_000 }, makeClientId);
  expect(created.every((id) => /^[1-9]\d{7}$/.test(id))).toBe(true);
  // Ninety million ids: more than five pairs among 5,000 occur once in millions of runs.
  expect(new Set(created).size).toBeGreaterThan(created.length - 5);
});

test('a key id differs between keys and is not part of the key', () => {
  const [one, other] = [makeKey('12345678'), makeKey('12345678')];
  expect(keyId(hashKey(one))).toMatch(/^[0-9a-f]{8}$/);
  expect(keyId(hashKey(one))).not.toBe(keyId(hashKey(other)));
  expect(one).not.toContain(keyId(hashKey(one)));
});

test('sameHash compares two hashes', () => {
  const hash = hashKey(makeKey('12345678'));
  expect(sameHash(hash, hash)).toBe(true);
  expect(sameHash(hash, hash.toUpperCase())).toBe(false);
  expect(sameHash(hash, hash.slice(1))).toBe(false);
  expect(sameHash(hash, '')).toBe(false);
});

test('the checksum is the same as Node’s CRC-32', () => {
  const ascii = fc.string({ unit: 'binary-ascii', maxLength: 200 });
  fc.assert(
    fc.property(ascii, (text) => {
      expect(crc32(text)).toBe(nodesCrc32(text));
    }),
  );
});
