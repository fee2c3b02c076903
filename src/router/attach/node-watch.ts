import type { BfdChange, BfdService } from '../../bfd/index.js';
import { same } from '../../lib/same.js';
import type { WatchConfig } from '../config.js';
import type { NetworkMember, VirtualNetwork } from '../virtual-network.js';
import { type BfdStatus, NeighbourWatch } from './neighbour-watch.js';

/** A node that is watched, as it stands. @public */
export interface NodeWatchStatus {
  readonly node: string;
  readonly address: string;
  readonly bfd: BfdStatus;
}

/** What watching nodes takes. @internal */
export interface NodeWatchSurroundings {
  readonly network: VirtualNetwork;
  readonly router: string;
  /** Who watches a node: its port's BFD, or the host's; undefined where neither can. */
  service(node: string): BfdService | undefined;
  /** The address to watch `address` from, where there is one to name. */
  localAddress(node: string, address: string): string | undefined;
  changed(node: string, address: string, change: BfdChange): void;
  failed(node: string, address: string, reason: string): void;
}

interface Entry {
  readonly config: WatchConfig;
  readonly address: string;
  readonly watch: NeighbourWatch;
}

/**
 * Nodes that are watched by BFD and nothing else: a holder with no routing protocol has a heartbeat so. One that falls silent is down in
 * the network until it is heard again, unless the guard finds that suspicious; one that says it is administratively down is not.
 *
 * @internal
 */
export class NodeWatches implements NetworkMember {
  #entries = new Map<string, Entry>();
  #configs: readonly WatchConfig[] = [];
  #running = false;

  constructor(private readonly around: NodeWatchSurroundings) {}

  configure(configs: readonly WatchConfig[]): string[] {
    const applied: string[] = [];
    this.#configs = configs;
    const wanted = new Map(configs.map((config) => [keyOf(config), config]));
    for (const [key, entry] of this.#entries) {
      const next = wanted.get(key);
      if (next && same(next, entry.config)) continue;
      if (next && lasting(next) === lasting(entry.config)) {
        entry.watch.reconfigure(next.bfd ?? {});
        this.#entries.set(key, { ...entry, config: next });
        applied.push(`watch of ${next.node} changed`);
        continue;
      }
      this.#end(key, entry);
      applied.push(next ? `watch of ${next.node} started anew` : `watch of ${entry.config.node} ended`);
    }
    if (this.#running) this.#begin();
    return applied;
  }

  start(): void {
    this.#running = true;
    this.around.network.join(this);
    this.#begin();
  }

  stop(): void {
    this.#running = false;
    this.around.network.leave(this);
    for (const [key, entry] of this.#entries) this.#end(key, entry);
  }

  status(): NodeWatchStatus[] {
    return [...this.#entries.values()].map(({ config: { node }, address, watch }) => ({ node, address, bfd: watch.status }));
  }

  announce(): void {}

  /** A node that came may be one to watch; one that went is not any more. */
  nodesChanged(): undefined {
    if (!this.#running) return;
    for (const [key, entry] of this.#entries) if (!this.around.network.model.find(entry.config.node)) this.#end(key, entry);
    this.#begin();
  }

  /** A node is reached in another way: who watches it begins anew. */
  reattach(node: string): void {
    if (!this.#running) return;
    for (const [key, entry] of this.#entries) if (entry.config.node === node) this.#end(key, entry);
    this.#begin();
  }

  #begin(): void {
    for (const config of this.#configs) if (!this.#entries.has(keyOf(config))) this.#watch(config);
  }

  #watch(config: WatchConfig): void {
    const { around } = this;
    const { node, bfd = {} } = config;
    const address = config.address ?? around.network.model.find(node)?.config.addresses?.[0];
    if (address === undefined) return;
    // A link-local neighbour is spoken to from a link-local address, which the system chooses.
    const local = config.localAddress ?? (address.includes('%') ? undefined : around.localAddress(node, address));
    const watcher = `${around.router}, by BFD with ${address}`;
    const watch = new NeighbourWatch(
      () => around.service(node),
      () => ({ remote: address, local }),
      bfd,
      {
        changed: (change) => around.changed(node, address, change),
        failed: (reason) => around.failed(node, address, reason),
        appeared: () => around.network.watched(node, watcher, 'heard'),
        vanished: () => around.network.watched(node, watcher, 'silent'),
      },
    );
    this.#entries.set(keyOf(config), { config, address, watch });
    if (watch.strict) around.network.watched(node, watcher, 'awaited');
    watch.start();
  }

  #end(key: string, { config: { node }, address, watch }: Entry): void {
    this.#entries.delete(key);
    watch.stop();
    // What nobody watches is not down for being silent.
    this.around.network.watched(node, `${this.around.router}, by BFD with ${address}`, undefined);
  }
}

function keyOf({ node, address }: WatchConfig): string {
  return `${node} ${address ?? ''}`;
}

/** What of a watch cannot change in place. */
function lasting({ localAddress, bfd: { multihop, checkTtl } = {} }: WatchConfig): string {
  return JSON.stringify({ localAddress, multihop, checkTtl });
}
