import fc from 'fast-check';
import { describe, test } from 'vitest';
import { decodeAttributes, encodeAttributes } from '../../../src/bgp/wire/attributes/block.js';
import {
  type AsSegment,
  AttributeScan,
  type BgpMessage,
  type Capability,
  decodeCanonical,
  decodeMessage,
  encodeCanonical,
  encodeMessage,
  type FamilyName,
  inspectMessage,
  MessageError,
  type Nlri,
  type PathAttributes,
  toJson,
  type WireContext,
} from '../../../src/bgp/wire/index.js';
import { formatIpv4, formatIpv6 } from '../../../src/lib/address.js';
import { ByteWriter, bytesEqual } from '../../../src/lib/bytes.js';
import { formatPrefix, maskBytes } from '../../../src/lib/prefix.js';
import { alike, same } from '../../support/same.js';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const asn = fc.integer({ min: 1, max: 0xffff_ffff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const octets = (maxLength: number) => fc.uint8Array({ maxLength });
/** Some field, or not at all. */
const maybe = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(fields, { requiredKeys: [] });

const context: fc.Arbitrary<WireContext> = fc.record({
  fourOctetAs: fc.boolean(),
  peerType: fc.constantFrom('external', 'internal', 'confederation'),
  addPath: fc.record({ 'ipv4-unicast': fc.boolean(), 'ipv6-unicast': fc.boolean() }),
  extendedNextHop: fc.boolean(),
  maxMessage: fc.constantFrom(4096, 65_535),
});
/** A neighbour that may send anything. */
const open: fc.Arbitrary<WireContext> = context.map((given) => ({
  ...given,
  fourOctetAs: true,
  peerType: 'confederation',
  extendedNextHop: true,
  maxMessage: 65_535,
}));

const host4 = fc.integer({ min: 0x0100_0000, max: 0xdfff_ffff }).map(formatIpv4);
const host6 = fc.tuple(u32, u32, u32, u32).map(([, b, c, d]) => formatIpv6(0x2001_0db8, b, c, d));
const quad = u32.map(formatIpv4);
const text = <T>(a: fc.Arbitrary<T>, format: (value: T) => string) => fc.array(a.map(format), { minLength: 1, maxLength: 80 });

const segment: fc.Arbitrary<AsSegment> = fc.record({
  type: fc.constantFrom('sequence', 'set', 'confed-sequence', 'confed-set'),
  asns: fc.array(asn, { minLength: 1, maxLength: 40 }),
});

function prefix(bits: 32 | 128): fc.Arbitrary<string> {
  return fc.tuple(fc.uint8Array({ minLength: bits / 8, maxLength: bits / 8 }), fc.integer({ min: 0, max: bits })).map(([bytes, length]) =>
    // The mapped form keeps its dotted tail, and prefixes in it read back the same.
    formatPrefix({ family: bits === 32 ? 'ipv4' : 'ipv6', bytes: maskBytes(bytes, length), length }),
  );
}
function nlri(bits: 32 | 128, pathIds: boolean): fc.Arbitrary<readonly Nlri[]> {
  const one = pathIds ? fc.record({ prefix: prefix(bits), pathId: u32 }) : fc.record({ prefix: prefix(bits) });
  return fc.array(one, { maxLength: 20 });
}

const shared = {
  origin: fc.constantFrom('igp' as const, 'egp' as const, 'incomplete' as const),
  asPath: fc.array(segment, { maxLength: 4 }),
  nextHop: host4,
  med: u32,
  localPref: u32,
  atomicAggregate: fc.constant(true as const),
  aggregator: fc.record({ asn, address: quad }),
  communities: text(fc.tuple(u16, u16), ([a, b]) => `${a}:${b}`),
  originatorId: quad,
  clusterList: text(u32, formatIpv4),
  extendedCommunities: text(fc.bigInt(0n, 0xffff_ffff_ffffn), (low) => `0x03${'0b'}${low.toString(16).padStart(12, '0')}`),
  ipv6ExtendedCommunities: text(fc.tuple(host6, u16), ([address, local]) => `target:[${address}]:${local}`),
  aigp: fc.bigInt(0n, 0xffff_ffff_ffff_ffffn).map((metric) => (metric <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(metric) : metric)),
  largeCommunities: text(fc.tuple(u32, u32, u32), (parts) => parts.join(':')),
  otc: u32,
  unknown: fc.uniqueArray(
    fc.record({ code: fc.integer({ min: 40, max: 255 }), flags: fc.constantFrom(0x80, 0xc0, 0xe0), value: octets(300) }),
    {
      minLength: 1,
      maxLength: 3,
      selector: ({ code }) => code,
    },
  ),
};
/** Ascending, as they are written. */
function ordered<T extends PathAttributes>(value: T): T {
  return value.unknown ? { ...value, unknown: [...value.unknown].sort((a, b) => a.code - b.code) } : value;
}

function attributesFor({ addPath }: WireContext): fc.Arbitrary<PathAttributes> {
  const mpReach = fc.oneof(
    fc.record({ family: fc.constant<FamilyName>('ipv6-unicast'), nextHop: host6, nlri: nlri(128, addPath['ipv6-unicast'] ?? false) }),
    fc.record({
      family: fc.constant<FamilyName>('ipv6-unicast'),
      nextHop: host6,
      linkLocalNextHop: host6,
      nlri: nlri(128, addPath['ipv6-unicast'] ?? false),
    }),
    fc.record({
      family: fc.constant<FamilyName>('ipv4-unicast'),
      nextHop: fc.oneof(host4, host6),
      nlri: nlri(32, addPath['ipv4-unicast'] ?? false),
    }),
    fc.record({
      family: fc.constant<FamilyName>('25/65'),
      nextHopData: octets(40),
      nlri: fc.constant([]),
      data: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    }),
  );
  const mpUnreach = fc.record({ family: fc.constant<FamilyName>('ipv6-unicast'), nlri: nlri(128, addPath['ipv6-unicast'] ?? false) });
  return maybe({
    ...shared,
    mpReach,
    mpUnreach,
    as4Path: fc.array(segment, { minLength: 1, maxLength: 3 }),
    as4Aggregator: shared.aggregator,
  }).map(ordered);
}

const name = fc.string({ maxLength: 40, unit: fc.constantFrom('a', 'z', '-', '7', 'ü', '漢', '😀') });
const family: fc.Arbitrary<FamilyName> = fc.constantFrom('ipv4-unicast', 'ipv6-unicast', 'l2vpn-evpn', '77/3');
const capability: fc.Arbitrary<Capability> = fc.oneof(
  fc.record({ type: fc.constant('multiprotocol' as const), family }),
  fc.constant({ type: 'route-refresh' as const }),
  fc.record({
    type: fc.constant('extended-next-hop' as const),
    entries: fc.array(fc.record({ family, nextHopAfi: u16 }), { maxLength: 5 }),
  }),
  fc.record({
    type: fc.constant('role' as const),
    role: fc.constantFrom('provider', 'route-server', 'route-server-client', 'customer', 'peer'),
  }),
  fc.record({
    type: fc.constant('graceful-restart' as const),
    restarted: fc.boolean(),
    notification: fc.boolean(),
    restartTime: fc.integer({ min: 0, max: 4095 }),
    families: fc.array(fc.record({ family, forwarding: fc.boolean() }), { maxLength: 5 }),
  }),
  fc.record({
    type: fc.constant('add-path' as const),
    families: fc.array(
      fc.tuple(family, fc.integer({ min: 1, max: 3 })).map(([of, mode]) => ({ family: of, send: mode > 1, receive: mode !== 2 })),
      { maxLength: 5 },
    ),
  }),
  fc.record({
    type: fc.constant('long-lived-graceful-restart' as const),
    families: fc.array(fc.record({ family, forwarding: fc.boolean(), staleTime: fc.integer({ min: 0, max: 0xff_ffff }) }), {
      maxLength: 5,
    }),
  }),
  fc.record({ type: fc.constant('fqdn' as const), host: name, domain: name }),
  fc.record({ type: fc.constant('software-version' as const), version: name }),
  fc.record({ type: fc.constant('unknown' as const), code: fc.integer({ min: 128, max: 255 }), value: octets(255) }),
);

function messageFor(given: WireContext): fc.Arbitrary<BgpMessage> {
  const pathIds = given.addPath['ipv4-unicast'] ?? false;
  const complete = attributesFor(given).map((attributes) => ({ origin: 'igp' as const, asPath: [], nextHop: '192.0.2.1', ...attributes }));
  return fc.oneof(
    fc.record({ type: fc.constant('update' as const), withdrawn: nlri(32, pathIds), attributes: complete, announced: nlri(32, pathIds) }),
    fc.record({
      type: fc.constant('open' as const),
      version: fc.constant(4),
      asn: fc.integer({ min: 1, max: 0xffff }),
      holdTime: fc.oneof(fc.constant(0), fc.integer({ min: 3, max: 0xffff })),
      routerId: fc.integer({ min: 1, max: 0xffff_ffff }).map(formatIpv4),
      capabilities: fc.uniqueArray(capability, { maxLength: 8, selector: (one) => JSON.stringify(toJson(one)) }),
    }),
    fc.record({
      type: fc.constant('notification' as const),
      code: fc.integer({ min: 0, max: 5 }),
      subcode: fc.integer({ min: 0, max: 255 }),
      data: octets(60),
    }),
    fc.record({ type: fc.constant('keepalive' as const) }),
    fc.constantFrom<BgpMessage>(
      { type: 'route-refresh', afi: 1, safi: 1, family: 'ipv4-unicast', subtype: 1 },
      { type: 'route-refresh', afi: 2, safi: 1, family: 'ipv6-unicast', subtype: 0, data: Uint8Array.of(1, 2) },
    ),
  );
}

function written(value: PathAttributes, given: WireContext): Uint8Array {
  const to = new ByteWriter();
  encodeAttributes(to, value, given);
  return to.finish();
}

describe('decode(encode(x)) = x', () => {
  test('for every message', () => {
    fc.assert(
      fc.property(
        open.chain((given) => fc.tuple(fc.constant(given), messageFor(given))),
        ([given, message]) => {
          alike(decodeMessage(encodeMessage(message, given), given), message);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('for a route in its canonical set', () => {
    const route = fc
      .oneof(maybe(shared), maybe({ ...shared, nextHop: host6 }), maybe({ ...shared, nextHop: host6, linkLocalNextHop: host6 }))
      .map(ordered);
    fc.assert(
      fc.property(route, (value) => {
        const { linkLocalNextHop, ...rest } = value as PathAttributes;
        const whole = value.nextHop === undefined ? rest : (value as PathAttributes);
        alike(decodeCanonical(encodeCanonical(whole)), whole);
      }),
    );
  });

  test('for a path by way of a neighbour of two-octet AS numbers, which is merged again', () => {
    const sequences = fc.array(
      fc.record({ type: fc.constantFrom('sequence' as const, 'set' as const), asns: fc.array(asn, { minLength: 1, maxLength: 20 }) }),
      { maxLength: 3 },
    );
    const value = fc.record({ asPath: sequences, aggregator: shared.aggregator });
    fc.assert(
      fc.property(open, value, (given, route) => {
        const narrow = { ...given, fourOctetAs: false };
        const bytes = written(route, narrow);
        const scan = new AttributeScan();
        scan.scan(bytes, 0, bytes.length, narrow);
        alike(decodeCanonical(scan.bytes.slice(scan.from, scan.to)), route);
      }),
    );
  });
});

describe('the hot path agrees with the values', () => {
  test('on what is canonical', () => {
    fc.assert(
      fc.property(
        open.chain((given) => fc.tuple(fc.constant(given), attributesFor(given))),
        ([given, value]) => {
          const { mpReach: _, mpUnreach: __, as4Path: ___, as4Aggregator: ____, ...route } = value;
          const bytes = written(value, given);
          const scan = new AttributeScan();
          scan.scan(bytes, 0, bytes.length, given);
          same(scan.remedy, 0);
          if (value.mpReach && !value.nextHop) return;
          const canonical = scan.bytes.slice(scan.from, scan.to);
          alike(canonical, encodeCanonical(route));
          alike(decodeCanonical(canonical), route);
          // What is canonical is found to be.
          scan.scan(canonical, 0, canonical.length, given);
          same(scan.bytes, canonical);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** A block of attributes that is nearly right: real headers, arbitrary values and lengths. */
const nearly = fc
  .array(
    fc.record({
      flags: fc.oneof(fc.constantFrom(0x40, 0x80, 0xc0, 0x50, 0x90, 0xd0), fc.integer({ min: 0, max: 255 })),
      code: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 255 })),
      value: fc.oneof(
        octets(40),
        fc.constantFrom(Uint8Array.of(0), Uint8Array.of(2, 1, 0, 0, 1, 0), Uint8Array.of(0, 2, 1, 16, ...new Array(17).fill(1), 8, 10)),
      ),
      lie: fc.oneof(fc.constant(0), fc.integer({ min: -3, max: 3 })),
    }),
    { maxLength: 8 },
  )
  .map((list) => {
    const to = new ByteWriter();
    for (const { flags, code, value, lie } of list) {
      to.u8(flags).u8(code);
      const length = Math.max(0, value.length + lie);
      if ((flags & 0x10) !== 0) to.u16(length);
      else to.u8(length);
      to.raw(value);
    }
    return to.finish();
  });
const anything = fc.oneof(octets(200), nearly);

describe('any bytes', () => {
  test('decode to a message or a MessageError', () => {
    const framed = fc.tuple(fc.integer({ min: 0, max: 6 }), anything).map(([type, body]) => {
      const length = 19 + body.length;
      return Uint8Array.from([...new Array<number>(16).fill(0xff), length >> 8, length & 255, type, ...body]);
    });
    const update = nearly.map((block) => {
      const length = 23 + block.length + 2;
      return Uint8Array.from([
        ...new Array<number>(16).fill(0xff),
        length >> 8,
        length & 255,
        2,
        0,
        0,
        block.length >> 8,
        block.length & 255,
        ...block,
        8,
        10,
      ]);
    });
    fc.assert(
      fc.property(fc.oneof(octets(80), framed, update), context, (bytes, given) => {
        try {
          const message = decodeMessage(bytes, given);
          JSON.stringify(toJson(message));
        } catch (error) {
          if (!(error instanceof MessageError)) throw error;
        }
        inspectMessage(bytes, given);
      }),
      { numRuns: 2000 },
    );
  });

  test('never make the scan throw, and what it leaves is canonical, decodes, and holds what the values say', () => {
    const scan = new AttributeScan();
    fc.assert(
      fc.property(anything, context, (bytes, given) => {
        scan.scan(bytes, 0, bytes.length, given);
        const { remedy } = scan;
        const { attributes, malformed } = decodeAttributes(bytes, given);
        same(malformed.length > 0 || attributes.mpReach !== undefined || attributes.mpUnreach !== undefined || remedy === 0, true);
        if (scan.mpReachAt >= 0) scan.canonicalFor(bytes, 0, Math.min(4, bytes.length));
        const canonical = scan.bytes.slice(scan.from, scan.to);
        decodeCanonical(scan.mpReachAt >= 0 && bytes.length < 4 ? new Uint8Array(0) : canonical);
        scan.scan(canonical, 0, canonical.length, { ...given, fourOctetAs: true, peerType: 'confederation', aigp: true });
        same(bytesEqual(canonical, scan.bytes.slice(scan.from, scan.to)) || scan.remedy > 0, true);
      }),
      { numRuns: 2000 },
    );
  });
});
