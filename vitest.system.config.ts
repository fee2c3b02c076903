import { defineConfig } from 'vitest/config';

// What starts other programs: one file at a time. `npm test` says by the variable whether the daemons are there.
const interop = process.env.VIRTUAL_ROUTER_INTEROP === '' ? [] : ['test/interop/**/*.test.ts'];

export default defineConfig({
  test: {
    include: ['test/package.test.ts', ...interop],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
