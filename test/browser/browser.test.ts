import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useBrowser, type Tab } from './browser.ts';
import { hardToRead, seriousFindings } from './looks.ts';

// A tab detects the faults of a page, which the other tests rely on.

const server = createServer(({ url = '' }, response) => {
  const [status, policy, body] = pages[url] ?? [404, "default-src 'none'", ''];
  response.writeHead(status, { 'content-type': 'text/html', 'content-security-policy': policy });
  response.end(`<!doctype html><html lang="en"><title>A page</title><main><h1>A page</h1>${body}</main></html>`);
});
const pages: Record<string, [status: number, policy: string, body: string]> = {
  '/good': [200, "default-src 'none'", '<p>No fault.'],
  '/rejected': [400, "default-src 'none'", '<p>No.'],
  '/breach': [200, "default-src 'none'", '<script>document.title = "run"</script>'],
  '/throws': [200, "script-src 'unsafe-inline'", '<script>throw new Error("thrown")</script>'],
  '/missing': [200, 'img-src *', '<img alt="none" src="/unknown">'],
  '/elsewhere': [200, 'img-src *', '<img alt="none" src="http://127.0.0.2/picture">'],
  '/pale': [200, "style-src 'unsafe-inline'", '<p style="color:#ccc;background:#fff;width:2000px">Low contrast'],
};

const browser = await useBrowser();
let origin: string;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

async function faultsOf({ page, faults }: Tab, path: string): Promise<string> {
  await page.goto(origin + path);
  return faults.splice(0).join('\n');
}

describe('a tab', () => {
  test('reports no fault of a correct page or an error page', async () => {
    const tab = await browser.open();
    expect(await faultsOf(tab, '/good')).toBe('');
    expect(await faultsOf(tab, '/rejected')).toBe('');
    expect(tab.requests).toEqual([`GET ${origin}/good`, `GET ${origin}/rejected`]);
    expect(await hardToRead(tab.page, 'harness')).toEqual([]);
  });

  test.each([
    ['/breach', /Content Security Policy/],
    ['/throws', /uncaught: thrown/],
    ['/missing', /status of 404/],
    ['/elsewhere', /another origin: http:\/\/127\.0\.0\.2/],
  ])('reports the fault of %s', async (path, fault) => {
    expect(await faultsOf(await browser.open(), path)).toMatch(fault);
  });

  test.fails('fails its test for a fault', async () => {
    const { page } = await browser.open();
    await page.goto(`${origin}/throws`);
    expect(page.url()).toBe(`${origin}/throws`);
  });
});

test('low contrast and sideways scrolling are reported', async () => {
  const { page } = await browser.open();
  await page.goto(`${origin}/pale`);
  expect(await seriousFindings(page)).toEqual([expect.stringMatching(/^color-contrast: /)]);
  expect(await hardToRead(page, 'harness-pale')).toContain('390 dark: scrolls sideways');
});
