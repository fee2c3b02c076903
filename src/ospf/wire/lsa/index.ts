/**
 * The bodies of LSAs, a file for each type in both versions: `router.ts`, `network.ts`, `summary.ts` (of networks and of border routers; OSPFv3's
 * inter-area LSAs), `external.ts` (type 7 too), `link.ts` (OSPFv3's link and intra-area-prefix LSAs), `opaque.ts`, `grace.ts`. `row.ts` says what there is to know of a
 * type, and `table.ts` lists all: adding one is a file and a line there.
 *
 * RFCs: 2328 A.4, 3101, 3623, 5187, 5250, 5340 A.4. Not done: see `../index.ts`.
 */
export {};
