/**
 * A day without peace, in memory: the soak's guests and its hostile ones on one clock that is turned by hand, so that what comes of a day
 * of churn, flaps and deaths is seen in a few minutes.
 *
 * Guests announce, withdraw and flap; die with their connections reset, or without a word, and come back. Hostile ones say what is
 * malformed, break off in the middle of a message, claim thousands of addresses that they were not granted, and connect and say nothing.
 * Every ten minutes there is peace until the mapping must be the one worked out from who is alive. Memory is sampled every quarter of
 * an hour, after garbage collection.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BgpSpeaker } from '../../src/bgp/speaker.js';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryTransport } from '../../src/lib/memory-transport.js';
import { type Random, seeded } from '../../src/lib/random.js';
import type { Connection } from '../../src/lib/transport.js';
import { Host } from '../../src/router/host.js';
import { VirtualRouter } from '../../src/router/virtual-router.js';
import { nonsense } from './nonsense.js';
import { contested, type GuestPlan, guestPlan, HOLD_TIME, HOSTILE, hostileAddress, mappingOf, ROUTER, routerPlan, shared } from './plan.js';
import { slope } from './slope.js';
import { spelt, Witness } from './witness.js';

const PORT = 179;
const HOUR = 3_600_000;
/** Milliseconds: between two things that happen, at most; between two looks; and of peace before one. */
const PACE = 20_000;
const LOOK_EVERY = 600_000;
const PEACE = 90_000;
/** Share of the guests that may be dead at once. */
const MOST_AWAY = 0.3;
/** Hours in which memory may grow, as a share of all, and what it may grow by after that: a share of what it was, or a megabyte. */
const WARM_UP = 0.25;
const MOST_GROWTH = 0.1;
const MB = 1 << 20;

export interface DayOptions {
  readonly hours: number;
  readonly seed: number;
  readonly count: number;
  /** Is told what does not hold. */
  readonly violated: (text: string) => void;
}

interface Guest {
  readonly plan: GuestPlan;
  readonly claims: Set<string>;
  speaker: BgpSpeaker | undefined;
}

/** Returns what is to be said of it. */
export async function soakDay({ hours, seed, count, violated }: DayOptions): Promise<string[]> {
  const began = performance.now();
  const random = seeded(seed);
  const upTo = (most: number): number => Math.floor(random() * most);
  const clock = new ManualClock(1_700_000_000_000);
  const transport = new MemoryTransport(clock, { latency: 1 });
  // All of them over sockets: frames have their time in the real minutes.
  const plans = Array.from({ length: count }, (_, i) => ({ ...guestPlan(i, 0), frames: false, address: `127.1.0.${10 + i}` }));
  const router = new VirtualRouter(routerPlan(plans, PORT), { host: new Host({ transport, clock, random }) });
  const wrong = (text: string): void => violated(`in the simulated day after ${((clock.now() - start) / HOUR).toFixed(2)} h: ${text}`);
  const done = { announced: 0, withdrawn: 0, flaps: 0, resets: 0, silent: 0, hostile: 0, looks: 0 };
  let refused = 0;
  let malformed = 0;
  router.on('claim-rejected', ({ total }) => {
    refused += total;
  });
  router.on('message-malformed', () => void malformed++);
  router.on('listener-error', ({ error }) => wrong(`a listener threw: ${String(error)}`));
  await router.start();
  const start = clock.now();
  const witness = new Witness('the listener', router, wrong);
  router.on('mapping-change', ({ changes }) => {
    for (const change of changes) witness.take(change);
  });

  const guests: Guest[] = plans.map((plan) => ({
    plan,
    // Half of them, as it comes to be by acts at random: what is claimed does not grow over the day, and so memory must not.
    claims: new Set(plan.prefixes.filter(() => random() < 0.5)),
    speaker: undefined,
  }));
  const live = (guest: Guest): void => {
    const { plan } = guest;
    const speaker = new BgpSpeaker(
      {
        as: plan.as,
        routerId: `10.7.0.${plan.number + 1}`,
        localAddress: plan.address,
        neighbour: { address: ROUTER.host, port: PORT },
        holdTime: HOLD_TIME,
      },
      { transport, clock, random },
    );
    guest.speaker = speaker;
    speaker.announceAll([...guest.claims]);
    speaker.start();
  };
  const die = (guest: Guest, silently: boolean): void => {
    const { speaker } = guest;
    guest.speaker = undefined;
    const { address } = guest.plan;
    if (silently) transport.cut(address);
    void speaker?.kill();
    clock.at(clock.now() + (silently ? HOLD_TIME * 1000 : 300) + upTo(12_000), () => {
      if (silently) transport.mend(address);
      live(guest);
    });
  };
  const claim = (guest: Guest, prefix: string): void => {
    if (guest.claims.delete(prefix)) {
      done.withdrawn++;
      guest.speaker?.withdraw(prefix);
    } else {
      guest.claims.add(prefix);
      done.announced++;
      guest.speaker?.announce(prefix);
    }
  };
  for (const guest of guests) live(guest);
  const enemies = Array.from({ length: HOSTILE }, (_, i) => new Enemy(i, transport, clock, random));

  const act = (): void => {
    const free = guests.filter(({ speaker }) => speaker);
    const guest = free[upTo(free.length)];
    if (!guest) return;
    const chance = random();
    const prefix = (): string => {
      const of = random() < 0.6 ? [...contested, ...shared] : guest.plan.prefixes;
      return of[upTo(of.length)] as string; // below its length
    };
    if (chance < 0.86 || count - free.length >= count * MOST_AWAY) for (let i = 1 + upTo(4); i > 0; i--) claim(guest, prefix());
    else if (chance < 0.92) {
      done.flaps++;
      const flapping = prefix();
      for (let i = 0; i < 20; i++) clock.at(clock.now() + i * 10, () => guest.speaker && claim(guest, flapping));
    } else if (chance < 0.96) {
      done.resets++;
      die(guest, false);
    } else {
      done.silent++;
      die(guest, true);
    }
    if (upTo(4) === 0) {
      done.hostile++;
      enemies[upTo(enemies.length)]?.act();
    }
  };

  const look = (): void => {
    clock.advance(PEACE);
    done.looks++;
    witness.compare();
    const wanted = mappingOf(new Map(guests.map(({ plan, claims }) => [plan, claims])));
    const is = new Map([...router.mapping()].filter(({ prefix }) => prefix.startsWith('10.9.')).map((m) => [m.prefix, spelt(m.targets)]));
    for (const prefix of new Set([...wanted.keys(), ...is.keys()]))
      if (wanted.get(prefix) !== is.get(prefix)) wrong(`${prefix} should be at ${wanted.get(prefix)}: the router has ${is.get(prefix)}`);
    for (const { node, state, lastDown } of router.neighbours())
      if (node.startsWith('g') && state !== 'established') wrong(`${node} lives, and its session does not: ${state}, ${lastDown}`);
  };

  clock.advance(PEACE);
  const samples: (readonly [hour: number, octets: number])[] = [];
  const end = start + hours * HOUR;
  let looked = start;
  let sampled = start;
  while (clock.now() < end) {
    clock.advance(upTo(PACE));
    act();
    if (clock.now() - looked > LOOK_EVERY) {
      look();
      looked = clock.now();
    }
    if (clock.now() - sampled > HOUR / 4) {
      sampled = clock.now();
      samples.push([(sampled - start) / HOUR, memory()]);
      // What is deferred to the system's own turns has one.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  look();
  for (const enemy of enemies) enemy.leave();
  const past = samples.filter(([hour]) => hour >= hours * WARM_UP);
  const growth = past.length > 1 ? slope(past) : 0;
  const first = past[0]?.[1] ?? 0;
  if (growth * hours * (1 - WARM_UP) > Math.max(MB, first * MOST_GROWTH)) wrong(`memory grows by ${(growth / MB).toFixed(2)} MB an hour`);
  for (const guest of guests) void guest.speaker?.kill();
  void router.stop();
  clock.advance(60_000);
  return [
    `simulated  ${hours} hours in ${((performance.now() - began) / 1000).toFixed(0)} s: ${done.announced} announced, ${done.withdrawn} withdrawn, ${done.flaps} flaps of 20, ${done.resets} deaths with a reset, ${done.silent} without a word, ${done.hostile} hostile acts`,
    `           ${witness.changes} changes of the mapping, ${refused} claims refused, ${malformed} malformed messages; looked at ${done.looks} times`,
    `           ${((past.at(-1)?.[1] ?? 0) / MB).toFixed(1)} MB of objects, columns and buffers after garbage collection, slope ${(growth / 1024).toFixed(1)} KB/hour over the last ${Math.round(hours * (1 - WARM_UP))} hours`,
  ];
}

/** Octets of objects, columns and buffers, when all garbage is gone. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** A guest of no grant. */
class Enemy {
  #speaker: BgpSpeaker | undefined;
  #connections: Connection[] = [];

  constructor(
    private readonly number: number,
    private readonly transport: MemoryTransport,
    private readonly clock: ManualClock,
    private readonly random: Random,
  ) {}

  act(): void {
    this.leave();
    const upTo = (most: number): number => Math.floor(this.random() * most);
    switch (upTo(5)) {
      case 0:
        this.#dial((connection) => connection.write(Uint8Array.from({ length: 1 + upTo(400) }, () => upTo(256))));
        return;
      case 1:
        this.#session((speaker) => speaker.sendRaw(nonsense(this.random)));
        return;
      case 2:
        this.#session((speaker) => speaker.announceAll(Array.from({ length: 3000 }, (_, i) => `10.9.${i >> 8}.${i & 255}/32`)));
        return;
      case 3:
        // The beginning of a message, and no more of it.
        this.#session((speaker) => speaker.sendRaw(nonsense(this.random).subarray(0, 1 + upTo(30))));
        return;
      default:
        for (let i = 0; i < 10; i++) this.#dial(() => {});
    }
  }

  /** Gone, in the middle of whatever it was. */
  leave(): void {
    void this.#speaker?.kill();
    this.#speaker = undefined;
    for (const connection of this.#connections.splice(0)) connection.abort();
  }

  #dial(then: (connection: Connection) => void): void {
    const remote = { address: ROUTER.host, port: PORT };
    this.transport.dial(
      { remote, localAddress: hostileAddress(this.number) },
      {
        connected: (connection) => {
          this.#connections.push(connection);
          connection.listen({ data: () => {}, drained: () => {}, closed: () => {} });
          then(connection);
        },
        failed: () => {},
      },
    );
  }

  #session(then: (speaker: BgpSpeaker) => void): void {
    const speaker = new BgpSpeaker(
      {
        as: 64_900 + this.number,
        routerId: `10.6.0.${this.number + 1}`,
        localAddress: hostileAddress(this.number),
        neighbour: { address: ROUTER.host, port: PORT },
      },
      { transport: this.transport, clock: this.clock, random: this.random },
    );
    this.#speaker = speaker;
    speaker.on('established', () => then(speaker));
    speaker.start();
  }
}
