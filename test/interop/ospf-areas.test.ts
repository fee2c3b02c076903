/** Areas of all kinds with BIRD and FRR: see `support/ospf-scene.ts`. */
import { describe, it } from 'vitest';
import { bird } from './support/bird.js';
import { here } from './support/daemons.js';
import { frr } from './support/frr.js';
import { full, startOspfGuest } from './support/ospf-guest.js';
import { config, holds, idOf, newLab, ROUTER, scene, stub, whole } from './support/ospf-scene.js';
import { startRouter } from './support/router.js';

const enabled = here(bird, frr, 'koffi');

describe.skipIf(!enabled)('areas', () => {
  const nssa = { areas: [{ area: 1, type: 'nssa' as const }] };

  it.each([
    ['BIRD', 2],
    ['FRR', 2],
    ['BIRD', 3],
    ['FRR', 3],
  ] as const)('%s, OSPFv%d, in a not-so-stubby area', async (kind, version) => {
    const at = await scene(
      version,
      kind,
      { type: 'point-to-point', area: 1 },
      { type: 'point-to-point', area: '0.0.0.1', areaType: 'nssa' },
      nssa,
    );
    await whole(version, at);
  });

  it.each([
    ['BIRD', 2],
    ['FRR', 2],
    ['BIRD', 3],
    ['FRR', 3],
  ] as const)('%s, OSPFv%d, as border router: what is in the area behind it is reached through it', async (kind, version) => {
    const [address, prefix] = version === 2 ? ['10.8.2.1/24', '10.8.2.0/24'] : ['2001:db8:8:2::1/64', '2001:db8:8:2::/64'];
    const made = await newLab();
    const own = await made.node('router');
    const node = await made.node('guest');
    const base = config(version, [node], { type: 'point-to-point' });
    const grants = [...(base.network?.grants ?? []), { node: 'guest', prefix, as: 'gateway' as const }];
    const router = await startRouter(made, own, { ...base, network: { ...base.network, grants } });
    const guest = await startOspfGuest(made, node, kind, {
      version,
      routerId: idOf(node),
      type: 'point-to-point',
      stubs: [stub(version, node)],
      behind: { area: '0.0.0.2', address },
    });
    await full(made, guest, [ROUTER]);
    await holds({ lab: made, router }, prefix, 'guest');
  });
});
