import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** The tests that drive a real browser: `npm run test:browser`. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/browser/require-chromium.ts'],
    maxWorkers: availableParallelism(),
    // A browser's start, on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A click does not wait for the page that it leads to: `expect.poll` does.
    expect: { poll: { timeout: 15_000 } },
  },
});
