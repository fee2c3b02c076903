import type { Cancel, Clock, Millis } from '../lib/clock.js';
import { same } from '../lib/same.js';
import { type BfdConfig, type ResolvedBfd, resolveBfd } from './config.js';
import { Dampening } from './dampening.js';
import type { BfdChange, BfdEvents } from './service.js';
import type { BfdState } from './wire/index.js';

/**
 * One of those who watch a neighbour (RFC 5882 §2: they share its session): how it wants it watched, and what it has been told. Dampening
 * and being disabled are a client's own; the rest is agreed on between all.
 *
 * @internal
 */
export class Client {
  config: ResolvedBfd;
  #dampening: Dampening | undefined;
  /** Coming up is told then. */
  #believed: Cancel | undefined;
  #told: BfdState = 'down';

  constructor(
    config: BfdConfig,
    private readonly clock: Clock,
    private readonly events: BfdEvents,
  ) {
    this.config = resolveBfd(config);
    this.#dampening = this.config.dampening && new Dampening(this.config.dampening);
  }

  reconfigure(next: BfdConfig): void {
    const before = this.config;
    this.config = resolveBfd(next);
    if (same(this.config.dampening, before.dampening)) return;
    this.#dampening = this.config.dampening && new Dampening(this.config.dampening);
    this.#disbelieve();
  }

  /** The session goes, or went before this client came, from one state to another. Harmless where that is known. */
  hear(change: BfdChange): void {
    if (this.config.disabled) {
      this.#disbelieve();
      this.#tell({ ...change, to: 'admin-down', diagnostic: 'administratively-down' });
      return;
    }
    const now = this.clock.now();
    // Its coming up was not told: nor is its going.
    const secret = this.#believed !== undefined;
    if (change.from === 'up' && change.to !== 'up') {
      this.#disbelieve();
      // One that stops on purpose does not flap.
      if (change.to !== 'admin-down' && change.remote !== 'admin-down') this.#dampening?.lost(now);
    }
    if (secret) return;
    const until = change.to === 'up' && this.#told !== 'up' ? this.#dampening?.until(now) : undefined;
    if (until === undefined) {
      this.#tell(change);
      return;
    }
    this.events.dampened?.(until);
    this.#believed = this.clock.at(until, () => {
      this.#believed = undefined;
      this.#tell({ ...change, at: this.clock.now() });
    });
  }

  agreed(detectionTime: Millis): void {
    if (!this.config.disabled) this.events.agreed(detectionTime);
  }

  close(): void {
    this.#disbelieve();
  }

  #disbelieve(): void {
    this.#believed?.();
    this.#believed = undefined;
  }

  #tell(change: BfdChange): void {
    const from = this.#told;
    if (from === change.to) return;
    this.#told = change.to;
    this.events.changed({ ...change, from });
  }
}
