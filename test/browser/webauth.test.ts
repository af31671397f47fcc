import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { later } from '../conditions.ts';
import { startGateway, type Gateway } from '../gateway.ts';
import { decide } from '../webauth/browser.ts';
import { startBrowser, type Browser, type Tab } from './browser.ts';
import { hardToRead } from './looks.ts';

// A bank customer's way: application, gateway, bank, gateway, application.

let gateway: Gateway;
let browser: Browser;

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startGateway(), startBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await gateway.close();
});

const title = (page: Page) => page.getByRole('heading', { level: 1 }).innerText();
const press = (page: Page, name: string) => page.getByRole('button', { name }).click();
const follow = (page: Page, name: string) => page.getByRole('link', { name }).click();

/** Goes from the application to the bank. */
async function toTheBank(): Promise<Tab> {
  const tab = await browser.open();
  await goToTheBank(tab);
  return tab;
}

async function goToTheBank({ page }: Tab): Promise<void> {
  await page.goto(gateway.file.demoApp);
  await follow(page, 'Connect a bank');
  await expect.poll(() => title(page)).toBe('Share your accounts?');
}

/** What the application shows to developers of whoever is connected. */
async function shownIds(page: Page): Promise<{ connection: string; user: string }> {
  const [connection = '', user = ''] = await page.getByText(/^\d+$/).allInnerTexts();
  return { connection, user };
}

/** Everything that a tab is sent from now on, as text: addresses, headers and bodies. */
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

describe('whoever says yes', () => {
  test('is connected, and the partner’s key and the user’s token never get near the browser', async () => {
    const tab = await browser.open();
    const answers = recordAnswers(tab);
    await goToTheBank(tab);
    await press(tab.page, 'Approve');
    await expect.poll(() => title(tab.page)).toBe('Your bank is connected');
    expect(new URL(tab.page.url()).pathname).toBe('/result');
    const { user } = await shownIds(tab.page);
    const { partner } = gateway.file;
    const owned = await gateway.ask.http('GET', `/users/${user}`, {
      headers: { authorization: partner.client_secret },
    });
    expect(owned).toMatchObject({ status: 200, body: { id: Number(user) } });
    const seen = await answers();
    expect(seen).toContain(partner.client_id);
    expect(seen).toContain('Share your accounts?');
    expect(seen).not.toMatch(/bgk_|Bearer|auth_token/);
    expect(await tab.page.context().cookies()).toEqual([expect.objectContaining({ name: 'visit', httpOnly: true })]);
    expect(await hardToRead(tab.page, 'app-connected')).toEqual([]);
  });

  test('connects another bank to the same user', async () => {
    const { page } = await toTheBank();
    await press(page, 'Approve');
    await expect.poll(() => title(page)).toBe('Your bank is connected');
    const { user, connection } = await shownIds(page);
    gateway.logs();
    await follow(page, 'Connect another bank');
    await press(page, 'Approve');
    const another = expect.not.stringMatching(`^${connection}$`) as string;
    await expect.poll(() => shownIds(page)).toEqual({ user, connection: another });
    const operations = gateway.logs().map(({ operation }) => operation);
    expect(operations).toEqual(['auth_token_code_get', 'webauth_get', 'webauth_callback_get']);
  });

  test('goes back with the browser’s button to a bank that has the answer already, and from there on again', async () => {
    const { page } = await toTheBank();
    await press(page, 'Approve');
    await expect.poll(() => title(page)).toBe('Your bank is connected');
    await page.goBack();
    await expect.poll(() => title(page)).toBe('You have answered already');
    expect(await hardToRead(page, 'bank-answered')).toEqual([]);
    gateway.logs();
    await follow(page, 'Go back to it');
    await expect.poll(() => title(page)).toBe('Your bank is connected');
    // The code was spent the first time.
    expect(gateway.logs().map(({ operation }) => operation)).toEqual(['webauth_callback_get']);
    await page.reload();
    await expect.poll(() => title(page)).toBe('Your bank is connected');
  });
});

test('whoever says no is told so, and can try again', async () => {
  const { page } = await toTheBank();
  await press(page, 'Refuse');
  await expect.poll(() => title(page)).toBe('You said no');
  expect(await hardToRead(page, 'app-refused')).toEqual([]);
  await follow(page, 'Try again');
  await expect.poll(() => title(page)).toBe('Share your accounts?');
});

test('the first two pages can be read', async () => {
  const { page } = await toTheBank();
  expect(await hardToRead(page, 'bank')).toEqual([]);
  await page.goBack();
  expect(await hardToRead(page, 'app')).toEqual([]);
});

/** What the gateway's page tells somebody whom it stops, without the request's number. */
async function told({ page }: Tab): Promise<string[]> {
  const lines = (await page.innerText('main')).split(/\n+/);
  return lines.map((line) => line.replace(/^Request [\w-]{10,}$/, 'Request'));
}

const stopped = (why: string) => [
  'You cannot go on from here',
  why,
  'Go back to the application that sent you here and begin again.',
  'If it happens again, tell the makers of that application, and give them this number:',
  'Request',
];

describe('the gateway stops, and says what to do,', () => {
  test('whoever took over ten minutes at the bank', async () => {
    const tab = await toTheBank();
    await later(601, async () => {
      await press(tab.page, 'Approve');
      await tab.page.getByText('You cannot go on from here').waitFor();
    });
    await expect.poll(() => told(tab)).toEqual(stopped('This link has expired or is not valid.'));
    expect(await hardToRead(tab.page, 'gateway-refusal')).toEqual([]);
  });

  test('whoever comes with an altered seal', async () => {
    const tab = await toTheBank();
    const callback = new URL(await decide(tab.page.url(), 'approve'));
    const seal = callback.searchParams.get('state') ?? '';
    callback.searchParams.set('state', seal.slice(0, -1) + (seal.endsWith('A') ? 'B' : 'A'));
    await tab.page.goto(callback.href);
    await expect.poll(() => told(tab)).toEqual(stopped('This link has expired or is not valid.'));
  });

  test('whoever is to be sent to an address that is not registered', async () => {
    const tab = await browser.open();
    const query = new URLSearchParams({
      client_id: gateway.file.partner.client_id,
      redirect_uri: 'http://127.0.0.1:9/elsewhere',
    });
    await tab.page.goto(`${gateway.file.gateway}/webauth?${query.toString()}`);
    await expect.poll(() => told(tab)).toEqual(stopped('The redirect_uri is not registered for this client_id.'));
    expect(tab.requests).toHaveLength(1);
  });
});

test('an answer that the browser did not ask for is not taken up', async () => {
  const victim = await toTheBank();
  const attacker = await toTheBank();
  const callback = await decide(attacker.page.url(), 'approve');
  gateway.logs();
  await victim.page.goto(callback);
  await expect.poll(() => title(victim.page)).toBe('This is not what we waited for');
  expect(gateway.logs().map(({ operation }) => operation)).toEqual(['webauth_callback_get']);
  expect(await hardToRead(victim.page, 'app-unexpected')).toEqual([]);
});

test('whoever said yes is told when the application cannot finish', async () => {
  const tab = await toTheBank();
  await gateway.control('failures', { answer: 'maintenance', path: '/auth/token/access' });
  await press(tab.page, 'Approve');
  await expect.poll(() => title(tab.page)).toBe('We could not finish');
  expect(await hardToRead(tab.page, 'app-unfinished')).toEqual([]);
});

test('whoever is known and deleted meanwhile connects a bank as somebody new', async () => {
  const { page } = await toTheBank();
  await press(page, 'Approve');
  await expect.poll(() => title(page)).toBe('Your bank is connected');
  const { user } = await shownIds(page);
  const key = { authorization: gateway.file.partner.client_secret };
  expect(await gateway.ask.http('DELETE', `/users/${user}`, { headers: key })).toMatchObject({ status: 200 });
  await follow(page, 'Connect another bank');
  await press(page, 'Approve');
  await expect.poll(async () => (await shownIds(page)).user).toMatch(/^\d+$/);
  expect((await shownIds(page)).user).not.toBe(user);
});

test('whoever is known is told when the application cannot begin', async () => {
  const tab = await toTheBank();
  await press(tab.page, 'Approve');
  await expect.poll(() => title(tab.page)).toBe('Your bank is connected');
  await gateway.control('failures', { answer: 'maintenance', path: '/auth/token/code' });
  await follow(tab.page, 'Connect another bank');
  await expect.poll(() => title(tab.page)).toBe('This did not work');
  expect(await tab.page.content()).not.toMatch(/maintenance|statusCode/);
  expect(await hardToRead(tab.page, 'app-trouble')).toEqual([]);
});

test('a visit that is over at the bank can be begun again', async () => {
  const { page } = await browser.open();
  await page.goto(new URL('/bank/unknown', gateway.file.sandbox).href);
  await expect.poll(() => title(page)).toBe('This visit is over');
  expect(await hardToRead(page, 'bank-over')).toEqual([]);
});
