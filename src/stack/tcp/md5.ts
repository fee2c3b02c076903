import { md5 } from '@noble/hashes/legacy';
import { sameDigest } from '../../lib/digest.js';
import type { ConnectionSecurity } from '../../lib/transport.js';
import { pseudoHeader, TCP, TcpOption, type TcpSegment } from '../wire/tcp.js';
import type { Authentication, Ends, SecurityFault } from './authentication.js';

/** Octets of the option, padding included. */
const OPTION = 20;
const DIGEST = 16;

/** The MD5 signature option (RFC 2385). @internal */
export class Md5Authentication implements Authentication {
  readonly reserved = OPTION;

  constructor(
    private key: Uint8Array,
    private readonly ends: Ends,
  ) {}

  rekey({ md5: key }: ConnectionSecurity): void {
    if (key) this.key = key;
  }

  sign(b: Uint8Array, at: number): void {
    b[at] = b[at + 1] = TcpOption.nop;
    b[at + 2] = TcpOption.md5;
    b[at + 3] = 2 + DIGEST;
    b.set(this.#digest(b, this.ends.local, this.ends.remote), at + 4);
  }

  fault(b: Uint8Array, { options }: TcpSegment): SecurityFault | undefined {
    if (options.md5 === undefined) return options.ao ? 'ao-unexpected' : 'md5-missing';
    if (options.twice) return 'md5-mismatch';
    const digest = this.#digest(b, this.ends.remote, this.ends.local);
    return sameDigest(digest, b.subarray(options.md5, options.md5 + DIGEST)) ? undefined : 'md5-mismatch';
  }

  /** RFC 2385 §2.0: pseudo-header, header without options and checksum, data, key. */
  #digest(b: Uint8Array, source: Uint8Array, target: Uint8Array): Uint8Array {
    const header = b.slice(0, TCP);
    header[16] = header[17] = 0;
    return md5
      .create()
      .update(pseudoHeader(source, target, b.length))
      .update(header)
      .update(b.subarray((b[12] >>> 4) * 4))
      .update(this.key)
      .digest();
  }
}
