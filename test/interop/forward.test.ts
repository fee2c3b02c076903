/**
 * The forwarder in a process of its own, with BIRD in guests behind vxlan devices that speak BGP through it: `virtual-router run` is killed
 * and started again under traffic, and so is the forwarder.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askControl, type Why } from '../../src/index.js';
import { bird } from './support/bird.js';
import type { Daemon } from './support/daemon.js';
import { daemonsPresent } from './support/daemons.js';
import { lost, ping, pinging, vxlanDevice } from './support/guests.js';
import { Lab, type LabNode, type Running } from './support/lab.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ROUTER = '10.0.1.1';
/** What a and b claim, by BGP; and each one's own. */
const CLAIMED = { a: '10.0.1.100', b: '10.0.1.101' } as const;
/** Seconds in which guests say everything again: what they have not said by then ends. */
const DEFERRAL = 15;

const configuration = (own: LabNode, guests: readonly LabNode[]): string => `
as: 65000
routerId: 10.0.0.1
interfaces:
  - { subnet: one, addresses: [${ROUTER}] }
  - { subnet: two, addresses: [10.0.2.1] }
ports:
${guests.map(({ name, ipv4 }) => `  - { name: p${name}, type: vxlan, address: ${own.ipv4}, remote: ${ipv4}, vni: 42 }`).join('\n')}
network:
  ranges: [10.0.0.0/16]
  subnets: [{ name: one, prefix: 10.0.1.0/24 }, { name: two, prefix: 10.0.2.0/24 }]
  nodes:
    - { name: a, addresses: [10.0.1.10], location: pa }
    - { name: b, addresses: [10.0.1.11], location: pb }
    - { name: c, addresses: [10.0.2.12], location: pc }
  grants:
    - { node: a, prefix: ${CLAIMED.a}/32 }
    - { node: b, prefix: ${CLAIMED.b}/32 }
  restart: { time: 60, deferral: ${DEFERRAL}, snapshot: ${join(own.directory, 'claims')} }
  forwarder: { path: ${join(own.directory, 'feed.sock')}, stale: 120 }
neighbours:
  - { address: 10.0.1.10, as: 65001, passive: true }
  - { address: 10.0.1.11, as: 65002, connectRetryTime: 1 }
`;

describe.skipIf(!daemonsPresent().present.includes(bird))('a forwarder in a process of its own', () => {
  let lab: Lab;
  let own: LabNode;
  let a: LabNode;
  let b: LabNode;
  let c: LabNode;
  let forwarder: Running;
  let router: Running;
  let daemons: { a: Daemon; b: Daemon };

  const start = (command: 'run' | 'forward'): Running => {
    const options = command === 'run' ? ['--control', join(own.directory, 'control.sock')] : [];
    const args = ['--import', 'tsx', join(ROOT, 'src/cli/index.ts'), command, '--json', ...options, join(own.directory, 'router.yaml')];
    return lab.spawn(own, process.execPath, args, { name: `virtual-router ${command}`, directory: ROOT });
  };
  /** How often the forwarder has said that it stands so. */
  const times = (state: string): number => forwarder.output().split(`"state":"${state}"`).length - 1;
  const outcome = async (node: 'a' | 'b'): Promise<string> => {
    const answer = await askControl({ path: join(own.directory, 'control.sock') }, `/why?prefix=${CLAIMED[node]}&node=${node}`);
    return (JSON.parse(answer) as Why).outcome;
  };
  const guest = async (node: LabNode, address: string): Promise<LabNode> => {
    await vxlanDevice(lab, own, node, [`${address}/24`], [`10.0.0.0/16 via ${address.replace(/\d+$/, '1')}`]);
    // Its daemon speaks from the address of its vxlan device.
    return { ...node, ipv4: address };
  };
  /**
   * Nobody closes the connections of a router that is killed, as they are its own: a guest that dials notices when it says something next,
   * which is when it keeps its session alive; one that is dialled, at once.
   */
  const speaker = (node: LabNode, as: number, claim: string, passive: boolean): Promise<Daemon> =>
    bird.start(lab, node, {
      as,
      routerId: node.ipv4,
      neighbours: [{ address: ROUTER, as: 65000, holdTime: 9, passive }],
      announce: [{ prefix: `${claim}/32` }],
    });

  beforeAll(async () => {
    lab = await Lab.create();
    own = await lab.node('router');
    const guests = [await lab.node('a'), await lab.node('b'), await lab.node('c')] as const;
    writeFileSync(join(own.directory, 'router.yaml'), configuration(own, guests));
    forwarder = start('forward');
    router = start('run');
    a = await guest(guests[0], '10.0.1.10');
    b = await guest(guests[1], '10.0.1.11');
    c = await guest(guests[2], '10.0.2.12');
    await lab.exec(a, 'ip', ['address', 'add', `${CLAIMED.a}/32`, 'dev', 'vx0']);
    await lab.exec(b, 'ip', ['address', 'add', `${CLAIMED.b}/32`, 'dev', 'vx0']);
    await lab.waitFor('the forwarder follows the router', () => times('following') === 1, 60);
    daemons = { a: await speaker(a, 65001, CLAIMED.a, false), b: await speaker(b, 65002, CLAIMED.b, true) };
    for (const claim of Object.values(CLAIMED))
      await lab.waitFor(`${claim} answers`, async () => (await ping(lab, c, claim, '1')).includes('received 1'), 40);
  }, 120_000);
  afterAll(() => lab?.dispose());

  it('loses no packet while the router is killed and started again, and everything is as before once the guests have spoken', async () => {
    expect([await outcome('a'), await outcome('b')]).toEqual(['holds', 'holds']);
    // The snapshot is a second old at most.
    await pause(2500);
    const traffic = [CLAIMED.a, CLAIMED.b, '10.0.1.11'].map((address) => pinging(lab, c, address, 1500, 0.02));
    await lab.waitFor('pings run', () => traffic.every((running) => running.output().includes('reply 20 ')));
    await router.kill('SIGKILL');
    await lab.waitFor('the forwarder is on its own', () => times('stale') === 1);
    // Whoever asks for its gateway meanwhile is answered.
    await lab.exec(c, 'ip', ['neighbour', 'flush', 'dev', 'vx0']);
    await pause(3000);
    router = start('run');
    await lab.waitFor('the forwarder follows again', () => times('following') === 2, 40);
    await lab.waitFor('the guests have spoken', () => router.output().includes('"state":"over"'), 40);
    await lab.waitFor('both sessions are up', () => router.output().split('"to":"established"').length === 3, 40);
    const counts = await Promise.all(traffic.map(lost));
    console.log(`the router was killed and started again under ${counts.map(({ sent }) => sent).join(' + ')} pings`);
    expect(counts.map((count) => count.lost)).toEqual([0, 0, 0]);
    expect(counts.map((count) => count.sent)).toEqual([1500, 1500, 1500]);
    expect([await outcome('a'), await outcome('b')]).toEqual(['holds', 'holds']);
    expect(router.output()).not.toMatch(new RegExp(`"prefix":"(${CLAIMED.a}|${CLAIMED.b})/32"[^\\n]*"after":null`));
  });

  it('gives up what nobody says again once the time for that is over, and nothing else', async () => {
    await pause(2500);
    await router.kill('SIGKILL');
    await daemons.b.kill9();
    router = start('run');
    await lab.waitFor('the forwarder follows again', () => times('following') === 3, 40);
    const traffic = pinging(lab, c, CLAIMED.a, 1000, 0.02);
    expect(await ping(lab, c, CLAIMED.b, '1')).toContain('received 1');
    await lab.waitFor(`nobody has ${CLAIMED.b}`, async () => (await ping(lab, c, CLAIMED.b, '1')).includes('received 0'), DEFERRAL + 30);
    expect([await outcome('a'), await outcome('b')]).toEqual(['holds', 'not-claimed']);
    expect((await lost(traffic)).lost).toBe(0);
  });

  it('is told everything anew when it is killed and started again itself', async () => {
    await forwarder.kill('SIGKILL');
    expect(await ping(lab, c, CLAIMED.a, '1')).toContain('received 0');
    forwarder = start('forward');
    await lab.waitFor('the forwarder follows', () => times('following') === 1, 40);
    await lab.waitFor(`${CLAIMED.a} answers`, async () => (await ping(lab, c, CLAIMED.a, '1')).includes('received 1'));
    expect(router.alive()).toBe(true);
  });
});
