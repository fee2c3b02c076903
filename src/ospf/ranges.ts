import { covers } from '../lib/prefix.js';
import type { Area } from './area.js';
import { type OspfRoute, routeKey } from './destinations.js';
import type { RouteKey } from './events.js';
import type { AreaRange } from './options.js';
import { Constant } from './wire/index.js';

/** A range of one of our areas, and what of it can be reached. */
interface Range {
  readonly key: RouteKey;
  readonly area: Area;
  readonly options: AreaRange;
  /** Costs of the area's networks inside it, by network. */
  readonly networks: Map<RouteKey, number>;
}

/** A range as it is told: at the cost of the farthest network in it (RFC 2328 §12.4.3). @internal */
export interface ActiveRange {
  readonly area: Area;
  readonly options: AreaRange;
  readonly cost: number;
}

/**
 * Address ranges of areas (RFC 2328 §12.4.3, C.2): networks of an area that lie in one of its ranges are told to other areas as that range,
 * or not at all. A range counts while any network in it can be reached.
 *
 * @internal
 */
export class AreaRanges {
  readonly #ranges = new Map<RouteKey, Range>();
  /** The range that a network is counted in. */
  readonly #rangeOf = new Map<RouteKey, Range>();

  /** Whether any area has one: most have none, and nothing is looked for then. */
  get any(): boolean {
    return this.#ranges.size > 0;
  }

  /** Ranges of an area that there is from now on. */
  add(area: Area): void {
    for (const options of area.options.ranges) {
      const key = routeKey(options.prefix);
      this.#ranges.set(key, { key, area, options, networks: new Map() });
    }
  }

  /** A range by its key, while it counts. */
  active(key: RouteKey): ActiveRange | undefined {
    const range = this.#ranges.get(key);
    if (!range || range.networks.size === 0) return undefined;
    let cost = 0;
    for (const one of range.networks.values()) cost = Math.max(cost, one);
    return { area: range.area, options: range.options, cost };
  }

  /** Whether a network is told as part of a range, and not by itself. */
  holds(network: RouteKey): boolean {
    return this.#rangeOf.has(network);
  }

  /** The way to a network changed, or ended. Comes back with the ranges that may be told otherwise from now on. */
  update(key: RouteKey, route: OspfRoute | undefined): RouteKey[] {
    const way = route?.paths[0]?.way;
    const range =
      route && way?.type === 'intra' && way.area && way.cost < Constant.lsInfinity ? this.#rangeFor(way.area, route) : undefined;
    const before = this.#rangeOf.get(key);
    if (before && before !== range) {
      before.networks.delete(key);
      this.#rangeOf.delete(key);
    }
    if (range && way) {
      range.networks.set(key, way.cost);
      this.#rangeOf.set(key, range);
    }
    return [...new Set([before, range])].flatMap((one) => one?.key ?? []);
  }

  /** The narrowest of an area's ranges that a network lies in. */
  #rangeFor(area: Area, { prefix }: OspfRoute): Range | undefined {
    let narrowest: AreaRange | undefined;
    for (const range of area.options.ranges)
      if (covers(range.prefix, prefix) && range.prefix.length >= (narrowest?.prefix.length ?? 0)) narrowest = range;
    return narrowest && this.#ranges.get(routeKey(narrowest.prefix));
  }
}
