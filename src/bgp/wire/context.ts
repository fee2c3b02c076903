import { MAX_EXTENDED_MESSAGE, MAX_MESSAGE } from './codes.js';
import type { FamilyName } from './family.js';

/**
 * What both ends agreed on in their OPENs, where it changes how octets read or what a malformed attribute leads to. A session has
 * one for receiving and one for sending: they differ in {@link WireContext.addPath}.
 *
 * @public
 */
export interface WireContext {
  /** AS numbers take four octets in AS_PATH and AGGREGATOR (RFC 6793). */
  readonly fourOctetAs: boolean;
  /** Where the neighbour is: in another AS, in ours, or in another member AS of our confederation (RFC 5065). */
  readonly peerType: 'external' | 'internal' | 'confederation';
  /** Families whose prefixes carry a path identifier in this direction (RFC 7911). */
  readonly addPath: { readonly [F in FamilyName]?: boolean };
  /** IPv4 routes may have IPv6 next hops (RFC 8950). */
  readonly extendedNextHop: boolean;
  /** Octets of the longest message: 4,096, or 65,535 with RFC 8654. */
  readonly maxMessage: number;
  /** AIGP is taken from this neighbour (RFC 7311 §3.3). Default: from all but external ones. */
  readonly aigp?: boolean;
}

/** A session with an external neighbour and four-octet AS numbers, without further capabilities. @public */
export const defaultContext: WireContext = {
  fourOctetAs: true,
  peerType: 'external',
  addPath: {},
  extendedNextHop: false,
  maxMessage: MAX_MESSAGE,
};

/**
 * For messages of a session whose OPENs are not known, with four-octet AS numbers: whatever some neighbour may send is taken, as from inside the AS.
 *
 * @public
 */
export const lenientContext: WireContext = {
  fourOctetAs: true,
  peerType: 'internal',
  addPath: {},
  extendedNextHop: true,
  maxMessage: MAX_EXTENDED_MESSAGE,
  aigp: true,
};

/** Whether prefixes of a family carry path identifiers. @public */
export function receivesPathIds(context: WireContext, family: FamilyName): boolean {
  return context.addPath[family] ?? false;
}
