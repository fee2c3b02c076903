/**
 * A neighbour that tells a router many externals: what it sends is recorded once, on a manual clock, and can then be played to router after
 * router. For `bench/ospf-intake.ts` and the tests of what one turn may do.
 */
import { Host, ManualClock, MemoryTransport, seeded, VirtualRouter } from '../../../src/core.js';
import { Driver } from '../../../src/lib/machine.js';
import { TimerHeap } from '../../../src/lib/timers.js';
import type { OspfEffect, OspfEvent } from '../../../src/ospf/events.js';
import { OspfInstance } from '../../../src/ospf/instance.js';
import { AREA_DEFAULTS, INSTANCE_DEFAULTS, INTERFACE_DEFAULTS } from '../../../src/ospf/options.js';
import { MemoryOspfLinks, OspfSegment } from '../../../src/testing.js';

/** When a clock begins, to which the times of packets are. */
export const START = 1_000_000;
/** Milliseconds of the manual clock in which all is taken in. */
const ENOUGH = 20_000;
export const STEP = 1;
const SOURCE = Uint8Array.of(10, 99, 1, 2);
const OURS = Uint8Array.of(10, 99, 1, 1);

export interface Packet {
  readonly at: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly payload: Uint8Array;
}
type Received = (source: Uint8Array, destination: Uint8Array, payload: Uint8Array) => void;

/** The links of a receiver; `received` is told of what comes, before the router is. */
export class Links extends MemoryOspfLinks {
  received: Received | undefined;
  constructor(
    segment: OspfSegment,
    private readonly tap: Received = () => {},
  ) {
    super({ eth0: { segment, addresses: [{ bytes: OURS, length: 24 }] } });
  }
  override open(...[device, version, events]: Parameters<MemoryOspfLinks['open']>): ReturnType<MemoryOspfLinks['open']> {
    this.received = (...packet) => events.received(...packet);
    return super.open(device, version, {
      ...events,
      received: (...packet) => {
        this.tap(...packet);
        events.received(...packet);
      },
    });
  }
}

/** A router with nothing but OSPF and one node that may claim what is told. */
export function receiver(clock: ManualClock, ospf: MemoryOspfLinks): VirtualRouter {
  return new VirtualRouter(
    {
      as: 65000,
      routerId: '1.1.1.1',
      network: {
        nodes: [{ name: 'source', addresses: [SOURCE.join('.')] }],
        grants: [{ node: 'source', prefix: '100.64.0.0/10', le: 32, as: 'gateway' }],
      },
      ospf: [{ interfaces: [{ device: 'eth0', helloInterval: 1, deadInterval: 10 }] }],
    },
    { host: new Host({ transport: new MemoryTransport(clock), clock, random: seeded(1), ospf }) },
  );
}

/** What a router that tells so many externals sends to one that takes them in. */
export async function recorded(lsas: number): Promise<Packet[]> {
  const clock = new ManualClock(START);
  const segment = new OspfSegment(clock);
  const packets: Packet[] = [];
  const tap: Received = (source, destination, payload) =>
    void packets.push({ at: clock.now(), source, destination, payload: payload.slice() });
  const machine = new OspfInstance({
    ...INSTANCE_DEFAULTS,
    version: 2,
    family: 'ipv4',
    routerId: 0x02020202,
    areas: [{ ...AREA_DEFAULTS, id: 0 }],
  });
  const links = new MemoryOspfLinks({ eth0: { segment, addresses: [{ bytes: SOURCE, length: 24 }] } });
  const sender = new Driver<OspfEvent, OspfEffect>(machine, new TimerHeap(clock), (effect) => {
    if (effect.type === 'send') link.send(SOURCE, effect.destination, effect.bytes);
  });
  const link = await links.open('eth0', 2, {
    received: (source, destination, bytes) => sender.post({ type: 'packet', interface: 'eth0', source, destination, bytes }),
    changed: () => {},
  });
  const changes = Array.from({ length: lsas }, (_, i) => ({
    bytes: Uint8Array.of(100, 64 + (i >> 16), (i >> 8) & 255, i & 255),
    length: 32,
    metric: { value: 20, type: 2 as const, tag: 0 },
  }));
  sender.post({ type: 'externals', changes });
  sender.post({
    type: 'interfaceAdded',
    options: {
      ...INTERFACE_DEFAULTS,
      name: 'eth0',
      area: 0,
      helloInterval: 1000,
      deadInterval: 10_000,
      address: SOURCE,
      nextHop: SOURCE,
      forwarding: SOURCE,
      maskLength: 24,
      prefixes: [{ bytes: Uint8Array.of(10, 99, 1, 0), length: 24 }],
      interfaceId: 1,
    },
  });
  const router = receiver(clock, new Links(segment, tap));
  await router.start();
  sender.post({ type: 'interfaceUp', interface: 'eth0' });
  for (let at = 0; at < ENOUGH; at += STEP) clock.advance(STEP);
  await router.network.settled();
  await router.stop();
  sender.dispose();
  return packets;
}
