import { defineConfig } from 'vitest/config';

// `npm test` says by the variable whether the daemons are there.
const interop = process.env.VIRTUAL_ROUTER_INTEROP !== '';
const INTEROP = 'test/interop/**/*.test.ts';
const PACKAGE = 'test/package.test.ts';
/** What starts processes of its own, what reads large files from elsewhere, and what is large by itself. */
const OUTSIDE = [
  'test/router/many-networks.test.ts',
  'test/router/rehearsal.test.ts',
  'test/examples.test.ts',
  'test/cli/process.test.ts',
  'test/io/freed-memory.test.ts',
  'test/io/ospf-sockets.test.ts',
  'test/io/tap.test.ts',
  'test/io/tls.test.ts',
  'test/**/corpora.test.ts',
];
/** All that is no unit test. */
export const SYSTEM = [INTEROP, PACKAGE, ...OUTSIDE];
/** What measures time, what may lose no frame, or next to none, and what builds the package: each has the machine to itself. */
const ALONE = [
  PACKAGE,
  ...(interop
    ? ['bfd', 'bfd-echo', 'bfd-flood', 'bfd-thread', 'floods', 'forward', 'frames', 'link'].map((name) => `test/interop/${name}.test.ts`)
    : []),
];
/** What may run side by side. */
const TOGETHER = [...OUTSIDE, ...(interop ? [INTEROP] : [])];

export default defineConfig({
  test: {
    // Waits of two minutes are for machines that are busy with other things.
    projects: [
      {
        test: {
          // Each file has network namespaces or processes of its own, and mostly waits for daemons.
          name: 'together',
          include: TOGETHER,
          exclude: ALONE,
          pool: 'forks',
          maxWorkers: 5,
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
