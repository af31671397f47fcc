import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** A phone and a desktop, in light and dark mode. */
const looks = [390, 1280].flatMap((width) => (['light', 'dark'] as const).map((scheme) => ({ width, scheme })));

const screenshots = fileURLToPath(new URL('screenshots', import.meta.url));

/**
 * Returns axe's serious and critical findings and sideways scrolling of a page in each look. Saves screenshots as
 * `screenshots/<name>-<width>-<scheme>.png`, of the viewport only if `fullPage` is false.
 */
export async function hardToRead(page: Page, name: string, fullPage = true): Promise<string[]> {
  await mkdir(screenshots, { recursive: true });
  const found: string[] = [];
  for (const { width, scheme } of looks) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme: scheme });
    await page.screenshot({ path: `${screenshots}/${name}-${width}-${scheme}.png`, fullPage });
    const faults = await seriousFindings(page);
    if (await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth'))
      faults.push('scrolls sideways');
    found.push(...faults.map((fault) => `${width} ${scheme}: ${fault}`));
  }
  return found;
}

/** Returns axe's serious and critical findings about the page, each with its first element. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // The debugger evaluates the script independently of the page's policy.
  if (await page.evaluate<boolean>('!globalThis.axe')) await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help} (${nodes.length}, ${String(nodes[0]?.target)})`);
}
