/**
 * BGP in a router: `attachment.ts` has the neighbours, ranges and listeners, `attempts.ts` counts who dials too often, `neighbour.ts` joins a
 * session with the network, on the terms of its configuration (`terms.ts`). `outbound.ts` is what the session is
 * told: claims, and by `local-announcements.ts` what the router announces by itself (`local-routes.ts`); `verdict-echo.ts` is what it hears of
 * its own claims. `refreshed-claims.ts` ends what it does not say again in a refresh. `absence.ts` is what becomes of these once it has no session, `retained-claims.ts` keeps them through its restart.
 * `surroundings.ts` is what all of them need of their router.
 */
export {};
