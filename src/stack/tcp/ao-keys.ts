import { cbc } from '@noble/ciphers/aes';
import { hmac } from '@noble/hashes/hmac';
import { sha1 } from '@noble/hashes/legacy';
import type { AoAlgorithm, MasterKey } from '../../lib/transport.js';

/** The algorithms of TCP-AO (RFC 5926): how traffic keys are made, and MACs. */

const BLOCK = 16;
/** Octets of a MAC: 96 bits. */
const MAC = 12;
/** "TCP-AO". */
const LABEL = [0x54, 0x43, 0x50, 0x2d, 0x41, 0x4f];

/** The traffic key that a master key makes in a context (RFC 5926 §3.1.1). @internal */
export function trafficKey({ algorithm, secret }: MasterKey, context: Uint8Array): Uint8Array {
  const bits = algorithm === 'hmac-sha-1-96' ? 160 : 128;
  const input = Uint8Array.of(1, ...LABEL, ...context, bits >>> 8, bits & 0xff);
  if (algorithm === 'hmac-sha-1-96') return hmac(sha1, secret, input);
  // §3.1.1.2: a secret that is not as long as a key of AES is made one.
  const key = secret.length === BLOCK ? secret : cmac(new Uint8Array(BLOCK), [secret]);
  return cmac(key, [input]);
}

/** The MAC of a message in parts (RFC 5926 §3.2). @internal */
export function mac(algorithm: AoAlgorithm, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  if (algorithm === 'aes-128-cmac-96') return cmac(key, parts).subarray(0, MAC);
  const sum = hmac.create(sha1, key);
  for (const part of parts) sum.update(part);
  return sum.digest().subarray(0, MAC);
}

/** AES-CMAC (RFC 4493 §2.4). @internal */
export function cmac(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const blocks = Math.max(1, Math.ceil(length / BLOCK));
  const message = new Uint8Array(blocks * BLOCK);
  let at = 0;
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  const k1 = doubled(cbc(key, new Uint8Array(BLOCK), { disablePadding: true }).encrypt(new Uint8Array(BLOCK)));
  const whole = length === blocks * BLOCK;
  if (!whole) message[length] = 0x80;
  const last = whole ? k1 : doubled(k1);
  for (let i = 0; i < BLOCK; i++) message[(blocks - 1) * BLOCK + i] ^= last[i];
  // CBC from a block of zeros: its last block is the MAC.
  return cbc(key, new Uint8Array(BLOCK), { disablePadding: true }).encrypt(message).slice(-BLOCK);
}

/** Twice a block in the field of 2^128 elements (RFC 4493 §2.3). */
function doubled(block: Uint8Array): Uint8Array {
  const result = new Uint8Array(BLOCK);
  for (let i = 0; i < BLOCK; i++) result[i] = (block[i] << 1) | ((block[i + 1] ?? 0) >>> 7);
  if ((block[0] & 0x80) !== 0) result[BLOCK - 1] ^= 0x87;
  return result;
}
