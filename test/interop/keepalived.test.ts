/**
 * Unmodified keepalived in two guests, of which the better one has three addresses: by VRRP version 2 with a password, by version 3, and by version 3
 * over IPv6. A third guest pings them while keepalived is killed, comes back, and resigns.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { echoes, has, lost, pinging, startRouter, tunnel, vxlanDevice } from './support/guests.js';
import { Lab, type LabNode, type Running } from './support/lab.js';

const VIPS = ['10.0.1.100', '10.0.1.101', '2001:db8:1::100'] as const;

describe.skipIf(!has('keepalived', 'ip'))('keepalived', () => {
  let lab: Lab;
  let a: LabNode;
  let b: LabNode;
  let c: LabNode;
  let router: Running;
  let atA: Running;
  let atB: Running;

  beforeAll(async () => {
    lab = await Lab.create();
    const host = await lab.node('router');
    a = await lab.node('a');
    b = await lab.node('b');
    c = await lab.node('c');
    router = await startRouter(lab, host, {
      as: 65000,
      routerId: '10.0.0.1',
      interfaces: [
        { subnet: 'one', addresses: ['10.0.1.1'] },
        { subnet: 'two', addresses: ['10.0.2.1'] },
        { subnet: 'six', addresses: ['2001:db8:1::1'] },
        { subnet: 'six2', addresses: ['2001:db8:2::1'] },
      ],
      ports: [
        { name: 'pa', ...tunnel(host, a) },
        { name: 'pb', ...tunnel(host, b) },
        { name: 'pc', ...tunnel(host, c) },
      ],
      network: {
        ranges: ['10.0.0.0/16', '2001:db8::/32'],
        subnets: [
          { name: 'one', prefix: '10.0.1.0/24' },
          { name: 'two', prefix: '10.0.2.0/24' },
          { name: 'six', prefix: '2001:db8:1::/64' },
          { name: 'six2', prefix: '2001:db8:2::/64' },
        ],
        nodes: [
          { name: 'a', addresses: ['10.0.1.10', '2001:db8:1::a'], location: 'pa', tags: ['vip'] },
          { name: 'b', addresses: ['10.0.1.11', '2001:db8:1::b'], location: 'pb', tags: ['vip'] },
          { name: 'c', addresses: ['10.0.2.12', '2001:db8:2::c'], location: 'pc' },
        ],
        grants: VIPS.map((address) => ({ tag: 'vip', prefix: address })),
      },
    });
    await vxlanDevice(
      lab,
      host,
      a,
      ['10.0.1.10/24', '2001:db8:1::a/64'],
      ['10.0.2.0/24 via 10.0.1.1', '2001:db8:2::/64 via 2001:db8:1::1'],
    );
    await vxlanDevice(
      lab,
      host,
      b,
      ['10.0.1.11/24', '2001:db8:1::b/64'],
      ['10.0.2.0/24 via 10.0.1.1', '2001:db8:2::/64 via 2001:db8:1::1'],
    );
    await vxlanDevice(
      lab,
      host,
      c,
      ['10.0.2.12/24', '2001:db8:2::c/64'],
      ['10.0.1.0/24 via 10.0.2.1', '2001:db8:1::/64 via 2001:db8:2::1'],
    );
  }, 60_000);
  afterAll(() => lab?.dispose());

  const keepalived = (node: LabNode, priority: number): Running => {
    const at = (name: string): string => join(node.directory, name);
    writeFileSync(at('keepalived.conf'), configuration(priority));
    const pids = ['-p', at('main.pid'), '-r', at('vrrp.pid')];
    return lab.spawn(node, 'keepalived', ['-P', '--dont-fork', '--log-console', '--log-detail', '-f', at('keepalived.conf'), ...pids], {
      name: `keepalived in ${node.name}`,
    });
  };
  /** How often each instance of a keepalived has entered a state. */
  const entered = (running: Running, state: string): number =>
    [...running.output().matchAll(new RegExp(`\\((?:V2|V3|V6)\\) Entering ${state} STATE`, 'g'))].length;
  /** Pings all three addresses, and whether each is at `to` by the kernel's own count. */
  const answeredBy = async (to: LabNode): Promise<boolean> => {
    const before = [await echoes(lab, to), await echoes(lab, to, 6)];
    for (const address of VIPS) if ((await lost(pinging(lab, c, address, 1))).lost > 0) return false;
    const after = [await echoes(lab, to), await echoes(lab, to, 6)];
    return (after[0] ?? 0) === (before[0] ?? 0) + 2 && (after[1] ?? 0) === (before[1] ?? 0) + 1;
  };

  it('has the better one active and the other one waiting, as each hears of the other through the router', async () => {
    atA = keepalived(a, 150);
    await lab.waitFor('a is active', () => entered(atA, 'MASTER') === 3);
    atB = keepalived(b, 100);
    await lab.waitFor('b waits', () => entered(atB, 'BACKUP') === 3);
    await lab.waitFor('a has the addresses', () => answeredBy(a));
    // Long enough for a backup that hears nothing to become active.
    await new Promise((resolve) => setTimeout(resolve, 4500));
    expect(entered(atB, 'MASTER')).toBe(0);
    expect(await answeredBy(a)).toBe(true);
  });

  it('is killed, and the running pings are answered by the other', async () => {
    const pings = VIPS.map((address) => pinging(lab, c, address, 120));
    await lab.waitFor('the pings are answered', () => pings.every((running) => running.output().includes('reply 3')));
    await atA.kill('SIGKILL');
    await lab.waitFor('b is active', () => entered(atB, 'MASTER') === 3);
    const counts = await Promise.all(pings.map(lost));
    console.log(`keepalived killed: ${counts.map((count, i) => `${VIPS[i]} ${count.sent} pings, ${count.lost} lost`).join('; ')}`);
    for (const count of counts) expect(count.lost).toBeLessThanOrEqual(2);
    await lab.waitFor('b has the addresses', () => answeredBy(b));
  });

  it('comes back and takes its addresses again, and the other steps back', async () => {
    const backups = entered(atB, 'BACKUP');
    atA = keepalived(a, 150);
    await lab.waitFor('b steps back', () => entered(atB, 'BACKUP') === backups + 3);
    await lab.waitFor('a has the addresses', () => answeredBy(a));
  });

  it('resigns when it is stopped, and the other takes over at once', async () => {
    const pings = VIPS.map((address) => pinging(lab, c, address, 60));
    await lab.waitFor('the pings are answered', () => pings.every((running) => running.output().includes('reply 3')));
    const masters = entered(atB, 'MASTER');
    await atA.kill('SIGTERM');
    await lab.waitFor('b is active', () => entered(atB, 'MASTER') === masters + 3);
    const counts = await Promise.all(pings.map(lost));
    console.log(`keepalived stopped: ${counts.map((count, i) => `${VIPS[i]} ${count.sent} pings, ${count.lost} lost`).join('; ')}`);
    await lab.waitFor('b has the addresses', () => answeredBy(b));
    // VRRP and gratuitous ARP of one node are one claim, which has ended with VRRP.
    expect(router.output()).not.toMatch(/"source":"arp"/);
  });
});

function configuration(priority: number): string {
  const instance = (name: string, id: number, body: string): string => `
vrrp_instance ${name} {
  state BACKUP
  interface vx0
  virtual_router_id ${id}
  priority ${priority}
  ${body}
}`;
  return `
global_defs {
  router_id guest
}
${instance('V2', 51, 'version 2\n  advert_int 1\n  authentication {\n    auth_type PASS\n    auth_pass secret\n  }\n  virtual_ipaddress {\n    10.0.1.100/32\n  }')}
${instance('V3', 52, 'version 3\n  advert_int 0.2\n  virtual_ipaddress {\n    10.0.1.101/32\n  }')}
${instance('V6', 53, 'version 3\n  advert_int 0.2\n  virtual_ipaddress {\n    fe80::5:300/64\n    2001:db8:1::100/128\n  }')}
`;
}
