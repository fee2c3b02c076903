import { defineConfig } from 'vitest/config';

// `npm test` says by the variable whether the daemons are there.
const interop = process.env.VIRTUAL_ROUTER_INTEROP !== '';
const INTEROP = 'test/interop/**/*.test.ts';
/** What starts processes of its own, and what reads large files from elsewhere. */
const OUTSIDE = ['test/examples.test.ts', 'test/cli/process.test.ts', 'test/io/tls.test.ts', 'test/**/corpora.test.ts'];
/** All that is no unit test. */
export const SYSTEM = [INTEROP, 'test/package.test.ts', ...OUTSIDE];
/** What measures time or forwards frames, the tests of the lab itself, and what builds the package: each has the machine to itself. */
const ALONE = [
  'test/package.test.ts',
  ...(interop
    ? ['bfd', 'bfd-thread', 'floods', 'forward', 'frames', 'link', 'support', 'tcp'].map((name) => `test/interop/${name}.test.ts`)
    : []),
];

export default defineConfig({
  test: {
    // Waits of two minutes are for machines that are busy with other things.
    projects: [
      {
        test: {
          // Each file has network namespaces or processes of its own, and mostly waits for daemons.
          name: 'together',
          include: interop ? [INTEROP, ...OUTSIDE] : OUTSIDE,
          exclude: ALONE,
          pool: 'forks',
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'alone',
          include: ALONE,
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
