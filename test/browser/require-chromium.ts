import { access } from 'node:fs/promises';

/** Debian's Chromium. */
export const chromiumPath = '/usr/bin/chromium';

/** Runs once before all tests. Throws when there is no Chromium, and says how to get one. */
export default async function requireChromium(): Promise<void> {
  await access(chromiumPath).catch(() => {
    throw new Error(
      `There is no ${chromiumPath}. Install it: sudo apt-get install -y --no-install-recommends chromium`,
    );
  });
}
