import type { PathAttributes } from './attributes/values.js';
import type { Capability } from './capabilities/values.js';
import type { FamilyName } from './family.js';
import type { Nlri } from './nlri.js';
import type { NotificationFields } from './wire-error.js';

/** A BGP message. @public */
export type BgpMessage = Open | Update | Notification | Keepalive | RouteRefresh | UnknownMessage;

/** OPEN (RFC 4271 §4.2). @public */
export interface Open {
  readonly type: 'open';
  readonly version: number;
  /** The four-octet AS number where that capability is announced, else the two-octet one. */
  readonly asn: number;
  /** Seconds: 0, or 3 to 65,535. */
  readonly holdTime: number;
  /** BGP identifier, dotted quad. */
  readonly routerId: string;
  /** In the order they came, repetitions left out (RFC 5492 §4). */
  readonly capabilities: readonly Capability[];
}

/** What a malformed part of an UPDATE leads to (RFC 7606 §2), the mildest first. @public */
export type Remedy = 'discard-attribute' | 'treat-as-withdraw' | 'disable-family' | 'reset-session';

/** Something malformed in an UPDATE. @public */
export interface Malformed {
  /** Type code of the attribute; 0 where it is not one attribute's. */
  readonly code: number;
  readonly remedy: Remedy;
  readonly message: string;
  /** The NOTIFICATION to send, where the remedy is a reset. */
  readonly notification?: NotificationFields;
}

/** UPDATE (RFC 4271 §4.3). Without any content it is an End-of-RIB for IPv4 (RFC 4724 §2). @public */
export interface Update {
  readonly type: 'update';
  /** IPv4 prefixes of the Withdrawn Routes field. */
  readonly withdrawn: readonly Nlri[];
  /** Discarded attributes are not in it; all others that could be read are. */
  readonly attributes: PathAttributes;
  /** IPv4 prefixes of the NLRI field. */
  readonly announced: readonly Nlri[];
  /** What is malformed. Absent when nothing is. */
  readonly malformed?: readonly Malformed[];
  /** The strongest remedy of {@link Update.malformed}. */
  readonly remedy?: Remedy;
}

/** NOTIFICATION (RFC 4271 §4.5). @public */
export interface Notification {
  readonly type: 'notification';
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
  /** What the operator wrote, in Cease 6/2 and 6/4 (RFC 9003). To send it, leave {@link Notification.data} empty. */
  readonly text?: string;
  /** What a Hard Reset (6/9) carries (RFC 8538 §3.1). */
  readonly hardReset?: NotificationFields & { readonly text?: string };
}

/** KEEPALIVE (RFC 4271 §4.4). @public */
export interface Keepalive {
  readonly type: 'keepalive';
}

/** ROUTE-REFRESH (RFC 2918 §3, RFC 7313 §3.2). @public */
export interface RouteRefresh {
  readonly type: 'route-refresh';
  readonly afi: number;
  readonly safi: number;
  readonly family: FamilyName;
  /** 0 a request, 1 the beginning and 2 the end of a refresh; others are to be ignored (RFC 7313 §5). */
  readonly subtype: number;
  /** What follows, outbound route filters (RFC 5291) as a rule. Absent when nothing does. */
  readonly data?: Uint8Array;
}

/** A message of a type that is not known. @public */
export interface UnknownMessage {
  readonly type: 'unknown';
  /** Message type. */
  readonly code: number;
  readonly body: Uint8Array;
}
