import { roomFor, widen } from '../../lib/columns.js';
import { type Graph, UNREACHABLE, VertexKind } from './graph.js';
import { type HopSets, LOCAL_HOP, NO_HOPS } from './hop-sets.js';
import { VertexHeap } from './vertex-heap.js';

/** How the root's own neighbours are reached: numbers of sets of next hops. @internal */
export interface FirstHops {
  /** To a router at the other end of a link of ours. */
  direct(router: number): number;
  /** To a router on a network that one of our interfaces is on. */
  across(network: number, router: number): number;
}

/** More changes than this share of the vertices are worked out anew altogether. */
const MANY = 4;

/**
 * The shortest paths from one root through a {@link Graph}, with all next hops of equal cost (RFC 2328 §16.1), worked out anew or from
 * what changed in the graph: vertices whose distance hung on what got worse are found first (in order of distance, so each looks only at
 * nearer ones), they and what got better are settled as Dijkstra does, and next hops are carried on as far as they differ.
 *
 * @internal
 */
export class ShortestPaths {
  distance = new Int32Array(0);
  /** By vertex: number of its set of next hops. */
  hops = new Int32Array(0);
  /** Vertices whose distance or next hops the last calculation changed. */
  changed = new Int32Array(64);
  changedCount = 0;
  /** Calculations so far. */
  full = 0;
  incremental = 0;

  readonly #heap = new VertexHeap();
  #settled = new Int32Array(0);
  #oldDistance = new Int32Array(0);
  #oldHops = new Int32Array(0);
  /** Scratch marks: the vertex lost its support; its old distance stands in `#oldDistance`. */
  #lost = new Uint8Array(0);
  #moved = new Uint8Array(0);
  readonly #lostList: number[] = [];
  readonly #movedList: number[] = [];
  #everything = true;
  #root = -1;

  constructor(
    readonly graph: Graph,
    readonly sets: HopSets,
    private readonly first: FirstHops,
  ) {}

  /** The root moved, or how its neighbours are reached did: the next calculation is a whole one. */
  invalidate(): void {
    this.#everything = true;
  }

  /** Whether the next calculation is a whole one. */
  get whole(): boolean {
    return this.#everything;
  }

  /** Brings distances and next hops up to date with the graph. What changed stands in {@link ShortestPaths.changed}. */
  update(root: number): void {
    const { graph } = this;
    this.#widen();
    this.changedCount = 0;
    if (this.#everything || root !== this.#root || graph.freeLinks > 0 || graph.changes * MANY > graph.limit + 64) this.#calculate(root);
    else this.#amend(root);
    graph.changes = 0;
  }

  #calculate(root: number): void {
    const { graph, distance, hops } = this;
    const heap = this.#heap;
    const { limit, kind, start, count, to, out } = graph;
    this.full++;
    this.#everything = false;
    this.#root = root;
    this.#oldDistance.set(distance.subarray(0, limit));
    this.#oldHops.set(hops.subarray(0, limit));
    distance.fill(UNREACHABLE, 0, limit);
    hops.fill(NO_HOPS, 0, limit);
    let settled = 0;
    if (root >= 0) {
      distance[root] = 0;
      heap.put(root, 0);
    }
    for (let vertex = heap.take(); vertex >= 0; vertex = heap.take()) {
      this.#settled[settled++] = vertex;
      const near = distance[vertex];
      const stop = start[vertex] + count[vertex];
      for (let slot = start[vertex]; slot < stop; slot++) {
        const next = to[slot];
        const far = near + out[slot];
        if (far < distance[next]) {
          distance[next] = far;
          heap.put(next, far * 2 + kind[next]);
        }
      }
    }
    // In order of distance, who leads to a vertex is known before it. With links of cost zero that takes several rounds.
    for (let round = 0, again = true; again && round <= settled; round++) {
      again = false;
      for (let i = 0; i < settled; i++) {
        const vertex = this.#settled[i];
        const set = this.#hopsOf(vertex);
        if (hops[vertex] === set) continue;
        hops[vertex] = set;
        again = graph.freeLinks > 0;
      }
    }
    for (let vertex = 0; vertex < limit; vertex++)
      if (distance[vertex] !== this.#oldDistance[vertex] || hops[vertex] !== this.#oldHops[vertex]) this.#tell(vertex);
  }

  /** Next hops of a vertex: of all that lead to it on shortest paths. */
  #hopsOf(vertex: number): number {
    const { graph, distance, hops, sets } = this;
    const root = this.#root;
    const own = distance[vertex];
    if (own >= UNREACHABLE || vertex === root) return NO_HOPS;
    let set = NO_HOPS;
    const stop = graph.start[vertex] + graph.count[vertex];
    for (let slot = graph.start[vertex]; slot < stop; slot++) {
      const before = graph.to[slot];
      if (distance[before] + graph.back[slot] !== own) continue;
      if (before === root) {
        set = sets.union(set, graph.kind[vertex] === VertexKind.network ? this.#local : this.first.direct(vertex));
      } else if (graph.kind[before] === VertexKind.network && sets.isLocal(hops[before])) {
        set = sets.union(set, this.first.across(before, vertex));
        if (sets.get(hops[before]).length > 1) set = sets.union(set, sets.of(sets.get(hops[before]).slice(1)));
      } else set = sets.union(set, hops[before]);
    }
    return set;
  }
  get #local(): number {
    return this.sets.of([LOCAL_HOP]);
  }

  #amend(root: number): void {
    const { graph, distance, hops } = this;
    const heap = this.#heap;
    const { kind, start, count, to, out, back } = graph;
    const lost = this.#lost;
    this.incremental++;
    // 1. What got worse: who has nobody left that leads to it at its distance.
    for (let i = 0; i < graph.changes; i++) {
      const vertex = graph.into[i];
      const near = distance[graph.from[i]];
      // Also where the cost is less now: who leads here may itself be lost.
      if (near < UNREACHABLE && near + graph.before[i] === distance[vertex]) heap.put(vertex, distance[vertex] * 2 + kind[vertex]);
    }
    for (let vertex = heap.take(); vertex >= 0; vertex = heap.take()) {
      if (vertex === root || lost[vertex] !== 0) continue;
      const own = distance[vertex];
      const stop = start[vertex] + count[vertex];
      let held = false;
      for (let slot = start[vertex]; slot < stop && !held; slot++) held = lost[to[slot]] === 0 && distance[to[slot]] + back[slot] <= own;
      if (held) continue;
      lost[vertex] = 1;
      this.#lostList.push(vertex);
      for (let slot = start[vertex]; slot < stop; slot++) {
        const next = to[slot];
        if (lost[next] === 0 && own + out[slot] === distance[next] && own < UNREACHABLE) heap.put(next, distance[next] * 2 + kind[next]);
      }
    }
    // 2. Their distance by way of those that keep theirs, and what got better.
    for (const vertex of this.#lostList) this.#keep(vertex);
    for (const vertex of this.#lostList) {
      let best = UNREACHABLE;
      const stop = start[vertex] + count[vertex];
      for (let slot = start[vertex]; slot < stop; slot++) if (lost[to[slot]] === 0) best = Math.min(best, distance[to[slot]] + back[slot]);
      this.#oldDistance[vertex] = distance[vertex];
      distance[vertex] = Math.min(best, UNREACHABLE);
    }
    for (const vertex of this.#lostList) if (distance[vertex] < UNREACHABLE) heap.put(vertex, distance[vertex] * 2 + kind[vertex]);
    for (let i = 0; i < graph.changes; i++) {
      const vertex = graph.from[i];
      if (lost[vertex] !== 0 || distance[vertex] >= UNREACHABLE) continue;
      const slot = this.#slotOf(vertex, graph.into[i]);
      if (slot >= 0) this.#relax(graph.into[i], distance[vertex] + out[slot]);
    }
    for (let vertex = heap.take(); vertex >= 0; vertex = heap.take()) {
      const near = distance[vertex];
      const stop = start[vertex] + count[vertex];
      for (let slot = start[vertex]; slot < stop; slot++) this.#relax(to[slot], near + out[slot]);
    }
    // 3. Next hops, as far as they differ.
    for (let i = 0; i < graph.changes; i++) this.#reconsider(graph.into[i]);
    for (const vertex of this.#movedList) {
      this.#reconsider(vertex);
      const stop = start[vertex] + count[vertex];
      for (let slot = start[vertex]; slot < stop; slot++) this.#reconsider(to[slot]);
    }
    for (let vertex = heap.take(); vertex >= 0; vertex = heap.take()) {
      const set = this.#hopsOf(vertex);
      const same = set === hops[vertex];
      if (!same) {
        hops[vertex] = set;
        const own = distance[vertex];
        const stop = start[vertex] + count[vertex];
        for (let slot = start[vertex]; slot < stop; slot++)
          if (own < UNREACHABLE && own + out[slot] === distance[to[slot]]) this.#reconsider(to[slot]);
      }
      if (this.#moved[vertex] !== 0 ? distance[vertex] !== this.#oldDistance[vertex] || !same : !same) this.#tell(vertex);
    }
    for (const vertex of this.#lostList) lost[vertex] = 0;
    for (const vertex of this.#movedList) this.#moved[vertex] = 0;
    this.#lostList.length = 0;
    this.#movedList.length = 0;
  }

  #slotOf(vertex: number, to: number): number {
    const stop = this.graph.start[vertex] + this.graph.count[vertex];
    for (let slot = this.graph.start[vertex]; slot < stop; slot++) if (this.graph.to[slot] === to) return slot;
    return -1;
  }

  #relax(vertex: number, far: number): void {
    if (far >= this.distance[vertex]) return;
    this.#keep(vertex);
    this.distance[vertex] = far;
    this.#heap.put(vertex, far * 2 + this.graph.kind[vertex]);
  }

  /** Remembers a distance before it changes. */
  #keep(vertex: number): void {
    if (this.#moved[vertex] !== 0) return;
    this.#moved[vertex] = 1;
    this.#movedList.push(vertex);
    this.#oldDistance[vertex] = this.distance[vertex];
  }

  #reconsider(vertex: number): void {
    this.#heap.put(vertex, this.distance[vertex] * 2 + this.graph.kind[vertex]);
  }

  #tell(vertex: number): void {
    if (this.changedCount === this.changed.length) this.changed = widen(this.changed, this.changedCount * 2);
    this.changed[this.changedCount++] = vertex;
  }

  #widen(): void {
    const before = this.distance.length;
    if (this.graph.limit <= before) return;
    const room = roomFor(this.graph.limit, before);
    this.distance = widen(this.distance, room).fill(UNREACHABLE, before);
    this.hops = widen(this.hops, room);
    this.#settled = widen(this.#settled, room);
    this.#oldDistance = widen(this.#oldDistance, room);
    this.#oldHops = widen(this.#oldHops, room);
    this.#lost = widen(this.#lost, room);
    this.#moved = widen(this.#moved, room);
    this.#heap.reserve(room);
  }
}
