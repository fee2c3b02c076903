/**
 * Capabilities (RFC 5492), a row each in `table.ts`: code, sizes, octets to value and back. `values.ts` says what the values are; `list.ts`
 * reads and writes all of an OPEN, keeps unknown ones as octets, and leaves repetitions out (§4).
 *
 * RFCs and what is not done: see `../index.ts`.
 */
export {};
