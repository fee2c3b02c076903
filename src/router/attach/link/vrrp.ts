import type { Feed } from '../../../claims/feed.js';
import { parseAddress } from '../../../lib/address.js';
import type { Millis } from '../../../lib/clock.js';
import { Driver } from '../../../lib/machine.js';
import { hostPrefix, prefixWords } from '../../../lib/prefix.js';
import { Stale } from '../../../rib/claim-records.js';
import type { IpDatagram, IpReceiver } from '../../../stack/ip-layer.js';
import { PORT_LIMITS } from '../../../stack/limits.js';
import { Bucket } from '../../../stack/link.js';
import { isLinkLocal } from '../../../stack/wire/ipv6.js';
import { decodeVrrp, HOP_LIMIT, type VrrpAdvertisement, type VrrpEffect, type VrrpEvent, VrrpSession } from '../../../vrrp/index.js';
import type { VirtualNetwork } from '../../virtual-network.js';
import { Remains } from '../remains.js';

/** Advertisements of one session that are passed on a second: version 3 has at most a hundred. */
const RELAYED_A_SECOND = 100;
/** Advertisements of a node at once: each may change what is mapped. */
const ADVERTISEMENTS_AT_ONCE = 500;

/** What VRRP needs of the link. @internal */
export interface VrrpLink {
  /** The node at a port. */
  nodeAt(port: string): string | undefined;
  /** Counts a packet that was dropped. */
  dropped(port: string, reason: 'malformed-vrrp' | 'too-many-claims'): void;
  /** Passes a packet to a group on to the other guests of the port's subnets. */
  relay(datagram: IpDatagram, from: string): void;
}

/** A virtual router that a guest is active in. @public */
export interface VrrpStatus {
  readonly node: string;
  readonly virtualRouterId: number;
  readonly family: 'ipv4' | 'ipv6';
  readonly version: 2 | 3;
  readonly priority: number;
  /** Milliseconds. */
  readonly interval: number;
  readonly addresses: readonly string[];
}

/**
 * Claims by VRRP: each node's word on each virtual router is a feed of its own, whose claims have its priority.
 *
 * @internal
 */
export class VrrpClaims implements IpReceiver {
  readonly #sessions = new Map<string, Session>();
  /** The same by node. */
  readonly #byNode = new Map<string, Set<Session>>();
  /** By node. */
  readonly #rates = new Map<string, Bucket>();
  readonly #remains: Remains;

  constructor(
    private readonly network: VirtualNetwork,
    private readonly router: string,
    private readonly link: VrrpLink,
  ) {
    this.#remains = new Remains(network, (key) => this.#sessions.has(key));
  }

  admits(node: string): boolean {
    let rate = this.#rates.get(node);
    if (!rate) {
      rate = new Bucket(PORT_LIMITS.advertisements.most, ADVERTISEMENTS_AT_ONCE);
      this.#rates.set(node, rate);
    }
    return rate.take(this.network.timers.clock);
  }

  receive(datagram: IpDatagram, now: Millis): void {
    const { port = '', hopLimit, payload } = datagram;
    const node = this.network.model.find(this.link.nodeAt(port) ?? '');
    if (!node) return;
    const source = parseAddress(datagram.source);
    const advertisement = hopLimit === HOP_LIMIT ? decodeVrrp(payload, source, parseAddress(datagram.destination)) : 'short';
    // RFC 9568 §5.1.2.1: over IPv6 the source is the link-local address.
    if (typeof advertisement === 'string' || (source.length === 16 && !isLinkLocal(source, 0))) {
      this.link.dropped(port, 'malformed-vrrp');
      return;
    }
    const family = source.length === 4 ? 'ipv4' : 'ipv6';
    const key = `${node.name} ${family} ${advertisement.virtualRouterId}`;
    let session = this.#sessions.get(key);
    const own = this.#byNode.get(node.name) ?? new Set();
    const others = [...own].filter((one) => one !== session);
    const advertised = others.reduce((sum, one) => sum + one.size, advertisement.addresses.length);
    if (others.length >= PORT_LIMITS.virtualRouters.most || advertised > PORT_LIMITS.virtualAddresses.most) {
      this.link.dropped(port, 'too-many-claims');
      return;
    }
    if (!session) {
      const made = new Session(this.network, this.router, node.name, node.index, family, advertisement.virtualRouterId, {
        over: () => {
          this.#sessions.delete(key);
          if (own.delete(made) && own.size === 0) this.#byNode.delete(node.name);
        },
        fell: (feed) => this.#remains.fell(key, node.name, feed),
      });
      session = made;
      this.#sessions.set(key, made);
      this.#byNode.set(node.name, own.add(made));
    }
    const had = session.hasAll(advertisement);
    session.hear(advertisement, datagram.source);
    this.#remains.rose(key);
    // Its last word ("I resign") as well, so that the others need not wait.
    if ((had || session.hasAll(advertisement)) && session.mayRelay(now)) this.link.relay(datagram, port);
  }

  status(): VrrpStatus[] {
    return [...this.#sessions.values()].flatMap((session) => session.status() ?? []);
  }

  /** Ends what the nodes say that `gone` names. */
  leave(gone: (node: string) => boolean): void {
    for (const session of [...this.#sessions.values()]) if (gone(session.node)) session.end();
    this.#remains.leave(gone);
    // Not of one that is only down, which would begin anew when it is back.
    for (const node of this.#rates.keys()) if (!this.network.model.find(node)) this.#rates.delete(node);
  }
}

class Session {
  readonly #machine = new VrrpSession();
  readonly #driver: Driver<VrrpEvent, VrrpEffect>;
  readonly #label: string;
  #feed: Feed | undefined;
  #relayed = { second: -1, count: 0 };

  constructor(
    private readonly network: VirtualNetwork,
    private readonly router: string,
    readonly node: string,
    private readonly index: number,
    private readonly family: 'ipv4' | 'ipv6',
    private readonly virtualRouterId: number,
    private readonly owner: {
      over(): void;
      /** It fell silent; its claims are the owner's to deal with. */
      fell(feed: Feed): void;
    },
  ) {
    this.#label = `vrrp ${node} ${virtualRouterId}`;
    this.#driver = new Driver(this.#machine, network.timers, (effect) => this.#perform(effect));
  }

  hear(advertisement: VrrpAdvertisement, source: string): void {
    this.#driver.post({ type: 'advertisement', advertisement, source });
    if (this.#machine.state === 'absent') this.end();
  }

  /** Whether the node has all that it advertises, link-local addresses aside. */
  hasAll({ addresses }: VrrpAdvertisement): boolean {
    const own = this.#feed ? addresses.filter((address) => !isLinkLocal(parseAddress(address), 0)) : [];
    return own.length > 0 && own.every((address) => this.network.lookup(address)?.some(({ node }) => node === this.node) ?? false);
  }

  /** Addresses that are advertised now. */
  get size(): number {
    return this.#machine.advertisement?.addresses.length ?? 0;
  }

  mayRelay(now: Millis): boolean {
    const second = Math.floor(now / 1000);
    if (this.#relayed.second !== second) this.#relayed = { second, count: 0 };
    return ++this.#relayed.count <= RELAYED_A_SECOND;
  }

  status(): VrrpStatus | undefined {
    const { advertisement } = this.#machine;
    if (!advertisement) return undefined;
    const { version, priority, interval, addresses } = advertisement;
    return { node: this.node, virtualRouterId: this.virtualRouterId, family: this.family, version, priority, interval, addresses };
  }

  end(): void {
    this.#driver.dispose();
    this.#release({ type: 'withdrawn', neighbour: this.#label, node: this.node });
    this.owner.over();
  }

  #perform(effect: VrrpEffect): void {
    if (effect.type === 'claim') this.#claim(effect.addresses, effect.priority, effect.source);
    else if (effect.silence === undefined) this.end();
    else {
      const feed = this.#feed;
      this.#feed = undefined;
      this.end();
      if (!feed) return;
      feed.cause = {
        type: 'session-down',
        neighbour: this.#label,
        node: this.node,
        reason: `no advertisement within ${(effect.silence / 1000).toFixed(1)} s`,
      };
      this.owner.fell(feed);
    }
  }

  #claim(addresses: readonly string[], priority: number, source: string): void {
    const { network } = this;
    const cause = { type: 'announced', neighbour: this.#label, node: this.node } as const;
    const rib = network.ribs[this.family];
    network.begin();
    const feed =
      this.#feed ??
      network.openFeed({
        source: 'vrrp',
        speaker: this.index,
        label: this.#label,
        router: this.router,
        cause,
      });
    this.#feed = feed;
    feed.cause = cause;
    feed.priority = priority;
    feed.address = parseAddress(source);
    rib.markStale(feed.index, Stale.refresh);
    for (const address of addresses) {
      const octets = parseAddress(address);
      if (octets.length === 16 && isLinkLocal(octets, 0)) continue;
      const { bytes, length } = hostPrefix(octets);
      const id = rib.prefixId(...prefixWords(bytes), length);
      rib.announce(id, feed.index, 0, network.bareSet, network.bareSet, 0, this.index, -1);
      rib.touch(id); // the priority may be another one
    }
    rib.sweepStale(feed.index);
    network.settle(cause);
  }

  #release(cause: Feed['cause']): void {
    const feed = this.#feed;
    if (!feed) return;
    this.#feed = undefined;
    feed.cause = cause;
    this.network.closeFeed(feed);
  }
}
