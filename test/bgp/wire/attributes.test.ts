import { describe, expect, test } from 'vitest';
import { decodeAttributes, encodeAttributes } from '../../../src/bgp/wire/attributes/block.js';
import { AttributeScan, REMEDIES } from '../../../src/bgp/wire/attributes/scan.js';
import { inOrder } from '../../../src/bgp/wire/attributes/table.js';
import { defaultContext, type PathAttributes, type WireContext } from '../../../src/bgp/wire/index.js';
import { ByteWriter } from '../../../src/lib/bytes.js';
import { hex } from '../../support/hex.js';
import { malformed, REACH6 } from './malformed.js';

const external = defaultContext;
const internal: WireContext = { ...defaultContext, peerType: 'internal' };
const confederation: WireContext = { ...defaultContext, peerType: 'confederation' };
const twoOctet: WireContext = { ...defaultContext, fourOctetAs: false };
const extended: WireContext = { ...defaultContext, extendedNextHop: true };
const withPaths: WireContext = { ...defaultContext, addPath: { 'ipv6-unicast': true } };

const long = Array.from({ length: 64 }, (_, i) => `65000:${i}`);

const wellFormed: readonly (readonly [name: string, bytes: string, value: PathAttributes, context?: WireContext])[] = [
  ['ORIGIN', '40 01 01 00', { origin: 'igp' }],
  ['an ORIGIN of EGP', '40 01 01 01', { origin: 'egp' }],
  ['an incomplete ORIGIN', '40 01 01 02', { origin: 'incomplete' }],
  ['an empty AS_PATH', '40 02 00', { asPath: [] }],
  [
    'an AS_PATH of a sequence and a set',
    '40 02 10  02 02 0000fde8 00010000  01 01 0000fde9',
    {
      asPath: [
        { type: 'sequence', asns: [65000, 65536] },
        { type: 'set', asns: [65001] },
      ],
    },
  ],
  ['an AS_PATH of two octets', '40 02 06  02 02 fde8 5ba0', { asPath: [{ type: 'sequence', asns: [65000, 23456] }] }, twoOctet],
  [
    "a confederation's AS_PATH",
    '40 02 0c  03 01 0000fde8  04 01 0000fde9',
    {
      asPath: [
        { type: 'confed-sequence', asns: [65000] },
        { type: 'confed-set', asns: [65001] },
      ],
    },
    confederation,
  ],
  ['NEXT_HOP', '40 03 04 c0000201', { nextHop: '192.0.2.1' }],
  ['MULTI_EXIT_DISC', '80 04 04 000001f4', { med: 500 }],
  ['LOCAL_PREF', '40 05 04 000000c8', { localPref: 200 }, internal],
  ['ATOMIC_AGGREGATE', '40 06 00', { atomicAggregate: true }],
  ['AGGREGATOR', 'c0 07 08 00010000 c0000201', { aggregator: { asn: 65536, address: '192.0.2.1' } }],
  ['an AGGREGATOR of two octets', 'c0 07 06 fde8 c0000201', { aggregator: { asn: 65000, address: '192.0.2.1' } }, twoOctet],
  ['COMMUNITIES', 'c0 08 08 fde80001 ffffff01', { communities: ['65000:1', '65535:65281'] }],
  [
    'a long list of communities, with the long form of the length',
    `d0 08 0100 ${long.map((_, i) => `fde8${i.toString(16).padStart(4, '0')}`).join('')}`,
    { communities: long },
  ],
  ['ORIGINATOR_ID', '80 09 04 01010101', { originatorId: '1.1.1.1' }, internal],
  ['CLUSTER_LIST', '80 0a 08 01010101 02020202', { clusterList: ['1.1.1.1', '2.2.2.2'] }, internal],
  [
    'MP_REACH_NLRI of IPv6',
    '80 0e 1a  0002 01 10 20010db8000000000000000000000001 00  20 20010db8',
    { mpReach: { family: 'ipv6-unicast', nextHop: '2001:db8::1', nlri: [{ prefix: '2001:db8::/32' }] } },
  ],
  [
    'MP_REACH_NLRI with a link-local next hop and path identifiers',
    '80 0e 2e  0002 01 20 20010db8000000000000000000000001 fe800000000000000000000000000001 00  00000007 20 20010db8',
    {
      mpReach: {
        family: 'ipv6-unicast',
        nextHop: '2001:db8::1',
        linkLocalNextHop: 'fe80::1',
        nlri: [{ prefix: '2001:db8::/32', pathId: 7 }],
      },
    },
    withPaths,
  ],
  [
    'MP_REACH_NLRI of IPv4 over IPv6',
    '80 0e 17  0001 01 10 20010db8000000000000000000000001 00  08 0a',
    { mpReach: { family: 'ipv4-unicast', nextHop: '2001:db8::1', nlri: [{ prefix: '10.0.0.0/8' }] } },
    extended,
  ],
  [
    'MP_REACH_NLRI of a family that is not read',
    '80 0e 0b  0019 46 04 c0000201 00  beef',
    { mpReach: { family: 'l2vpn-evpn', nextHopData: hex('c0000201'), nlri: [], data: hex('beef') } },
  ],
  ['MP_UNREACH_NLRI', '80 0f 08  0002 01  20 20010db8', { mpUnreach: { family: 'ipv6-unicast', nlri: [{ prefix: '2001:db8::/32' }] } }],
  ['an End-of-RIB', '80 0f 03  0002 01', { mpUnreach: { family: 'ipv6-unicast', nlri: [] } }],
  [
    'EXTENDED COMMUNITIES',
    'c0 10 20  0002 fde8 00000001  0103 c0000201 0002  0202 00010000 0003  0202 0000fde8 0003',
    { extendedCommunities: ['target:65000:1', 'origin:192.0.2.1:2', 'target:65536:3', '0x02020000fde80003'] },
  ],
  ['AS4_PATH', 'c0 11 06  02 01 00010000', { as4Path: [{ type: 'sequence', asns: [65536] }] }, twoOctet],
  ['AS4_AGGREGATOR', 'c0 12 08 00010000 c0000201', { as4Aggregator: { asn: 65536, address: '192.0.2.1' } }, twoOctet],
  [
    'IPV6 EXTENDED COMMUNITIES',
    'c0 19 28  0002 20010db8000000000000000000000001 0064  400b 20010db8000000000000000000000001 0000',
    { ipv6ExtendedCommunities: ['target:[2001:db8::1]:100', '0x400b20010db80000000000000000000000010000'] },
  ],
  ['AIGP', '80 1a 0b  01 000b 00000000000000fa', { aigp: 250 }, internal],
  ['an AIGP beyond exact numbers', '80 1a 0b  01 000b ffffffffffffffff', { aigp: 0xffff_ffff_ffff_ffffn }, internal],
  ['LARGE_COMMUNITY', 'c0 20 0c 0000fde8 00000001 ffffffff', { largeCommunities: ['65000:1:4294967295'] }],
  ['ONLY_TO_CUSTOMER', 'c0 23 04 0000fde8', { otc: 65000 }],
  ['an attribute from the future, partial already', 'e0 63 02 beef', { unknown: [{ code: 0x63, flags: 0xe0, value: hex('beef') }] }],
  ['an unknown attribute that is not transitive', '80 63 00', { unknown: [{ code: 0x63, flags: 0x80, value: hex('') }] }],
  [
    'several attributes, an unknown one among them',
    '40 01 01 00  40 02 00  40 03 04 c0000201  c0 0b 01 00  c0 20 0c 000000010000000200000003',
    {
      origin: 'igp',
      asPath: [],
      nextHop: '192.0.2.1',
      largeCommunities: ['1:2:3'],
      unknown: [{ code: 11, flags: 0xc0, value: hex('00') }],
    },
  ],
];

function encode(value: PathAttributes, context: WireContext): Uint8Array {
  const to = new ByteWriter();
  encodeAttributes(to, value, context);
  return to.finish();
}

describe.each(wellFormed.map(([name, bytes, value, context = external]) => ({ name, bytes, value, context })))(
  '$name',
  ({ bytes, value, context }) => {
    test('decodes', () => {
      expect(decodeAttributes(hex(bytes), context)).toEqual({ attributes: value, malformed: [] });
    });
    test('encodes', () => {
      expect(encode(value, context)).toEqual(hex(bytes));
    });
  },
);

test('every row of the table stands among the examples', () => {
  const shown = new Set(wellFormed.flatMap(([, , value]) => Object.keys(value)));
  expect(inOrder.map(({ field }) => field).filter((field) => !shown.has(field))).toEqual([]);
});

describe.each(malformed.map(([name, bytes, remedy, subcode, context = external]) => ({ name, bytes, remedy, subcode, context })))(
  '$name',
  ({ bytes, remedy, subcode, context }) => {
    test(`leads to ${remedy}`, () => {
      const { malformed: found } = decodeAttributes(hex(bytes), context);
      expect(found.map((entry) => entry.remedy)).toEqual([remedy]);
      expect(found[0]?.notification?.subcode).toBe(remedy === 'reset-session' ? subcode : undefined);
    });
    test('leads to the same on the hot path', () => {
      const scan = new AttributeScan();
      const octets = hex(bytes);
      scan.scan(octets, 0, octets.length, context);
      expect([REMEDIES[scan.remedy], scan.errorCode, scan.errorSubcode]).toEqual([remedy, 3, subcode]);
      expect(scan.reason).not.toBe('');
    });
  },
);

describe('what is malformed', () => {
  test('every attribute has an example for each remedy of its row, by whom it came from, and one with wrong flags', () => {
    const shown = new Set(
      malformed.map(
        ([, bytes, remedy, subcode, { peerType } = external]) => `${hex(bytes)[1]} ${subcode === 4 ? 'flags' : peerType} ${remedy}`,
      ),
    );
    const lacking = inOrder.flatMap(({ attribute: { code, ifMalformed, ifFlagsWrong = 'treat-as-withdraw' } }) => {
      const outside = `${code} external ${ifMalformed.external}`;
      const inside = `${code} internal ${ifMalformed.internal}`;
      const value =
        ifMalformed.external === ifMalformed.internal ? shown.has(outside) || shown.has(inside) : shown.has(outside) && shown.has(inside);
      return [...(value ? [] : [`${outside}, ${inside}`]), ...(shown.has(`${code} flags ${ifFlagsWrong}`) ? [] : [`${code} flags`])];
    });
    expect(lacking).toEqual([]);
  });

  test('names the attribute and its octets in a NOTIFICATION', () => {
    const { malformed: found } = decodeAttributes(hex('40 01 01 00  40 63 01 07'), external);
    expect(found).toEqual([
      {
        code: 0x63,
        remedy: 'reset-session',
        message: 'attribute 99 is well-known and not known here',
        notification: { code: 3, subcode: 2, data: hex('40630107') },
      },
    ]);
  });

  test('does not keep the others from being read', () => {
    const { attributes, malformed: found } = decodeAttributes(hex('40 01 01 07  80 04 04 00000001  c0 08 03 000000'), external);
    expect(attributes).toEqual({ med: 1 });
    expect(found.map(({ code }) => code)).toEqual([1, 8]);
  });

  test('the first of two counts', () => {
    expect(decodeAttributes(hex('80 04 04 00000001  80 04 04 00000002'), external).attributes).toEqual({ med: 1 });
  });

  test('prefixes under a next hop that is no host are still found', () => {
    const { attributes } = decodeAttributes(hex('80 0e 1a 0002 01 10 ff020000000000000000000000000001 00 20 20010db8'), external);
    expect(attributes.mpReach?.nlri).toEqual([{ prefix: '2001:db8::/32' }]);
  });

  test('a prefix in MP_REACH_NLRI that runs past its end ends the session', () => {
    const { malformed: found } = decodeAttributes(hex(`80 0e 18 ${REACH6} 30 2001`), external);
    expect(found).toMatchObject([{ code: 14, remedy: 'reset-session', notification: { code: 3, subcode: 9 } }]);
    expect(found[0]?.notification?.data).toEqual(hex(`80 0e 18 ${REACH6} 30 2001`));
  });
});

test('AIGP from outside is not part of a route, and is no error', () => {
  const scan = new AttributeScan();
  const octets = hex('40 01 01 00  80 1a 0b 01 000b 00000000000000fa');
  scan.scan(octets, 0, octets.length, external);
  expect([scan.remedy, scan.bytes.slice(scan.from, scan.to)]).toEqual([0, hex('40 01 01 00')]);
  expect(decodeAttributes(octets, external).attributes.unknown).toEqual([{ code: 26, flags: 0x80, value: octets.subarray(7) }]);
  scan.scan(octets, 0, octets.length, { ...external, aigp: true });
  expect(scan.bytes).toBe(octets);
  expect(decodeAttributes(octets, { ...external, aigp: true }).attributes.aigp).toBe(250);
});

describe('for a neighbour of two-octet AS numbers', () => {
  const path: PathAttributes = { asPath: [{ type: 'sequence', asns: [65000, 65536] }], aggregator: { asn: 65537, address: '192.0.2.1' } };
  test('wide numbers go into AS4_PATH and AS4_AGGREGATOR beside AS_TRANS', () => {
    expect(encode(path, twoOctet)).toEqual(
      hex('40 02 06 0202fde85ba0  c0 07 06 5ba0c0000201  c0 11 0a 02020000fde800010000  c0 12 08 00010001c0000201'),
    );
  });
  test('and nothing is added where none is wide', () => {
    expect(encode({ asPath: [{ type: 'sequence', asns: [65000] }] }, twoOctet)).toEqual(hex('40 02 04 0201fde8'));
  });
  test("a confederation's segments stay out of AS4_PATH", () => {
    const value: PathAttributes = {
      asPath: [
        { type: 'confed-sequence', asns: [65536] },
        { type: 'sequence', asns: [65537] },
      ],
    };
    expect(encode(value, { ...twoOctet, peerType: 'confederation' })).toEqual(hex('40 02 08 03015ba002015ba0  c0 11 06 020100010001'));
  });
});

test('MP attributes are written before all others', () => {
  const value: PathAttributes = { origin: 'igp', mpUnreach: { family: 'ipv6-unicast', nlri: [] } };
  expect(encode(value, external)).toEqual(hex('80 0f 03 000201  40 01 01 00'));
});

test('a segment of more than 255 ASes is written as two', () => {
  const asns = Array.from({ length: 300 }, (_, i) => i + 1);
  const { attributes } = decodeAttributes(encode({ asPath: [{ type: 'sequence', asns }] }, external), external);
  expect(attributes.asPath?.map((segment) => segment.asns.length)).toEqual([255, 45]);
});

test('an IPv6 address in NEXT_HOP is a mistake of the program', () => {
  expect(() => encode({ nextHop: '2001:db8::1' }, external)).toThrow(/MP_REACH_NLRI/);
});
