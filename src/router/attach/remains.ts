import type { Feed } from '../../claims/feed.js';
import { Stale } from '../../rib/claim-records.js';
import { FeedDeath } from '../feed-death.js';
import type { VirtualNetwork } from '../virtual-network.js';

/**
 * Claims of speakers on a link that fell silent, where the guard holds them: by what each was heard as (a node's address, a node's virtual
 * router, a node by OSPF). They stand until it is heard again, or somebody decides that it is dead.
 *
 * @internal
 */
export class Remains {
  readonly #held = new Map<string, { readonly node: string; readonly feed: Feed }>();

  constructor(
    private readonly network: VirtualNetwork,
    /** Whether it is heard now. */
    private readonly living: (key: string, node: string) => boolean,
  ) {}

  /** A speaker is silent, and its feed says so: the guard decides what becomes of its claims. */
  fell(key: string, node: string, feed: Feed): void {
    const mourner = { feed, node, hold: () => this.#hold(key, node, feed), letGo: () => this.#end(key, feed), buried: () => {} };
    this.network.guard.died(new FeedDeath(this.network, mourner));
  }

  /** It is heard again, and has said what it claims. */
  rose(key: string): void {
    const feed = this.#held.get(key)?.feed;
    if (!feed) return;
    this.network.guard.returned(feed);
    this.#end(key, feed);
  }

  /** What is held of the nodes that `gone` names ends. */
  leave(gone: (node: string) => boolean): void {
    for (const [key, { node }] of [...this.#held]) if (gone(node)) this.rose(key);
  }

  #hold(key: string, node: string, feed: Feed): void {
    const { network } = this;
    this.rose(key);
    this.#held.set(key, { node, feed });
    // Back in the meantime, it has said again what it has to say.
    if (this.living(key, node)) {
      this.rose(key);
      return;
    }
    network.begin();
    for (const rib of [network.ribs.ipv4, network.ribs.ipv6]) rib.markStale(feed.index, Stale.held);
    network.settle(feed.cause);
  }

  #end(key: string, feed: Feed): void {
    if (this.#held.get(key)?.feed !== feed) return;
    this.#held.delete(key);
    this.network.begin();
    this.network.closeFeed(feed);
  }
}
