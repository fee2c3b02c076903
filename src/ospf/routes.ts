import { bytesEqual } from '../lib/bytes.js';
import { maskBytes, type Prefix, prefixWords } from '../lib/prefix.js';
import type { Area, VertexKey } from './area.js';
import { routerOfVertex, vertexOfRouter } from './dialect.js';
import type { RouteKey } from './events.js';
import type { OspfInstance } from './instance.js';
import { type StoredLsa, sameKey } from './lsa.js';
import type { AdvertisedPrefix } from './meaning.js';
import { UNREACHABLE } from './spf/graph.js';
import { LOCAL_HOP, NO_HOPS } from './spf/hop-sets.js';
import { Constant, word } from './wire/index.js';

/** Kinds of paths, the preferred first (RFC 2328 §11). @internal */
export const PATH_TYPES = ['intra', 'inter', 'external-1', 'external-2'] as const;
/** @public */
export type OspfPathType = (typeof PATH_TYPES)[number];

/** A prefix as one LSA speaks of it. @internal */
export interface Advertisement extends AdvertisedPrefix {
  /** The instance that says so now. */
  lsa: StoredLsa;
  /** Undefined: it is of the whole AS. */
  readonly area: Area | undefined;
}

/** How a prefix is reached by what one LSA says. @internal */
export interface OspfPath {
  readonly type: OspfPathType;
  /** Of type 2 externals: the way to the router that brings it in. */
  readonly cost: number;
  /** Metric of a type 2 external; 0 in others. */
  readonly externalCost: number;
  /** Number of a set of next hops. */
  readonly hops: number;
  readonly area: Area | undefined;
  readonly advertisement: Advertisement;
}

/** A destination. @internal */
export interface OspfRoute {
  readonly key: RouteKey;
  readonly prefix: Prefix;
  /** What LSAs say of it, whether it can be reached so or not. */
  advertisements: readonly Advertisement[];
  /** The ways that can be gone, best first; those that tie for best are {@link best}. */
  paths: readonly OspfPath[];
}

/** How a boundary router is reached. */
interface Reach {
  readonly type: 'intra' | 'inter';
  readonly cost: number;
  readonly hops: number;
  readonly area: Area;
}

/** Type 4: how a border router says that it reaches a boundary router. */
interface Boundary {
  readonly area: Area;
  readonly via: number;
  readonly metric: number;
}

/** Externals looked at in one turn when the way to whoever brings them in changed: there may be a hundred thousand. */
const SLICE = 1000;
const NONE: readonly OspfPath[] = [];
const NOTHING_SAID: readonly Advertisement[] = [];

/** The key of a prefix. @internal */
export function routeKey({ bytes, length }: Pick<Prefix, 'bytes' | 'length'>): RouteKey {
  if (bytes.length === 4) return word(bytes) * 64 + length;
  const [a, b, c, d] = prefixWords(bytes);
  return `${a.toString(36)}.${b.toString(36)}.${c.toString(36)}.${d.toString(36)}/${length}`;
}

/**
 * The routing table (RFC 2328 §11, §16): what LSAs say of each prefix, and the ways that follow from it with the shortest paths as they
 * are. Who advertises what is indexed, so a change of one distance, or of one LSA, looks again at what hangs on it and at nothing
 * else.
 *
 * @internal
 */
export class RouteTable {
  readonly routes = new Map<RouteKey, OspfRoute>();
  /** By who advertises: a vertex of an area, or a router for externals. */
  readonly #byVertex = new Map<Area, Map<VertexKey, Set<OspfRoute>>>();
  readonly #byBoundary = new Map<number, Set<OspfRoute>>();
  readonly #boundaries = new Map<number, Map<string, Boundary>>();
  /** Which boundary routers are reached by way of a border router. */
  readonly #viaBorder = new Map<number, Set<number>>();
  /** Externals whose packets go elsewhere than to their originator: they hang on other routes. */
  readonly #forwarded = new Set<OspfRoute>();
  readonly #dirty = new Set<OspfRoute>();
  /** Externals that are looked at a slice at a time: those of a boundary router that is reached in another way, and those that go elsewhere. */
  readonly #sweeps = new Map<number | 'forwarded', Iterator<OspfRoute>>();
  /** How many more of these this turn may look at. */
  #room = SLICE;
  /** By boundary router: forgotten when any distance to it changes. */
  readonly #reach = new Map<number, Reach | undefined>();

  constructor(private readonly o: OspfInstance) {}

  /** Prefixes of which another instance says the same: whoever looks at instances looks again. */
  readonly restated = new Set<RouteKey>();

  // --- What LSAs say ---------------------------------------------------------------------------------------------------

  /** An LSA advertises these prefixes from now on, and not those of the one before. */
  advertise(area: Area | undefined, lsa: StoredLsa, before: readonly AdvertisedPrefix[], after: readonly AdvertisedPrefix[]): void {
    const isOfLsa = (one: Advertisement): boolean => one.area === area && sameKey(one.lsa, lsa);
    if (before.length === after.length && before.every((one, i) => sameSaying(one, after[i]))) {
      // Nearly always another instance says the same of prefixes, which then are reached as before.
      for (const { prefix } of after) {
        const key = routeKey(prefix);
        const known = this.routes.get(key)?.advertisements.find(isOfLsa);
        if (!known) continue;
        known.lsa = lsa;
        this.restated.add(key);
      }
      return;
    }
    for (const one of before) {
      const route = this.routes.get(routeKey(one.prefix));
      if (!route) continue;
      route.advertisements = route.advertisements.filter((other) => !isOfLsa(other));
      this.#unindex(area, one, route);
      this.#dirty.add(route);
    }
    for (const one of after) {
      const key = routeKey(one.prefix);
      let route = this.routes.get(key);
      if (!route) {
        route = { key, prefix: one.prefix, advertisements: NOTHING_SAID, paths: NONE };
        this.routes.set(key, route);
      }
      const known = route.advertisements.length === 0 ? undefined : route.advertisements.find(isOfLsa);
      // One LSA may say a prefix twice: the lesser cost counts.
      if (known && known.metric <= one.metric) continue;
      const others = known ? route.advertisements.filter((other) => other !== known) : route.advertisements;
      const said = advertisement(one, lsa, area);
      route.advertisements = others.length === 0 ? [said] : [...others, said];
      this.#index(area, one, route);
      this.#dirty.add(route);
    }
  }

  #index(area: Area | undefined, { kind, vertex, forwarding }: AdvertisedPrefix, route: OspfRoute): void {
    if (forwarding) this.#forwarded.add(route);
    if (kind === 'external' || kind === 'nssa') add(this.#byBoundary, routerOfVertex(vertex) ?? 0, route);
    else if (area) {
      let ofArea = this.#byVertex.get(area);
      if (!ofArea) {
        ofArea = new Map();
        this.#byVertex.set(area, ofArea);
      }
      add(ofArea, vertex, route);
    }
  }

  #unindex(area: Area | undefined, { kind, vertex }: AdvertisedPrefix, route: OspfRoute): void {
    for (const other of route.advertisements) {
      const external = other.kind === 'external' || other.kind === 'nssa';
      if (other.vertex === vertex && (external ? kind === 'external' || kind === 'nssa' : other.area === area)) return;
    }
    if (kind === 'external' || kind === 'nssa') remove(this.#byBoundary, routerOfVertex(vertex) ?? 0, route);
    else if (area) remove(this.#byVertex.get(area), vertex, route);
  }

  /** A border router says that it reaches a boundary router; undefined when it does no longer. */
  boundary(area: Area, lsa: StoredLsa, router: number, boundary: Omit<Boundary, 'area'> | undefined): void {
    let known = this.#boundaries.get(router);
    if (!known) {
      known = new Map();
      this.#boundaries.set(router, known);
    }
    const scope = `${area.id} ${lsa.key}`;
    if (boundary) {
      known.set(scope, { ...boundary, area });
      const via = this.#viaBorder.get(boundary.via) ?? new Set();
      via.add(router);
      this.#viaBorder.set(boundary.via, via);
    } else known.delete(scope);
    if (known.size === 0) this.#boundaries.delete(router);
    this.#boundaryMoved(router);
  }

  /** Boundary routers that border routers speak of. */
  boundariesSpokenOf(): Iterable<number> {
    return this.#boundaries.keys();
  }

  keyOf(prefix: Prefix): RouteKey {
    return routeKey(prefix);
  }

  #boundaryMoved(router: number): void {
    this.#reach.delete(router);
    const routes = this.#byBoundary.get(router);
    if (routes) this.#sweeps.set(router, routes.values());
  }

  // --- What changed ----------------------------------------------------------------------------------------------------

  /** A turn begins. */
  begin(): void {
    this.#room = SLICE;
  }

  /** Distances or next hops of these vertices changed. */
  moved(area: Area, vertices: Iterable<VertexKey>): void {
    const ofArea = this.#byVertex.get(area);
    for (const key of vertices) {
      for (const route of ofArea?.get(key) ?? []) this.#dirty.add(route);
      const router = routerOfVertex(key);
      if (router === undefined) continue;
      this.#boundaryMoved(router);
      for (const beyond of this.#viaBorder.get(router) ?? []) this.#boundaryMoved(beyond);
    }
  }

  /** A prefix is to be looked at again. */
  reconsider(key: RouteKey): void {
    const route = this.routes.get(key);
    if (route) this.#dirty.add(route);
  }

  /** Everything is to be looked at again: what kind of router we are changed. */
  invalidate(): void {
    this.#reach.clear();
    for (const route of this.routes.values()) if (route.advertisements.some(isInternal)) this.#dirty.add(route);
    for (const [router, routes] of this.#byBoundary) this.#sweeps.set(router, routes.values());
  }

  /** Whether {@link calculate} has anything to do in this turn. */
  get isDirty(): boolean {
    return this.#dirty.size > 0 || (this.#sweeps.size > 0 && this.#room > 0);
  }
  /** Whether externals wait for another turn. */
  get isSweeping(): boolean {
    return this.#sweeps.size > 0;
  }

  /**
   * Brings the ways up to date: internal ones first, as externals may hang on them, then the externals that changed themselves (RFC 2328
   * §16.6), then as many of the others as there is room for. Returns what changed.
   */
  calculate(): Set<RouteKey> {
    const changed = new Set<RouteKey>();
    const externals: OspfRoute[] = [];
    let internalChanged = false;
    for (const route of this.#dirty) {
      if (!route.advertisements.some(isInternal) && route.paths.every(({ type }) => type.startsWith('external'))) externals.push(route);
      else if (this.#settle(route)) {
        changed.add(route.key);
        internalChanged = true;
      }
    }
    this.#dirty.clear();
    if (internalChanged && this.#forwarded.size > 0) this.#sweeps.set('forwarded', this.#forwarded.values());
    for (const route of externals) if (this.#settle(route)) changed.add(route.key);
    this.#sweep(changed);
    return changed;
  }

  #sweep(changed: Set<RouteKey>): void {
    for (const [of, routes] of this.#sweeps) {
      for (; this.#room > 0; this.#room--) {
        const { value: route, done } = routes.next();
        if (done) {
          this.#sweeps.delete(of);
          break;
        }
        if (of === 'forwarded' && !route.advertisements.some(isForwarded)) this.#forwarded.delete(route);
        else if (this.#settle(route)) changed.add(route.key);
      }
      if (this.#room === 0) return;
    }
  }

  /** Brings the ways of one destination up to date. Whether they are others. */
  #settle(route: OspfRoute): boolean {
    const [first] = route.advertisements;
    if (first && route.advertisements.length === 1) {
      const path = this.#path(first);
      const [before] = route.paths;
      if (path ? route.paths.length === 1 && samePath(path, before) : !before) return false;
      route.paths = path ? [path] : NONE;
      return true;
    }
    const paths: OspfPath[] = [];
    for (const advertisement of route.advertisements) {
      const path = this.#path(advertisement);
      if (path) paths.push(path);
    }
    paths.sort(comparePaths);
    const same = paths.length === route.paths.length && paths.every((path, i) => samePath(path, route.paths[i]));
    // No larger than they are: an array that grew has room for more.
    route.paths = paths.slice();
    if (route.advertisements.length === 0) this.routes.delete(route.key);
    return !same;
  }

  // --- Ways (§16.1 to §16.4) -------------------------------------------------------------------------------------------

  #path(advertisement: Advertisement): OspfPath | undefined {
    const { kind, area, vertex, metric, prefix } = advertisement;
    if (kind === 'intra') {
      if (!area) return undefined;
      const distance = area.distance(vertex);
      if (distance >= UNREACHABLE) return undefined;
      return { type: 'intra', cost: distance + metric, externalCost: 0, hops: area.hops(vertex), area, advertisement };
    }
    if (metric >= Constant.lsInfinity) return undefined;
    // Our own say what we know from elsewhere.
    if (routerOfVertex(vertex) === this.o.options.routerId) return undefined;
    if (kind === 'inter') {
      // §16.2: a border router looks at the backbone's summaries only.
      if (!area || (this.o.isBorderNow && !area.isBackbone)) return undefined;
      // Step 3: what is a range of ours that counts, we tell ourselves.
      if (this.o.border.ranges.any && this.o.border.ranges.active(routeKey(prefix))) return undefined;
      const distance = area.distance(vertex);
      if (distance >= UNREACHABLE || !this.o.isBorder(area, routerOfVertex(vertex) ?? 0)) return undefined;
      return { type: 'inter', cost: distance + metric, externalCost: 0, hops: area.hops(vertex), area, advertisement };
    }
    return this.#external(advertisement);
  }

  /** §16.4, RFC 3101 §2.5. */
  #external(advertisement: Advertisement): OspfPath | undefined {
    const { kind, area, vertex, metric, metricType, forwarding, prefix, propagate } = advertisement;
    const router = routerOfVertex(vertex) ?? 0;
    // RFC 3101 §2.5 step 3: a border router takes no default of an NSSA that is not to be translated; of border routers it is theirs.
    if (kind === 'nssa' && prefix.length === 0 && this.o.isBorderNow && !propagate) return undefined;
    const reach = kind === 'nssa' && area ? this.#reachIn(area, router) : this.reach(router);
    if (!reach) return undefined;
    let { cost, hops, area: through } = reach;
    if (forwarding) {
      const way = this.#towards(forwarding, kind === 'nssa' ? area : undefined);
      if (!way) return undefined;
      cost = way.cost;
      // On a link of ours it is next itself.
      const local = this.o.hopSets.get(way.hops).every((hop) => hop === LOCAL_HOP);
      hops = local ? (this.o.nextHops.onLink(forwarding) ?? reach.hops) : way.hops;
      through = way.area ?? through;
    }
    return metricType === 1
      ? { type: 'external-1', cost: cost + metric, externalCost: 0, hops, area: through, advertisement }
      : { type: 'external-2', cost, externalCost: metric, hops, area: through, advertisement };
  }

  #reachIn(area: Area, router: number): Reach | undefined {
    const distance = area.distance(vertexOfRouter(router));
    if (distance >= UNREACHABLE || !this.o.isBoundary(area, router)) return undefined;
    return { type: 'intra', cost: distance, hops: area.hops(vertexOfRouter(router)), area };
  }

  /** The way to a boundary router (§16.4 step 3, §16.4.1): inside an area first, others than the backbone before it. */
  reach(router: number): Reach | undefined {
    if (this.#reach.has(router)) return this.#reach.get(router);
    let best: Reach | undefined;
    for (const area of this.o.areas.values()) {
      if (area.options.type !== 'normal') continue;
      const here = this.#reachIn(area, router);
      if (here && (!best || better(here, best))) best = here;
    }
    if (!best) {
      for (const { area, via, metric } of this.#boundaries.get(router)?.values() ?? []) {
        if (via === this.o.options.routerId || metric >= Constant.lsInfinity || (this.o.isBorderNow && !area.isBackbone)) continue;
        const distance = area.distance(vertexOfRouter(via));
        if (distance >= UNREACHABLE || !this.o.isBorder(area, via)) continue;
        const cost = distance + metric;
        const hops = area.hops(vertexOfRouter(via));
        if (!best || cost < best.cost) best = { type: 'inter', cost, hops, area };
        else if (cost === best.cost) best = { type: 'inter', cost, hops: this.o.hopSets.union(best.hops, hops), area };
      }
    }
    this.#reach.set(router, best);
    return best;
  }

  /** §16.4 step 3: the way to a forwarding address is one of ours, and inside the AS. */
  #towards(address: Uint8Array, within: Area | undefined): OspfPath | undefined {
    for (let length = address.length * 8; length >= 0; length--) {
      const bytes = maskBytes(address, length);
      const path = this.routes.get(routeKey({ bytes, length }))?.paths[0];
      if (!path) continue;
      if (path.type !== 'intra' && path.type !== 'inter') return undefined;
      if (within && (path.type !== 'intra' || path.area !== within)) return undefined;
      return path;
    }
    return undefined;
  }
}

function isInternal({ kind }: Advertisement): boolean {
  return kind === 'intra' || kind === 'inter';
}
function isForwarded({ forwarding }: Advertisement): boolean {
  return forwarding !== undefined;
}

function better(x: Reach, y: Reach): boolean {
  if (x.area.isBackbone !== y.area.isBackbone) return !x.area.isBackbone;
  return x.cost !== y.cost ? x.cost < y.cost : x.area.id > y.area.id;
}

/** The order of preference (§11, §16.4.6). @internal */
export function comparePaths(x: OspfPath, y: OspfPath): number {
  if (x.type !== y.type) return PATH_TYPES.indexOf(x.type) - PATH_TYPES.indexOf(y.type);
  if (x.externalCost !== y.externalCost) return x.externalCost - y.externalCost;
  if (x.cost !== y.cost) return x.cost - y.cost;
  // RFC 3101 §2.5 step 6 (e): a type 7 that is to be translated, then a type 5.
  return rank(x) - rank(y);
}
function rank({ advertisement: { kind, propagate } }: OspfPath): number {
  return kind === 'nssa' && propagate ? 0 : kind === 'external' ? 1 : 2;
}

/** The ways that tie for best. @internal */
export function best(route: OspfRoute): readonly OspfPath[] {
  const [first] = route.paths;
  return first ? route.paths.filter((path) => tie(path, first) && rank(path) === rank(first)) : [];
}
function tie(x: OspfPath, y: OspfPath): boolean {
  return x.type === y.type && x.cost === y.cost && x.externalCost === y.externalCost;
}

/** Written out: a copy by spreading has a hidden class of its own, which costs more than the object. */
function advertisement(
  { prefix, kind, vertex, metric, metricType, forwarding, tag, propagate }: AdvertisedPrefix,
  lsa: StoredLsa,
  area: Area | undefined,
): Advertisement {
  return { prefix, kind, vertex, metric, metricType, forwarding, tag, propagate, lsa, area };
}

function sameSaying(x: AdvertisedPrefix, y: AdvertisedPrefix | undefined): boolean {
  return (
    y !== undefined &&
    x.vertex === y.vertex &&
    x.metric === y.metric &&
    x.metricType === y.metricType &&
    x.tag === y.tag &&
    x.propagate === y.propagate &&
    x.kind === y.kind &&
    x.prefix.length === y.prefix.length &&
    bytesEqual(x.prefix.bytes, y.prefix.bytes) &&
    (x.forwarding && y.forwarding ? bytesEqual(x.forwarding, y.forwarding) : x.forwarding === y.forwarding)
  );
}

function samePath(x: OspfPath, y: OspfPath | undefined): boolean {
  return (
    y !== undefined &&
    tie(x, y) &&
    x.hops === y.hops &&
    x.area === y.area &&
    x.advertisement.lsa.advertisingRouter === y.advertisement.lsa.advertisingRouter &&
    x.advertisement.tag === y.advertisement.tag &&
    x.advertisement.lsa.heardFrom.length === y.advertisement.lsa.heardFrom.length &&
    x.advertisement.lsa === y.advertisement.lsa
  );
}

function add<K>(index: Map<K, Set<OspfRoute>>, key: K, route: OspfRoute): void {
  const known = index.get(key);
  if (known) known.add(route);
  else index.set(key, new Set([route]));
}
function remove<K>(index: Map<K, Set<OspfRoute>> | undefined, key: K, route: OspfRoute): void {
  const known = index?.get(key);
  if (!known) return;
  known.delete(route);
  if (known.size === 0) index?.delete(key);
}

/** Next hops that are none: the destination is ours. @internal */
export function isOurs({ hops }: OspfPath): boolean {
  return hops === NO_HOPS;
}
