import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: ['test/interop/**', 'test/package.test.ts'],
    testTimeout: 20_000,
  },
});
