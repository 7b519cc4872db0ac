import { defineConfig } from 'vitest/config';

// The quick loop. The real-cluster and real-editor suites have configurations of their own, because they
// start processes and need tools that a plain `npm test` must not ask for.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/cluster/**', 'test/e2e/**'],
    testTimeout: 20_000,
    pool: 'threads',
    reporters: ['default', './test/reporter.ts'],
  },
});
