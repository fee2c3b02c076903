/**
 * Each protocol's introduction to the router. A protocol's engine knows neither networks nor claims nor the other protocols; what is here knows
 * both sides, turns what the engine hears into claims of a node, and tells the engine what the network decides. Protocols meet nowhere else.
 *
 * BGP: `bgp.ts` has the neighbours, ranges and listeners, `attempts.ts` counts who dials too often, `bgp-neighbour.ts` joins a session with
 * the network, on the terms of its configuration (`neighbour-terms.ts`). `outbound.ts` is what the session is told: claims, and by
 * `local-announcements.ts` what the router announces by itself (`local-routes.ts`); `verdict-echo.ts` is what it hears of its own claims.
 * `neighbour-absence.ts` is what becomes of these once it has no session, `retained-claims.ts` keeps them through its restart.
 * `bgp-surroundings.ts` is what all of them need of their router.
 *
 * BFD: `neighbour-watch.ts` ends a session by it, `node-watch.ts` watches a holder that speaks nothing else, `link-bfd.ts` is BFD over frames.
 *
 * OSPF: `ospf.ts` has the instances, `ospf-speaker.ts` is one, `ospf-claims.ts` makes routes into claims, `ospf-export.ts` tells guests what others hold.
 *
 * The link: `link.ts` has ports and interfaces, `link-claims.ts` the claims by ARP and Neighbour Discovery, `vrrp.ts` those by VRRP,
 * `router-links.ts` the cables between routers. `rtr.ts` brings the RPKI.
 *
 * What is not done is said where the protocol is, and in `../index.ts`.
 */
export {};
