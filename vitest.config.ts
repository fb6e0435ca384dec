import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Processes, not threads: native modules, signals and killed workers are part of what is tested.
    pool: 'forks',
    maxWorkers: 2,
    // Long enough for a slow machine: a test that waits for something bounds its waiting itself.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
