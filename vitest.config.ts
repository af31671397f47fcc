import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

// Commands that tests start share a compile cache: compilation takes most of a command's time.
process.env['NODE_COMPILE_CACHE'] ??= `${import.meta.dirname}/node_modules/.cache/compiled`;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // `vitest.browser.config.ts` has them.
    exclude: [...configDefaults.exclude, 'test/browser/**'],
    // Files share the packages that they load; `fresh.ts` resets everything else.
    isolate: false,
    setupFiles: ['test/fresh.ts'],
    // Long enough for a busy machine; a test that hangs still fails.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // The default leaves a core idle, which is half of a small machine, and files wait for responses for a fifth of their time.
    maxWorkers: availableParallelism() + 1,
    coverage: {
      provider: 'istanbul',
      include: ['lib/**/*.ts', 'functions/**/*.ts'],
      reporter: ['text-summary', 'html'],
      thresholds: { lines: 95, branches: 95 },
    },
  },
});
