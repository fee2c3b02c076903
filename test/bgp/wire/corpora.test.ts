/**
 * Test data of other implementations, where the variable VIRTUAL_ROUTER_CORPORA names the folder that holds it. Their verdicts on
 * malformed attributes are often RFC 4271's (an error); ours are RFC 7606's. Where we differ otherwise, the line says why.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeAttributes } from '../../../src/bgp/wire/attributes/block.js';
import {
  AttributeCode,
  AttributeScan,
  type BgpMessage,
  byCode,
  checkHeader,
  decodeMessage,
  defaultContext,
  encodeMessage,
  formatExtendedCommunity,
  inspectMessage,
  MessageError,
  parseExtendedCommunity,
  type Remedy,
  type WireContext,
} from '../../../src/bgp/wire/index.js';
import { checkNlri } from '../../../src/bgp/wire/nlri.js';
import { decodeUpdate } from '../../../src/bgp/wire/update.js';
import { available, captures, folder, VECTOR_FOLDERS, type Vector, vectors } from '../../support/corpora.js';
import { hex } from '../../support/hex.js';

type Verdict = 'parse' | 'error' | Remedy;

/** Everything may come: what depends on the session is not what these are about. */
const generous: WireContext = { ...defaultContext, peerType: 'confederation', extendedNextHop: true, maxMessage: 65_535 };
const twoOctet: WireContext = { ...generous, fourOctetAs: false };
const withPaths: WireContext = { ...generous, addPath: { 'ipv4-unicast': true, 'ipv6-unicast': true } };

function contextOf({ session }: Vector): WireContext {
  const base = session?.add_path !== undefined && session.add_path !== 'disable' ? withPaths : generous;
  return { ...base, fourOctetAs: session?.asn4 ?? true, ...(session?.peer === 'ebgp' ? { peerType: 'external' } : {}) };
}

/** Whole messages seldom say what their session had: then either width of AS numbers will do. */
function wholeMessage(vector: Vector): Verdict {
  const verdicts = (vector.session ? [contextOf(vector)] : [generous, twoOctet]).map((context) =>
    verdictOf(() => decodeMessage(hex(vector.hex), context)),
  );
  return verdicts.find((verdict) => verdict === 'parse') ?? verdicts[0] ?? 'error';
}

function verdictOf(decode: () => { readonly remedy?: Remedy } | BgpMessage): Verdict {
  try {
    const read = decode();
    return 'remedy' in read && read.remedy !== undefined ? read.remedy : 'parse';
  } catch (error) {
    if (error instanceof MessageError) return 'error';
    throw error;
  }
}

function framed(type: number, body: Uint8Array): Uint8Array {
  const length = 19 + body.length;
  return Uint8Array.from([...new Array<number>(16).fill(0xff), length >> 8, length & 255, type, ...body]);
}
function open(parameters: Uint8Array): Uint8Array {
  return framed(1, Uint8Array.from([4, 1, 1, 0, 15, 10, 20, 30, 40, parameters.length, ...parameters]));
}
function value(code: number, context = generous): (vector: Vector) => Verdict {
  return ({ hex: octets }) => {
    const flags = byCode[code]?.attribute.flags ?? 0;
    const bytes = hex(octets);
    const { malformed } = decodeAttributes(Uint8Array.from([flags | 0x10, code, bytes.length >> 8, bytes.length & 255, ...bytes]), context);
    return malformed[0]?.remedy ?? 'parse';
  };
}
const attributeBlock = (vector: Vector): Verdict =>
  vector.derived_update_hex
    ? verdictOf(() => decodeUpdate(hex(vector.derived_update_hex ?? '').subarray(19), contextOf(vector)))
    : (decodeAttributes(hex(vector.hex), contextOf(vector)).malformed[0]?.remedy ?? 'parse');
const prefixes = ({ hex: octets }: Vector): Verdict => {
  const bytes = hex(octets);
  return bytes.length > 0 && checkNlri(bytes, 0, bytes.length, 32, false) ? 'parse' : 'error';
};

/** How each kind of vector is read. */
const READERS: Readonly<Record<string, (vector: Vector) => Verdict>> = {
  message: wholeMessage,
  'fuzz-message': (vector) => verdictOf(() => decodeMessage(hex(vector.hex), contextOf(vector))),
  'update-body': (vector) => verdictOf(() => decodeUpdate(hex(vector.hex), contextOf(vector))),
  'open-body': (vector) => verdictOf(() => decodeMessage(framed(1, hex(vector.hex)), generous)),
  'notification-body': (vector) => verdictOf(() => decodeMessage(framed(3, hex(vector.hex)), generous)),
  header: ({ hex: octets }) => {
    const bytes = hex(octets);
    return bytes.length >= 19 && typeof checkHeader(bytes, 0, 4096) === 'number' ? 'parse' : 'error';
  },
  capability: (vector) => verdictOf(() => decodeMessage(open(Uint8Array.from([2, hex(vector.hex).length, ...hex(vector.hex)])), generous)),
  'open-optional-parameters': (vector) => verdictOf(() => decodeMessage(open(hex(vector.hex)), generous)),
  'path-attributes': attributeBlock,
  'path-attribute': attributeBlock,
  'mp-reach-value': value(AttributeCode.mpReach),
  'mp-unreach-value': value(AttributeCode.mpUnreach),
  'as-path-segments-2octet': value(AttributeCode.asPath, twoOctet),
  'as-path-value': value(AttributeCode.asPath, twoOctet),
  'origin-value': value(AttributeCode.origin),
  'next-hop-value': value(AttributeCode.nextHop),
  'med-value': value(AttributeCode.med),
  'local-pref-value': value(AttributeCode.localPref),
  'aggregator-value': value(AttributeCode.aggregator, twoOctet),
  'communities-value': value(AttributeCode.communities),
  'large-communities-value': value(AttributeCode.largeCommunities),
  'cluster-list-value': value(AttributeCode.clusterList),
  nlri: prefixes,
  nlris: prefixes,
  'extended-community': ({ hex: octets }) =>
    formatExtendedCommunity(parseExtendedCommunity(`0x${octets}`)).includes(':') ? 'parse' : 'error',
};

/** What a verdict of theirs may be here. */
const AGREES: Readonly<Record<string, readonly Verdict[]>> = {
  parse: ['parse'],
  // What is dropped alone is accepted.
  accept: ['parse', 'discard-attribute'],
  error: ['error', 'reset-session', 'disable-family', 'treat-as-withdraw', 'discard-attribute'],
  notification: ['error', 'treat-as-withdraw', 'discard-attribute'],
  'session-reset': ['reset-session', 'error'],
  'treat-as-withdraw': ['treat-as-withdraw'],
  'attribute-discard': ['discard-attribute'],
};

const DIFFERENT: Readonly<Record<string, readonly [verdict: Verdict, why: string]>> = {
  'frr/test_capability/test_segments/minsize': ['parse', 'outbound route filters are not known here'],
  'frr/test_capability/misc_segments/ORF-empty': ['parse', 'outbound route filters are not known here'],
  'frr/test_mp_attr/mp_reach_segments/IPv6-default': ['treat-as-withdraw', 'its next hop is a multicast address'],
  'frr/test_mp_attr/mp_reach_segments/IPv6-lnh': ['treat-as-withdraw', 'its next hop is a multicast address'],
  'frr/test_mp_attr/mp_reach_segments/IPv4-VPNv4-bogus-plen': ['parse', 'VPN prefixes are not read here'],
  'frr/test_mp_attr/mp_reach_segments/IPv4-VPNv4-plenn-long': ['parse', 'VPN prefixes are not read here'],
  'frr/test_mp_attr/mp_reach_segments/IPv4-VPNv4-plenn-short': ['parse', 'VPN prefixes are not read here'],
  'frr/test_mp_attr/mp_reach_segments/IPv6-bug': ['parse', 'their test gives a length that the octets here do not have'],
  'frr/attr_parse/local-pref-len-0-ebgp-oad': ['discard-attribute', 'one administrative domain over several ASes is not known here'],
  'bio-rd/TestDecodeNotificationMsg/Invalid ErrSubCode (Header) #2': ['parse', 'a NOTIFICATION of any subcode is one'],
  'bio-rd/TestDecodeNotificationMsg/Invalid ErrSubCode (Open)': ['parse', 'a NOTIFICATION of any subcode is one'],
  'bio-rd/TestDecodeNotificationMsg/Invalid ErrSubCode (Open) #2': ['parse', 'a NOTIFICATION of any subcode is one'],
  'bio-rd/TestDecodeNotificationMsg/Invalid ErrSubCode (Open) #3': ['parse', 'a NOTIFICATION of any subcode is one'],
  'bio-rd/TestDecodeNotificationMsg/Invalid ErrSubCode (Update)': ['parse', 'a NOTIFICATION of any subcode is one'],
  'bio-rd/TestDecodeNotificationMsg/Invalid ErrSubCode (Update) #2': ['parse', 'a NOTIFICATION of any subcode is one'],
  'bio-rd/TestDecodeNotificationMsg/FSM Error (invalid subcode)': ['parse', 'RFC 6608 has this subcode'],
  'bio-rd/TestDecodeNotificationMsg/Cease (invalid subcode)': ['parse', 'RFC 8538 has this subcode'],
  'bio-rd/TestDecodeUpdateMsg/7': ['reset-session', 'its flags are wrong, which they do not look at, and it announces nothing'],
  'bio-rd/TestDecodeUpdateMsg/8': ['reset-session', 'its flags are wrong, which they do not look at, and it announces nothing'],
  'bio-rd/TestDecodeUpdateMsg/9': ['reset-session', 'its flags are wrong, which they do not look at, and it announces nothing'],
  'bio-rd/TestDecodeUpdateMsg/10': ['treat-as-withdraw', 'its flags are wrong, which they do not look at'],
  'bio-rd/TestDecodeOptParams/Add path capability with multiple entries': ['error', 'the parameter is shorter than the capability in it'],
  'bio-rd/TestDecodeCapability/PeerRole Capability': ['error', 'it says four octets and has one'],
  'bio-rd/TestDecodeNLRI/LU NLRI #1': ['error', 'labelled prefixes are not read here'],
  'bio-rd/TestDecodeNLRI/LU NLRI #2': ['error', 'labelled prefixes are not read here'],
  'bio-rd/TestDecodeASPath/32 bit ASNs in AS_PATH': ['treat-as-withdraw', 'all of this kind are read with two octets here'],
  'bio-rd/TestDecodeASPath/Empty input': ['parse', 'an empty AS_PATH is well-formed (RFC 4271 §5.1.2)'],
  'bio-rd/TestDecodeLargeCommunity/Empty input': ['treat-as-withdraw', 'an empty list is malformed (RFC 8092 §6)'],
  'bio-rd/TestDecodeCommunity/Empty input': ['treat-as-withdraw', 'an empty list is malformed (RFC 7606 §7.8)'],
  'bio-rd/TestDecodeClusterList/Empty input': ['treat-as-withdraw', 'an empty list is malformed (RFC 7606 §7.10)'],
  'bio-rd/TestDecodeMultiProtocolUnreachNLRI/incomplete': ['parse', 'AFI 0 is a family that is not read here'],
  'routecore/update_builder/build_conv_mp_mix/1': ['treat-as-withdraw', 'it has IPv4 prefixes without NEXT_HOP'],
  'nexthop-bgp/BgpMessageParserFuzzTest/seed': ['treat-as-withdraw', 'the flags of ATOMIC_AGGREGATE are wrong'],
  'bgpcep/extensions/linkstate/up4.bin': ['error', 'its BGP identifier is 0 (RFC 6286)'],
  'scapy/bgp/63': ['error', 'there is no message of type 0'],
  'scapy/bgp/69': ['error', 'an UPDATE has 23 octets at least'],
  'scapy/bgp/78': ['error', 'a ROUTE-REFRESH has 23 octets at least'],
  'scapy/bgp/401': ['error', 'there are two messages in it'],
  'scapy/bgp/403': ['error', 'there are two messages in it'],
};

describe.skipIf(!available)('the vectors of', () => {
  test.each(VECTOR_FOLDERS)('%s', (name) => {
    const wrong: string[] = [];
    for (const vector of vectors(name).filter(({ kind }) => kind in READERS)) {
      const verdict = READERS[vector.kind]?.(vector) ?? 'parse';
      const different = DIFFERENT[vector.id];
      const agreed = different ? [different[0]] : (AGREES[vector.expect] ?? ['parse', ...(AGREES.error ?? [])]);
      if (!agreed.includes(verdict)) wrong.push(`${vector.id}: ${vector.expect}, here ${verdict} ${vector.hex.slice(0, 120)}`);
    }
    expect(wrong).toEqual([]);
  });
});

/** One message of several, one after another. */
function* messagesIn(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + 19 <= bytes.length; ) {
    const length = ((bytes[at + 16] ?? 0) << 8) | (bytes[at + 17] ?? 0);
    if (length < 19) throw new Error(`a length of ${length} at ${at}`);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

/** Whether a message that is well-formed survives encoding and decoding. What is malformed need not. */
function survives(message: BgpMessage, context: WireContext): boolean {
  if (message.type === 'update' && message.malformed) return true;
  expect(decodeMessage(encodeMessage(message, context), context)).toEqual(message);
  return true;
}

describe.skipIf(!available)('recorded messages', () => {
  const files = available ? readdirSync(join(folder, 'bgpstream')).filter((name) => name.endsWith('.bgp.gz')) : [];
  test.each(files)('of %s decode, survive, and are scanned alike', (name) => {
    const context: WireContext = { ...generous, fourOctetAs: name.includes('.as4.') };
    const scan = new AttributeScan();
    let updates = 0;
    for (const bytes of messagesIn(new Uint8Array(gunzipSync(readFileSync(join(folder, 'bgpstream', name)))))) {
      const message = decodeMessage(bytes, context);
      if (message.type !== 'update') continue;
      // Thousands are much alike: each is decoded, every fifth goes all the way.
      if (updates++ % 5 === 0) survives(message, context);
      const attributesAt = 21 + (((bytes[19] ?? 0) << 8) | (bytes[20] ?? 0));
      const length = ((bytes[attributesAt] ?? 0) << 8) | (bytes[attributesAt + 1] ?? 0);
      scan.scan(bytes, attributesAt + 2, attributesAt + 2 + length, context);
      if (scan.remedy !== 0 && message.malformed === undefined) throw new Error(`${scan.reason} in an UPDATE that decoded`);
    }
    expect(updates).toBeGreaterThan(0);
  });

  test('of captures, malformed or not, are read without a crash, and those that are well-formed survive', () => {
    let whole = 0;
    const all = captures();
    for (const { messages } of all) {
      for (const { hex: octets } of messages) {
        for (const context of [generous, twoOctet, withPaths]) {
          const { message, error } = inspectMessage(hex(octets), context);
          if (message && !error && survives(message, context)) whole++;
        }
      }
    }
    expect(all.length).toBeGreaterThan(20);
    expect(whole).toBeGreaterThan(1000);
  });
});

interface ExabgpMessage {
  readonly id: string;
  readonly type: string;
  readonly hex: string;
  readonly session: { readonly asn4: boolean; readonly add_path: string; readonly local_as: string; readonly peer_as: string };
  readonly decoded?: {
    readonly update?: {
      readonly attribute?: Readonly<Record<string, unknown>>;
      readonly announce?: Readonly<Record<string, Readonly<Record<string, readonly { readonly nlri?: string }[]>>>>;
      readonly withdraw?: Readonly<Record<string, readonly { readonly nlri?: string }[]>>;
    };
  } | null;
}

describe.skipIf(!available)("ExaBGP's messages", () => {
  // As its format is described in the corpora's README.
  const encoding: readonly ExabgpMessage[] = available
    ? JSON.parse(readFileSync(join(folder, 'exabgp/encoding.json'), 'utf8')).messages
    : [];

  /** What it was made to send and is malformed. */
  const odd: Readonly<Record<string, string>> = {
    'exabgp/encoding/conf-attributes/3': 'NEXT_HOP is 255.255.255.255',
    'exabgp/encoding/conf-generic-attribute/2': 'attribute 153 is sent as a well-known one',
    'exabgp/encoding/conf-generic-attribute/3': 'attribute 153 is sent as a well-known one',
    'exabgp/encoding/extended-nexthop/2': 'an IPv6 route has an IPv4 next hop (no RFC says how)',
  };

  test('that are malformed are found to be', () => {
    for (const { id, hex: octets } of encoding.filter((message) => message.id in odd)) {
      const { message, error } = inspectMessage(hex(octets), generous);
      expect([id, error !== undefined || (message?.type === 'update' && message.remedy !== undefined)]).toEqual([id, true]);
    }
  });

  test('say what ExaBGP says they say', () => {
    let compared = 0;
    for (const { id, hex: octets, session, decoded } of encoding.filter((message) => !(message.id in odd))) {
      const context = session.add_path === 'disable' ? generous : withPaths;
      const message = decodeMessage(hex(octets), { ...context, fourOctetAs: session.asn4 });
      expect([id, 'malformed' in message]).toEqual([id, false]);
      survives(message, { ...context, fourOctetAs: session.asn4 });
      const told = decoded?.update;
      if (!told || message.type !== 'update') continue;
      const { attributes } = message;
      const known = told.attribute ?? {};
      const list = (name: string): string[] | undefined =>
        (known[name] as readonly (readonly number[])[] | undefined)?.map((parts) => parts.join(':'));
      // A repeated community is written once by us and as often as it came by them: they are compared as sets.
      const set = (values: readonly string[] | undefined): readonly string[] | undefined => values && [...new Set(values)].sort();
      expect([id, attributes.origin ?? 'igp', attributes.med, attributes.localPref]).toEqual([
        id,
        known.origin ?? 'igp',
        known.med,
        known['local-preference'],
      ]);
      expect([id, set(attributes.communities), set(attributes.largeCommunities)]).toEqual([
        id,
        set(list('community')),
        set(list('large-community')),
      ]);
      expect([id, attributes.originatorId, attributes.clusterList]).toEqual([id, known['originator-id'], known['cluster-list']]);
      for (const [family, prefixes] of [
        ['ipv4 unicast', [...message.announced, ...(attributes.mpReach?.family === 'ipv4-unicast' ? attributes.mpReach.nlri : [])]],
        ['ipv6 unicast', attributes.mpReach?.family === 'ipv6-unicast' ? attributes.mpReach.nlri : []],
      ] as const) {
        const theirs = Object.values(told.announce?.[family] ?? {}).flatMap((routes) => routes.map(({ nlri }) => nlri));
        expect([id, family, prefixes.map(({ prefix }) => prefix).sort()]).toEqual([id, family, theirs.sort()]);
        compared += theirs.length;
      }
    }
    expect(compared).toBeGreaterThan(50);
  });

  test('that it decodes are decoded here too', () => {
    const decoding: readonly { readonly hex: string; readonly has_header: boolean; readonly kind: string }[] = JSON.parse(
      readFileSync(join(folder, 'exabgp/decoding.json'), 'utf8'),
    ).messages;
    for (const { hex: octets, has_header: whole, kind } of decoding) {
      const bytes = hex(octets);
      const read = whole ? decodeMessage(bytes, generous) : decodeUpdate(bytes, generous);
      expect([kind, 'malformed' in read]).toEqual([kind, false]);
    }
  });
});
