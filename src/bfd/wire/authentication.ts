/** The authentication section of a BFD Control packet (RFC 5880 §4.2 to §4.4): a table, and what is done by it. */
import { digest as digestOf, type HashName, sameDigest } from '../../lib/digest.js';

/** How packets are authenticated. Of the keyed ones `meticulous` counts up with every packet, so that none can be replayed. @public */
export type BfdAuthenticationType = 'simple' | 'md5' | 'meticulous-md5' | 'sha1' | 'meticulous-sha1';

/** What a section says, digest or password aside. @public */
export interface BfdAuthentication {
  readonly type: BfdAuthenticationType;
  readonly keyId: number;
  /** 0 for a password. */
  readonly sequence: number;
}

interface Scheme {
  readonly code: number;
  /** Of the whole packet, with the key in place of the digest; undefined where the password itself stands there. */
  readonly digest: HashName | undefined;
  /** Octets of the digest, and the most that a key may have; a shorter one is filled up with zeros (§4.3, §4.4). */
  readonly size: number;
  readonly meticulous: boolean;
}

/** In a simple section the password follows the key id; in the others a reserved octet and the sequence number come first. */
const PASSWORD_AT = 3;
const SEQUENCE_AT = 4;
const DIGEST_AT = 8;

/** @internal */
export const SCHEMES: Readonly<Record<BfdAuthenticationType, Scheme>> = {
  simple: { code: 1, digest: undefined, size: 16, meticulous: false },
  md5: { code: 2, digest: 'md5', size: 16, meticulous: false },
  'meticulous-md5': { code: 3, digest: 'md5', size: 16, meticulous: true },
  sha1: { code: 4, digest: 'sha-1', size: 20, meticulous: false },
  'meticulous-sha1': { code: 5, digest: 'sha-1', size: 20, meticulous: true },
};
const BY_CODE: readonly (BfdAuthenticationType | undefined)[] = [undefined, 'simple', 'md5', 'meticulous-md5', 'sha1', 'meticulous-sha1'];

/** The section that is `bytes`, which are no more and no less than it; undefined where it is malformed or of a kind that is not known. */
export function decodeAuthentication(bytes: Uint8Array): BfdAuthentication | undefined {
  const type = BY_CODE[bytes[0] ?? 0];
  const length = bytes[1] ?? 0;
  if (type === undefined || length !== bytes.length) return undefined;
  const { digest, size } = SCHEMES[type];
  const keyId = bytes[2] ?? 0;
  // §4.2: a password of 1 to 16 octets.
  if (!digest) return length > PASSWORD_AT && length <= PASSWORD_AT + size ? { type, keyId, sequence: 0 } : undefined;
  if (length !== DIGEST_AT + size) return undefined;
  return { type, keyId, sequence: new DataView(bytes.buffer, bytes.byteOffset).getUint32(SEQUENCE_AT) };
}

/** The packet with a section behind it: `packet` is the mandatory part, as encoded without one. @internal */
export function authenticate(packet: Uint8Array, { type, keyId, sequence }: BfdAuthentication, key: Uint8Array, flag: number): Uint8Array {
  const { code, digest, size } = SCHEMES[type];
  const at = packet.length;
  const whole = new Uint8Array(at + (digest ? DIGEST_AT + size : PASSWORD_AT + key.length));
  whole.set(packet);
  whole[1] = (whole[1] ?? 0) | flag;
  whole[3] = whole.length;
  whole[at] = code;
  whole[at + 1] = whole.length - at;
  whole[at + 2] = keyId;
  if (!digest) {
    whole.set(key, at + PASSWORD_AT);
    return whole;
  }
  new DataView(whole.buffer).setUint32(at + SEQUENCE_AT, sequence);
  whole.set(key, at + DIGEST_AT);
  whole.set(digestOf(digest, [whole]), at + DIGEST_AT);
  return whole;
}

/** Whether the section at `at` of a packet was made with `key`. @internal */
export function isAuthentic(packet: Uint8Array, at: number, type: BfdAuthenticationType, key: Uint8Array): boolean {
  const { digest } = SCHEMES[type];
  if (!digest) return sameDigest(packet.subarray(at + PASSWORD_AT), key);
  const claimed = packet.subarray(at + DIGEST_AT);
  // A copy, also where the packet is a Buffer, whose `slice` would be a view.
  const whole = new Uint8Array(packet);
  whole.fill(0, at + DIGEST_AT);
  whole.set(key, at + DIGEST_AT);
  return sameDigest(digestOf(digest, [whole]), claimed);
}
