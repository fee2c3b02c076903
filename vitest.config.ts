import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { SYSTEM } from './vitest.system.config.js';

/** What takes longest, as it is on a machine that has not run the tests before: no thread begins a long file when the others are done. */
const LONGEST = ['capture/sessions', 'fuzz/fuzz', 'ospf/turns', 'bfd/session', 'bgp/wire/properties', 'ospf/simulation', 'fib/lpm-table'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

// How the engine is set, which the threads have from here. Much is made and soon forgotten: with more room for that (MiB) it is seldom
// that what lives is copied. Most code runs a few times: to optimise it as early as in a server takes a third of the processors' time.
setFlagsFromString('--max-semi-space-size=32');
setFlagsFromString('--min-semi-space-size=16');
setFlagsFromString('--interrupt-budget=1000000');

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: SYSTEM,
    testTimeout: 60_000,
    // Nothing here is global, so files may share what is loaded: a third of the time.
    isolate: false,
    pool: 'threads',
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
    // What was compiled is kept by its content for the next run: half of the time to load it all.
    experimental: { fsModuleCache: true, fsModuleCachePath: '.tmp/vitest' },
  },
});
