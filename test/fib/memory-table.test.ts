import { expect, test } from 'vitest';
import { MemoryForwardingTable } from '../../src/fib/memory-table.js';
import { ManualClock } from '../../src/lib/clock.js';
import type { MappingBatch } from '../../src/mapping/forwarding-table.js';
import { VirtualNetwork } from '../../src/router/virtual-network.js';
import { forwardingTableContract } from '../../src/testing.js';

for (const { name, run } of forwardingTableContract(() => {
  const table = new MemoryForwardingTable();
  return { table, lookup: (address) => table.lookup(address) };
})) {
  test(name, run);
}

test('a table that fails the contract is told which packet went wrong', async () => {
  const forgetful = forwardingTableContract(() => ({ table: { apply: () => undefined }, lookup: () => undefined }));
  const failures = await Promise.all(forgetful.map(({ run }) => run().then(() => undefined, String)));
  expect(failures[0]).toBe(undefined);
  expect(failures[1]).toBe('Error: a packet for 192.0.2.1: expected [{"type":"node","node":"a"}], got nothing');
  expect(failures.slice(1)).not.toContain(undefined);
});

test('forgets targets that no prefix has any more, and uses their numbers again', () => {
  const table = new MemoryForwardingTable();
  const change = (prefix: string, weight: number | undefined) => {
    const after = weight === undefined ? undefined : ([{ type: 'node', node: 'a', weight }] as const);
    table.apply({ kind: 'delta', size: 1, changes: [{ prefix, before: undefined, after }] } as unknown as MappingBatch);
  };
  change('10.0.0.1/32', 1);
  change('10.0.0.2/32', 1);
  const kept: unknown[] = [];
  for (let weight = 2; weight < 1000; weight++) {
    change('10.0.0.1/32', weight);
    kept.push(table.targetSets);
  }
  expect(Math.max(...(kept as number[]))).toBe(2);
  expect(table.lookup('10.0.0.1')).toEqual([{ type: 'node', node: 'a', weight: 999 }]);
  expect(table.lookup('10.0.0.2')).toEqual([{ type: 'node', node: 'a', weight: 1 }]);
  change('10.0.0.1/32', undefined);
  change('10.0.0.2/32', undefined);
  expect([table.targetSets, table.lookup('10.0.0.1')]).toEqual([0, undefined]);
});

test('follows a network, and says which prefix matched', () => {
  const table = new MemoryForwardingTable();
  const network = new VirtualNetwork(
    { ranges: ['10.0.0.0/8'], nodes: [{ name: 'a', addresses: ['10.0.0.1'] }], grants: [{ node: 'a', prefix: '10.1.0.0/16', ge: 16 }] },
    { clock: new ManualClock(), table },
  );
  const lease = network.claim({ node: 'a', prefix: '10.1.0.0/16' });
  expect(table.match('10.1.2.3')).toEqual({ prefix: '10.1.0.0/16', targets: [{ type: 'node', node: 'a' }] });
  expect(table.size).toBe(2);
  lease.release();
  expect(table.match('10.1.2.3')).toBeUndefined();
  expect(() => table.lookup('10.1.2')).toThrow('expected an IPv4 or IPv6 address');
});
