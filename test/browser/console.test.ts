import type { Page } from 'playwright-core';
import { afterAll, describe, expect, test } from 'vitest';
import { deployedIntervals } from '#local/jobs.ts';
import { startApiGateway } from '#local/api-gateway/server.ts';
import { openConsole } from '#local/console/console.ts';
import { authorization, form } from '../gateway.ts';
import { useGatewayAndBrowser, type Tab } from './browser.ts';
import { hardToRead } from './looks.ts';

// The local stack's console in a browser.

const { gateway, browser } = await useGatewayAndBrowser();
const { startSchedules } = await import('#local/schedules.ts');
const schedules = await startSchedules(deployedIntervals, true);
afterAll(() => schedules.close());

/** Opens the console and waits until it is live. */
async function openPage(): Promise<Tab> {
  const tab = await browser.open();
  await tab.page.goto(new URL('/', gateway.file.gateway).href);
  await tab.page.getByText('Live', { exact: true }).waitFor();
  await panel(tab.page, 'Secrets').getByRole('article').nth(3).waitFor();
  return tab;
}

const panel = (page: Page, title: string) => page.getByRole('region', { name: title, exact: true });
const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).click();
/** The rows of the calls, the newest first. */
const rows = (page: Page) => panel(page, 'Calls').locator('.calls > li');
const init = () => gateway.call.http('POST', '/auth/init', form({ ...gateway.file.partner }));
const readAll = () => gateway.call.http('GET', '/users/all', authorization(gateway.file.manager.client_secret));

describe('the list of calls', () => {
  test('shows a call immediately, with its steps and without values', async () => {
    const { page } = await openPage();
    const answer = await init();
    const { auth_token } = answer.body as { auth_token: string };
    const row = rows(page).first();
    await expect
      .poll(() => row.innerText())
      .toMatch(/200\s+POST \/auth\/init\s+Demo partner\s+client\s+gateway\s+\d+ ms\s+Budgea\s+\d+ ms\s+1\s+try/);
    await row.getByRole('button').click();
    const details = await row.getByRole('group', { name: 'Call details' }).innerText();
    expect(details.split('\n').filter((line) => /^(Caller|Checks|Signed|Budgea|Response)$/.test(line))).toEqual([
      'Caller',
      'Checks',
      'Signed',
      'Budgea',
      'Response',
    ]);
    expect(details).toContain('Signed with the secret client-credentials');
    expect(details).toContain('client_secret=•••');
    expect(details).toContain('auth_token=•••');
    expect(details).toContain(answer.headers['x-request-id']);
    const content = await page.content();
    expect(content).not.toContain(auth_token);
    expect(content).not.toContain(gateway.file.partner.client_secret);
    expect(await hardToRead(page, 'console-call')).toEqual([]);
  });

  test('pauses while a call is open, and hides successful calls on request', async () => {
    const { page } = await openPage();
    await gateway.call.http('DELETE', '/hash');
    await expect.poll(() => rows(page).first().innerText()).toContain('DELETE /hash');
    await rows(page).first().getByRole('button').press('Enter');
    const count = await rows(page).count();
    await init();
    await page.getByRole('button', { name: '1 newer' }).waitFor();
    expect(await rows(page).count()).toBe(count);
    await press(page, '1 newer');
    await expect.poll(() => rows(page).first().innerText()).toContain('POST /auth/init');
    await page.getByRole('checkbox', { name: 'Errors only' }).check();
    await expect.poll(() => rows(page).first().innerText()).toContain('DELETE /hash');
    expect((await rows(page).allInnerTexts()).filter((text) => text.includes('200'))).toEqual([]);
  });
});

test('a hidden tab receives no events, and shows all calls when it is visible again', async () => {
  const { page, requests } = await openPage();
  const connections = () => requests.filter((request) => request.endsWith('/_console/events')).length;
  const hide = (hidden: boolean) =>
    page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));`);
  await hide(true);
  const before = await rows(page).count();
  const { headers } = await gateway.call.http('DELETE', '/auth/token');
  expect([connections(), await rows(page).count()]).toEqual([1, before]);
  await hide(false);
  await expect.poll(() => rows(page).first().innerText()).toContain('DELETE /auth/token');
  expect(connections()).toBe(2);
  await rows(page).first().getByRole('button').click();
  expect(await rows(page).first().innerText()).toContain(headers['x-request-id']);
});

describe('the sandbox', () => {
  test('can be slowed, broken and repaired', async () => {
    const { page } = await openPage();
    const sandbox = panel(page, 'Sandbox');
    await sandbox.getByRole('radio', { name: '200 ms' }).check();
    await expect
      .poll(async () => (await fetch(new URL('/_sandbox/latency', gateway.file.sandbox))).json())
      .toEqual({
        milliseconds: 200,
      });
    await init();
    await expect.poll(() => rows(page).first().innerText()).toMatch(/Budgea\s+2\d\d ms/);
    await sandbox.getByRole('radio', { name: 'none' }).check();

    await sandbox.getByLabel('Failure', { exact: true }).selectOption('500 bug');
    await sandbox.getByLabel('Calls', { exact: true }).selectOption('every call');
    await press(page, 'Add failure');
    await sandbox.getByText('Planned failures: 500 bug, every call').waitFor();
    expect(await init()).toMatchObject({ status: 502 });
    await expect.poll(() => rows(page).first().innerText()).toContain('502');
    await press(page, 'Clear');
    await sandbox.getByText('No failures planned').waitFor();

    await sandbox.getByLabel('Failure', { exact: true }).selectOption('connection reset');
    await sandbox.getByLabel('Calls', { exact: true }).selectOption('the next call');
    await press(page, 'Add failure');
    await sandbox.getByText('Planned failures: connection reset, once').waitFor();
    expect(await readAll()).toMatchObject({ status: 200 });
    await sandbox.getByText('No failures planned').waitFor();
    await rows(page).first().getByRole('button').click();
    const details = await rows(page).first().innerText();
    expect(details).toContain('connection closed');
    expect(details).toContain('answered 200');
  });

  test('moves its time, issues a certificate and revokes the manage JWT, which a rotation replaces', async () => {
    const { page } = await openPage();
    await press(page, /^Advance by \+10 minutes/);
    await page.getByText('10:00 ahead').waitFor();
    await press(page, 'Issue a qwac certificate');
    const result = await page.getByText(/^Certificate \d+ issued/).innerText();
    const id = /\d+/.exec(result)?.[0] ?? '';
    await press(page, 'Fetch now');
    await panel(page, 'Certificates')
      .getByRole('row', { name: new RegExp(`^qwac ${id} `) })
      .waitFor();

    await press(page, 'Revoke the manage JWT');
    await page.getByText(/manage JWTs? revoked/).waitFor();
    expect(await readAll()).toMatchObject({ status: 503 });
    await press(page, 'Rotate now: manage-token');
    const secret = page.getByRole('article', { name: 'manage-token' });
    await expect.poll(() => secret.locator('.steps .done').count()).toBe(4);
    expect(await secret.locator('.steps').innerText()).toMatch(/create\s.*set\s.*test\s.*finish/s);
    const version = await secret.getByText('Rotation to').locator('code').innerText();
    await expect.poll(() => secret.getByRole('listitem').filter({ hasText: 'current' }).innerText()).toContain(version);
    expect(await readAll()).toMatchObject({ status: 200 });
  });
});

test('secrets show the time until their rotation, and why a rotation failed', async () => {
  const { page } = await openPage();
  const sealing = page.getByRole('article', { name: 'sealing-keys' });
  const left = () => sealing.getByRole('time').first().innerText();
  const before = await left();
  expect(before).toMatch(/^(24:00:00|23:59:\d\d)$/);
  await expect.poll(left).not.toBe(before);
  await press(page, 'Rotate now: sealing-keys');
  await sealing
    .getByText(/the last rotation is too recent|finish/)
    .first()
    .waitFor();
  expect(await hardToRead(page, 'console')).toEqual([]);
});

describe('partners', () => {
  test('are created with a key that is shown once', async () => {
    const { page, faults } = await openPage();
    await press(page, 'New partner');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Browser partner');
    await dialog.getByLabel('Grants').fill('everything');
    await press(page, 'Create');
    await dialog
      .getByRole('alert')
      .getByText(/A grant is one of/)
      .waitFor();
    // The browser logs the error response.
    expect(faults.splice(0)).toEqual([expect.stringContaining('status of 400')]);
    await dialog.getByLabel('Grants').fill('jwt:permanent');
    await dialog.getByLabel('Redirect URIs').fill('https://app.example/callback');
    expect(await hardToRead(page, 'console-new-partner')).toEqual([]);
    await press(page, 'Create');
    const key = await page.getByText(/^bgk_/).innerText();
    expect(await hardToRead(page, 'console-key')).toEqual([]);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.content()).not.toContain('bgk_');
    expect(await page.locator(':focus').innerText()).toBe('New partner');

    const partner = page.getByRole('article', { name: 'Browser partner' });
    expect(await partner.innerText()).toMatch(/jwt:permanent[^]*https:\/\/app\.example\/callback/);
    const client_id = /_(\d{8})_/.exec(key)?.[1] ?? '';
    expect(await gateway.call.http('POST', '/auth/init', form({ client_id, client_secret: key }))).toMatchObject({
      status: 200,
    });
    await expect.poll(() => partner.innerText()).toMatch(/used on \d{4}-/);
    await expect.poll(() => partner.locator('.users li').count()).toBe(1);
    await page.reload();
    await partner.waitFor();
    expect(await page.content()).not.toContain('bgk_');
  });

  test('get a second key before the first is retired', async () => {
    const { client_id } = await gateway.newPartner({ name: 'Two-key partner' });
    const { page } = await openPage();
    const partner = page.getByRole('article', { name: 'Two-key partner' });
    await press(page, 'New key for Two-key partner');
    expect(await page.getByRole('dialog').getByText(/^bgk_/).innerText()).toContain(client_id);
    await press(page, 'Done');
    const retire = partner.getByRole('button', { name: /^Retire key/ });
    await expect.poll(() => retire.count()).toBe(2);
    expect(await partner.getByRole('button', { name: 'New key for' }).isDisabled()).toBe(true);
    await retire.first().click();
    await expect.poll(() => retire.count()).toBe(0);
  });
});

/** Opens a second console, of a stack without a sandbox. `stop` stops the stack. */
async function openOther(changes: object) {
  const localConsole = openConsole({ sandbox: false, aws: true });
  localConsole.ready({ ...gateway.file, ...changes });
  const server = await startApiGateway({ port: 0, routes: [], extraRoutes: localConsole.extraRoutes });
  const tab = await browser.open();
  await tab.page.goto(server.url);
  return { ...tab, stop: () => server.close().finally(() => localConsole.close()) };
}

test('with another Budgea, the sandbox is not shown', async () => {
  const { page, stop } = await openOther({ sandbox: undefined, upstream: 'https://demo.biapi.pro/2.0' });
  await page.getByText('https://demo.biapi.pro/2.0').waitFor();
  await page.getByRole('article', { name: 'Demo partner' }).waitFor();
  expect(await panel(page, 'Sandbox').count()).toBe(0);
  await page.close();
  await stop();
});

test('the page reports that the stack has stopped', async () => {
  const { page, faults, stop } = await openOther({});
  await page.getByText('Live', { exact: true }).waitFor();
  await stop();
  await expect.poll(() => page.getByRole('status').first().innerText()).toBe('Disconnected');
  await page.goto('about:blank');
  // The browser logs every failed attempt.
  faults.length = 0;
});
