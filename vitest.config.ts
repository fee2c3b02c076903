import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { defineConfig } from 'vitest/config';
import { SYSTEM } from './vitest.system.config.js';

// How the engine is set, which the threads have from here. Much is made and soon forgotten: with more room for that (MiB) it is seldom
// that what lives is copied. Most code runs a few times: to optimise it as early as in a server takes a third of the processors' time.
setFlagsFromString('--max-semi-space-size=32');
setFlagsFromString('--min-semi-space-size=16');
// Of Node 20 alone: later ones do not know it, and say so.
if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=1000000');

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: SYSTEM,
    testTimeout: 60_000,
    // Nothing here is global, so files may share what is loaded: a third of the time.
    isolate: false,
    pool: 'threads',
    maxWorkers: availableParallelism(),
  },
});
