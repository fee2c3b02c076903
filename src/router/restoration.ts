import type { Feed } from '../claims/feed.js';
import { SOURCES } from '../claims/grant.js';
import { fromHex } from '../lib/bytes.js';
import type { Cancel, Millis } from '../lib/clock.js';
import { UsageError } from '../lib/errors.js';
import { parsePrefix, prefixWords } from '../lib/prefix.js';
import type { RestartConfig } from '../network/config.js';
import { Stale } from '../rib/claim-records.js';
import { type NetworkSnapshot, snapshotFault } from './snapshot.js';
import type { VirtualNetwork } from './virtual-network.js';

/** A claim by ARP or Neighbour Discovery of a former life. @internal */
export interface RestoredLinkClaim {
  readonly node: string;
  readonly address: Uint8Array;
}

/**
 * A network's former life, as its snapshot has it: the claims stand again, marked, and count as they did. Each ends when its speaker
 * has said everything again, or when the time for that is up.
 *
 * A neighbour's claims are taken over by its session as after a graceful restart of the neighbour's own. Meanwhile nothing is told to
 * anybody: routes are chosen once those neighbours have spoken that send End-of-RIB (RFC 4724 §4.1, Selection_Deferral_Timer).
 *
 * @internal
 */
export class Restoration {
  /** Claims that stood. */
  readonly claims: number;
  /** When time is up. */
  readonly until: Millis;
  /** Neighbours' streams that none has asked for, by router and address. */
  readonly #sessions = new Map<string, Feed>();
  /** Of the program and of ports: end when time is up. */
  readonly #others: Feed[] = [];
  readonly #link: (RestoredLinkClaim & { readonly router: string })[] = [];
  /** Neighbours that must speak before routes are told. */
  readonly #awaited = new Set<Feed>();
  #timer: Cancel;
  #told = false;

  constructor(
    private readonly network: VirtualNetwork,
    snapshot: NetworkSnapshot,
    deferral: Millis,
    /** Routes may be told. */
    private readonly chosen: () => void,
  ) {
    const { clock } = network.timers;
    this.until = clock.now() + deferral;
    this.claims = this.#restore(snapshot);
    this.#timer = clock.at(this.until, () => this.#expired());
    if (this.#awaited.size === 0) this.#told = true;
  }

  /** Whether routes are still being chosen, and not to be told. */
  get deferring(): boolean {
    return !this.#told;
  }

  /** A neighbour's claims, which it is from now on the caller's to end. */
  take(router: string, address: Uint8Array, node: number): Feed | undefined {
    const key = keyOf(router, address);
    const feed = this.#sessions.get(key);
    if (!feed || feed.speaker !== node) return undefined;
    this.#sessions.delete(key);
    return feed;
  }

  /** Addresses of a router's neighbours whose claims nobody has taken. */
  untaken(router: string): Uint8Array[] {
    return [...this.#sessions.values()].filter((feed) => feed.router === router).map(({ address }) => address);
  }

  /** A router has begun: neighbours of it that it does not have any more do not come back. */
  begun(router: string): void {
    for (const [key, feed] of this.#sessions) {
      if (feed.router !== router) continue;
      this.#sessions.delete(key);
      this.#end(feed);
    }
  }

  /** What was claimed at a router's ports. */
  linkClaims(router: string): RestoredLinkClaim[] {
    return this.#link.filter((claim) => claim.router === router);
  }

  /** A neighbour has spoken, or will not: it is not waited for. */
  settled(feed: Feed): void {
    if (!this.#awaited.delete(feed) || this.#awaited.size > 0) return;
    this.#tell();
  }

  close(): void {
    this.#timer();
  }

  #tell(): void {
    if (this.#told) return;
    this.#told = true;
    this.chosen();
  }

  #expired(): void {
    this.#awaited.clear();
    for (const feed of [...this.#sessions.values(), ...this.#others.splice(0)]) this.#end(feed);
    this.#sessions.clear();
    this.#tell();
  }

  #end(feed: Feed): void {
    feed.cause = { type: 'restored' };
    this.network.begin();
    this.network.closeFeed(feed);
    this.settled(feed);
  }

  /** Returns how many claims stand. */
  #restore(snapshot: NetworkSnapshot): number {
    const { network } = this;
    const { model, sets, ribs } = network;
    network.begin();
    const feeds = snapshot.feeds.map((one): Feed | undefined => {
      const speaker = one.speaker === '' ? undefined : model.find(one.speaker);
      if (one.speaker !== '' && !speaker) return undefined; // the node is gone
      const feed = network.openFeed({
        source: one.source,
        speaker: speaker?.index ?? -1,
        external: one.external,
        routerId: one.routerId,
        address: fromHex(one.address),
        label: one.label,
        router: one.router,
        reflectorClient: one.reflectorClient,
        graceful: one.graceful,
        priority: one.priority ?? 0,
        cause: { type: 'restored' },
      });
      if (one.source === 'bgp') {
        this.#sessions.set(keyOf(feed.router, feed.address), feed);
        if (one.graceful) this.#awaited.add(feed);
      } else this.#others.push(feed);
      return feed;
    });
    const interned = snapshot.sets.map((hex) => {
      const octets = fromHex(hex);
      return sets.intern(octets, 0, octets.length);
    });
    let claims = 0;
    for (const [from, text, pathId, setIn, setOut, holder, wish, rank = 0] of snapshot.claims) {
      const feed = feeds[from];
      const node = model.find(snapshot.nodes[holder] ?? '');
      if (!feed || !node) continue;
      const prefix = parsePrefix(text);
      const rib = ribs[prefix.family];
      const id = rib.prefixId(...prefixWords(prefix.bytes), prefix.length);
      rib.announce(id, feed.index, pathId, interned[setIn] ?? 0, interned[setOut] ?? 0, 0, node.index, wish);
      if (rank !== 0) rib.setRank(rib.find(id, feed.index, pathId) - 1, rank);
      if (feed.source === 'arp') this.#link.push({ node: node.name, address: prefix.bytes, router: feed.router });
      claims++;
    }
    for (const set of interned) sets.release(set);
    for (const feed of feeds) {
      if (!feed) continue;
      ribs.ipv4.markStale(feed.index, Stale.restored);
      ribs.ipv6.markStale(feed.index, Stale.restored);
    }
    network.settle({ type: 'restored' });
    return claims;
  }
}

/** Whether a snapshot can be restored: everything in it that is text is parsed once. Throws a `UsageError` for what is none. @internal */
function checkRestorable(snapshot: NetworkSnapshot): void {
  for (const [, prefix] of snapshot.claims) parsePrefix(prefix);
  for (const { source } of snapshot.feeds)
    if (!SOURCES.some((known) => known === source)) throw new UsageError('CONFIG_INVALID', `there is no source ${source}`);
}

function keyOf(router: string, address: Uint8Array): string {
  return `${router} ${address.join('.')}`;
}

/**
 * Why a network cannot go on with a snapshot, if so.
 *
 * @param network - Its name.
 * @internal
 */
export function unusable(
  snapshot: NetworkSnapshot,
  network: string,
  { time = 120, longLived = 0 }: RestartConfig,
  now: Millis,
): string | undefined {
  const fault = snapshotFault(snapshot);
  if (fault !== undefined) return `the snapshot is damaged: ${fault}`;
  if (snapshot.network !== network) return `the snapshot is of the network ${JSON.stringify(snapshot.network)}`;
  try {
    checkRestorable(snapshot);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return `the snapshot is damaged: ${error.message}`;
  }
  const age = now - snapshot.at;
  // Longer than anybody has been asked to wait.
  return age > (time + longLived) * 1000 ? `the snapshot is ${Math.round(age / 1000)} seconds old` : undefined;
}
