import { formatAddress } from '../lib/address.js';
import type { Frame } from './pcap.js';

/** An IP packet in a frame, whole. @internal */
export interface IpPacket {
  /** 4 or 16 octets. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** What is inside, IPv6's extension headers passed over. */
  readonly protocol: number;
  readonly payload: Uint8Array;
}

/** A TCP segment. @internal */
export interface Segment {
  readonly from: string;
  readonly to: string;
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly sequence: number;
  readonly syn: boolean;
  readonly fin: boolean;
  readonly reset: boolean;
  readonly payload: Uint8Array;
}

const Ether = { ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100, provider: 0x88a8, old: 0x9100, ppp: 0x8864, mpls: 0x8847 } as const;
const TCP = 6;
const OSPF = 89;
/** What is read: fragments of anything else are let go. */
const READ: ReadonlySet<number> = new Set([TCP, OSPF]);
/** Datagrams whose fragments may wait at once. */
const MAX_REASSEMBLIES = 64;

/** Where the IP packet of a frame begins; -1 for what is not IP, undefined for a link type that is not read. */
function ipOffset(linkType: number, b: Uint8Array): number | undefined {
  switch (linkType) {
    case 0: // BSD null: the family in the host's byte order
    case 108:
      return 4;
    case 1: // Ethernet
      return etherOffset(b, 12);
    case 9: // PPP
    case 50: {
      // Cisco's framing stands under PPP's number at times.
      if (b[0] === 0x0f || b[0] === 0x8f) return etherOffset(b, 2);
      const at = b[0] === 0xff && b[1] === 3 ? 2 : 0;
      const protocol = u16(b, at);
      return protocol === 0x21 || protocol === 0x57 ? at + 2 : -1;
    }
    case 12: // raw IP
    case 14:
    case 101:
    case 228:
    case 229:
      return 0;
    case 104: // Cisco HDLC
      return etherOffset(b, 2);
    case 107: // Frame Relay, two-octet address, NLPID or SNAP
      if (b[2] === 3) return b[3] === 0xcc || b[3] === 0x8e ? 4 : b[3] === 0 && b[4] === 0x80 ? 10 : -1;
      return u16(b, 2) === Ether.ipv4 || u16(b, 2) === Ether.ipv6 ? 4 : -1;
    case 113: // Linux cooked
      return etherOffset(b, 14);
    case 276: // Linux cooked, v2
      return u16(b, 0) === Ether.ipv4 || u16(b, 0) === Ether.ipv6 ? 20 : -1;
    default:
      return undefined;
  }
}

function etherOffset(b: Uint8Array, at: number): number {
  for (let tags = 0; tags < 4; tags++) {
    const type = u16(b, at);
    if (type === Ether.ipv4 || type === Ether.ipv6) return at + 2;
    if (type === Ether.mpls) {
      // Labels, down to the one that says it is the last.
      for (at += 2; at + 4 <= b.length && ((b[at + 2] ?? 0) & 1) === 0; ) at += 4;
      return at + 4;
    }
    if (type === Ether.ppp) return u16(b, at + 8) === 0x21 || u16(b, at + 8) === 0x57 ? at + 10 : -1;
    if (type !== Ether.vlan && type !== Ether.provider && type !== Ether.old) return -1;
    at += 4;
  }
  return -1;
}

interface Reassembly {
  readonly parts: { readonly at: number; readonly bytes: Uint8Array }[];
  length: number | undefined;
}

/** Finds the IP packets in frames; puts fragments together, within bounds. @internal */
export class IpReader {
  readonly #reassemblies = new Map<string, Reassembly>();
  /** Frames whose link type is not read, by type. */
  readonly skipped = new Map<number, number>();

  read({ linkType, bytes }: Frame): IpPacket | undefined {
    const at = ipOffset(linkType, bytes);
    if (at === undefined) {
      this.skipped.set(linkType, (this.skipped.get(linkType) ?? 0) + 1);
      return undefined;
    }
    if (at < 0 || at >= bytes.length) return undefined;
    const version = (bytes[at] ?? 0) >> 4;
    return version === 4 ? this.#ipv4(bytes.subarray(at)) : version === 6 ? this.#ipv6(bytes.subarray(at)) : undefined;
  }

  #ipv4(b: Uint8Array): IpPacket | undefined {
    const header = ((b[0] ?? 0) & 15) * 4;
    const total = u16(b, 2) || b.length; // offloaded segments have no length
    if (b.length < 20 || header < 20 || total < header || b.length < header) return undefined;
    const [source, destination] = [b.subarray(12, 16), b.subarray(16, 20)];
    const payload = b.subarray(header, Math.min(total, b.length));
    const fragment = u16(b, 6);
    const protocol = b[9] ?? 0;
    if ((fragment & 0x3fff) === 0) return { source, destination, protocol, payload };
    if (!READ.has(protocol)) return undefined;
    const key = `${source} ${destination} ${u16(b, 4)} ${protocol}`;
    const whole = this.#reassemble(key, (fragment & 0x1fff) * 8, (fragment & 0x2000) !== 0, payload);
    return whole && { source, destination, protocol, payload: whole };
  }

  #ipv6(b: Uint8Array): IpPacket | undefined {
    if (b.length < 40) return undefined;
    const [source, destination] = [b.subarray(8, 24), b.subarray(24, 40)];
    const end = u16(b, 4) === 0 ? b.length : Math.min(b.length, 40 + u16(b, 4));
    let next = b[6] ?? 0;
    let at = 40;
    for (let headers = 0; headers < 8 && at + 8 <= end; headers++) {
      if (READ.has(next)) break;
      if (next === 44) {
        const offset = u16(b, at + 2);
        const inner = b[at] ?? 0;
        if (!READ.has(inner)) return undefined;
        const key = `${source} ${destination} ${u32(b, at + 4)} ${inner}`;
        const whole = this.#reassemble(key, offset & 0xfff8, (offset & 1) !== 0, b.subarray(at + 8, end));
        return whole && { source, destination, protocol: inner, payload: whole };
      }
      // Hop-by-hop, routing, destination options, and AH, which counts in words of four octets.
      if (next !== 0 && next !== 43 && next !== 60 && next !== 51) break;
      const length = next === 51 ? ((b[at + 1] ?? 0) + 2) * 4 : ((b[at + 1] ?? 0) + 1) * 8;
      next = b[at] ?? 0;
      at += length;
    }
    return at < end ? { source, destination, protocol: next, payload: b.subarray(at, end) } : undefined;
  }

  #reassemble(key: string, at: number, more: boolean, bytes: Uint8Array): Uint8Array | undefined {
    const own = this.#reassemblies.get(key) ?? { parts: [], length: undefined };
    if (!this.#reassemblies.has(key)) {
      const [oldest] = this.#reassemblies.keys();
      if (this.#reassemblies.size >= MAX_REASSEMBLIES && oldest !== undefined) this.#reassemblies.delete(oldest);
      this.#reassemblies.set(key, own);
    }
    own.parts.push({ at, bytes });
    if (!more) own.length = at + bytes.length;
    if (own.length === undefined || own.length > 65_535) return undefined;
    const whole = new Uint8Array(own.length);
    let covered = 0;
    for (const part of [...own.parts].sort((x, y) => x.at - y.at)) {
      if (part.at > covered) return undefined;
      whole.set(part.bytes.subarray(0, Math.max(0, own.length - part.at)), part.at);
      covered = Math.max(covered, part.at + part.bytes.length);
    }
    if (covered < own.length) return undefined;
    this.#reassemblies.delete(key);
    return whole;
  }
}

/** The TCP segment in a packet. @internal */
export function segmentOf({ source: from, destination: to, protocol, payload: b }: IpPacket): Segment | undefined {
  if (protocol !== TCP) return undefined;
  const header = ((b[12] ?? 0) >> 4) * 4;
  if (b.length < 20 || header < 20 || header > b.length) return undefined;
  const flags = b[13] ?? 0;
  return {
    from: formatAddress(from),
    to: formatAddress(to),
    sourcePort: u16(b, 0),
    targetPort: u16(b, 2),
    sequence: u32(b, 4),
    fin: (flags & 1) !== 0,
    syn: (flags & 2) !== 0,
    reset: (flags & 4) !== 0,
    payload: b.subarray(header),
  };
}

function u16(b: Uint8Array, at: number): number {
  return ((b[at] ?? 0) << 8) | (b[at + 1] ?? 0);
}
function u32(b: Uint8Array, at: number): number {
  return ((u16(b, at) << 16) | u16(b, at + 2)) >>> 0;
}
