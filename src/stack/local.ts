import { formatAddress, parseAddress } from '../lib/address.js';
import type { Millis } from '../lib/clock.js';
import { type Interface, onLink } from './interface.js';
import type { IpDatagram, IpLayer, IpReceiver } from './ip-layer.js';
import type { Link } from './link.js';
import type { Stack } from './stack.js';
import { fold, sum, verified } from './wire/checksum.js';
import { EtherType, Icmp4, Icmp6, Protocol, Unreachable4, Unreachable6 } from './wire/codes.js';
import { ETHERNET, groupMac } from './wire/ethernet.js';
import { checksumIcmp, ICMP } from './wire/icmp.js';
import { DONT_FRAGMENT, headerLength4, IPV4, isFragment4, MORE_FRAGMENTS, writeIpv4 } from './wire/ipv4.js';
import { IPV6, isLinkLocal, nameOfUpper, refusal6, walkHeaders, writeIpv6 } from './wire/ipv6.js';
import { ND_FIXED } from './wire/nd.js';
import { put, put16, u16, u32 } from './wire/octets.js';

/** Where no path is known: every IPv6 link takes this (RFC 8200 §5), and IPv4 senders fall back to 576. */
const LEAST_MTU6 = 1280;
const LEAST_MTU4 = 576;
/** How long a smaller MTU of a path is believed (RFC 8201 §4: at least 5 minutes), and of how many. */
const PATH_MTU_TIME = 600_000;
const MAX_PATH_MTUS = 1024;
const DEFAULT_HOP_LIMIT = 64;
/** UDP port of BFD's echo function. */
const BFD_ECHO = 3785;

/** Addresses of routers, those of IPv4 as numbers with a sign. @internal */
export interface RouterAddresses {
  readonly ipv4: ReadonlySet<number>;
  readonly ipv6: readonly Uint8Array[];
}

/**
 * Packets for the router itself, and of its own making: echo, transports, and the {@link IpLayer} that they send by.
 *
 * @internal
 */
export class LocalDelivery implements IpLayer {
  readonly #ours4 = new Set<number>();
  readonly #broadcast4 = new Set<number>([-1]);
  #ours6: readonly Uint8Array[] = [];
  #routers: RouterAddresses = { ipv4: this.#ours4, ipv6: [] };
  #faces: readonly Interface[] = [];
  readonly #receivers = new Map<number, IpReceiver>();
  readonly #pathMtu = new Map<string, { readonly mtu: number; readonly until: Millis }>();
  /** Link-local addresses, and the link that each was last heard on. */
  readonly #onLink = new Map<string, Link>();
  /** Echo requests answered. */
  echoes = 0;

  constructor(private readonly stack: Stack) {}

  setInterfaces(faces: readonly Interface[]): undefined {
    this.#faces = faces;
    this.#ours4.clear();
    this.#broadcast4.clear();
    this.#broadcast4.add(-1);
    for (const { addresses, net, mask, prefix } of faces) {
      for (const address of addresses) if (address.length === 4) this.#ours4.add(u32(address, 0) | 0);
      if (prefix.family === 'ipv4' && prefix.length < 31) this.#broadcast4.add(net | ~mask);
    }
    this.#ours6 = faces.flatMap(({ addresses, linkLocal }) => [...addresses.filter((one) => one.length === 16), linkLocal]);
  }

  /** Addresses of all routers of the network. */
  setRouters(addresses: RouterAddresses): undefined {
    this.#routers = addresses;
  }
  /** Addresses of the router's interfaces, link-local ones left out. */
  get addresses(): readonly Uint8Array[] {
    return this.#faces.flatMap(({ addresses }) => addresses);
  }

  isOurs4(address: number): boolean {
    return this.#ours4.has(address);
  }
  isBroadcast4(address: number): boolean {
    return this.#broadcast4.has(address);
  }
  isOurs6(b: Uint8Array, at: number): boolean {
    return isAmong(this.#ours6, b, at);
  }
  /** Whether it is any router's of the network: ours, or that of one behind a link. */
  isRouters4(address: number): boolean {
    return this.#routers.ipv4.has(address);
  }
  isRouters6(b: Uint8Array, at: number): boolean {
    return isAmong(this.#routers.ipv6, b, at);
  }

  /** The router's address that a node at `link` sees: in its subnet if there is one. */
  addressTowards(link: Link, address: Uint8Array): Uint8Array | undefined {
    const family = (one: Uint8Array): boolean => one.length === address.length;
    if (address.length === 16 && isLinkLocal(address, 0)) return link.interfaces[0]?.linkLocal;
    const near = this.#faces.find((face) => onLink(face, address))?.addresses.find(family);
    return near ?? [...link.interfaces, ...this.#faces].flatMap(({ addresses }) => addresses).find(family);
  }

  // --- In --------------------------------------------------------------------------------------------------------------

  ipv4(link: Link, b: Uint8Array, ip: number, stop: number): undefined {
    const at = ip + headerLength4(b, ip);
    const protocol = b[ip + 9];
    const unbroken = !isFragment4(b, ip);
    if (!(unbroken && protocol === Protocol.tcp) && !this.#admits(link, b, ip)) return this.stack.drop(link, 'overload');
    if (unbroken) {
      if (protocol === Protocol.icmp) return this.#icmp4(link, b, ip, at, stop);
      return this.#deliver(
        link,
        b,
        ip,
        b.subarray(ip + 12, ip + 16),
        b.subarray(ip + 16, ip + 20),
        protocol,
        b[ip + 8],
        b[ip + 1],
        b.subarray(at, stop),
      );
    }
    const flags = u16(b, ip + 6);
    const key = `${u32(b, ip + 12)} ${u32(b, ip + 16)} ${u16(b, ip + 4)} ${protocol}`;
    const more = (flags & MORE_FRAGMENTS) !== 0;
    const whole = link.reassembly.add(key, (flags & 0x1fff) * 8, more, b.subarray(at, stop), protocol);
    if (whole === undefined && (flags & 0x1fff) === 0) link.reassembly.began(key, b.slice(ip - ETHERNET, stop));
    if (whole === null || (whole && whole.payload.length + IPV4 > 0xffff)) return this.stack.drop(link, 'reassembly');
    if (whole === undefined) return;
    const { payload } = whole;
    // As if it had come whole, without options.
    const packet = new Uint8Array(ETHERNET + IPV4 + payload.length);
    writeIpv4(packet, ETHERNET, {
      source: b.subarray(ip + 12, ip + 16),
      target: b.subarray(ip + 16, ip + 20),
      protocol,
      payload: payload.length,
      ttl: b[ip + 8],
      tos: b[ip + 1],
    });
    packet.set(payload, ETHERNET + IPV4);
    this.ipv4(link, packet, ETHERNET, packet.length);
  }

  ipv6(link: Link, b: Uint8Array, ip: number, stop: number): undefined {
    const { upper } = this.stack.forwarding;
    if (!walkHeaders(b, ip, stop, upper)) return this.stack.drop(link, 'malformed-ip');
    const { at, protocol, fragment } = upper;
    const refused = at === ip + IPV6 ? undefined : refusal6(b, ip);
    const segment = protocol === Protocol.tcp && fragment < 0;
    if (!segment && !this.#admits(link, b, ip)) return this.stack.drop(link, 'overload');
    if (refused) {
      this.stack.drop(link, 'refused-options');
      const { code, pointer } = refused;
      if (code !== undefined) this.stack.forwarding.error(link, b, ip, stop, Icmp6.parameterProblem, code, pointer);
      return;
    }
    const source = b.subarray(ip + 8, ip + 24);
    if (isLinkLocal(b, ip + 8)) this.#remember(link, formatAddress(source));
    const field = fragment < 0 ? 0 : u16(b, fragment + 2);
    if (fragment >= 0 && (field & 0xfff9) !== 0) {
      const key = `${formatAddress(source)} ${formatAddress(b.subarray(ip + 24, ip + 40))} ${u32(b, fragment + 4)}`;
      const part = b.subarray(fragment + 8, stop);
      const whole = link.reassembly.add(key, field & 0xfff8, (field & 1) !== 0, part, b[fragment]);
      if (whole === undefined && (field & 0xfff8) === 0) link.reassembly.began(key, b.slice(ip - ETHERNET, stop));
      if (whole === null) return this.stack.drop(link, 'reassembly');
      if (whole === undefined) return;
      const { payload } = whole;
      const packet = new Uint8Array(ETHERNET + IPV6 + payload.length);
      writeIpv6(packet, ETHERNET, {
        source,
        target: b.subarray(ip + 24, ip + 40),
        protocol: whole.protocol,
        payload: payload.length,
        hopLimit: b[ip + 7],
      });
      packet.set(payload, ETHERNET + IPV6);
      return this.ipv6(link, packet, ETHERNET, packet.length);
    }
    if (protocol === Protocol.icmp6) return this.#icmp6(link, b, ip, at, stop);
    const trafficClass = ((b[ip] & 15) << 4) | (b[ip + 1] >>> 4);
    this.#deliver(link, b, ip, source, b.subarray(ip + 24, ip + 40), protocol, b[ip + 7], trafficClass, b.subarray(at, stop));
  }

  /** A packet of ours that came back: only UDP to the port of BFD's echo is heard (RFC 5881 §4), all else is forged or gone astray. */
  looped4(link: Link, b: Uint8Array, ip: number, stop: number): undefined {
    const at = ip + headerLength4(b, ip);
    if (b[ip + 9] !== Protocol.udp || isFragment4(b, ip) || at + 4 > stop || u16(b, at + 2) !== BFD_ECHO)
      return this.stack.drop(link, 'source-not-held');
    this.ipv4(link, b, ip, stop);
  }
  looped6(link: Link, b: Uint8Array, ip: number, stop: number): undefined {
    const at = ip + IPV6;
    if (b[ip + 6] !== Protocol.udp || at + 4 > stop || u16(b, at + 2) !== BFD_ECHO) return this.stack.drop(link, 'source-not-held');
    this.ipv6(link, b, ip, stop);
  }

  /** A packet to a group or a broadcast: for us where a transport takes the protocol, and forwarded to nobody. */
  group(link: Link, b: Uint8Array, ip: number, stop: number, ipv6: boolean): undefined {
    if (ipv6) {
      const { upper } = this.stack.forwarding;
      if (!walkHeaders(b, ip, stop, upper)) return this.stack.drop(link, 'malformed-ip');
      if (upper.protocol === Protocol.icmp6 || this.#takesGroups(upper.protocol)) return this.ipv6(link, b, ip, stop);
    } else if (this.#takesGroups(b[ip + 9])) return this.ipv4(link, b, ip, stop);
    this.stack.drop(link, 'group');
  }

  /** Whether the link's bound lets one more through; a frame to a group was counted already. TCP knows better what a segment is worth. */
  #admits(link: Link, b: Uint8Array, ip: number): boolean {
    return (b[ip - ETHERNET] & 1) !== 0 || this.stack.forwarding.allowance(link, b, ip).control.take(this.stack.clock);
  }

  #takesGroups(protocol: number): boolean {
    const receiver = this.#receivers.get(protocol);
    return receiver !== undefined && receiver.groups !== false;
  }

  #icmp4(link: Link, b: Uint8Array, ip: number, at: number, stop: number): undefined {
    if (stop - at < ICMP || fold(sum(b, at, stop)) !== 0) return this.stack.drop(link, 'malformed-icmp');
    if (b[at] === Icmp4.echo) return this.#echo(link, b, ip + 12, ip + 16, at, stop, Icmp4.echoReply, b[ip + 1]);
    const inner = at + ICMP;
    if (b[at] !== Icmp4.unreachable || inner + IPV4 > stop) return;
    const narrow = b[at + 1] === Unreachable4.fragmentationNeeded;
    const payload = b.subarray(Math.min(stop, inner + headerLength4(b, inner)), stop);
    const [source, target] = [b.subarray(inner + 12, inner + 16), b.subarray(inner + 16, inner + 20)];
    this.#failed(link, source, target, b[inner + 9], payload, b[at + 1], narrow ? Math.max(LEAST_MTU4, u16(b, at + 6)) : undefined);
  }

  #icmp6(link: Link, b: Uint8Array, ip: number, at: number, stop: number): undefined {
    if (stop - at < 4 || !verified(b, ip + 8, 16, Protocol.icmp6, at, stop)) return this.stack.drop(link, 'malformed-icmp');
    const type = b[at];
    if (ND_FIXED[type] !== undefined) return this.stack.resolution.nd(link, b, ip, at, stop);
    if (stop - at < ICMP) return this.stack.drop(link, 'malformed-icmp');
    // To a group the answer would come from no address of that group: not answered.
    if (type === Icmp6.echo && b[ip + 24] !== 0xff) return this.#echo(link, b, ip + 8, ip + 24, at, stop, Icmp6.echoReply, 0);
    const inner = at + ICMP;
    if ((type !== Icmp6.packetTooBig && type !== Icmp6.unreachable) || inner + IPV6 > stop) return;
    const { upper } = this.stack.forwarding;
    if (!walkHeaders(b, inner, stop, upper)) return;
    const payload = b.subarray(upper.at, stop);
    const [source, target] = [b.subarray(inner + 8, inner + 24), b.subarray(inner + 24, inner + 40)];
    const mtu = type === Icmp6.packetTooBig ? Math.max(LEAST_MTU6, u32(b, at + 4)) : undefined;
    this.#failed(link, source, target, upper.protocol, payload, b[at + 1], mtu);
  }

  /** ICMP says that a datagram of ours did not arrive; whoever sent it says whether it did. */
  #failed(
    link: Link,
    source: Uint8Array,
    target: Uint8Array,
    protocol: number,
    payload: Uint8Array,
    code: number,
    mtu: number | undefined,
  ): undefined {
    const destination = formatAddress(target);
    const receiver = this.#receivers.get(protocol);
    // Who cannot say whether he sent it cannot say whether it is true (RFC 8201 §4): anybody at a port could make the path to another narrow.
    if (!receiver?.error || payload.length < 8) return;
    const reason = mtu === undefined ? `destination unreachable, code ${code}` : `no more than ${mtu} octets pass`;
    const error = { source: formatAddress(source), destination, protocol, node: link.holder, reason, payload };
    if (!receiver.error(mtu === undefined ? error : { ...error, mtu }, this.stack.clock.now())) return;
    if (mtu !== undefined) this.#narrow(destination, mtu);
  }

  #echo(link: Link, b: Uint8Array, source: number, target: number, at: number, stop: number, type: number, tos: number): undefined {
    const size = target - source;
    const message = b.slice(at, stop);
    message[0] = type;
    this.echoes++;
    this.icmp(b.slice(target, target + size), b.slice(source, source + size), message, link, tos);
  }

  #deliver(
    link: Link,
    b: Uint8Array,
    ip: number,
    source: Uint8Array,
    destination: Uint8Array,
    protocol: number,
    hopLimit: number,
    trafficClass: number,
    payload: Uint8Array,
  ): undefined {
    const receiver = this.#receivers.get(protocol);
    if (receiver?.admits && !receiver.admits(link.holder, payload, 0, payload.length)) return this.stack.drop(link, 'overload');
    if (!receiver || receiver.listens?.(payload) === false) {
      const { stack } = this;
      const { forwarding } = stack;
      const stop = payload.byteOffset - b.byteOffset + payload.length;
      const ipv4 = b[ip] >>> 4 === 4;
      stack.drop(link, 'no-protocol');
      // UDP there is, whether anybody has need of it or not (RFC 1122 §4.1.3.1): who traces a path ends at us by it.
      if (protocol === Protocol.udp)
        forwarding.error(link, b, ip, stop, ipv4 ? Icmp4.unreachable : Icmp6.unreachable, ipv4 ? Unreachable4.port : Unreachable6.port, 0);
      else if (ipv4) forwarding.error(link, b, ip, stop, Icmp4.unreachable, Unreachable4.protocol, 0);
      // RFC 4443 §3.4: unrecognised next header, at the octet that names it. None is nothing to be recognised (RFC 8200 §4.7).
      else if (protocol !== Protocol.none)
        forwarding.error(link, b, ip, stop, Icmp6.parameterProblem, 1, nameOfUpper(b, ip, payload.byteOffset - b.byteOffset));
      return;
    }
    const datagram: IpDatagram = {
      source: formatAddress(source),
      destination: formatAddress(destination),
      protocol,
      hopLimit,
      trafficClass,
      node: link.holder,
      payload,
      port: link.name,
    };
    receiver.receive(datagram, this.stack.clock.now());
  }

  // --- Transports ------------------------------------------------------------------------------------------------------

  /** From now on `receiver` gets the datagrams of a protocol; undefined for nobody. */
  register(protocol: number, receiver: IpReceiver | undefined): undefined {
    if (receiver) this.#receivers.set(protocol, receiver);
    else this.#receivers.delete(protocol);
  }

  send({ source, destination, protocol, hopLimit, trafficClass, payload, node, port, via, dontFragment }: IpDatagram): undefined {
    const target = parseAddress(destination);
    const own = parseAddress(source);
    if (via !== undefined) {
      const link = this.stack.linkOf(via);
      if (link) this.#output(own, target, protocol, hopLimit, trafficClass ?? 0, payload, link, dontFragment, true);
      return;
    }
    if (port !== undefined) {
      const link = this.stack.links.get(port);
      if (link) this.#output(own, target, protocol, hopLimit, trafficClass ?? 0, payload, link);
      return;
    }
    if (target.length === 4 ? target[0] >= 224 : target[0] === 0xff) {
      for (const link of this.stack.links.values())
        if (link.interfaces.some((face) => onLink(face, own) || sameOctets(face.linkLocal, own)))
          this.#output(own, target, protocol, hopLimit, trafficClass ?? 0, payload, link);
      return;
    }
    const link = this.#linkFor(target, node);
    if (link) this.#output(own, target, protocol, hopLimit, trafficClass ?? 0, payload, link, dontFragment);
  }

  /** Passes a packet to a group on, unchanged, to the links that share a subnet with `from`: as a switch would. */
  relay({ source, destination, protocol, hopLimit, trafficClass, payload }: IpDatagram, from: string): undefined {
    const origin = this.stack.links.get(from);
    if (!origin) return;
    const own = parseAddress(source);
    const target = parseAddress(destination);
    for (const link of this.stack.links.values())
      if (link !== origin && link.interfaces.some((face) => origin.interfaces.includes(face)))
        this.#output(own, target, protocol, hopLimit, trafficClass ?? 0, payload, link);
  }

  pathMtu(destination: string, node?: string): number {
    const target = parseAddress(destination);
    const link = this.#linkFor(target, node);
    const mtu = link?.port.mtu ?? (target.length === 4 ? LEAST_MTU4 : LEAST_MTU6);
    return Math.min(mtu, this.#narrowed(destination) ?? mtu);
  }
  #narrowed(destination: string): number | undefined {
    const narrow = this.#pathMtu.get(destination);
    return narrow && narrow.until > this.stack.clock.now() ? narrow.mtu : undefined;
  }

  sourceFor(destination: string, node?: string): string | undefined {
    const target = parseAddress(destination);
    const link = this.#linkFor(target, node);
    const own = link && this.addressTowards(link, target);
    return own && formatAddress(own);
  }

  #narrow(destination: string, mtu: number): undefined {
    // What says that more passes than is known may be old (RFC 1191 §3, RFC 8201 §4).
    if (mtu >= (this.#narrowed(destination) ?? Number.POSITIVE_INFINITY)) return;
    this.#pathMtu.delete(destination);
    const [oldest] = this.#pathMtu.keys();
    if (this.#pathMtu.size >= MAX_PATH_MTUS && oldest !== undefined) this.#pathMtu.delete(oldest);
    this.#pathMtu.set(destination, { mtu, until: this.stack.clock.now() + PATH_MTU_TIME });
  }

  /** Whoever was at a link is there no longer. */
  forget(link: Link): undefined {
    for (const [address, heard] of this.#onLink) if (heard === link) this.#onLink.delete(address);
  }

  #remember(link: Link, address: string): undefined {
    const [oldest] = this.#onLink.keys();
    if (this.#onLink.size >= MAX_PATH_MTUS && oldest !== undefined) this.#onLink.delete(oldest);
    this.#onLink.set(address, link);
  }

  // --- Out -------------------------------------------------------------------------------------------------------------

  /** Sends an ICMP message of ours, whose checksum is filled in here; out of `link` where the answer belongs there. */
  icmp(source: Uint8Array, target: Uint8Array, message: Uint8Array, link: Link | undefined, tos = 0): undefined {
    const ipv6 = source.length === 16;
    if (ipv6) checksumIcmp(message, 0, message.length, source, target);
    else checksumIcmp(message, 0, message.length);
    this.#output(source, target, ipv6 ? Protocol.icmp6 : Protocol.icmp, DEFAULT_HOP_LIMIT, tos, message, link);
  }

  #output(
    source: Uint8Array,
    target: Uint8Array,
    protocol: number,
    hopLimit: number,
    tos: number,
    payload: Uint8Array,
    given: Link | undefined,
    whole = false,
    evenDown = false,
  ): undefined {
    const link = given ?? this.#linkFor(target);
    if (!link || (!evenDown && !link.ready)) return;
    const header = target.length === 4 ? IPV4 : IPV6;
    const most = (link.port.mtu - header) & ~7;
    if (header + payload.length <= link.port.mtu)
      return this.#packet(link, source, target, protocol, hopLimit, tos, payload, 0, whole ? DONT_FRAGMENT : 0);
    const id = this.stack.forwarding.nextId();
    const part = header === IPV4 ? most : most - 8;
    if (part <= 0) return;
    for (let at = 0; at < payload.length; at += part) {
      const more = at + part < payload.length;
      const bytes = payload.subarray(at, at + part);
      if (header === IPV4) this.#packet(link, source, target, protocol, hopLimit, tos, bytes, id, (more ? MORE_FRAGMENTS : 0) | (at >> 3));
      else {
        const wrapped = new Uint8Array(8 + bytes.length);
        wrapped[0] = protocol;
        put16(wrapped, 2, at | (more ? 1 : 0));
        put16(wrapped, 6, id);
        wrapped.set(bytes, 8);
        this.#packet(link, source, target, Protocol.fragment, hopLimit, tos, wrapped, 0, 0);
      }
    }
  }

  #packet(
    link: Link,
    source: Uint8Array,
    target: Uint8Array,
    protocol: number,
    hopLimit: number,
    tos: number,
    payload: Uint8Array,
    id: number,
    fragment: number,
  ): undefined {
    const ipv4 = target.length === 4;
    const header = ipv4 ? IPV4 : IPV6;
    const frame = new Uint8Array(ETHERNET + header + payload.length);
    put16(frame, 12, ipv4 ? EtherType.ipv4 : EtherType.ipv6);
    if (ipv4) writeIpv4(frame, ETHERNET, { source, target, protocol, payload: payload.length, ttl: hopLimit, tos, id, fragment });
    else writeIpv6(frame, ETHERNET, { source, target, protocol, payload: payload.length, hopLimit, trafficClass: tos });
    frame.set(payload, ETHERNET + header);
    if (ipv4 ? target[0] >= 224 : target[0] === 0xff) {
      put(frame, 0, groupMac(target));
      put(frame, 6, link.mac);
      this.stack.send(link, frame);
    } else this.stack.transmit(link, frame, 0, frame.length, ETHERNET + (ipv4 ? 16 : 24), ipv4 ? 4 : 16);
  }

  #linkFor(target: Uint8Array, node?: string): Link | undefined {
    if (target.length === 16 && isLinkLocal(target, 0))
      return node === undefined ? this.#onLink.get(formatAddress(target)) : this.stack.linkOf(node);
    const { around } = this.stack;
    const targets =
      target.length === 4
        ? around.lookup4(u32(target, 0))
        : around.lookup6(u32(target, 0), u32(target, 4), u32(target, 8), u32(target, 12));
    if (targets?.[0].type === 'discard') return undefined;
    return (
      (targets &&
        (this.stack.linkOf(targets[0].node) ?? (target.length === 4 ? this.stack.away4 : this.stack.away6).get(targets[0].node))) ??
      (target.length === 4 ? around.via4(u32(target, 0)) : around.via6(u32(target, 0), u32(target, 4), u32(target, 8), u32(target, 12)))
    );
  }
}

function isAmong(addresses: readonly Uint8Array[], b: Uint8Array, at: number): boolean {
  for (const own of addresses) {
    let i = 15; // they differ at the end, if at all
    while (i >= 0 && own[i] === b[at + i]) i--;
    if (i < 0) return true;
  }
  return false;
}

function sameOctets(x: Uint8Array, y: Uint8Array): boolean {
  return x.length === y.length && x.every((octet, i) => octet === y[i]);
}
