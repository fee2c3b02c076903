import { decodeAttributes } from '../bgp/wire/attributes/block.js';
import { type FamilyName, familyName, lenientContext, type Malformed, type PathAttributes, type WireContext } from '../bgp/wire/index.js';
import { formatAddress } from '../lib/address.js';
import { ByteReader, ByteWriter } from '../lib/bytes.js';
import { WireError } from '../lib/errors.js';
import { layout } from '../lib/layout.js';
import { formatPrefix, maskBytes } from '../lib/prefix.js';
import type { Damage } from './pcap.js';

/** A route of a table that was dumped. @public */
export interface MrtRoute {
  readonly type: 'route';
  /** Seconds since the epoch, of the dump. */
  readonly time: number;
  readonly prefix: string;
  /** Unicast, or what else the dump holds. */
  readonly family: FamilyName;
  readonly pathId?: number;
  /** Who said so. */
  readonly peer: { readonly address: string; readonly as: number; readonly routerId?: string };
  /** Seconds since the epoch, when it was first heard. */
  readonly originated: number;
  readonly attributes: PathAttributes;
  readonly malformed: readonly Malformed[];
}

/** A BGP message that was recorded. @public */
export interface MrtMessage {
  readonly type: 'message';
  readonly time: number;
  readonly from: string;
  readonly to: string;
  readonly peerAs: number;
  readonly localAs: number;
  readonly bytes: Uint8Array;
  readonly context: WireContext;
}

/** A session's change of state. @public */
export interface MrtStateChange {
  readonly type: 'state-change';
  readonly time: number;
  readonly peer: { readonly address: string; readonly as: number };
  /** RFC 6396 §4.4.1: 1 idle to 6 established. */
  readonly from: number;
  readonly to: number;
}

/** A record of a type or subtype that is not read. @public */
export interface MrtUnknown {
  readonly type: 'unknown';
  readonly time: number;
  readonly mrtType: number;
  readonly subtype: number;
  readonly length: number;
}

/** @public */
export type MrtRecord = MrtRoute | MrtMessage | MrtStateChange | MrtUnknown | Damage;

const Type = { tableDump: 12, tableDumpV2: 13, bgp: 5, bgp4mp: 16, bgp4mpEt: 17 } as const;

const header = layout<{ readonly time: number; readonly type: number; readonly subtype: number; readonly length: number }>(12, (parser) =>
  parser.uint32('time').uint16('type').uint16('subtype').uint32('length'),
);
/** No record is longer: a table entry with a thousand peers is a tenth of it. */
const LONGEST = 1 << 24;

/** Whether a file looks like MRT: its first records have types and lengths that go together. @internal */
export function isMrt(bytes: Uint8Array): boolean {
  let at = 0;
  for (let records = 0; records < 3 && at + header.size <= bytes.length; records++) {
    const { type, length } = header.read(bytes, at);
    if (![5, 11, 12, 13, 16, 17, 32, 33, 48, 49].includes(type) || length > LONGEST) return false;
    at += header.size + length;
  }
  return at > 0;
}

interface Peer {
  readonly address: string;
  readonly as: number;
  readonly routerId: string;
}

/** The records of an MRT file (RFC 6396, 6397 apart, 8050), and damage if there is any. Never throws. @public */
export function* readMrt(bytes: Uint8Array): Generator<MrtRecord> {
  let peers: readonly Peer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + header.size > bytes.length) {
      yield { damage: 'the file ends within a record', offset: at };
      return;
    }
    const { time, type, subtype, length } = header.read(bytes, at);
    if (length > LONGEST || at + header.size + length > bytes.length) {
      yield { damage: length > LONGEST ? `a record of ${length} octets` : 'the file ends within a record', offset: at };
      return;
    }
    const r = new ByteReader(bytes.subarray(at + header.size, at + header.size + length));
    try {
      if (type === Type.tableDumpV2 && subtype === 1) {
        // One that does not read leaves nobody: the entries behind it are of none of those before.
        peers = [];
        peers = readPeers(r);
      } else yield* readRecord(r, type, subtype, time, peers);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      yield { damage: `a record of type ${type}/${subtype}: ${error.message}`, offset: at };
    }
    at += header.size + length;
  }
}

function* readRecord(r: ByteReader, type: number, subtype: number, time: number, peers: readonly Peer[]): Generator<MrtRecord> {
  const length = r.remaining;
  switch (type) {
    case Type.tableDump:
      if (subtype !== 1 && subtype !== 2) break;
      yield readTableDump(r, subtype, time);
      return;
    case Type.bgp: {
      const record = readOldBgp(r, subtype, time);
      if (record) {
        yield record;
        return;
      }
      break;
    }
    case Type.tableDumpV2:
      if ((subtype >= 2 && subtype <= 6) || (subtype >= 8 && subtype <= 12)) {
        yield* readRib(r, subtype, time, peers);
        return;
      }
      break;
    case Type.bgp4mpEt:
      time += r.u32() / 1e6;
      yield readBgp4mp(r, subtype, time, length, type);
      return;
    case Type.bgp4mp:
      yield readBgp4mp(r, subtype, time, length, type);
      return;
  }
  yield { type: 'unknown', time, mrtType: type, subtype, length };
}

/** PEER_INDEX_TABLE (RFC 6396 §4.3.1). */
function readPeers(r: ByteReader): Peer[] {
  r.skip(4).skip(r.u16());
  const count = r.u16();
  const peers: Peer[] = [];
  for (let i = 0; i < count; i++) {
    const type = r.u8();
    const routerId = formatAddress(r.take(4));
    const address = formatAddress(r.take((type & 1) !== 0 ? 16 : 4));
    peers.push({ address, as: (type & 2) !== 0 ? r.u32() : r.u16(), routerId });
  }
  return peers;
}

/** RIB_IPV4_UNICAST to RIB_GENERIC, and their add-path forms (RFC 6396 §4.3.2, RFC 8050 §4). */
function* readRib(r: ByteReader, subtype: number, time: number, peers: readonly Peer[]): Generator<MrtRecord> {
  const all = r.remaining;
  const paths = subtype >= 8;
  const plain = paths ? subtype - 6 : subtype;
  r.skip(4);
  const [afi, safi] = plain === 6 ? [r.u16(), r.u8()] : [plain <= 3 ? 1 : 2, plain % 2 === 0 ? 1 : 2];
  const family = familyName(afi, safi);
  if (safi > 2 || afi > 2) {
    yield { type: 'unknown', time, mrtType: Type.tableDumpV2, subtype, length: all };
    return;
  }
  const prefix = readPrefix(r, afi === 2);
  const count = r.u16();
  for (let i = 0; i < count; i++) {
    const peer = peers[r.u16()] ?? { address: '', as: 0 };
    const originated = r.u32();
    const path = paths ? { pathId: r.u32() } : {};
    yield { type: 'route', time, prefix, family, ...path, peer, originated, ...readAttributes(r.take(r.u16()), true, afi === 2) };
  }
}

/** TABLE_DUMP (RFC 6396 §4.2): AS numbers of two octets. */
function readTableDump(r: ByteReader, subtype: number, time: number): MrtRecord {
  const size = subtype === 2 ? 16 : 4;
  r.skip(4);
  const bytes = r.take(size);
  const length = r.u8();
  if (length > size * 8) throw new WireError(`a prefix of ${length} bits`, r.offset - 1);
  const prefix = formatPrefix({ family: size === 4 ? 'ipv4' : 'ipv6', bytes: maskBytes(bytes, length), length });
  r.skip(1);
  const originated = r.u32();
  const peer = { address: formatAddress(r.take(size)), as: r.u16() };
  return {
    type: 'route',
    time,
    prefix,
    family: familyName(size === 4 ? 1 : 2, 1),
    peer,
    originated,
    ...readAttributes(r.take(r.u16()), false, size === 16),
  };
}

/** BGP4MP (RFC 6396 §4.4, RFC 8050 §3). */
function readBgp4mp(r: ByteReader, subtype: number, time: number, length: number, type: number): MrtRecord {
  const wide = [4, 5, 7, 9, 11].includes(subtype);
  if (![0, 1, 4, 5, 6, 7, 8, 9, 10, 11].includes(subtype)) return { type: 'unknown', time, mrtType: type, subtype, length };
  const asn = (): number => (wide ? r.u32() : r.u16());
  const [peerAs, localAs] = [asn(), asn()];
  r.skip(2);
  const size = r.u16() === 2 ? 16 : 4;
  const [from, to] = [formatAddress(r.take(size)), formatAddress(r.take(size))];
  if (subtype === 0 || subtype === 5)
    return { type: 'state-change', time, peer: { address: from, as: peerAs }, from: r.u16(), to: r.u16() };
  const paths = subtype >= 8;
  const context: WireContext = {
    ...lenientContext,
    fourOctetAs: wide,
    addPath: paths ? { 'ipv4-unicast': true, 'ipv6-unicast': true } : {},
  };
  // LOCAL subtypes hold what the recorder itself sent.
  const local = subtype === 6 || subtype === 7 || subtype === 10 || subtype === 11;
  return { type: 'message', time, from: local ? to : from, to: local ? from : to, peerAs, localAs, bytes: r.rest(), context };
}

/** The BGP type of before RFC 6396 (its appendix B.2): messages without their headers. */
function readOldBgp(r: ByteReader, subtype: number, time: number): MrtRecord | undefined {
  const messageType = { 1: 2, 5: 1, 6: 3, 7: 4 }[subtype];
  if (subtype === 3) {
    const as = r.u16();
    return { type: 'state-change', time, peer: { as, address: formatAddress(r.take(4)) }, from: r.u16(), to: r.u16() };
  }
  if (messageType === undefined) return undefined;
  const [peerAs, from, localAs, to] = [r.u16(), formatAddress(r.take(4)), r.u16(), formatAddress(r.take(4))];
  const body = r.rest();
  const bytes = new ByteWriter(19 + body.length)
    .raw(new Uint8Array(16).fill(0xff))
    .u16(19 + body.length)
    .u8(messageType)
    .raw(body)
    .finish();
  return { type: 'message', time, from, to, peerAs, localAs, bytes, context: { ...lenientContext, fourOctetAs: false } };
}

function readPrefix(r: ByteReader, ipv6: boolean): string {
  const length = r.u8();
  const size = ipv6 ? 16 : 4;
  if (length > size * 8) throw new WireError(`a prefix of ${length} bits`, r.offset - 1);
  const bytes = new Uint8Array(size);
  bytes.set(r.take((length + 7) >> 3));
  return formatPrefix({ family: ipv6 ? 'ipv6' : 'ipv4', bytes: maskBytes(bytes, length), length });
}

/**
 * Attributes of a table entry. MP_REACH_NLRI stands there cut down to the next hop (RFC 6396 §4.3.4), though some writers put it
 * whole.
 */
function readAttributes(bytes: Uint8Array, fourOctetAs: boolean, ipv6: boolean): Pick<MrtRoute, 'attributes' | 'malformed'> {
  const context: WireContext = { ...lenientContext, fourOctetAs };
  const rest = new ByteWriter(bytes.length);
  let hop: Uint8Array | undefined;
  const r = new ByteReader(bytes);
  while (r.remaining > 0) {
    const start = r.offset;
    const header = ((bytes[start] ?? 0) & 0x10) !== 0 ? 4 : 3;
    const [, code = 0, high = 0, low = 0] = bytes.subarray(start, start + header);
    const length = header === 4 ? (high << 8) | low : high;
    if (header + length > r.remaining) {
      // What is cut is for the decoder to judge.
      rest.raw(bytes.subarray(start));
      break;
    }
    r.skip(header);
    const value = r.take(length);
    if (code !== 14) rest.raw(bytes.subarray(start, r.offset));
    else if (value.length > 0 && value[0] === value.length - 1) hop = value.subarray(1);
    else if (value.length >= 5) hop = value.subarray(4, 4 + (value[3] ?? 0));
  }
  const { attributes, malformed } = decodeAttributes(rest.finish(), context);
  if (!hop || (hop.length !== 4 && hop.length !== 16 && hop.length !== 32)) return { attributes, malformed };
  const linkLocal = hop.length === 32 ? { linkLocalNextHop: formatAddress(hop.subarray(16)) } : {};
  const { nextHop: classic, ...others } = attributes;
  const own = formatAddress(hop.subarray(0, hop.length === 4 ? 4 : 16));
  return { attributes: { ...others, nextHop: ipv6 ? own : (classic ?? own), ...linkLocal }, malformed };
}
