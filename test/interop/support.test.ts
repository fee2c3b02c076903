/** The harness itself, without our router: where one of these fails, the others say nothing about it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bird } from './support/bird.js';
import type { Announcement, Daemon } from './support/daemon.js';
import { daemons, daemonsPresent } from './support/daemons.js';
import { Lab, type LabNode } from './support/lab.js';

const families = ['ipv4-unicast', 'ipv6-unicast'] as const;

const { present } = daemonsPresent();

for (const kind of daemons.filter(({ name }) => name !== 'BIRD')) {
  describe.skipIf(!present.includes(kind) || !present.includes(bird))(`BIRD and ${kind.name}`, () => {
    let lab: Lab;
    let one: LabNode;
    let other: LabNode;

    beforeEach(async () => {
      lab = await Lab.create();
      one = await lab.node('one');
      other = await lab.node('other');
    });
    afterEach(() => lab.dispose());

    const v4: Announcement = {
      prefix: '203.0.113.1/32',
      med: 5,
      origin: 'egp',
      communities: ['65000:1'],
      extendedCommunities: ['target:65000:1'],
      largeCommunities: ['65000:1:2'],
    };
    const v6: Announcement = { prefix: '2001:db8:1::/48' };

    async function pair(birdDials: boolean): Promise<[Daemon, Daemon]> {
      const options = (node: LabNode, number: number, passive: boolean) => ({
        as: 65000 + number,
        routerId: `1.1.1.${number}`,
        neighbours: [{ address: node.ipv4, as: 65003 - number, passive, families }],
        announce: [
          { ...v4, prefix: `203.0.113.${number}/32` },
          { ...v6, prefix: `2001:db8:${number}::/48` },
        ],
      });
      const daemon = await kind.start(lab, other, options(one, 2, birdDials));
      const peer = await bird.start(lab, one, options(other, 1, !birdDials));
      await lab.waitFor('the session is up at both ends', async () => {
        const states = [await daemon.sessionState(one.ipv4), await peer.sessionState(other.ipv4)];
        if (states.some((state) => state !== 'established')) throw new Error(states.join(' and '));
        return true;
      });
      return [peer, daemon];
    }

    const until = (what: string, daemon: Daemon, prefix: string, check: (found: Announcement | undefined) => boolean): Promise<true> =>
      lab.waitFor(what, async () => {
        const routes = await daemon.routes(prefix.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast');
        if (!check(routes.find((route) => route.prefix === prefix))) throw new Error(JSON.stringify(routes));
        return true;
      });

    it('exchange routes with their communities, whoever dials', async () => {
      for (const birdDials of [true, false]) {
        const [peer, daemon] = await pair(birdDials);
        for (const [hearer, number] of [
          [peer, 2],
          [daemon, 1],
        ] as const) {
          await until(`${hearer.name} hears IPv6`, hearer, `2001:db8:${number}::/48`, (found) => found !== undefined);
          await until(`${hearer.name} hears IPv4`, hearer, `203.0.113.${number}/32`, (found) => found !== undefined);
          const { prefix: _, ...attributes } = v4;
          const [heard] = await hearer.routes('ipv4-unicast');
          expect(heard).toMatchObject({
            ...attributes,
            prefix: `203.0.113.${number}/32`,
            nextHop: `10.77.0.${number}`,
            asPath: [65000 + number],
          });
        }
        if (birdDials) {
          await daemon.kill9();
          await lab.waitFor('BIRD sees it gone', async () => (await peer.sessionState(other.ipv4)) !== 'established', 5);
          await lab.dispose();
          lab = await Lab.create();
          one = await lab.node('one');
          other = await lab.node('other');
        }
      }
    });

    it('announce, change, withdraw, refresh and shut down while they run', async () => {
      const [peer, daemon] = await pair(false);
      for (const [speaker, hearer] of [
        [peer, daemon],
        [daemon, peer],
      ] as const) {
        await speaker.announce({ prefix: '198.51.100.0/24', med: 7 });
        await until('a new route', hearer, '198.51.100.0/24', (found) => found?.med === 7);
        await speaker.announce({ prefix: '198.51.100.0/24', communities: ['65000:8'] });
        await until('its change', hearer, '198.51.100.0/24', (found) => found?.communities?.[0] === '65000:8');
        await speaker.withdraw('198.51.100.0/24');
        await until('its end', hearer, '198.51.100.0/24', (found) => found === undefined);
        if (speaker === daemon ? kind.abilities.refreshAsked : kind.abilities.refreshAnswered)
          await speaker.refresh(speaker === peer ? other.ipv4 : one.ipv4);
      }
      await daemon.shutdown(one.ipv4, 'moving house');
      await lab.waitFor('BIRD logs it', () =>
        peer.log().includes(kind.abilities.shutdownTextSent ? 'moving house' : 'Administrative shutdown'),
      );
    });

    it('hear why a session ended', async () => {
      const [peer, daemon] = await pair(false);
      await peer.shutdown(other.ipv4, 'moving house');
      await lab.waitFor('the other end hears it', async () => (await daemon.sessionState(one.ipv4)) !== 'established');
      if (kind.abilities.shutdownTextHeard) await lab.waitFor('it logs the text', () => daemon.log().includes('moving house'));
      await daemon.stop();
    });
  });
}
