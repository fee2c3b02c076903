import { describe, expect, it } from 'vitest';
import { ADDRESS, configuration, startBird } from './support/bfd-guest.js';
import { bird } from './support/bird.js';
import { startCommand } from './support/command.js';
import { daemonsPresent } from './support/daemons.js';
import { Lab } from './support/lab.js';

const { present } = daemonsPresent();

/** Each type of authentication, and BIRD's words for it. */
const TYPES = [
  ['simple', 'simple'],
  ['md5', 'keyed md5'],
  ['meticulous-md5', 'meticulous keyed md5'],
  ['sha1', 'keyed sha1'],
  ['meticulous-sha1', 'meticulous keyed sha1'],
] as const;

describe.skipIf(!present.includes(bird))('BFD with BIRD, authenticated', () => {
  it.each(TYPES)('by %s: comes up with the key, is lost with the link, and does not come up with another key', async (type, words) => {
    await using lab = await Lab.create();
    const own = await lab.node('router');
    const guest = await lab.node('guest');
    const router = await startCommand(lab, own, configuration(100, `{ type: ${type}, keys: [{ id: 7, secret: open-sesame }] }`));
    const turned = (to: string): number => router.count((line) => line.event === 'bfd-change' && line.to === to);
    const held = (node: string): boolean => router.holds(ADDRESS, node);
    const refused = (): Promise<number> =>
      router.metric('virtual_router_bfd_dropped_total{router="router",at="host",reason="authentication"}');
    const keyed = (secret: string): string => `authentication ${words}; password "${secret}" { id 7; };`;

    const daemon = await startBird(lab, guest, 100, keyed('open-sesame'));
    await lab.waitFor('BFD is up', () => turned('up') > 0, 40);
    await lab.waitFor('the guest holds the address', () => held('guest'));
    await lab.link(guest, 'down');
    await lab.waitFor('the address goes back', () => turned('down') > 0 && held('spare'));
    await daemon.kill9();
    await lab.link(guest, 'up');

    const ups = turned('up');
    const before = await refused();
    await startBird(lab, guest, 100, keyed('open-barley'));
    // Its session comes up, as it is not held back for BFD.
    await lab.waitFor('the guest holds the address', () => held('guest'), 40);
    // A packet a second, each refused.
    await lab.waitFor('its packets are refused', async () => (await refused()) > before + 3);
    expect(turned('up')).toBe(ups);
  });
});
