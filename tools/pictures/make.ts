import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import requireChromium from '#test/browser/require-chromium.ts';
import { diagram } from './diagram.ts';
import { setScene } from './scene.ts';
import { takeScreenshots, type Shot } from './screenshots.ts';

// Makes the README's pictures anew: `npm run pictures`.

const folder = 'docs/pictures';
/** In bytes. */
const largest = 150_000;

await requireChromium();
await mkdir(folder, { recursive: true });
const svg = await diagram(await readFile('tools/pictures/architecture.dot', 'utf8'), 'How the gateway is built');
await save('architecture.svg', svg);
const scene = await setScene();
try {
  for (const { file, content } of await takeScreenshots(shotsOf(scene.file.gateway))) await save(file, content);
} finally {
  await scene.close();
}
process.exit();

function shotsOf(gateway: string): Shot[] {
  return [
    { name: 'console', url: new URL('/', gateway).href, ready: openCall },
    {
      name: 'api-page',
      url: new URL('/docs', gateway).href,
      async ready(page) {
        await page.getByText('Create a user').first().waitFor();
        await page.getByRole('heading', { name: 'Credentials' }).waitFor();
        await page.getByText('Client Libraries').waitFor();
      },
    },
  ];
}

/** With a call's way, and all panels filled. */
async function openCall(page: Page): Promise<void> {
  await page.getByRole('button', { name: '/auth/jwt' }).click();
  await page.getByText('next rotation in').first().waitFor();
  await page.getByText('qseal').first().waitFor();
}

async function save(file: string, content: string | Buffer): Promise<void> {
  const bytes = Buffer.byteLength(content);
  if (bytes > largest) throw new Error(`${file} has ${bytes} bytes, and a README's picture at most ${largest}.`);
  await writeFile(join(folder, file), content);
  process.stdout.write(`${join(folder, file)}  ${Math.ceil(bytes / 1000)} kB\n`);
}
