import type { Node } from '../network/model.js';
import { Stale } from '../rib/claim-records.js';
import type { Rib } from '../rib/rib.js';
import type { Death } from './guard.js';
import type { VirtualNetwork } from './virtual-network.js';

/** Changes what a node is in effect, and has all that follows from it done and told. @internal */
export type ChangeLife = (node: Node, reason: string, change: () => void) => void;

/**
 * Nodes that are watched and fell silent (`watch`): they are down while they are silent to anybody, unless the guard holds them. Then what
 * they hold stays, marked `held`, until whoever watches them hears them again.
 *
 * @internal
 */
export class SilentNodes {
  /** Those whose claims the guard holds. */
  readonly #held = new Set<Node>();

  constructor(
    private readonly network: VirtualNetwork,
    private readonly changeLife: ChangeLife,
  ) {}

  /** Nothing of it was heard yet, and it counts as down until there is. */
  awaited(node: Node, watcher: string): void {
    this.changeLife(node, `silent to ${watcher}`, () => this.network.model.setSilent(node, watcher, true));
  }

  /** One who heard it does not any more. */
  fell(node: Node, watcher: string): void {
    const { model, guard } = this.network;
    const silence = (): void => model.setSilent(node, watcher, true);
    model.setHeard(node, watcher, false);
    // One that is down already does not die.
    if (node.silentTo.size > 0 || !node.up) this.changeLife(node, `silent to ${watcher}`, silence);
    else guard.died(new NodeDeath(node, watcher, this));
  }

  heard(node: Node, watcher: string): void {
    const { model } = this.network;
    model.setHeard(node, watcher, true);
    this.changeLife(node, `heard by ${watcher}`, () => {
      model.setSilent(node, watcher, false);
      if (node.silentTo.size === 0) this.#release(node);
    });
  }

  /** It is not watched by this one any more: what nobody watches is not down for being silent. */
  left(node: Node, watcher: string): void {
    this.heard(node, watcher);
    this.network.model.setHeard(node, watcher, false);
  }

  /** Nodes were set down or taken away, which acts at once. */
  nodesChanged(): void {
    for (const node of [...this.#held]) if (!node.present || node.config.state === 'down') this.#release(node);
  }

  /** It is down. */
  act(node: Node, watcher: string): void {
    this.changeLife(node, `silent to ${watcher}`, () => this.network.model.setSilent(node, watcher, true));
  }

  /** Of one that is down, what nobody has now comes back. False where that is nothing, or it is heard again. */
  revive(node: Node): boolean {
    if (node.silentTo.size === 0 || !node.present || node.config.state === 'down') return false;
    let last = 0;
    this.#each(node, (rib, row) => {
      if (rib.verdictOf(row) !== 0 || rib.records.decidedOf(rib.claims.prefixOf(row)) !== 0 || rib.claims.staleOf(row) === Stale.ended)
        return;
      rib.claims.setStale(row, Stale.held);
      last++;
    });
    if (last === 0) return false;
    this.#held.add(node);
    this.changeLife(node, 'held: too many were lost at once', () => this.network.model.suspect(node, 'last'));
    return true;
  }

  /** It stays as it is, though it is silent. */
  hold(node: Node, watcher: string): void {
    // What is left of one that was down before is held already.
    if (this.#held.has(node)) return;
    const { model } = this.network;
    this.#held.add(node);
    model.suspect(node, 'all');
    model.setSilent(node, watcher, true);
    // A session that goes on vouches for its own, and dies its own death.
    this.#each(node, (rib, row) => {
      if ((rib.feeds[rib.feedOf(row)]?.speaker ?? 0) < 0 && rib.claims.staleOf(row) !== Stale.ended) rib.claims.setStale(row, Stale.held);
    });
  }

  /** It is dead, as was decided. */
  letGo(node: Node): void {
    if (!this.#held.has(node)) return;
    this.changeLife(node, 'it is dead, as was decided', () => this.#release(node));
  }

  #release(node: Node): void {
    if (!this.#held.delete(node)) return;
    this.network.model.suspect(node, undefined);
    this.#each(node, (rib, row) => {
      if (rib.claims.staleOf(row) === Stale.held && !this.#heldOtherwise(rib, row)) rib.claims.setStale(row, Stale.fresh);
    });
    this.network.guard.returned(node);
  }

  /** The guard holds the feed of a claim, too. */
  #heldOtherwise(rib: Rib, row: number): boolean {
    const feed = rib.feeds[rib.feedOf(row)];
    return feed !== undefined && this.network.guard.holds(feed);
  }

  #each(node: Node, call: (rib: Rib, row: number) => void): void {
    for (const rib of [this.network.ribs.ipv4, this.network.ribs.ipv6])
      for (let row = 0; row < rib.rowLimit; row++) if (rib.claims.setInOf(row) !== 0 && rib.holderOf(row) === node.index) call(rib, row);
  }
}

/** A node that is watched fell silent. */
class NodeDeath implements Death {
  readonly source = 'watch';
  readonly speaker: number;
  readonly node: string;

  constructor(
    readonly of: Node,
    private readonly watcher: string,
    private readonly nodes: SilentNodes,
  ) {
    this.speaker = of.index;
    this.node = of.name;
  }

  end(): void {
    this.act();
  }
  act(): void {
    this.nodes.act(this.of, this.watcher);
  }
  bury(): void {}
  revive(): boolean {
    return this.nodes.revive(this.of);
  }
  hold(): void {
    this.nodes.hold(this.of, this.watcher);
  }
  letGo(): void {
    this.nodes.letGo(this.of);
  }
}
