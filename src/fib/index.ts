/**
 * The memory forwarding table: longest-prefix match for both families.
 *
 * `memory-table.ts` takes batches from the mapping (`mapping/forwarding-table.ts` is the contract) and keeps one `lpm-table.ts` a
 * family. That is a sorted list while it is small (`small-table.ts`: 100 prefixes take less than 4 KB) and a trie once it has grown: of
 * bitmaps over a direct index for IPv4 (`ipv4-trie.ts`, whose changes wait in `change-log.ts` until somebody looks), of octets for
 * IPv6 (`byte-trie.ts`, which remembers what it found for the first 32 bits). Their lists and compiled blocks lie in a few large arrays
 * (`arena.ts`).
 *
 * Why this shape: a table of 2^24 entries (DIR-24-8) answers 60 million random look-ups a second in JavaScript, each a miss in the
 * cache; takes 64 MB; and stalls for tens of milliseconds when a default route changes. Compressing the nodes by a bitmap and a
 * population count, as Poptrie and Lulea do, keeps the whole table near the cache, and compiling a node only when it is looked up
 * keeps a change as cheap as an insertion into a short list. `bench/lookup.ts` measures both.
 *
 * Not done: several next hops inside the table (a target stands for its set), a table shared between threads.
 */
export { MemoryForwardingTable } from './memory-table.js';
