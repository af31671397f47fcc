import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type Gateway } from '../gateway.ts';
import { startBrowser, type Browser, type Tab } from './browser.ts';
import { hardToRead, seriousFindings } from './looks.ts';

// The API page as a partner's developer sees it. Every tab fails its test for an error on the console, a breach of the page's policy or a request to
// another origin.

let gateway: Gateway;
let browser: Browser;
let origin: string;

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startGateway(), startBrowser()]);
  origin = new URL(gateway.file.gateway).origin;
});
afterAll(async () => {
  await browser.close();
  await gateway.close();
});

/** Opens the page; when it is there, Scalar has made it of the document. */
async function openPage(): Promise<Tab> {
  const tab = await browser.open();
  await tab.page.goto(`${origin}/docs`);
  await tab.page.getByRole('heading', { name: 'First calls' }).waitFor();
  return tab;
}

/** The page is long, and axe looks at all of it. */
const long = 180_000;

/** What axe finds serious in Scalar's editor of requests, which is not ours to mend: names and attributes of its input fields and buttons. */
const faultsOfItsEditor = new Set([
  'aria-input-field-name',
  'aria-prohibited-attr',
  'aria-required-attr',
  'aria-valid-attr-value',
  'scrollable-region-focusable',
]);

const createAUser = (page: Page) => page.getByRole('link', { name: /^Create a user/ }).first();
const testRequest = (page: Page) => page.getByRole('button', { name: /Test Request.*\/auth\/init/ });

test('it is made of three answers of the gateway’s, and as large as its script', async () => {
  const { page, requests } = await openPage();
  expect(requests).toEqual([
    `GET ${origin}/docs`,
    expect.stringMatching(/^GET http:\/\/[^/]+\/docs\/scalar\.js\?/),
    `GET ${origin}/openapi.json`,
  ]);
  const transferred = await page.evaluate<number>(
    'performance.getEntriesByType("resource").reduce((sum, { transferSize }) => sum + transferSize, 0)',
  );
  expect(transferred).toBeGreaterThan(1_000_000);
  expect(transferred).toBeLessThan(1_700_000);
});

test(
  'it can be read on a telephone and on a desk, by day and by night',
  async () => {
    const { page } = await openPage();
    await createAUser(page).click();
    await testRequest(page).waitFor();
    expect(await hardToRead(page, 'api-page', false)).toEqual([]);
  },
  long,
);

test(
  'a partner’s key that is pasted once makes a user, and is nowhere but in the calls',
  async () => {
    const { page } = await openPage();
    const { client_secret: key } = gateway.file.partner;
    await page.getByPlaceholder('Token').fill(key);
    await createAUser(page).click();
    await testRequest(page).click();
    const [answer] = await Promise.all([
      page.waitForResponse(`${gateway.file.gateway}/auth/init`),
      page.getByRole('button', { name: 'Send post request' }).click(),
    ]);
    const { id_user } = (await answer.json()) as { id_user: number };
    await page.getByText('200 OK').waitFor();
    await page.getByText(`"id_user": ${id_user}`).first().waitFor();
    const headers = { authorization: key };
    expect(await gateway.ask.http('GET', `/users/${id_user}`, { headers })).toMatchObject({ body: { id: id_user } });
    const findings = await seriousFindings(page);
    expect(new Set(findings.map((finding) => finding.split(':', 1)[0]))).toEqual(faultsOfItsEditor);
    // Whoever opens the page again, on the same machine, does not find it.
    const kept = await page.evaluate<string>('JSON.stringify([localStorage, sessionStorage, document.cookie])');
    expect(kept).not.toContain(key);
    await page.reload();
    await page.getByRole('heading', { name: 'First calls' }).waitFor();
    expect(await page.getByPlaceholder('Token').inputValue()).toBe('');
  },
  long,
);
