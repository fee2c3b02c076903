/** Opens TAP ports of names that can be none, and prints why not; in a network namespace of its own. */
import { execFileSync } from 'node:child_process';
import { NodePorts, type Port } from '../../../src/index.js';

const ports = new NodePorts();
const answers: string[] = [];
const opened: Port[] = [];
async function attempt(device: string): Promise<void> {
  try {
    opened.push(await ports.open({ name: 'p', type: 'tap', device }));
    answers.push(`opened ${device}`);
  } catch (error) {
    answers.push((error as Error).message);
  }
}
execFileSync('ip', ['tuntap', 'add', 'tun0', 'mode', 'tun']);
for (const device of ['fifteen-octets-', 'sixteen-octets--', 'éééééééé', 'tap%d', 'a b', 'a/b', '..', 'lo', 'tun0', 'fifteen-octets-'])
  await attempt(device);
for (const port of opened) await port.close();
process.stdout.write(JSON.stringify(answers));
