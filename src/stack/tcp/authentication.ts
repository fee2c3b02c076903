import type { ConnectionSecurity } from '../../lib/transport.js';
import type { TcpSegment } from '../wire/tcp.js';
import { AoAuthentication } from './ao.js';
import { Md5Authentication } from './md5.js';

/** Why a segment is not believed. @public */
export type SecurityFault =
  | 'md5-missing'
  | 'md5-unexpected'
  | 'md5-mismatch'
  | 'ao-missing'
  | 'ao-unexpected'
  | 'ao-unknown-key'
  | 'ao-mismatch'
  | 'too-far-away';

/** Both ends of a connection, as its segments are signed. @internal */
export interface Ends {
  readonly local: Uint8Array;
  readonly localPort: number;
  readonly remote: Uint8Array;
  readonly remotePort: number;
}

/** Signs a connection's segments, and holds those received to it. @internal */
export interface Authentication {
  /** Octets that its option takes in each segment. */
  readonly reserved: number;
  /** Writes the option into its place, which begins at `at`, in a segment without checksum. */
  sign(b: Uint8Array, at: number): void;
  /** What is wrong with a segment, the octets of which are `b`. */
  fault(b: Uint8Array, segment: TcpSegment): SecurityFault | undefined;
  /** Other keys. */
  rekey(security: ConnectionSecurity): void;
}

/** How a connection to or from `ends` is signed; undefined where it is not. @internal */
export function authenticationFor(security: ConnectionSecurity | undefined, ends: Ends): Authentication | undefined {
  if (security?.ao && security.ao.length > 0) return new AoAuthentication(security.ao, ends);
  if (security?.md5) return new Md5Authentication(security.md5, ends);
  return undefined;
}

/** What is wrong with a segment of a connection that is not signed: it is. @internal */
export function unexpected({ options }: TcpSegment): SecurityFault | undefined {
  if (options.md5 !== undefined) return 'md5-unexpected';
  return options.ao ? 'ao-unexpected' : undefined;
}

/** RFC 5082 §3: whether a segment comes from further away than its sender may be. @internal */
export function tooFar(hopLimit: number, security: ConnectionSecurity | undefined): boolean {
  return security?.hops !== undefined && hopLimit < 256 - security.hops;
}
