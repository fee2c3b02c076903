/** Two routers whose nodes, ports and claims change at random while frames flow: what the mapping says is where packets go, and nobody speaks for others. */
import { expect, test } from 'vitest';
import { Host, ManualClock, MemoryTransport, memoryCable, seeded, VirtualNetwork, VirtualRouter } from '../../src/core.js';
import type { NetworkConfig, NodeConfig } from '../../src/network/config.js';
import { fold, sum } from '../../src/stack/wire/checksum.js';
import { Guest } from '../stack/guest.js';

const PORTS = [0, 1, 2, 3, 4, 5, 6, 7];
const STEPS = 40;
/** The last is shared. */
const ADDRESSES = [0, 1, 2, 3].map((i) => `10.0.9.${i}`);
const UDP = 17;

/** Nodes and ports of even number are the first router's. */
const routerOf = (name: string): number => 1 + (Number(name.slice(1)) % 2);
const ownAddress = (i: number, more = 0): string => `10.0.${1 + (i % 2)}.${10 + i + more}`;

class Lab {
  readonly clock = new ManualClock(1_000_000);
  readonly guests = new Map<string, Guest>();
  nodes: NodeConfig[] = PORTS.slice(2).map((i) => ({ name: `n${i}`, addresses: [ownAddress(i)], location: `p${i}` }));
  readonly network = new VirtualNetwork(this.config(), { clock: this.clock });
  readonly routers = [1, 2].map((n) => {
    const names = PORTS.map((i) => `p${i}`).filter((name) => routerOf(name) === n);
    const host = new Host({ transport: new MemoryTransport(this.clock), clock: this.clock, random: seeded(n) });
    return new VirtualRouter(
      {
        name: `r${n}`,
        as: 65000 + n,
        routerId: `10.0.0.${n}`,
        interfaces: [{ subnet: `s${n}`, addresses: [`10.0.${n}.1`] }],
        ports: names.map((name) => ({ name, type: 'memory' })),
      },
      { host, network: this.network, ports: Object.fromEntries(names.map((name) => [name, this.plug(name)])) },
    );
  });

  config(): NetworkConfig {
    return {
      ranges: ['10.0.0.0/16'],
      subnets: [1, 2].map((n) => ({ name: `s${n}`, prefix: `10.0.${n}.0/24` })),
      nodes: this.nodes,
      grants: this.nodes.flatMap(({ name }) =>
        ADDRESSES.map((address, i) => ({
          node: name,
          prefix: `${address}/32`,
          ...(i === 3 ? { mode: 'shared' as const } : { takeover: 'always' as const }),
        })),
      ),
      links: [{ routers: ['r1', 'r2'] }],
      routes: [
        { router: 'r1', prefix: '10.0.2.0/24', via: 'r2' },
        { router: 'r2', prefix: '10.0.1.0/24', via: 'r1' },
      ],
    };
  }

  plug(name: string) {
    const [near, far] = memoryCable();
    this.guests.set(
      name,
      new Guest(near, Uint8Array.of(2, 0, 0, 0, 1, Number(name.slice(1))), Uint8Array.of(2, 0x56, 10, 0, 0, routerOf(name))),
    );
    return far;
  }

  change(name: string, more: Partial<NodeConfig>): void {
    this.nodes = this.nodes.map((node) => (node.name === name ? { ...node, ...more } : node));
    this.reconfigure();
  }
  reconfigure(): void {
    this.network.reconfigure(this.config());
    for (const [port, guest] of this.guests) {
      guest.addresses.clear();
      for (const { location, addresses = [] } of this.nodes) if (location === port) for (const one of addresses) guest.addresses.add(one);
    }
  }

  /** Where a packet comes out, with its TTL, and what its header's checksum comes to. */
  send(guest: Guest, source: string, target: string, port: number): (readonly [port: string, ttl: number | undefined, checksum: number])[] {
    for (const one of this.guests.values()) one.packets.length = 0;
    guest.ipv4(source, target, { payload: Uint8Array.of(0, port, 0, 9, 0, 8, 0, 0) });
    return [...this.guests].flatMap(([at, { packets }]) =>
      packets.filter((p) => p[9] === UDP).map((p) => [at, p[8], fold(sum(p, 0, 20))] as const),
    );
  }

  /** Everybody sends to everybody, and as somebody else. */
  check(what: string, pick: (below: number) => number): void {
    for (const [i, { name, addresses: [own = ''] = [], location = '' }] of this.nodes.entries()) {
      const guest = this.guests.get(location);
      if (!guest) continue;
      for (const target of [...this.nodes.flatMap(({ addresses = [] }) => addresses), ...ADDRESSES]) {
        const holders = (this.network.lookup(target) ?? []).map(({ node }) => this.nodes.find((one) => one.name === node));
        const there = holders.filter((holder) => holder?.state !== 'down' && this.guests.has(holder?.location ?? ''));
        const out = this.send(guest, own, target, pick(250));
        const told = `${what}: ${name} to ${target} at ${holders.map((holder) => `${holder?.name} ${holder?.location} ${holder?.state}`).join()}`;
        // Where of several some are at no port, it is not known elsewhere.
        if (there.length > 0 && there.length < holders.length) expect(out.length, told).toBeLessThan(2);
        else if (there.length === 0) expect(out, told).toEqual([]);
        else {
          expect(
            there.map((holder) => holder?.location),
            told,
          ).toContain(out[0]?.[0]);
          const subnet = (address: string): string => address.split('.').slice(0, 3).join('.');
          const far = routerOf(location) !== routerOf(out[0]?.[0] ?? 'p0');
          const ttl = far ? 62 : subnet(own) === subnet(target) ? 64 : 63;
          expect(out, told).toEqual([[out[0]?.[0], ttl, 0]]);
        }
      }
      const other = this.nodes[(i + 1 + pick(this.nodes.length - 1)) % this.nodes.length];
      if (other && other.name !== name)
        expect(this.send(guest, other.addresses?.[0] ?? '', own, 1), `${what}: ${name} as ${other.name}`).toEqual([]);
    }
  }
}

test.each([1, 2, 3])(
  'whatever changes, packets go where the mapping says, once, and lose what they should of their TTL (history %i)',
  async (seed) => {
    const random = seeded(seed * 7919);
    const pick = (below: number): number => Math.floor(random() * below);
    const lab = new Lab();
    const { network, routers, guests } = lab;
    for (const router of routers) await router.start();
    lab.reconfigure();
    lab.check('at first', pick);
    const leases = new Set<{ release(): void }>();
    const steps: readonly ((node: NodeConfig) => void | Promise<void>)[] = [
      ({ name }) => {
        const free = [...guests.keys()].filter(
          (port) => routerOf(port) === routerOf(name) && !lab.nodes.some((one) => one.location === port),
        );
        const to = free[pick(free.length)];
        if (to !== undefined) lab.change(name, { location: to });
      },
      ({ name, state }) => lab.change(name, { state: state === 'down' ? 'up' : 'down' }),
      ({ name }) => lab.change(name, { addresses: [ownAddress(Number(name.slice(1)), 100 * pick(2))] }),
      ({ name }) => {
        if (lab.nodes.length < 4) return;
        lab.nodes = lab.nodes.filter((node) => node.name !== name);
        lab.reconfigure();
      },
      () => {
        const i = PORTS.find((n) => !lab.nodes.some(({ name }) => name === `n${n}`));
        if (i === undefined) return;
        lab.nodes = [...lab.nodes, { name: `n${i}`, addresses: [ownAddress(i)] }];
        lab.reconfigure();
      },
      ({ name }) => void leases.add(network.claim({ node: name, prefix: `${ADDRESSES[pick(4)]}/32` })),
      () => {
        const [lease] = leases;
        if (!lease) return;
        leases.delete(lease);
        lease.release();
      },
      async () => {
        const port = `p${pick(PORTS.length)}`;
        const router = routers[routerOf(port) - 1];
        if (guests.delete(port)) await router?.removePort(port);
        else await router?.addPort({ name: port, type: 'memory' }, lab.plug(port));
        lab.reconfigure();
      },
    ];
    for (let step = 0; step < STEPS; step++) {
      const kind = pick(steps.length);
      const node = lab.nodes[pick(lab.nodes.length)];
      if (node) await steps[kind]?.(node);
      lab.clock.advance(pick(3) === 0 ? 40_000 : 10);
      lab.check(`step ${step}, ${kind} of ${node?.name}`, pick);
    }
    for (const router of routers) await router.stop();
    await network.close();
  },
);
