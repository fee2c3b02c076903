import type { Role } from './wire/index.js';

/** What RFC 9234 says of one of our roles: whom it faces, and what becomes of Only-to-Customer. */
interface RoleRow {
  /** The neighbour's role (§4.2, table 2). */
  readonly faces: Role;
  /** A route with OTC from this neighbour is a leak (§5 ingress 1), or one with another AS number than the neighbour's (ingress 2). */
  readonly heard: 'leak' | 'leak-unless-own' | 'fine';
  /** A route without OTC gets the neighbour's AS number as it comes in (ingress 3). */
  readonly marksHeard: boolean;
  /** A route with OTC is not told to this neighbour (egress 2); one without gets ours (egress 1). */
  readonly told: 'never' | 'fine';
  readonly marksTold: boolean;
}

/** By our role towards the neighbour. @internal */
export const ROLES: Readonly<Record<Role, RoleRow>> = {
  provider: { faces: 'customer', heard: 'leak', marksHeard: false, told: 'fine', marksTold: true },
  customer: { faces: 'provider', heard: 'fine', marksHeard: true, told: 'never', marksTold: false },
  peer: { faces: 'peer', heard: 'leak-unless-own', marksHeard: true, told: 'never', marksTold: true },
  'route-server': { faces: 'route-server-client', heard: 'leak', marksHeard: false, told: 'fine', marksTold: true },
  'route-server-client': { faces: 'route-server', heard: 'fine', marksHeard: true, told: 'never', marksTold: false },
};

/** Whether what we originate gets Only-to-Customer on its way to the neighbour (RFC 9234 §5, egress 1). @internal */
export function marksTold(role: Role | undefined): boolean {
  return role !== undefined && ROLES[role].marksTold;
}
