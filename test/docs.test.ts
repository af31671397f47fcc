import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { documentedOperations } from '#tools/operations-table.ts';

test('docs/operations.md lists the operations: otherwise run npm run docs', async () => {
  expect(await readFile('docs/operations.md', 'utf8')).toBe(await documentedOperations());
});
