/**
 * The CPU that a router spends on taking in a database of external LSAs, with no daemon, socket or kernel in it: `npx tsx bench/ospf-intake.ts
 * [--lsas 50000] [--rounds 5]`. What a neighbour sends is recorded once, on a manual clock, and then played to a new router each round; the
 * first round is what a process just started spends, the later ones are warm. The longest turn is how long anything else had to wait.
 */
import { parseArgs } from 'node:util';
import { Host, ManualClock, MemoryTransport, seeded, VirtualRouter } from '../src/core.js';
import { Driver } from '../src/lib/machine.js';
import { TimerHeap } from '../src/lib/timers.js';
import type { OspfEffect, OspfEvent } from '../src/ospf/events.js';
import { OspfInstance } from '../src/ospf/instance.js';
import { INSTANCE_DEFAULTS, INTERFACE_DEFAULTS } from '../src/ospf/options.js';
import { MemoryOspfLinks, OspfSegment } from '../src/testing.js';

const START = 1_000_000;
/** Milliseconds of the manual clock in which all is taken in. */
const ENOUGH = 20_000;
const STEP = 1;
const SOURCE = Uint8Array.of(10, 99, 1, 2);
const OURS = Uint8Array.of(10, 99, 1, 1);

interface Packet {
  readonly at: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly payload: Uint8Array;
}
type Received = (source: Uint8Array, destination: Uint8Array, payload: Uint8Array) => void;

/** The links of a receiver; `received` is told of what comes, before the router is. */
class Links extends MemoryOspfLinks {
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

function receiver(clock: ManualClock, ospf: MemoryOspfLinks): VirtualRouter {
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
async function recorded(lsas: number): Promise<Packet[]> {
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
    areas: [{ id: 0, type: 'normal', summaries: true, defaultCost: 1, ranges: [] }],
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

interface Round {
  readonly cpuSeconds: number;
  /** Milliseconds. */
  readonly longestTurn: number;
  readonly octetsAnLsa: number;
}

/** Octets in use; without garbage where node runs with `--expose-gc`. */
async function settledMemory(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function play(packets: readonly Packet[], lsas: number): Promise<Round> {
  const clock = new ManualClock(START);
  const links = new Links(new OspfSegment(clock));
  const router = receiver(clock, links);
  await router.start();
  const memory = await settledMemory();
  const before = process.cpuUsage();
  let longestTurn = 0;
  const turn = (work: () => void): void => {
    const start = performance.now();
    work();
    longestTurn = Math.max(longestTurn, performance.now() - start);
  };
  for (const { at, source, destination, payload } of packets) {
    for (; clock.now() < at; ) turn(() => clock.advance(Math.min(STEP, at - clock.now())));
    turn(() => links.received?.(source, destination, payload));
  }
  for (let i = 0; i < 1000; i++) turn(() => clock.advance(STEP));
  await router.network.settled();
  const { user, system } = process.cpuUsage(before);
  const after = await settledMemory();
  const { changes } = router.metrics().network;
  if (changes < lsas) throw new Error(`${changes} of ${lsas} are mapped`);
  await router.stop();
  return { cpuSeconds: (user + system) / 1e6, longestTurn, octetsAnLsa: (after - memory) / lsas };
}

const { values } = parseArgs({ options: { lsas: { type: 'string', default: '50000' }, rounds: { type: 'string', default: '5' } } });
const lsas = Number(values.lsas);
const packets = await recorded(lsas);
console.log(`${lsas} external LSAs in ${packets.length} packets`);
for (let round = 1; round <= Number(values.rounds); round++) {
  const { cpuSeconds, longestTurn, octetsAnLsa } = await play(packets, lsas);
  console.log(
    `round ${round}: CPU ${cpuSeconds.toFixed(2)} s, longest turn ${longestTurn.toFixed(1)} ms, ${octetsAnLsa.toFixed(0)} octets an LSA`,
  );
}
