import type { Cause, Feed } from '../../../claims/feed.js';
import type { Cancel, Millis } from '../../../lib/clock.js';
import { Stale } from '../../../rib/claim-records.js';
import type { AddressFamily } from '../../config.js';
import type { BgpSurroundings } from './surroundings.js';

/** How long what a neighbour has not said again stays where the end of its refresh does not come (RFC 7313 §4). @internal */
export const LONGEST_REFRESH: Millis = 360_000;

/**
 * The claims of a neighbour that says everything of a family again, between marks (RFC 7313 §4): what it has not said again by the second
 * mark, or in six minutes, ends.
 *
 * A first mark is looked at once a turn in each family, as it is about every claim of the neighbour's: thousands fit one chunk of input.
 *
 * @internal
 */
export class RefreshedClaims {
  /** Families that are being said again: stops watching the time. */
  readonly #begun = new Map<AddressFamily, Cancel>();
  /** Families whose first mark was looked at in this turn. */
  readonly #marked = new Map<AddressFamily, Cancel>();

  /**
   * @param cause - Why claims end that were not said again.
   * @param ended - They have: they are to be counted.
   */
  constructor(
    private readonly around: Pick<BgpSurroundings, 'network' | 'host'>,
    private readonly feed: Feed,
    private readonly cause: Cause,
    private readonly ended: () => void,
  ) {}

  /** The first mark. */
  begin(family: AddressFamily): void {
    if (this.#marked.has(family)) return;
    const unmark = this.around.host.defer(() => this.#marked.delete(family));
    this.#marked.set(family, unmark);
    const { clock } = this.around.network.timers;
    this.#begun.get(family)?.();
    this.#begun.set(
      family,
      clock.at(clock.now() + LONGEST_REFRESH, () => this.end(family)),
    );
    this.#rib(family).markStale(this.feed.index, Stale.refresh);
  }

  /** The second, which means nothing without the first. */
  end(family: AddressFamily): void {
    const cancel = this.#begun.get(family);
    if (!cancel) return;
    cancel();
    this.#begun.delete(family);
    this.around.network.endClaims(this.feed, this.#rib(family), Stale.refresh, this.cause, this.ended);
  }

  /** The session is over. */
  stop(): void {
    for (const cancel of [...this.#begun.values(), ...this.#marked.values()]) cancel();
    this.#begun.clear();
    this.#marked.clear();
  }

  #rib(family: AddressFamily) {
    const { ribs } = this.around.network;
    return family === 'ipv4-unicast' ? ribs.ipv4 : ribs.ipv6;
  }
}
