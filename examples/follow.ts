/** Following changes, and going on after a disconnect: nothing is missed, nothing comes twice. */
import { type MappingEntry, type Position, VirtualNetwork } from '../src/index.js';

await using network = new VirtualNetwork({
  ranges: ['10.0.0.0/16'],
  journal: 100,
  nodes: [{ name: 'a' }, { name: 'b' }],
  grants: [{ node: 'a', prefix: '10.0.0.0/16', ge: 32 }],
});

/** What a follower keeps: the mapping as it knows it, and how far it has come. It survives a disconnect, or a restart. */
const known = new Map<string, string>();
let position: Position = { epoch: 'none yet', seq: 0 };

function catchUp(): void {
  const since = network.changesSince(position);
  const set = ({ prefix, targets }: Partial<MappingEntry> & { prefix: string }) =>
    targets ? known.set(prefix, targets.map(({ node }) => node).join('+')) : known.delete(prefix);
  if (since.type === 'snapshot') {
    known.clear();
    since.mapping.forEach(set);
  } else {
    for (const entry of since.changes) {
      if (entry.type === 'mapping-change') set({ prefix: entry.prefix, ...(entry.after ? { targets: entry.after } : {}) });
    }
  }
  position = since.position;
  console.log(`${since.type}: ${known.size} prefixes known, at ${position.seq}`);
}

catchUp();
network.claim({ node: 'a', prefix: '10.0.1.1/32' });
catchUp();
// Away for a while: a few changes, which the journal still has.
for (let i = 2; i < 50; i++) network.claim({ node: 'a', prefix: `10.0.1.${i}/32` });
catchUp();
// Away for longer than the journal remembers: a snapshot instead.
for (let i = 0; i < 200; i++) network.claim({ node: 'a', prefix: `10.0.2.${i}/32` });
catchUp();
if (known.size !== network.size) throw new Error('something was missed');
