/**
 * Our TCP against Linux's, through a path that is late, loses, doubles and reorders: a relay between the guest's vxlan device and the
 * router's port, as the kernels of test machines have no netem.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mutate } from '../stack/tcp/mutations.js';
import { Path } from '../stack/tcp/path.js';
import { Lab, type LabNode, type Running } from './support/lab.js';
import type { RelayOptions } from './support/relay.js';

const present = process.env.VIRTUAL_ROUTER_INTEROP === '1';
const OURS = fileURLToPath(new URL('support/tcp-process.ts', import.meta.url));
const GUEST = fileURLToPath(new URL('support/tcp-guest.py', import.meta.url));

describe.skipIf(!present)("our TCP against Linux's", () => {
  let lab: Lab;
  let own: LabNode;
  let guest: LabNode;
  let ours: Running | undefined;

  beforeAll(async () => {
    lab = await Lab.create();
    own = await lab.node('router');
    guest = await lab.node('guest');
    const ip = (line: string) => lab.exec(guest, 'ip', line.split(' '));
    await ip(`link add vx0 type vxlan id 42 local ${guest.ipv4} remote ${own.ipv4} dstport 4789 dev eth0`);
    await lab.exec(guest, 'python3', [fileURLToPath(new URL('support/checksums.py', import.meta.url)), 'vx0']);
    await ip('link set vx0 mtu 1450 up');
    await ip('address add 10.0.1.10/24 dev vx0');
  }, 60_000);
  afterAll(() => lab?.dispose());

  const start = async (relay: Partial<RelayOptions>, dial = '') => {
    await ours?.kill();
    const directory = fileURLToPath(new URL('../..', import.meta.url));
    const args = ['--import', 'tsx', OURS, own.ipv4, guest.ipv4, JSON.stringify(relay), dial];
    ours = lab.spawn(own, process.execPath, args, { name: 'our TCP', directory });
    const running = ours;
    await lab.answers(running, () => running.output().includes('ready'));
    return running;
  };
  const run = (...args: string[]) => lab.exec(guest, 'python3', [GUEST, ...args], { timeout: 280_000 });

  it.each<[string, Partial<RelayOptions>, number]>([
    ['100 MB at 0.1 % loss and 5 ms', { loss: 0.001, delay: 2.5 }, 100_000_000],
    ['2 MB at 5 % loss, doubles and reordering at 20 ms', { loss: 0.05, delay: 10, double: 0.02, reorder: 0.05 }, 2_000_000],
    ['200 kB at 5 % loss and 200 ms', { loss: 0.05, delay: 100 }, 200_000],
  ])(
    'carries %s each way, and every octet',
    async (name, relay, octets) => {
      await start(relay);
      for (const way of ['send', 'receive']) {
        const said = await run(way, String(octets));
        console.log(`${name}, ${way === 'send' ? 'from' : 'to'} the guest: ${said.trim()}`);
        expect(said).toMatch(/^1 of 1 right/);
      }
    },
    600_000,
  );

  it('carries 200 connections at once, both ways', async () => {
    await start({ loss: 0.01, delay: 2 });
    for (const way of ['send', 'receive']) expect(await run(way, '20000', '200')).toMatch(/^200 of 200 right/);
  }, 120_000);

  it('is signed as Linux signs (TCP_MD5SIG), dialled and dialling, and says so where a key is another', async () => {
    const running = await start({});
    expect(await run('md5', 's3cret')).toBe('echoed\n');
    expect(await run('md5', 'other')).toMatch(/^failed/);
    expect(running.output()).toContain('refused md5-mismatch');
    const listening = lab.spawn(guest, 'python3', [GUEST, 'listen', 's3cret']);
    await lab.waitFor('the guest listens', () => listening.output().includes('listening'));
    const dialling = await start({}, 'dial');
    await lab.waitFor('both have heard', () => listening.output().includes('accepted signed') && dialling.output().includes('heard back'));
  }, 60_000);
});

describe.skipIf(!present)('our TCP for long', () => {
  it('carries 100 MB to itself at 5 % loss and 200 ms, on a clock that is turned by hand', () => {
    const path = new Path({ delay: 100, loss: 0.05 });
    const accepted = path.b.serve();
    const dialled = path.a.dial();
    path.clock.advance(60_000);
    const start = path.clock.now();
    dialled.sink?.pour(100_000_000);
    const [far] = accepted;
    for (let i = 0; far && far.octets < 100_000_000 && i < 20_000; i++) path.clock.advance(1000);
    console.log(
      `100 MB to itself at 5 % loss and 200 ms: ${((path.clock.now() - start) / 1000).toFixed(0)} s of its clock, ${path.lost} segments lost`,
    );
    expect([far?.octets, far?.right]).toEqual([100_000_000, true]);
  }, 300_000);

  it('takes a million random and mutated segments', () => mutate(1_000_000), 300_000);
});
