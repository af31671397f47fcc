import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** A way to look at a page. */
interface Look {
  width: number;
  scheme: 'light' | 'dark';
}

/** A telephone and a desk, by day and by night. */
const looks: readonly Look[] = [390, 1280].flatMap((width) => [
  { width, scheme: 'light' },
  { width, scheme: 'dark' },
]);

interface Picture {
  name: string;
  fullPage: boolean;
}

const pictures = fileURLToPath(new URL('screenshots', import.meta.url));

/** Shows a page in each look and runs `check` on it; keeps a picture of each as `screenshots/<name>-<width>-<scheme>.png`. */
async function inEachLook(page: Page, picture: Picture, check: (look: Look) => Promise<void>): Promise<void> {
  const { name, fullPage } = picture;
  await mkdir(pictures, { recursive: true });
  for (const look of looks) {
    const { width, scheme } = look;
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme: scheme });
    await page.screenshot({ path: `${pictures}/${name}-${width}-${scheme}.png`, fullPage });
    await check(look);
  }
}

/**
 * What makes a page hard to read in any look: axe's serious and critical findings, and scrolling sideways. The pictures of a page that is very
 * long show its window alone.
 */
export async function hardToRead(page: Page, name: string, fullPage = true): Promise<string[]> {
  const found: string[] = [];
  await inEachLook(page, { name, fullPage }, async ({ width, scheme }) => {
    const faults = await seriousFindings(page);
    if (await scrollsSideways(page)) faults.push('scrolls sideways');
    found.push(...faults.map((fault) => `${width} ${scheme}: ${fault}`));
  });
  return found;
}

/** axe's serious and critical findings about a page as it is shown now, each with the first place that has it. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which no policy of the page stops.
  if (await page.evaluate<boolean>('!globalThis.axe')) await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help} (${nodes.length}, ${String(nodes[0]?.target)})`);
}

async function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
}
