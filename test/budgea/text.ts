import * as fc from 'fast-check';

const codePoint = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10_ffff }))
  .map((value) => String.fromCodePoint(value));
const special = fc.constantFrom(...'/?#%&=+;:.,-_~"\\\r\n\t\0 <é'.split(''));

/** Any text that UTF-8 can carry, often with what means something in a URL, a form or JSON. */
export const anyText = fc.string({ unit: fc.oneof(codePoint, special) });
