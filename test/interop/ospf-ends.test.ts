/** Guests that end, and many on one segment: see `support/ospf-scene.ts`. */
import { describe, expect, it } from 'vitest';
import { bird } from './support/bird.js';
import { here } from './support/daemons.js';
import { frr } from './support/frr.js';
import type { LabNode } from './support/lab.js';
import { full, type OspfGuestOptions, reaches, startOspfGuest } from './support/ospf-guest.js';
import { config, holds, idOf, newLab, ROUTER, scene, stub, whole } from './support/ospf-scene.js';
import { startRouter } from './support/router.js';

const enabled = here(bird, frr, 'koffi');

describe.skipIf(!enabled)('a guest that ends', () => {
  it.each([
    ['BIRD', 2],
    ['FRR', 2],
    ['BIRD', 3],
    ['FRR', 3],
  ] as const)(
    "%s, OSPFv%d, killed: its address is nobody's within the dead interval, and its own again when it is back",
    async (kind, version) => {
      const options: Partial<OspfGuestOptions> = { type: 'point-to-point' };
      const at = await scene(version, kind, { type: 'point-to-point' }, options);
      await whole(version, at);
      const killed = performance.now();
      await at.guest.kill9();
      await holds(at, stub(version, at.node), undefined);
      // Four seconds from its last Hello, which came within the second before; and the polling.
      expect(performance.now() - killed).toBeLessThan(5000);
      const again = await startOspfGuest(at.lab, at.node, kind, {
        version,
        routerId: idOf(at.node),
        stubs: [stub(version, at.node)],
        ...options,
      });
      await full(at.lab, again, [ROUTER]);
      await holds(at, stub(version, at.node), 'guest');
    },
  );

  it('BIRD, OSPFv3 with a trailer, killed: it counts its packets from 1 again, and is taken back', async () => {
    const keys = [{ id: 7, hash: 'hmac-sha-256' as const, secret: 'a-key-of-the-lab' }];
    const options: Partial<OspfGuestOptions> = { type: 'point-to-point', authentication: { type: 'cryptographic', keys } };
    const at = await scene(3, 'BIRD', { type: 'point-to-point', authentication: { type: 'cryptographic', keys } }, options);
    await holds(at, stub(3, at.node), 'guest');
    await at.guest.kill9();
    await holds(at, stub(3, at.node), undefined);
    const own = { version: 3, routerId: idOf(at.node), stubs: [stub(3, at.node)] } as const;
    const again = await startOspfGuest(at.lab, at.node, 'BIRD', { ...own, ...options });
    await full(at.lab, again, [ROUTER]);
    await holds(at, stub(3, at.node), 'guest');
  });

  it("FRR with Hellos four times a second, killed: its address is nobody's within about a second", async () => {
    const fast = { helloInterval: 0.25, deadInterval: 1 };
    const at = await scene(2, 'FRR', { type: 'point-to-point', ...fast }, { type: 'point-to-point', hello: 0.25, dead: 1 });
    await whole(2, at);
    const killed = performance.now();
    await at.guest.kill9();
    await holds(at, stub(2, at.node), undefined);
    expect(performance.now() - killed).toBeLessThan(2000);
  });

  it.each([2, 3] as const)(
    "BIRD, OSPFv%d, watched by BFD, killed: its address is nobody's long before the dead interval",
    async (version) => {
      const bfd = { minTx: 100, minRx: 100, multiplier: 3 };
      const at = await scene(
        version,
        'BIRD',
        { type: 'point-to-point', deadInterval: 60, bfd },
        { type: 'point-to-point', dead: 60, bfd: true },
      );
      await holds(at, stub(version, at.node), 'guest');
      await at.lab.waitFor('BFD is up', async () => {
        const [neighbour] = (await at.router.ospf())[0]?.interfaces[0]?.neighbours ?? [];
        if (neighbour?.bfd?.state === 'up') return true;
        throw new Error(JSON.stringify(neighbour?.bfd));
      });
      await at.guest.kill9();
      await holds(at, stub(version, at.node), undefined, 20);
    },
  );

  it.each([
    ['BIRD', 2],
    ['FRR', 2],
  ] as const)("%s, OSPFv%d, stopped: it takes back what it told, and its address is nobody's at once", async (kind, version) => {
    // By its silence it would be gone only after forty seconds.
    const at = await scene(version, kind, { type: 'point-to-point', deadInterval: 40 }, { type: 'point-to-point', dead: 40 });
    await whole(version, at);
    await at.guest.stop();
    await holds(at, stub(version, at.node), undefined, 15);
  });
});

describe.skipIf(!enabled)('many guests', () => {
  it('twenty of BIRD and FRR on one segment, each with its address, the router designated', async () => {
    const made = await newLab();
    const own = await made.node('router');
    const nodes: LabNode[] = [];
    for (let i = 0; i < 20; i++) nodes.push(await made.node(`guest${i}`));
    const slow = { helloInterval: 2, deadInterval: 20 };
    const base = config(2, nodes, { type: 'broadcast', priority: 255, trusted: true, ...slow });
    // On a shared segment an LSA may come through the designated router, who is us: all are first heard from their originators.
    const [instance] = base.ospf ?? [];
    const router = await startRouter(made, own, {
      ...base,
      ospf: instance ? [{ ...instance, interfaces: instance.interfaces.map(({ trusted: _, ...face }) => face) }] : [],
    });
    const guests = await Promise.all(
      nodes.map((node, i) =>
        startOspfGuest(made, node, i % 4 === 3 ? 'FRR' : 'BIRD', {
          version: 2,
          routerId: idOf(node),
          priority: 0,
          stubs: [stub(2, node)],
          hello: 2,
          dead: 20,
        }),
      ),
    );
    for (const node of nodes) await holds({ lab: made, router }, stub(2, node), node.name, 60);
    // Each hears of all the others.
    for (const guest of guests)
      await reaches(
        made,
        guest,
        nodes.filter((node) => node !== guest.node).map((node) => stub(2, node)),
        [],
        60,
      );
    const killed = guests[7];
    await killed?.kill9();
    await holds({ lab: made, router }, stub(2, nodes[7] as LabNode), undefined, 30);
    await holds({ lab: made, router }, stub(2, nodes[8] as LabNode), 'guest8');
  });
});
