import { bytesEqual } from '../lib/bytes.js';
import { defaultPrefix, type Prefix } from '../lib/prefix.js';
import type { Area } from './area.js';
import type { Database } from './database.js';
import { routeKey } from './destinations.js';
import type { OwnBody } from './dialect.js';
import type { ExternalRoute, RouteKey } from './events.js';
import type { OspfInstance } from './instance.js';
import { LinkStateIds } from './link-state-ids.js';
import { NssaTranslation } from './nssa-translation.js';
import { AreaRanges } from './ranges.js';
import { Constant, type ExternalBody } from './wire/index.js';

/**
 * What we say between areas and at the edge of the AS: summaries as border router (RFC 2328 §12.4.3), of networks or of areas' ranges,
 * externals as boundary router (§12.4.4), among them what we translate of NSSAs, and defaults into stub areas and NSSAs.
 *
 * @internal
 */
export class Border {
  readonly #externals = new Map<RouteKey, { readonly prefix: Prefix; readonly route: ExternalRoute }>();
  /** Which id stands for what, by place and LS type. */
  readonly #ids = new Map<Database, Map<number, LinkStateIds>>();
  /** What was summarised into each area. */
  readonly #summarised = new Map<Area, Map<RouteKey, Prefix>>();
  readonly ranges = new AreaRanges();
  readonly translation: NssaTranslation;
  readonly #boundariesTold = new Map<Area, Set<number>>();
  #wasBorder = false;

  constructor(private readonly o: OspfInstance) {
    this.translation = new NssaTranslation(o);
  }

  /** Whether we bring anything into the AS, or may translate what comes into an NSSA (the E bit). */
  get isBoundary(): boolean {
    return this.#externals.size > 0 || (this.o.isBorderNow && this.#hasNssa());
  }

  #hasNssa(): boolean {
    for (const { options } of this.o.areas.values()) if (options.type === 'nssa') return true;
    return false;
  }

  // --- Externals -------------------------------------------------------------------------------------------------------

  tell(changes: readonly ExternalRoute[]): void {
    const was = this.isBoundary;
    for (const route of changes) {
      const { bytes, length, metric } = route;
      const prefix: Prefix = { family: bytes.length === 4 ? 'ipv4' : 'ipv6', bytes, length };
      const key = routeKey(prefix);
      if (metric) this.#externals.set(key, { prefix, route });
      else this.#externals.delete(key);
      this.#sayExternal(key, prefix);
    }
    if (was !== this.isBoundary) this.o.originateAll();
  }

  #sayExternal(key: RouteKey, prefix: Prefix): void {
    const { o } = this;
    const own = this.#externals.get(key)?.route.metric;
    const translated = this.translation.told(key);
    const body: Omit<ExternalBody, 'prefixOptions' | 'referenced' | 'type' | 'propagate'> | undefined = own
      ? { prefix, metricType: own.type, metric: own.value, tag: own.tag, forwarding: undefined }
      : translated && { prefix, ...translated };
    this.#say(
      o.database,
      o.dialect.types.external,
      key,
      prefix,
      body && ((id) => o.dialect.external(id, { ...body, type: 'external', propagate: false })),
    );
    for (const area of o.areas.values()) if (area.options.type === 'nssa') this.#sayNssa(area, key, prefix);
  }

  /** Type 7 in an NSSA: an external of ours, or the default of a border router (RFC 3101 §2.7) where we have no other. */
  #sayNssa(area: Area, key: RouteKey, prefix: Prefix): void {
    const { o } = this;
    const own = this.#externals.get(key)?.route.metric;
    // §2.4: a border router says it as type 5 itself; of others P asks for it, and then they say where to.
    const forwarding = o.isBorderNow ? undefined : this.#forwarding.get(area);
    const propagate = forwarding !== undefined;
    let metric = own;
    if (!own && prefix.length === 0 && o.isBorderNow && area.options.summaries)
      metric = { value: area.options.defaultCost, type: 2, tag: 0 };
    this.#say(
      area.database,
      o.dialect.types.nssa,
      key,
      prefix,
      metric &&
        ((id) =>
          o.dialect.external(id, {
            prefix,
            metricType: metric.type,
            metric: metric.value,
            tag: metric.tag,
            forwarding,
            type: 'nssa',
            propagate,
          })),
    );
  }

  /** RFC 3101 §2.3: the address of ours that externals of an NSSA are sent to is another one, or there is none. Whether it is so of any. */
  #moveForwarding(): boolean {
    let moved = false;
    for (const area of this.o.areas.values()) {
      if (area.options.type !== 'nssa') continue;
      const before = this.#forwarding.get(area);
      const now = addressIn(area, this.o.dialect.family);
      if (before && now ? bytesEqual(before, now) : before === now) continue;
      this.#forwarding.set(area, now);
      moved = true;
    }
    return moved;
  }
  readonly #forwarding = new Map<Area, Uint8Array | undefined>();

  // --- Between areas ---------------------------------------------------------------------------------------------------

  /** Routes of these numbers changed. */
  update(changed: readonly number[]): void {
    const { o } = this;
    const border = o.isBorderNow;
    const moved = this.#moveForwarding();
    if (border !== this.#wasBorder) {
      this.#wasBorder = border;
      // Which summaries count hangs on it (RFC 2328 §16.2), and what is reached by them.
      o.afterTurn(() => o.routes.invalidate());
      o.originateAll();
      for (const area of o.areas.values()) this.#sayDefault(area);
      for (const [key, { prefix }] of this.#externals) this.#sayExternal(key, prefix);
      this.#summariseAll([...[...o.routes.routes.values()].map(({ key }) => key), ...this.#allSummarised()]);
    } else {
      if (moved) for (const [key, { prefix }] of this.#externals) this.#sayExternal(key, prefix);
      if (border) this.#summariseAll(this.#keysOf(changed));
    }
    if (border || this.translation.goesOn)
      for (const [key, prefix] of this.translation.update(this.#keysOf(changed))) this.#sayExternal(key, prefix);
    if (border || this.#boundariesTold.size > 0) this.#tellBoundaries();
  }

  #keysOf(numbers: readonly number[]): RouteKey[] {
    return numbers.flatMap((number) => this.o.routes.routes.at(number)?.key ?? []);
  }

  #allSummarised(): RouteKey[] {
    return [...this.#summarised.values()].flatMap((told) => [...told.keys()]);
  }

  /** §12.4.3.1, RFC 3101 §2.7: a default in place of what is not let in. */
  #sayDefault(area: Area): void {
    const { o } = this;
    const { type, summaries, defaultCost } = area.options;
    const prefix = defaultPrefix(o.dialect.family);
    const key = routeKey(prefix);
    const summary = o.isBorderNow && (type === 'stub' || (type === 'nssa' && !summaries));
    this.#say(
      area.database,
      o.dialect.types.summary,
      key,
      prefix,
      summary ? (id) => o.dialect.summary(id, prefix, defaultCost) : undefined,
    );
    if (type === 'nssa') this.#sayNssa(area, key, prefix);
  }

  #summariseAll(keys: Iterable<RouteKey>): void {
    const { o, ranges } = this;
    const touched = new Set<RouteKey>();
    for (const key of keys) {
      if (ranges.any) for (const range of ranges.update(key, o.isBorderNow ? o.routes.routes.ofKey(key) : undefined)) touched.add(range);
      if (!touched.has(key)) this.#summarise(key);
    }
    for (const range of touched) {
      this.#summarise(range);
      // §16.2 step 3: whether others' summaries of it count hangs on whether it does.
      o.afterTurn(() => o.routes.reconsider(range));
    }
  }

  /** Tells each area of a network, or of one of our areas' ranges, what it is to be told. */
  #summarise(key: RouteKey): void {
    const { o } = this;
    for (const area of o.areas.values()) {
      const told = this.#summarised.get(area) ?? new Map<RouteKey, Prefix>();
      this.#summarised.set(area, told);
      const summary = this.#summaryFor(area, key);
      if (!summary) {
        const before = told.get(key);
        if (before) this.#say(area.database, o.dialect.types.summary, key, before, undefined);
        told.delete(key);
        continue;
      }
      const { prefix, cost } = summary;
      told.set(key, prefix);
      this.#say(area.database, o.dialect.types.summary, key, prefix, (id) => o.dialect.summary(id, prefix, cost));
    }
  }

  /** §12.4.3: what an area is told of a network or range. */
  #summaryFor(area: Area, key: RouteKey): { readonly prefix: Prefix; readonly cost: number } | undefined {
    const { o, ranges } = this;
    const { type, summaries } = area.options;
    if (!o.isBorderNow || (type !== 'normal' && !summaries)) return undefined;
    const range = ranges.active(key);
    if (range && range.area !== area) return range.options.advertise ? { prefix: range.options.prefix, cost: range.cost } : undefined;
    const route = o.routes.routes.ofKey(key);
    const way = route?.paths[0]?.way;
    if (!route || !way || ranges.holds(key)) return undefined;
    if (way.type !== 'intra' && (way.type !== 'inter' || area.isBackbone)) return undefined;
    if (way.area === area || way.cost >= Constant.lsInfinity) return undefined;
    // A stub area has its default from us.
    if (type !== 'normal' && route.prefix.length === 0) return undefined;
    // Not back to where it is reached through.
    if (this.#leadsInto(area, way.hops)) return undefined;
    return { prefix: route.prefix, cost: way.cost };
  }

  #leadsInto(area: Area, hops: number): boolean {
    return this.o.hopSets.get(hops).some((hop) => this.o.nextHops.get(hop)?.interface.area === area);
  }

  /** Type 4: where the boundary routers of other areas are (§12.4.3). */
  #tellBoundaries(): void {
    const { o } = this;
    for (const area of o.areas.values()) {
      const now = new Set<number>();
      const told = this.#boundariesTold.get(area) ?? new Set<number>();
      if (o.isBorderNow && area.options.type === 'normal') {
        for (const router of o.boundaryRouters()) {
          const reach = o.routes.reach(router);
          if (!reach || reach.area === area || (area.isBackbone && reach.type === 'inter') || reach.cost >= Constant.lsInfinity) continue;
          now.add(router);
          const body = o.dialect.asbrSummary(router, router, reach.cost);
          o.origination.set(area.database, body.lsType, body.id, body);
        }
      }
      for (const router of told) {
        if (now.has(router)) continue;
        const body = o.dialect.asbrSummary(router, router, 0);
        o.origination.set(area.database, body.lsType, body.id, undefined);
      }
      this.#boundariesTold.set(area, now);
    }
  }

  // --- Under which id -------------------------------------------------------------------------------------------------

  #say(place: Database, lsType: number, key: RouteKey, prefix: Prefix, body: ((id: number) => OwnBody) | undefined): void {
    const { o } = this;
    let ofPlace = this.#ids.get(place);
    if (!ofPlace) {
      ofPlace = new Map();
      this.#ids.set(place, ofPlace);
    }
    let ids = ofPlace.get(lsType);
    if (!ids) {
      ids = new LinkStateIds();
      ofPlace.set(lsType, ids);
    }
    if (!body) {
      const id = ids.release(key);
      if (id !== undefined) o.origination.set(place, lsType, id, undefined);
      return;
    }
    const moved = ids.take({ key, range: o.dialect.prefixIds(prefix), body });
    for (const { id, said } of moved) o.origination.set(place, lsType, id, said.body(id));
  }

  /** An area is no more. */
  forget(area: Area): void {
    this.#ids.delete(area.database);
    this.#summarised.delete(area);
    this.#boundariesTold.delete(area);
    this.translation.forget(area);
    this.#forwarding.delete(area);
  }
}

/** An address of ours in an area, for others to send packets to. */
function addressIn(area: Area, family: Prefix['family']): Uint8Array | undefined {
  for (const { options, isUp } of area.interfaces)
    if (isUp && options.forwarding && (family === 'ipv4') === (options.forwarding.length === 4)) return options.forwarding;
  return undefined;
}
