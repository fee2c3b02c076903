/**
 * A whole router, an honest guest, and one that does anything: connects, sends any octets at any time, stops reading, vanishes. After
 * each step what must hold is held to a model: the honest guest's session, claims and routes are untouched, and the sums agree. At the
 * end all that the other brought must be gone: claims, prefixes, attribute sets, connections, timers.
 */
import { BgpSpeaker } from '../../src/bgp/speaker.js';
import { defaultContext, encodeMessage, type PathAttributes, type WireContext } from '../../src/bgp/wire/index.js';
import { type Cancel, ManualClock, type Millis } from '../../src/lib/clock.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import { seeded } from '../../src/lib/random.js';
import type { Connection } from '../../src/lib/transport.js';
import { Host } from '../../src/router/host.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';

const HOSTILE = '10.0.0.10';
const HONEST = '10.0.0.11';
const ROUTER = '10.0.0.1';
const MOST_STEPS = 120;
const MOST_CONNECTIONS = 4;
const PAUSES: readonly Millis[] = [0, 1, 100, 1000, 5000, 31_000, 95_000, 250_000];

/** What the octets of an input ask for, by the lower four bits of the first. */
const Step = {
  raw: 0,
  update: 1,
  route: 2,
  withdraw: 3,
  open: 4,
  keepalive: 5,
  refresh: 6,
  notification: 7,
  dial: 8,
  abort: 9,
  end: 10,
  pause: 11,
  resume: 12,
  time: 13,
  honest: 14,
  hushed: 15,
} as const;

/** A clock that knows how many appointments it has. */
class CountedClock extends ManualClock {
  pending = 0;

  override at(when: Millis, call: () => void): Cancel {
    this.pending++;
    let open = true;
    const close = (): void => {
      if (open) this.pending--;
      open = false;
    };
    const cancel = super.at(when, () => {
      close();
      call();
    });
    return () => {
      close();
      cancel();
    };
  }
}

const context: WireContext = { ...defaultContext, addPath: {} };

function open(): Uint8Array {
  return encodeMessage(
    {
      type: 'open',
      version: 4,
      asn: 65001,
      holdTime: 90,
      routerId: HOSTILE,
      capabilities: [
        { type: 'multiprotocol', family: 'ipv4-unicast' },
        { type: 'multiprotocol', family: 'ipv6-unicast' },
        { type: 'four-octet-as', asn: 65001 },
        { type: 'route-refresh' },
        { type: 'enhanced-route-refresh' },
      ],
    },
    context,
  );
}

function framed(type: number, body: Uint8Array): Uint8Array {
  const length = 19 + body.length;
  return Uint8Array.from([...new Array<number>(16).fill(0xff), length >> 8, length & 255, type, ...body]);
}

/** A well-formed route of the hostile guest's, one of many. */
function route(number: number): Uint8Array {
  const attributes: PathAttributes = {
    origin: 'igp',
    asPath: [{ type: 'sequence', asns: [65001, ...(number % 7 === 0 ? [65000] : [])] }],
    nextHop: number % 5 === 0 ? HONEST : HOSTILE,
    med: number % 11,
    ...(number % 3 === 0 ? { communities: [`65001:${number}`] } : {}),
  };
  return encodeMessage({ type: 'update', withdrawn: [], attributes, announced: [{ prefix: `192.0.2.${number}/32` }] }, context);
}

function must(condition: boolean, what: () => string): void {
  if (!condition) throw new Error(`broken: ${what()}`);
}

class Play {
  readonly clock = new CountedClock();
  readonly transport = new MemoryTransport(this.clock);
  readonly router: VirtualRouter;
  readonly honest: BgpSpeaker;
  /** What the honest guest announces. */
  readonly announced = new Set<string>();
  readonly connections: { readonly connection: Connection; over: boolean }[] = [];
  readonly base: ReturnType<VirtualRouter['network']['counts']>;

  constructor() {
    const random = seeded(7);
    this.router = new VirtualRouter(
      {
        as: 65000,
        routerId: ROUTER,
        listen: [{ address: ROUTER }],
        network: {
          nodes: [
            { name: 'a', addresses: [HOSTILE] },
            { name: 'b', addresses: [HONEST] },
          ],
          grants: [
            { node: 'a', prefix: '192.0.2.0/24', le: 32, as: 'gateway' },
            { node: 'a', prefix: '2001:db8::/32', le: 128, as: 'gateway' },
            { node: 'b', prefix: '198.51.100.0/24', le: 32, as: 'gateway' },
          ],
        },
        neighbours: [
          {
            address: HOSTILE,
            as: 65001,
            passive: true,
            export: 'all',
            families: ['ipv4-unicast', 'ipv6-unicast'],
            addPath: 'both',
            tellVerdicts: true,
            localRole: 'provider',
            limits: { prefixes: 100, attributeSets: 50, attempts: 1000 },
          },
          { address: HONEST, as: 65002, passive: true, export: 'all' },
        ],
      },
      { host: new Host({ transport: this.transport, clock: this.clock, random }) },
    );
    this.base = this.router.network.counts();
    this.honest = new BgpSpeaker(
      { as: 65002, routerId: HONEST, localAddress: HONEST, neighbour: { address: ROUTER } },
      { transport: this.transport, clock: this.clock, random },
    );
  }

  async begin(): Promise<void> {
    await this.router.start();
    this.honest.start();
    this.clock.advance(2000);
    must(this.honest.state === 'established', () => 'the honest guest has no session');
  }

  get current(): Connection | undefined {
    return this.connections.findLast(({ over }) => !over)?.connection;
  }

  dial(): void {
    if (this.connections.filter(({ over }) => !over).length >= MOST_CONNECTIONS) return;
    this.transport.dial(
      { remote: { address: ROUTER, port: 179 }, localAddress: HOSTILE },
      {
        connected: (connection) => {
          const entry = { connection, over: false };
          this.connections.push(entry);
          connection.listen({
            data: () => {},
            drained: () => {},
            closed: () => {
              entry.over = true;
            },
          });
        },
        failed: () => {},
      },
    );
    this.clock.settle();
  }

  step(kind: number, argument: number, octets: Uint8Array): void {
    const send = (bytes: Uint8Array): void => void this.current?.write(bytes.slice());
    switch (kind) {
      case Step.raw:
        send(octets);
        break;
      case Step.update:
        send(framed(2, octets));
        break;
      case Step.route:
        send(route(argument));
        break;
      case Step.withdraw:
        send(framed(2, Uint8Array.of(0, 5, 32, 192, 0, 2, argument, 0, 0)));
        break;
      case Step.open:
        send(open());
        break;
      case Step.keepalive:
        send(framed(4, new Uint8Array(0)));
        break;
      case Step.refresh:
        send(framed(5, Uint8Array.of(0, 1 + (argument & 1), (argument >> 1) % 4, 1)));
        break;
      case Step.notification:
        send(framed(3, Uint8Array.of(1 + (argument % 8), argument >> 3)));
        break;
      case Step.dial:
        this.dial();
        break;
      case Step.abort:
        this.current?.abort();
        break;
      case Step.end:
        this.current?.end();
        break;
      case Step.pause:
        this.current?.pause();
        break;
      case Step.resume:
        for (const { connection } of this.connections) connection.resume();
        break;
      case Step.time:
        this.clock.advance(PAUSES[argument % PAUSES.length] ?? 0);
        break;
      case Step.honest:
        this.#announce(argument);
        break;
      default:
        this.#withdraw(argument);
    }
    this.clock.settle();
    this.check();
  }

  #announce(number: number): void {
    const prefix = `198.51.100.${number}/32`;
    this.honest.announce(prefix, { med: number % 13 });
    this.announced.add(prefix);
  }
  #withdraw(number: number): void {
    const prefix = `198.51.100.${number}/32`;
    if (this.announced.delete(prefix)) this.honest.withdraw(prefix);
  }

  check(): void {
    const { router } = this;
    const { claims, claimsRefused } = router.network.counts();
    const [a, b] = router.neighbours();
    must(this.honest.state === 'established' && b?.flaps === 0, () => `the honest guest's session: ${b?.state}, ${b?.lastDown}`);
    must(b?.claims === this.announced.size && b.claimsRefused === 0, () => `its claims: ${b?.claims}, not ${this.announced.size}`);
    must(claims === this.base.claims + (a?.claims ?? 0) + (b?.claims ?? 0) || a?.state !== 'established', () => 'the claims do not add up');
    must(claimsRefused >= (a?.claimsRefused ?? 0), () => 'the refused claims do not add up');
    must((a?.limits[0]?.used ?? 0) <= 100, () => 'more prefixes than the limit allows');
    for (const prefix of this.announced) {
      const [target] = router.lookup(prefix.slice(0, -3)) ?? [];
      must(target !== undefined && 'node' in target && target.node === 'b', () => `${prefix} goes elsewhere`);
    }
    for (const { prefix } of router.claims({ node: 'a' }))
      must(
        !prefix.startsWith('198.51.100.') || !this.announced.has(prefix) || router.why(prefix, 'a').outcome !== 'holds',
        () => `${prefix} was taken`,
      );
  }

  async end(): Promise<void> {
    const { router, clock } = this;
    for (const { connection } of this.connections) {
      connection.resume();
      connection.abort();
    }
    // Past every timer: the large hold time, what a graceful restart may take and restate.
    for (let passed = 0; passed < 1_000_000; passed += 20_000) clock.advance(20_000);
    this.check();
    const [a, b] = router.neighbours();
    must(a?.state !== 'established' && a?.claims === 0, () => `the hostile guest is gone and has ${a?.claims} claims`);
    must(
      this.connections.every(({ over }) => over),
      () => 'a connection is left',
    );
    const all = router.network.counts().claims;
    must(all === this.base.claims + (b?.claims ?? 0), () => `${all} claims are left, ${b?.claims} are the honest guest's`);
    for (const prefix of this.announced) this.honest.withdraw(prefix);
    this.announced.clear();
    clock.advance(1000);
    const { claims, prefixes, attributeSets } = router.network.counts();
    must(claims === this.base.claims, () => `${claims} claims are left`);
    must(prefixes === this.base.prefixes, () => `${prefixes} prefixes are left`);
    must(attributeSets === this.base.attributeSets, () => `${attributeSets} attribute sets are left`);
    let done = false;
    void this.honest.stop();
    void router.stop().then(() => {
      done = true;
    });
    for (let turns = 0; turns < 40 && !done; turns++) {
      clock.advance(1000);
      await Promise.resolve();
    }
    clock.advance(10_000);
    must(clock.pending === 0, () => `${clock.pending} timers are left`);
  }
}

/** Plays one input. What is asynchronous in a router runs on the clock, so all is over when this returns. */
export async function playSession(bytes: Uint8Array): Promise<void> {
  const play = new Play();
  await play.begin();
  play.dial();
  for (let at = 0, steps = 0; at < bytes.length && steps < MOST_STEPS; steps++) {
    const kind = (bytes[at] ?? 0) & 15;
    const argument = bytes[at + 1] ?? 0;
    const length = kind === Step.raw || kind === Step.update ? argument : 0;
    play.step(kind, argument, bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  await play.end();
}

/** Sessions to begin with: one that comes up and speaks, ones that break off at every point, one that floods. */
export function sessionSeeds(): readonly Uint8Array[] {
  const up = [Step.open, 0, Step.keepalive, 0];
  const plain = [0, 0, 0, 20, 0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, 0x40, 3, 4, 10, 0, 0, 10, 32, 192, 0, 2, 1];
  const speaks = [...up, Step.honest, 1, Step.route, 1, Step.route, 2, Step.route, 5, Step.route, 7, Step.withdraw, 1, Step.refresh, 0];
  return [
    up,
    speaks,
    [...up, Step.update, plain.length, ...plain, Step.abort, 0, Step.time, 3, Step.dial, 0, ...up],
    [...up, Step.pause, 0, Step.honest, 1, Step.honest, 2, Step.time, 6, Step.resume, 0],
    [Step.time, 7, Step.dial, 0, Step.dial, 0, ...up, Step.time, 6],
    [...up, ...Array.from({ length: 60 }, (_, i) => [Step.route, i]).flat(), Step.refresh, 2, Step.refresh, 4, Step.time, 5, Step.end, 0],
    [Step.raw, 3, 0xff, 0xff, 0xff, Step.time, 5, Step.notification, 9],
  ].map((bytes) => Uint8Array.from(bytes));
}
