import type { Authentication } from './authentication.js';
import { securityV2 } from './authentication-v2.js';
import { securityV3 } from './authentication-v3.js';
import type { OspfVersion } from './codes.js';
import type { PacketHeader } from './packet.js';
import type { Lls } from './values.js';

/** What a packet is read and written by, beside its octets. @public */
export interface PacketContext {
  readonly authentication: Authentication;
  /** IP addresses of the packet, 4 or 16 octets: OSPFv3's checksum and the newer digests cover them. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** Milliseconds since the Unix epoch: which keys count. */
  readonly now: number;
}

/** What the authentication of a packet says. @internal */
export interface Verified {
  /** Of cryptographic authentication: the key, and the number that must not go back (RFC 2328 D.5.3, RFC 7474, RFC 7166). */
  readonly keyId?: number;
  readonly sequence?: bigint;
  readonly lls: Lls | undefined;
}

/** How one version keeps its packets whole: checksum, authentication, and the signalling that stands beside them. @internal */
export interface PacketSecurity {
  /** Checks a packet and what follows it; `options` are those of a Hello or Database Description. Throws an `OspfWireError`. */
  verify(bytes: Uint8Array, header: PacketHeader, options: number | undefined, context: PacketContext): Verified;
  /** The octets to send for a packet that has zeros for its checksum and authentication. */
  sign(packet: Uint8Array, lls: Lls | undefined, context: PacketContext, sequence: bigint): Uint8Array;
}

/** @internal */
export const security: Readonly<Record<OspfVersion, PacketSecurity>> = { 2: securityV2, 3: securityV3 };
