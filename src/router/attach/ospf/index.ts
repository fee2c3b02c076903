/**
 * OSPF in a router: `attachment.ts` has the instances, `speaker.ts` is one, `claims.ts` makes routes into claims, `export.ts` tells guests what
 * others hold, `watches.ts` has BFD end an adjacency.
 */
export {};
