import type { MappingChange } from './change.js';
import type { ForwardingTable, MappingBatch, PacketLookup } from './forwarding-table.js';
import type { Targets } from './target.js';

/** One thing that a forwarding table must do. @public */
export interface ContractCase {
  /** A sentence. */
  readonly name: string;
  /** Rejects with what was wrong. */
  run(): Promise<void>;
}

/** A table under test, and how to ask it where packets go. @public */
export interface TableUnderTest {
  readonly table: ForwardingTable;
  /** Where a packet for an address goes, by longest prefix match. */
  readonly lookup: PacketLookup['lookup'];
}

const A: Targets = [{ type: 'node', node: 'a' }];
const B: Targets = [{ type: 'gateway', node: 'b' }];
const BOTH: Targets = [
  { type: 'node', node: 'a' },
  { type: 'node', node: 'b' },
];
const NOWHERE: Targets = [{ type: 'discard', node: 'a' }];

/**
 * What every forwarding table must do, for any test framework: each case throws when the table fails it.
 *
 * @example
 * ```ts
 * for (const { name, run } of forwardingTableContract(() => ({ table, lookup: (address) => table.lookup(address) }))) test(name, run);
 * ```
 * @param make - A new, empty table for each case.
 * @public
 */
export function forwardingTableContract(make: () => TableUnderTest | Promise<TableUnderTest>): readonly ContractCase[] {
  const on = (name: string, run: (under: TableUnderTest, apply: Apply) => Promise<void>): ContractCase => ({
    name,
    run: async () => {
      const under = await make();
      await run(under, applier(under.table));
      await under.table.close?.();
    },
  });
  return [
    on('a first batch of nothing is taken', async ({ lookup }, apply) => {
      await apply('sync', {});
      expectTargets(lookup, '192.0.2.1', undefined);
    }),
    on('the longest prefix wins, in both families', async ({ lookup }, apply) => {
      await apply('sync', {
        '0.0.0.0/0': A,
        '10.0.0.0/8': B,
        '10.1.2.0/24': A,
        '10.1.2.3/32': BOTH,
        '::/0': B,
        '2001:db8::/32': A,
        '2001:db8::1/128': BOTH,
      });
      expectTargets(lookup, '192.0.2.1', A);
      expectTargets(lookup, '10.9.9.9', B);
      expectTargets(lookup, '10.1.2.4', A);
      expectTargets(lookup, '10.1.2.3', BOTH);
      expectTargets(lookup, '2002::1', B);
      expectTargets(lookup, '2001:db8::2', A);
      expectTargets(lookup, '2001:db8::1', BOTH);
    }),
    on('a delta changes what it names and leaves the rest', async ({ lookup }, apply) => {
      await apply('sync', { '10.0.0.0/8': A, '10.1.0.0/16': A });
      await apply('delta', { '10.1.0.0/16': B, '10.2.0.0/16': NOWHERE });
      expectTargets(lookup, '10.0.0.1', A);
      expectTargets(lookup, '10.1.0.1', B);
      expectTargets(lookup, '10.2.0.1', NOWHERE);
    }),
    on('a prefix that goes uncovers the one around it', async ({ lookup }, apply) => {
      await apply('sync', { '10.0.0.0/8': A, '10.1.0.0/16': B });
      await apply('delta', { '10.1.0.0/16': undefined });
      expectTargets(lookup, '10.1.0.1', A);
      await apply('delta', { '10.0.0.0/8': undefined });
      expectTargets(lookup, '10.1.0.1', undefined);
    }),
    on('a sync replaces everything', async ({ lookup }, apply) => {
      await apply('sync', { '10.0.0.0/8': A, '2001:db8::/32': A });
      await apply('sync', { '10.1.0.0/16': B });
      expectTargets(lookup, '10.0.0.1', undefined);
      expectTargets(lookup, '10.1.0.1', B);
      expectTargets(lookup, '2001:db8::1', undefined);
    }),
    on('taking out what is not there is no failure', async ({ lookup }, apply) => {
      await apply('sync', { '10.0.0.0/8': A });
      await apply('delta', { '10.1.0.0/16': undefined });
      expectTargets(lookup, '10.1.0.1', A);
    }),
    on('many prefixes come and go', async ({ lookup }, apply) => {
      const many = (targets: Targets | undefined): Record<string, Targets | undefined> =>
        Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`10.${i >> 8}.${i & 255}.0/24`, targets]));
      await apply('sync', { '10.0.0.0/8': A });
      await apply('delta', many(B));
      expectTargets(lookup, '10.3.200.1', B);
      await apply('delta', many(undefined));
      expectTargets(lookup, '10.3.200.1', A);
    }),
  ];
}

type Apply = (kind: 'sync' | 'delta', changes: Readonly<Record<string, Targets | undefined>>) => Promise<void>;

function applier(table: ForwardingTable): Apply {
  const known = new Map<string, Targets>();
  table.attach?.({ resync: () => {} });
  return async (kind, wanted) => {
    if (kind === 'sync') known.clear();
    const changes = Object.entries(wanted).map(([prefix, after]): MappingChange => {
      const before = known.get(prefix);
      if (after) known.set(prefix, after);
      else known.delete(prefix);
      return { seq: 0, prefix, before, after, cause: { type: 'configured' }, merged: 1, lastHeard: 0, heard: 0, decided: 0, applied: 0 };
    });
    const batch: MappingBatch = { kind, size: changes.length, changes };
    const result = await table.apply(batch);
    const [failed] = result?.failed ?? [];
    if (failed) throw new Error(`${failed.prefix} was refused: ${failed.reason}`);
  };
}

function expectTargets(lookup: TableUnderTest['lookup'], address: string, wanted: Targets | undefined): void {
  const [is, should] = [JSON.stringify(lookup(address)), JSON.stringify(wanted)];
  if (is !== should) throw new Error(`a packet for ${address}: expected ${should ?? 'nothing'}, got ${is ?? 'nothing'}`);
}
