import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Cause } from '../../src/claims/feed.js';
import { ManualClock } from '../../src/lib/clock.js';
import { prefixWords } from '../../src/lib/prefix.js';
import { Journal } from '../../src/mapping/journal.js';
import type { Targets } from '../../src/mapping/target.js';
import { VirtualNetwork } from '../../src/router/virtual-network.js';

const TARGETS: (Targets | undefined)[] = [undefined, [{ type: 'node', node: 'a' }], [{ type: 'node', node: 'b' }]];
const CAUSES: Cause[] = [{ type: 'announced', neighbour: 'x', node: 'a' }, { type: 'configured' }];

it('remembers the last changes, and what each was, against a plain list', () => {
  const { ribs } = new VirtualNetwork({}, { clock: new ManualClock() });
  const prefixes = [
    { rib: ribs.ipv4, id: ribs.ipv4.prefixId(...prefixWords(Uint8Array.of(10, 0, 0, 0)), 8), text: '10.0.0.0/8' },
    { rib: ribs.ipv4, id: ribs.ipv4.prefixId(...prefixWords(Uint8Array.of(10, 1, 0, 0)), 16), text: '10.1.0.0/16' },
    { rib: ribs.ipv6, id: ribs.ipv6.prefixId(0x20010db8, 1, 2, 3, 128), text: '2001:db8:0:1:0:2:0:3/128' },
  ];
  const change = fc.record({
    which: fc.nat(prefixes.length - 1),
    before: fc.nat(2),
    after: fc.nat(2),
    cause: fc.nat(1),
    merged: fc.nat(3),
    heard: fc.nat(2),
    // Long runs of what is alike, as a full table makes them.
    times: fc.oneof(fc.constant(1), fc.nat(40)),
  });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(change, fc.constant('grant' as const)), { maxLength: 60 }),
      fc.integer({ min: 1, max: 70 }),
      (all, capacity) => {
        const journal = new Journal(capacity);
        const wanted: unknown[] = [];
        for (const one of all) {
          if (one === 'grant') {
            wanted.push(journal.appendGrantChange({ at: 5, grant: 'g', before: undefined, after: undefined }));
            continue;
          }
          const { rib, id, text } = prefixes[one.which] as (typeof prefixes)[0];
          const [before, after, cause] = [TARGETS[one.before], TARGETS[one.after], CAUSES[one.cause] as Cause];
          const shared = { before, after, cause, heard: one.heard, decided: 10, applied: 20 };
          // Some of the columns are others'.
          journal.append(
            rib,
            new Uint32Array(one.times + 2).fill(id),
            new Uint16Array(one.times + 2).fill(one.merged),
            1,
            1 + one.times,
            shared,
          );
          for (let i = 0; i < one.times; i++) {
            const times = { lastHeard: one.heard, heard: one.heard, decided: 10, applied: 20 };
            wanted.push({
              type: 'mapping-change',
              seq: wanted.length + 1,
              prefix: text,
              before,
              after,
              cause,
              merged: one.merged,
              ...times,
            });
          }
        }
        expect(journal.seq).toBe(wanted.length);
        expect(journal.since(journal.oldest - 1)).toEqual(wanted.slice(-capacity));
        if (wanted.length > capacity) expect(journal.since(journal.oldest - 2)).toBeUndefined();
        expect(journal.since(journal.seq)).toEqual([]);
      },
    ),
    { numRuns: 200 },
  );
});
