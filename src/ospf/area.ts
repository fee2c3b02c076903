import { Database } from './database.js';
import type { OspfInterface } from './interface.js';
import { type StoredLsa, sameKey } from './lsa.js';
import type { AreaOptions } from './options.js';
import { Graph, UNREACHABLE } from './spf/graph.js';
import type { HopSets } from './spf/hop-sets.js';
import { type FirstHops, ShortestPaths } from './spf/shortest-paths.js';

/** What names a vertex: `vertexOfRouter` and the version's name of a network. @internal */
export type VertexKey = number | string;

/** A link that an LSA lists: to which vertex, at what cost. @internal */
export interface ListedLink {
  readonly to: VertexKey;
  readonly kind: number;
  readonly cost: number;
}

/** An LSA that speaks for a vertex. */
interface Speaker {
  readonly lsa: StoredLsa;
  readonly links: readonly ListedLink[];
}

/** One area: its database, and the shortest paths through it. @internal */
export class Area {
  readonly database: Database;
  readonly interfaces = new Set<OspfInterface>();
  readonly graph = new Graph();
  readonly paths: ShortestPaths;
  readonly #vertices = new Map<VertexKey, number>();
  readonly keys: (VertexKey | undefined)[] = [];
  /** The LSAs that speak for a vertex: in OSPFv3 a router may have several. */
  readonly #speakers = new Map<VertexKey, Speaker[]>();
  /** The graph changed since the shortest paths were worked out. */
  stale = true;

  constructor(
    readonly options: AreaOptions,
    sets: HopSets,
    first: (area: Area) => FirstHops,
  ) {
    this.database = new Database('area', this);
    this.paths = new ShortestPaths(this.graph, sets, first(this));
  }

  get id(): number {
    return this.options.id;
  }
  get isBackbone(): boolean {
    return this.options.id === 0;
  }

  /** The number of a vertex, or -1. */
  find(key: VertexKey): number {
    return this.#vertices.get(key) ?? -1;
  }
  distance(key: VertexKey): number {
    const vertex = this.find(key);
    return vertex < 0 || vertex >= this.paths.distance.length ? UNREACHABLE : (this.paths.distance[vertex] ?? UNREACHABLE);
  }
  hops(key: VertexKey): number {
    const vertex = this.find(key);
    return vertex < 0 ? 0 : (this.paths.hops[vertex] ?? 0);
  }
  /** The LSAs that speak for a vertex. */
  speakers(key: VertexKey): Iterable<StoredLsa> {
    return (this.#speakers.get(key) ?? []).map(({ lsa }) => lsa);
  }

  /** An LSA lists these links of a vertex from now on; undefined when it is gone. */
  speak(key: VertexKey, kind: number, lsa: StoredLsa, links: readonly ListedLink[] | undefined): void {
    let speakers = this.#speakers.get(key);
    if (!speakers) {
      if (!links) return;
      speakers = [];
    }
    const known = speakers.find((speaker) => sameKey(speaker.lsa, lsa));
    const others = known ? speakers.filter((speaker) => speaker !== known) : speakers;
    // No larger than they are: nearly always there is one.
    speakers = links ? [...others, { lsa, links }] : others;
    this.#speakers.set(key, speakers);
    if (known && links && sameLinks(known.links, links)) return;
    const vertex = this.#vertex(key, kind);
    const before = this.graph.listed(vertex);
    if (speakers.length === 0) {
      this.#speakers.delete(key);
      this.graph.setLinks(vertex, undefined);
    } else {
      const all = speakers.flatMap((speaker) => speaker.links);
      const pairs = new Int32Array(all.length * 2);
      for (const [i, link] of all.entries()) {
        pairs[2 * i] = this.#vertex(link.to, link.kind);
        pairs[2 * i + 1] = link.cost;
      }
      this.graph.setLinks(vertex, pairs);
    }
    for (const other of new Set([vertex, ...before])) this.#tidy(other);
    this.stale = true;
  }

  #vertex(key: VertexKey, kind: number): number {
    let vertex = this.#vertices.get(key);
    if (vertex === undefined) {
      vertex = this.graph.add(kind);
      this.#vertices.set(key, vertex);
      this.keys[vertex] = key;
    }
    return vertex;
  }

  /** Forgets a vertex that nothing is known of. Its number goes to another only once the paths have taken note. */
  #tidy(vertex: number): void {
    const key = this.keys[vertex];
    if (key === undefined || !this.graph.unused(vertex)) return;
    if (this.#vertices.get(key) !== vertex) return;
    this.#forgotten.push(vertex);
    this.#vertices.delete(key);
  }
  readonly #forgotten: number[] = [];

  /** Numbers of vertices that are gone wait for the next calculation, to be given to others. */
  get isUntidy(): boolean {
    return this.#forgotten.length > 0;
  }

  /** Brings the shortest paths up to date, and says whose distance or next hops changed. */
  calculate(root: VertexKey): Set<VertexKey> {
    this.stale = false;
    const { paths } = this;
    paths.update(this.find(root));
    const changed = new Set<VertexKey>();
    for (let i = 0; i < paths.changedCount; i++) {
      const key = this.keys[paths.changed[i] ?? -1];
      if (key !== undefined) changed.add(key);
    }
    for (const vertex of this.#forgotten.splice(0)) {
      this.keys[vertex] = undefined;
      this.graph.release(vertex);
    }
    return changed;
  }
}

function sameLinks(x: readonly ListedLink[], y: readonly ListedLink[]): boolean {
  return x.length === y.length && x.every((link, i) => link.to === y[i]?.to && link.cost === y[i]?.cost);
}
