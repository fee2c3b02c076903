import { digest, digestSize, type HashName, keyedDigest } from '../../lib/digest.js';

/** RFC 2328 D.4.3 (MD5), RFC 5709 (the others, in OSPFv2), RFC 7166 (the others, in OSPFv3). @public */
export type OspfHash = 'md5' | 'hmac-sha-1' | 'hmac-sha-256' | 'hmac-sha-384' | 'hmac-sha-512';

/** A key, and when it counts. Times are milliseconds since the Unix epoch; absent: without end. @public */
export interface OspfKey {
  /** 0 to 255 in OSPFv2 (to 2^32-1 with extended sequence numbers), 0 to 65535 (a security association) in OSPFv3. */
  readonly id: number;
  /** `md5` is OSPFv2's alone. */
  readonly hash: OspfHash;
  readonly secret: Uint8Array;
  readonly sendFrom?: number | undefined;
  readonly sendUntil?: number | undefined;
  readonly acceptFrom?: number | undefined;
  readonly acceptUntil?: number | undefined;
}

/** How packets of an interface are authenticated. @public */
export type Authentication =
  | { readonly type: 'null' }
  /** OSPFv2 only: up to eight octets, in clear. */
  | { readonly type: 'simple'; readonly password: Uint8Array }
  | {
      readonly type: 'cryptographic';
      /** One at the least. */
      readonly keys: readonly OspfKey[];
      /** OSPFv2: the sequence number has 64 bits and the digest covers the source (RFC 7474). In OSPFv3 that is always so. */
      readonly extended?: boolean | undefined;
      /**
       * OSPFv3: the protocol's number goes into the digest low octet first, as FRR has it on most machines (seen in 8.4), where RFC 7166
       * §4.5 has the high one first. Both ends must agree.
       */
      readonly swappedProtocolId?: boolean | undefined;
    };

/**
 * The key to sign with: of those that may be sent, the one that began last (RFC 2328 D.3), the higher id of two that began together.
 * When all have ended the last of them goes on, so that a neighbour is not lost to a clock (RFC 5709 §3.2); before any has begun, the first.
 *
 * @internal
 */
export function sendingKey(keys: readonly OspfKey[], now: number): OspfKey | undefined {
  const from = (key: OspfKey): number => key.sendFrom ?? Number.NEGATIVE_INFINITY;
  const until = (key: OspfKey): number => key.sendUntil ?? Number.POSITIVE_INFINITY;
  const current = keys.filter((key) => from(key) <= now && now < until(key));
  if (current.length > 0) return best(current, (key) => from(key));
  const ended = keys.filter((key) => until(key) <= now);
  return ended.length > 0 ? best(ended, (key) => until(key)) : best(keys, (key) => -from(key));
}

/** The key of that id, if it is accepted now; or, when all have ended, if it is the last of them. @internal */
export function acceptedKey(keys: readonly OspfKey[], id: number, now: number): OspfKey | undefined {
  const until = (key: OspfKey): number => key.acceptUntil ?? Number.POSITIVE_INFINITY;
  const accepted = keys.find((key) => key.id === id && (key.acceptFrom ?? Number.NEGATIVE_INFINITY) <= now && now < until(key));
  if (accepted || keys.some((key) => until(key) > now)) return accepted;
  const last = best(keys, (key) => until(key));
  return last?.id === id ? last : undefined;
}

/** The one of the highest rank, the higher id of equals. */
function best(keys: readonly OspfKey[], rank: (key: OspfKey) => number): OspfKey | undefined {
  let found: OspfKey | undefined;
  for (const key of keys) {
    if (!found || rank(key) > rank(found) || (rank(key) === rank(found) && key.id > found.id)) found = key;
  }
  return found;
}

const HASHES: Readonly<Record<OspfHash, HashName>> = {
  md5: 'md5',
  'hmac-sha-1': 'sha-1',
  'hmac-sha-256': 'sha-256',
  'hmac-sha-384': 'sha-384',
  'hmac-sha-512': 'sha-512',
};

/** Octets of a digest. @internal */
export function hashSize(hash: OspfHash): number {
  return digestSize(HASHES[hash]);
}

/** The longest secret (in octets) of which all implementations make the same key: longer ones are hashed by some and not by others. @internal */
export function longestSecret(hash: OspfHash, withProtocolId: boolean): number {
  return hashSize(hash) - (withProtocolId ? PROTOCOL_ID : 0);
}

/** Octets of a protocol's number. */
const PROTOCOL_ID = 2;
/** Octets of a key of MD5, filled up with zeros (RFC 2328 D.3). */
const MD5_KEY = 16;
/** RFC 5709 §3.3. */
const APAD = Uint8Array.of(0x87, 0x8f, 0xe1, 0xf3);

/** What beside a key and the octets goes into a digest. @internal */
export interface DigestExtras {
  /** Appended to the key, lest one protocol's packets be replayed in another that has the same key (RFC 7474 §6, RFC 7166 §4.5). */
  readonly protocol?: Uint8Array;
  /** The packet's source address, which Apad begins with (RFC 7474 §5, RFC 7166 §4.5). */
  readonly source?: Uint8Array;
}

/** RFC 7474 §6 and RFC 7166 §4.5 after IANA's registry. @internal */
export const CryptographicProtocol = { 2: Uint8Array.of(0, 3), 3: Uint8Array.of(0, 1) } as const;

/**
 * The digest of octets under a key. A key longer than a block is hashed first, as HMAC has it and BIRD does; RFC 5709 §3.3, RFC 7166 §4.5
 * and FRR hash one that is longer than a digest. {@link longestSecret} keeps clear of the difference.
 *
 * @internal
 */
export function packetDigest(key: OspfKey, octets: readonly Uint8Array[], { protocol, source }: DigestExtras = {}): Uint8Array {
  if (key.hash === 'md5') {
    const secret = new Uint8Array(MD5_KEY);
    secret.set(key.secret.subarray(0, MD5_KEY));
    return digest('md5', [...octets, secret]);
  }
  const apad = new Uint8Array(hashSize(key.hash));
  for (let at = 0; at < apad.length; at += APAD.length) apad.set(APAD, at);
  if (source) apad.set(source);
  let secret = key.secret;
  if (protocol) {
    secret = new Uint8Array(key.secret.length + protocol.length);
    secret.set(key.secret);
    secret.set(protocol, key.secret.length);
  }
  return keyedDigest(HASHES[key.hash], secret, [...octets, apad]);
}
