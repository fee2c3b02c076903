import type { Feed } from '../claims/feed.js';
import { toHex } from '../lib/bytes.js';
import type { Millis } from '../lib/clock.js';
import type { ClaimSource } from '../network/config.js';
import type { NetworkModel } from '../network/model.js';
import type { AttributeSets } from '../rib/attribute-sets.js';
import { Stale } from '../rib/claim-records.js';
import type { Rib } from '../rib/rib.js';

/**
 * What is claimed in a network, as a plain value: given to the network's next life, that serves the same mapping at once, until the
 * neighbours have said everything again.
 *
 * @public
 */
export interface NetworkSnapshot {
  readonly version: 1;
  /** The network's name. */
  readonly network: string;
  readonly at: Millis;
  /** Names of nodes, by the number that claims have for them. */
  readonly nodes: readonly string[];
  /** Path attributes in their canonical octets, as hex. */
  readonly sets: readonly string[];
  /** Who spoke. */
  readonly feeds: readonly FeedSnapshot[];
  /** Claims that were accepted, in the order in which they were first heard. */
  readonly claims: readonly ClaimSnapshot[];
}

/** A session's, or another stream's, claims. @public */
export interface FeedSnapshot {
  readonly source: ClaimSource;
  /** Name of the router that it spoke to; empty for the program's own. */
  readonly router: string;
  /** Octets of the neighbour's address as hex; empty where there is none. */
  readonly address: string;
  readonly label: string;
  /** Name of the node that spoke; empty where each claim has its own. */
  readonly speaker: string;
  readonly external: boolean;
  readonly routerId: number;
  readonly reflectorClient: boolean;
  /** It sends End-of-RIB (RFC 4724): it is waited for. */
  readonly graceful: boolean;
  /** Of VRRP: its priority. */
  readonly priority?: number;
}

/**
 * Numbers are positions in the snapshot's lists; `wish` is the preference asked for, -1 for none; `rank` is of OSPF: its kind of path and cost,
 * the least first.
 *
 * @public
 */
export type ClaimSnapshot = readonly [
  feed: number,
  prefix: string,
  pathId: number,
  setIn: number,
  setOut: number,
  holder: number,
  wish: number,
  rank?: number,
];

/** Numbers things in the order in which they are first met. */
class Numbering<T> {
  readonly #numbers = new Map<T, number>();
  of(thing: T): number {
    let number = this.#numbers.get(thing);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(thing, number);
    }
    return number;
  }
  get all(): T[] {
    return [...this.#numbers.keys()];
  }
}

/** @internal */
export function takeSnapshot(network: {
  readonly name: string;
  readonly at: Millis;
  readonly ribs: { readonly ipv4: Rib; readonly ipv6: Rib };
  readonly sets: AttributeSets;
  readonly model: NetworkModel;
}): NetworkSnapshot {
  const sets = new Numbering<number>();
  const nodes = new Numbering<number>();
  const feeds = new Numbering<Feed>();
  const claims: { readonly arrival: number; readonly claim: ClaimSnapshot }[] = [];
  for (const rib of [network.ribs.ipv4, network.ribs.ipv6]) {
    for (let row = 0; row < rib.rowLimit; row++) {
      if (rib.claims.setInOf(row) === 0 || rib.verdictOf(row) !== 0 || rib.claims.staleOf(row) === Stale.ended) continue;
      const feed = rib.feeds[rib.feedOf(row)];
      if (!feed?.alive || feed.source === 'initial') continue;
      const rank = rib.claims.rankOf(row);
      claims.push({
        arrival: rib.claims.arrivalOf(row),
        claim: [
          feeds.of(feed),
          rib.prefixes.format(rib.claims.prefixOf(row)),
          rib.claims.pathIdOf(row),
          sets.of(rib.claims.setInOf(row)),
          sets.of(rib.claims.setOutOf(row)),
          nodes.of(rib.holderOf(row)),
          rib.claims.wishOf(row),
          ...(rank === 0 ? ([] as const) : ([rank] as const)),
        ],
      });
    }
  }
  // Arrival counts in each family for itself, and no prefix is of both.
  claims.sort((x, y) => x.arrival - y.arrival);
  const name = (node: number): string => network.model.at(node).name;
  return {
    version: 1,
    network: network.name,
    at: network.at,
    feeds: feeds.all.map((feed) => ({
      source: feed.source,
      router: feed.router,
      address: toHex(feed.address),
      label: feed.label,
      speaker: feed.speaker < 0 ? '' : name(feed.speaker),
      external: feed.external,
      routerId: feed.routerId,
      reflectorClient: feed.reflectorClient,
      graceful: feed.graceful,
      ...(feed.source === 'vrrp' ? { priority: feed.priority } : {}),
    })),
    claims: claims.map(({ claim }) => claim),
    nodes: nodes.all.map(name),
    sets: sets.all.map((set) => toHex(network.sets.copy(set))),
  };
}

/** What is wrong with a value that should be a snapshot; undefined where nothing is. @internal */
export function snapshotFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it is no object';
  const snapshot = value as Partial<NetworkSnapshot>; // each field is looked at below
  if (snapshot.version !== 1) return `it is of version ${String(snapshot.version)}, and this reads version 1`;
  const { nodes, sets, feeds, claims } = snapshot;
  if (typeof snapshot.network !== 'string' || typeof snapshot.at !== 'number') return 'its network or time is missing';
  if (!Array.isArray(nodes) || !Array.isArray(sets) || !Array.isArray(feeds) || !Array.isArray(claims)) return 'a list is missing';
  if (!nodes.every((node) => typeof node === 'string')) return 'a node has no name';
  if (!sets.every((set) => typeof set === 'string' && /^([0-9a-f]{2})+$/.test(set))) return 'path attributes are no hex';
  if (!feeds.every(isFeed)) return 'a stream of claims is incomplete';
  const within = (number: unknown, list: readonly unknown[]): boolean =>
    typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < list.length;
  const whole = claims.every(
    (claim: unknown) =>
      Array.isArray(claim) &&
      (claim.length === 7 || (claim.length === 8 && Number.isInteger(claim[7]))) &&
      within(claim[0], feeds) &&
      typeof claim[1] === 'string' &&
      Number.isInteger(claim[2]) &&
      within(claim[3], sets) &&
      within(claim[4], sets) &&
      within(claim[5], nodes) &&
      Number.isInteger(claim[6]),
  );
  return whole ? undefined : 'a claim is incomplete';
}

function isFeed(value: unknown): boolean {
  const feed = value as Partial<FeedSnapshot> | null; // each field is looked at below
  return (
    typeof feed === 'object' &&
    feed !== null &&
    [feed.source, feed.router, feed.address, feed.label, feed.speaker].every((field) => typeof field === 'string') &&
    [feed.external, feed.reflectorClient, feed.graceful].every((field) => typeof field === 'boolean') &&
    typeof feed.routerId === 'number' &&
    (feed.priority === undefined || Number.isInteger(feed.priority)) &&
    /^([0-9a-f]{2})*$/.test(feed.address ?? '')
  );
}
