/**
 * What OSPF's database has by the hundred thousand, found by numbers in typed arrays: no key as text, no entry of a map, no object a row.
 *
 * `lsa-table.ts` finds things by the LSA that they are about (LS type, link state id, advertising router): LSAs themselves, those that a
 * neighbour has not acknowledged, those that are asked for. `prefix-index.ts` gives prefixes the numbers by which `../destinations.ts`
 * keeps what is known of them. Their tricks end here: what they give out is an LSA or a number.
 *
 * Held against plain maps in `test/ospf/columns/`; measured in `bench/ospf-intake.ts`.
 *
 * Not done: giving memory back once a database has shrunk.
 */
export {};
