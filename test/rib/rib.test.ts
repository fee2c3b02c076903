import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeCanonical } from '../../src/bgp/wire/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import { prefixWords } from '../../src/lib/prefix.js';
import { Stale } from '../../src/rib/claim-records.js';
import { VirtualNetwork } from '../../src/router/virtual-network.js';

const PREFIXES = 24;
const FEEDS = 3;

/** A claim as the model keeps it. */
interface Claim {
  readonly prefix: number;
  readonly feed: number;
  readonly path: number;
  heard: number;
  told: number;
  stale: boolean;
}

const run = fc.record({
  announce: fc.array(fc.nat(PREFIXES - 1), { minLength: 1, maxLength: 8 }),
  feed: fc.nat(FEEDS - 1),
  path: fc.nat(2),
  heard: fc.nat(3),
  told: fc.option(fc.nat(3), { freq: 3 }),
});
const command = fc.oneof(
  { weight: 4, arbitrary: run },
  fc.record({ withdraw: fc.nat(PREFIXES - 1), feed: fc.nat(FEEDS - 1), path: fc.nat(2) }),
  fc.record({ sweep: fc.nat(10), feed: fc.nat(FEEDS - 1) }),
  fc.record({ mark: fc.nat(FEEDS - 1) }),
  fc.record({ sweepStale: fc.nat(FEEDS - 1) }),
  fc.record({ condemn: fc.constantFrom('all', 'marked'), feed: fc.nat(FEEDS - 1), slice: fc.integer({ min: 1, max: 4 }) }),
  fc.constant({ settle: true } as const),
);

it('holds the claims that a naive model holds, in every list that it keeps of them', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), fc.boolean(), (commands, reserved) => {
      const clock = new ManualClock();
      const nodes = ['a', 'b', 'c'];
      const network = new VirtualNetwork(
        {
          nodes: nodes.map((name, i) => ({ name, addresses: [`10.0.1.${i + 1}`] })),
          // The third may claim nothing: refused claims are claims.
          grants: nodes.slice(0, 2).map((node) => ({ node, prefix: '0.0.0.0/0', le: 32, as: 'gateway' as const })),
          ...(reserved ? { reserve: { ipv4: 100 } } : {}),
        },
        { clock },
      );
      const rib = network.ribs.ipv4;
      const before = rib.rows;
      const feeds = nodes.map((label, i) =>
        network.openFeed({
          source: 'bgp',
          speaker: network.model.find(label)?.index ?? -1,
          label,
          router: 'r',
          cause: { type: 'configured' },
          routerId: i,
        }),
      );
      const sets = [0, 1, 2, 3].map((med) => {
        const bytes = encodeCanonical({ origin: 'igp', asPath: [], med });
        return network.sets.intern(bytes, 0, bytes.length);
      });
      const ids = Array.from({ length: PREFIXES }, (_, i) => rib.prefixId(...prefixWords(Uint8Array.of(10, 1, i, 0)), 24));
      let claims: Claim[] = [];
      const changes = new Map<number, number>();
      const changed = (prefix: number): void => void changes.set(prefix, (changes.get(prefix) ?? 0) + 1);
      const end = (ended: readonly Claim[]): void => {
        for (const { prefix } of ended) changed(prefix);
        claims = claims.filter((claim) => !ended.includes(claim));
      };
      network.begin();
      for (const one of commands) {
        if ('announce' in one) {
          const prefixes = [...new Set(one.announce)];
          const told = one.told ?? one.heard;
          rib.announceRun(
            Uint32Array.from(prefixes, (i) => ids[i] as number),
            Uint32Array.from(prefixes, () => one.path),
            prefixes.length,
            feeds[one.feed]?.index as number,
            sets[one.heard] as number,
            sets[told] as number,
            0,
            feeds[one.feed]?.speaker as number,
            -1,
          );
          for (const prefix of prefixes) {
            const known = claims.find((claim) => claim.prefix === prefix && claim.feed === one.feed && claim.path === one.path);
            if (!known) {
              claims.unshift({ prefix, feed: one.feed, path: one.path, heard: one.heard, told, stale: false });
              changed(prefix);
              continue;
            }
            known.stale = false;
            if (known.heard === one.heard && known.told === told) continue;
            known.heard = one.heard;
            known.told = told;
            changed(prefix);
          }
        } else if ('withdraw' in one) {
          const known = claims.filter((claim) => claim.prefix === one.withdraw && claim.feed === one.feed && claim.path === one.path);
          expect(rib.withdraw(ids[one.withdraw] as number, feeds[one.feed]?.index as number, one.path)).toBe(known.length === 1);
          end(known);
        } else if ('sweep' in one) {
          const feed = feeds[one.feed]?.index as number;
          const swept: Claim[] = [];
          for (let at = rib.firstOf(feed); at !== 0 && swept.length < one.sweep; at = rib.afterOf(at - 1)) {
            const path = rib.claims.pathIdOf(at - 1);
            swept.push(
              ...claims.filter(
                (claim) => claim.feed === one.feed && ids[claim.prefix] === rib.claims.prefixOf(at - 1) && claim.path === path,
              ),
            );
          }
          expect(rib.sweep(feed, one.sweep)).toBe(swept.length);
          end(swept);
        } else if ('mark' in one) {
          rib.markStale(feeds[one.mark]?.index as number, Stale.refresh);
          for (const claim of claims) if (claim.feed === one.mark) claim.stale = true;
        } else if ('sweepStale' in one) {
          rib.sweepStale(feeds[one.sweepStale]?.index as number);
          end(claims.filter((claim) => claim.feed === one.sweepStale && claim.stale));
        } else if ('condemn' in one) {
          const feed = feeds[one.feed]?.index as number;
          rib.condemn(feed, one.condemn);
          const from = { row: 0, arrival: 0 };
          do rib.sweepEnded(feed, one.slice, from);
          while (from.row !== 0);
          end(claims.filter((claim) => claim.feed === one.feed && (claim.stale || one.condemn === 'all')));
        } else {
          network.settle({ type: 'configured' });
          changes.clear();
        }
        expect(rib.rows - before).toBe(claims.length);
        for (const [i, feed] of feeds.entries()) {
          const own = claims.filter((claim) => claim.feed === i);
          expect(rib.feedRows[feed.index]).toBe(own.length);
          expect(rib.feedRefused[feed.index]).toBe(i === 2 ? own.length : 0);
          expect(rib.prefixesOf(feed.index)).toBe(new Set(own.map(({ prefix }) => prefix)).size);
        }
        for (const [i, prefix] of ids.entries()) {
          const wanted = claims.filter((claim) => claim.prefix === i);
          // A prefix that had no claim when the turn ended is forgotten, and its number may mean another.
          if (wanted.length === 0) continue;
          const found: unknown[] = [];
          for (let at = rib.records.headOf(prefix); at !== 0; at = rib.claims.nextOf(at - 1)) {
            const row = at - 1;
            const feed = feeds.findIndex(({ index }) => index === rib.feedOf(row));
            expect(rib.find(prefix, rib.feedOf(row), rib.claims.pathIdOf(row))).toBe(at);
            found.push([
              feed,
              rib.claims.pathIdOf(row),
              sets.indexOf(rib.claims.setInOf(row)),
              sets.indexOf(rib.claims.setOutOf(row)),
              rib.claims.staleOf(row) !== Stale.fresh,
            ]);
          }
          // The newest first.
          expect(found).toEqual(wanted.map((claim) => [claim.feed, claim.path, claim.heard, claim.told, claim.stale]));
          expect(rib.mergedOf(prefix)).toBe(changes.get(i) ?? 0);
        }
      }
    }),
    // A path that nobody named is nobody's.
    {
      numRuns: 80,
      examples: [
        [
          [
            { announce: [1], feed: 1, path: 0, heard: 0, told: null },
            { withdraw: 1, feed: 1, path: 1 },
          ],
          false,
        ],
      ],
    },
  );
});

it('forgets every prefix that nobody claims any more, also where more go at once than are listed', () => {
  const clock = new ManualClock();
  const network = new VirtualNetwork(
    { nodes: [{ name: 'a' }], grants: [{ node: 'a', prefix: '0.0.0.0/0', le: 32, as: 'gateway' }] },
    { clock },
  );
  const rib = network.ribs.ipv4;
  const speaker = network.model.find('a')?.index as number;
  const feed = network.openFeed({ source: 'bgp', speaker, label: 'a', router: 'r', cause: { type: 'configured' }, routerId: 1 });
  const bytes = encodeCanonical({ origin: 'igp', asPath: [] });
  const set = network.sets.intern(bytes, 0, bytes.length);
  const known = rib.prefixes.size;
  const address = (i: number): Uint8Array => Uint8Array.of(10, i >> 16, (i >> 8) & 255, i & 255);
  // More than are listed; then so many that all are listed again.
  for (const [round, COUNT] of [67_000, 3000].entries()) {
    const LATE = COUNT - 99;
    network.begin();
    const ids = Uint32Array.from({ length: COUNT }, (_, i) => rib.prefixId(...prefixWords(address(i)), 32));
    rib.announceRun(ids, undefined, COUNT, feed.index, set, set, 0, speaker, -1);
    network.settle({ type: 'configured' });
    network.begin();
    for (const [i, id] of ids.entries()) if (i % 1000 !== 0) rib.withdraw(id, feed.index, 0);
    network.settle({ type: 'configured' });
    // Some come back while the others are being forgotten.
    clock.advance(0);
    network.begin();
    const back = Uint32Array.of(rib.prefixId(...prefixWords(address(1)), 32), rib.prefixId(...prefixWords(address(LATE)), 32));
    rib.announceRun(back, undefined, 2, feed.index, set, set, 0, speaker, -1);
    network.settle({ type: 'configured' });
    clock.advance(1000);
    expect(rib.hasEmpty).toBe(false);
    // Each thousandth of the first round, and two of each that came back, one of them the same.
    expect(rib.prefixes.size - known).toBe(67 + 2 + round);
    for (const i of [0, 1, 1000, LATE]) expect(rib.prefixes.find(...prefixWords(address(i)), 32)).toBeGreaterThanOrEqual(0);
    expect(rib.prefixes.find(...prefixWords(address(2)), 32)).toBe(-1);
  }
});

it('judges each claim as its own feed’s, also of more than 65,536 feeds', () => {
  const clock = new ManualClock();
  const nodes = ['a', 'b'].map((name, i) => ({ name, addresses: [`10.0.1.${i + 1}`] }));
  const network = new VirtualNetwork({ nodes, grants: [{ node: 'b', prefix: '192.0.2.0/24', as: 'gateway' }] }, { clock });
  const open = (name: string) => {
    const speaker = network.model.node(name).index;
    return network.openFeed({ source: 'bgp', speaker, label: name, router: 'r', cause: { type: 'configured' } });
  };
  const first = open('a').index;
  for (let i = 1; i < 65_536; i++) open('a');
  const feed = open('b');
  expect(feed.index).toBe(first + 65_536);
  const { ipv4 } = network.ribs;
  network.begin();
  const id = ipv4.prefixId(...prefixWords(Uint8Array.of(192, 0, 2, 0)), 24);
  ipv4.announce(id, feed.index, 0, network.bareSet, network.bareSet, 0, feed.speaker, -1);
  network.settle(feed.cause);
  network.grant({ node: 'a', prefix: '198.51.100.0/24', as: 'gateway', limit: 1 });
  network.addNode({ name: 'c' });
  expect([...network.claims({ prefix: '192.0.2.0/24' })].map(({ node, verdict }) => `${node} ${verdict}`)).toEqual(['b accepted']);
  network.begin();
  ipv4.sweep(feed.index, 1);
  network.settle(feed.cause);
  expect(ipv4.standings.size).toBe(2);
});
