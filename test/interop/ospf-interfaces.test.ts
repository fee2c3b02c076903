/** BIRD and FRR on interfaces of every type: see `support/ospf-scene.ts`. */
import { describe, expect, it } from 'vitest';
import { bird } from './support/bird.js';
import { here } from './support/daemons.js';
import { frr } from './support/frr.js';
import { idOf, scene, whole } from './support/ospf-scene.js';

const enabled = here(bird, frr, 'koffi');

const TYPES = [
  ['broadcast', { type: 'broadcast', priority: 10 }, { priority: 0 }, 'dr'],
  ['broadcast, the guest being the designated router', { type: 'broadcast', priority: 0 }, { priority: 10 }, 'dr-other'],
  ['point-to-point', { type: 'point-to-point' }, { type: 'point-to-point' }, 'point-to-point'],
  ['point-to-multipoint', { type: 'point-to-multipoint' }, { type: 'point-to-multipoint' }, 'point-to-point'],
] as const;

describe.skipIf(!enabled)('interfaces of every type', () => {
  const cases = (['BIRD', 'FRR'] as const).flatMap((kind) =>
    ([2, 3] as const).flatMap((version) => TYPES.map(([name, face, guest, state]) => [kind, version, name, face, guest, state] as const)),
  );
  // FRR has no point-to-multipoint in OSPFv3 before 9.0.
  it.each(cases.filter(([kind, version, name]) => !(kind === 'FRR' && version === 3 && name === 'point-to-multipoint')))(
    '%s, OSPFv%d, %s',
    async (kind, version, _name, face, guest, state) => {
      const at = await scene(version, kind, face, guest);
      await whole(version, at);
      const [instance] = await at.router.ospf();
      expect(instance?.interfaces[0]).toMatchObject({ state, neighbours: [{ routerId: idOf(at.node), state: 'full', node: 'guest' }] });
    },
  );

  const mismatches = (['BIRD', 'FRR'] as const).flatMap((kind) =>
    ([2, 3] as const).flatMap((version) =>
      (
        [
          ['point-to-point', { type: 'point-to-point' }, { type: 'broadcast', priority: 1 }],
          ['broadcast', { type: 'broadcast' }, { type: 'point-to-point' }],
        ] as const
      ).map(([name, face, guest]) => [kind, version, name, face, guest] as const),
    ),
  );
  it.each(mismatches)('%s, OSPFv%d, that takes a link for another type than %s: it is told why there are no routes', async (...of) => {
    const [kind, version, , face, guest] = of;
    const { lab, router } = await scene(version, kind, face, guest);
    await lab.waitFor('the event', () => /ospf-problem .*"problem":"network-type-mismatch"/.test(router.log()));
  });
});
