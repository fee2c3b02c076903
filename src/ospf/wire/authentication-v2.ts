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
import { verifyChecksumV2, writeChecksumV2 } from './checksum.js';
import { AuType, Option } from './codes.js';
import { decodeLls, encodeLls, llsLength } from './lls.js';
import { addPacketOptions, type PacketHeader } from './packet.js';
import type { PacketContext, PacketSecurity, Verified } from './security.js';
import type { Lls } from './values.js';
import { OspfWireError } from './wire-error.js';

/** Where the header has its authentication, and how many octets (RFC 2328 A.3.1). */
const AT = 16;
const SIZE = 8;
/** The octets after the packet that RFC 7474 §3 puts before the digest. */
const EXTENDED_SEQUENCE = 8;

type Cryptographic = Extract<Authentication, { readonly type: 'cryptographic' }>;

/** RFC 2328 D, RFC 5709, RFC 7474: type and data stand in the header, digest and signalling after the packet. @internal */
export const securityV2: PacketSecurity = {
  verify(bytes, header, options = 0, context) {
    const { authentication } = context;
    const wanted = authTypeOf(authentication);
    if (header.authType !== wanted)
      throw new OspfWireError('authentication-type', `authentication type ${header.authType} where ${wanted} is configured`, 14);
    const packet = bytes.subarray(0, header.length);
    const signalling = (options & Option.lls) !== 0;
    if (authentication.type === 'cryptographic') return verifyDigest(bytes, header, signalling, authentication, context);
    verifyChecksumV2(packet);
    if (authentication.type === 'simple' && !sameDigest(packet.subarray(AT, AT + SIZE), padded(authentication.password)))
      throw new OspfWireError('authentication-failed', 'another password', AT);
    return { lls: signalling ? plainLls(bytes.subarray(header.length)) : undefined };
  },

  sign(packet, lls, { authentication, now, source }, sequence) {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
    view.setUint16(14, authTypeOf(authentication));
    if (lls) addPacketOptions(packet, 2, Option.lls);
    if (authentication.type !== 'cryptographic') {
      writeChecksumV2(packet);
      if (authentication.type === 'simple') packet.set(padded(authentication.password), AT);
      return lls ? concatBytes([packet, encodeLls(lls)]) : packet;
    }
    const key = sendingKey(authentication.keys, now);
    if (!key) throw new Error('cryptographic authentication without a key');
    const size = hashSize(key.hash);
    const extended = authentication.extended === true;
    if (extended) {
      view.setUint8(AT + 3, EXTENDED_SEQUENCE + size);
      view.setUint32(AT + 4, key.id);
    } else {
      view.setUint8(AT + 2, key.id);
      view.setUint8(AT + 3, size);
      view.setUint32(AT + 4, Number(sequence & 0xffff_ffffn));
    }
    const before = extended ? [packet, sequenceOctets(sequence)] : [packet];
    const digest = digestOf(key, extended, before, source);
    const block =
      lls && encodeLls(lls, { sequence: Number(sequence & 0xffff_ffffn), size, digest: (covered) => packetDigest(key, [covered]) });
    return concatBytes([...before, digest, ...(block ? [block] : [])]);
  },
};

function authTypeOf(authentication: Authentication): number {
  if (authentication.type === 'cryptographic') return authentication.extended ? AuType.cryptographicExtended : AuType.cryptographic;
  return AuType[authentication.type];
}

function padded(password: Uint8Array): Uint8Array {
  const octets = new Uint8Array(SIZE);
  octets.set(password.subarray(0, SIZE));
  return octets;
}

function sequenceOctets(sequence: bigint): Uint8Array {
  const octets = new Uint8Array(EXTENDED_SEQUENCE);
  new DataView(octets.buffer).setBigUint64(0, sequence);
  return octets;
}

/** RFC 7474 §5 and §6 bind a digest to the source address and to OSPFv2; before it, neither. */
function digestOf(key: OspfKey, extended: boolean, octets: readonly Uint8Array[], source: Uint8Array): Uint8Array {
  return packetDigest(key, octets, extended ? { protocol: CryptographicProtocol[2], source } : {});
}

/** RFC 2328 D.5.3: the checksum says nothing here. */
function verifyDigest(
  bytes: Uint8Array,
  { length }: PacketHeader,
  signalling: boolean,
  { keys, extended = false }: Cryptographic,
  context: PacketContext,
): Verified {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const keyId = extended ? view.getUint32(AT + 4) : view.getUint8(AT + 2);
  const key = acceptedKey(keys, keyId, context.now);
  if (!key) throw new OspfWireError('authentication-key', `key ${keyId} is not accepted`, AT);
  const size = hashSize(key.hash);
  const told = view.getUint8(AT + 3);
  const trailer = extended ? EXTENDED_SEQUENCE + size : size;
  if (told !== trailer) throw new OspfWireError('authentication-length', `${told} octets of authentication, not ${trailer}`, AT + 3);
  const end = length + trailer;
  if (bytes.length < end)
    throw new OspfWireError('authentication-length', `${bytes.length - length} of ${trailer} octets of digest`, length);
  const signed = bytes.subarray(0, end - size);
  if (!sameDigest(bytes.subarray(end - size, end), digestOf(key, extended, [signed], context.source)))
    throw new OspfWireError('authentication-failed', 'another digest', end - size);
  const sequence = extended ? view.getBigUint64(length) : BigInt(view.getUint32(AT + 4));
  return { keyId, sequence, lls: signalling ? signedLls(bytes.subarray(end), key) : undefined };
}

function plainLls(bytes: Uint8Array): Lls | undefined {
  const length = llsLength(bytes);
  const lls = length === undefined ? undefined : decodeLls(bytes.subarray(0, length), true);
  return lls && { extendedOptions: lls.extendedOptions, others: lls.others };
}

/** RFC 5613 §2.5: a block with another digest, or none, is ignored. */
function signedLls(bytes: Uint8Array, key: OspfKey): Lls | undefined {
  const length = llsLength(bytes);
  const lls = length === undefined ? undefined : decodeLls(bytes.subarray(0, length), false);
  if (!lls?.authentication || !sameDigest(lls.authentication.digest, packetDigest(key, [lls.authentication.covered]))) return undefined;
  return { extendedOptions: lls.extendedOptions, others: lls.others };
}
