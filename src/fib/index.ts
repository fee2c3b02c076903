/**
 * The memory forwarding table: longest-prefix match for both families.
 *
 * `memory-table.ts` takes batches from the mapping (`mapping/forwarding-table.ts` is the contract) and keeps one `lpm-table.ts` a
 * family. That is a sorted list while it is small (`small-table.ts`: 100 prefixes take less than 4 KB) and a trie once it has grown: an
 * array over 18 bits and blocks of 64 answers for IPv4 (`ipv4-trie.ts`, whose changes wait in `change-log.ts` until somebody looks), of
 * octets for IPv6 (`byte-trie.ts`). Their lists and compiled lines lie in a few large arrays (`arena.ts`).
 *
 * Why this shape: what a look-up costs is what it has to fetch from memory, and how many of them the processor has under way at once. A
 * table of 2^24 entries (DIR-24-8) fetches one word, but from 64 MB, and stalls for tens of milliseconds when a default route changes.
 * Bitmaps and population counts (Poptrie, Lulea) fetch from a few megabytes, but compute between one load and the next, and were half as
 * fast here. So IPv4 is two loads from 9 MB, and IPv6 one for the first two octets, one each for the next two, and one for every four bits
 * after them that matter, with nothing to compute; and since a node is compiled only when it is looked up, a change stays as cheap as an
 * insertion into a short list. `bench/lookup.ts` measures it.
 *
 * Not done: several next hops inside the table (a target stands for its set), a table shared between threads.
 */
export { MemoryForwardingTable } from './memory-table.js';
