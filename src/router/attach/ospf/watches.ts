import type { BfdChange, BfdConfig, BfdService } from '../../../bfd/index.js';
import { type BfdStatus, NeighbourWatch } from '../neighbour-watch.js';

/** An OSPF neighbour that is to be watched: a node at one of the links. @internal */
export interface WatchedNeighbour {
  readonly interface: string;
  readonly routerId: number;
  readonly node: string;
  /** Canonical text; link-local ones with their device, where the link is one of the host's. */
  readonly address: string;
  readonly local: string | undefined;
  readonly config: BfdConfig;
}

/** What watching OSPF neighbours takes. @internal */
export interface OspfWatchOwner {
  bfdOf(node: string): BfdService | undefined;
  silent(neighbour: WatchedNeighbour, independent: boolean): void;
  bfdChanged(node: string, address: string, change: BfdChange): void;
  bfdFailed(node: string, address: string, reason: string): void;
}

/**
 * BFD of an instance's neighbours (RFC 5882 §4): each is watched from when both hear each other until it is down. One that is found
 * silent is down at once; one that never answers BFD is a neighbour all the same.
 *
 * @internal
 */
export class OspfWatches {
  readonly #watches = new Map<string, NeighbourWatch>();

  constructor(private readonly owner: OspfWatchOwner) {}

  begin(neighbour: WatchedNeighbour): void {
    const key = keyOf(neighbour);
    if (this.#watches.has(key)) return;
    const { owner } = this;
    const { node, address, local, config } = neighbour;
    const watch = new NeighbourWatch(
      () => owner.bfdOf(node),
      () => ({ remote: address, local }),
      config,
      {
        changed: (change) => owner.bfdChanged(node, address, change),
        failed: (reason) => owner.bfdFailed(node, address, reason),
        appeared: () => {},
        vanished: ({ independent }) => owner.silent(neighbour, independent),
      },
    );
    this.#watches.set(key, watch);
    watch.start();
  }

  end(neighbour: Pick<WatchedNeighbour, 'interface' | 'routerId'>): void {
    const key = keyOf(neighbour);
    this.#watches.get(key)?.stop();
    this.#watches.delete(key);
  }

  status(neighbour: Pick<WatchedNeighbour, 'interface' | 'routerId'>): BfdStatus | undefined {
    return this.#watches.get(keyOf(neighbour))?.status;
  }

  close(): void {
    for (const watch of this.#watches.values()) watch.stop();
    this.#watches.clear();
  }
}

function keyOf({ interface: name, routerId }: Pick<WatchedNeighbour, 'interface' | 'routerId'>): string {
  return `${routerId} ${name}`;
}
