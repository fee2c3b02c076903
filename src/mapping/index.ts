/**
 * From claims to where packets go.
 *
 * `arbitration.ts` decides who wins a prefix. `publication.ts` takes what changed in a turn to the forwarding table
 * (`forwarding-table.ts` is the contract, `table-contract.ts` the suite that a table must pass), one batch at a time, and when the table
 * has it, numbers it, writes it into the journal (`journal.ts`) and tells. In between, a family's `lane.ts` decides it: straight into the batch
 * (`batch.ts`: columns, and objects for those who ask), or to wait until the table is free.
 * `target.ts` keeps each set of targets once; `change.ts` has what listeners get, `timing.ts` how long moves took.
 *
 * Until the table was asked, neighbours are told of nothing that waits for it (`Rib.untold`), nor of End-of-RIB after it.
 *
 * A route whose attributes change while its target stays goes the same way, without a number: others must hear of it, the table not.
 */
export {};
