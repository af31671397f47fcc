import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

// What the commands that tests start have compiled once serves every later one: most of a command's time goes there.
process.env['NODE_COMPILE_CACHE'] ??= `${import.meta.dirname}/node_modules/.cache/compiled`;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They have a configuration of their own.
    exclude: [...configDefaults.exclude, 'test/browser/**'],
    // Files share the packages that they load; `fresh.ts` gives each everything else anew.
    isolate: false,
    setupFiles: ['test/fresh.ts'],
    // A busy machine is no failure; what hangs is one all the same.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // The default leaves a core idle, which is half of a small machine, and files wait for answers for a fifth of their time.
    maxWorkers: availableParallelism() + 1,
    coverage: {
      provider: 'istanbul',
      include: ['lib/**/*.ts', 'functions/**/*.ts'],
      reporter: ['text-summary', 'html'],
      thresholds: { lines: 95, branches: 95 },
    },
  },
});
