import { readdir, readFile, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { diagram } from '#tools/pictures/diagram.ts';

test('the diagram is the one that its source describes', async () => {
  const drawn = await diagram(await readFile('tools/pictures/architecture.dot', 'utf8'), 'How the gateway is built');
  expect(await readFile('docs/pictures/architecture.svg', 'utf8')).toBe(drawn);
  // Nothing in it would be left in the colours of one scheme, or show what only the source is about.
  expect(drawn).not.toMatch(/ (?:fill|stroke)="/);
  expect(drawn.match(/<title>/g)).toHaveLength(1);
});

test('the documents use every picture, and each is small and described', async () => {
  const pages = (await readdir('docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);
  const texts = await Promise.all(['README.md', ...pages].map((page) => readFile(page, 'utf8')));
  const text = texts.join('\n');
  const used = new Set([...text.matchAll(/pictures\/([\w-]+\.\w+)/g)].map(([, name]) => name));
  expect(used).toEqual(new Set(await readdir('docs/pictures')));
  for (const name of used) expect((await stat(`docs/pictures/${name}`)).size).toBeLessThan(150_000);
  expect(text).not.toMatch(/<img(?![^>]* alt="[^"]+)/);
});
