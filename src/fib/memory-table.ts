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
  readonly #numbers = new Map<string, number>();

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

  /** Where a packet for `address` goes. Throws a `UsageError` (`ADDRESS_INVALID`). */
  lookup(address: string): Targets | undefined {
    const bytes = parseAddress(address);
    const [a, b, c, d] = prefixWords(bytes);
    return this.#targets[bytes.length === 4 ? this.#ipv4.lookup(a, 0, 0, 0) : this.#ipv6.lookup(a, b, c, d)];
  }

  /** {@link MemoryForwardingTable.lookup} by numbers: for packets. @internal */
  lookup4(a: number): Targets | undefined {
    return this.#targets[this.#ipv4.lookup(a, 0, 0, 0)];
  }
  /** The same for IPv6, an address as four words. @internal */
  lookup6(a: number, b: number, c: number, d: number): Targets | undefined {
    return this.#targets[this.#ipv6.lookup(a, b, c, d)];
  }

  /** The prefix that a packet for `address` matches, and its targets. Throws a `UsageError` (`ADDRESS_INVALID`). */
  match(address: string): { readonly prefix: string; readonly targets: Targets } | undefined {
    const bytes = parseAddress(address);
    const [a, b, c, d] = prefixWords(bytes);
    const table = bytes.length === 4 ? this.#ipv4 : this.#ipv6;
    const targets = this.#targets[table.lookup(a, b, c, d)];
    if (!targets) return undefined;
    const length = table.matchLength(a, b, c, d);
    return { prefix: `${formatAddress(maskBytes(bytes, length))}/${length}`, targets };
  }

  #clear(): void {
    this.#ipv4.clear();
    this.#ipv6.clear();
    this.#targets = [undefined];
    this.#numbers.clear();
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
          this.#targets[target] = batch.targets.get(target);
        }
        // After a sync the table was empty, whatever was there before.
        const had = batch.kind === 'sync' ? 0 : before[i];
        if (rib.ipv6) this.#ipv6.put(r.aOf(id) | 0, r.bOf(id) | 0, r.cOf(id) | 0, r.dOf(id) | 0, r.lengthOf(id), had, target);
        else this.#ipv4.put(r.aOf(id) | 0, 0, 0, 0, r.lengthOf(id), had, target);
      }
    }
  }

  #change(text: string, after: Targets | undefined): void {
    const { family, bytes, length } = parsePrefix(text);
    const [a, b, c, d] = prefixWords(bytes);
    if (!after) {
      if (family === 'ipv4') this.#ipv4.delete(a, 0, 0, 0, length);
      else this.#ipv6.delete(a, b, c, d, length);
      return;
    }
    const key = JSON.stringify(after);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#targets.length;
      this.#targets.push(after);
      this.#numbers.set(key, number);
    }
    if (family === 'ipv4') this.#ipv4.set(a, 0, 0, 0, length, number);
    else this.#ipv6.set(a, b, c, d, length, number);
  }
}
