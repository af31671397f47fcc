import { expect, test } from 'vitest';
import { columns, duration } from '../../cli/view.ts';

test.for([
  [0, '0 s'],
  [999, '0 s'],
  [-61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [3_605_000, '1 h'],
  [90_061_000, '1 d 1 h'],
  [86_460_000, '1 d'],
] as const)('%d ms is %s', ([milliseconds, text]) => {
  expect(duration(milliseconds)).toBe(text);
});

test('columns are as wide as their widest cell, and end without spaces', () => {
  expect(columns([['a', 'bb'], ['ccc'], ['', 'd']])).toBe('a    bb\nccc\n     d');
});
