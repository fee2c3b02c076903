import { ByteReader, ByteWriter } from '../../lib/bytes.js';
import { WireError } from '../../lib/errors.js';
import type { Authentication } from './authentication.js';
import { OSPF_PROTOCOL, type OspfVersion, PACKET_HEADER } from './codes.js';
import { readPacketBody, readPacketHeader, writePacket } from './packet.js';
import type { OspfPacket } from './values.js';
import { OspfWireError, type PacketDrop } from './wire-error.js';

/** What a packet is read and written by, beside its octets. @internal */
export interface PacketContext {
  readonly authentication: Authentication;
  /** IP addresses of the packet, 4 or 16 octets: OSPFv3's checksum and RFC 7474's digest cover them. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** Milliseconds since the Unix epoch: which keys count. */
  readonly now: number;
}

/** A packet that was read. @internal */
export interface Received {
  readonly packet: OspfPacket;
  /** What must not go back, of authentication that counts: RFC 2328 D.5.3, RFC 7474, RFC 7166. */
  readonly cryptographicSequence?: bigint | undefined;
  readonly keyId?: number | undefined;
}

/** A packet that is dropped. @internal */
export interface Dropped {
  readonly drop: PacketDrop;
  /** For people. */
  readonly message: string;
}

/** The OSPF packet in an IP payload, or why it is dropped. Never throws. @internal */
export function decodePacket(bytes: Uint8Array, version: OspfVersion, context: PacketContext): Received | Dropped {
  try {
    const header = readPacketHeader(bytes, version);
    verifyChecksum(bytes.subarray(0, header.length), version, context);
    const { routerId, area, instance, length } = header;
    const body = readPacketBody(new ByteReader(bytes.subarray(0, length)).skip(PACKET_HEADER[version]), header);
    return { packet: { version, routerId, area, instance, body } };
  } catch (error) {
    if (error instanceof OspfWireError) return { drop: error.drop, message: error.message };
    if (error instanceof WireError) return { drop: 'length', message: error.message };
    throw error;
  }
}

/** The octets of a packet, the sequence being what {@link Received.cryptographicSequence} is at the other end. @internal */
export function encodePacket(packet: OspfPacket, context: PacketContext, _sequence = 0n): Uint8Array {
  const to = new ByteWriter(256);
  writePacket(to, packet, packet.body);
  const bytes = to.finish();
  const checksum = checksumOf(bytes, packet.version, context);
  bytes[12] = checksum >>> 8;
  bytes[13] = checksum & 0xff;
  return bytes;
}

/** The authentication of OSPFv2's header, which its checksum leaves out (RFC 2328 D.4). */
const AUTHENTICATION = { from: 16, to: 24 } as const;

function verifyChecksum(packet: Uint8Array, version: OspfVersion, context: PacketContext): void {
  if (checksumOf(packet, version, context) !== 0) throw new OspfWireError('checksum', 'wrong checksum', 12);
}

/** The Internet checksum of a packet: 0 where the right one is in place. */
function checksumOf(packet: Uint8Array, version: OspfVersion, { source, destination }: PacketContext): number {
  if (version === 2) return fold(sum(packet, 0, AUTHENTICATION.from) + sum(packet, AUTHENTICATION.to, packet.length));
  // RFC 8200 §8.1.
  const pseudo = sum(source, 0, source.length) + sum(destination, 0, destination.length) + packet.length + OSPF_PROTOCOL;
  return fold(pseudo + sum(packet, 0, packet.length));
}

function sum(bytes: Uint8Array, from: number, end: number): number {
  let total = 0;
  for (let at = from; at < end; at += 2) total += ((bytes[at] ?? 0) << 8) | (at + 1 < end ? (bytes[at + 1] ?? 0) : 0);
  return total;
}

function fold(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
