import { aggregator, as4Aggregator } from './aggregator.js';
import { aigp } from './aigp.js';
import { as4Path, asPath } from './as-path.js';
import { atomicAggregate } from './atomic-aggregate.js';
import type { Attribute } from './attribute.js';
import { clusterList } from './cluster-list.js';
import { communities } from './communities.js';
import { extendedCommunities, ipv6ExtendedCommunities } from './extended-communities.js';
import { largeCommunities } from './large-communities.js';
import { localPref } from './local-pref.js';
import { med } from './med.js';
import { mpReach } from './mp-reach.js';
import { mpUnreach } from './mp-unreach.js';
import { nextHop } from './next-hop.js';
import { origin } from './origin.js';
import { originatorId } from './originator-id.js';
import { otc } from './otc.js';
import type { PathAttributes } from './values.js';

/** The fields of {@link PathAttributes} that are one attribute each. @internal */
export type KnownAttributes = Omit<PathAttributes, 'unknown' | 'linkLocalNextHop'>;

type Table = { readonly [K in keyof KnownAttributes]-?: Attribute<NonNullable<KnownAttributes[K]>> };

/**
 * The path attributes known here. To add one: write its file, then give it a line in `PathAttributes` and a line here. The
 * compiler objects until they agree; flags, duplicates, remedies and both directions follow.
 *
 * @internal
 */
export const attributes: Table = {
  origin,
  asPath,
  nextHop,
  med,
  localPref,
  atomicAggregate,
  aggregator,
  communities,
  originatorId,
  clusterList,
  mpReach,
  mpUnreach,
  extendedCommunities,
  as4Path,
  as4Aggregator,
  ipv6ExtendedCommunities,
  aigp,
  largeCommunities,
  otc,
};

/** One row and the field it fills. @internal */
export interface NamedAttribute {
  readonly field: keyof KnownAttributes;
  readonly attribute: Attribute<unknown>;
}

/** All rows, in ascending order of their codes (RFC 4271 §5). @internal */
export const inOrder: readonly NamedAttribute[] = (Object.entries(attributes) as [keyof KnownAttributes, Attribute<unknown>][]) // as Table says
  .map(([field, attribute]) => ({ field, attribute }))
  .sort((a, b) => a.attribute.code - b.attribute.code);

/** Rows by code; holes are attributes that are not known. @internal */
export const byCode: readonly (NamedAttribute | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  inOrder.find(({ attribute }) => attribute.code === code),
);
