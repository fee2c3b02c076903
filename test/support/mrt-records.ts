/** MRT records spelt out octet by octet (RFC 6396, RFC 8050). */
import { hex } from './hex.js';

/** 2023-11-14 22:13:20 UTC. */
export const TIME = 1_700_000_000;
/** A day before. */
export const ORIGINATED = TIME - 86_400;
const u16 = (value: number): string => value.toString(16).padStart(4, '0');
const u32 = (value: number): string => value.toString(16).padStart(8, '0');
const sized = (octets: string): string => u16(octets.replace(/\s/g, '').length / 2) + octets;

export function record(type: number, subtype: number, body: string): Uint8Array {
  const octets = body.replace(/\s/g, '');
  return hex(`${u32(TIME)} ${u16(type)} ${u16(subtype)} ${u32(octets.length / 2)} ${octets}`);
}

/** ORIGIN IGP, AS_PATH 65001 65010, NEXT_HOP 192.0.2.1, with AS numbers of two octets. */
export const NARROW = '400101 00  400206 0202 fde9fdf2  400304 c0000201';
/** The same with four. */
export const WIDE = '400101 00  40020a 0202 0000fde9 0000fdf2  400304 c0000201';
/** As in a dump of IPv6: MP_REACH_NLRI is the next hop 2001:db8::1 alone. */
export const WIDE6 = '400101 00  40020a 0202 0000fde9 0000fdf2  800e11 10 20010db8000000000000000000000001';
/** What {@link NARROW} and {@link WIDE} say. */
export const ATTRIBUTES = { origin: 'igp', asPath: [{ type: 'sequence', asns: [65001, 65010] }], nextHop: '192.0.2.1' };
const NARROW6 = '400101 00  400206 0202 fde9fdf2  800e11 10 20010db8000000000000000000000001';
const SIX = (last: string): string => `20010db8 00000000 00000000 0000${last}`;

/** 203.0.113.0/24 as 192.0.2.1, AS 65001, said it. */
export const tableDump = record(12, 1, `0000 0007 cb007100 18 01 ${u32(ORIGINATED)} c0000201 fde9 ${sized(NARROW)}`);
export const tableDump6 = record(
  12,
  2,
  `0000 0007 20010db8000100000000000000000000 30 01 ${u32(ORIGINATED)} ${SIX('0001')} fde9 ${sized(NARROW6)}`,
);

/** Peers 0: 192.0.2.1, AS 65001, two octets; 1: 2001:db8::1, AS 4200000000. */
export const peerIndex = record(
  13,
  1,
  `0a0a0a0a ${sized(Buffer.from('view').toString('hex'))} 0002  00 01010101 c0000201 fde9  03 02020202 ${SIX('0001')} fa56ea00`,
);
const entry = (peer: number, attributes: string, path = ''): string => `${u16(peer)} ${u32(ORIGINATED)} ${path} ${sized(attributes)}`;
export const rib4 = record(13, 2, `00000001 18 cb0071 0002 ${entry(0, WIDE)} ${entry(1, WIDE)}`);
export const rib6 = record(13, 4, `00000002 30 20010db80001 0001 ${entry(1, WIDE6)}`);
export const rib4AddPath = record(13, 8, `00000003 18 cb0071 0002 ${entry(0, WIDE, '00000005')} ${entry(0, WIDE, '00000006')}`);
export const rib6AddPath = record(13, 10, `00000004 30 20010db80001 0001 ${entry(1, WIDE6, '00000007')}`);
/** A label-switched path, say: a family that is not read. */
export const ribGeneric = record(13, 6, '00000005 0001 80 00');

const MARKER = 'ff'.repeat(16);
const message = (type: string, body: string): string => `${MARKER} ${u16(19 + body.replace(/\s/g, '').length / 2)} ${type} ${body}`;
const update = (attributes: string, nlri: string): string => message('02', `0000 ${sized(attributes)} ${nlri}`);
/** Peer AS, local AS, interface, family, 192.0.2.1 and 192.0.2.2. */
const ENDS = 'fde9 fde8 0000 0001 c0000201 c0000202';
const ENDS_AS4 = '0000fde9 0000fde8 0000 0001 c0000201 c0000202';
const ENDS_AS4_6 = `0000fde9 0000fde8 0000 0002 ${SIX('0001')} ${SIX('0002')}`;

/** 203.0.113.0/24 announced, in each form that BGP4MP has. */
export const bgp4mp = {
  MESSAGE: record(16, 1, `${ENDS} ${update(NARROW, '18cb0071')}`),
  MESSAGE_AS4: record(16, 4, `${ENDS_AS4} ${update(WIDE, '18cb0071')}`),
  MESSAGE_LOCAL: record(16, 6, `${ENDS} ${update(NARROW, '18cb0071')}`),
  MESSAGE_AS4_LOCAL: record(16, 7, `${ENDS_AS4} ${update(WIDE, '18cb0071')}`),
  MESSAGE_ADDPATH: record(16, 8, `${ENDS} ${update(NARROW, '00000009 18cb0071')}`),
  MESSAGE_AS4_ADDPATH: record(16, 9, `${ENDS_AS4} ${update(WIDE, '00000009 18cb0071')}`),
  MESSAGE_LOCAL_ADDPATH: record(16, 10, `${ENDS} ${update(NARROW, '00000009 18cb0071')}`),
  MESSAGE_AS4_LOCAL_ADDPATH: record(16, 11, `${ENDS_AS4} ${update(WIDE, '00000009 18cb0071')}`),
  // A quarter of a second after.
  ET_MESSAGE_AS4: record(17, 4, `0003d090 ${ENDS_AS4} ${update(WIDE, '18cb0071')}`),
};
export const overIpv6 = record(16, 4, `${ENDS_AS4_6} ${message('04', '')}`);
/** Open confirm to established. */
export const stateChange = record(16, 0, `${ENDS} 0005 0006`);
/** Established to idle. */
export const stateChangeAs4 = record(16, 5, `${ENDS_AS4_6} 0006 0001`);
