import { defineConfig } from 'vitest/config';

// The suite that needs a real cluster. One file after the other: they share it, and it shares the machine's cores.
export default defineConfig({
  test: {
    // Those outside of test/cluster ask what is not there yet when the quick loop runs from nothing: the real sops, and
    // the sprig module that building helm downloads.
    include: [
      'test/cluster/**/*.test.ts',
      'test/engine/render/sops.test.ts',
      'test/cli/secrets.test.ts',
      'test/engine/gotemplate/sprig.test.ts',
    ],
    globalSetup: ['test/cluster/setup.ts'],
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/reporter.ts'],
  },
});
