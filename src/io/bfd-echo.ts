import { readFileSync } from 'node:fs';
import { BfdPort } from '../bfd/index.js';
import { formatAddress, parseAddress } from '../lib/address.js';
import type { Millis } from '../lib/clock.js';
import { Protocol } from '../stack/wire/codes.js';
import { decrementTtl, faultOfIpv4, headerLength4, IPV4, writeIpv4 } from '../stack/wire/ipv4.js';
import { faultOfIpv6, IPV6, writeIpv6 } from '../stack/wire/ipv6.js';
import { u16 } from '../stack/wire/octets.js';
import { UDP, udpDatagram } from '../stack/wire/udp.js';
import type { BfdLoop } from './bfd-loop.js';
import type { Libc } from './libc.js';
import { attachFilter, type Instruction } from './packet-filter.js';
import { splitZone } from './socket-address.js';

const AF_PACKET = 17;
/** Packets without their Ethernet header, which the kernel makes; non-blocking, closed on exec. */
const SOCK_DGRAM = 2 | 0o4000 | 0o2000000;
const ETHERTYPE = { 4: 0x0800, 6: 0x86dd } as const;
const PACKET_HOST = 0;
/** Octets of `struct sockaddr_ll`. */
const SOCKADDR_LL = 20;
const MAC = 6;
/** RFC 5881 §5. */
const TTL = 255;
/** CS6, network control. */
const CONTROL = 0xc0;
/** Octets of the longest packet that is sent back: the payload is the neighbour's own affair. */
const PACKET = 2048;
/** Packets of one socket read in a turn, and by that sent back in one. */
const TURN = 128;
/** Whether the kernel forwards is asked so often, milliseconds. */
const ASKED: Millis = 1000;
const EPERM = 1;

/** What is heard of a neighbour. Where it is is known from the first BFD packet that it sends. */
interface Neighbour {
  users: number;
  readonly ipv6: boolean;
  readonly linkLocal: boolean;
  /** Index of the interface, its MAC, and the address of ours that it speaks to. */
  at?: { readonly index: number; readonly mac: Uint8Array; readonly own: Uint8Array };
  forwards?: { readonly known: Millis; readonly is: boolean };
}

/** The echo packets of one session. */
export interface Echo {
  /** Sends one by way of the neighbour; false while it is not known where that is. */
  send(payload: Uint8Array): boolean;
  close(): void;
}

/**
 * The echo function of BFD over the host's interfaces (RFC 5880 §6.4, RFC 5881 §4), over packet sockets: an echo is from us to us, which
 * no socket above IP lets out, and what comes back is a Martian that none lets in. Takes CAP_NET_RAW.
 *
 * The MAC that echoes go to is the one that the neighbour's Control packets come from. What the neighbour sends to itself by way of us the
 * kernel sends back where it forwards (`net.ipv4.conf.*.forwarding` of that interface, `net.ipv6.conf.all.forwarding`), as it would
 * anything; where it does not, this thread does. To others than neighbours with an echo, at their own MAC, nothing is sent back.
 */
export class HostEchoes {
  readonly #sockets = new Map<4 | 6, number>();
  readonly #neighbours = new Map<string, Neighbour>();
  readonly #packet = new Uint8Array(PACKET);
  readonly #from = new Uint8Array(SOCKADDR_LL);
  readonly #fromLength = new Uint32Array(1);

  constructor(
    private readonly c: Libc,
    private readonly loop: BfdLoop,
    private readonly echoed: (payload: Uint8Array) => void,
  ) {}

  /** Throws where it cannot be done. */
  open(remote: string, local: string | undefined): Echo {
    const { plain, zone } = splitZone(remote);
    const ipv6 = plain.includes(':');
    const fd = this.#socket(ipv6 ? 6 : 4);
    const key = keyOf(plain, zone === undefined ? 0 : this.c.interfaceIndex(zone));
    const neighbour: Neighbour = this.#neighbours.get(key) ?? { users: 0, ipv6, linkLocal: zone !== undefined };
    this.#neighbours.set(key, neighbour);
    neighbour.users++;
    const own = local === undefined ? undefined : parseAddress(splitZone(local).plain);
    return {
      send: (payload) => {
        const { at } = neighbour;
        if (!at) return false;
        this.#transmit(fd, packetTo(own ?? at.own, payload), at);
        return true;
      },
      close: () => {
        if (--neighbour.users > 0) return;
        this.#neighbours.delete(key);
        this.#leave(ipv6);
      },
    };
  }

  #socket(version: 4 | 6): number {
    const { c } = this;
    const there = this.#sockets.get(version);
    if (there !== undefined) return there;
    // Of no protocol at first: nothing is to come before there is a filter.
    const fd = c.socket(AF_PACKET, SOCK_DGRAM, 0);
    if (fd < 0) {
      const errno = c.errno();
      throw new Error(errno === EPERM ? "BFD's echo over the host's interfaces takes CAP_NET_RAW" : `no packet socket: errno ${errno}`);
    }
    const address = linkAddress(version, 0);
    if (attachFilter(c, fd, FILTERS[version]) < 0 || c.bind(fd, address, address.length) < 0) {
      const errno = c.errno();
      c.close(fd);
      throw new Error(`no packet socket for BFD's echo: errno ${errno}`);
    }
    this.#sockets.set(version, fd);
    this.loop.add(fd, () => this.#read(fd, version));
    return fd;
  }

  #leave(ipv6: boolean): void {
    const version = ipv6 ? 6 : 4;
    const fd = this.#sockets.get(version);
    if (fd === undefined || [...this.#neighbours.values()].some((other) => other.ipv6 === ipv6)) return;
    this.#sockets.delete(version);
    this.loop.remove(fd);
    this.c.close(fd);
  }

  #read(fd: number, version: 4 | 6): void {
    const { c } = this;
    for (let i = 0; i < TURN; i++) {
      this.#fromLength[0] = SOCKADDR_LL;
      const length = c.recvfrom(fd, this.#packet, PACKET, 0, this.#from, this.#fromLength);
      if (length < 0) return;
      // One that fills it has been cut.
      if (length < PACKET && this.#from[11] === MAC) this.#take(fd, this.#packet.subarray(0, length), version);
    }
  }

  #take(fd: number, packet: Uint8Array, version: 4 | 6): void {
    const ipv4 = version === 4;
    if ((ipv4 ? faultOfIpv4 : faultOfIpv6)(packet, 0, packet.length)) return;
    const header = ipv4 ? headerLength4(packet, 0) : IPV6;
    const end = ipv4 ? u16(packet, 2) : IPV6 + u16(packet, 4);
    if (end < header + UDP) return;
    const from = new DataView(this.#from.buffer);
    const index = from.getInt32(4, true);
    const mac = this.#from.subarray(12, 12 + MAC);
    const source = ipv4 ? packet.subarray(12, 16) : packet.subarray(8, 24);
    const target = ipv4 ? packet.subarray(16, 20) : packet.subarray(24, 40);
    if (u16(packet, header + 2) === BfdPort.singleHop) {
      const speaker = this.#find(source, index);
      // RFC 5881 §5: from the link itself.
      if (speaker && packet[ipv4 ? 8 : 7] === TTL) speaker.at = { index, mac: mac.slice(), own: target.slice() };
      return;
    }
    const owner = this.#find(target, index);
    if (!owner) this.echoed(packet.subarray(header + UDP, end));
    else if (owner.at?.index === index && owner.at.mac.every((octet, i) => octet === mac[i]))
      this.#return(fd, packet.subarray(0, end), owner, owner.at);
  }

  /** Forwards it to where it came from, unless the kernel does. */
  #return(fd: number, packet: Uint8Array, owner: Neighbour, at: NonNullable<Neighbour['at']>): void {
    if (this.#forwards(owner, at.index)) return;
    if (owner.ipv6) {
      if ((packet[7] ?? 0) <= 1) return;
      packet[7] = (packet[7] ?? 0) - 1;
    } else {
      if ((packet[8] ?? 0) <= 1) return;
      decrementTtl(packet, 0);
    }
    this.#transmit(fd, packet, at);
  }

  #forwards(owner: Neighbour, index: number): boolean {
    // No router forwards what is from, or for, a link-local address (RFC 4291 §2.5.6).
    if (owner.linkLocal) return false;
    const now = this.loop.now();
    if (!owner.forwards || now >= owner.forwards.known + ASKED)
      owner.forwards = { known: now, is: this.#kernelForwards(owner.ipv6, index) };
    return owner.forwards.is;
  }

  #kernelForwards(ipv6: boolean, index: number): boolean {
    // IPv6 is forwarded on all interfaces or on none.
    const of = ipv6 ? 'ipv6/conf/all' : `ipv4/conf/${this.c.interfaceName(index, new Uint8Array(16))}`;
    try {
      return readFileSync(`/proc/sys/net/${of}/forwarding`, 'utf8').trim() !== '0';
    } catch {
      return false;
    }
  }

  /** What the kernel does not take now is lost as on any link: silence says enough. */
  #transmit(fd: number, packet: Uint8Array, { index, mac, own }: NonNullable<Neighbour['at']>): void {
    const to = linkAddress(own.length === 4 ? 4 : 6, index, mac);
    this.c.sendto(fd, packet, packet.length, 0, to, to.length);
  }

  #find(address: Uint8Array, index: number): Neighbour | undefined {
    const plain = formatAddress(address);
    return this.#neighbours.get(keyOf(plain, 0)) ?? this.#neighbours.get(keyOf(plain, index));
  }
}

function keyOf(address: string, index: number): string {
  return `${address} ${index}`;
}

/** From us to us (RFC 5881 §4). */
function packetTo(own: Uint8Array, payload: Uint8Array): Uint8Array {
  const datagram = udpDatagram(own, BfdPort.echo, own, BfdPort.echo, payload);
  const header = own.length === 4 ? IPV4 : IPV6;
  const packet = new Uint8Array(header + datagram.length);
  const fields = { source: own, target: own, payload: datagram.length } as const;
  if (own.length === 4) writeIpv4(packet, 0, { ...fields, protocol: Protocol.udp, ttl: TTL, tos: CONTROL });
  else writeIpv6(packet, 0, { ...fields, protocol: Protocol.udp, hopLimit: TTL, trafficClass: CONTROL });
  packet.set(datagram, header);
  return packet;
}

/** `struct sockaddr_ll`. */
function linkAddress(version: 4 | 6, index: number, mac?: Uint8Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(SOCKADDR_LL));
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, ETHERTYPE[version]);
  view.setInt32(4, index, true);
  const bytes = new Uint8Array(view.buffer);
  if (mac) {
    bytes[11] = mac.length;
    bytes.set(mac, 12);
  }
  return bytes;
}

/** `SKF_AD_OFF + SKF_AD_PKTTYPE`: to whom a frame was sent. */
const PACKET_TYPE = 0xffff_f004;
/** Frames for this host, with UDP to the port of single-hop BFD or of its echo, whole. The packet begins with its IP header. */
const FILTERS: Readonly<Record<4 | 6, readonly Instruction[]>> = {
  4: [
    [0x28, 0, 0, PACKET_TYPE],
    [0x15, 0, 9, PACKET_HOST],
    [0x30, 0, 0, 9],
    [0x15, 0, 7, Protocol.udp],
    [0x28, 0, 0, 6],
    [0x45, 5, 0, 0x3fff],
    [0xb1, 0, 0, 0],
    [0x48, 0, 0, 2],
    [0x15, 1, 0, BfdPort.echo],
    [0x15, 0, 1, BfdPort.singleHop],
    [0x06, 0, 0, 0xffff_ffff],
    [0x06, 0, 0, 0],
  ],
  6: [
    [0x28, 0, 0, PACKET_TYPE],
    [0x15, 0, 6, PACKET_HOST],
    [0x30, 0, 0, 6],
    [0x15, 0, 4, Protocol.udp],
    [0x28, 0, 0, 42],
    [0x15, 1, 0, BfdPort.echo],
    [0x15, 0, 1, BfdPort.singleHop],
    [0x06, 0, 0, 0xffff_ffff],
    [0x06, 0, 0, 0],
  ],
};
