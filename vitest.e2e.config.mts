import { defineConfig } from 'vitest/config';

// The packed extension in a real editor: one story a file, its steps in order, one editor at a time.
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.e2e.ts'],
    globalSetup: ['test/e2e/pack.ts'],
    // Bounds, not measures: on a machine that does other things, too, nothing may fail for being late.
    testTimeout: 240_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    fileParallelism: false,
    bail: 0,
    // What a test prints is shown when it fails, or with SHOW=1: scores, and what was skipped inside it.
    silent: process.env.SHOW ? false : 'passed-only',
    reporters: ['verbose', './test/reporter.ts'],
  },
});
