import { WireError } from '../../lib/errors.js';

/**
 * Why a packet is dropped before anything in it counts. All of it is dropped (RFC 2328 §8.2, RFC 5340 §4.2.2); none of these is
 * answered.
 *
 * - `short`: fewer octets than a header, or than the header says.
 * - `version`, `type`: not one of this protocol's.
 * - `length`: the packet's length, or that of something in it, cannot be.
 * - `checksum`: RFC 2328 D.4, RFC 5340 A.3.1.
 * - `authentication-type`: another than the interface's (RFC 2328 §8.2).
 * - `authentication-length`: the digest or trailer is not there whole, or is not as long as its algorithm's.
 * - `authentication-key`: no key with that id is accepted now.
 * - `authentication-failed`: the password or digest is another.
 * - `authentication-replay`: the cryptographic sequence number went back (RFC 2328 D.5.3, RFC 7474 §3, RFC 7166 §4.1).
 *
 * @public
 */
export type PacketDrop =
  | 'short'
  | 'version'
  | 'type'
  | 'length'
  | 'checksum'
  | 'authentication-type'
  | 'authentication-length'
  | 'authentication-key'
  | 'authentication-failed'
  | 'authentication-replay';

/** A packet that means nothing, and why. Never leaves `wire/`. @internal */
export class OspfWireError extends WireError {
  constructor(
    readonly drop: PacketDrop,
    message: string,
    offset = 0,
  ) {
    super(message, offset);
  }
}
