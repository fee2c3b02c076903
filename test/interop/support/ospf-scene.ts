/**
 * BIRD and FRR as guests that speak OSPF, in namespaces on one segment with the router, which has raw sockets there. Each guest owns its
 * address in the segment and is granted `10.9.N.0/24` (IPv6: `2001:db8:9:N::/64`), of which it tells a host address as a stub, and an external.
 */
import { afterEach } from 'vitest';
import type { NetworkConfig, OspfConfig, OspfLinkConfig, RouterConfig } from '../../../src/index.js';
import { Lab, type LabNode } from './lab.js';
import { full, linkLocal, type OspfGuest, type OspfGuestKind, type OspfGuestOptions, reaches, startOspfGuest } from './ospf-guest.js';
import { type RunningRouter, startRouter } from './router.js';

export const ROUTER = '10.255.0.1';
export const idOf = (node: LabNode): string => `10.255.1.${node.number}`;

export type Version = 2 | 3;
export const stub = (version: Version, { number }: LabNode): string =>
  version === 2 ? `10.9.${number}.1/32` : `2001:db8:9:${number}::1/128`;
export const external = (version: Version, { number }: LabNode): string =>
  version === 2 ? `203.0.113.${number}/32` : `2001:db8:e:${number}::/64`;
export const told = (version: Version): string => (version === 2 ? '198.51.100.0/24' : '2001:db8:f::/48');

export function network(version: Version, guests: readonly LabNode[]): NetworkConfig {
  return {
    ranges: ['10.0.0.0/8', '203.0.113.0/24', '2001:db8::/32'],
    nodes: guests.map((node) => ({ name: node.name, addresses: version === 2 ? [node.ipv4] : [node.ipv6, linkLocal(node)] })),
    grants: guests.flatMap((node) => [
      { node: node.name, prefix: stub(version, node) },
      { node: node.name, prefix: external(version, node), as: 'gateway' as const },
    ]),
  };
}

/** The router in its own namespace, speaking on `eth0` as said. */
export function config(
  version: Version,
  guests: readonly LabNode[],
  face: Partial<OspfLinkConfig> = {},
  ospf: Partial<OspfConfig> = {},
): RouterConfig {
  return {
    as: 65000,
    routerId: ROUTER,
    originate: [{ prefix: told(version) }],
    network: network(version, guests),
    ospf: [
      {
        version,
        interfaces: [{ device: 'eth0', helloInterval: 1, deadInterval: 4, retransmitInterval: 2, ...face }],
        export: { originated: true },
        ...ospf,
      },
    ],
  };
}

let lab: Lab | undefined;
afterEach(async () => {
  await lab?.dispose();
  lab = undefined;
});

/** The namespaces of this test; they go when it ends. */
export async function newLab(): Promise<Lab> {
  lab = await Lab.create();
  return lab;
}

export interface Scene {
  readonly lab: Lab;
  readonly router: RunningRouter;
  readonly node: LabNode;
  readonly guest: OspfGuest;
}

/** One guest and the router, until they are full neighbours. */
export async function scene(
  version: Version,
  kind: OspfGuestKind,
  face: Partial<OspfLinkConfig>,
  guest: Partial<OspfGuestOptions> = {},
  ospf: Partial<OspfConfig> = {},
): Promise<Scene> {
  const made = await newLab();
  const own = await made.node('router');
  const node = await made.node('guest');
  const router = await startRouter(made, own, config(version, [node], face, ospf));
  const started = await startOspfGuest(made, node, kind, {
    version,
    routerId: idOf(node),
    stubs: [stub(version, node)],
    externals: [{ prefix: external(version, node), metric: 20, tag: 7 }],
    ...(guest.type === 'point-to-multipoint' ? { others: [version === 2 ? own.ipv4 : linkLocal(own)] } : {}),
    ...guest,
  });
  await full(made, started, [ROUTER]);
  return { lab: made, router, node, guest: started };
}

export async function holds(
  { lab, router }: Pick<Scene, 'lab' | 'router'>,
  prefix: string,
  holder: string | undefined,
  seconds = 20,
): Promise<void> {
  await lab.waitFor(
    `${prefix} is ${holder ?? 'nobody'}'s`,
    async () => {
      const found = await router.holder(prefix);
      if (found === holder) return true;
      throw new Error(`it is ${found ?? 'nobody'}'s`);
    },
    seconds,
  );
}

/** What guests tell becomes theirs, what the router tells arrives, and what ends goes back. */
export async function whole(version: Version, at: Scene): Promise<void> {
  await holds(at, stub(version, at.node), 'guest');
  await holds(at, external(version, at.node), 'guest');
  await reaches(at.lab, at.guest, [told(version)]);
}
