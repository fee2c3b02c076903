import type { Clock } from '../lib/clock.js';
import { Driver } from '../lib/machine.js';
import { MemoryTransport } from '../lib/memory-transport.js';
import { maskBytes } from '../lib/prefix.js';
import { seeded } from '../lib/random.js';
import { TimerHeap } from '../lib/timers.js';
import {
  type ExternalRoute,
  MemoryOspfLinks,
  type OspfEffect,
  type OspfEvent,
  OspfInstance,
  type OspfInterfaceType,
  OspfSegment,
} from '../ospf/index.js';
import { resolveInstance, resolveInterface } from '../ospf/resolve.js';
import { Host } from './host.js';
import type { OspfLinkConfig } from './ospf-config.js';
import { VirtualRouter } from './virtual-router.js';

/** Externals of an act: first of short ones, which show the engine all that there is, then of a long one, which has it compiled. */
const FEW = 300;
const MANY = 4000;
/** Octets of a packet: small ones, for what is done for a packet to be done about as often as what is done for an LSA. */
const SMALL = 140;
const USUAL = 1500;
/** Milliseconds, one by one, in which a database of these is taken in and its routes are claims: at the most. */
const INTAKE = 20_000;
/** Milliseconds after which what is said anew is flooded at once, and until what a silent neighbour said has gone. */
const PAUSE = 6000;
const SILENCE = 12_000;

/** Where an act plays: of addresses and router ids some fit a small integer of the engine's, and some do not. */
interface Scene {
  readonly network: readonly [number, number, number];
  readonly routerId: string;
  readonly type: OspfInterfaceType;
  readonly mtu: number;
  readonly externals: number;
  /** What makes its configuration an object of a shape of its own, as the users' are. */
  readonly shape: OspfLinkConfig;
}
/** @internal */
export const OSPF_SCENES: readonly Scene[] = [
  { network: [192, 0, 2], routerId: '192.0.2.2', type: 'point-to-point', mtu: SMALL, externals: FEW, shape: {} },
  { network: [10, 9, 9], routerId: '10.9.9.2', type: 'point-to-point', mtu: USUAL, externals: FEW, shape: { cost: 10 } },
  { network: [198, 51, 100], routerId: '198.51.100.2', type: 'broadcast', mtu: SMALL, externals: FEW, shape: { trusted: false } },
  {
    network: [10, 99, 1],
    routerId: '2.2.2.2',
    type: 'point-to-point',
    mtu: SMALL,
    externals: MANY,
    shape: { cost: 10, retransmitInterval: 5 },
  },
  { network: [10, 0, 0], routerId: '10.0.0.2', type: 'point-to-point', mtu: USUAL, externals: MANY, shape: { area: 0 } },
];

/**
 * One act of the rehearsal: a guest tells a router of its own a database of externals, says some of them anew, takes some back, and falls
 * silent. `time` is moved on by `advance`, a number of milliseconds at a time; `clock` is what the router is given of it.
 *
 * @internal
 */
export async function playOspf(
  { network, routerId, type, mtu, externals: count, shape }: Scene,
  clock: Clock,
  advance: (by: number) => void,
): Promise<void> {
  const [ours, theirs] = [Uint8Array.of(...network, 1), Uint8Array.of(...network, 2)];
  const segment = new OspfSegment(clock, mtu);
  const at = (bytes: Uint8Array): MemoryOspfLinks => new MemoryOspfLinks({ eth0: { segment, addresses: [{ bytes, length: 24 }] } });
  const stage = new VirtualRouter(
    {
      as: 65000,
      routerId: '1.1.1.1',
      network: {
        nodes: [{ name: 'guest', addresses: [theirs.join('.')] }],
        grants: [{ node: 'guest', prefix: '0.0.0.0/0', le: 32, as: 'gateway' }],
      },
      ospf: [{ interfaces: [{ ...shape, device: 'eth0', type, helloInterval: 1, deadInterval: 4 }] }],
    },
    { host: new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1), ospf: at(ours) }) },
  );
  const guest = new OspfInstance(resolveInstance({ interfaces: [] }, routerId));
  const driver = new Driver<OspfEvent, OspfEffect>(guest, new TimerHeap(clock), (effect) => {
    if (effect.type === 'send') link.send(theirs, effect.destination, effect.bytes);
  });
  const link = await at(theirs).open('eth0', 2, {
    received: (source, destination, bytes) => driver.post({ type: 'packet', interface: 'eth0', source, destination, bytes }),
    changed: () => {},
  });
  const externals = madeUpExternals(count);
  driver.post({ type: 'externals', changes: externals });
  driver.post({
    type: 'interfaceAdded',
    options: resolveInterface(
      { interfaces: [] },
      { type, helloInterval: 1, deadInterval: 4 },
      {
        name: 'eth0',
        mtu,
        address: theirs,
        nextHop: theirs,
        forwarding: undefined,
        maskLength: 24,
        prefixes: [{ bytes: Uint8Array.of(...network, 0), length: 24 }],
        interfaceId: 1,
      },
    ),
  });
  await stage.start();
  driver.post({ type: 'interfaceUp', interface: 'eth0' });
  // Where routers elect one another, they wait for the others first.
  if (type === 'broadcast') advance(PAUSE);
  for (let i = 0; i < INTAKE && stage.network.position.seq < count; i++) advance(1);
  advance(PAUSE);
  const anew = externals.slice(0, count / 10).map((one) => ({ ...one, metric: { value: 7, type: 1 as const, tag: 0 } }));
  driver.post({ type: 'externals', changes: anew });
  advance(PAUSE);
  driver.post({ type: 'externals', changes: anew.map(({ bytes, length }) => ({ bytes, length, metric: undefined })) });
  advance(PAUSE);
  segment.setUp(false, true);
  advance(SILENCE);
  // What is left of it stands still with its clock, and goes with it.
}

/** Prefixes of all lengths and of the whole space, with metrics of both kinds, and tags of small numbers and of large ones. */
function madeUpExternals(count: number): ExternalRoute[] {
  const random = seeded(2);
  const below = (end: number): number => Math.floor(random() * end);
  const externals = new Map<string, ExternalRoute>();
  while (externals.size < count) {
    // Hosts next to each other, and others anywhere.
    const dense = below(2) === 0;
    const length = dense || below(2) === 0 ? 32 : 8 + below(25);
    const bytes = dense
      ? Uint8Array.of(100, 64, below(1 + (count >> 7)), below(256))
      : maskBytes(Uint8Array.of(1 + below(222), below(256), below(256), below(256)), length);
    // One network is one LSA.
    if (bytes[0] === 127) continue;
    const tag = below(4) === 0 ? below(4_000_000_000) : 0;
    externals.set(bytes.join(), { bytes, length, metric: { value: 1 + below(1000), type: below(3) === 0 ? 1 : 2, tag } });
  }
  return [...externals.values()];
}
