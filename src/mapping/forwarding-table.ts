import type { MappingChange } from './change.js';
import type { Targets } from './target.js';

/** Changes to carry into the forwarding table, in order. @public */
export interface MappingBatch {
  /** `sync` replaces everything that the table holds; `delta` adds to it. The first batch after attaching is a `sync`. */
  readonly kind: 'sync' | 'delta';
  readonly size: number;
  /** The very objects that `mapping-change` listeners get next. Made when first asked for: ask before `apply` is done. */
  readonly changes: readonly MappingChange[];
}

/** A prefix that the table could not take. @public */
export interface FailedPrefix {
  readonly prefix: string;
  readonly reason: string;
}

/** How a batch went. @public */
export interface ApplyResult {
  /** Prefixes that were not applied: they keep their old target, are reported, and tried again by themselves, with backoff. */
  readonly failed?: readonly FailedPrefix[];
}

/** What a table may ask of the network that it is attached to. @public */
export interface TableControl {
  /** The table lost its state (a forwarder reconnected, say): the next batch is a `sync`. */
  resync(): void;
}

/**
 * Where packets are forwarded by: a memory table, the kernel, a switch. It is changed first; listeners hear of a change after
 * {@link ForwardingTable.apply} is done with it, and packets follow the table.
 *
 * Batches come in order, one at a time: while one is being applied, what changes meanwhile is merged to its latest state. When
 * `apply` throws or rejects, nothing of the batch counts as applied, and a `sync` is tried after a pause (100 ms, doubling to 30 s).
 *
 * @public
 */
export interface ForwardingTable {
  apply(batch: MappingBatch): ApplyResult | undefined | Promise<ApplyResult | undefined>;
  /** Called once, before the first batch. */
  attach?(control: TableControl): void;
  /** How many prefixes to make room for, from `network.reserve`: called before the first batch, where there is any such. */
  reserve?(prefixes: { readonly ipv4: number; readonly ipv6: number }): void;
  /** Called when the network closes or another table takes over. */
  close?(): void | Promise<void>;
}

/** A table that packets can be looked up in, at once. @public */
export interface PacketLookup {
  /** Where a packet for `address` goes: longest prefix match. */
  lookup(address: string): Targets | undefined;
  /** The prefix that a packet for `address` matches, and its targets. */
  match(address: string): { readonly prefix: string; readonly targets: Targets } | undefined;
}

/** {@link PacketLookup} without text: an address is its 32-bit words. What the packet path asks, for every packet. @internal */
export interface WordLookup {
  lookup4(a: number): Targets | undefined;
  lookup6(a: number, b: number, c: number, d: number): Targets | undefined;
}
