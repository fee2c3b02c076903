/** Whatever arrives is dealt with: any octets, every prefix and mutation of real frames, and the captures at hand. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPcap, isPcapng, readPcap, readPcapng } from '../../src/capture/index.js';
import { ManualClock } from '../../src/core.js';
import { parseAddress } from '../../src/lib/address.js';
import { parsePrefix } from '../../src/lib/prefix.js';
import { TimerHeap } from '../../src/lib/timers.js';
import { memoryCable } from '../../src/stack/index.js';
import { Stack } from '../../src/stack/stack.js';
import { fold, sum, updated } from '../../src/stack/wire/checksum.js';
import { checksumIcmp } from '../../src/stack/wire/icmp.js';
import { decrementTtl, faultOfIpv4, writeIpv4 } from '../../src/stack/wire/ipv4.js';
import { hex } from '../support/hex.js';

const CORPORA = process.env.VIRTUAL_ROUTER_CORPORA ?? join(import.meta.dirname, '../captures');
const ROUTER = hex('02560a000001');

/** A stack with one guest, which the mapping gives everything, and what it sends. */
function stack() {
  const clock = new ManualClock();
  const timers = new TimerHeap(clock);
  const everything = [{ type: 'node', node: 'a' }] as const;
  const router = new Stack({
    timers,
    random: () => 0.5,
    lookup4: () => [...everything],
    lookup6: () => [...everything],
    via4: () => undefined,
    via6: () => undefined,
    mayClaim: () => false,
    announced: () => {},
    answered: () => {},
  });
  const mac = '02:56:0a:00:00:01';
  router.setInterfaces([
    { prefix: parsePrefix('10.0.0.0/24'), addresses: ['10.0.0.1'], mac, advertise: { least: 200_000, most: 600_000, lifetime: 1800 } },
    { prefix: parsePrefix('2001:db8::/64'), addresses: ['2001:db8::1'], mac, advertise: { least: 200_000, most: 600_000, lifetime: 1800 } },
  ]);
  router.setNodes([{ name: 'a', location: 'p', addresses: ['10.0.0.2', '2001:db8::2'], up: true }]);
  const [guest, port] = memoryCable();
  const link = router.attach('p', port);
  let out = 0;
  guest.listen(() => out++);
  /** One frame, and what became of it. */
  const take = (frame: Uint8Array): string => {
    // Each gets its turn: what the router itself deals with is bounded a second.
    clock.advance(1);
    const before = { ...link.drops };
    const [forwarded, sent] = [link.forwarded, out];
    guest.send(frame, 0, frame.length);
    const dropped = Object.entries(link.drops).filter(([reason, count]) => count > before[reason as keyof typeof before]);
    if (dropped.length > 0) return dropped.map(([reason]) => reason).join();
    return link.forwarded > forwarded ? 'forwarded' : out > sent ? 'answered' : 'heard';
  };
  return { take, link };
}

const FRAMES = {
  'ARP request': hex('ffffffffffff 02000000000a 0806 0001 0800 0604 0001 02000000000a 0a000002 000000000000 0a000001'),
  echo: hex('02560a000001 02000000000a 0800 4500001c0001000040016'.concat('6de 0a000002 0a000001 0800f7ff00000000')),
  'neighbour solicitation': hex(
    '3333ff000001 02000000000a 86dd 6000000000203aff 20010db8000000000000000000000002 ff0200000000000000000001ff000001 8700000000000000 20010db8000000000000000000000001 0101 02000000000a',
  ),
  'IPv6 with headers and a fragment': hex(
    '02560a000001 02000000000a 86dd 6000000000280040 20010db8000000000000000000000002 20010db8000000000000000000000001 3c00010400000000 2c00010400000000 1100000100000007 0000000000000000 0000000000000000',
  ),
} as const;

const solicitation = FRAMES['neighbour solicitation'];
checksumIcmp(solicitation, 54, solicitation.length, solicitation.slice(22, 38), solicitation.slice(38, 54));

describe('the stack', () => {
  test('deals with any octets', () => {
    const { take } = stack();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom('0800', '0806', '86dd', '8100'), (octets, type) => {
        take(octets);
        take(Uint8Array.of(...ROUTER, ...ROUTER, ...hex(type), ...octets));
      }),
      { numRuns: 2000 },
    );
  });

  test.each(Object.entries(FRAMES))('deals with every prefix and mutation of: %s', (_name, frame) => {
    const { take } = stack();
    expect(['answered', 'heard']).toContain(take(frame.slice()));
    for (let end = 0; end < frame.length; end++) expect(take(frame.slice(0, end))).not.toBe('forwarded');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(frame.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const mutant = frame.slice();
        for (const [at, octet] of changes) mutant[at] = octet;
        take(mutant);
      }),
      { numRuns: 2000 },
    );
  });

  test('lets every capture at hand pass, and says of each frame what became of it', () => {
    const { take, link } = stack();
    // So that the guest's MAC is known.
    for (const frame of [FRAMES['ARP request'], solicitation]) take(frame.slice());
    const became = new Map<string, number>();
    for (const file of readdirSync(CORPORA, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(pcap|pcapng|cap)$/.test(file)) continue;
      const bytes = new Uint8Array(readFileSync(join(CORPORA, file)));
      const frames = isPcap(bytes) ? readPcap(bytes) : isPcapng(bytes) ? readPcapng(bytes) : [];
      let seen = 0;
      for (const frame of frames) {
        if (!('bytes' in frame) || frame.linkType !== 1 || ++seen > 200) continue;
        const own = frame.bytes.slice();
        if (own.length >= 6 && ((own[0] ?? 0) & 1) === 0) own.set(ROUTER); // as if it were for us
        const what = take(own);
        became.set(what, (became.get(what) ?? 0) + 1);
      }
    }
    const all = [...became.values()].reduce((total, count) => total + count, 0);
    expect(all).toBe(link.received - 2);
    expect(all).toBeGreaterThan(100);
    expect(became.get('forwarded')).toBeGreaterThan(50);
  });
});

describe('checksums', () => {
  test('after one word changed are what they are when made anew (RFC 1624)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 40 }), fc.nat(0xffff), (octets, word) => {
        const even = octets.slice(0, octets.length & ~1);
        if (even.every((octet) => octet === 0)) return;
        const before = fold(sum(even, 0, even.length));
        const old = ((even[2] ?? 0) << 8) | (even[3] ?? 0);
        even[2] = word >> 8;
        even[3] = word & 255;
        if (even.every((octet) => octet === 0)) return;
        const [incremental, anew] = [updated(before, old, word), fold(sum(even, 0, even.length))];
        expect(incremental).toBe(anew);
      }),
    );
  });

  test('of a header hold over all of its hops', () => {
    const packet = new Uint8Array(20);
    writeIpv4(packet, 0, { source: parseAddress('10.0.0.2'), target: parseAddress('192.0.2.1'), protocol: 17, payload: 0, ttl: 255 });
    for (let hops = 255; hops > 0; hops--) {
      expect(faultOfIpv4(packet, 0, 20)).toBeUndefined();
      decrementTtl(packet, 0);
    }
  });
});
