/**
 * Shortest paths (RFC 2328 §16.1), in columns: numbers for vertices, typed arrays for what is known of them, no objects on the way.
 *
 * `graph.ts` is an area's graph: what LSAs list, of which only the links that both ends list count. It notes each change of a cost.
 * `shortest-paths.ts` works from these notes: what hung on what got worse is found, and settled anew with what got better; beyond a
 * share of the vertices all is worked out anew. `vertex-heap.ts` is its queue. `hop-sets.ts` gives numbers to sets of next hops, so that equal-cost
 * paths cost no more than one, and comparing is comparing numbers.
 *
 * `../area.ts` turns LSAs into links and next hops into what routes have; `../backoff.ts` says when. Held against a plain Dijkstra on random graphs that
 * change (`test/ospf/shortest-paths.test.ts`); measured in `bench/ospf.ts`.
 *
 * Not done: paths by type of service, which RFC 2328 took out.
 */
export {};
