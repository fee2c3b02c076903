import { ByteReader, ByteWriter } from '../../lib/bytes.js';
import { WireError } from '../../lib/errors.js';
import { type OspfVersion, PACKET_HEADER } from './codes.js';
import { packetOptions, readPacketBody, readPacketHeader, writePacket } from './packet.js';
import { type PacketContext, security } from './security.js';
import type { OspfPacket } from './values.js';
import { OspfWireError, type PacketDrop } from './wire-error.js';

/** A packet that was read. @public */
export interface Received {
  readonly packet: OspfPacket;
  /** Of cryptographic authentication: the key, and the number that must not go back (RFC 2328 D.5.3, RFC 7474, RFC 7166). */
  readonly keyId?: number | undefined;
  readonly cryptographicSequence?: bigint | undefined;
}

/** A packet that is dropped. @public */
export interface Dropped {
  readonly drop: PacketDrop;
  /** For people. */
  readonly message: string;
}

/** The OSPF packet in an IP payload, or why it is dropped. Never throws. @public */
export function decodePacket(bytes: Uint8Array, version: OspfVersion, context: PacketContext): Received | Dropped {
  try {
    const header = readPacketHeader(bytes, version);
    const packet = bytes.subarray(0, header.length);
    const { lls, keyId, sequence: cryptographicSequence } = security[version].verify(bytes, header, packetOptions(packet, header), context);
    const { routerId, area, instance } = header;
    const body = readPacketBody(new ByteReader(packet).skip(PACKET_HEADER[version]), header);
    return {
      packet: { version, routerId, area, instance, body, ...(lls && { lls }) },
      ...(cryptographicSequence !== undefined && { keyId, cryptographicSequence }),
    };
  } catch (error) {
    if (error instanceof OspfWireError) return { drop: error.drop, message: error.message };
    if (error instanceof WireError) return { drop: 'length', message: error.message };
    throw error;
  }
}

/**
 * The octets of a packet: an IP payload. `sequence` is what {@link Received.cryptographicSequence} is at the other end, of cryptographic
 * authentication. What follows a Hello or Database Description (signalling, OSPFv3's trailer) is added to its options.
 *
 * @public
 */
export function encodePacket(packet: OspfPacket, context: PacketContext, sequence = 0n): Uint8Array {
  const to = new ByteWriter(256);
  writePacket(to, packet, packet.body);
  return security[packet.version].sign(to.finish(), packet.lls, context, sequence);
}
