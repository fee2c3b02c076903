/** What comes by BGP told by OSPF, and the other way, by one router or by two that know each other by OSPF alone. */
import { expect, test } from 'vitest';
import { BgpSpeaker } from '../../src/bgp/speaker.js';
import { Host, ManualClock, MemoryTransport, type OspfExportConfig, seeded, VirtualRouter } from '../../src/core.js';
import { MemoryOspfLinks, OspfSegment } from '../../src/testing.js';

const octets = (address: string): Uint8Array => Uint8Array.from(address.split('.').map(Number));
const PREFIX = '203.0.113.0/24';

/**
 * Two routers of AS 65000, each with a BGP neighbour (`10.0.N.10` of AS 6500N), on one segment of OSPF. Each tells by OSPF what it has by BGP, and
 * by BGP what it has by OSPF.
 */
async function two(ospf: OspfExportConfig = { claims: true }) {
  const clock = new ManualClock(1_000_000);
  const transport = new MemoryTransport(clock);
  const segment = new OspfSegment(clock);
  const side = async (n: 1 | 2) => {
    const place = { eth0: { segment, addresses: [{ bytes: octets(`10.0.0.${n}`), length: 24 }] } };
    const host = new Host({ transport, clock, random: seeded(n), ospf: new MemoryOspfLinks(place) });
    const [own, other] = [`10.0.${n}.1`, `10.0.${n}.10`];
    const router = new VirtualRouter(
      {
        name: `r${n}`,
        as: 65000,
        routerId: `10.0.0.${n}`,
        listen: [{ address: own }],
        network: {
          nodes: [
            { name: 'neighbour', addresses: [other] },
            { name: 'router', addresses: [`10.0.0.${3 - n}`] },
          ],
          grants: ['neighbour', 'router'].map((node) => ({ node, prefix: '0.0.0.0/0', le: 32, as: 'gateway' as const })),
        },
        neighbours: [{ address: other, as: 65_000 + n, passive: true, export: ['claims'] }],
        ospf: [{ interfaces: [{ device: 'eth0' }], export: ospf }],
      },
      { host },
    );
    await router.start();
    const speaker = new BgpSpeaker(
      { as: 65_000 + n, routerId: other, localAddress: other, neighbour: { address: own } },
      { transport, clock, random: () => 0.5 },
    );
    speaker.start();
    const refused: string[] = [];
    router.on('claim-rejected', ({ claims }) => {
      for (const { prefix, reason } of claims) refused.push(`${prefix} ${reason}`);
    });
    return { router, speaker, refused };
  };
  const [first, second] = [await side(1), await side(2)];
  const settle = async (by = 20_000): Promise<void> => {
    clock.advance(by);
    for (const { router } of [first, second]) await router.network.settled();
    clock.advance(1000);
  };
  await settle();
  return { first, second, settle };
}
const has = ({ speaker }: { readonly speaker: BgpSpeaker }): boolean => speaker.routes().some(({ prefix }) => prefix === PREFIX);
const holder = (router: VirtualRouter): unknown => router.lookup('203.0.113.1')?.map((target) => 'node' in target && target.node);

test('what comes by BGP goes by OSPF to another AS, whose neighbours hear it by BGP again, until it is withdrawn', async () => {
  const { first, second, settle } = await two({ claims: true, tag: 0 });
  first.speaker.announce(PREFIX);
  await settle();
  expect(holder(first.router)).toEqual(['neighbour']);
  expect(holder(second.router)).toEqual(['router']);
  expect(has(second)).toBe(true);
  first.speaker.withdraw(PREFIX);
  await settle();
  expect(holder(first.router)).toBeUndefined();
  expect(holder(second.router)).toBeUndefined();
  expect(has(second)).toBe(false);
});

test("between routers of one AS it goes no further: it has the AS's tag, by which the other refuses it", async () => {
  const { first, second, settle } = await two();
  first.speaker.announce(PREFIX);
  await settle();
  expect(second.refused).toEqual([`${PREFIX} own-tag`]);
  expect(holder(second.router)).toBeUndefined();
  expect(has(second)).toBe(false);
  // Nor does it come back to where it came from when it ends there.
  first.speaker.withdraw(PREFIX);
  await settle();
  expect(holder(first.router)).toBeUndefined();
});

test('what both have by BGP stays with each neighbour, and neither lives on as the echo of the other', async () => {
  const { first, second, settle } = await two();
  first.speaker.announce(PREFIX);
  second.speaker.announce(PREFIX);
  await settle();
  expect([holder(first.router), holder(second.router)]).toEqual([['neighbour'], ['neighbour']]);
  first.speaker.withdraw(PREFIX);
  second.speaker.withdraw(PREFIX);
  await settle();
  expect([holder(first.router), holder(second.router)]).toEqual([undefined, undefined]);
});
