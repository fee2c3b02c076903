import { formatAddress, parseAddress } from '../lib/address.js';
import type { Clock } from '../lib/clock.js';
import type { Random } from '../lib/random.js';
import type { TimerHeap } from '../lib/timers.js';
import type { Targets } from '../mapping/target.js';
import { AccessList, type AccessRule } from './access.js';
import { Advertiser } from './advertiser.js';
import type { DropReason } from './drops.js';
import { Forwarding } from './forwarding.js';
import { type Interface, type InterfaceOptions, interfaceOf, onLink } from './interface.js';
import { PORT_LIMITS } from './limits.js';
import { Link } from './link.js';
import { LocalDelivery } from './local.js';
import { Neighbour, type Resolver } from './neighbour.js';
import type { Port } from './port.js';
import { Resolution } from './resolution.js';
import { EtherType } from './wire/codes.js';
import { ETHERNET } from './wire/ethernet.js';
import { put, sameAt, u16, u32 } from './wire/octets.js';

/** What the stack asks of the network, and tells it. @internal */
export interface Surroundings {
  readonly timers: TimerHeap;
  readonly random: Random;
  /** Where packets for an address go. */
  lookup4(a: number): Targets | undefined;
  lookup6(a: number, b: number, c: number, d: number): Targets | undefined;
  /** Where a static route sends what is not at a port of this router. */
  via4(a: number): Link | undefined;
  via6(a: number, b: number, c: number, d: number): Link | undefined;
  /** Whether the node may take the address over by saying so on its link. */
  mayClaim(node: string, address: Uint8Array): boolean;
  /** The node announced the address as its own (gratuitous ARP, unsolicited advertisement). */
  announced(node: string, address: Uint8Array): void;
  /** The node answered for the address: it is there. */
  answered(node: string, address: Uint8Array): void;
}

/** A node, for {@link Stack.setNodes}. @internal */
export interface NodeOptions {
  readonly name: string;
  readonly location: string | undefined;
  readonly addresses: readonly string[];
  readonly up: boolean;
}

/**
 * The router as its links see it: frames in by a port, and out by the port of whoever has the destination.
 *
 * @internal
 */
export class Stack {
  readonly links = new Map<string, Link>();
  /** The link to another router by which a node elsewhere is reached, as the static routes have it for the node's own address. */
  readonly away4 = new Map<string, Link>();
  readonly away6 = new Map<string, Link>();
  /** Links to other routers of the network, by their names. */
  readonly peers = new Map<string, Link>();
  readonly #byNode = new Map<string, Link>();
  interfaces: readonly Interface[] = [];
  readonly clock: Clock;
  readonly forwarding: Forwarding;
  readonly resolution: Resolution;
  readonly local: LocalDelivery;
  #nodes: readonly NodeOptions[] = [];
  readonly #byLocation = new Map<string, NodeOptions>();
  readonly #nowhere = new Set<string>();
  #access: readonly AccessRule[] = [];
  #busy = false;
  readonly #queue: { readonly link: Link; readonly frame: Uint8Array }[] = [];

  constructor(readonly around: Surroundings) {
    this.clock = around.timers.clock;
    this.forwarding = new Forwarding(this);
    this.resolution = new Resolution(this);
    this.local = new LocalDelivery(this);
  }

  // --- Configuration ---------------------------------------------------------------------------------------------------

  setInterfaces(options: readonly InterfaceOptions[]): undefined {
    this.interfaces = options.map(interfaceOf);
    this.local.setInterfaces(this.interfaces);
    this.setNodes(this.#nodes);
  }

  /** Who is where. A node that moved is reached at its new port from the next frame on. */
  setNodes(nodes: readonly NodeOptions[]): undefined {
    this.#nodes = nodes;
    this.#byNode.clear();
    this.#byLocation.clear();
    this.#nowhere.clear();
    for (const node of nodes)
      if (node.location === undefined) this.#nowhere.add(node.name);
      else this.#byLocation.set(node.location, node);
    for (const link of this.links.values()) this.#occupy(link, this.#byLocation.get(link.name));
    this.routesChanged();
  }

  /** A node is at a link from now on, or none. */
  #occupy(link: Link, node: NodeOptions | undefined): undefined {
    const { occupant } = link;
    const other = link.holder !== (node?.name ?? '');
    const same = !other && sameTexts(occupant?.addresses ?? [], node?.addresses ?? []);
    // Of many nodes one changes as a rule.
    if (same && occupant?.up === node?.up && link.faces === this.interfaces) {
      if (node) this.#byNode.set(node.name, link);
      return;
    }
    if (!same) link.forget();
    link.occupant = node;
    link.faces = this.interfaces;
    if (other) {
      link.refused.length = 0;
      this.local.forget(link);
    }
    this.#place(link, node);
    link.advertiser?.refresh(other);
  }

  /** Static routes are others now: nodes elsewhere are reached by another way. An address that moves is so followed to its node. */
  routesChanged(): undefined {
    this.away4.clear();
    this.away6.clear();
    if (this.peers.size > 0) for (const node of this.#nodes) if (!this.#byNode.has(node.name)) this.#wayTo(node);
    this.forwarding.forget();
  }

  #wayTo({ name, addresses }: NodeOptions): undefined {
    for (const address of addresses.map(parseAddress)) {
      const four = address.length === 4;
      const link = four
        ? this.around.via4(u32(address, 0))
        : this.around.via6(u32(address, 0), u32(address, 4), u32(address, 8), u32(address, 12));
      const away = four ? this.away4 : this.away6;
      if (link && !away.has(name)) away.set(name, link);
    }
  }

  /** The link of a node, if it is at a port of ours. */
  linkOf(node: string): Link | undefined {
    return this.#byNode.get(node);
  }

  /** Whether a node that is at no port of ours may be at another router's. */
  mayBeElsewhere(node: string): boolean {
    return this.peers.size > 0 && !this.#nowhere.has(node);
  }

  /** What may pass, from now on. */
  setAccess(rules: readonly AccessRule[]): undefined {
    this.#access = rules;
    for (const link of this.links.values()) this.#restrict(link);
  }

  #restrict(link: Link): undefined {
    const own = this.#access.filter(({ at }) => at === undefined || at.has(link.name));
    link.accessIn = new AccessList(own.filter(({ direction }) => direction === 'in'));
    link.accessOut = new AccessList(own.filter(({ direction }) => direction === 'out'));
  }

  attach(name: string, port: Port): Link {
    const link = new Link(name, port, this.around.timers, this.#expired);
    link.advertiser = new Advertiser(link, this.around.timers, this.around.random, (faces, lifetime) =>
      this.resolution.advertise(link, faces, lifetime),
    );
    this.links.set(name, link);
    this.#restrict(link);
    this.#listen(link);
    const node = this.#byLocation.get(name);
    this.#occupy(link, node);
    if (node) {
      this.away4.delete(node.name);
      this.away6.delete(node.name);
    }
    this.forwarding.forget();
    return link;
  }

  /** Joins another router of the network, which shows `theirs`, by a cable. */
  join(peer: string, port: Port, own: Uint8Array, theirs: Uint8Array): Link {
    const link = new Link(peer, port, this.around.timers, this.#expired, peer);
    link.mac = own.slice();
    link.ready = true;
    // Known for good: nobody is asked.
    link.hop4 = new Neighbour(new Uint8Array(4), this.#resolver(link));
    link.hop4.mac = theirs.slice();
    link.hop6 = link.hop4;
    this.peers.set(peer, link);
    this.#listen(link);
    return link;
  }
  part(peer: string): undefined {
    this.peers.get(peer)?.port.listen(undefined);
    this.peers.get(peer)?.reassembly.close();
    this.peers.delete(peer);
  }

  #listen(link: Link): undefined {
    link.port.listen((buffer, start, end) => {
      // Of a Buffer, `slice` is a view; what is kept here must be a copy.
      const plain = buffer.constructor === Uint8Array ? buffer : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
      this.receive(link, plain, start, end);
    });
  }

  /** Lets go of a port, which its owner closes. */
  detach(name: string): undefined {
    const link = this.links.get(name);
    if (!link) return;
    link.advertiser?.cease();
    link.port.listen(undefined);
    link.reassembly.close();
    this.links.delete(name);
    this.#occupy(link, undefined);
    const node = this.#byLocation.get(name);
    if (node) {
      this.#byNode.delete(node.name);
      if (this.peers.size > 0) this.#wayTo(node);
    }
    this.forwarding.forget();
    if (this.links.size === 0) this.forwarding.rest();
  }

  #place(link: Link, node: NodeOptions | undefined): undefined {
    link.own4.clear();
    link.holder = node?.name ?? '';
    link.ready = node?.up === true;
    link.node = node && { name: node.name, up: node.up, addresses: node.addresses.map(parseAddress) };
    const own = link.node?.addresses ?? [];
    for (const address of own) if (address.length === 4) link.own4.add(new DataView(address.buffer).getInt32(address.byteOffset));
    const near = this.interfaces.filter((one) => own.some((address) => onLink(one, address)));
    link.interfaces = near.length > 0 ? near : this.interfaces;
    link.mac = (link.interfaces[0] as Interface | undefined)?.mac.slice() ?? link.mac;
    if (node) this.#byNode.set(node.name, link);
    const hop = (size: number): Neighbour | undefined => {
      const address = own.find((one) => one.length === size && this.interfaces.some((face) => onLink(face, one)));
      return address && this.neighbour(link, address);
    };
    link.hop4 = hop(4);
    link.hop6 = hop(16);
  }

  // --- In --------------------------------------------------------------------------------------------------------------

  /** Takes a frame. One that comes in while another is being dealt with, as an answer to what we sent, waits: its octets are copied. */
  receive(link: Link, b: Uint8Array, start: number, end: number): undefined {
    if (this.#busy) {
      if (this.#queue.length < PORT_LIMITS.queued.most) this.#queue.push({ link, frame: b.slice(start, end) });
      else this.drop(link, 'overload');
      return;
    }
    this.#busy = true;
    try {
      this.#frame(link, b, start, end);
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#frame(next.link, next.frame, 0, next.frame.length);
    } finally {
      this.#busy = false;
    }
  }

  drop(link: Link, reason: DropReason): undefined {
    link.drops[reason]++;
  }

  #frame(link: Link, b: Uint8Array, start: number, end: number): undefined {
    link.received++;
    if (end - start < ETHERNET) return this.drop(link, 'runt');
    const type = u16(b, start + 12);
    // Tags: told apart before the length, which they add to.
    if (type === EtherType.vlan || type === EtherType.provider) return this.drop(link, 'vlan');
    if (end - start > link.port.mtu + ETHERNET) return this.drop(link, 'jumbo');
    if ((b[start] & 1) !== 0) {
      if (b[start] === 1 && b[start + 1] === 0x80 && b[start + 2] === 0xc2 && b[start + 3] === 0 && b[start + 4] === 0 && b[start + 5] < 16)
        return this.drop(link, 'link-local-control');
      if (!link.allowance.control.take(this.clock)) return this.drop(link, 'overload');
    } else if (!this.#isOurs(link, b, start)) return this.drop(link, 'other-mac');
    else if (type === EtherType.arp && !link.allowance.control.take(this.clock)) return this.drop(link, 'overload');
    if (link.holder === '' && link.peer === '') return this.drop(link, 'no-node');
    switch (type) {
      case EtherType.ipv4:
        return this.forwarding.ipv4(link, b, start, end);
      case EtherType.ipv6:
        return this.forwarding.ipv6(link, b, start, end);
      case EtherType.arp:
        // Routers know each other's MACs.
        if (link.peer !== '') return this.drop(link, 'unknown-ethertype');
        return this.resolution.arp(link, b, start, end);
      case EtherType.lldp:
        return this.drop(link, 'link-local-control');
      default:
        return this.drop(link, 'unknown-ethertype');
    }
  }

  #isOurs(link: Link, b: Uint8Array, start: number): boolean {
    if (sameAt(b, start, link.mac, 0, 6)) return true;
    for (const { mac } of this.interfaces) if (sameAt(b, start, mac, 0, 6)) return true;
    return false;
  }

  // --- Out -------------------------------------------------------------------------------------------------------------

  /** Sends a frame whose header has room but no addresses yet, to the node at `link`; `address` is the packet's destination at `at`. */
  transmit(link: Link, b: Uint8Array, start: number, end: number, at: number, size: 4 | 16): undefined {
    const hop = (size === 4 ? link.hop4 : link.hop6) ?? this.neighbour(link, b.slice(at, at + size));
    put(b, start + 6, link.mac);
    if (hop.mac === undefined) {
      const frame = b.slice(start, end);
      hop.wait({ frame, failed: () => this.#unresolved(link, frame, size) });
      return;
    }
    if (hop.stale) hop.used();
    put(b, start, hop.mac);
    link.sent++;
    link.port.send(b, start, end);
  }

  /** Sends a frame that is ready. */
  send(link: Link, frame: Uint8Array): undefined {
    link.sent++;
    link.port.send(frame, 0, frame.length);
  }

  readonly #expired = (link: Link, frame: Uint8Array): void => this.forwarding.incomplete(link, frame);

  #unresolved(link: Link, frame: Uint8Array, size: 4 | 16): undefined {
    this.drop(link, 'unresolved');
    this.forwarding.unreachable(frame, size);
  }

  // --- Neighbours ------------------------------------------------------------------------------------------------------

  /** What is known of an address at a link: there is more than one only where its node has no address of its own. */
  neighbour(link: Link, address: Uint8Array): Neighbour {
    const key = formatAddress(address);
    let known = link.neighbours.get(key);
    if (!known) {
      if (link.neighbours.size >= PORT_LIMITS.neighbours.most) {
        // Never the node's own: all that it gets goes by that one.
        for (const [oldest, neighbour] of link.neighbours) {
          if (neighbour === link.hop4 || neighbour === link.hop6) continue;
          link.neighbours.delete(oldest);
          neighbour.giveUp();
          break;
        }
      }
      known = new Neighbour(address, this.#resolver(link));
      link.neighbours.set(key, known);
    }
    return known;
  }

  #resolver(link: Link): Resolver {
    return {
      timers: this.around.timers,
      solicit: (address, mac) => this.resolution.solicit(link, address, mac),
      release: (frame, mac) => {
        put(frame, 0, mac);
        this.send(link, frame);
      },
    };
  }
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((text, i) => text === other[i]));
}
