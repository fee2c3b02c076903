import { UsageError } from '../../lib/errors.js';
import { shown } from '../../lib/shown.js';
import { U8, U16 } from '../../lib/unsigned.js';
import { Afi, Safi } from './codes.js';

/** A family whose routes virtual-router handles. @public */
export type UnicastFamily = 'ipv4-unicast' | 'ipv6-unicast';

/** Any AFI and SAFI: the usual ones by name, the rest by number (`25/70`). @public */
export type FamilyName =
  | UnicastFamily
  | 'ipv4-multicast'
  | 'ipv6-multicast'
  | 'ipv4-labelled-unicast'
  | 'ipv6-labelled-unicast'
  | 'ipv4-vpn'
  | 'ipv6-vpn'
  | 'ipv4-flowspec'
  | 'ipv6-flowspec'
  | 'l2vpn-evpn'
  | 'link-state'
  | `${number}/${number}`;

const FAMILIES: readonly (readonly [name: FamilyName, afi: number, safi: number])[] = [
  ['ipv4-unicast', Afi.ipv4, Safi.unicast],
  ['ipv6-unicast', Afi.ipv6, Safi.unicast],
  ['ipv4-multicast', Afi.ipv4, Safi.multicast],
  ['ipv6-multicast', Afi.ipv6, Safi.multicast],
  ['ipv4-labelled-unicast', Afi.ipv4, 4],
  ['ipv6-labelled-unicast', Afi.ipv6, 4],
  ['ipv4-vpn', Afi.ipv4, 128],
  ['ipv6-vpn', Afi.ipv6, 128],
  ['ipv4-flowspec', Afi.ipv4, 133],
  ['ipv6-flowspec', Afi.ipv6, 133],
  ['l2vpn-evpn', 25, 70],
  ['link-state', 16_388, 71],
];

const byNumber = new Map(FAMILIES.map(([name, afi, safi]) => [numberOf(afi, safi), name]));
const byName = new Map<string, readonly [afi: number, safi: number]>(FAMILIES.map(([name, afi, safi]) => [name, [afi, safi]]));

/** The name of an AFI (16 bits) and SAFI (8 bits; 16 where RFC 8950 §4 says one). @public */
export function familyName(afi: number, safi: number): FamilyName {
  return byNumber.get(numberOf(afi, safi)) ?? `${afi}/${safi}`;
}

/** AFI and SAFI of a family, the latter 255 at most unless `largest` says otherwise. Throws a `UsageError` (`VALUE_INVALID`) for what names none. @public */
export function familyNumbers(family: FamilyName, largest: number = U8): readonly [afi: number, safi: number] {
  const known = byName.get(family);
  if (known) return known;
  const [, afi, safi] = /^(\d{1,5})\/(\d{1,5})$/.exec(family) ?? [];
  if (afi === undefined || Number(afi) > U16 || Number(safi) > largest)
    throw new UsageError('VALUE_INVALID', `expected a family such as "ipv4-unicast" or "25/70", got ${shown(family)}`);
  return [Number(afi), Number(safi)];
}

function numberOf(afi: number, safi: number): number {
  return afi * (U16 + 1) + safi;
}
