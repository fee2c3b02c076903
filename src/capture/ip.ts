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
  /** The number of the next octet that the sender waits for. */
  readonly acknowledged: number | undefined;
  readonly syn: boolean;
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
/** A datagram's fragments, of eight octets at the least. */
const MAX_PARTS = 8192;
/** Seconds after which fragments are of another datagram of that number (RFC 8200 §4.5, RFC 1122 §3.3.2). */
const REASSEMBLY_TIME = 60;

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
      return etherOffset(b, 0, 20);
    default:
      return undefined;
  }
}

/** What an EtherType at `at` leads to, of which the payload begins at `payload`. */
function etherOffset(b: Uint8Array, at: number, payload = at + 2): number {
  let type = u16(b, at);
  for (let tags = 0; tags < 4; tags++) {
    if (type === Ether.ipv4 || type === Ether.ipv6) return payload;
    if (type === Ether.mpls) {
      // Labels, down to the one that says it is the last.
      while (payload + 4 <= b.length && ((b[payload + 2] ?? 0) & 1) === 0) payload += 4;
      return payload + 4;
    }
    if (type === Ether.ppp) return u16(b, payload + 6) === 0x21 || u16(b, payload + 6) === 0x57 ? payload + 8 : -1;
    if (type !== Ether.vlan && type !== Ether.provider && type !== Ether.old) return -1;
    type = u16(b, payload + 2);
    payload += 4;
  }
  return -1;
}

interface Reassembly {
  readonly since: number;
  readonly parts: { readonly at: number; readonly bytes: Uint8Array }[];
  /** In all parts together, what comes twice counted twice. */
  octets: number;
  length: number | undefined;
}

/** Finds the IP packets in frames; puts fragments together, within bounds. @internal */
export class IpReader {
  readonly #reassemblies = new Map<string, Reassembly>();
  /** Frames whose link type is not read, by type. */
  readonly skipped = new Map<number, number>();
  #time = 0;

  read({ linkType, bytes, time }: Frame): IpPacket | undefined {
    this.#time = time;
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
    let own = this.#reassemblies.get(key);
    if (!own || own.parts.length >= MAX_PARTS || this.#time - own.since > REASSEMBLY_TIME) {
      this.#reassemblies.delete(key);
      const [oldest] = this.#reassemblies.keys();
      if (this.#reassemblies.size >= MAX_REASSEMBLIES && oldest !== undefined) this.#reassemblies.delete(oldest);
      own = { since: this.#time, parts: [], octets: 0, length: undefined };
      this.#reassemblies.set(key, own);
    }
    own.parts.push({ at, bytes });
    own.octets += bytes.length;
    if (!more) own.length = at + bytes.length;
    if (own.length === undefined || own.length > 65_535 || own.octets < own.length) return undefined;
    const whole = new Uint8Array(own.length);
    let covered = 0;
    for (const part of [...own.parts].sort((x, y) => x.at - y.at)) {
      if (part.at > covered) return undefined;
      whole.set(part.bytes.subarray(0, Math.max(0, own.length - part.at)), Math.min(part.at, own.length));
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
    acknowledged: (flags & 16) !== 0 ? u32(b, 8) : undefined,
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
