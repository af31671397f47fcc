import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useGatewayAndBrowser, type Tab } from './browser.ts';
import { hardToRead, seriousFindings } from './looks.ts';

// The API page in a browser. Every tab fails its test for an error on the console, a violation of the page's policy or a request to another origin.

const { gateway, browser } = await useGatewayAndBrowser();
const { origin } = new URL(gateway.file.gateway);

/** Opens the page and waits until Scalar has rendered the document. */
async function openPage(): Promise<Tab> {
  const tab = await browser.open();
  await tab.page.goto(`${origin}/docs`);
  await tab.page.getByRole('heading', { name: 'First calls' }).waitFor();
  return tab;
}

/** The timeout of tests in which axe checks the whole page, in milliseconds. */
const longTimeout = 180_000;

/** The serious findings of axe in Scalar's request editor: names and attributes of its input fields and buttons. */
const findingsInEditor = new Set([
  'aria-input-field-name',
  'aria-prohibited-attr',
  'aria-required-attr',
  'aria-valid-attr-value',
  'scrollable-region-focusable',
]);

const createAUser = (page: Page) => page.getByRole('link', { name: /^Create a user/ }).first();
const testRequest = (page: Page) => page.getByRole('button', { name: /Test Request.*\/auth\/init/ });

test('the page loads three resources from the gateway, and little more than its script', async () => {
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
  'the page is readable on a phone and a desktop, in light and dark mode',
  async () => {
    const { page } = await openPage();
    await createAUser(page).click();
    await testRequest(page).waitFor();
    expect(await hardToRead(page, 'api-page', false)).toEqual([]);
  },
  longTimeout,
);

test(
  'a partner’s key creates a user from the page, and is not stored',
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
    expect(await gateway.call.http('GET', `/users/${id_user}`, { headers })).toMatchObject({ body: { id: id_user } });
    const findings = await seriousFindings(page);
    expect(new Set(findings.map((finding) => finding.split(':', 1)[0]))).toEqual(findingsInEditor);
    const stored = await page.evaluate<string>('JSON.stringify([localStorage, sessionStorage, document.cookie])');
    expect(stored).not.toContain(key);
    await page.reload();
    await page.getByRole('heading', { name: 'First calls' }).waitFor();
    expect(await page.getByPlaceholder('Token').inputValue()).toBe('');
  },
  longTimeout,
);
