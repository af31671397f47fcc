import { chromium, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { chromiumPath } from './require-chromium.ts';

/** One Chromium for one test file. */
export interface Browser {
  /** Opens an empty tab that shares nothing with another; it fails its test for whatever `faults` holds at the end, and closes then. */
  open(): Promise<Tab>;
  close(): Promise<void>;
}

/** A tab and what went wrong in it. */
export interface Tab {
  page: Page;
  /** What a page may never do: an error or a warning on its console, a breach of its policy, a request to another origin than its own. */
  faults: string[];
  /** Every request so far, as `GET http://…`. */
  requests: string[];
}

const flags = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Nothing but this machine has an address.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/** Starts Chromium without a window, with a new and empty profile. */
export async function startBrowser(): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    chromiumSandbox: !isRoot,
    args: isRoot ? [...flags, '--no-sandbox'] : flags,
  });
  return {
    async open() {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
      const tab: Tab = { page: await context.newPage(), faults: [], requests: [] };
      watch(tab);
      onTestFinished(async () => {
        await context.close();
        expect(tab.faults).toEqual([]);
      });
      return tab;
    },
    close: () => browser.close(),
  };
}

function watch({ page, faults, requests }: Tab): void {
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('crash', () => faults.push('the page crashed'));
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    if (message.text().startsWith('Failed to load resource') && isExpected(message.location().url, page)) return;
    faults.push(`${message.type()}: ${message.text()}`);
  });
  page.on('request', (request) => {
    requests.push(`${request.method()} ${request.url()}`);
    const { protocol, origin, hostname } = new URL(request.url());
    if (protocol === 'data:' || protocol === 'blob:') return;
    // A browser is sent from one application to another; what a page loads and asks for stays at home.
    const isAtHome = request.isNavigationRequest() ? hostname === '127.0.0.1' : origin === originOf(page);
    if (!isAtHome) faults.push(`another origin: ${origin}`);
  });
}

/** Chromium complains of every page whose status is an error, which tests look at themselves, and of the icon that it asks for unbidden. */
function isExpected(url: string, page: Page): boolean {
  return url === page.url() || new URL(url).pathname === '/favicon.ico';
}

function originOf(page: Page): string {
  return new URL(page.url()).origin;
}
