import { formatAddress, parseAddress } from '../lib/address.js';
import { maskBytes, parsePrefix, prefixWords } from '../lib/prefix.js';
import { ColumnarBatch } from '../mapping/batch.js';
import type { ApplyResult, ForwardingTable, MappingBatch, PacketLookup } from '../mapping/forwarding-table.js';
import type { Targets } from '../mapping/target.js';
import { LpmTable } from './lpm-table.js';

/**
 * The default forwarding table: longest-prefix match in memory, for both families, applied at once.
 *
 * @example
 * ```ts
 * const table = new MemoryForwardingTable();
 * const network = new VirtualNetwork(config, { table });
 * table.lookup('10.0.1.100'); // [{ type: 'node', node: 'web-b' }]
 * ```
 * @public
 */
export class MemoryForwardingTable implements ForwardingTable, PacketLookup {
  readonly #ipv4 = new LpmTable(false);
  readonly #ipv6 = new LpmTable(true);
  /**
   * Targets by the number that stands in the tables. Batches of a network bring its own numbers, each of which means one thing
   * while any prefix has it; others are numbered here, by what they say.
   */
  #targets: (Targets | undefined)[] = [undefined];
  /** By what the targets of others' batches say: their number, and how many prefixes have it. */
  readonly #known = new Map<string, { readonly number: number; prefixes: number }>();
  /** Numbers of those that no prefix has any more. */
  #free: number[] = [];

  reserve({ ipv4, ipv6 }: { readonly ipv4: number; readonly ipv6: number }): void {
    this.#ipv4.reserve(ipv4);
    this.#ipv6.reserve(ipv6);
  }

  apply(batch: MappingBatch): ApplyResult | undefined {
    if (batch.kind === 'sync' && this.size > 0) this.#clear();
    if (batch instanceof ColumnarBatch) this.#applyColumns(batch);
    else for (const { prefix, after } of batch.changes) this.#change(prefix, after);
    return undefined;
  }

  /** Prefixes in the table. */
  get size(): number {
    return this.#ipv4.size + this.#ipv6.size;
  }
  /** Octets that the table takes. */
  get bytes(): number {
    return this.#ipv4.bytes + this.#ipv6.bytes;
  }

  /** Different targets that prefixes have, of batches that others made. @internal */
  get targetSets(): number {
    return this.#known.size;
  }

  /** Where a packet for `address` goes. Throws a `UsageError` (`ADDRESS_INVALID`). */
  lookup(address: string): Targets | undefined {
    const bytes = parseAddress(address);
    const [a, b, c, d] = prefixWords(bytes);
    return bytes.length === 4 ? this.lookup4(a) : this.lookup6(a, b, c, d);
  }

  /** {@link MemoryForwardingTable.lookup} by numbers: for packets. @internal */
  lookup4(a: number): Targets | undefined {
    return this.#targets[this.#ipv4.lookup4(a)];
  }
  /** The same for IPv6, an address as four words. @internal */
  lookup6(a: number, b: number, c: number, d: number): Targets | undefined {
    return this.#targets[this.#ipv6.lookup6(a, b, c, d)];
  }

  /** The prefix that a packet for `address` matches, and its targets. Throws a `UsageError` (`ADDRESS_INVALID`). */
  match(address: string): { readonly prefix: string; readonly targets: Targets } | undefined {
    const bytes = parseAddress(address);
    const [a, b, c, d] = prefixWords(bytes);
    const targets = bytes.length === 4 ? this.lookup4(a) : this.lookup6(a, b, c, d);
    if (!targets) return undefined;
    const length = (bytes.length === 4 ? this.#ipv4 : this.#ipv6).matchLength(a, b, c, d);
    return { prefix: `${formatAddress(maskBytes(bytes, length))}/${length}`, targets };
  }

  #clear(): void {
    this.#ipv4.clear();
    this.#ipv6.clear();
    this.#targets = [undefined];
    this.#known.clear();
    this.#free = [];
  }

  #applyColumns(batch: ColumnarBatch): void {
    for (const { rib, columns, size } of batch.parts) {
      const { prefix, before, after } = columns;
      const { records: r } = rib;
      let last = 0;
      for (let i = 0; i < size; i++) {
        const id = prefix[i];
        const target = after[i];
        if (target !== 0 && target !== last) {
          last = target;
          this.#know(target, batch.targets.get(target));
        }
        // After a sync the table was empty, whatever was there before.
        const had = batch.kind === 'sync' ? 0 : before[i];
        if (rib.ipv6) this.#ipv6.put(r.aOf(id) | 0, r.bOf(id) | 0, r.cOf(id) | 0, r.dOf(id) | 0, r.lengthOf(id), had, target);
        else this.#ipv4.put(r.aOf(id) | 0, 0, 0, 0, r.lengthOf(id), had, target);
      }
    }
  }

  #know(target: number, targets: Targets | undefined): void {
    while (this.#targets.length <= target) this.#targets.push(undefined);
    this.#targets[target] = targets;
  }

  #change(text: string, after: Targets | undefined): void {
    const { family, bytes, length } = parsePrefix(text);
    const [a, b, c, d] = prefixWords(bytes);
    const number = after ? this.#numberOf(after) : 0;
    const before = family === 'ipv4' ? this.#ipv4.set(a, 0, 0, 0, length, number) : this.#ipv6.set(a, b, c, d, length, number);
    if (before !== 0) this.#release(before);
  }

  /** The number of targets, for one prefix more. */
  #numberOf(targets: Targets): number {
    const key = JSON.stringify(targets);
    let known = this.#known.get(key);
    if (!known) {
      known = { number: this.#free.pop() ?? this.#targets.length, prefixes: 0 };
      this.#targets[known.number] = targets;
      this.#known.set(key, known);
    }
    known.prefixes++;
    return known.number;
  }
  #release(number: number): void {
    const key = JSON.stringify(this.#targets[number]);
    const known = this.#known.get(key);
    if (!known || --known.prefixes > 0) return;
    this.#known.delete(key);
    this.#targets[number] = undefined;
    this.#free.push(number);
  }
}
