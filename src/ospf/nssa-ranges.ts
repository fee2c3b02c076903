import { covers, type Prefix } from '../lib/prefix.js';
import type { Area } from './area.js';
import { routeKey } from './destinations.js';
import type { RouteKey } from './events.js';
import type { NssaRange } from './options.js';
import { Constant } from './wire/index.js';

/** What a translation says of its prefix. @internal */
export interface Translated {
  readonly metric: number;
  readonly metricType: 1 | 2;
  /** Undefined: packets go to us. */
  readonly forwarding: Uint8Array | undefined;
  readonly tag: number;
}

/** An external of an NSSA that is to be told beyond it (RFC 3101 §3.2 step 1). @internal */
export interface Translatable {
  readonly area: Area;
  readonly prefix: Prefix;
  readonly body: Translated;
  /** Of type 1: the way to it and its metric. */
  readonly cost: number;
}

/** A range of one of our NSSAs, and what of it is to be told. */
interface Range {
  readonly key: RouteKey;
  readonly area: Area;
  readonly options: NssaRange;
  readonly inside: Map<RouteKey, Translatable>;
}

/**
 * Address ranges of type 7 (RFC 3101 §3.2 step 3): externals of an NSSA that lie in one of its ranges are told beyond it as that range, or not
 * at all.
 *
 * @internal
 */
export class NssaRanges {
  readonly #ranges = new Map<RouteKey, Range>();
  /** The range that an external is counted in. */
  readonly #rangeOf = new Map<RouteKey, Range>();

  /** Whether any area has one. */
  get any(): boolean {
    return this.#ranges.size > 0;
  }

  /** Ranges of an area that there is from now on. */
  add(area: Area): void {
    for (const options of area.options.nssaRanges) {
      const key = routeKey(options.prefix);
      this.#ranges.set(key, { key, area, options, inside: new Map() });
    }
  }

  /** What is counted in ranges of an area that `of` names. */
  *countedIn(of: (area: Area) => boolean): IterableIterator<RouteKey> {
    for (const [key, { area }] of this.#rangeOf) if (of(area)) yield key;
  }

  /** Whether an external is told as part of a range, and not by itself. */
  holds(external: RouteKey): boolean {
    return this.#rangeOf.has(external);
  }

  /** An external is to be told so from now on, or no longer. Comes back with the ranges that may be told otherwise. */
  update(key: RouteKey, external: Translatable | undefined): readonly Prefix[] {
    const range = external && this.#rangeFor(external);
    const before = this.#rangeOf.get(key);
    if (before && before !== range) {
      before.inside.delete(key);
      this.#rangeOf.delete(key);
    }
    if (range) {
      range.inside.set(key, external);
      this.#rangeOf.set(key, range);
    }
    return [...new Set([before, range])].flatMap((one) => one?.options.prefix ?? []);
  }

  /** What is told under the prefix of a range; undefined while there is nothing in it, or nothing is to be told. */
  told(key: RouteKey): Translated | undefined {
    const range = this.#ranges.get(key);
    if (!range?.options.advertise || range.inside.size === 0) return undefined;
    // One that is the range itself, and alone in it, is told as if there were none.
    const only = range.inside.size === 1 ? range.inside.get(key) : undefined;
    if (only) return only.body;
    const all = [...range.inside.values()];
    const metricType = all.some(({ body }) => body.metricType === 2) ? 2 : 1;
    // Of type 2, one more than the highest: it is not to seem nearer than what lies in it.
    let metric = 0;
    for (const { body, cost } of all) {
      if (metricType === 1) metric = Math.max(metric, cost);
      else if (body.metricType === 2) metric = Math.max(metric, body.metric + 1);
    }
    const { metric: fixed, tag } = range.options;
    return { metricType, metric: fixed ?? Math.min(metric, Constant.lsInfinity - 1), forwarding: undefined, tag };
  }

  /** The narrowest of an area's ranges that an external lies in. */
  #rangeFor({ area, prefix }: Translatable): Range | undefined {
    let narrowest: NssaRange | undefined;
    for (const range of area.options.nssaRanges)
      if (covers(range.prefix, prefix) && range.prefix.length >= (narrowest?.prefix.length ?? 0)) narrowest = range;
    return narrowest && this.#ranges.get(routeKey(narrowest.prefix));
  }
}
