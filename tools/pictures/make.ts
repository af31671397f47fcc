import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { deployedIntervals } from '#local/jobs.ts';
import type { StackFile } from '#local/stack-file.ts';
import { startStack } from '#local/stack.ts';
import requireChromium, { chromiumPath } from '#test/browser/require-chromium.ts';
import { diagram } from './diagram.ts';

// `npm run pictures` makes the pictures of the README.

/** A page to photograph. */
interface Shot {
  name: string;
  url: string;
  /** Resolves when the page shows everything. */
  ready: (page: Page) => Promise<unknown>;
}

const folder = 'docs/pictures';
/** The limit for a picture, in bytes. */
const maximumSize = 150_000;
const viewport = { width: 1280, height: 800 };
/** The quality of WebP in percent, with sharp text. */
const quality = 82;

await requireChromium();
await mkdir(folder, { recursive: true });
const architecture = await readFile('tools/pictures/architecture.dot', 'utf8');
await save('architecture.svg', await diagram(architecture, 'How the gateway is built'));
const data = await mkdtemp(join(tmpdir(), 'pictures-'));
const stack = await startStack({ port: 0, data });
const { startSchedules } = await import('#local/schedules.ts');
const schedules = await startSchedules(deployedIntervals, true);
try {
  await makeCalls(stack.file);
  await takeScreenshots(shotsOf(stack.file.gateway));
} finally {
  await schedules.close();
  await stack.close();
  await rm(data, { recursive: true });
}
process.exit();

/** Makes the calls that the console shows: new users, an error response, and failures of Budgea. */
async function makeCalls({ gateway, sandbox, partner, manager }: StackFile): Promise<void> {
  const { client_id, client_secret } = partner;
  const call = async (method: string, path: string, authorization: string, fields?: Record<string, string>) => {
    const body = fields === undefined ? null : new URLSearchParams(fields);
    const headers: Record<string, string> = authorization === '' ? {} : { authorization };
    const response = await fetch(gateway + path, { method, headers, body });
    return (await response.json()) as Record<string, unknown>;
  };
  const users: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    const { id_user } = await call('POST', '/auth/init', '', { client_id, client_secret });
    users.push(String(id_user));
  }
  for (const id of users) await call('GET', `/users/${id}`, client_secret);
  await call('GET', '/users/all', manager.client_secret);
  await call('GET', '/users/4242', client_secret);
  await call('POST', '/admin/jwt', client_secret, { scope: 'config' });
  await call('POST', '/admin/jwt', manager.client_secret, { scope: 'config', duration: '5' });
  const failures = new URL('/_sandbox/failures', sandbox);
  await fetch(failures, { method: 'POST', body: new URLSearchParams({ answer: 'maintenance', times: '5' }) });
  await call('GET', `/users/${users[0]}`, client_secret);
  await fetch(failures, { method: 'DELETE' });
  await call('POST', '/auth/jwt', '', { client_id, client_secret, id_user: String(users[1]) });
  await call('GET', '/certificate/qwac', client_secret);
}

function shotsOf(gateway: string): Shot[] {
  return [
    {
      name: 'console',
      url: new URL('/', gateway).href,
      async ready(page) {
        await page.getByRole('button', { name: '/auth/jwt' }).click();
        await page.getByText('next rotation in').first().waitFor();
        await page.getByText('qseal').first().waitFor();
      },
    },
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

/** Saves each page in the light and in the dark color scheme. */
async function takeScreenshots(shots: readonly Shot[]): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    chromiumSandbox: !isRoot,
    args: isRoot ? ['--no-sandbox'] : [],
  });
  try {
    for (const shot of shots) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await save(`${shot.name}-${colorScheme}.webp`, await takeScreenshot(browser, shot, colorScheme));
      }
    }
  } finally {
    await browser.close();
  }
}

async function takeScreenshot(browser: Browser, { url, ready }: Shot, colorScheme: 'light' | 'dark'): Promise<Buffer> {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(url);
  await ready(page);
  // Playwright itself does not write WebP.
  const session = await context.newCDPSession(page);
  const { data: image } = await session.send('Page.captureScreenshot', { format: 'webp', quality });
  await context.close();
  return Buffer.from(image, 'base64');
}

async function save(file: string, content: string | Buffer): Promise<void> {
  const bytes = Buffer.byteLength(content);
  if (bytes > maximumSize) throw new Error(`${file} has ${bytes} bytes, more than ${maximumSize}.`);
  await writeFile(join(folder, file), content);
  process.stdout.write(`${join(folder, file)}  ${Math.ceil(bytes / 1000)} kB\n`);
}
