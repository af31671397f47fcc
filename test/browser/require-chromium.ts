import { access } from 'node:fs/promises';

/** The path of Debian's Chromium. */
export const chromiumPath = '/usr/bin/chromium';

/** Runs once before all tests. Throws without Chromium, with the command that installs it. */
export default async function requireChromium(): Promise<void> {
  await access(chromiumPath).catch(() => {
    throw new Error(
      `There is no ${chromiumPath}. Install it: sudo apt-get install -y --no-install-recommends chromium`,
    );
  });
}
