/**
 * What OSPF's database has by the hundred thousand, found by numbers in typed arrays: no key as text, no entry of a map, no object a row.
 *
 * `lsa-rows.ts` gives a row to the LSA that something is about (LS type, link state id, advertising router). `lsa-table.ts` keeps things there:
 * LSAs themselves, and those that a neighbour has not acknowledged; `request-list.ts` what is wanted of it, and what of that is asked for.
 * `prefix-index.ts` gives prefixes the numbers by which `../destinations.ts` keeps what is known of them, and `number-set.ts` keeps such numbers.
 * Their tricks end here: what they give out is an LSA or a number.
 *
 * Held against plain maps in `test/ospf/columns/`; measured in `bench/ospf-intake.ts`.
 *
 * Not done: giving memory back once a database has shrunk.
 */
export {};
