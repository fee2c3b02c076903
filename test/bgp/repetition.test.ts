import { expect, test } from 'vitest';
import { Repetition } from '../../src/bgp/repetition.js';
import { encodeCanonical } from '../../src/bgp/wire/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import { VirtualNetwork } from '../../src/router/virtual-network.js';

/** On both sides of 128.0.0.0, where a word of an address has a sign. */
const PREFIXES = [
  [0x0a00_0000, 8],
  [0x0a01_0000, 16],
  [0xc0a8_0000 | 0, 16],
  [0xdfff_ff00 | 0, 24],
] as const;

test('what is said again in the order of before is found without a look in the hash', () => {
  const network = new VirtualNetwork({ nodes: [{ name: 'a', addresses: ['10.0.1.1'] }] }, { clock: new ManualClock() });
  const rib = network.ribs.ipv4;
  const feed = network.openFeed({
    source: 'bgp',
    speaker: network.model.find('a')?.index ?? -1,
    label: 'a',
    router: 'r',
    cause: { type: 'configured' },
    routerId: 1,
  });
  const bytes = encodeCanonical({ origin: 'igp', asPath: [] });
  const set = network.sets.intern(bytes, 0, bytes.length);
  const holder = network.model.find('a')?.index ?? -1;
  const rows = PREFIXES.map(([a, length]) => {
    rib.announce(rib.prefixId(a, 0, 0, 0, length), feed.index, 0, set, set, 0, holder, -1);
    return rib.lastSaid;
  });
  const repetition = new Repetition(rib, feed.index);
  for (let again = 0; again < 2; again++) {
    repetition.begin();
    expect(PREFIXES.map(([a, length]) => repetition.next(a, length))).toEqual(rows);
    repetition.end();
  }
  // Another order: from there on nothing is expected.
  repetition.begin();
  expect([PREFIXES[0], PREFIXES[2], PREFIXES[3]].map(([a, length]) => repetition.next(a, length))).toEqual([rows[0], 0, 0]);
  repetition.end();
  expect(repetition.holds).toBe(false);
});
