import { expect, test } from 'vitest';
import { MemoryForwardingTable } from '../../src/fib/memory-table.js';
import { ManualClock } from '../../src/lib/clock.js';
import { VirtualNetwork } from '../../src/router/virtual-network.js';
import { forwardingTableContract } from '../../src/testing.js';

for (const { name, run } of forwardingTableContract(() => {
  const table = new MemoryForwardingTable();
  return { table, lookup: (address) => table.lookup(address) };
})) {
  test(name, run);
}

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
