import { hmac } from '@noble/hashes/hmac';
import { md5, sha1 } from '@noble/hashes/legacy';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2';
import { concatBytes } from './bytes.js';

/** Digests and keyed digests, without Node: the core runs in browsers too, and their own are not synchronous. */
const FUNCTIONS = { md5, 'sha-1': sha1, 'sha-256': sha256, 'sha-384': sha384, 'sha-512': sha512 } as const;

/** @internal */
export type HashName = keyof typeof FUNCTIONS;

/** Octets of a digest. @internal */
export function digestSize(hash: HashName): number {
  return FUNCTIONS[hash].outputLen;
}

/** The digest of octets that stand one after another. @internal */
export function digest(hash: HashName, parts: readonly Uint8Array[]): Uint8Array {
  return FUNCTIONS[hash](concatBytes(parts));
}

/** HMAC (RFC 2104). @internal */
export function keyedDigest(hash: HashName, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  return hmac(FUNCTIONS[hash], key, concatBytes(parts));
}

/** Whether two digests are the same, in a time that does not say where they differ. @internal */
export function sameDigest(a: Uint8Array, b: Uint8Array): boolean {
  let differing = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) differing |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return differing === 0;
}
