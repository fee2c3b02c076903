/**
 * The columnar store of claims: the one place that sees millions of routes, and the tricks that this takes.
 *
 * `prefix-table.ts` gives each prefix a dense id, `feed-rows.ts` each claim a row of its feed's. `prefix-records.ts` and `claim-records.ts`
 * keep what is known of each: Adj-RIB-In as received, with the set after policy beside it, and the Loc-RIB best. `rib.ts` takes claims in
 * and judges them, with `limited-grants.ts` where only so many may be had (`waiting-claims.ts`: who waits for room); `empty-prefixes.ts` forgets prefixes that nobody claims any
 * more. `prefixes-within.ts` finds what a grant may be about. `standings.ts` keeps once what many claims are judged to be: feed, holder, verdict, grant, preference.
 * `attribute-sets.ts` keeps each set of path attributes once, by its octets, with the decision's keys in its record. `decision.ts` is
 * RFC 4271 §9.1.2.2. `adj-rib-out.ts` is what a neighbour was told and must still hear: two bits a prefix and a queue.
 *
 * There is no object a route. Numbers stand for things: 0 is "none" in every column, so rows are kept as row + 1 in lists. What
 * refers to a set or a prefix counts as its user; what nobody uses is buried when there is time. Random accesses and memory that is
 * touched for the first time (the system takes microseconds for a page) are what costs here: what is looked at together stands
 * together in one record, a run of UPDATEs looks ahead at its prefixes (`bgp/look-ahead.ts`), everything else is walked in the order of
 * ids, which is the order of arrival, what few claims have is a column that is made when first needed, and `reserve` touches the memory
 * of a whole table before it comes. The few loops over a turn's prefixes (`Rib.announceRun`, `mapping/lane.ts`, `bgp/packer.ts`) keep the records'
 * words in constants; everybody else asks by name.
 *
 * Compiled without `noUncheckedIndexedAccess`, and held against naive models in `test/rib` and `test/network/fresh-network.test.ts`.
 */
export {};
