import type { Cause, Feed } from '../../claims/feed.js';
import type { Cancel, Millis } from '../../lib/clock.js';
import type { AddressFamily } from '../config.js';
import type { VirtualNetwork } from '../virtual-network.js';

/**
 * The claims of a neighbour that restarts gracefully (RFC 4724 §4.2): they stay, marked, until it has said everything again, or the time
 * for that is up. Its packets are forwarded meanwhile as before.
 *
 * @internal
 */
export class RetainedClaims {
  /** Families whose End-of-RIB is waited for. */
  readonly #families: Set<AddressFamily>;
  #timer: Cancel;

  /** @param families - What is kept; the other family's claims end. */
  constructor(
    private readonly network: VirtualNetwork,
    private readonly after: (time: Millis, call: () => void) => Cancel,
    readonly feed: Feed,
    families: Iterable<AddressFamily>,
    time: Millis,
    over: () => void,
  ) {
    this.#families = new Set(families);
    this.#keep();
    this.#timer = after(time, over);
  }

  /** The neighbour is back, and has kept forwarding for `families`. It has `time` for its End-of-RIB. */
  resume(families: readonly AddressFamily[], time: Millis, over: () => void): void {
    for (const family of this.#families) if (!families.includes(family)) this.#families.delete(family);
    this.#keep();
    this.#timer();
    this.#timer = this.after(time, over);
  }

  /** Everything of a family has been said again: what was not, ends. */
  complete(family: AddressFamily, cause: Cause): void {
    if (!this.#families.delete(family)) return;
    this.network.begin();
    this.#rib(family).sweepStale(this.feed.index);
    this.network.settle(cause);
  }

  /** Whether nothing is waited for any more. */
  get done(): boolean {
    return this.#families.size === 0;
  }
  get families(): readonly AddressFamily[] {
    return [...this.#families];
  }

  /** No longer watches the time. */
  release(): void {
    this.#timer();
  }

  /** Marks what stays, and ends the rest. */
  #keep(): void {
    this.network.begin();
    for (const family of ['ipv4-unicast', 'ipv6-unicast'] as const) {
      const rib = this.#rib(family);
      if (this.#families.has(family)) rib.markStale(this.feed.index);
      else rib.sweep(this.feed.index, Number.POSITIVE_INFINITY);
    }
    this.network.settle(this.feed.cause);
  }

  #rib(family: AddressFamily) {
    return family === 'ipv4-unicast' ? this.network.ribs.ipv4 : this.network.ribs.ipv6;
  }
}
