import { concatBytes } from '../../lib/bytes.js';
import { sameDigest } from '../../lib/digest.js';
import {
  type Authentication,
  acceptedKey,
  CryptographicProtocol,
  hashSize,
  type OspfKey,
  packetDigest,
  sendingKey,
} from './authentication.js';
import { verifyChecksumV3, writeChecksumV3 } from './checksum.js';
import { Option } from './codes.js';
import { decodeLls, encodeLls, llsLength } from './lls.js';
import { addPacketOptions, type PacketHeader } from './packet.js';
import type { PacketContext, PacketSecurity, Verified } from './security.js';
import type { Lls } from './values.js';
import { OspfWireError } from './wire-error.js';

/** RFC 7166 §4.1: type, length, a reserved word, the security association, the sequence number; then the digest. */
const TRAILER = 16;
const HMAC = 1;

/** RFC 7166: signalling follows the packet, then a trailer, and the checksum says nothing where there is one (§4.3). @internal */
export const securityV3: PacketSecurity = {
  verify(bytes, header, options, context) {
    const { authentication, source, destination } = context;
    if (authentication.type === 'simple') throw new Error('OSPFv3 has no passwords');
    if (authentication.type === 'cryptographic') return verifyTrailer(bytes, header, options, authentication, context);
    // A trailer that nobody asked for is left unread (RFC 7166 §4.1): the packet ends where it says.
    verifyChecksumV3(bytes.subarray(0, header.length), source, destination);
    return { lls: signals(options) ? readLls(bytes.subarray(header.length), true) : undefined };
  },

  sign(packet, lls, { authentication, now, source, destination }, sequence) {
    if (authentication.type === 'simple') throw new Error('OSPFv3 has no passwords');
    if (lls) addPacketOptions(packet, 3, Option.llsV3);
    if (authentication.type === 'null') {
      writeChecksumV3(packet, source, destination);
      return lls ? concatBytes([packet, encodeLls(lls)]) : packet;
    }
    const key = sendingKey(authentication.keys, now);
    if (!key) throw new Error('cryptographic authentication without a key');
    addPacketOptions(packet, 3, Option.at);
    const trailer = new Uint8Array(TRAILER);
    const view = new DataView(trailer.buffer);
    view.setUint16(0, HMAC);
    view.setUint16(2, TRAILER + hashSize(key.hash));
    view.setUint16(6, key.id);
    view.setBigUint64(8, sequence);
    const signed = lls ? [packet, withoutChecksum(encodeLls(lls)), trailer] : [packet, trailer];
    return concatBytes([...signed, trailerDigest(key, authentication, signed, source)]);
  },
};

type Cryptographic = Extract<Authentication, { readonly type: 'cryptographic' }>;

function trailerDigest(key: OspfKey, { swappedProtocolId }: Cryptographic, octets: readonly Uint8Array[], source: Uint8Array): Uint8Array {
  const protocol = swappedProtocolId ? CryptographicProtocol[3].slice().reverse() : CryptographicProtocol[3];
  return packetDigest(key, octets, { protocol, source });
}

function signals(options: number | undefined): boolean {
  return options !== undefined && (options & Option.llsV3) !== 0;
}

function withoutChecksum(block: Uint8Array): Uint8Array {
  block.fill(0, 0, 2);
  return block;
}

function verifyTrailer(
  bytes: Uint8Array,
  header: PacketHeader,
  options: number | undefined,
  authentication: Cryptographic,
  context: PacketContext,
): Verified {
  // Whether signalling stands between packet and trailer is said in Hellos and Database Descriptions, and only they have it.
  const gap = signals(options) ? llsLength(bytes.subarray(header.length)) : 0;
  if (gap === undefined) throw new OspfWireError('authentication-length', 'no whole block of signalling before the trailer', header.length);
  const at = header.length + gap;
  // §2.1: AT is in every one of those two that has a trailer.
  if (options !== undefined && (options & Option.at) === 0)
    throw new OspfWireError('authentication-type', 'no trailer where one is configured', at);
  if (bytes.length < at + TRAILER) throw new OspfWireError('authentication-type', 'no trailer where one is configured', at);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = view.getUint16(at);
  if (type !== HMAC) throw new OspfWireError('authentication-type', `authentication type ${type}`, at);
  const length = view.getUint16(at + 2);
  const keyId = view.getUint16(at + 6);
  const key = acceptedKey(authentication.keys, keyId, context.now);
  if (!key) throw new OspfWireError('authentication-key', `security association ${keyId} is not accepted`, at + 6);
  const end = at + TRAILER + hashSize(key.hash);
  if (at + length !== end || bytes.length < end)
    throw new OspfWireError('authentication-length', `a trailer of ${length} octets, ${bytes.length - at} there, not ${end - at}`, at + 2);
  const signed = bytes.subarray(0, at + TRAILER);
  if (!sameDigest(bytes.subarray(at + TRAILER, end), trailerDigest(key, authentication, [signed], context.source)))
    throw new OspfWireError('authentication-failed', 'another digest', at + TRAILER);
  return {
    keyId,
    sequence: view.getBigUint64(at + 8),
    lls: signals(options) ? readLls(bytes.subarray(header.length), false) : undefined,
  };
}

function readLls(bytes: Uint8Array, checked: boolean): Lls | undefined {
  const length = llsLength(bytes);
  const lls = length === undefined ? undefined : decodeLls(bytes.subarray(0, length), checked);
  return lls && { extendedOptions: lls.extendedOptions, others: lls.others };
}
