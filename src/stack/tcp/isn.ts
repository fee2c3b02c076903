import { sha256 } from '@noble/hashes/sha2';
import type { Millis } from '../../lib/clock.js';
import { put16, u32 } from '../wire/octets.js';
import type { Ends } from './authentication.js';
import { add } from './sequence.js';

/**
 * Initial sequence numbers that nobody off the path can guess (RFC 6528 §3): a clock of 4 microseconds, from a place that a secret and
 * both ends make. Timestamps start from another such place (RFC 7323 §5.4).
 *
 * @internal
 */
export class InitialNumbers {
  constructor(private readonly secret: Uint8Array) {}

  for(ends: Ends, now: Millis): { readonly iss: number; readonly timestampOffset: number } {
    const hash = this.#hash(ends);
    return { iss: add(u32(hash, 0), Math.floor((now * 250) % 0x1_0000_0000)), timestampOffset: u32(hash, 4) };
  }

  #hash({ local, remote, localPort, remotePort }: Ends): Uint8Array {
    const ports = new Uint8Array(4);
    put16(ports, 0, localPort);
    put16(ports, 2, remotePort);
    return sha256.create().update(this.secret).update(local).update(remote).update(ports).digest();
  }
}
