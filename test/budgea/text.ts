import * as fc from 'fast-check';
import { codePoint } from '../code-point.ts';

const special = fc.constantFrom(...'/?#%&=+;:.,-_~"\\\r\n\t\0 <é'.split(''));

/** Any text that UTF-8 can carry, often with what means something in a URL, a form or JSON. */
export const anyText = fc.string({ unit: fc.oneof(codePoint, special) });
