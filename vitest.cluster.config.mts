import { defineConfig } from 'vitest/config';

// The suite that needs a real cluster. One file after the other: they share it, and it shares the machine's cores.
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    globalSetup: ['test/cluster/setup.ts'],
    fileParallelism: false,
    // Bounds, not measures: on a machine that does other things, too, nothing may fail for being late.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000, interval: 100 } },
    // What a test prints is shown when it fails, or with SHOW=1: scores, and what was skipped inside it.
    silent: process.env.SHOW ? false : 'passed-only',
    reporters: ['default', './test/reporter.ts'],
  },
});
