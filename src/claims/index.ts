/**
 * What may be claimed, by whom, and why not.
 *
 * A claim comes by a feed (`feed.ts`): a BGP session's life, the program's own claims, the initial holders. `authorization.ts` holds the
 * grants (`grant.ts`), compiled for each family (`compiled-grants.ts`, `grant-columns.ts`) so that what covers a claim is found by a short search and a walk
 * up (`cover-index.ts`), and read once for all claims alike (`verdict-cache.ts`); `martian.ts` says what nobody can hold, `reasons.ts` is the list of verdicts, `dampening.ts` holds flaps
 * against claims. Who wins among those that are accepted is `mapping/arbitration.ts`'s; the claims themselves are rows of `rib/`.
 */
export {};
