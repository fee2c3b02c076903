import type { Clock } from '../lib/clock.js';
import type { Logger } from '../lib/logger.js';
import type { Connection } from '../lib/transport.js';
import type { RouterConfig } from '../router/config.js';
import type { NetworkMember, VirtualNetwork } from '../router/virtual-network.js';
import type { Port } from '../stack/port.js';
import { type FeedSource, ForwarderFeed } from './feed.js';

/** What the routers' side of a forwarder needs. @internal */
export interface ServiceSurroundings {
  readonly clock: Clock;
  readonly logger?: Logger;
  /** Takes the forwarder's calls until the function that it resolves with is called. */
  readonly accept: (accepted: (connection: Connection) => void) => Promise<() => Promise<void>>;
}

/**
 * The routers' side of a forwarder: their ports, and the feed of their network.
 *
 * @internal
 */
export class ForwarderService {
  readonly feed: ForwarderFeed;
  #opening: Promise<() => Promise<void>> | undefined;
  #leave: () => void = () => {};

  constructor(private readonly around: ServiceSurroundings) {
    this.feed = new ForwarderFeed(around.clock, around.logger);
  }

  /** The ports of a router, by their names. */
  ports({ name = 'router', ports = [] }: RouterConfig): Record<string, Port> {
    return Object.fromEntries(ports.map((config) => [config.name, this.feed.port(name, config)]));
  }

  /** Takes calls; they are answered from {@link ForwarderService.serve} on. Rejects as `accept` does. Harmless when it does already. */
  async open(): Promise<void> {
    this.#opening ??= this.around.accept((connection) => this.feed.accept(connection));
    try {
      await this.#opening;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  /** Tells of a network from now on. Harmless when it does already. */
  serve(network: VirtualNetwork): void {
    if (this.feed.serving) return;
    const source: FeedSource = {
      name: network.name,
      get position() {
        return network.position;
      },
      entriesSince: (position) => network.entriesSince(position),
      mapping: () => network.mapping(),
      get deferring() {
        return network.deferring;
      },
      get nodes() {
        return network.model.present().map(({ name, config, up }) => ({
          name,
          location: config.location ?? null,
          addresses: config.addresses ?? [],
          up,
        }));
      },
    };
    const member: NetworkMember = {
      announce: () => {},
      journaled: () => this.feed.journaled(),
      nodesChanged: () => this.feed.nodesChanged(),
      routesChosen: () => this.feed.routesChosen(),
    };
    network.join(member);
    this.#leave = () => network.leave(member);
    this.feed.serve(source);
  }

  /** Tells what there is still to tell, and takes no calls any more. Harmless when it takes none. */
  async close(): Promise<void> {
    this.#leave();
    this.#leave = () => {};
    this.feed.close();
    const opening = this.#opening;
    this.#opening = undefined;
    const stop = await opening?.catch(() => undefined);
    await stop?.();
  }
}
