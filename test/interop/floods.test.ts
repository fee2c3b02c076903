/**
 * Floods of every kind from one Linux guest, as fast as its kernel sends, while the BGP sessions of others, over frames and the library's own
 * TCP, go on: each flood lasts longer than their hold time.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryCable } from '../../src/index.js';
import { floodsOf } from '../stack/floods.js';
import { Guest } from '../stack/guest.js';
import { bird } from './support/bird.js';
import type { Daemon } from './support/daemon.js';
import { daemonsPresent } from './support/daemons.js';
import { frr } from './support/frr.js';
import { lost, pinging, tunnel, vxlanDevice } from './support/guests.js';
import { Lab, type LabNode } from './support/lab.js';
import { type RunningRouter, startRouter } from './support/router.js';

const FLOOD = fileURLToPath(new URL('support/flood.py', import.meta.url));
const HOLD_TIME = 6;
const SECONDS = 7;
/** Different frames of each kind. */
const FRAMES = 2048;
/** MB that the router's process may grow by in one flood. */
const GROWTH = 64;
const ROUTER = Uint8Array.of(2, 0x56, 10, 0, 0, 1);

const { present } = daemonsPresent();
const kinds = Object.keys(floodsOf(new Guest(memoryCable()[0], ROUTER, ROUTER)));

/** As ports come: batched, all tunnels on one address and port. Without, what a full queue loses is whose it will. */
const ways: readonly { readonly batched?: boolean }[] = [{}, { batched: false }];

describe.skipIf(!present.includes(bird) || !present.includes(frr)).each(ways)('a flood at one port (%j)', (way) => {
  let lab: Lab;
  let flooder: LabNode;
  let router: RunningRouter;
  let b: LabNode;
  const daemons: Daemon[] = [];
  const batched = way.batched ?? true;
  // A plain socket takes in less than a kernel sends: the flooder has one of its own.
  const portOf = (guest: number): number => (batched || guest > 0 ? 4789 : 4790);

  beforeAll(async () => {
    lab = await Lab.create();
    const host = await lab.node('router');
    flooder = await lab.node('a');
    b = await lab.node('b');
    const c = await lab.node('c');
    router = await startRouter(lab, host, {
      as: 65000,
      routerId: '10.0.0.1',
      interfaces: [
        { subnet: 'one', addresses: ['10.0.1.1'] },
        { subnet: 'six', addresses: ['2001:db8::1'] },
      ],
      ports: [flooder, b, c].map((node, i) => ({ name: `p${i}`, ...tunnel(host, node), ...way, port: portOf(i) })),
      network: {
        ranges: ['10.0.0.0/16', '2001:db8::/32'],
        subnets: [
          { name: 'one', prefix: '10.0.1.0/24' },
          { name: 'six', prefix: '2001:db8::/64' },
        ],
        nodes: [
          { name: 'a', addresses: ['10.0.1.10', '2001:db8::a'], location: 'p0' },
          { name: 'b', addresses: ['10.0.1.11', '2001:db8::b'], location: 'p1' },
          { name: 'c', addresses: ['10.0.1.12', '2001:db8::c'], location: 'p2' },
        ],
        grants: [
          { node: 'a', prefix: '10.0.8.0/21', ge: 32, le: 32 },
          { node: 'b', prefix: '10.0.2.0/24' },
          { node: 'c', prefix: '10.0.3.0/24' },
        ],
      },
      neighbours: [
        { address: '10.0.1.10', as: 65001, passive: true },
        { address: '10.0.1.11', as: 65002, passive: true, holdTime: HOLD_TIME },
        { address: '10.0.1.12', as: 65003, passive: true, holdTime: HOLD_TIME },
      ],
    });
    for (const [i, node] of [flooder, b, c].entries()) {
      await vxlanDevice(lab, host, node, [`10.0.1.${10 + i}/24`, `2001:db8::${(10 + i).toString(16)}/64`], [], { port: portOf(i) });
    }
    for (const [node, kind, i] of [
      [b, bird, 1],
      [c, frr, 2],
    ] as const) {
      const own = `10.0.1.${10 + i}`;
      const neighbours = [{ address: '10.0.1.1', as: 65000, holdTime: HOLD_TIME }];
      const announce = [{ prefix: `10.0.${1 + i}.0/24` }];
      daemons.push(await kind.start(lab, { ...node, ipv4: own }, { as: 65001 + i, routerId: own, neighbours, announce }));
    }
    await lab.waitFor('both routes are held', async () => (await holders()).join() === 'b,c', 40);
    expect((await router.links()).map((link) => link.batched)).toEqual([batched, batched, batched]);
  }, 120_000);
  afterAll(() => lab?.dispose());

  const holders = async () => [await router.holder('10.0.2.0/24'), await router.holder('10.0.3.0/24')];
  /** Those of b and c: the same as before means that neither was lost in between. */
  const sessions = async () =>
    (await router.neighbours())
      .filter(({ node }) => node !== 'a')
      .map(({ node, state, establishedAt }) => ({ node, state, establishedAt }));

  // Batched sockets take in more than a guest sends: a few kinds will do.
  it.each(batched ? ['ARP', 'SYNs'] : kinds)(
    'of %s ends no session of another guest, and takes no memory to speak of',
    async (kind) => {
      const frames: string[] = [];
      const [near, far] = memoryCable();
      far.listen((frame, start, end) => frames.push(Buffer.from(frame.subarray(start, end)).toString('hex')));
      const send = floodsOf(new Guest(near, Uint8Array.of(2, 0, 0, 0, 0, 10), ROUTER))[kind];
      for (let n = 0; n < FRAMES; n++) send?.(n);
      const file = join(flooder.directory, 'frames');
      writeFileSync(file, frames.join('\n'));
      await lab.waitFor('both sessions stand', async () => (await sessions()).every(({ state }) => state === 'established'), 40);
      const [standing, before] = [await sessions(), await router.memory()];
      const receivedBefore = (await router.links())[0]?.received ?? 0;
      const running = pinging(lab, b, '10.0.1.1', SECONDS * 10, 0.1);
      const said = await lab.exec(flooder, 'python3', [FLOOD, 'vx0', file, String(SECONDS)], { timeout: 40_000 });
      const grown = ((await router.memory()) - before) / 1e6;
      const pings = await lost(running);
      const received = ((await router.links())[0]?.received ?? 0) - receivedBefore;
      console.log(
        `${kind}: ${said.trim()}, ${received} reached the router, which grew by ${grown.toFixed(1)} MB; ${pings.lost} of ${pings.sent} pings lost`,
      );
      expect(received).toBeGreaterThan(10_000);
      expect(grown).toBeLessThan(GROWTH);
      // A plain socket that all share would lose a third to a half of them.
      expect(pings.lost).toBeLessThan(pings.sent / 10);
      expect(await sessions()).toEqual(standing);
      expect(await holders()).toEqual(['b', 'c']);
    },
    90_000,
  );
});
