import { parseAddress } from '../lib/address.js';
import { bytesEqual } from '../lib/bytes.js';
import { UsageError } from '../lib/errors.js';
import type { OspfLink, OspfLinkEvents, OspfLinks } from '../ospf/link.js';
import { Group, OSPF_PROTOCOL, type OspfVersion } from '../ospf/wire/index.js';
import { type Libc, libc } from './libc.js';
import { type HostInterface, HostInterfaces } from './netlink.js';
import { reactor } from './reactor.js';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_RAW = 3 | 0o4000 | 0o2000000; // non-blocking, closed on exec
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_BINDTODEVICE = 25;
const Ip = { level: 0, tos: 1, ttl: 2, mtuDiscover: 10, multicastIf: 32, multicastTtl: 33, multicastLoop: 34, addMembership: 35 } as const;
const Ipv6 = {
  level: 41,
  unicastHops: 16,
  multicastIf: 17,
  multicastHops: 18,
  multicastLoop: 19,
  joinGroup: 20,
  receivePacketInfo: 49,
  packetInfo: 50,
  trafficClass: 67,
} as const;
/** Internetwork control (RFC 2328 A.1). */
const PRECEDENCE = 0xc0;
/** A burst of updates from twenty neighbours must not overrun it. */
const RECEIVE_BUFFER = 4 << 20;
const LARGEST_PACKET = 65_536;
/** Packets taken before others have their turn. */
const BATCH = 64;
const WANTED = "OSPF over the host's interfaces";

/** The host's interfaces and who listens to their ups and downs. There is one watch, as long as a link is open. */
interface Watch {
  readonly interfaces: HostInterfaces;
  readonly links: Set<RawLink>;
}
let watch: Watch | undefined;

/**
 * OSPF over raw IP sockets of Linux, one for each link and version, in the groups of all OSPF routers and of designated routers. Takes
 * CAP_NET_RAW and the package koffi.
 *
 * @public
 */
export class RawOspfLinks implements OspfLinks {
  async open(device: string, version: OspfVersion, events: OspfLinkEvents): Promise<OspfLink> {
    const c = await libc(WANTED);
    watch ??= watching(c);
    const found = watch.interfaces.named(device);
    if (!found) {
      unwatch(c);
      throw new UsageError('DEVICE_UNAVAILABLE', `the host has no interface ${device}`);
    }
    try {
      const link = new RawLink(c, found, version, events);
      watch.links.add(link);
      return link;
    } catch (error) {
      unwatch(c);
      throw error;
    }
  }
}

function watching(c: Libc): Watch {
  const started: Watch = { interfaces: new HostInterfaces(c), links: new Set() };
  reactor(c).add(started.interfaces.fd, () => {
    started.interfaces.read();
    for (const link of started.links) link.changed(started.interfaces.named(link.device));
  });
  return started;
}

function unwatch(c: Libc): void {
  if (!watch || watch.links.size > 0) return;
  reactor(c).remove(watch.interfaces.fd);
  watch.interfaces.close();
  watch = undefined;
}

class RawLink implements OspfLink {
  readonly device: string;
  readonly index: number;
  readonly mtu: number;
  readonly #fd: number;
  readonly #inbound: InboundMessage;
  #interface: HostInterface;
  #open = true;

  constructor(
    private readonly c: Libc,
    found: HostInterface,
    private readonly version: OspfVersion,
    private readonly events: OspfLinkEvents,
  ) {
    this.#interface = found;
    this.device = found.name;
    this.index = found.index;
    this.mtu = found.mtu;
    this.#fd = c.socket(version === 2 ? AF_INET : AF_INET6, SOCK_RAW, OSPF_PROTOCOL);
    if (this.#fd < 0) throw new UsageError('DEVICE_UNAVAILABLE', `no raw socket for OSPF on ${found.name}: it takes CAP_NET_RAW`);
    this.#inbound = new InboundMessage(c);
    try {
      if (version === 2) this.#setUpV2();
      else this.#setUpV3();
    } catch (error) {
      c.close(this.#fd);
      throw error;
    }
    reactor(c).add(this.#fd, () => this.#drain());
  }

  get addresses(): HostInterface['addresses'] {
    return this.#interface.addresses;
  }

  /** The kernel told something of the interfaces. */
  changed(found: HostInterface | undefined): void {
    const was = this.#interface.up;
    const is = found?.up === true && found.index === this.index;
    this.#interface = found ? { ...found, up: is } : { ...this.#interface, up: false };
    if (was !== is && this.#open) this.events.changed(is);
  }

  send(source: Uint8Array, destination: Uint8Array, payload: Uint8Array): void {
    if (!this.#open) return;
    if (this.version === 2) {
      // The kernel takes the source of multicast from this option; of unicast, our address in the neighbour's subnet.
      if ((destination[0] ?? 0) >= 224) this.#sendFrom(source);
      this.c.sendto(this.#fd, payload, payload.length, 0, this.#addressOf(destination, 0), 16);
    } else this.c.sendto(this.#fd, payload, payload.length, 0, this.#addressOf(destination, this.index), 28);
  }

  /** Nearly all packets are from one address and to one: what the system is told of them is kept. */
  #source: Uint8Array | undefined;
  #destination: Uint8Array | undefined;
  #socketAddress: Uint8Array = new Uint8Array(0);

  #sendFrom(source: Uint8Array): void {
    if (this.#source && bytesEqual(this.#source, source)) return;
    const request = interfaceRequest(source, this.index);
    // Where the device or its address has gone, which is told in a moment, nothing is sent.
    if (this.c.setsockopt(this.#fd, Ip.level, Ip.multicastIf, request, request.length) >= 0) this.#source = source.slice();
  }
  #addressOf(destination: Uint8Array, index: number): Uint8Array {
    if (this.#destination && bytesEqual(this.#destination, destination)) return this.#socketAddress;
    this.#destination = destination.slice();
    this.#socketAddress = socketAddress(destination, index);
    return this.#socketAddress;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    reactor(this.c).remove(this.#fd);
    this.c.close(this.#fd);
    watch?.links.delete(this);
    unwatch(this.c);
  }

  #setUpV2(): void {
    this.#common();
    this.#set(Ip.level, Ip.tos, number(PRECEDENCE), 'IP_TOS');
    this.#set(Ip.level, Ip.ttl, number(1), 'IP_TTL');
    // An LSA larger than the link is what IP fragmentation is for (RFC 2328 A.1).
    this.#set(Ip.level, Ip.mtuDiscover, number(0), 'IP_MTU_DISCOVER');
    this.#set(Ip.level, Ip.multicastTtl, number(1), 'IP_MULTICAST_TTL');
    this.#set(Ip.level, Ip.multicastLoop, number(0), 'IP_MULTICAST_LOOP');
    for (const group of [Group.allRouters[2], Group.allDesignatedRouters[2]])
      this.#set(Ip.level, Ip.addMembership, groupRequest(group, this.index), `joining ${group}`);
  }

  #setUpV3(): void {
    this.#common();
    this.#set(Ipv6.level, Ipv6.trafficClass, number(PRECEDENCE), 'IPV6_TCLASS');
    this.#set(Ipv6.level, Ipv6.unicastHops, number(1), 'IPV6_UNICAST_HOPS');
    this.#set(Ipv6.level, Ipv6.multicastIf, number(this.index), 'IPV6_MULTICAST_IF');
    this.#set(Ipv6.level, Ipv6.multicastHops, number(1), 'IPV6_MULTICAST_HOPS');
    this.#set(Ipv6.level, Ipv6.multicastLoop, number(0), 'IPV6_MULTICAST_LOOP');
    // The destination is not in what comes, and the checksum covers it. (The kernel is not asked to make that itself: with a trailer
    // there is none, RFC 7166 §4.3.)
    this.#set(Ipv6.level, Ipv6.receivePacketInfo, number(1), 'IPV6_RECVPKTINFO');
    for (const group of [Group.allRouters[3], Group.allDesignatedRouters[3]])
      this.#set(Ipv6.level, Ipv6.joinGroup, Uint8Array.from([...parseAddress(group), ...number(this.index)]), `joining ${group}`);
  }

  #common(): void {
    this.#set(SOL_SOCKET, SO_BINDTODEVICE, new TextEncoder().encode(`${this.device}\0`), 'SO_BINDTODEVICE');
    this.#set(SOL_SOCKET, SO_RCVBUF, number(RECEIVE_BUFFER), 'SO_RCVBUF');
  }

  #set(level: number, name: number, value: Uint8Array, what: string): void {
    if (this.c.setsockopt(this.#fd, level, name, value, value.length) >= 0) return;
    throw new UsageError('DEVICE_UNAVAILABLE', `${what} on ${this.device}: errno ${this.c.errno()}`);
  }

  #drain(): void {
    for (let i = 0; i < BATCH && this.#open; i++) {
      const length = this.#inbound.receive(this.#fd);
      if (length <= 0) return;
      const { bytes } = this.#inbound;
      if (this.version === 3) {
        const destination = this.#inbound.destination();
        if (destination) this.events.received(this.#inbound.source.slice(8, 24), destination, bytes.subarray(0, length));
        continue;
      }
      // A raw socket of IPv4 gives the header too.
      const header = ((bytes[0] ?? 0) & 15) * 4;
      if (header >= 20 && length > header)
        this.events.received(bytes.subarray(12, 16), bytes.subarray(16, 20), bytes.subarray(header, length));
    }
  }
}

/** Buffers for one message at a time, and the `struct msghdr` that points to them. */
class InboundMessage {
  readonly bytes = new Uint8Array(LARGEST_PACKET);
  readonly source = new Uint8Array(28);
  readonly #control = new Uint8Array(64);
  readonly #vector = new Uint8Array(16);
  readonly #header = new Uint8Array(56);
  readonly #headerView = new DataView(this.#header.buffer);

  constructor(private readonly c: Libc) {
    const vector = new DataView(this.#vector.buffer);
    vector.setBigUint64(0, c.address(this.bytes), true);
    vector.setBigUint64(8, BigInt(LARGEST_PACKET), true);
    const header = this.#headerView;
    header.setBigUint64(0, c.address(this.source), true);
    header.setBigUint64(16, c.address(this.#vector), true);
    header.setBigUint64(24, 1n, true);
    header.setBigUint64(32, c.address(this.#control), true);
  }

  /** Octets of the message, or less than 1 where there is none. */
  receive(fd: number): number {
    const header = this.#headerView;
    // Both are what there is room for, and become what was used.
    header.setUint32(8, this.source.length, true);
    header.setBigUint64(40, BigInt(this.#control.length), true);
    return this.c.recvmsg(fd, this.#header, 0);
  }

  /** Where an IPv6 packet was sent to: `IPV6_PKTINFO` among what came along. */
  destination(): Uint8Array | undefined {
    const control = new DataView(this.#control.buffer);
    const end = Number(this.#headerView.getBigUint64(40, true));
    for (let at = 0; at + 16 <= end; ) {
      const length = Number(control.getBigUint64(at, true));
      if (length < 16) return undefined;
      if (control.getInt32(at + 8, true) === Ipv6.level && control.getInt32(at + 12, true) === Ipv6.packetInfo)
        return this.#control.slice(at + 16, at + 32);
      at += (length + 7) & ~7;
    }
    return undefined;
  }
}

function number(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}

/** `struct ip_mreqn`: a group, an address of ours, an interface. */
function groupRequest(group: string, index: number): Uint8Array {
  return Uint8Array.from([...parseAddress(group), 0, 0, 0, 0, ...number(index)]);
}
function interfaceRequest(source: Uint8Array, index: number): Uint8Array {
  return Uint8Array.from([0, 0, 0, 0, ...source, ...number(index)]);
}

/** `struct sockaddr_in` or `sockaddr_in6`; IPv6's has the interface, as its scope. */
function socketAddress(address: Uint8Array, index: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(address.length === 4 ? 16 : 28));
  const bytes = new Uint8Array(view.buffer);
  view.setUint16(0, address.length === 4 ? AF_INET : AF_INET6, true);
  bytes.set(address, address.length === 4 ? 4 : 8);
  if (address.length === 16) view.setUint32(24, index, true);
  return bytes;
}
