import { bytesEqual } from '../lib/bytes.js';
import type { Random } from '../lib/random.js';
import type { ResolvedAuthentication } from './config.js';
import { type ControlPacket, encodeControl, isAuthentic, SCHEMES, SIZE } from './wire/index.js';

/**
 * The keys of a session and its sequence numbers (RFC 5880 §6.7): what we send is made with the first key, what comes must be made with
 * one of them, and be no replay.
 *
 * @internal
 */
export class Authenticator {
  /** §6.8.1: random at first, so that a restart does not seem a replay. */
  #sent: number;
  #heard = 0;
  #known = false;
  /** The last packet without its section: a number stands for one content (§6.7.3). */
  #last: Uint8Array = new Uint8Array(0);

  constructor(
    private keys: ResolvedAuthentication | undefined,
    random: Random,
  ) {
    this.#sent = Math.floor(random() * 0x1_0000_0000);
  }

  /** Other keys, or another type, from the next packet on. */
  change(keys: ResolvedAuthentication | undefined): void {
    if (keys?.type !== this.keys?.type) this.#known = false;
    this.keys = keys;
  }

  encode(packet: ControlPacket): Uint8Array {
    const { keys } = this;
    const first = keys && [...keys.keys][0];
    if (!first) return encodeControl(packet);
    const [keyId, key] = first;
    const { digest, meticulous } = SCHEMES[keys.type];
    const plain = encodeControl(packet);
    if (meticulous || !bytesEqual(plain, this.#last)) this.#sent = (this.#sent + 1) >>> 0;
    this.#last = plain;
    return encodeControl({ ...packet, authentication: { type: keys.type, keyId, sequence: digest ? this.#sent : 0 } }, key);
  }

  /** Whether a packet is genuine and new; `bytes` is the datagram that it came in. */
  accepts({ authentication, multiplier }: ControlPacket, bytes: Uint8Array): boolean {
    const { keys } = this;
    // §6.8.6: both ends have it or neither.
    if (!keys || !authentication) return !keys && !authentication;
    const key = keys.keys.get(authentication.keyId);
    if (!key || authentication.type !== keys.type) return false;
    const { digest, meticulous } = SCHEMES[keys.type];
    if (digest && this.#known) {
      // §6.7.3, §6.7.4: no older than what was heard last, for meticulous ones newer, and not far ahead.
      const ahead = (authentication.sequence - this.#heard) >>> 0;
      if (ahead > 3 * multiplier || (meticulous && ahead === 0)) return false;
    }
    if (!isAuthentic(bytes.subarray(0, bytes[3]), SIZE, keys.type, key)) return false;
    if (digest) {
      this.#heard = authentication.sequence;
      this.#known = true;
    }
    return true;
  }

  /** Nothing was heard for so long that any number is new (§6.8.1, bfd.AuthSeqKnown). */
  forget(): void {
    this.#known = false;
  }
}
