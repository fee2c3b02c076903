import { ByteReader, ByteWriter } from '../../lib/bytes.js';
import { WireError } from '../../lib/errors.js';
import { type OspfVersion, PACKET_HEADER } from './codes.js';
import {
  type OctetsBody,
  type PacketHeader,
  type PacketRun,
  packetOptions,
  readPacketBody,
  readPacketHeader,
  runPacketBody,
  writePacket,
} from './packet.js';
import { type PacketContext, security, type Verified } from './security.js';
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
  return open(bytes, version, context, (header, { lls, keyId, sequence: cryptographicSequence }, from) => {
    const { routerId, area, instance } = header;
    const body = readPacketBody(from, header);
    return {
      packet: { version, routerId, area, instance, body, ...(lls && { lls }) },
      ...(cryptographicSequence !== undefined && { keyId, cryptographicSequence }),
    };
  });
}

/** A packet whose LSAs are left where they stand, in octets that are the packet's. @internal */
export interface ReceivedRun {
  readonly header: PacketHeader;
  readonly body: PacketRun;
  /** As {@link Received} has it. */
  readonly cryptographicSequence: bigint | undefined;
}

/** As {@link decodePacket}, with LSAs and their headers left where they stand. @internal */
export function runPacket(bytes: Uint8Array, version: OspfVersion, context: PacketContext): ReceivedRun | Dropped {
  return open(bytes, version, context, (header, { sequence }, from) => ({
    header,
    body: runPacketBody(from, header),
    cryptographicSequence: sequence,
  }));
}

/** Checks a packet and has its body read. */
function open<T>(
  bytes: Uint8Array,
  version: OspfVersion,
  context: PacketContext,
  read: (header: PacketHeader, verified: Verified, body: ByteReader) => T,
): T | Dropped {
  try {
    const header = readPacketHeader(bytes, version);
    const packet = bytes.subarray(0, header.length);
    const verified = security[version].verify(bytes, header, packetOptions(packet, header), context);
    return read(header, verified, new ByteReader(packet).skip(PACKET_HEADER[version]));
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
 * @internal
 */
export function encodePacket(packet: OspfPacket, context: PacketContext, sequence = 0n): Uint8Array {
  return encode(packet, context, sequence, 256);
}

/** As {@link encodePacket}, of a body that is octets already. @internal */
export function encodeOctets(packet: OspfPacketOf<OctetsBody>, context: PacketContext, sequence: bigint): Uint8Array {
  return encode(packet, context, sequence, PACKET_HEADER[packet.version] + packet.body.octets.length);
}
type OspfPacketOf<Body> = Omit<OspfPacket, 'body'> & { readonly body: Body };

function encode(packet: OspfPacket | OspfPacketOf<OctetsBody>, context: PacketContext, sequence: bigint, room: number): Uint8Array {
  const to = new ByteWriter(room);
  writePacket(to, packet, packet.body);
  return security[packet.version].sign(to.finish(), packet.lls, context, sequence);
}
