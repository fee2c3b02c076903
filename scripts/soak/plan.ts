/** What a soak is of: who takes part, who may claim what, and where each address is when so many are alive. */
import type { RouterConfig } from '../../src/router/config.js';

/** Addresses that anybody may claim, one at a time, and together; and those of each guest's own. */
const CONTESTED = 40;
const SHARED = 10;
const OWN = 20;
/** Guests of no grant, which do what they can. */
export const HOSTILE = 3;
/** Seconds. A guest that is silent for less is not dead. */
export const HOLD_TIME = 9;
/** The router, on the host's loopback and at its ports. */
export const ROUTER = { host: '127.0.0.1', link: '10.8.0.1' } as const;

/** A guest, by its number: every other one is at a port, and speaks over frames that are lost, late and doubled. */
export interface GuestPlan {
  readonly number: number;
  readonly name: string;
  readonly as: number;
  readonly address: string;
  readonly frames: boolean;
  /** UDP ports of its link: the router's, and its own. */
  readonly ports: readonly [router: number, guest: number];
  /** Of its claims, among all: no two are alike. */
  readonly preference: number;
  /** What it may claim. */
  readonly prefixes: readonly string[];
}

export const contested = Array.from({ length: CONTESTED }, (_, i) => `10.9.0.${i}/32`);
export const shared = Array.from({ length: SHARED }, (_, i) => `10.9.1.${i}/32`);
const ownOf = (number: number): string[] => Array.from({ length: OWN }, (_, i) => `10.9.${10 + number}.${i}/32`);

/** @param base - The first of the UDP ports. */
export function guestPlan(number: number, base: number): GuestPlan {
  const frames = number % 2 === 1;
  return {
    number,
    name: `g${number}`,
    as: 64_600 + number,
    address: frames ? `10.8.0.${10 + number}` : `127.1.0.${10 + number}`,
    frames,
    ports: [base + 2 * number, base + 2 * number + 1],
    // In no order that the numbers have.
    preference: 1000 + ((number * 367) % 1009),
    prefixes: [...contested, ...shared, ...ownOf(number)],
  };
}

export const hostileAddress = (i: number): string => `127.2.0.${1 + i}`;

/** The router that all of them speak to. */
export function routerPlan(guests: readonly GuestPlan[], port: number): RouterConfig {
  const atPorts = guests.filter(({ frames }) => frames);
  const hostile = Array.from({ length: HOSTILE }, (_, i) => ({ name: `h${i}`, address: hostileAddress(i) }));
  const common = { passive: true, holdTime: HOLD_TIME, dampPeerOscillations: false, export: 'claims' } as const;
  return {
    as: 65_000,
    routerId: '10.8.0.1',
    listen: [{ address: ROUTER.host, port }],
    interfaces: [{ subnet: 'lan', addresses: [ROUTER.link] }],
    ports: atPorts.map(({ name, ports: [own, far] }) => ({
      name: `p-${name}`,
      type: 'dgram',
      address: '127.0.0.1',
      port: own,
      remote: '127.0.0.1',
      remotePort: far,
    })),
    network: {
      // Full before memory is measured.
      journal: 1024,
      ranges: ['10.8.0.0/15'],
      subnets: [{ name: 'lan', prefix: '10.8.0.0/24' }],
      nodes: [
        ...guests.map(({ name, address, frames }) => ({ name, addresses: [address], ...(frames ? { location: `p-${name}` } : {}) })),
        ...hostile.map(({ name, address }) => ({ name, addresses: [address] })),
      ],
      grants: guests.flatMap(({ name, number, preference }) => [
        { node: name, prefix: '10.9.0.0/24', ge: 32, le: 32, preference },
        { node: name, prefix: '10.9.1.0/24', ge: 32, le: 32, mode: 'shared' as const, preference: 900 },
        { node: name, prefix: `10.9.${10 + number}.0/24`, ge: 32, le: 32, mode: 'exclusive' as const },
      ]),
    },
    neighbours: [
      ...guests.map(({ address, as }) => ({ address, as, ...common })),
      ...hostile.map(({ address }, i) => ({ address, as: 64_900 + i, ...common })),
    ],
  };
}

/** Where each address is when these guests live and claim this: worked out from that alone. */
export function mappingOf(alive: ReadonlyMap<GuestPlan, ReadonlySet<string>>): Map<string, string> {
  const mapping = new Map<string, string>();
  const claimants = new Map<string, GuestPlan[]>();
  for (const [guest, claims] of alive) for (const prefix of claims) claimants.set(prefix, [...(claimants.get(prefix) ?? []), guest]);
  for (const [prefix, guests] of claimants) {
    const holders = shared.includes(prefix) ? guests : [guests.reduce((best, one) => (one.preference > best.preference ? one : best))];
    mapping.set(
      prefix,
      holders
        .map(({ name }) => name)
        .sort()
        .join('+'),
    );
  }
  return mapping;
}
