import { bytesEqual } from '../lib/bytes.js';
import { maskBytes, prefixWords } from '../lib/prefix.js';
import type { Area, VertexKey } from './area.js';
import { NumberSet } from './columns/number-set.js';
import { Destinations, type OspfRoute } from './destinations.js';
import { routerOfVertex, vertexOfRouter } from './dialect.js';
import type { RouteKey } from './events.js';
import { ExternalSaying } from './external-saying.js';
import type { OspfInstance } from './instance.js';
import { type StoredLsa, sameKey } from './lsa.js';
import type { AdvertisedPrefix } from './meaning.js';
import { SaidPrefix } from './said-prefix.js';
import { UNREACHABLE } from './spf/graph.js';
import { LOCAL_HOP, NO_HOPS } from './spf/hop-sets.js';
import { Constant } from './wire/index.js';

/** Kinds of paths, the preferred first (RFC 2328 §11). @internal */
export const PATH_TYPES = ['intra', 'inter', 'external-1', 'external-2'] as const;
/** @public */
export type OspfPathType = (typeof PATH_TYPES)[number];

/** What one LSA says of a destination. @internal */
export interface Advertisement extends Omit<AdvertisedPrefix, 'prefix'> {
  /** The instance that says so now. */
  lsa: StoredLsa;
  /** Undefined: it is of the whole AS. */
  readonly area: Area | undefined;
  /** How the destination is reached by it, as was last worked out; undefined: not at all. */
  way: Way | undefined;
}

/** How a prefix is reached by what one LSA says. Of externals that a router brings in many have the same, and share it. @internal */
export interface Way {
  readonly type: OspfPathType;
  /** Of type 2 externals: the way to the router that brings it in. */
  readonly cost: number;
  /** Metric of a type 2 external; 0 in others. */
  readonly externalCost: number;
  /** Number of a set of next hops. */
  readonly hops: number;
  /** The area that it goes through. */
  readonly area: Area | undefined;
  /** Of externals: inside the AS it stays in one area, which is not the backbone (§16.4.1). */
  readonly preferred: boolean;
}

/** What an LSA says of a destination that can be reached so. @internal */
export interface OspfPath extends Advertisement {
  way: Way;
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

/**
 * Externals looked at in one turn when the way to whoever brings them in changed: there may be a hundred thousand, and each may be a claim to
 * decide. In a process just started a turn of these takes some 5 ms.
 */
const SLICE = 400;

/**
 * The routing table (RFC 2328 §11, §16): what LSAs say of each prefix, and the ways that follow from it with the shortest paths as they
 * are. Who advertises what is indexed, so a change of one distance, or of one LSA, looks again at what hangs on it and at nothing
 * else.
 *
 * @internal
 */
export class RouteTable {
  readonly routes: Destinations;
  /** Numbers of destinations by who advertises: a vertex of an area, or a router for externals. */
  readonly #byVertex = new Map<Area, Map<VertexKey, Numbers>>();
  readonly #byBoundary = new Map<number, Numbers>();
  readonly #boundaries = new Map<number, Map<string, Boundary>>();
  /** Which boundary routers are reached by way of a border router. */
  readonly #viaBorder = new Map<number, Set<number>>();
  /** Externals whose packets go elsewhere than to their originator: they hang on other routes. */
  readonly #forwarded = new NumberSet();
  #dirty: OspfRoute[] = [];
  /** Nothing is said of these any more: they go when whoever hears of routes has heard of it. */
  #deserted: OspfRoute[] = [];
  /** Externals that are looked at a slice at a time: those of a boundary router that is reached in another way, and those that go elsewhere. */
  readonly #sweeps = new Map<number | 'forwarded', Sweep>();
  /** How many more of these this turn may look at. */
  #room = SLICE;
  /** By boundary router: forgotten when any distance to it changes. */
  readonly #reach = new Map<number, Reach | undefined>();

  /** What an external says now, and what it said before. */
  readonly #said = new ExternalSaying();
  readonly #saidBefore = new ExternalSaying();

  constructor(private readonly o: OspfInstance) {
    this.routes = new Destinations(o.dialect.family);
  }

  /** Numbers of the destinations that whoever hears of routes is told next: each once. */
  #news: number[] = [];

  // --- What LSAs say ---------------------------------------------------------------------------------------------------

  /** An LSA of links or networks, or a summary, advertises these prefixes from now on, and not those of the one before. */
  advertise(area: Area | undefined, lsa: StoredLsa, before: readonly AdvertisedPrefix[], after: readonly AdvertisedPrefix[]): void {
    if (before.length === after.length && before.every((one, i) => sameSaying(one, after[i]))) {
      // Nearly always another instance says the same of prefixes, which then are reached as before.
      let known = true;
      for (const { prefix } of after) known &&= this.#restate(this.routes.get(prefix), area, lsa);
      if (known) return;
    }
    for (const { prefix } of before) this.#silence(this.routes.get(prefix), area, lsa);
    for (const one of after) {
      const route = this.routes.take(...prefixWords(one.prefix.bytes), one.prefix.length);
      const known = saidBy(route, area, lsa);
      // One LSA may say a prefix twice: the lesser cost counts.
      if (!known || known.metric > one.metric) this.#say(route, known, new SaidPrefix(one, lsa, area));
    }
  }

  /** The same of an external, of which there are many: what it says is read where it stands. `before` is the instance before, or the same that ended. */
  external(area: Area | undefined, before: StoredLsa | undefined, lsa: StoredLsa): void {
    const { dialect } = this.o;
    const was = this.#saidBefore;
    const is = this.#said;
    const says = !lsa.ended && dialect.readExternal(lsa, is);
    if (before && dialect.readExternal(before, was) && !(says && is.isOf(was)))
      this.#silence(this.routes.find(was.a, was.b, was.c, was.d, was.length), area, lsa);
    if (!says) return;
    const route = this.routes.take(is.a, is.b, is.c, is.d, is.length);
    const known = saidBy(route, area, lsa);
    if (known && is.isAs(known)) this.#restate(route, area, lsa);
    else this.#say(route, known, is.by(lsa, area));
  }

  /** Another instance says the same. Whether there was one that did. */
  #restate(route: OspfRoute | undefined, area: Area | undefined, lsa: StoredLsa): boolean {
    const known = route && saidBy(route, area, lsa);
    if (!known) return false;
    known.lsa = lsa;
    this.#note(route);
    return true;
  }

  /** Its ways are others, or another instance says the same: whoever looks at instances looks again. */
  #note(route: OspfRoute): void {
    if (route.isNews) return;
    route.isNews = true;
    this.#news.push(route.number);
  }
  /** Another neighbour sent the very instance. */
  confirmed(lsa: StoredLsa): void {
    for (const number of this.#spokenOf(lsa)) {
      const route = this.routes.at(number);
      if (route) this.#note(route);
    }
  }
  /** Numbers of destinations that there is news of since it was last asked. */
  takeNews(): readonly number[] {
    const news = this.#news;
    if (news.length === 0) return news;
    this.#news = [];
    for (const number of news) {
      const route = this.routes.at(number);
      if (route) route.isNews = false;
    }
    return news;
  }

  /** In the place of what the LSA said before, if it said anything. */
  #say(route: OspfRoute, known: Advertisement | undefined, said: Advertisement): void {
    if (known) this.#silence(route, said.area, said.lsa);
    if (route.isDeserted) route.sayFirst(said);
    else route.advertisements = [...route.advertisements, said];
    this.#index(said, route);
    this.#spoil(route);
  }

  /** An LSA says nothing of a destination any more. */
  #silence(route: OspfRoute | undefined, area: Area | undefined, lsa: StoredLsa): void {
    const known = route && saidBy(route, area, lsa);
    if (!known) return;
    route.advertisements = route.advertisements.filter((other) => other !== known);
    this.#unindex(known, route);
    this.#spoil(route);
  }

  /** A destination is to be looked at again. */
  #spoil(route: OspfRoute | undefined): void {
    if (!route || route.isDirty) return;
    route.isDirty = true;
    this.#dirty.push(route);
  }

  #index({ area, kind, vertex, forwarding }: Advertisement, { number }: OspfRoute): void {
    if (forwarding) this.#forwarded.add(number);
    if (kind === 'external' || kind === 'nssa') add(this.#byBoundary, routerOfVertex(vertex) ?? 0, number);
    else if (area) {
      let ofArea = this.#byVertex.get(area);
      if (!ofArea) {
        ofArea = new Map();
        this.#byVertex.set(area, ofArea);
      }
      add(ofArea, vertex, number);
    }
  }

  #unindex({ area, kind, vertex }: Advertisement, { advertisements, number }: OspfRoute): void {
    for (const other of advertisements) {
      const external = other.kind === 'external' || other.kind === 'nssa';
      if (other.vertex === vertex && (external ? kind === 'external' || kind === 'nssa' : other.area === area)) return;
    }
    if (kind === 'external' || kind === 'nssa') remove(this.#byBoundary, routerOfVertex(vertex) ?? 0, number);
    else if (area) remove(this.#byVertex.get(area), vertex, number);
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

  /** Numbers of the destinations that an LSA speaks of. */
  #spokenOf(lsa: StoredLsa): number[] {
    const { o } = this;
    if (o.dialect.isExternal(lsa.lsType)) {
      const said = this.#said;
      const route = o.dialect.readExternal(lsa, said) && this.routes.find(said.a, said.b, said.c, said.d, said.length);
      return route ? [route.number] : [];
    }
    return (o.meaningOf(lsa)?.prefixes ?? []).flatMap(({ prefix }) => this.routes.get(prefix)?.number ?? []);
  }

  #boundaryMoved(router: number): void {
    this.#reach.delete(router);
    const routes = this.#byBoundary.get(router);
    if (routes !== undefined) this.#sweeps.set(router, { routes, from: 0 });
  }

  // --- What changed ----------------------------------------------------------------------------------------------------

  /** A turn begins. */
  begin(): void {
    this.#room = SLICE;
    if (this.#deserted.length === 0) return;
    for (const route of this.#deserted) {
      // Something may be said of it again, or it stands here twice.
      if (!route.isDeserted || route.isDirty || this.routes.at(route.number) !== route) continue;
      this.#forwarded.delete(route.number);
      this.routes.free(route);
    }
    this.#deserted = [];
  }

  /** Distances or next hops of these vertices changed. */
  moved(area: Area, vertices: Iterable<VertexKey>): void {
    const ofArea = this.#byVertex.get(area);
    for (const key of vertices) {
      for (const number of each(ofArea?.get(key) ?? [])) this.#spoil(this.routes.at(number));
      const router = routerOfVertex(key);
      if (router === undefined) continue;
      this.#boundaryMoved(router);
      for (const beyond of this.#viaBorder.get(router) ?? []) this.#boundaryMoved(beyond);
    }
  }

  /** A prefix is to be looked at again. */
  reconsider(key: RouteKey): void {
    this.#spoil(this.routes.ofKey(key));
  }

  /** Everything is to be looked at again: what kind of router we are changed. */
  invalidate(): void {
    this.#reach.clear();
    for (const route of this.routes.values()) if (route.advertisements.some(isInternal)) this.#spoil(route);
    for (const [router, routes] of this.#byBoundary) this.#sweeps.set(router, { routes, from: 0 });
  }

  /** Whether {@link calculate} has anything to do in this turn. */
  get isDirty(): boolean {
    return this.#dirty.length > 0 || (this.#sweeps.size > 0 && this.#room > 0);
  }
  /** Whether externals wait for another turn. */
  get isSweeping(): boolean {
    return this.#sweeps.size > 0;
  }

  /**
   * Brings the ways up to date: internal ones first, as externals may hang on them, then the externals that changed themselves (RFC 2328
   * §16.6), then as many of the others as there is room for. Returns the numbers of what changed.
   */
  calculate(): readonly number[] {
    const changed: number[] = [];
    let internalChanged = false;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const route of dirty) {
      route.isDirty = false;
      if (!isExternal(route) && this.#settle(route)) {
        this.#changed(route, changed);
        internalChanged = true;
      }
    }
    if (internalChanged && this.#forwarded.size > 0) this.#sweeps.set('forwarded', { routes: this.#forwarded, from: 0 });
    for (const route of dirty) if (isExternal(route) && this.#settle(route)) this.#changed(route, changed);
    this.#sweep(changed);
    return changed;
  }

  #changed(route: OspfRoute, changed: number[]): void {
    changed.push(route.number);
    this.#note(route);
  }

  #sweep(changed: number[]): void {
    for (const [of, sweep] of this.#sweeps) {
      for (; this.#room > 0; this.#room--) {
        const number = from(sweep.routes, sweep.from);
        if (number < 0) {
          this.#sweeps.delete(of);
          break;
        }
        sweep.from = number + 1;
        const route = this.routes.at(number);
        if (!route) continue;
        if (of === 'forwarded' && !route.advertisements.some(isForwarded)) this.#forwarded.delete(number);
        else if (this.#settle(route)) this.#changed(route, changed);
      }
      if (this.#room === 0) return;
    }
  }

  /** Brings the ways of one destination up to date. Whether they are others. */
  #settle(route: OspfRoute): boolean {
    const only = route.onlySaid;
    if (only) {
      // Nearly always: then what is said of it is what reaches it, or nothing does.
      const way = this.#way(route, only);
      const sameAsBefore = sameWay(way, only.way);
      only.way = way;
      return !(route.settleOnly(isReached(only) ? only : undefined) && sameAsBefore);
    }
    return this.#settleSeveral(route);
  }
  #settleSeveral(route: OspfRoute): boolean {
    const { advertisements, paths: before } = route;
    let same = true;
    for (const one of advertisements) {
      const way = this.#way(route, one);
      same &&= sameWay(way, one.way);
      one.way = way;
    }
    const paths = advertisements.filter(isReached).sort(comparePaths);
    same &&= paths.length === before.length && paths.every((path, i) => path === before[i]);
    route.paths = paths;
    if (advertisements.length === 0) this.#deserted.push(route);
    return !same;
  }

  // --- Ways (§16.1 to §16.4) -------------------------------------------------------------------------------------------

  #way(route: OspfRoute, advertisement: Advertisement): Way | undefined {
    const { kind, area, vertex, metric } = advertisement;
    if (kind === 'intra') {
      if (!area) return undefined;
      const distance = area.distance(vertex);
      if (distance >= UNREACHABLE) return undefined;
      return this.#wayOf('intra', distance + metric, 0, area.hops(vertex), area);
    }
    if (metric >= Constant.lsInfinity) return undefined;
    // Our own say what we know from elsewhere.
    if (routerOfVertex(vertex) === this.o.options.routerId) return undefined;
    if (kind === 'inter') {
      // §16.2: a border router looks at the backbone's summaries only.
      if (!area || (this.o.isBorderNow && !area.isBackbone)) return undefined;
      // Step 3: what is a range of ours that counts, we tell ourselves.
      if (this.o.border.ranges.any && this.o.border.ranges.active(route.key)) return undefined;
      const distance = area.distance(vertex);
      if (distance >= UNREACHABLE || !this.o.isBorder(area, routerOfVertex(vertex) ?? 0)) return undefined;
      return this.#wayOf('inter', distance + metric, 0, area.hops(vertex), area);
    }
    return this.#external(route, advertisement);
  }

  /** The way that was made last: of the next destination it is mostly the same. */
  #lastWay: Way = { type: 'intra', cost: 0, externalCost: 0, hops: NO_HOPS, area: undefined, preferred: false };

  #wayOf(type: OspfPathType, cost: number, externalCost: number, hops: number, area: Area | undefined, preferred = false): Way {
    const last = this.#lastWay;
    if (
      last.type === type &&
      last.cost === cost &&
      last.externalCost === externalCost &&
      last.hops === hops &&
      last.area === area &&
      last.preferred === preferred
    )
      return last;
    this.#lastWay = { type, cost, externalCost, hops, area, preferred };
    return this.#lastWay;
  }

  /** §16.4, RFC 3101 §2.5. */
  #external(route: OspfRoute, advertisement: Advertisement): Way | undefined {
    const { kind, area, vertex, metric, metricType, forwarding, propagate } = advertisement;
    const router = routerOfVertex(vertex) ?? 0;
    // RFC 3101 §2.5 step 3: a border router takes no default of an NSSA that is not to be translated (of border routers it is theirs), and none
    // of an NSSA whose only default is its own.
    if (kind === 'nssa' && route.length === 0 && this.o.isBorderNow && !(propagate && area?.options.summaries)) return undefined;
    const reach = kind === 'nssa' && area ? this.#reachIn(area, router) : this.reach(router);
    if (!reach) return undefined;
    let { type, cost, hops, area: through } = reach;
    if (forwarding) {
      const way = this.#towards(forwarding, kind === 'nssa' ? area : undefined);
      if (!way) return undefined;
      type = way.type === 'intra' ? 'intra' : 'inter';
      cost = way.cost;
      // On a link of ours it is next itself.
      const local = this.o.hopSets.get(way.hops).every((hop) => hop === LOCAL_HOP);
      hops = local ? (this.o.nextHops.onLink(forwarding) ?? reach.hops) : way.hops;
      through = way.area ?? through;
    }
    const preferred = type === 'intra' && !through.isBackbone;
    return metricType === 1
      ? this.#wayOf('external-1', cost + metric, 0, hops, through, preferred)
      : this.#wayOf('external-2', cost, metric, hops, through, preferred);
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
  #towards(address: Uint8Array, within: Area | undefined): Way | undefined {
    for (let length = address.length * 8; length >= 0; length--) {
      const bytes = maskBytes(address, length);
      const way = this.routes.get({ bytes, length })?.paths[0]?.way;
      if (!way) continue;
      if (way.type !== 'intra' && way.type !== 'inter') return undefined;
      if (within && (way.type !== 'intra' || way.area !== within)) return undefined;
      return way;
    }
    return undefined;
  }
}

function isInternal({ kind }: Advertisement): boolean {
  return kind === 'intra' || kind === 'inter';
}
/** Whether a destination is not, and was not, of the AS itself. */
function isExternal(route: OspfRoute): boolean {
  const said = route.onlySaid;
  if (said ? isInternal(said) : route.advertisements.some(isInternal)) return false;
  const path = route.onlyPath;
  return path ? isExternalPath(path) : route.paths.every(isExternalPath);
}
function isForwarded({ forwarding }: Advertisement): boolean {
  return forwarding !== undefined;
}

function better(x: Reach, y: Reach): boolean {
  if (x.area.isBackbone !== y.area.isBackbone) return !x.area.isBackbone;
  return x.cost !== y.cost ? x.cost < y.cost : x.area.id > y.area.id;
}

/** The order of preference (§11, §16.4 step 6). @internal */
export function comparePaths(x: OspfPath, y: OspfPath): number {
  const [one, other] = [x.way, y.way];
  if (one.type !== other.type) return PATH_TYPES.indexOf(one.type) - PATH_TYPES.indexOf(other.type);
  if (one.externalCost !== other.externalCost) return one.externalCost - other.externalCost;
  if (one.preferred !== other.preferred) return one.preferred ? -1 : 1;
  if (one.cost !== other.cost) return one.cost - other.cost;
  // RFC 3101 §2.5 step 6 (e): a type 7 that is to be translated, then a type 5.
  return rank(x) - rank(y);
}
function rank({ kind, propagate }: OspfPath): number {
  return kind === 'nssa' && propagate ? 0 : kind === 'external' ? 1 : 2;
}

/** The ways that tie for best. @internal */
export function best(route: OspfRoute): readonly OspfPath[] {
  const [first] = route.paths;
  return first ? route.paths.filter((path) => tie(path.way, first.way) && rank(path) === rank(first)) : [];
}
function tie(x: Way, y: Way): boolean {
  return x.type === y.type && x.cost === y.cost && x.externalCost === y.externalCost && x.preferred === y.preferred;
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

function isReached(one: Advertisement): one is OspfPath {
  return one.way !== undefined;
}
function isExternalPath({ way }: OspfPath): boolean {
  return way.type === 'external-1' || way.type === 'external-2';
}
function sameWay(x: Way | undefined, y: Way | undefined): boolean {
  return x === y || (x !== undefined && y !== undefined && tie(x, y) && x.hops === y.hops && x.area === y.area);
}

/** What an LSA, in whatever instance, says of a destination. */
function saidBy(route: OspfRoute, area: Area | undefined, lsa: StoredLsa): Advertisement | undefined {
  if (route.isDeserted) return undefined;
  const only = route.onlySaid;
  if (only) return only.area === area && sameKey(only.lsa, lsa) ? only : undefined;
  for (const one of route.advertisements) if (one.area === area && sameKey(one.lsa, lsa)) return one;
  return undefined;
}

/** Numbers of destinations. A vertex nearly always has but one, for which there is no set. */
type Numbers = number | NumberSet;

/** How far externals were looked at that are looked at a slice at a time. */
interface Sweep {
  readonly routes: Numbers;
  from: number;
}

function from(numbers: Numbers, least: number): number {
  if (typeof numbers !== 'number') return numbers.from(least);
  return numbers >= least ? numbers : -1;
}
function each(numbers: Numbers | readonly number[]): IterableIterator<number> {
  return typeof numbers === 'number' ? [numbers].values() : numbers.values();
}
function add<K>(index: Map<K, Numbers>, key: K, number: number): void {
  const known = index.get(key);
  if (known === undefined) index.set(key, number);
  else if (typeof known !== 'number') known.add(number);
  else if (known !== number) {
    const several = new NumberSet();
    several.add(known);
    several.add(number);
    index.set(key, several);
  }
}
function remove<K>(index: Map<K, Numbers> | undefined, key: K, number: number): void {
  const known = index?.get(key);
  if (known === number) index?.delete(key);
  if (known === undefined || typeof known === 'number') return;
  known.delete(number);
  if (known.size === 0) index?.delete(key);
}

/** Next hops that are none: the destination is ours. @internal */
export function isOurs({ hops }: Way): boolean {
  return hops === NO_HOPS;
}
