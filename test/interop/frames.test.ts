/**
 * BGP over frames with unmodified daemons: guests in namespaces of their own, each with the kernel's vxlan device, and `virtual-router run`
 * between them. An address moves under a ping that runs, over both families.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bird } from './support/bird.js';
import type { Daemon, DaemonKind } from './support/daemon.js';
import { daemonsPresent } from './support/daemons.js';
import { frr } from './support/frr.js';
import { Lab, type LabNode, type Running } from './support/lab.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PING = fileURLToPath(new URL('support/ping.py', import.meta.url));
const CHECKSUMS = fileURLToPath(new URL('support/checksums.py', import.meta.url));
const SHARED = { 'ipv4-unicast': '10.0.1.100', 'ipv6-unicast': '2001:db8:1::100' } as const;
const ROUTER = { 'ipv4-unicast': '10.0.1.1', 'ipv6-unicast': '2001:db8:1::1' } as const;

const configuration = (own: LabNode, guests: readonly LabNode[]): string => `
as: 65000
routerId: 10.0.0.1
interfaces:
  - { subnet: one, addresses: [10.0.1.1] }
  - { subnet: two, addresses: [10.0.2.1] }
  - { subnet: six, addresses: ["2001:db8:1::1"] }
  - { subnet: sixtwo, addresses: ["2001:db8:2::1"] }
ports:
${guests.map((guest, i) => `  - { name: p${i}, type: vxlan, address: ${own.ipv4}, remote: ${guest.ipv4}, vni: 42 }`).join('\n')}
network:
  ranges: [10.0.0.0/16, "2001:db8::/32"]
  subnets:
    - { name: one, prefix: 10.0.1.0/24 }
    - { name: two, prefix: 10.0.2.0/24 }
    - { name: six, prefix: "2001:db8:1::/64" }
    - { name: sixtwo, prefix: "2001:db8:2::/64" }
  nodes:
    - { name: a, addresses: [10.0.1.10, "2001:db8:1::a"], location: p0 }
    - { name: b, addresses: [10.0.1.11, "2001:db8:1::b"], location: p1 }
    - { name: c, addresses: [10.0.2.12, "2001:db8:2::c"], location: p2 }
  grants:
    - { node: a, prefix: 10.0.1.100/32, preference: 410 }
    - { node: b, prefix: 10.0.1.100/32, preference: 420 }
    - { node: a, prefix: "2001:db8:1::100/128", preference: 410 }
    - { node: b, prefix: "2001:db8:1::100/128", preference: 420 }
neighbours:
  - { address: 10.0.1.10, as: 65001, passive: true }
  - { address: 10.0.1.11, as: 65002, connectRetryTime: 1 }
  - { address: "2001:db8:1::a", as: 65001, passive: true }
  - { address: "2001:db8:1::b", as: 65002, connectRetryTime: 1 }
`;

const kinds: readonly DaemonKind[] = [bird, frr];

describe.each(kinds)('$name over frames', (kind) => {
  const present = daemonsPresent().present.includes(kind);
  let lab: Lab;
  let a: LabNode;
  let b: LabNode;
  let c: LabNode;
  let router: Running;

  beforeAll(async () => {
    if (!present) return;
    lab = await Lab.create();
    const own = await lab.node('router');
    const guests = [await lab.node('a'), await lab.node('b'), await lab.node('c')] as const;
    const file = join(own.directory, 'router.yaml');
    writeFileSync(file, configuration(own, guests));
    const args = ['--import', 'tsx', join(root, 'src/cli/index.ts'), 'run', '--json', file];
    router = lab.spawn(own, process.execPath, args, { name: 'virtual-router run', directory: root });
    const addresses = [
      ['10.0.1.10', '2001:db8:1::a'],
      ['10.0.1.11', '2001:db8:1::b'],
      ['10.0.2.12', '2001:db8:2::c'],
    ] as const;
    [a, b, c] = (await Promise.all(
      guests.map(async (node, i) => {
        const [four, six] = addresses[i] ?? addresses[0];
        const ip = (line: string) => lab.exec(node, 'ip', line.split(' '));
        await ip(`link add vx0 type vxlan id 42 local ${node.ipv4} remote ${own.ipv4} dstport 4789 dev eth0`);
        await lab.exec(node, 'python3', [CHECKSUMS, 'vx0']);
        await ip('link set vx0 mtu 1450 up');
        await ip(`address add ${four}/24 dev vx0`);
        await ip(`address add ${six}/64 dev vx0 nodad`);
        await ip(`route add 10.0.0.0/16 via ${four.replace(/\d+$/, '1')}`);
        await ip(`route add 2001:db8::/32 via ${six.replace(/\w$/, '1')}`);
        if (i < 2)
          for (const shared of [`${SHARED['ipv4-unicast']}/32`, `${SHARED['ipv6-unicast']}/128`]) await ip(`address add ${shared} dev vx0`);
        // A daemon speaks from the address of its vxlan device.
        return { ...node, ipv4: four, ipv6: six };
      }),
    )) as [LabNode, LabNode, LabNode];
    await lab.waitFor(
      'the router answers',
      async () => (await lab.exec(a, 'python3', [PING, '10.0.1.1', '1', '0.1'])).includes('received 1'),
      40,
    );
  }, 90_000);
  afterAll(() => lab?.dispose());

  it.skipIf(!present).each(['ipv4-unicast', 'ipv6-unicast'] as const)(
    'moves an address under a running ping, and back when the daemon is killed (%s)',
    async (family) => {
      const six = family === 'ipv6-unicast';
      const shared = SHARED[family];
      const start = (node: LabNode, as: number, passive: boolean): Promise<Daemon> =>
        kind.start(lab, node, {
          as,
          routerId: node.ipv4,
          // One end dials where the other waits: the router dials b, and a dials the router.
          neighbours: [{ address: ROUTER[family], as: 65000, passive }],
          announce: [{ prefix: `${shared}/${six ? 128 : 32}` }],
        });
      const first = await start(a, 65001, false);
      await lab.waitFor('a answers', async () => (await lab.exec(c, 'python3', [PING, shared, '1', '0.1'])).includes('received 1'), 40);
      const running = lab.spawn(c, 'python3', [PING, shared, '300', '0.05']);
      await lab.waitFor('the ping runs', () => running.output().includes('reply 3 '));
      const before = await echoes(lab, b, six);
      const second = await start(b, 65002, true);
      await lab.waitFor('b answers the same ping', async () => (await echoes(lab, b, six)) > before + 3, 40);
      const atA = await echoes(lab, a, six);
      await second.kill9();
      await lab.waitFor('a answers it again', async () => (await echoes(lab, a, six)) > atA + 3);
      await running.exited;
      await first.stop();
      const [, sent, got] = /sent (\d+) received (\d+)/.exec(running.output()) ?? [];
      const lost = Number(sent) - Number(got);
      console.log(`${kind.name}, ${family}: ${sent} pings, ${lost} lost while the address moved to b and back`);
      expect(lost).toBeLessThanOrEqual(4);
    },
    90_000,
  );

  it.skipIf(!present)('is seen on the way, a hop', async () => {
    expect(await lab.exec(c, 'python3', [PING, '10.0.1.10', '1', '0.1', '1'])).toContain('error 11/0 from 10.0.2.1');
    expect(router.alive()).toBe(true);
  });
});

/** The kernel's count of echo requests, of a namespace. */
async function echoes(lab: Lab, node: LabNode, six: boolean): Promise<number> {
  if (six) return Number(/Icmp6InEchos\s+(\d+)/.exec(await lab.exec(node, 'cat', ['/proc/net/snmp6']))?.[1] ?? 0);
  const [names = '', values = ''] = (await lab.exec(node, 'grep', ['^Icmp:', '/proc/net/snmp'])).split('\n');
  return Number(values.split(' ')[names.split(' ').indexOf('InEchos')]);
}
