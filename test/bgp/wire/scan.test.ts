import { describe, expect, test } from 'vitest';
import {
  AttributeScan,
  decodeCanonical,
  defaultContext,
  encodeCanonical,
  type PathAttributes,
  REMEDY_DISCARD,
  REMEDY_NONE,
  REMEDY_TREAT_AS_WITHDRAW,
  type WireContext,
} from '../../../src/bgp/wire/index.js';
import { hex } from '../../support/hex.js';

const twoOctet: WireContext = { ...defaultContext, fourOctetAs: false };
const confederation: WireContext = { ...twoOctet, peerType: 'confederation' };

function scanned(bytes: string | Uint8Array, context: WireContext = defaultContext): AttributeScan {
  const scan = new AttributeScan();
  const octets = typeof bytes === 'string' ? hex(bytes) : bytes;
  scan.scan(octets, 0, octets.length, context);
  return scan;
}
const canonical = (scan: AttributeScan): Uint8Array => scan.bytes.slice(scan.from, scan.to);

const PLAIN = '40 01 01 00  40 02 06 02010000fde8  40 03 04 c0000201';

describe('the canonical set', () => {
  test('is the input where that is canonical', () => {
    const input = hex(`ffff ${PLAIN} ffff`);
    const scan = new AttributeScan();
    scan.scan(input, 2, input.length - 2, defaultContext);
    expect([scan.bytes, scan.from, scan.to, scan.remedy, scan.reason]).toEqual([input, 2, input.length - 2, REMEDY_NONE, '']);
    expect(scan.bytes).toBe(input);
    expect(scan.seenMandatory(true)).toBe(true);
  });

  test('is the same for the same route, however it was written', () => {
    const ways = [
      '40 03 04 c0000201  40 01 01 00  40 02 06 02010000fde8',
      '50 01 0001 00  50 02 0006 02010000fde8  50 03 0004 c0000201',
      '4f 01 01 00  60 02 06 02010000fde8  40 03 04 c0000201',
      `${PLAIN} 40 05 04 00000064`,
      `${PLAIN} 80 0f 03 000201`,
      `80 0f 03 000201 ${PLAIN}`,
      `${PLAIN} 40 01 01 02`,
      `${PLAIN} c0 11 06 020100000001`,
    ];
    for (const way of ways) expect(canonical(scanned(way)), way).toEqual(hex(PLAIN));
    expect(canonical(scanned('40 01 01 00  40 02 04 0201fde8  40 03 04 c0000201', twoOctet))).toEqual(hex(PLAIN));
  });

  test('keeps PARTIAL where it means something', () => {
    expect(canonical(scanned('80 0f 03 000201  e0 63 01 00'))).toEqual(hex('e0 63 01 00'));
  });

  test('takes the next hop of MP_REACH_NLRI in place of NEXT_HOP', () => {
    const input = hex(
      '40 01 01 00  40 02 00  40 03 04 c0000201  c0 08 04 fde80001  80 0e 15 0002 01 10 20010db8000000000000000000000001 00',
    );
    const scan = scanned(input);
    expect([scan.mpReachLength, scan.seenMandatory(false)]).toEqual([21, true]);
    expect(canonical(scan)).toEqual(hex('40 01 01 00  40 02 00  40 03 04 c0000201  c0 08 04 fde80001'));
    scan.canonicalFor(input, scan.mpReachAt + 4, 16);
    expect(canonical(scan)).toEqual(hex('40 01 01 00  40 02 00  40 03 10 20010db8000000000000000000000001  c0 08 04 fde80001'));
    expect(decodeCanonical(canonical(scan))).toEqual({ origin: 'igp', asPath: [], nextHop: '2001:db8::1', communities: ['65000:1'] });
  });

  test('finds a place for the next hop where nothing comes after it', () => {
    const input = hex('40 01 01 00  80 0e 15 0002 01 10 20010db8000000000000000000000001 00');
    const scan = scanned(input);
    expect(scan.to).toBe(0);
    scan.canonicalFor(input, scan.mpReachAt + 4, 16);
    expect(canonical(scan)).toEqual(hex('40 01 01 00  40 03 10 20010db8000000000000000000000001'));
  });

  test('does not know the UPDATE before', () => {
    const scan = scanned(`${PLAIN} 80 0f 03 000201 40 63 00`);
    const next = hex('40 01 01 00');
    scan.scan(next, 0, next.length, defaultContext);
    expect([scan.remedy, scan.reason, scan.mpUnreachAt, scan.nextHopAt, scan.seenAsPath]).toEqual([REMEDY_NONE, '', -1, -1, false]);
  });
});

describe('what is missing or lost', () => {
  test('a malformed mandatory attribute does not count as seen', () => {
    expect(scanned('40 01 01 07  40 02 00  40 03 04 c0000201').seenMandatory(true)).toBe(false);
  });
  test('NEXT_HOP is only needed for prefixes of the NLRI field', () => {
    const scan = scanned('40 01 01 00  40 02 00');
    expect([scan.seenMandatory(false), scan.seenMandatory(true)]).toEqual([true, false]);
  });
  test('attributes before an overrun are still found', () => {
    const scan = scanned('80 0f 03 000201  80 04 09 00');
    expect([scan.remedy, scan.mpUnreachAt, scan.errorAt, scan.errorLength]).toEqual([REMEDY_TREAT_AS_WITHDRAW, 3, 6, 4]);
  });
  test('the strongest remedy counts, with its own reason', () => {
    const scan = scanned('40 06 01 00  40 01 01 09  40 06 00');
    expect([scan.remedy, scan.reason]).toEqual([REMEDY_TREAT_AS_WITHDRAW, 'ORIGIN has a value that is not defined']);
  });
  test('an overrun with a path that would grow too long is withdrawn', () => {
    const communities = `d0 08 8000 ${'fde80001'.repeat(0x2000)}`;
    expect(scanned(communities, twoOctet).remedy).toBe(REMEDY_TREAT_AS_WITHDRAW);
    expect(scanned(communities).remedy).toBe(REMEDY_NONE);
  });
});

/** RFC 6793 §4.2.3. */
describe('AS4_PATH from a neighbour of two octets', () => {
  const route = (bytes: string, context = twoOctet): PathAttributes => decodeCanonical(canonical(scanned(bytes, context)));
  const sequence = (...asns: number[]) => ({ type: 'sequence' as const, asns });

  test('stands in for the end of AS_PATH, and the sequence is whole again', () => {
    expect(route('40 02 0a 0204 0001 0002 5ba0 5ba0  c0 11 0a 0202 00010000 00010001').asPath).toEqual([sequence(1, 2, 65536, 65537)]);
  });
  test('counts nothing where it is longer than AS_PATH', () => {
    expect(route('40 02 04 0201 5ba0  c0 11 0a 0202 00010000 00010001').asPath).toEqual([sequence(23456)]);
  });
  test('counts a set as one', () => {
    const path = route('40 02 0e 0202 0001 5ba0  0103 0005 0006 0007  c0 11 10 0201 00010000  0102 00010005 00010006').asPath;
    expect(path).toEqual([sequence(1, 65536), { type: 'set', asns: [65541, 65542] }]);
  });
  test('keeps a leading set apart from the sequence after it', () => {
    const path = route('40 02 0a 0102 0001 0002 0201 5ba0  c0 11 06 0201 00010000').asPath;
    expect(path).toEqual([{ type: 'set', asns: [1, 2] }, sequence(65536)]);
  });
  test("lets a confederation's leading segments stand, and leaves its own out", () => {
    const path = route('40 02 0a 0301 fde8 0202 0001 5ba0  c0 11 0c 0301 00010009 0201 00010000', confederation).asPath;
    expect(path).toEqual([{ type: 'confed-sequence', asns: [65000] }, sequence(1, 65536)]);
  });
  test('does not join what would be longer than a segment', () => {
    const head = Array.from({ length: 200 }, () => '0001').join('');
    const tail = Array.from({ length: 100 }, () => '00010000').join('');
    const path = route(`50 02 025c 02c8 ${head} 0264 ${'5ba0'.repeat(100)}  d0 11 0192 0264 ${tail}`).asPath;
    expect(path?.map(({ asns }) => asns.length)).toEqual([200, 100]);
  });
  test('is used with AS4_AGGREGATOR where AGGREGATOR is AS_TRANS', () => {
    expect(route('40 02 04 0201 5ba0  c0 07 06 5ba0 c0000201  c0 11 06 0201 00010000  c0 12 08 00010000 c0000202')).toEqual({
      asPath: [sequence(65536)],
      aggregator: { asn: 65536, address: '192.0.2.2' },
    });
  });
  test('is not used where AGGREGATOR names another AS beside an AS4_AGGREGATOR', () => {
    expect(route('40 02 04 0201 5ba0  c0 07 06 fde8 c0000201  c0 11 06 0201 00010000  c0 12 08 00010000 c0000202')).toEqual({
      asPath: [sequence(23456)],
      aggregator: { asn: 65000, address: '192.0.2.1' },
    });
  });
  test('is dropped where it is malformed, and the path stands', () => {
    const scan = scanned('40 02 04 0201 5ba0  c0 11 06 0209 00010000', twoOctet);
    expect([scan.remedy, decodeCanonical(canonical(scan)).asPath]).toEqual([REMEDY_DISCARD, [sequence(23456)]]);
  });
  test('a path needs the long form of the length once its numbers are wide', () => {
    const path = route(`40 02 fe 027e ${'fde8'.repeat(126)}`).asPath;
    expect(path).toEqual([sequence(...Array.from({ length: 126 }, () => 65000))]);
  });
});

test('a canonical value leaves out what only stands on the wire', () => {
  const value: PathAttributes = {
    origin: 'igp',
    asPath: [],
    nextHop: '2001:db8::1',
    linkLocalNextHop: 'fe80::1',
    med: 1,
    unknown: [{ code: 0, flags: 0xc0, value: hex('00') }],
  };
  const octets = encodeCanonical({ ...value, mpUnreach: { family: 'ipv6-unicast', nlri: [] }, as4Path: [] });
  expect(decodeCanonical(octets)).toEqual(value);
  expect(octets).toEqual(
    hex(
      'c0 00 01 00  40 01 01 00  40 02 00  40 03 20 20010db8000000000000000000000001 fe800000000000000000000000000001  80 04 04 00000001',
    ),
  );
});
