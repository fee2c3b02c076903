import { expect, test } from 'vitest';
import type { Feed } from '../../src/claims/feed.js';
import { type Cancel, ManualClock } from '../../src/lib/clock.js';
import { Stale } from '../../src/rib/claim-records.js';
import { RefreshedClaims } from '../../src/router/attach/bgp/refreshed-claims.js';
import { RetainedClaims, type Retention } from '../../src/router/attach/bgp/retained-claims.js';
import type { BgpSurroundings } from '../../src/router/attach/bgp/surroundings.js';
import { VirtualNetwork } from '../../src/router/virtual-network.js';

const CLAIMS = Number(process.env.CLAIMS ?? 30_000);
/** What ends in one turn at most. */
const SLICE = 8192;

/** A clock whose deferred calls are made one at a time. */
class TurnClock extends ManualClock {
  readonly calls = new Set<() => void>();
  override defer(call: () => void): Cancel {
    const own = (): void => call();
    this.calls.add(own);
    return () => this.calls.delete(own);
  }
  next(): void {
    for (const call of this.calls) {
      this.calls.delete(call);
      call();
      return;
    }
  }
}

/** A guest's feed with many claims in each family. */
function lab() {
  const clock = new TurnClock();
  const network = new VirtualNetwork(
    {
      ranges: ['10.0.0.0/8', '2001:db8::/32'],
      nodes: [{ name: 'guest', addresses: ['10.0.0.1'] }],
      grants: [
        { node: 'guest', prefix: '10.0.0.0/8', ge: 8, le: 32 },
        { node: 'guest', prefix: '2001:db8::/32', ge: 32, le: 128 },
      ],
    },
    { clock, random: () => 0.5 },
  );
  const node = network.model.node('guest').index;
  const cause = { type: 'session-down', neighbour: 'guest', node: 'guest', reason: 'gone' } as const;
  const feed: Feed = network.openFeed({ source: 'bgp', speaker: node, label: 'guest', router: 'r', cause });
  const { ipv4, ipv6 } = network.ribs;
  const say = (from: number, to: number): void => {
    network.begin();
    for (let i = from; i < to; i++) {
      ipv4.announce(ipv4.prefixId(0x0a40_0000 + i, 0, 0, 0, 32), feed.index, 0, network.bareSet, network.bareSet, 0, node, -1);
      ipv6.announce(ipv6.prefixId(0x2001_0db8, 0, 0, i, 128), feed.index, 0, network.bareSet, network.bareSet, 0, node, -1);
    }
    network.settle(cause);
  };
  say(0, CLAIMS);
  const left = (): number[] => [ipv4.feedRows[feed.index] ?? 0, ipv6.feedRows[feed.index] ?? 0];
  let longest = 0;
  const turn = (act: () => void): number => {
    const before = ipv4.rows + ipv6.rows;
    const begun = process.hrtime.bigint();
    act();
    longest = Math.max(longest, Number(process.hrtime.bigint() - begun) / 1e6);
    return before - ipv4.rows - ipv6.rows;
  };
  /** How many claims ended in each turn. */
  const turns = (act: () => void): number[] => {
    const ended = [turn(act)];
    while (clock.calls.size > 0) ended.push(turn(() => clock.next()));
    if (process.env.TURNS) console.log('LONGEST', longest.toFixed(1), 'of', ended.length);
    return ended;
  };
  const retain = (retention: Partial<Retention>): RetainedClaims =>
    new RetainedClaims(
      network,
      feed,
      { families: ['ipv4-unicast', 'ipv6-unicast'], time: 60_000, longLived: {}, mark: Stale.restart, ...retention },
      undefined,
      { changed: () => {}, over: () => {}, ended: () => {} },
    );
  return { clock, network, feed, say, left, turns, retain, cause };
}

test('a family that a restarting neighbour does not keep ends in slices', () => {
  const { turns, retain, left } = lab();
  const ended = turns(() => retain({ families: ['ipv4-unicast'] }));
  expect(Math.max(...ended)).toBeLessThanOrEqual(SLICE);
  expect(left()).toEqual([CLAIMS, 0]);
});

test('what a neighbour has not said again after its restart ends in slices, and what it says meanwhile stays', () => {
  const { turns, retain, left, say, cause } = lab();
  const retained = retain({});
  retained.resume(['ipv4-unicast', 'ipv6-unicast'], 1000);
  const ended = turns(() => {
    retained.complete('ipv6-unicast', cause);
    retained.complete('ipv4-unicast', cause);
    say(CLAIMS - 100, CLAIMS);
  });
  expect(Math.max(...ended)).toBeLessThanOrEqual(SLICE);
  expect(left()).toEqual([100, 100]);
});

test('what a neighbour has not said again by the end of its refresh ends in slices', () => {
  const { turns, left, network, feed, cause } = lab();
  const refreshed = new RefreshedClaims({ network, host: { defer: () => () => {} } } as unknown as BgpSurroundings, feed, cause, () => {});
  refreshed.begin('ipv6-unicast');
  const ended = turns(() => refreshed.end('ipv6-unicast'));
  expect(Math.max(...ended)).toBeLessThanOrEqual(SLICE);
  expect(left()).toEqual([CLAIMS, 0]);
});

test('claims that are over end with their feed, where that closes meanwhile', () => {
  const { turns, left, network, feed, cause } = lab();
  const done: string[] = [];
  const ended = turns(() => {
    network.endClaims(feed, network.ribs.ipv6, 'all', cause, () => done.push('ended'));
    network.closeFeed(feed, () => done.push('closed'));
  });
  expect(Math.max(...ended)).toBeLessThanOrEqual(SLICE);
  expect(left()).toEqual([0, 0]);
  expect(done.sort()).toEqual(['closed', 'ended']);
});
