import { Protocol } from './codes.js';
import { isZero, put, put16, u16 } from './octets.js';

/** IPv6 (RFC 8200), read and changed in place. */

/** Octets of the fixed header. @internal */
export const IPV6 = 40;
/** Extension headers that a packet may have: more are no honest packet's. */
const MOST_HEADERS = 8;

/** What is wrong with the packet at `[at, end)`, if anything. @internal */
export function faultOfIpv6(b: Uint8Array, at: number, end: number): 'malformed-ip' | undefined {
  if (end - at < IPV6 || b[at] >>> 4 !== 6) return 'malformed-ip';
  return u16(b, at + 4) > end - at - IPV6 ? 'malformed-ip' : undefined;
}

/** Where a walk over extension headers ended; one is used again and again. @internal */
export interface UpperLayer {
  protocol: number;
  /** Offset of the upper layer. */
  at: number;
  /** Offset of a fragment header, or -1. */
  fragment: number;
}

/** Walks to the upper layer, or to the fragment header where this is not the first part. False where the headers run out of the packet. @internal */
export function walkHeaders(b: Uint8Array, at: number, end: number, found: UpperLayer): boolean {
  found.fragment = -1;
  let protocol = b[at + 6];
  let next = at + IPV6;
  for (let headers = 0; headers <= MOST_HEADERS; headers++) {
    found.protocol = protocol;
    found.at = next;
    let length: number;
    switch (protocol) {
      case Protocol.hopByHop:
      case Protocol.routing:
      case Protocol.destination:
        if (next + 8 > end) return false;
        length = (b[next + 1] + 1) * 8;
        break;
      case Protocol.ah:
        if (next + 8 > end) return false;
        length = (b[next + 1] + 2) * 4;
        break;
      case Protocol.fragment:
        if (next + 8 > end) return false;
        length = 8;
        found.fragment = next;
        break;
      default:
        return true;
    }
    if (next + length > end) return false;
    const inner = b[next];
    next += length;
    if (protocol === Protocol.fragment && (u16(b, next - 8 + 2) & 0xfff8) !== 0) {
      // What follows is the middle of something.
      found.protocol = inner;
      found.at = next;
      return true;
    }
    protocol = inner;
  }
  return false;
}

/** Where in a packet the octet is that names what begins at `upper`, at which a walk over its headers ended. @internal */
export function nameOfUpper(b: Uint8Array, at: number, upper: number): number {
  let named = at + 6;
  for (let next = at + IPV6; next < upper; ) {
    const protocol = b[named];
    named = next;
    next += lengthOfHeader(b, next, protocol);
  }
  return named - at;
}

function lengthOfHeader(b: Uint8Array, next: number, protocol: number): number {
  return protocol === Protocol.fragment ? 8 : protocol === Protocol.ah ? (b[next + 1] + 2) * 4 : (b[next + 1] + 1) * 8;
}

/** What whoever a packet is for cannot do of it. @internal */
export interface Refusal6 {
  /** Code of the parameter problem that its sender is told (RFC 4443 §3.4); undefined where it asks not to be. */
  readonly code: number | undefined;
  /** Where in the packet. */
  readonly pointer: number;
}

/**
 * What in the extension headers of a packet that has arrived asks for more than we do: a source route that is not at its end (RFC 8200 §4.4,
 * RFC 5095), an option that must be known and is not (§4.2), hop-by-hop options in another place than the first (§4.1). The headers are whole.
 *
 * @internal
 */
export function refusal6(b: Uint8Array, at: number): Refusal6 | undefined {
  let next = at + IPV6;
  for (let named = at + 6; ; ) {
    const protocol = b[named];
    switch (protocol) {
      case Protocol.hopByHop:
        if (named !== at + 6) return { code: 1, pointer: named - at };
        break;
      case Protocol.destination:
        break;
      case Protocol.routing:
        if (b[next + 3] !== 0) return { code: 0, pointer: next + 2 - at };
        break;
      case Protocol.fragment:
        if ((u16(b, next + 2) & 0xfff9) !== 0) return undefined; // the rest is looked at once it is whole
        break;
      case Protocol.ah:
        break;
      default:
        return undefined;
    }
    const length = lengthOfHeader(b, next, protocol);
    const refused =
      protocol === Protocol.hopByHop || protocol === Protocol.destination ? unknownOption(b, at, next + 2, next + length) : undefined;
    if (refused) return refused;
    named = next;
    next += length;
  }
}

/** The first option in `[option, end)` that is not to be passed over: what to do is in its two highest bits. */
function unknownOption(b: Uint8Array, at: number, from: number, end: number): Refusal6 | undefined {
  for (let option = from; option < end; ) {
    const type = b[option];
    const action = type >>> 6;
    const pointer = option - at;
    if (action === 1) return { code: undefined, pointer };
    if (action > 1) return { code: 2, pointer };
    option += type === 0 ? 1 : 2 + (option + 1 < end ? b[option + 1] : 0);
    if (option > end) return { code: 0, pointer };
  }
  return undefined;
}

/** Writes a header. @internal */
export function writeIpv6(
  b: Uint8Array,
  at: number,
  fields: {
    readonly source: Uint8Array;
    readonly target: Uint8Array;
    readonly protocol: number;
    readonly payload: number;
    readonly hopLimit: number;
    readonly trafficClass?: number;
  },
): void {
  const trafficClass = fields.trafficClass ?? 0;
  b[at] = 0x60 | (trafficClass >>> 4);
  b[at + 1] = (trafficClass & 15) << 4;
  b[at + 2] = 0;
  b[at + 3] = 0;
  put16(b, at + 4, fields.payload);
  b[at + 6] = fields.protocol;
  b[at + 7] = fields.hopLimit;
  put(b, at + 8, fields.source);
  put(b, at + 24, fields.target);
}

/** `::` and `::1`: neither is from or for anybody on a link (RFC 4291 §2.5.2, §2.5.3). @internal */
export function isMartian6(b: Uint8Array, at: number): boolean {
  return b[at] === 0 && b[at + 15] <= 1 && isZero(b, at, 15);
}
/** fe80::/10. @internal */
export function isLinkLocal(b: Uint8Array, at: number): boolean {
  return b[at] === 0xfe && (b[at + 1] & 0xc0) === 0x80;
}
/** The group in which a solicitation for `address` is sent (RFC 4291 §2.7.1). @internal */
export function solicitedNode(address: Uint8Array): Uint8Array {
  const group = new Uint8Array(16);
  group.set([0xff, 2]);
  group[11] = 1;
  group[12] = 0xff;
  group.set(address.subarray(13), 13);
  return group;
}
/** ff02::1. @internal */
export const ALL_NODES = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
