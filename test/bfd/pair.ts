/** Two ends that watch each other over datagrams in memory, on a clock that is turned by hand. */
import type { BfdConfig } from '../../src/bfd/config.js';
import { type BfdChange, memoryBfd } from '../../src/bfd/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryDatagrams } from '../../src/lib/memory-datagrams.js';
import { seeded } from '../../src/lib/random.js';

export const A = '10.0.0.1';
export const B = '10.0.0.2';

/** What each end was told stands in `said`, as words. */
export function pair(a: BfdConfig = {}, b: BfdConfig = a, seed = 1) {
  const clock = new ManualClock(1_000_000);
  const datagrams = new MemoryDatagrams(clock, 1);
  const said: string[] = [];
  const changes: (BfdChange & { readonly by: string })[] = [];
  const stalls: number[] = [];
  const ends = [
    [A, B, a],
    [B, A, b],
  ] as const;
  const open = ([local, remote, config]: (typeof ends)[number], i: number) => {
    const engine = memoryBfd(datagrams, clock, seeded(seed + i), local);
    if (i === 0) engine.onStall((by) => stalls.push(by));
    const watch = engine.watch(
      { local, remote, config },
      {
        changed: (change) => {
          changes.push({ ...change, by: local });
          said.push(`${local} ${change.from} > ${change.to}${change.diagnostic === 'none' ? '' : ` (${change.diagnostic})`}`);
        },
        agreed: () => {},
        dampened: (until) => said.push(`${local} dampened for ${Math.round(until - clock.now())}`),
        failed: (reason) => said.push(`${local} failed: ${reason}`),
      },
    );
    return { engine, watch };
  };
  const [one, other] = ends.map(open);
  if (!one || !other) throw new Error('two ends');
  /** The other end starts anew, knowing nothing. */
  const again = () => open(ends[1], 9);
  return { clock, datagrams, said, changes, stalls, one, other, again };
}
