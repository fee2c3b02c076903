import { roomFor, widen } from '../../lib/columns.js';

/** A distance, or a cost, that is none. Twice it, and one more, still fits 31 bits. @internal */
export const UNREACHABLE = 0x3fff_ffff;

/** What a vertex stands for. Of two at one distance the network comes first: the cost from it to its routers is zero. @internal */
export const VertexKind = { network: 0, router: 1 } as const;

/**
 * The link-state graph of one area, in columns: vertices are routers and transit networks, each with the links that its own LSA
 * lists. What the shortest paths see is the links that both ends list (RFC 2328 §16.1 step 2b), so each adjacency has a cost out and
 * a cost back, and who leads to a vertex is found where it leads to.
 *
 * Every change of a cost is noted, and a `ShortestPaths` works from these notes.
 *
 * @internal
 */
export class Graph {
  /** One past the largest vertex in use. */
  limit = 0;
  #room = 0;
  readonly #free: number[] = [];
  kind = new Uint8Array(0);
  /** A vertex's adjacencies are the slots `[start, start + count)`. */
  start = new Int32Array(0);
  count = new Int32Array(0);
  #slots = new Int32Array(0);

  /** By slot: the neighbour, the cost to it, and the cost from it. */
  to = new Int32Array(0);
  out = new Int32Array(0);
  back = new Int32Array(0);
  #slotLimit = 0;
  #slotWaste = 0;

  /** Links as the vertex's own LSA lists them: pairs of vertex and cost. */
  readonly #listed: (Int32Array | undefined)[] = [];
  /** How many listed links lead to a vertex. */
  #references = new Int32Array(0);
  /** Scratch: by vertex, least cost listed. */
  #least = new Int32Array(0);

  /** Costs that changed since they were last taken: `from[i]` to `into[i]`, and what each was before. */
  from = new Int32Array(64);
  into = new Int32Array(64);
  before = new Int32Array(64);
  changes = 0;
  /** Links of cost zero that lead out of routers: RFC 2328 §9.5 forbids them, and only a whole calculation is right with them. */
  freeLinks = 0;

  /** A new vertex. */
  add(kind: number): number {
    const vertex = this.#free.pop() ?? this.limit++;
    if (vertex >= this.#room) this.#widen(vertex + 1);
    this.kind[vertex] = kind;
    this.start[vertex] = 0;
    this.count[vertex] = 0;
    this.#slots[vertex] = 0;
    this.#references[vertex] = 0;
    this.#listed[vertex] = undefined;
    return vertex;
  }

  /** Whether nothing is known of a vertex, and nobody lists it: its number may be given back. */
  unused(vertex: number): boolean {
    return this.#listed[vertex] === undefined && this.#references[vertex] === 0;
  }
  /** Gives a vertex's number to another one. */
  release(vertex: number): undefined {
    this.#slotWaste += this.#slots[vertex];
    this.#slots[vertex] = 0;
    this.#free.push(vertex);
  }
  /** Whether a vertex's own links are known. */
  known(vertex: number): boolean {
    return this.#listed[vertex] !== undefined;
  }
  /** The vertices that a vertex lists. */
  listed(vertex: number): number[] {
    const links = this.#listed[vertex] ?? new Int32Array(0);
    return Array.from({ length: links.length / 2 }, (_, i) => links[2 * i]);
  }

  /**
   * The links that a vertex lists from now on, as pairs of vertex and cost; undefined when its LSA is gone. `UNREACHABLE` is the cost of
   * a link that is there but must not be used.
   */
  setLinks(vertex: number, links: Int32Array | undefined): undefined {
    const least = this.#least;
    const before = this.#listed[vertex];
    if (before) {
      for (let i = 0; i < before.length; i += 2) {
        this.#references[before[i]]--;
        if (this.#isFree(vertex, before[i + 1])) this.freeLinks--;
      }
    }
    this.#listed[vertex] = links;
    const neighbours: number[] = [];
    if (links) {
      for (let i = 0; i < links.length; i += 2) {
        const to = links[i];
        this.#references[to]++;
        if (this.#isFree(vertex, links[i + 1])) this.freeLinks++;
        if (to === vertex) continue;
        if (least[to] < 0) neighbours.push(to);
        if (least[to] < 0 || links[i + 1] < least[to]) least[to] = links[i + 1];
      }
    }
    // What both list stays or comes; the rest goes.
    const first = this.start[vertex];
    for (let i = 0; i < this.count[vertex]; ) {
      const to = this.to[first + i];
      const cost = least[to];
      if (cost >= 0) {
        this.#alter(vertex, first + i, cost);
        least[to] = -1;
        i++;
        continue;
      }
      this.#note(vertex, to, this.out[first + i]);
      this.#note(to, vertex, this.back[first + i]);
      this.#drop(to, this.#slotOf(to, vertex));
      this.#drop(vertex, first + i);
    }
    for (const to of neighbours) {
      const cost = least[to];
      least[to] = -1;
      if (cost < 0) continue;
      const back = this.#listedCost(to, vertex);
      if (back < 0) continue;
      this.#connect(vertex, to, cost, back);
      this.#connect(to, vertex, back, cost);
      this.#note(vertex, to, UNREACHABLE);
      this.#note(to, vertex, UNREACHABLE);
    }
  }

  #isFree(vertex: number, cost: number): boolean {
    return cost === 0 && this.kind[vertex] === VertexKind.router;
  }

  #alter(vertex: number, slot: number, cost: number): undefined {
    if (this.out[slot] === cost) return;
    const to = this.to[slot];
    this.#note(vertex, to, this.out[slot]);
    this.out[slot] = cost;
    this.back[this.#slotOf(to, vertex)] = cost;
  }

  #listedCost(vertex: number, to: number): number {
    const links = this.#listed[vertex];
    let least = -1;
    if (links) for (let i = 0; i < links.length; i += 2) if (links[i] === to && (least < 0 || links[i + 1] < least)) least = links[i + 1];
    return least;
  }

  #slotOf(vertex: number, to: number): number {
    let slot = this.start[vertex];
    while (this.to[slot] !== to) slot++;
    return slot;
  }

  #drop(vertex: number, slot: number): undefined {
    const last = this.start[vertex] + --this.count[vertex];
    this.to[slot] = this.to[last];
    this.out[slot] = this.out[last];
    this.back[slot] = this.back[last];
  }

  #connect(vertex: number, to: number, out: number, back: number): undefined {
    if (this.count[vertex] === this.#slots[vertex]) this.#enlarge(vertex);
    const slot = this.start[vertex] + this.count[vertex]++;
    this.to[slot] = to;
    this.out[slot] = out;
    this.back[slot] = back;
  }

  /** Moves a vertex's slots to where there is room for twice as many. */
  #enlarge(vertex: number): undefined {
    const room = Math.max(4, this.#slots[vertex] * 2);
    if (this.#slotLimit + room > this.to.length) {
      if (this.#slotWaste * 2 > this.#slotLimit) this.#compact();
      const slots = roomFor(this.#slotLimit + room, this.to.length);
      this.to = widen(this.to, slots);
      this.out = widen(this.out, slots);
      this.back = widen(this.back, slots);
    }
    const from = this.start[vertex];
    const into = this.#slotLimit;
    const stop = from + this.count[vertex];
    this.to.copyWithin(into, from, stop);
    this.out.copyWithin(into, from, stop);
    this.back.copyWithin(into, from, stop);
    this.#slotWaste += this.#slots[vertex];
    this.#slotLimit += room;
    this.start[vertex] = into;
    this.#slots[vertex] = room;
  }

  #compact(): undefined {
    const order = Array.from({ length: this.limit }, (_, vertex) => vertex)
      .filter((vertex) => this.#slots[vertex] > 0)
      .sort((x, y) => this.start[x] - this.start[y]);
    let at = 0;
    for (const vertex of order) {
      const from = this.start[vertex];
      const stop = from + this.count[vertex];
      this.to.copyWithin(at, from, stop);
      this.out.copyWithin(at, from, stop);
      this.back.copyWithin(at, from, stop);
      this.start[vertex] = at;
      at += this.#slots[vertex];
    }
    this.#slotLimit = at;
    this.#slotWaste = 0;
  }

  #note(from: number, to: number, before: number): undefined {
    if (this.changes === this.from.length) {
      const room = this.changes * 2;
      this.from = widen(this.from, room);
      this.into = widen(this.into, room);
      this.before = widen(this.before, room);
    }
    this.from[this.changes] = from;
    this.into[this.changes] = to;
    this.before[this.changes++] = before;
  }

  #widen(vertices: number): undefined {
    const room = roomFor(vertices, this.#room);
    this.kind = widen(this.kind, room);
    this.start = widen(this.start, room);
    this.count = widen(this.count, room);
    this.#slots = widen(this.#slots, room);
    this.#references = widen(this.#references, room);
    const least = new Int32Array(room).fill(-1);
    this.#least = least;
    this.#room = room;
  }
}
