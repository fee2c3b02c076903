import { defaultContext, type Remedy, type WireContext } from '../../../src/bgp/wire/index.js';

/** What is malformed, as examples: the tests hold the codec to them, and `docs/malformed.md` is written from them. */
const internal: WireContext = { ...defaultContext, peerType: 'internal' };
const twoOctet: WireContext = { ...defaultContext, fourOctetAs: false };

/** A next hop and no prefixes, of IPv6. */
export const REACH6 = '0002 01 10 20010db8000000000000000000000001 00';

/** Path attributes with one thing wrong, what is to become of them, and the subcode of the NOTIFICATION if it came to one. */
export const malformed: readonly (readonly [name: string, bytes: string, remedy: Remedy, subcode: number, context?: WireContext])[] = [
  ['an ORIGIN of two octets', '40 01 02 0000', 'treat-as-withdraw', 5],
  ['an undefined ORIGIN', '40 01 01 03', 'treat-as-withdraw', 6],
  ['an AS_PATH segment of an unknown type', '40 02 06 05 01 0000fde8', 'treat-as-withdraw', 11],
  ['an AS_PATH segment of type 0', '40 02 06 00 01 0000fde8', 'treat-as-withdraw', 11],
  ['an empty AS_PATH segment', '40 02 02 02 00', 'treat-as-withdraw', 11],
  ['an AS_PATH segment that is too long', '40 02 06 02 02 0000fde8', 'treat-as-withdraw', 11],
  ['a lone octet behind the AS_PATH segments', '40 02 07 02 01 0000fde8 02', 'treat-as-withdraw', 11],
  ['AS 0 in an AS_PATH', '40 02 06 02 01 00000000', 'treat-as-withdraw', 11],
  ['AS 0 in an AS_PATH of two octets', '40 02 04 02 01 0000', 'treat-as-withdraw', 11, twoOctet],
  ['confederation segments from outside', '40 02 06 03 01 0000fde8', 'treat-as-withdraw', 11],
  ['a NEXT_HOP of 16 octets', `40 03 10 ${'20'.repeat(16)}`, 'treat-as-withdraw', 5],
  ['a NEXT_HOP of 0.0.0.0', '40 03 04 00000000', 'treat-as-withdraw', 8],
  ['a multicast NEXT_HOP', '40 03 04 e0000001', 'treat-as-withdraw', 8],
  ['a NEXT_HOP of 255.255.255.255', '40 03 04 ffffffff', 'treat-as-withdraw', 8],
  ['a MULTI_EXIT_DISC of three octets', '80 04 03 000001', 'treat-as-withdraw', 5],
  ['a LOCAL_PREF of three octets from inside', '40 05 03 000001', 'treat-as-withdraw', 5, internal],
  ['a LOCAL_PREF from outside', '40 05 04 00000064', 'discard-attribute', 5],
  ['an ATOMIC_AGGREGATE with a value', '40 06 01 00', 'discard-attribute', 5],
  ['an AGGREGATOR of six octets between speakers of four', 'c0 07 06 fde8 c0000201', 'discard-attribute', 5],
  ['an AGGREGATOR of eight octets between speakers of two', 'c0 07 08 0000fde8 c0000201', 'discard-attribute', 5, twoOctet],
  ['AS 0 in an AGGREGATOR', 'c0 07 08 00000000 c0000201', 'discard-attribute', 9],
  ['COMMUNITIES of five octets', 'c0 08 05 fde8000100', 'treat-as-withdraw', 5],
  ['empty COMMUNITIES', 'c0 08 00', 'treat-as-withdraw', 5],
  ['an ORIGINATOR_ID of five octets from inside', '80 09 05 0101010101', 'treat-as-withdraw', 5, internal],
  ['an ORIGINATOR_ID from outside', '80 09 04 01010101', 'discard-attribute', 9],
  ['a CLUSTER_LIST of six octets from inside', '80 0a 06 010101010101', 'treat-as-withdraw', 5, internal],
  ['a CLUSTER_LIST from outside', '80 0a 04 01010101', 'discard-attribute', 9],
  ['an MP_REACH_NLRI too short for its fields', '80 0e 04 0002 01 00', 'reset-session', 9],
  ['an MP_REACH_NLRI whose next hop runs past it', '80 0e 0a 0002 01 10 20010db80000', 'reset-session', 9],
  ['an MP_REACH_NLRI of an unknown family whose next hop runs past it', '80 0e 06 0019 46 10 2001', 'reset-session', 9],
  ['an IPv6 next hop of 12 octets', '80 0e 11 0002 01 0c 20010db80000000000000000 00', 'disable-family', 9],
  ['an IPv6 next hop for IPv4 that nobody agreed on', `80 0e 15 0001 01 10 20010db8000000000000000000000001 00`, 'disable-family', 9],
  ['a multicast next hop in MP_REACH_NLRI', '80 0e 1a 0002 01 10 ff020000000000000000000000000001 00 20 20010db8', 'treat-as-withdraw', 9],
  ['an MP_UNREACH_NLRI of two octets', '80 0f 02 0002', 'reset-session', 9],
  ['EXTENDED COMMUNITIES of seven octets', 'c0 10 07 0002fde8000000', 'treat-as-withdraw', 5],
  ['an AS4_PATH of five octets', 'c0 11 05 0201000100', 'discard-attribute', 5, twoOctet],
  ['AS 0 in an AS4_PATH', 'c0 11 06 0201 00000000', 'discard-attribute', 9, twoOctet],
  ['an AS4_AGGREGATOR of six octets', 'c0 12 06 fde8 c0000201', 'discard-attribute', 5, twoOctet],
  ['IPV6 EXTENDED COMMUNITIES of eight octets', 'c0 19 08 0002fde800000001', 'treat-as-withdraw', 5],
  ['an AIGP with a TLV that is too long', '80 1a 0b 01 000c 0000000000000001', 'discard-attribute', 9, internal],
  ['an AIGP without a metric', '80 1a 03 02 0003', 'discard-attribute', 9, internal],
  ['an AIGP that claims to be transitive', 'c0 1a 0b 01 000b 0000000000000001', 'discard-attribute', 4, internal],
  ['a LARGE_COMMUNITY of 13 octets', 'c0 20 0d 00000001 00000002 00000003 00', 'treat-as-withdraw', 5],
  ['an ONLY_TO_CUSTOMER of three octets', 'c0 23 03 000001', 'treat-as-withdraw', 5],
  ['a MULTI_EXIT_DISC that claims to be transitive', 'c0 04 04 00000001', 'treat-as-withdraw', 4],
  ['an optional ORIGIN', 'c0 01 01 00', 'treat-as-withdraw', 4],
  ['an optional AS_PATH', 'c0 02 00', 'treat-as-withdraw', 4],
  ['a NEXT_HOP that is not transitive', '00 03 04 c0000201', 'treat-as-withdraw', 4],
  ['an optional LOCAL_PREF from inside', 'c0 05 04 00000064', 'treat-as-withdraw', 4, internal],
  ['an optional ATOMIC_AGGREGATE', 'c0 06 00', 'treat-as-withdraw', 4],
  ['an AGGREGATOR that is not transitive', '80 07 08 0000fde8 c0000201', 'treat-as-withdraw', 4],
  ['well-known COMMUNITIES', '40 08 04 fde80001', 'treat-as-withdraw', 4],
  ['a transitive ORIGINATOR_ID from inside', 'c0 09 04 01010101', 'treat-as-withdraw', 4, internal],
  ['a transitive CLUSTER_LIST from inside', 'c0 0a 04 01010101', 'treat-as-withdraw', 4, internal],
  ['a transitive MP_REACH_NLRI', `c0 0e 15 ${REACH6}`, 'treat-as-withdraw', 4],
  ['a well-known MP_UNREACH_NLRI', '40 0f 03 000201', 'treat-as-withdraw', 4],
  ['EXTENDED COMMUNITIES that are not transitive', '80 10 08 0002fde800000001', 'treat-as-withdraw', 4],
  ['an AS4_PATH that is not transitive', '80 11 06 0201 00010000', 'treat-as-withdraw', 4, twoOctet],
  ['an AS4_AGGREGATOR that is not transitive', '80 12 08 00010000 c0000201', 'treat-as-withdraw', 4, twoOctet],
  ['well-known IPV6 EXTENDED COMMUNITIES', `40 19 14 ${'00'.repeat(20)}`, 'treat-as-withdraw', 4],
  ['a LARGE_COMMUNITY that is not transitive', '80 20 0c 000000010000000200000003', 'treat-as-withdraw', 4],
  ['an ONLY_TO_CUSTOMER that is not transitive', '80 23 04 0000fde8', 'treat-as-withdraw', 4],
  ['a well-known attribute that is not known', '40 63 01 00', 'reset-session', 2],
  ['a length beyond the end', '80 04 ff 00', 'treat-as-withdraw', 5],
  ['a lone octet', '80', 'treat-as-withdraw', 5],
  ['half a long length', '90 04 00', 'treat-as-withdraw', 5],
  ['an MP_REACH_NLRI beyond the end', '80 0e ff 0002 01', 'reset-session', 5],
  ['a MULTI_EXIT_DISC that comes twice', '80 04 04 00000001 80 04 04 00000002', 'discard-attribute', 1],
  ['an MP_REACH_NLRI that comes twice', `80 0e 15 ${REACH6} 80 0e 15 ${REACH6}`, 'reset-session', 1],
  ['an MP_UNREACH_NLRI that comes twice', '80 0f 03 000201 80 0f 03 000201', 'reset-session', 1],
];

/** ORIGIN and AS_PATH of a plain route; with its NEXT_HOP. */
const BARE = '40 01 01 00  40 02 06 02010000fde8';
export const PLAIN = `${BARE}  40 03 04 c0000201`;
/** MP_REACH_NLRI with a prefix that runs past its end, MP_UNREACH_NLRI with one that is too long. */
const EARLY6 = `80 0e 18 ${REACH6} 30 2001`;
const LONG6 = `80 0f 15 0002 01 81 ${'00'.repeat(17)}`;

/** UPDATEs whose parts do not add up: the session ends. Body, and the NOTIFICATION's subcode and data. */
export const brokenUpdates: readonly (readonly [name: string, body: string, subcode: number, rfc: string, data: string])[] = [
  ['withdrawn routes past the end', '0009 0000', 1, 'RFC 4271 §6.3', ''],
  ['path attributes past the end', '0000 0009', 1, 'RFC 4271 §6.3, RFC 7606 §3 b', ''],
  ['a withdrawn prefix of 33 bits', '0006 21 0000000000 0000', 10, 'RFC 7606 §3 i, §5.3', ''],
  ['a withdrawn prefix that ends early', '0003 18 c000 0000', 10, 'RFC 7606 §3 i, §5.3', ''],
  ['a prefix of 33 bits', `0000 0014 ${PLAIN} 21 0000000000`, 10, 'RFC 7606 §5.3', ''],
  ['a prefix that ends early', `0000 0014 ${PLAIN} 18 c000`, 10, 'RFC 7606 §5.3', ''],
  ['an IPv6 prefix that ends early', `0000 0028 ${BARE} ${EARLY6}`, 9, 'RFC 7606 §5.3', EARLY6],
  [
    'an IPv6 prefix that ends early under a malformed ORIGIN',
    `0000 001f 40 01 01 09 80 0e 18 ${REACH6} 30 2001`,
    9,
    'RFC 7606 §5.3',
    EARLY6,
  ],
  [
    'an IPv6 prefix that ends early behind the flags of another attribute',
    `0000 0028 ${BARE} c0${EARLY6.slice(2)}`,
    9,
    'RFC 7606 §5.3',
    `c0${EARLY6.slice(2)}`,
  ],
  ['a withdrawn IPv6 prefix of 129 bits', `0000 0018 ${LONG6}`, 9, 'RFC 7606 §5.3', LONG6],
  ['an unknown well-known attribute', '0000 0003 40 63 00', 2, 'RFC 4271 §6.3', '40 63 00'],
  ['a malformed attribute and nothing to withdraw', '0000 0004 40 01 01 09', 6, 'RFC 7606 §5.2', '40 01 01 09'],
  ['a malformed attribute beside withdrawn routes', '0002 08 0a 0004 40 01 01 09', 6, 'RFC 7606 §5.2', '40 01 01 09'],
  ['a malformed attribute beside MP_UNREACH_NLRI', '0000 000a 80 0f 03 000201 40 01 01 09', 6, 'RFC 7606 §5.2', '40 01 01 09'],
];

/**
 * What looks odd and is no error: path attributes of a route, whole but for its prefix, that stand for the same as {@link PLAIN} does; by which
 * rule.
 */
export const odd: readonly (readonly [name: string, attributes: string, rfc: string])[] = [
  ['attributes in another order', '40 03 04 c0000201  40 02 06 02010000fde8  40 01 01 00', 'RFC 4271 §5'],
  ['a short length in the long form', '50 01 0001 00  50 02 0006 02010000fde8  50 03 0004 c0000201', 'RFC 4271 §4.3'],
  ['flags that mean nothing', '4f 01 01 00  40 02 06 02010000fde8  40 03 04 c0000201', 'RFC 4271 §4.3'],
  ['MP_UNREACH_NLRI in front', `80 0f 03 000201  ${PLAIN}`, 'RFC 7606 §5.1'],
  ['MP_UNREACH_NLRI at the end', `${PLAIN}  80 0f 03 000201`, 'RFC 7606 §5.1'],
  ['MP_REACH_NLRI of an AFI that nobody knows', `${PLAIN}  80 0e 0b 4007 01 04 0a000001 00 0801`, 'RFC 4760 §8'],
  ['MP_REACH_NLRI of a SAFI that nobody knows', `${PLAIN}  80 0e 0a 0001 7f 04 0a000001 00 00`, 'RFC 4760 §8'],
  ['MP_UNREACH_NLRI of an AFI that nobody knows', `${PLAIN}  80 0f 05 4007 01 0801`, 'RFC 4760 §8'],
  ['MP_UNREACH_NLRI of EVPN, which nobody agreed on', `${PLAIN}  80 0f 05 0019 46 ffff`, 'RFC 4760 §8'],
  ['an optional attribute that nobody knows, and that goes no further', `${PLAIN}  80 63 02 abcd`, 'RFC 4271 §5'],
  ['AS4_PATH from a speaker of four octets', `${PLAIN}  c0 11 06 020100000001`, 'RFC 6793 §3'],
];

/** Attributes without which what is announced counts as withdrawn (RFC 7606 §3 d), and the others. */
export const missing: readonly (readonly [name: string, attributes: string, code: number])[] = [
  ['ORIGIN', '40 02 00  40 03 04 c0000201', 1],
  ['AS_PATH', '40 01 01 00  40 03 04 c0000201', 2],
  ['NEXT_HOP', '40 01 01 00  40 02 00', 3],
];
