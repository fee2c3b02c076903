import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Graph, UNREACHABLE, VertexKind } from '../../src/ospf/spf/graph.js';
import { HopSets } from '../../src/ospf/spf/hop-sets.js';
import { ShortestPaths } from '../../src/ospf/spf/shortest-paths.js';

/** Distances and first hops by the book: every vertex asks its neighbours until nothing changes. */
function byRelaxation(links: ReadonlyMap<number, readonly number[]>, kinds: readonly number[], root: number) {
  const cost = (from: number, to: number): number => {
    const listed = links.get(from) ?? [];
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < listed.length; i += 2) if (listed[i] === to) least = Math.min(least, listed[i + 1] ?? 0);
    return least;
  };
  const edge = (from: number, to: number): number =>
    from !== to && cost(to, from) < Number.POSITIVE_INFINITY ? cost(from, to) : Number.POSITIVE_INFINITY;
  const all = [...kinds.keys()];
  const distance = kinds.map((_, vertex) => (vertex === root ? 0 : Number.POSITIVE_INFINITY));
  for (let again = true; again; ) {
    again = false;
    for (const from of all)
      for (const to of all)
        if ((distance[from] ?? 0) + edge(from, to) < (distance[to] ?? 0)) {
          distance[to] = (distance[from] ?? 0) + edge(from, to);
          again = true;
        }
  }
  // A first hop is a router next to the root, or next to a network of the root's: `1000 + router`, `2000 + 100 * network + router`.
  const hops = all.map(() => new Set<number>());
  const near = (vertex: number): boolean => edge(root, vertex) === distance[vertex];
  for (let again = true; again; ) {
    again = false;
    for (const from of all)
      for (const to of all) {
        if (to === root || distance[to] === Number.POSITIVE_INFINITY || (distance[from] ?? 0) + edge(from, to) !== distance[to]) continue;
        const set = hops[to] ?? new Set();
        const size = set.size;
        if (from === root) set.add(kinds[to] === VertexKind.network ? 0 : 1000 + to);
        else
          for (const hop of hops[from] ?? []) {
            if (hop === 0 && kinds[from] === VertexKind.network && near(from)) set.add(2000 + 100 * from + to);
            else if (hop !== 0) set.add(hop);
          }
        if (set.size !== size) again = true;
      }
  }
  return {
    distance: distance.map((d) => (d === Number.POSITIVE_INFINITY ? UNREACHABLE : d)),
    hops: hops.map((set) => [...set].sort((x, y) => x - y)),
  };
}

/** A router (1) loses the link that it was reached by, and in the same turn the cost from it to what hung on it (6) is less. */
const LOST_AND_NEARER: { vertex: number; links: [number, number][] | undefined }[][] = [
  [
    { vertex: 0, links: [[7, 1]] },
    {
      vertex: 7,
      links: [
        [0, 1],
        [1, 1],
      ],
    },
  ],
  [
    {
      vertex: 1,
      links: [
        [6, 2],
        [7, 1],
      ],
    },
    { vertex: 6, links: [[1, 1]] },
  ],
  [{ vertex: 1, links: [[6, 1]] }],
];

test('after any changes of links, what is amended is what is worked out by relaxation', () => {
  const vertices = 9;
  let amended = 0;
  const change = fc.record({
    vertex: fc.nat(vertices - 1),
    links: fc.option(fc.array(fc.tuple(fc.nat(vertices - 1), fc.integer({ min: 1, max: 4 })), { maxLength: 6 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 25 }), (rounds) => {
      const graph = new Graph();
      const sets = new HopSets();
      const kinds = Array.from({ length: vertices }, (_, i) => (i >= 6 ? VertexKind.network : VertexKind.router));
      for (const kind of kinds) graph.add(kind);
      const paths = new ShortestPaths(graph, sets, {
        direct: (router) => sets.of([1000 + router]),
        across: (network, router) => sets.of([2000 + 100 * network + router]),
      });
      const links = new Map<number, number[]>();
      for (const round of rounds) {
        for (const { vertex, links: listed } of round) {
          // Networks lead to routers only, at no cost.
          const isNetwork = kinds[vertex] === VertexKind.network;
          const pairs = listed?.filter(([to]) => !isNetwork || to < 6).flatMap(([to, cost]) => [to, isNetwork ? 0 : cost]);
          if (pairs) links.set(vertex, pairs);
          else links.delete(vertex);
          graph.setLinks(vertex, pairs && Int32Array.from(pairs));
        }
        const before = { distance: paths.distance.slice(), hops: paths.hops.slice() };
        paths.update(0);
        const expected = byRelaxation(links, kinds, 0);
        expect(Array.from(paths.distance.subarray(0, vertices))).toEqual(expected.distance);
        expect(Array.from(paths.hops.subarray(0, vertices), (set) => [...sets.get(set)])).toEqual(expected.hops);
        // It says of each vertex that changed that it did, and of no other.
        const changed = Array.from(paths.changed.subarray(0, paths.changedCount)).sort((x, y) => x - y);
        const differs = kinds.flatMap((_, vertex) =>
          (before.distance[vertex] ?? UNREACHABLE) !== paths.distance[vertex] || (before.hops[vertex] ?? 0) !== paths.hops[vertex]
            ? [vertex]
            : [],
        );
        expect(changed).toEqual(differs);
      }
      amended += paths.incremental;
    }),
    { numRuns: 120, seed: 5, examples: [[LOST_AND_NEARER]] },
  );
  expect(amended).toBeGreaterThan(500);
});
