import type { Feed } from '../claims/feed.js';
import { parseAddress } from '../lib/address.js';
import { canonicalPrefix, formatPrefix, hostPrefix, type Prefix, parsePrefix, prefixWords } from '../lib/prefix.js';
import type { NetworkConfig } from '../network/config.js';
import type { Node } from '../network/model.js';
import { Stale } from '../rib/claim-records.js';
import type { Rib } from '../rib/rib.js';
import type { VirtualNetwork } from './virtual-network.js';

/** What an initial holder asks for, in its claim's wish: see `Rib`. */
const GATEWAY = 1;
const MOVED = 2;

interface Wanted {
  readonly prefix: Prefix;
  readonly node: Node;
  /** What it asks for; and what as a configured one, where it is that too. */
  readonly wish: number;
  readonly configured: number | undefined;
}

/**
 * Who holds what before anybody claims it: as the configuration says, and each node its own addresses. A holder that is `moved` stands for
 * a claim of a former life, until that is heard again.
 *
 * @internal
 */
export class InitialHolders {
  /** Holders that are `moved`, nodes' indexes by prefix, and what each asks for as a configured one, where it is that too. */
  readonly #moved = new Map<string, { readonly holder: number; readonly configured: number | undefined }>();

  /** @param set - The attributes that such a claim has. */
  constructor(
    private readonly network: VirtualNetwork,
    private readonly feed: Feed,
    private readonly set: number,
  ) {}

  /** Makes them what the configuration says. */
  apply(config: NetworkConfig): void {
    const { ribs, model } = this.network;
    this.network.begin();
    const wanted = this.#wanted(config);
    for (const rib of [ribs.ipv4, ribs.ipv6]) {
      for (let at = rib.firstOf(this.feed.index); at !== 0; ) {
        const row = at - 1;
        at = rib.afterOf(row);
        const text = rib.prefixes.format(rib.claims.prefixOf(row));
        if (!wanted.has(`${text} ${model.at(rib.holderOf(row)).name}`)) {
          if (this.#moved.get(text)?.holder === rib.holderOf(row)) this.#moved.delete(text);
          rib.remove(row);
        }
      }
    }
    for (const { prefix, node, wish, configured } of wanted.values()) {
      const rib = ribs[prefix.family];
      const id = rib.prefixId(...prefixWords(prefix.bytes), prefix.length);
      const known = this.#rowOf(rib, id, node.index);
      // What is held stands as it is: to say it again would be to vouch for it.
      if (known >= 0 && rib.claims.staleOf(known) === Stale.held && rib.claims.wishOf(known) === wish) continue;
      // Path identifiers tell several holders of one prefix apart; where there is one, the column is not needed.
      const free = rib.find(id, this.feed.index, 0) === 0 ? 0 : node.index + 1;
      const path = known >= 0 ? rib.claims.pathIdOf(known) : free;
      rib.announce(id, this.feed.index, path, this.set, this.set, 0, node.index, wish);
      const text = formatPrefix(prefix);
      if ((wish & MOVED) !== 0) this.#moved.set(text, { holder: node.index, configured });
      else if (this.#moved.get(text)?.holder === node.index) this.#moved.delete(text);
    }
  }

  /** A node's row as an initial holder of a prefix, or -1. */
  #rowOf(rib: Rib, prefix: number, node: number): number {
    let at = rib.records.headOf(prefix);
    while (at !== 0 && (rib.feedOf(at - 1) !== this.feed.index || rib.holderOf(at - 1) !== node)) at = rib.claims.nextOf(at - 1);
    return at - 1;
  }

  /** The node that a moved holder of a prefix is, if there is one. */
  movedTo(prefix: string): string | undefined {
    const moved = this.#moved.get(prefix);
    return moved && this.network.model.at(moved.holder).name;
  }

  /** Ends those that are moved and whose claim is heard again: one that is configured, too, is no more than that. Looks where claims changed. */
  settle(): void {
    if (this.#moved.size === 0) return;
    const { ribs } = this.network;
    for (const rib of [ribs.ipv4, ribs.ipv6]) {
      // What is changed here is dirty already.
      for (let i = 0; i < rib.dirtyCount; i++) this.#settleAt(rib, rib.dirty[i] as number); // i < dirtyCount
    }
  }

  #settleAt(rib: Rib, prefix: number): void {
    for (let at = rib.records.headOf(prefix); at !== 0; ) {
      const row = at - 1;
      at = rib.claims.nextOf(row);
      if (rib.feedOf(row) !== this.feed.index || (rib.claims.wishOf(row) & MOVED) === 0) continue;
      const holder = rib.holderOf(row);
      if (!this.#isHeard(rib, prefix, holder)) continue;
      const text = rib.prefixes.format(prefix);
      const moved = this.#moved.get(text);
      const configured = moved?.holder === holder ? moved.configured : undefined;
      if (moved?.holder === holder) this.#moved.delete(text);
      if (configured === undefined) rib.remove(row);
      else rib.announce(prefix, this.feed.index, rib.claims.pathIdOf(row), this.set, this.set, 0, holder, configured);
    }
  }

  /** Whether a node has an accepted claim to a prefix beside those that stand for its claims of before. */
  #isHeard(rib: Rib, prefix: number, node: number): boolean {
    for (let at = rib.records.headOf(prefix); at !== 0; at = rib.claims.nextOf(at - 1))
      if (rib.feedOf(at - 1) !== this.feed.index && rib.holderOf(at - 1) === node && rib.verdictOf(at - 1) === 0) return true;
    return false;
  }

  #wanted({ holders = [] }: NetworkConfig): Map<string, Wanted> {
    const { model } = this.network;
    const wanted = new Map<string, Wanted>();
    const configured = holders.filter(({ moved }) => !moved);
    for (const { prefix, node, as, moved } of [...configured, ...holders.filter(({ moved }) => moved)]) {
      const owner = model.find(node);
      if (!owner) continue;
      const wish = as === 'gateway' ? GATEWAY : 0;
      const key = `${prefix} ${node}`;
      const known = { prefix: parsePrefix(prefix), node: owner };
      if (moved) wanted.set(key, { ...known, wish: wish | MOVED, configured: wanted.get(key)?.configured });
      else wanted.set(key, { ...known, wish, configured: wish });
    }
    const named = new Set(configured.map(({ prefix }) => canonicalPrefix(prefix)));
    for (const node of model.present()) {
      for (const address of node.config.addresses ?? []) {
        const prefix = hostPrefix(parseAddress(address));
        const text = formatPrefix(prefix);
        const key = `${text} ${node.name}`;
        if (!named.has(text)) wanted.set(key, { prefix, node, wish: wanted.get(key)?.wish ?? 0, configured: 0 });
      }
    }
    return wanted;
  }
}
