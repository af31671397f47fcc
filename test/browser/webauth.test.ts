import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { secondsLater } from '../conditions.ts';
import { decide } from '../webauth/browser.ts';
import { useGatewayAndBrowser, type Tab } from './browser.ts';
import { hardToRead } from './looks.ts';

// A person connects a bank in a browser: application, gateway, bank, gateway, application.

const { gateway, browser } = await useGatewayAndBrowser();

async function expectTitle(page: Page, title: string): Promise<void> {
  await expect.poll(() => page.getByRole('heading', { level: 1 }).innerText()).toBe(title);
}
const press = (page: Page, name: string) => page.getByRole('button', { name }).click();
const follow = (page: Page, name: string) => page.getByRole('link', { name }).click();

/** Opens the application and goes to the bank. */
async function openBank(tab?: Tab): Promise<Tab> {
  const opened = tab ?? (await browser.open());
  await opened.page.goto(gateway.file.demoApp);
  await follow(opened.page, 'Connect a bank');
  await expectTitle(opened.page, 'Share your accounts?');
  return opened;
}

/** Opens the application, goes to the bank and approves. */
async function connect(tab?: Tab): Promise<Tab> {
  const connected = await openBank(tab);
  await press(connected.page, 'Approve');
  await expectTitle(connected.page, 'Your bank is connected');
  return connected;
}

/** Returns the ids that the application shows for developers. */
async function shownIds(page: Page): Promise<{ connection: string; user: string }> {
  const [connection = '', user = ''] = await page.getByText(/^\d+$/).allInnerTexts();
  return { connection, user };
}

/** Returns the text of all responses to a tab from now on: addresses, headers and bodies. */
function recordAnswers({ page }: Tab): () => Promise<string> {
  const parts: Promise<string>[] = [];
  page.on('response', (response) => {
    // A redirect has no body.
    const body = response.text().catch(() => '');
    parts.push(
      body,
      response.allHeaders().then((headers) => JSON.stringify([response.url(), headers])),
    );
  });
  return async () => (await Promise.all(parts)).join('\n');
}

describe('a person who approves', () => {
  test('is connected, and the browser receives neither the partner’s key nor the user’s token', async () => {
    const tab = await browser.open();
    const answers = recordAnswers(tab);
    await connect(tab);
    expect(new URL(tab.page.url()).pathname).toBe('/result');
    const { user } = await shownIds(tab.page);
    const { partner } = gateway.file;
    const owned = await gateway.call.http('GET', `/users/${user}`, {
      headers: { authorization: partner.client_secret },
    });
    expect(owned).toMatchObject({ status: 200, body: { id: Number(user) } });
    const received = await answers();
    expect(received).toContain(partner.client_id);
    expect(received).toContain('Share your accounts?');
    expect(received).not.toMatch(/bgk_|Bearer|auth_token/);
    expect(await tab.page.context().cookies()).toEqual([expect.objectContaining({ name: 'visit', httpOnly: true })]);
    expect(await hardToRead(tab.page, 'app-connected')).toEqual([]);
  });

  test('can connect another bank to the same user', async () => {
    const { page } = await connect();
    const { user, connection } = await shownIds(page);
    gateway.logs();
    await follow(page, 'Connect another bank');
    await press(page, 'Approve');
    const another = expect.not.stringMatching(`^${connection}$`) as string;
    await expect.poll(() => shownIds(page)).toEqual({ user, connection: another });
    const operations = gateway.logs().map(({ operation }) => operation);
    expect(operations).toEqual(['auth_token_code_get', 'webauth_get', 'webauth_callback_get']);
  });

  test('can go back to the bank, which does not ask again, and return to the application', async () => {
    const { page } = await connect();
    await page.goBack();
    await expectTitle(page, 'You have already decided');
    expect(await hardToRead(page, 'bank-answered')).toEqual([]);
    gateway.logs();
    await follow(page, 'Return to the application');
    await expectTitle(page, 'Your bank is connected');
    // The code is already spent.
    expect(gateway.logs().map(({ operation }) => operation)).toEqual(['webauth_callback_get']);
    await page.reload();
    await expectTitle(page, 'Your bank is connected');
  });
});

test('a person who declines sees so and can try again', async () => {
  const { page } = await openBank();
  await press(page, 'Refuse');
  await expectTitle(page, 'You refused access');
  expect(await hardToRead(page, 'app-refused')).toEqual([]);
  await follow(page, 'Try again');
  await expectTitle(page, 'Share your accounts?');
});

test('the first two pages are readable', async () => {
  const { page } = await openBank();
  expect(await hardToRead(page, 'bank')).toEqual([]);
  await page.goBack();
  expect(await hardToRead(page, 'app')).toEqual([]);
});

/** Returns the text of the gateway's error page without the request id. */
async function errorText({ page }: Tab): Promise<string[]> {
  const lines = (await page.innerText('main')).split(/\n+/);
  return lines.map((line) => line.replace(/^Request [\w-]{10,}$/, 'Request'));
}

const errorPage = (reason: string) => [
  'This request cannot be completed',
  reason,
  'Return to the application that sent you here and start again.',
  'If the problem persists, contact the support of that application and quote this number:',
  'Request',
];

describe('the gateway shows an error page', () => {
  test('after more than ten minutes at the bank', async () => {
    const tab = await openBank();
    await secondsLater(601, async () => {
      await press(tab.page, 'Approve');
      await tab.page.getByText('This request cannot be completed').waitFor();
    });
    await expect.poll(() => errorText(tab)).toEqual(errorPage('This link has expired or is not valid.'));
    expect(await hardToRead(tab.page, 'gateway-refusal')).toEqual([]);
  });

  test('for a changed seal', async () => {
    const tab = await openBank();
    const callback = new URL(await decide(tab.page.url(), 'approve'));
    const seal = callback.searchParams.get('state') ?? '';
    callback.searchParams.set('state', seal.slice(0, -1) + (seal.endsWith('A') ? 'B' : 'A'));
    await tab.page.goto(callback.href);
    await expect.poll(() => errorText(tab)).toEqual(errorPage('This link has expired or is not valid.'));
  });

  test('for a redirect URI that is not registered', async () => {
    const tab = await browser.open();
    const query = new URLSearchParams({
      client_id: gateway.file.partner.client_id,
      redirect_uri: 'http://127.0.0.1:9/elsewhere',
    });
    await tab.page.goto(`${gateway.file.gateway}/webauth?${query.toString()}`);
    await expect
      .poll(() => errorText(tab))
      .toEqual(errorPage('The redirect_uri is not registered for this client_id.'));
    expect(tab.requests).toHaveLength(1);
  });
});

test('a response to another browser’s request is rejected', async () => {
  const victim = await openBank();
  const attacker = await openBank();
  const callback = await decide(attacker.page.url(), 'approve');
  gateway.logs();
  await victim.page.goto(callback);
  await expectTitle(victim.page, 'Unexpected response');
  expect(gateway.logs().map(({ operation }) => operation)).toEqual(['webauth_callback_get']);
  expect(await hardToRead(victim.page, 'app-unexpected')).toEqual([]);
});

test('the application reports that it cannot complete an approved connection', async () => {
  const tab = await openBank();
  await gateway.control('failures', { answer: 'maintenance', path: '/auth/token/access' });
  await press(tab.page, 'Approve');
  await expectTitle(tab.page, 'The connection is incomplete');
  expect(await hardToRead(tab.page, 'app-unfinished')).toEqual([]);
});

test('a person whose user was deleted connects a bank as a new user', async () => {
  const { page } = await connect();
  const { user } = await shownIds(page);
  const key = { authorization: gateway.file.partner.client_secret };
  expect(await gateway.call.http('DELETE', `/users/${user}`, { headers: key })).toMatchObject({ status: 200 });
  await follow(page, 'Connect another bank');
  await press(page, 'Approve');
  await expect.poll(async () => (await shownIds(page)).user).toMatch(/^\d+$/);
  expect((await shownIds(page)).user).not.toBe(user);
});

test('the application reports that it cannot start another connection', async () => {
  const tab = await connect();
  await gateway.control('failures', { answer: 'maintenance', path: '/auth/token/code' });
  await follow(tab.page, 'Connect another bank');
  await expectTitle(tab.page, 'An error occurred');
  expect(await tab.page.content()).not.toMatch(/maintenance|statusCode/);
  expect(await hardToRead(tab.page, 'app-trouble')).toEqual([]);
});

test('the bank shows that a visit has ended', async () => {
  const { page } = await browser.open();
  await page.goto(new URL('/bank/unknown', gateway.file.sandbox).href);
  await expectTitle(page, 'This page has expired');
  expect(await hardToRead(page, 'bank-over')).toEqual([]);
});
