/**
 * What may be claimed, by whom, and why not.
 *
 * A claim comes by a feed (`feed.ts`): a BGP session's life, the program's own claims, the initial holders. `authorization.ts` holds the
 * grants, compiled so that a claim's verdict is one binary search and a walk up; `reasons.ts` is the list of verdicts;
 * `dampening.ts` holds flaps against claims. Who wins among
 * those that are accepted is `mapping/arbitration.ts`'s; the claims themselves are rows of `rib/`.
 */
export {};
