/**
 * Path attributes, a file each. `attribute.ts` says what a row has: code, flags, octets to value and back, what is malformed and what RFC 7606 has
 * done about that, and what the hot path needs: a check of octets, and whether others hear of it. `table.ts` lists the rows; nothing elsewhere
 * asks for an attribute's code to know what to do.
 *
 * Two ways lead through them. `scan.ts` walks octets once, checks each by its row and leaves the canonical set (`as4.ts` widens AS paths there);
 * `block.ts` makes values of what the same walk found, and writes them; `canonical.ts` goes between the two. `values.ts` says what the values
 * are, `octets.ts` reads numbers for the checks.
 *
 * RFCs and what is not done: see `../index.ts`.
 */
export {};
