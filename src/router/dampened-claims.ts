import { Dampening } from '../claims/dampening.js';
import type { Cause } from '../claims/feed.js';
import type { Cancel, Clock, Millis } from '../lib/clock.js';
import { parsePrefix, prefixWords } from '../lib/prefix.js';
import type { NetworkConfig } from '../network/config.js';
import type { Rib } from '../rib/rib.js';

/** What dampening needs of the network. @internal */
export interface DampenedClaimsOwner {
  readonly ribs: { readonly ipv4: Rib; readonly ipv6: Rib };
  begin(): void;
  settle(cause: Cause): void;
}

/** Claims that are refused for a while because they flap, or are held down: each is judged again when its time is up. @internal */
export class DampenedClaims {
  readonly #waiting = new Map<string, { readonly until: Millis; readonly cancel: Cancel }>();

  constructor(
    private readonly network: DampenedClaimsOwner,
    private readonly clock: Clock,
  ) {}

  configure({ dampening, holdDown = 0 }: NetworkConfig): void {
    const made = dampening || holdDown > 0 ? new Dampening(dampening, holdDown * 1000) : undefined;
    for (const rib of this.#ribs) rib.dampening = made;
  }

  /** Takes note of what was dampened in this turn. */
  note(): void {
    for (const rib of this.#ribs) {
      if (!rib.dampening) continue;
      for (const { key, until } of rib.dampened.splice(0)) {
        const known = this.#waiting.get(key);
        if (known !== undefined && known.until <= until) continue;
        known?.cancel();
        this.#waiting.set(key, { until, cancel: this.clock.at(until, () => this.#look(rib, key)) });
      }
    }
  }

  stop(): void {
    for (const { cancel } of this.#waiting.values()) cancel();
    this.#waiting.clear();
  }

  get #ribs(): readonly Rib[] {
    return [this.network.ribs.ipv4, this.network.ribs.ipv6];
  }

  #look(rib: Rib, key: string): void {
    this.#waiting.delete(key);
    const { bytes, length } = parsePrefix(key);
    const id = rib.prefixes.find(...prefixWords(bytes), length);
    this.network.begin();
    if (id >= 0) rib.rejudgePrefix(id);
    if (this.#waiting.size === 0) rib.dampening?.tidy(this.clock.now());
    this.network.settle({ type: 'undampened' });
  }
}
