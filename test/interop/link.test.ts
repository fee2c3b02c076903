/**
 * Unmodified Linux guests on emulated links. The router runs in a process of its own in one namespace, which has a veth to each
 * guest's; a guest's interface is the kernel's vxlan device over it, or a TAP device that is moved into the guest's namespace.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RouterConfig } from '../../src/index.js';
import { here } from './support/daemons.js';
import { Lab, type LabNode, type Running } from './support/lab.js';

const process_ = fileURLToPath(new URL('support/router-process.ts', import.meta.url));
const PING = fileURLToPath(new URL('support/ping.py', import.meta.url));
const present = here('koffi');

describe.skipIf(!present)('Linux guests on emulated links', () => {
  let lab: Lab;
  let host: LabNode;
  let a: LabNode;
  let b: LabNode;
  let tap: LabNode;
  let router: Running;

  beforeAll(async () => {
    lab = await Lab.create();
    host = await lab.node('router');
    a = await lab.node('a');
    b = await lab.node('b');
    const tunnel = (node: LabNode) => ({ type: 'vxlan', address: host.ipv4, remote: node.ipv4, vni: 42 }) as const;
    const config: RouterConfig = {
      as: 65000,
      routerId: '10.0.0.1',
      interfaces: [
        { subnet: 'one', addresses: ['10.0.1.1'] },
        { subnet: 'two', addresses: ['10.0.2.1'] },
        { subnet: 'six', addresses: ['2001:db8:1::1'] },
      ],
      ports: [
        { name: 'pa', ...tunnel(a) },
        { name: 'pb', ...tunnel(b) },
        { name: 'pc', type: 'tap', device: 'vrlink0' },
      ],
      network: {
        ranges: ['10.0.0.0/16', '2001:db8::/32'],
        subnets: [
          { name: 'one', prefix: '10.0.1.0/24' },
          { name: 'two', prefix: '10.0.2.0/24' },
          { name: 'six', prefix: '2001:db8:1::/64' },
        ],
        nodes: [
          { name: 'a', addresses: ['10.0.1.10', '2001:db8:1::a'], location: 'pa' },
          { name: 'b', addresses: ['10.0.1.11', '2001:db8:1::b'], location: 'pb' },
          { name: 'c', addresses: ['10.0.2.12'], location: 'pc' },
        ],
        holders: [{ prefix: '10.0.1.100/32', node: 'a' }],
        grants: [{ node: 'b', prefix: '10.0.1.100/32' }],
      },
    };
    const file = join(host.directory, 'router.json');
    writeFileSync(file, JSON.stringify(config));
    router = lab.spawn(host, process.execPath, ['--import', 'tsx', process_, file, join(host.directory, 'router.sock')], {
      name: 'router',
      directory: fileURLToPath(new URL('../..', import.meta.url)),
    });
    await lab.answers(router, () => router.output().includes('ready'));
    for (const [node, four, six] of [
      [a, '10.0.1.10', '2001:db8:1::a'],
      [b, '10.0.1.11', '2001:db8:1::b'],
    ] as const) {
      const ip = (...args: string[]) => lab.exec(node, 'ip', args);
      await ip(
        'link',
        'add',
        'vx0',
        'type',
        'vxlan',
        'id',
        '42',
        'local',
        node.ipv4,
        'remote',
        host.ipv4,
        'dstport',
        '4789',
        'dev',
        'eth0',
      );
      await ip('link', 'set', 'vx0', 'mtu', '1450', 'up');
      await ip('address', 'add', `${four}/24`, 'dev', 'vx0');
      await ip('address', 'add', `${six}/64`, 'dev', 'vx0', 'nodad');
      await ip('route', 'add', '10.0.0.0/16', 'via', '10.0.1.1');
    }
    await lab.exec(a, 'ip', ['address', 'add', '10.0.1.100/32', 'dev', 'vx0']);
    // The TAP device goes into a namespace of its own; the router keeps its other side.
    tap = await lab.node('c');
    await lab.exec(host, 'ip', ['link', 'set', 'vrlink0', 'netns', tap.namespace]);
    await lab.exec(tap, 'ip', ['link', 'set', 'vrlink0', 'up']);
    await lab.exec(tap, 'ip', ['address', 'add', '10.0.2.12/24', 'dev', 'vrlink0']);
    await lab.exec(tap, 'ip', ['route', 'add', '10.0.1.0/24', 'via', '10.0.2.1']);
  }, 60_000);
  afterAll(() => lab?.dispose());

  const ping = (node: LabNode, ...args: string[]) => lab.exec(node, 'python3', [PING, ...args]);

  it('ping the router, over both families', async () => {
    expect(await ping(a, '10.0.1.1')).toContain('sent 3 received 3');
    expect(await ping(a, '2001:db8:1::1')).toContain('sent 3 received 3');
  });

  it('ping each other in a subnet, with no router seen between them', async () => {
    expect(await ping(a, '10.0.1.11')).toMatch(/from 10\.0\.1\.11 ttl=64[\s\S]*received 3/);
    expect(await ping(a, '2001:db8:1::b')).toMatch(/from 2001:db8:1::b ttl=64[\s\S]*received 3/);
  });

  it('ping through the router between VXLAN and TAP, a hop less each way', async () => {
    expect(await ping(a, '10.0.2.12')).toMatch(/ttl=63[\s\S]*received 3/);
    expect(await ping(tap, '10.0.1.10')).toMatch(/ttl=63[\s\S]*received 3/);
  });

  it('see the router where their packets run out of hops', async () => {
    expect(await ping(a, '10.0.2.12', '1', '0.1', '1')).toContain('error 11/0 from 10.0.1.1');
  });

  it('hear of a smaller MTU from the router', async () => {
    expect(await ping(tap, '10.0.1.10', '1', '0.1', '64', '1440')).toContain('error 3/4 from 10.0.2.1 mtu=1450');
  });

  it('move an address by gratuitous ARP, and the ping that runs follows it', async () => {
    const running = lab.spawn(tap, 'python3', [PING, '10.0.1.100', '60', '0.1']);
    await lab.waitFor('a answers', () => running.output().includes('reply 3'));
    const before = await echoes(lab, b);
    await lab.exec(b, 'ip', ['address', 'add', '10.0.1.100/32', 'dev', 'vx0']);
    await lab.exec(b, 'python3', ['-c', GRATUITOUS]);
    await lab.waitFor('b gets the pings', async () => (await echoes(lab, b)) > before + 3);
    await running.exited;
    const [, sent, got] = /sent (\d+) received (\d+)/.exec(running.output()) ?? [];
    console.log(`moved by gratuitous ARP: ${sent} pings, ${Number(sent) - Number(got)} lost`);
    expect(Number(sent) - Number(got)).toBeLessThanOrEqual(1);
    // b drops the address without a word; it is asked, does not answer, and a has it again.
    await lab.exec(b, 'ip', ['address', 'delete', '10.0.1.100/32', 'dev', 'vx0']);
    await lab.waitFor('a answers again', async () => (await ping(tap, '10.0.1.100', '1')).includes('received 1'), 25);
  });

  it('whose TAP device is deleted leave the router at rest, and the others with it', async () => {
    await lab.exec(tap, 'ip', ['link', 'delete', 'vrlink0']);
    const reads = () => Number(/syscr: (\d+)/.exec(readFileSync(`/proc/${router.pid}/io`, 'utf8'))?.[1]);
    const before = reads();
    await ping(a, '10.0.1.11', '10', '0.1');
    expect(reads() - before).toBeLessThan(1000);
    expect(await ping(a, '10.0.1.11')).toContain('received 3');
  });
});

/** The kernel's count of echo requests, of a namespace. */
async function echoes(lab: Lab, node: LabNode): Promise<number> {
  const [names = '', values = ''] = (await lab.exec(node, 'grep', ['^Icmp:', '/proc/net/snmp'])).split('\n');
  return Number(values.split(' ')[names.split(' ').indexOf('InEchos')]);
}

/** What `arping -U` sends: a broadcast request whose sender and target are the address. */
const GRATUITOUS = `
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(('vx0', 0))
mac = s.getsockname()[4]
ip = socket.inet_aton('10.0.1.100')
s.send(b'\\xff' * 6 + mac + bytes.fromhex('08060001080006040001') + mac + ip + bytes(6) + ip)
`;
