import { LpmTable } from '../../../fib/lpm-table.js';
import { parsePrefix, prefixWords } from '../../../lib/prefix.js';
import type { LinkConfig, StaticRouteConfig } from '../../../network/config.js';
import type { Link } from '../../../stack/link.js';
import { memoryCable } from '../../../stack/memory-cable.js';
import type { Stack } from '../../../stack/stack.js';
import { u32 } from '../../../stack/wire/octets.js';

/** Octets that a packet between routers may have: guests' ports are narrower. */
const MTU = 65_535;

/** How the routers of a network are joined. @internal */
export interface Topology {
  readonly links: readonly LinkConfig[];
  readonly routes: readonly StaticRouteConfig[];
}

/** One router's routes to what is not at a port of its own. @internal */
export class Routes {
  readonly #v4 = new LpmTable(false);
  readonly #v6 = new LpmTable(true);
  readonly #links: Link[] = [];

  add(prefix: string, link: Link): void {
    const { family, bytes, length } = parsePrefix(prefix);
    this.#links.push(link);
    (family === 'ipv4' ? this.#v4 : this.#v6).set(...prefixWords(bytes), length, this.#links.length);
  }
  via4(a: number): Link | undefined {
    return this.#links.length === 0 ? undefined : this.#links[this.#v4.lookup4(a) - 1];
  }
  via6(a: number, b: number, c: number, d: number): Link | undefined {
    return this.#links.length === 0 ? undefined : this.#links[this.#v6.lookup6(a, b, c, d) - 1];
  }
}

interface Member {
  readonly stack: Stack;
  readonly mac: Uint8Array;
  /** Takes over other routes. */
  readonly route: (routes: Routes) => void;
}

/**
 * The links between the routers of a network, and their static routes: a cable in memory for each link whose two routers run. A packet
 * passes each router that a real one would, and loses one of its TTL there.
 *
 * @internal
 */
export class RouterLinks {
  readonly #members = new Map<string, Member>();
  #built = '';

  constructor(private readonly topology: () => Topology) {}

  join(router: string, member: Member): void {
    this.leave(router);
    this.#members.set(router, member);
    this.addressesChanged();
    this.#build();
  }
  /** The running routers with a port of this name. */
  withPort(name: string): string[] {
    return [...this.#members].flatMap(([router, { stack }]) => (stack.links.has(name) ? [router] : []));
  }

  leave(router: string): void {
    const member = this.#members.get(router);
    if (!member) return;
    this.#members.delete(router);
    this.addressesChanged();
    for (const peer of [...member.stack.peers.keys()]) member.stack.part(peer);
    member.route(new Routes());
    this.#build();
  }
  /** A router may have other addresses: whoever is at a port of any of them is to have none of these. */
  addressesChanged(): void {
    const addresses = [...this.#members.values()].flatMap(({ stack }) => stack.local.addresses);
    const all = {
      ipv4: new Set(addresses.filter((one) => one.length === 4).map((one) => u32(one, 0) | 0)),
      ipv6: addresses.filter((one) => one.length === 16),
    };
    for (const { stack } of this.#members.values()) stack.local.setRouters(all);
  }
  /** The configuration may be another one. */
  refresh(): void {
    const { links, routes } = this.topology();
    if (JSON.stringify([links, routes]) !== this.#built) this.#build();
  }

  #build(): void {
    const { links, routes } = this.topology();
    this.#built = JSON.stringify([links, routes]);
    const wanted = new Set(links.flatMap(({ routers: [one, other] }) => [pairOf(one, other), pairOf(other, one)]));
    // What is there at both ends stays as it is, and counts on.
    for (const [name, { stack }] of this.#members)
      for (const peer of [...stack.peers.keys()]) if (!this.#members.has(peer) || !wanted.has(pairOf(name, peer))) stack.part(peer);
    for (const { routers } of links) {
      const [one, other] = routers;
      const a = this.#members.get(one);
      const b = this.#members.get(other);
      if (!a || !b || a.stack.peers.has(other)) continue;
      const [end, far] = memoryCable({ mtu: MTU });
      a.stack.join(other, end, a.mac, b.mac);
      b.stack.join(one, far, b.mac, a.mac);
    }
    for (const [name, { stack, route }] of this.#members) {
      const own = new Routes();
      for (const { router, prefix, via } of routes) {
        const link = router === name ? stack.peers.get(via) : undefined;
        if (link) own.add(prefix, link);
      }
      route(own);
    }
  }
}

function pairOf(one: string, other: string): string {
  return JSON.stringify([one, other]);
}
