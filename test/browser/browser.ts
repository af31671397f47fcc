import { chromium, type Page } from 'playwright-core';
import { afterAll, expect, onTestFinished } from 'vitest';
import { startGateway, type Gateway } from '../gateway.ts';
import { chromiumPath } from './require-chromium.ts';

/** A Chromium for a test file. */
export interface Browser {
  /** Opens a tab with an empty profile. At the end of the test, the tab is closed and `faults` must be empty. */
  open(): Promise<Tab>;
}

/** A tab with its requests and faults. */
export interface Tab {
  page: Page;
  /** Errors and warnings on the console, violations of the page's policy, and requests to another origin. */
  faults: string[];
  /** All requests, as `GET http://…`. */
  requests: string[];
}

const flags = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Only loopback addresses can be resolved.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/** Starts a gateway and a browser for the test file. */
export async function useGatewayAndBrowser(): Promise<{ gateway: Gateway; browser: Browser }> {
  const gateway = await startGateway();
  afterAll(() => gateway.close());
  return { gateway, browser: await useBrowser() };
}

/** Starts a headless Chromium for the test file. */
export async function useBrowser(): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    chromiumSandbox: !isRoot,
    args: isRoot ? [...flags, '--no-sandbox'] : flags,
  });
  afterAll(() => browser.close());
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
    // Navigation between local applications is allowed; a page's own requests must go to its origin.
    const isAllowed = request.isNavigationRequest() ? hostname === '127.0.0.1' : origin === new URL(page.url()).origin;
    if (!isAllowed) faults.push(`another origin: ${origin}`);
  });
}

/** Returns whether Chromium's message is about a page's error status, which tests check themselves, or about the favicon. */
function isExpected(url: string, page: Page): boolean {
  return url === page.url() || new URL(url).pathname === '/favicon.ico';
}
