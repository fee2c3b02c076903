import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LookAhead } from '../../src/bgp/look-ahead.js';
import { encodeCanonical } from '../../src/bgp/wire/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import { VirtualNetwork } from '../../src/router/virtual-network.js';

test('looking ahead gets on through any octets, and changes nothing', () => {
  const network = new VirtualNetwork({ nodes: [{ name: 'a', addresses: ['10.0.1.1'] }] }, { clock: new ManualClock() });
  const rib = network.ribs.ipv4;
  const index = network.model.find('a')?.index ?? -1;
  const feed = network.openFeed({ source: 'bgp', speaker: index, label: 'a', router: 'r', cause: { type: 'configured' }, routerId: 1 });
  const attributes = encodeCanonical({ origin: 'igp', asPath: [] });
  const set = network.sets.intern(attributes, 0, attributes.length);
  for (let i = 0; i < 256; i++) rib.announce(rib.prefixId((i << 24) | 0, 0, 0, 0, 8), feed.index, 0, set, set, 0, index, -1);
  const lookAhead = new LookAhead(rib, network.sets);
  const before = [rib.rows, rib.prefixes.size, network.sets.size];
  // UPDATEs of one prefix each, whose lengths may be anything; the bits of a marker are lengths too.
  const message = fc
    .record({ length: fc.oneof(fc.constant(28), fc.nat(0xffff)), withdrawn: fc.oneof(fc.constant(0), fc.nat(0xffff)), prefix: fc.nat(255) })
    .map(({ length, withdrawn, prefix }) => {
      const bytes = new Uint8Array(28).fill(255, 0, 16);
      bytes.set([length >> 8, length & 255, 2, withdrawn >> 8, withdrawn & 255, 0, 0, 8, prefix], 16);
      return bytes;
    });
  fc.assert(
    fc.property(fc.array(fc.oneof(message, fc.uint8Array({ maxLength: 60 })), { maxLength: 300 }), fc.nat(100), (parts, skipped) => {
      const bytes = new Uint8Array(parts.flatMap((part) => [...part]));
      for (let at = Math.min(skipped, bytes.length); at < bytes.length; ) {
        const next = lookAhead.look(bytes, at, bytes.length);
        expect(next).toBeGreaterThan(at);
        expect(next).toBeLessThanOrEqual(bytes.length);
        at = next;
      }
    }),
  );
  expect([rib.rows, rib.prefixes.size, network.sets.size]).toEqual(before);
});
