import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** The tests that drive a real browser: `npm run test:browser`. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/browser/require-chromium.ts'],
    maxWorkers: availableParallelism(),
    // Long enough for the start of a browser on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A click does not wait for the next page: `expect.poll` does.
    expect: { poll: { timeout: 15_000 } },
  },
});
