import { defineConfig } from 'vitest/config';

// The quick loop. The real-cluster and real-editor suites have configurations of their own, because they
// start processes and need tools that a plain `npm test` must not ask for.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/cluster/**', 'test/e2e/**'],
    // Bounds, not measures: on a machine that does other things, too, nothing may fail for being late.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    pool: 'threads',
    // Left to itself vitest keeps a core free, which on a machine of two makes the loop one file at a time.
    maxWorkers: '100%',
    // What a test prints is shown when it fails, or with SHOW=1: scores, and what was skipped inside it.
    silent: process.env.SHOW ? false : 'passed-only',
    reporters: ['default', './test/reporter.ts'],
  },
});
