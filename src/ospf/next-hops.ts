import { contains } from '../lib/prefix.js';
import type { Area, VertexKey } from './area.js';
import { routerOfVertex } from './dialect.js';
import type { OspfInstance } from './instance.js';
import type { OspfInterface } from './interface.js';
import { LOCAL_HOP } from './spf/hop-sets.js';
import type { FirstHops } from './spf/shortest-paths.js';

/** A next hop: a neighbour at an interface. @internal */
export interface Hop {
  readonly interface: OspfInterface;
  readonly routerId: number;
}

/** Our neighbours as next hops, under numbers that stay theirs (RFC 2328 §16.1.1). @internal */
export class NextHops {
  readonly #hops: (Hop | undefined)[] = [undefined];
  readonly #numbers = new Map<string, number>();

  constructor(private readonly o: OspfInstance) {}

  get(number: number): Hop | undefined {
    return this.#hops[number];
  }

  #number(one: OspfInterface, routerId: number): number {
    const key = `${routerId}/${one.options.name}`;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = Math.max(this.#hops.length, LOCAL_HOP + 1);
      this.#numbers.set(key, number);
    }
    this.#hops[number] = { interface: one, routerId };
    return number;
  }

  /** The set of next hops that an address on one of our own links is; undefined where nobody that we know has it. */
  onLink(address: Uint8Array): number | undefined {
    const { interfaces, dialect, hopSets } = this.o;
    for (const one of interfaces.values()) {
      if (!one.isUp || !one.options.prefixes.some(({ bytes, length }) => contains({ family: dialect.family, bytes, length }, address)))
        continue;
      for (const neighbour of one.neighbours.values())
        if (one.options.type === 'point-to-point' || neighbour.address.join() === address.join())
          return hopSets.of([this.#number(one, neighbour.routerId)]);
    }
    return undefined;
  }

  /** How the neighbours in an area are reached. */
  firstIn(area: Area): FirstHops {
    const { hopSets, dialect } = this.o;
    const routerOf = (vertex: number): number => routerOfVertex(area.keys[vertex] ?? '') ?? 0;
    return {
      direct: (vertex) => {
        const router = routerOf(vertex);
        let least = Number.POSITIVE_INFINITY;
        let hops: number[] = [];
        for (const one of area.interfaces) {
          if (one.elects) continue;
          for (const neighbour of one.neighbours.values()) {
            if (neighbour.routerId !== router || !neighbour.isFull || one.options.cost > least) continue;
            if (one.options.cost < least) hops = [];
            least = one.options.cost;
            hops.push(this.#number(one, router));
          }
        }
        return hopSets.of(hops);
      },
      across: (network, vertex) => {
        const key: VertexKey | undefined = area.keys[network];
        const hops: number[] = [];
        for (const one of area.interfaces)
          if (one.elects && one.isUp && one.designatedRouter !== 0 && dialect.networkOf(one) === key)
            hops.push(this.#number(one, routerOf(vertex)));
        return hopSets.of(hops);
      },
    };
  }
}
