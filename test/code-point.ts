import * as fc from 'fast-check';

/**
 * Any Unicode character that UTF-8 can encode, as a unit of strings. fast-check's own `binary` makes each process list all million of them. As
 * with `binary`, strings are sometimes names such as `__proto__`.
 */
export const codePoint = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10_ffff }))
  .map((value) => String.fromCodePoint(value), codePointOf);

/** Returns the code point of a text of one character. Throws TypeError for any other value. */
function codePointOf(text: unknown): number {
  const value = typeof text === 'string' ? text.codePointAt(0) : undefined;
  if (value === undefined || String.fromCodePoint(value) !== text) throw new TypeError('not one character');
  return value;
}

const special = fc.constantFrom(...'/?#%&=+;:.,-_~"\\\r\n\t\0 <é'.split(''));

/** Any text, often with characters that are special in a URL, a form or JSON. */
export const anyText = fc.string({ unit: fc.oneof(codePoint, special) });
