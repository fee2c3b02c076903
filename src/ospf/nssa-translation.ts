import type { Millis } from '../lib/clock.js';
import type { Prefix } from '../lib/prefix.js';
import type { Area } from './area.js';
import { type OspfRoute, routeKey } from './destinations.js';
import { routerOfVertex, vertexOfRouter } from './dialect.js';
import type { RouteKey } from './events.js';
import type { OspfInstance } from './instance.js';
import { NssaRanges, type Translatable, type Translated } from './nssa-ranges.js';
import { best } from './routes.js';
import { UNREACHABLE } from './spf/graph.js';

/**
 * Type 7 made into type 5 (RFC 3101 §3): for which NSSAs we do it, and what is told of their externals. A border router does so where it always
 * translates, or is the one that the area's border routers elect; deposed, it goes on for the stability interval.
 *
 * @internal
 */
export class NssaTranslation {
  readonly ranges = new NssaRanges();
  /** Type 7 that we translate one by one, by prefix. */
  readonly #translated = new Map<RouteKey, Translatable>();
  /** The areas that we translate for, and until when. */
  readonly #until = new Map<Area, Millis>();

  constructor(private readonly o: OspfInstance) {}

  /** Whether we translate for any area, as was last found. */
  get goesOn(): boolean {
    return this.#until.size > 0;
  }

  /** What is told under a prefix, that of a range or of an external. */
  told(key: RouteKey): Translated | undefined {
    return this.ranges.told(key) ?? this.#translated.get(key)?.body;
  }

  /** Routes changed, or who translates may have. Comes back with the prefixes that may be told otherwise from now on. */
  update(changed: readonly RouteKey[]): ReadonlyMap<RouteKey, Prefix> {
    const { o } = this;
    const keys = new Set(changed);
    for (const area of this.#begun())
      for (const lsa of area.database.ofType(o.dialect.types.nssa))
        for (const { prefix } of o.meaningOf(lsa)?.prefixes ?? []) keys.add(routeKey(prefix));
    for (const [key, { area }] of this.#translated) if (!this.#until.has(area)) keys.add(key);
    for (const key of this.ranges.countedIn((area) => !this.#until.has(area))) keys.add(key);
    const told = new Map<RouteKey, Prefix>();
    for (const key of keys) {
      const route = o.routes.routes.ofKey(key);
      const external = route && this.#translation(route);
      if (this.ranges.any) for (const range of this.ranges.update(key, external)) told.set(routeKey(range), range);
      const now = this.ranges.holds(key) ? undefined : external;
      const before = this.#translated.get(key);
      if (now) this.#translated.set(key, now);
      else if (before) this.#translated.delete(key);
      const prefix = route?.prefix ?? before?.prefix;
      if (prefix && (now || before)) told.set(key, prefix);
    }
    return told;
  }

  /** An area is no more. */
  forget(area: Area): void {
    this.#until.delete(area);
  }

  /** Finds which areas we translate for. Comes back with those that we did not translate for before. */
  #begun(): Area[] {
    const { o } = this;
    const begun: Area[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const area of o.areas.values()) {
      if (area.options.type !== 'nssa') continue;
      const before = this.#until.get(area);
      const until = this.#translatesUntil(area, before);
      if (until === undefined) {
        this.#until.delete(area);
        continue;
      }
      if (before === undefined) begun.push(area);
      this.#until.set(area, until);
      next = Math.min(next, until);
    }
    if (next === Number.POSITIVE_INFINITY) o.timers.stop('translation/0/');
    else o.timers.start('translation/0/', next);
    return begun;
  }

  /** Until when we translate for an area, infinite for as long as things stay as they are; undefined if we do not. */
  #translatesUntil(area: Area, before: Millis | undefined): Millis | undefined {
    const { isBorderNow, now } = this.o;
    if (!isBorderNow) return undefined;
    if (area.options.translatorRole === 'always' || this.#isElected(area)) return Number.POSITIVE_INFINITY;
    if (before === undefined) return undefined;
    const until = before === Number.POSITIVE_INFINITY ? now + area.options.translatorStability : before;
    return until > now ? until : undefined;
  }

  /**
   * §3.1: of the area's border routers, as far as they are reached outside of it too, the one of the highest id, unless there is one that always
   * translates.
   */
  #isElected(area: Area): boolean {
    const { o } = this;
    let elected = o.options.routerId;
    for (const key of area.keys) {
      const router = key === undefined ? undefined : routerOfVertex(key);
      if (router === undefined || router === o.options.routerId || area.distance(vertexOfRouter(router)) >= UNREACHABLE) continue;
      for (const lsa of area.speakers(vertexOfRouter(router))) {
        const role = o.meaningOf(lsa)?.router;
        if (!role?.areaBorder || !o.routes.reach(router)) continue;
        if (role.nssaTranslator) return false;
        if (router > elected) elected = router;
      }
    }
    return elected === o.options.routerId;
  }

  /** §3.2 step 1: of what is best, a type 7 that is to be told and says where to. */
  #translation(route: OspfRoute): Translatable | undefined {
    for (const { kind, area, propagate, forwarding, metric, metricType, tag, lsa, way } of best(route)) {
      if (kind !== 'nssa' || !area || !propagate || !forwarding || lsa.advertisingRouter === this.o.options.routerId) continue;
      if (!this.#until.has(area)) continue;
      return { area, prefix: route.prefix, body: { metric, metricType, forwarding, tag }, cost: way.cost };
    }
    return undefined;
  }
}
