import type { Feed } from '../claims/feed.js';
import type { Rib } from '../rib/rib.js';
import type { Death } from './guard.js';
import type { VirtualNetwork } from './virtual-network.js';

/** What the owner of a feed that fell silent does about it. @internal */
export interface FeedMourner {
  readonly feed: Feed;
  /** Name of the node. */
  readonly node: string;
  /** The claims of the feed stay, until {@link FeedMourner.letGo}. */
  hold(): void;
  /** They end. */
  letGo(): void;
  /** The feed is done with. */
  buried(): void;
}

/**
 * The death of a session that was lost without a word, or of a node on a link that fell silent: what it claimed is in one feed.
 *
 * @internal
 */
export class FeedDeath implements Death {
  readonly of: Feed;
  readonly source: Feed['source'];
  readonly speaker: number;
  readonly node: string;

  constructor(
    private readonly network: VirtualNetwork,
    private readonly mourner: FeedMourner,
  ) {
    this.of = mourner.feed;
    this.source = mourner.feed.source;
    this.speaker = mourner.feed.speaker;
    this.node = mourner.node;
  }

  end(): void {
    this.bury();
  }

  act(): void {
    const { network, of: feed } = this;
    network.begin();
    feed.alive = false;
    for (const rib of this.#ribs)
      for (let at = rib.firstOf(feed.index); at !== 0; at = rib.afterOf(at - 1)) rib.touch(rib.claims.prefixOf(at - 1));
    network.settle(feed.cause);
  }

  bury(): void {
    this.network.begin();
    this.network.closeFeed(this.of, () => this.mourner.buried());
  }

  revive(): boolean {
    const { of: feed, node } = this;
    let last = 0;
    this.network.begin();
    for (const rib of this.#ribs) {
      for (let at = rib.firstOf(feed.index); at !== 0; ) {
        const row = at - 1;
        at = rib.afterOf(row);
        const prefix = rib.claims.prefixOf(row);
        if (rib.verdictOf(row) === 0 && rib.records.decidedOf(prefix) === 0) {
          rib.touch(prefix);
          last++;
        } else rib.remove(row);
      }
    }
    if (last === 0) {
      this.bury();
      return false;
    }
    feed.alive = true;
    this.network.settle({ type: 'held', node });
    return true;
  }

  hold(): void {
    this.mourner.hold();
  }
  letGo(): void {
    this.mourner.letGo();
  }

  get #ribs(): Rib[] {
    return [this.network.ribs.ipv4, this.network.ribs.ipv6];
  }
}
