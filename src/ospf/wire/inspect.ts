import { ByteReader } from '../../lib/bytes.js';
import { WireError } from '../../lib/errors.js';
import { verifyChecksumV2, verifyChecksumV3 } from './checksum.js';
import { AuType, Option, type OspfVersion, PACKET_HEADER } from './codes.js';
import { instanceFamily } from './family.js';
import { lsaChecksumValid } from './fletcher.js';
import { decodeLls, llsLength } from './lls.js';
import { decodeLsaBody } from './lsa.js';
import { type PacketHeader, packetOptions, readPacketBody, readPacketHeader } from './packet.js';
import type { BodyContext, Lls, Lsa, LsaBody, PacketBody } from './values.js';
import { OspfWireError, type PacketDrop } from './wire-error.js';

/** How a packet says it is authenticated; what is secret stays unread, and nothing is verified. @public */
export type SeenAuthentication =
  | { readonly type: 'null' | 'simple' }
  | { readonly type: 'cryptographic'; readonly keyId: number; readonly sequence: bigint; readonly extended?: boolean }
  | { readonly type: 'unknown'; readonly code: number };

/** A packet as an onlooker sees it, who knows neither keys nor configuration. @public */
export interface InspectedPacket {
  readonly header: PacketHeader | undefined;
  readonly authentication: SeenAuthentication | undefined;
  readonly body: PacketBody | undefined;
  readonly lls: Lls | undefined;
  /** What is wrong with it, beyond what only its receiver can tell. */
  readonly error: { readonly drop: PacketDrop; readonly message: string } | undefined;
}

/** Reads a packet without a key. Never throws. @public */
export function inspectPacket(bytes: Uint8Array, version: OspfVersion, source: Uint8Array, destination: Uint8Array): InspectedPacket {
  let header: PacketHeader | undefined;
  let authentication: SeenAuthentication | undefined;
  let body: PacketBody | undefined;
  try {
    header = readPacketHeader(bytes, version);
    const packet = bytes.subarray(0, header.length);
    const options = packetOptions(packet, header) ?? 0;
    const signalled = (options & (version === 2 ? Option.lls : Option.llsV3)) !== 0;
    authentication = version === 2 ? seenV2(bytes, header) : seenV3(bytes, header, signalled);
    body = readPacketBody(new ByteReader(packet).skip(PACKET_HEADER[version]), header);
    const lls = signalled ? seenLls(bytes.subarray(header.length + digestBefore(bytes, version, authentication))) : undefined;
    // Last, for what a receiver drops for its checksum may still tell an onlooker something.
    if (authentication.type !== 'cryptographic') {
      if (version === 2) verifyChecksumV2(packet);
      else verifyChecksumV3(packet, source, destination);
    }
    return { header, authentication, body, lls, error: undefined };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const drop = error instanceof OspfWireError ? error.drop : 'length';
    return { header, authentication, body, lls: undefined, error: { drop, message: error.message } };
  }
}

function seenV2(bytes: Uint8Array, { authType, length }: PacketHeader): SeenAuthentication {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (authType) {
    case AuType.null:
      return { type: 'null' };
    case AuType.simple:
      return { type: 'simple' };
    case AuType.cryptographic:
      return { type: 'cryptographic', keyId: view.getUint8(18), sequence: BigInt(view.getUint32(20)) };
    case AuType.cryptographicExtended:
      if (bytes.length < length + 8) throw new OspfWireError('authentication-length', 'no sequence number after the packet', length);
      return { type: 'cryptographic', keyId: view.getUint32(20), sequence: view.getBigUint64(length), extended: true };
    default:
      return { type: 'unknown', code: authType };
  }
}

/** A trailer is what has its type and its length, where one can be: only Hellos and Database Descriptions say whether there is one. */
function seenV3(bytes: Uint8Array, { length }: PacketHeader, signalled: boolean): SeenAuthentication {
  const at = length + (signalled ? (llsLength(bytes.subarray(length)) ?? 0) : 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < at + 16 || view.getUint16(at) !== 1 || view.getUint16(at + 2) > bytes.length - at) return { type: 'null' };
  return { type: 'cryptographic', keyId: view.getUint16(at + 6), sequence: view.getBigUint64(at + 8) };
}

/** Octets of digest between an OSPFv2 packet and its signalling. */
function digestBefore(bytes: Uint8Array, version: OspfVersion, { type }: SeenAuthentication): number {
  return version === 2 && type === 'cryptographic' ? (bytes[19] ?? 0) : 0;
}

function seenLls(bytes: Uint8Array): Lls | undefined {
  const length = llsLength(bytes);
  const lls = length === undefined ? undefined : decodeLls(bytes.subarray(0, length), false);
  return lls && { extendedOptions: lls.extendedOptions, others: lls.others };
}

/** An LSA as an onlooker sees it: what it says, or what is wrong with it. @internal */
export function inspectLsa(
  lsa: Lsa,
  version: OspfVersion,
  instance: number,
): { readonly body: LsaBody | undefined; readonly error: string | undefined } {
  const context: BodyContext = { version, family: version === 2 ? 'ipv4' : (instanceFamily(instance) ?? 'ipv6') };
  const body = decodeLsaBody(lsa, context);
  const wrong = lsaChecksumValid(lsa.bytes) ? undefined : 'wrong checksum';
  return typeof body === 'string' ? { body: undefined, error: body } : { body, error: wrong };
}
