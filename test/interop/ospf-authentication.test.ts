/** OSPF that is authenticated, with BIRD and FRR: see `support/ospf-scene.ts`. */
import { describe, expect, it } from 'vitest';
import { bird } from './support/bird.js';
import { here } from './support/daemons.js';
import { frr } from './support/frr.js';
import { type OspfGuestKind, type OspfGuestOptions, startOspfGuest } from './support/ospf-guest.js';
import { config, holds, idOf, newLab, scene, stub, type Version, whole } from './support/ospf-scene.js';
import { startRouter } from './support/router.js';

const enabled = here(bird, frr, 'koffi');

type Hash = 'md5' | 'hmac-sha-1' | 'hmac-sha-256' | 'hmac-sha-384' | 'hmac-sha-512';

describe.skipIf(!enabled)('authentication', () => {
  const key = (hash: Hash, id = 7) => ({ id, hash, secret: 'a-key-of-the-lab' });
  const cases: readonly (readonly [OspfGuestKind, Version, Hash])[] = [
    ['BIRD', 2, 'md5'],
    ['FRR', 2, 'md5'],
    ['BIRD', 2, 'hmac-sha-1'],
    ['BIRD', 2, 'hmac-sha-384'],
    ['BIRD', 2, 'hmac-sha-512'],
    ['BIRD', 3, 'hmac-sha-1'],
    ['BIRD', 3, 'hmac-sha-256'],
    ['BIRD', 3, 'hmac-sha-512'],
    ['FRR', 3, 'hmac-sha-256'],
  ];
  it.each(cases)('%s, OSPFv%d, %s', async (kind, version, hash) => {
    const at = await scene(
      version,
      kind,
      {
        type: 'point-to-point',
        authentication: {
          type: 'cryptographic',
          keys: [key(hash)],
          ...(kind === 'FRR' && version === 3 ? { swappedProtocolId: true } : {}),
        },
      },
      { type: 'point-to-point', authentication: { type: 'cryptographic', keys: [key(hash)] } },
    );
    await whole(version, at);
  });

  it('FRR, OSPFv2, a password', async () => {
    const at = await scene(
      2,
      'FRR',
      { type: 'point-to-point', authentication: { type: 'simple', password: 'ospfpass' } },
      { type: 'point-to-point', authentication: { type: 'simple', password: 'ospfpass' } },
    );
    await whole(2, at);
  });

  it.each([2, 3] as const)('BIRD changes over to another key in OSPFv%d, and stays a neighbour', async (version) => {
    const [old, next] = [key(version === 2 ? 'md5' : 'hmac-sha-256', 1), key('hmac-sha-512', 2)];
    const guest: Partial<OspfGuestOptions> = { type: 'point-to-point', authentication: { type: 'cryptographic', keys: [old, next] } };
    const sendFrom = new Date(Date.now() + 25_000).toISOString();
    const at = await scene(
      version,
      'BIRD',
      { type: 'point-to-point', authentication: { type: 'cryptographic', keys: [old, { ...next, sendFrom }] } },
      guest,
    );
    await holds(at, stub(version, at.node), 'guest');
    const since = at.router.log().length;
    // Both ends know both, then we sign with the new one, then BIRD forgets the old one.
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, Date.parse(sendFrom) - Date.now()) + 3000));
    const options = { version, routerId: idOf(at.node), stubs: [stub(version, at.node)], type: 'point-to-point' } as const;
    await at.guest.configure({ ...options, authentication: { type: 'cryptographic', keys: [next] } });
    await new Promise((resolve) => setTimeout(resolve, 6000));
    expect(at.router.log().slice(since)).not.toMatch(/"from":"full"|authentication-failed/);
    expect((await at.router.ospf())[0]?.interfaces[0]?.neighbours).toMatchObject([{ state: 'full' }]);
  });

  it('a guest with another key never becomes a neighbour, and an event says why', async () => {
    const made = await newLab();
    const own = await made.node('router');
    const node = await made.node('guest');
    const router = await startRouter(
      made,
      own,
      config(2, [node], { authentication: { type: 'cryptographic', keys: [key('hmac-sha-256')] } }),
    );
    await startOspfGuest(made, node, 'BIRD', {
      version: 2,
      routerId: idOf(node),
      type: 'point-to-point',
      authentication: { type: 'cryptographic', keys: [{ ...key('hmac-sha-256'), secret: 'another' }] },
    });
    await made.waitFor('the event', () => /ospf-problem .*"problem":"authentication-failed"/.test(router.log()));
    expect((await router.ospf())[0]?.interfaces[0]?.neighbours).toEqual([]);
  });
});
