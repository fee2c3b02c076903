/** A guest that BIRD runs in, with BFD, and what `virtual-router run` beside it is told and says. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab, LabNode } from './lab.js';

/** What the guest announces; the node `spare` has it otherwise. */
export const ADDRESS = '10.77.0.100/32';
export const ROUTER = '10.77.0.1';

/** @param interval - Milliseconds, of both directions. */
export const configuration = (interval: number, authentication = ''): string => `
as: 65000
routerId: ${ROUTER}
listen:
  - address: ${ROUTER}
network:
  ranges: [10.77.0.0/24]
  nodes:
    - name: spare
      addresses: [10.77.0.3]
    - name: guest
      addresses: [10.77.0.2]
  holders:
    - prefix: ${ADDRESS}
      node: spare
  grants:
    - node: guest
      prefix: ${ADDRESS}
neighbours:
  - address: 10.77.0.2
    as: 65001
    passive: true
    bfd:
      minTx: ${interval}
      minRx: ${interval}
${authentication === '' ? '' : `      authentication: ${authentication}\n`}`;

/**
 * A guest that announces the address with BFD on; ends by being killed.
 *
 * @param more - Lines for BFD on its interfaces.
 */
export const startBird = async (lab: Lab, node: LabNode, interval: number, more = ''): Promise<{ kill9(): Promise<void> }> => {
  const file = join(node.directory, 'bird.conf');
  writeFileSync(
    file,
    `router id ${node.ipv4};
protocol device { scan time 1; }
protocol bfd { interface "*" { min rx interval ${interval} ms; min tx interval ${interval} ms; multiplier 3; ${more} }; }
protocol static { ipv4; route ${ADDRESS} blackhole; }
protocol bgp { local ${node.ipv4} as 65001; neighbor ${ROUTER} as 65000; bfd on; hold time 90; connect delay time 1; error wait time 1, 1; ipv4 { import none; export all; }; }
`,
  );
  const process = lab.spawn(node, 'bird', ['-f', '-c', file, '-s', join(node.directory, 'bird.ctl')], { undelayed: true });
  return { kill9: () => process.kill('SIGKILL') };
};
