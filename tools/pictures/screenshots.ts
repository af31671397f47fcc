import { chromium, type Browser, type Page } from 'playwright-core';
import { chromiumPath } from '#test/browser/require-chromium.ts';

/** A page that is shown in a picture. */
export interface Shot {
  name: string;
  url: string;
  /** Resolves when everything that the picture is to show is there. */
  ready: (page: Page) => Promise<unknown>;
}

/** A picture, as WebP. */
export interface Picture {
  /** `<name of the shot>-<light or dark>.webp`. */
  file: string;
  content: Buffer;
}

const size = { width: 1280, height: 800 };
/** Of WebP, in percent: text stays sharp. */
const quality = 82;

/** Takes each page twice, for light and for dark surroundings. */
export async function takeScreenshots(shots: readonly Shot[]): Promise<Picture[]> {
  const isRoot = process.getuid?.() === 0;
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    chromiumSandbox: !isRoot,
    args: isRoot ? ['--no-sandbox'] : [],
  });
  try {
    const pictures: Picture[] = [];
    for (const shot of shots) {
      for (const scheme of ['light', 'dark'] as const) {
        pictures.push({ file: `${shot.name}-${scheme}.webp`, content: await take(browser, shot, scheme) });
      }
    }
    return pictures;
  } finally {
    await browser.close();
  }
}

async function take(browser: Browser, { url, ready }: Shot, colorScheme: 'light' | 'dark'): Promise<Buffer> {
  const context = await browser.newContext({ viewport: size, colorScheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(url);
  await ready(page);
  // Playwright itself writes no WebP.
  const session = await context.newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality });
  await context.close();
  return Buffer.from(data, 'base64');
}
