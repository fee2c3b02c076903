/**
 * The emulated link in a router: `attachment.ts` has its ports and interfaces, `claims.ts` the claims that guests make by ARP and Neighbour
 * Discovery, `vrrp.ts` those by VRRP; `bfd.ts` is BFD over frames, `router-links.ts` the cables between routers.
 */
export {};
