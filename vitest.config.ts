import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { SYSTEM } from './vitest.system.config.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: SYSTEM,
    testTimeout: 60_000,
    // Nothing here is global, so files may share what is loaded: a third of the time.
    isolate: false,
    pool: 'threads',
    maxWorkers: availableParallelism(),
    // What was compiled is kept by its content for the next run: half of the time to load it all.
    experimental: { fsModuleCache: true, fsModuleCachePath: '.tmp/vitest' },
  },
});
