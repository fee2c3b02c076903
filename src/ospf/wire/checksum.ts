import { OSPF_PROTOCOL } from './codes.js';
import { OspfWireError } from './wire-error.js';

/** Where a packet's checksum stands, in both versions. */
const CHECKSUM_AT = 12;
/** The authentication of OSPFv2's header, which its checksum leaves out (RFC 2328 D.4.1). */
const AUTHENTICATION = { from: 16, to: 24 } as const;

/** The Internet checksum of an OSPFv2 packet: 0 where the right one is in place. */
function checksumV2(packet: Uint8Array): number {
  return fold(sum(packet, 0, AUTHENTICATION.from) + sum(packet, AUTHENTICATION.to, packet.length));
}

/** The same of an OSPFv3 packet, which covers IPv6's pseudo-header (RFC 5340 A.3.1, RFC 8200 §8.1). */
function checksumV3(packet: Uint8Array, source: Uint8Array, destination: Uint8Array): number {
  const pseudo = sum(source, 0, source.length) + sum(destination, 0, destination.length) + packet.length + OSPF_PROTOCOL;
  return fold(pseudo + sum(packet, 0, packet.length));
}

/** @internal */
export function verifyChecksumV2(packet: Uint8Array): void {
  if (checksumV2(packet) !== 0) throw wrong();
}

/** @internal */
export function verifyChecksumV3(packet: Uint8Array, source: Uint8Array, destination: Uint8Array): void {
  if (checksumV3(packet, source, destination) !== 0) throw wrong();
}

function wrong(): OspfWireError {
  return new OspfWireError('checksum', 'wrong checksum', CHECKSUM_AT);
}

/** Puts the checksum into a packet that has zeros there. @internal */
export function writeChecksumV2(packet: Uint8Array): void {
  write(packet, checksumV2(packet));
}

/** @internal */
export function writeChecksumV3(packet: Uint8Array, source: Uint8Array, destination: Uint8Array): void {
  write(packet, checksumV3(packet, source, destination));
}

function write(packet: Uint8Array, checksum: number): void {
  packet[CHECKSUM_AT] = checksum >>> 8;
  packet[CHECKSUM_AT + 1] = checksum & 0xff;
}

/** Adds 16-bit words. @internal */
export function sum(bytes: Uint8Array, from: number, end: number): number {
  let total = 0;
  const even = end - ((end - from) & 1);
  for (let at = from; at < even; at += 2) total += ((bytes[at] as number) << 8) | (bytes[at + 1] as number); // both are inside
  return even < end ? total + ((bytes[even] ?? 0) << 8) : total;
}

/** The checksum that a sum makes. @internal */
export function fold(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
