/** A forwarding table of one's own: here a slow one that sometimes refuses, to show the order of things. */
import { type ForwardingTable, type MappingBatch, VirtualNetwork } from '../src/index.js';

class PretendSwitch implements ForwardingTable {
  readonly entries = new Map<string, string>();
  #refuse = true;

  async apply(batch: MappingBatch) {
    await new Promise((resolve) => setTimeout(resolve, 20)); // the switch is far away
    if (batch.kind === 'sync') this.entries.clear();
    const failed = [];
    for (const { prefix, after } of batch.changes) {
      if (this.#refuse && prefix === '10.0.1.2/32') {
        this.#refuse = false;
        failed.push({ prefix, reason: 'table full' });
      } else if (after) this.entries.set(prefix, after.map(({ node }) => node).join('+'));
      else this.entries.delete(prefix);
    }
    return { failed };
  }
}

const table = new PretendSwitch();
await using network = new VirtualNetwork(
  { ranges: ['10.0.0.0/16'], nodes: [{ name: 'a' }, { name: 'b' }], grants: [{ node: 'a', prefix: '10.0.1.0/24', ge: 32 }] },
  { table },
);
network.on('table-failure', ({ failed }) => console.log('refused, and tried again by itself:', failed));
network.on('mapping-change', ({ changes }) => {
  // Listeners hear of a change when the table has it.
  for (const { seq, prefix } of changes) console.log(`change ${seq}: ${prefix}, and the switch has ${table.entries.get(prefix)}`);
});
for (const last of [1, 2, 3]) network.claim({ node: 'a', prefix: `10.0.1.${last}/32` });
await network.settled();
while (table.entries.size < 3) await new Promise((resolve) => network.once('mapping-change', resolve));
console.log([...table.entries]);
