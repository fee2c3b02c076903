import { formatPrefix, parsePrefix } from '../../../src/lib/prefix.js';
import { seeded } from '../../../src/lib/random.js';
import type { OspfEffect } from '../../../src/ospf/events.js';
import { OspfInstance } from '../../../src/ospf/instance.js';
import type { LsaOctets } from '../../../src/ospf/lsa-octets.js';
import type { Neighbour } from '../../../src/ospf/neighbour.js';
import {
  AREA_DEFAULTS,
  type AreaOptions,
  INSTANCE_DEFAULTS,
  INTERFACE_DEFAULTS,
  type InterfaceOptions,
  type OspfOptions,
} from '../../../src/ospf/options.js';
import { best } from '../../../src/ospf/routes.js';
import { octets, word } from '../../../src/ospf/wire/index.js';

/** A link that routers are on: what one sends to a group or to an address comes to the others a moment later, or is lost. */
export class Wire {
  readonly ends: { readonly router: LabRouter; readonly name: string; readonly address: Uint8Array }[] = [];
  up = true;
  /** Sees what is sent. */
  tap: ((bytes: Uint8Array, source: Uint8Array, destination: Uint8Array) => void) | undefined;
  constructor(
    readonly delay: number,
    readonly loss: number,
  ) {}
}

export interface LabOptions {
  readonly seed?: number;
  readonly version?: 2 | 3;
  readonly loss?: number;
  readonly interface?: Partial<InterfaceOptions>;
  readonly instance?: Partial<OspfOptions>;
  /** Where all keep what LSAs say; each its own unless told. */
  readonly octets?: LsaOctets;
}

/** Routers and wires on one clock that only the test turns. */
export class Lab {
  now = 1_000_000;
  readonly random: () => number;
  readonly routers = new Map<number, LabRouter>();
  readonly #queue: { at: number; order: number; call: () => void }[] = [];
  #order = 0;
  delivered = 0;

  constructor(readonly options: LabOptions = {}) {
    this.random = seeded(options.seed ?? 1);
  }

  router(id: number, areas: readonly Partial<AreaOptions>[] = [{}], options: Partial<OspfOptions> = {}): LabRouter {
    const router = new LabRouter(this, {
      ...INSTANCE_DEFAULTS,
      version: this.options.version ?? 2,
      family: this.options.version === 3 ? 'ipv6' : 'ipv4',
      ...this.options.instance,
      routerId: id,
      areas: areas.map((area) => ({ ...AREA_DEFAULTS, id: 0, ...area })),
      ...options,
    });
    this.routers.set(id, router);
    return router;
  }

  wire(delay = 1): Wire {
    return new Wire(delay, this.options.loss ?? 0);
  }

  at(when: number, call: () => void): void {
    const entry = { at: when, order: this.#order++, call };
    const queue = this.#queue;
    let i = queue.length;
    queue.push(entry);
    while (i > 0) {
      const up = (i - 1) >> 1;
      const parent = queue[up];
      if (!parent || parent.at < when || (parent.at === when && parent.order < entry.order)) break;
      queue[i] = parent;
      i = up;
    }
    queue[i] = entry;
  }

  #take(): { at: number; call: () => void } | undefined {
    const queue = this.#queue;
    const first = queue[0];
    const last = queue.pop();
    if (!first || !last || first === last) return first;
    const later = (x: (typeof queue)[0], y: (typeof queue)[0]): boolean => x.at > y.at || (x.at === y.at && x.order > y.order);
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      const left = queue[child];
      if (!left) break;
      const right = queue[child + 1];
      const least = right && later(left, right) ? right : left;
      if (least === right) child++;
      if (!later(last, least)) break;
      queue[i] = least;
      i = child;
    }
    queue[i] = last;
    return first;
  }

  /** Lets milliseconds pass. */
  advance(by: number): void {
    const until = this.now + by;
    while (this.#queue[0] && this.#queue[0].at <= until) {
      const next = this.#take();
      if (!next) break;
      this.now = Math.max(this.now, next.at);
      next.call();
    }
    this.now = until;
  }

  /** Lets time pass until something is so; throws after `most` milliseconds. */
  until(condition: () => boolean, most = 120_000, step = 100): void {
    const stop = this.now + most;
    while (!condition()) {
      if (this.now >= stop) throw new Error(`not so after ${most} ms`);
      this.advance(step);
    }
  }
}

export class LabRouter {
  readonly machine: OspfInstance;
  /** What happened, but for packets and routes: of those there are too many to keep. */
  readonly events: Exclude<OspfEffect, { type: 'send' | 'routesChanged' }>[] = [];
  readonly wires = new Map<string, Wire>();
  #armed: number | undefined;

  constructor(
    readonly lab: Lab,
    readonly options: OspfOptions,
  ) {
    this.machine = new OspfInstance(options, lab.options.octets);
  }

  /** An interface on a wire. Addresses of OSPFv2 are `10.N.M.R/24`, given; of OSPFv3 link-local ones are made. */
  attach(wire: Wire, address: string, options: Partial<InterfaceOptions> = {}): string {
    const name = options.name ?? `e${this.wires.size}`;
    const prefix = parsePrefix(address.replace(/\/\d+$/, ''));
    const length = Number(/\/(\d+)$/.exec(address)?.[1] ?? prefix.bytes.length * 8);
    const number = this.wires.size + 1;
    const v3 = this.options.version === 3;
    const own = v3 ? Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...octets(number), ...octets(this.options.routerId)) : prefix.bytes;
    const resolved: InterfaceOptions = {
      ...INTERFACE_DEFAULTS,
      name,
      area: 0,
      address: own,
      nextHop: own,
      forwarding: prefix.bytes,
      maskLength: length,
      prefixes: [{ bytes: masked(prefix.bytes, length), length }],
      interfaceId: number,
      ...this.lab.options.interface,
      ...options,
    };
    this.wires.set(name, wire);
    wire.ends.push({ router: this, name, address: own });
    this.handle({ type: 'interfaceAdded', options: resolved });
    this.handle({ type: 'interfaceUp', interface: name });
    return name;
  }

  handle(event: Parameters<OspfInstance['handle']>[0]): void {
    this.#perform(this.machine.handle(event, this.lab.now));
  }

  #perform(effects: readonly OspfEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'routesChanged') continue;
      if (effect.type !== 'send') {
        this.events.push(effect);
        continue;
      }
      const wire = this.wires.get(effect.interface);
      if (!wire?.up) continue;
      const { lab } = this;
      const from = wire.ends.find((end) => end.router === this && end.name === effect.interface)?.address ?? new Uint8Array(4);
      wire.tap?.(effect.bytes, from, effect.destination);
      const group = effect.destination.length === 4 ? (effect.destination[0] ?? 0) >= 224 : effect.destination[0] === 0xff;
      for (const end of wire.ends) {
        if ((end.router === this && end.name === effect.interface) || (!group && end.address.join() !== effect.destination.join()))
          continue;
        if (wire.loss > 0 && lab.random() < wire.loss) continue;
        lab.at(lab.now + wire.delay, () => {
          if (!wire.up) return;
          lab.delivered++;
          end.router.handle({ type: 'packet', interface: end.name, source: from, destination: effect.destination, bytes: effect.bytes });
        });
      }
    }
    const { deadline } = this.machine;
    if (deadline === undefined || (this.#armed !== undefined && this.#armed <= deadline)) return;
    this.#armed = deadline;
    this.lab.at(deadline, () => {
      if (this.#armed !== deadline) return;
      this.#armed = undefined;
      this.#perform(this.machine.tick(this.lab.now));
    });
  }

  neighbours(): Neighbour[] {
    return [...this.machine.neighbours()];
  }
  states(): string[] {
    return this.neighbours().map(({ state }) => state);
  }
  /** `prefix -> "type cost via routers"`, best ways only. */
  table(): Record<string, string> {
    const { machine } = this;
    const lines: [string, string][] = [];
    for (const route of machine.routes.routes.values()) {
      const ways = best(route).map(({ way }) => way);
      const [first] = ways;
      if (!first) continue;
      const hops = new Set<string>();
      for (const { hops: set } of ways)
        for (const number of machine.hopSets.get(set)) {
          const hop = machine.nextHops.get(number);
          if (hop) hops.add(String(hop.routerId));
        }
      const cost = first.type === 'external-2' ? `${first.externalCost}+${first.cost}` : String(first.cost);
      const via = hops.size > 0 ? ` via ${[...hops].sort().join(',')}` : '';
      lines.push([formatPrefix(route.prefix), `${first.type} ${cost}${via}`]);
    }
    return Object.fromEntries(lines.sort(([x], [y]) => (x < y ? -1 : 1)));
  }
  /** Keys, sequence numbers and checksums of all that it keeps in its areas and of the AS. */
  databases(): string[] {
    const places = [...[...this.machine.areas.values()].map(({ database }) => database), this.machine.database];
    return places.flatMap((place) => [...place.all()].map((lsa) => `${lsa.key} ${lsa.sequence} ${lsa.checksum}`)).sort();
  }
}

function masked(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.map((octet, i) => octet & ((0xff << (8 - Math.min(8, Math.max(0, length - 8 * i)))) & 0xff));
}

export { word };
