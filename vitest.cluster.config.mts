import { defineConfig } from 'vitest/config';

// The suite that needs a real cluster. One file after the other: they share it, and it shares the machine's cores.
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    globalSetup: ['test/cluster/setup.ts'],
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/reporter.ts'],
  },
});
