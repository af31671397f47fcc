import { readFile, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { diagram } from '#tools/pictures/diagram.ts';

test('the diagram is the one that its source describes', async () => {
  const drawn = await diagram(await readFile('tools/pictures/architecture.dot', 'utf8'), 'How the gateway is built');
  expect(await readFile('docs/pictures/architecture.svg', 'utf8')).toBe(drawn);
  // Nothing in it would be left in the colours of one scheme, or show what only the source is about.
  expect(drawn).not.toMatch(/ (?:fill|stroke)="/);
  expect(drawn.match(/<title>/g)).toHaveLength(1);
});

test('every picture of the README is there, and small', async () => {
  const readme = await readFile('README.md', 'utf8');
  const files = [...new Set(readme.match(/docs\/pictures\/[\w.-]+/g))];
  expect(files).toHaveLength(5);
  for (const file of files) expect((await stat(file)).size).toBeLessThan(150_000);
  expect(readme).not.toMatch(/<img(?![^>]* alt="[^"]+)/);
});
