/**
 * Each protocol's introduction to the router, a folder each: `bgp/`, `ospf/`, `link/` (frames: ports, ARP, Neighbour Discovery, VRRP, BFD over
 * them). `rtr.ts` brings the RPKI. `neighbour-watch.ts` has BFD watch whoever speaks, `node-watch.ts` a holder that speaks nothing else;
 * `remains.ts` keeps what one said on a link that fell silent, while the guard holds it.
 *
 * A protocol's engine knows neither networks nor claims nor the other protocols; what is here knows both sides, turns what the engine hears
 * into claims of a node, and tells the engine what the network decides. Protocols meet nowhere else.
 *
 * What is not done is said where the protocol is, and in `../index.ts`.
 */
export {};
