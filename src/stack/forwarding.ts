import { formatAddress, formatIpv4 } from '../lib/address.js';
import type { Targets } from '../mapping/target.js';
import { Access, type AccessList } from './access.js';
import type { DropReason } from './drops.js';
import { chosen, mix, seedOf } from './flow-hash.js';
import { FlowTable } from './flow-table.js';
import type { Allowance, Link } from './link.js';
import type { Stack } from './stack.js';
import { Icmp4, Icmp6, Protocol, Unreachable4, Unreachable6 } from './wire/codes.js';
import { ETHERNET } from './wire/ethernet.js';
import { ICMP, icmpError, isError } from './wire/icmp.js';
import {
  DONT_FRAGMENT,
  decrementTtl,
  endOfFragment4,
  faultOfIpv4,
  headerLength4,
  IPV4,
  isFragment4,
  isMartian4,
  MORE_FRAGMENTS,
  refusesOptions,
  source4,
  target4,
  writeIpv4,
} from './wire/ipv4.js';
import { faultOfIpv6, IPV6, isLinkLocal, isMartian6, type UpperLayer, walkHeaders } from './wire/ipv6.js';
import { isZero, sameAt, u16, u32 } from './wire/octets.js';

/** Octets of an IPv4 packet that an error quotes (RFC 1812 §4.3.2.3), and the size that an IPv6 error stays within (RFC 4443 §2.4 c). */
const MAX_ERROR4 = 576;
const MAX_ERROR6 = 1280;
/** Refused sources that a link remembers. */
export const MAX_REFUSED = 8;

/** Several targets, with what the flow hash needs. */
interface Spread {
  readonly nodes: readonly string[];
  readonly seeds: readonly number[];
  readonly weights: readonly number[];
  /** Some are to be left: no new flows go to them, and the old ones end there. */
  readonly leaving: boolean;
}

/**
 * The forwarding path: checks, look-up, TTL, MACs, out. Works on the received buffer in place and makes nothing per frame.
 *
 * Where source and destination are in one subnet the router stands in for a switch, and leaves TTL or hop limit alone: guests are as
 * near to each other as the configured topology says, and `traceroute` shows no hop. Else it takes one off.
 *
 * @internal
 */
export class Forwarding {
  readonly upper: UpperLayer = { protocol: 0, at: 0, fragment: -1 };
  #spreads = new WeakMap<Targets, Spread>();
  #flows: FlowTable | undefined;
  #ids = 0;

  constructor(private readonly stack: Stack) {}

  /** Targets mean other links now. */
  forget(): undefined {
    this.#spreads = new WeakMap();
  }

  /** Nobody is left to forward for. */
  rest(): undefined {
    this.#flows?.close();
  }

  // --- IPv4 ------------------------------------------------------------------------------------------------------------

  ipv4(link: Link, b: Uint8Array, start: number, end: number): undefined {
    const { stack } = this;
    const ip = start + ETHERNET;
    const fault = faultOfIpv4(b, ip, end);
    if (fault !== undefined) return stack.drop(link, fault);
    const stop = ip + u16(b, ip + 2); // what follows is padding
    const source = source4(b, ip);
    const target = target4(b, ip);
    const { local } = stack;
    const first = target >>> 24;
    const ours = local.isOurs4(target | 0);
    // From us to us: an echo packet of BFD that the guest sent back. Nobody else hears it.
    if (ours && source === target) return local.looped4(link, b, ip, stop);
    // What another router of the network passes on was checked at the port that it came in by.
    if (link.peer === '') {
      if (!this.#owns4(link, source) && !(source === 0 && asksForAddress(b, ip, stop))) return this.#refuse(link, formatIpv4(source));
      if (link.accessIn.size > 0 && link.accessIn.ipv4(b, ip, stop) === Access.deny) return this.#deny4(link, b, ip, stop);
    }
    if (first >= 224 || local.isBroadcast4(target | 0)) return local.group(link, b, ip, stop, false);
    if (ours) return local.ipv4(link, b, ip, stop);
    if ((b[start] & 1) !== 0) return stack.drop(link, 'group'); // RFC 1812 §5.3.4: a unicast packet in a broadcast frame
    if (first === 127 || first === 0) return stack.drop(link, 'no-route');
    if (b[ip] !== 0x45 && refusesOptions(b, ip)) return stack.drop(link, 'refused-options');
    const targets = stack.around.lookup4(target);
    let out: Link | undefined;
    if (targets !== undefined) {
      const node = targets.length === 1 ? targets[0] : undefined;
      if (node?.type === 'discard') return stack.drop(link, 'discard');
      const name = node ? node.node : this.#share(targets, this.#flow4(b, ip, stop, source, target));
      out = stack.linkOf(name) ?? stack.away4.get(name);
    }
    out ??= stack.around.via4(target);
    if (out === undefined && targets === undefined)
      return this.#fail(link, b, ip, stop, 'no-route', Icmp4.unreachable, Unreachable4.net, 0);
    if (out?.ready !== true) return this.#fail(link, b, ip, stop, 'no-port', Icmp4.unreachable, Unreachable4.host, 0);
    if (out.accessOut.size > 0 && out.accessOut.ipv4(b, ip, stop) === Access.deny) return this.#deny4(link, b, ip, stop);
    const routed = link.peer !== '' || out.peer !== '' || !this.#sameSubnet4(source | 0, target | 0);
    if (routed && b[ip + 8] <= 1) return this.#fail(link, b, ip, stop, 'ttl-exceeded', Icmp4.timeExceeded, 0, 0);
    const { mtu } = out.port;
    if (stop - ip > mtu) {
      // In parts the end of it would have the numbers of a beginning, which no access rule has seen.
      if (endOfFragment4(b, ip, stop) > 0xffff) return stack.drop(link, 'malformed-ip');
      if ((u16(b, ip + 6) & DONT_FRAGMENT) !== 0)
        return this.#fail(link, b, ip, stop, 'too-big', Icmp4.unreachable, Unreachable4.fragmentationNeeded, mtu);
      if (routed) decrementTtl(b, ip);
      link.forwarded++;
      return this.#fragment(out, b, ip, stop, mtu);
    }
    if (routed) decrementTtl(b, ip);
    link.forwarded++;
    stack.transmit(out, b, start, stop, ip + 16, 4);
  }

  /** Sends a packet in parts (RFC 791 §2.3), without its options. */
  #fragment(out: Link, b: Uint8Array, ip: number, stop: number, mtu: number): undefined {
    const header = headerLength4(b, ip);
    const size = (mtu - header) & ~7;
    if (size <= 0) return;
    const before = u16(b, ip + 6);
    for (let at = ip + header; at < stop; at += size) {
      const part = b.subarray(at, Math.min(stop, at + size));
      const more = at + size < stop || (before & MORE_FRAGMENTS) !== 0 ? MORE_FRAGMENTS : 0;
      const offset = (before & 0x1fff) + ((at - ip - header) >> 3);
      const frame = new Uint8Array(ETHERNET + IPV4 + part.length);
      frame.set(b.subarray(ip - 2, ip), ETHERNET - 2);
      writeIpv4(frame, ETHERNET, {
        source: b.subarray(ip + 12, ip + 16),
        target: b.subarray(ip + 16, ip + 20),
        protocol: b[ip + 9],
        payload: part.length,
        ttl: b[ip + 8],
        tos: b[ip + 1],
        id: u16(b, ip + 4),
        fragment: more | offset,
      });
      frame.set(part, ETHERNET + IPV4);
      this.stack.transmit(out, frame, 0, frame.length, ETHERNET + 16, 4);
    }
  }

  #owns4(link: Link, source: number): boolean {
    if (link.own4.has(source | 0)) return true;
    // Whoever holds what all others are in does not have what is a router's.
    if (isMartian4(source) || this.stack.local.isRouters4(source | 0)) return false;
    return holds(this.stack.around.lookup4(source), link.holder);
  }

  #sameSubnet4(source: number, target: number): boolean {
    for (const { net, mask, prefix } of this.stack.interfaces)
      if ((target & mask) === net && prefix.family === 'ipv4') return (source & mask) === net;
    return false;
  }

  #flow4(b: Uint8Array, ip: number, stop: number, source: number, target: number): number {
    const protocol = b[ip + 9];
    const at = ip + headerLength4(b, ip);
    const whole = !isFragment4(b, ip);
    if (protocol === Protocol.icmp && whole && at + ICMP + IPV4 <= stop && isError(false, b[at])) {
      // About a packet from the target: of the flow that it answered.
      const inner = at + ICMP;
      if (source4(b, inner) === target) return answered4(b, inner, stop);
    }
    const hash = mix(mix(protocol, source), target);
    // Parts of a datagram other than the first have no ports: none of them is told apart by ports then.
    return hasPorts(protocol) && whole && at + 4 <= stop ? mix(hash, u32(b, at)) : hash;
  }

  // --- IPv6 ------------------------------------------------------------------------------------------------------------

  ipv6(link: Link, b: Uint8Array, start: number, end: number): undefined {
    const { stack } = this;
    const ip = start + ETHERNET;
    const fault = faultOfIpv6(b, ip, end);
    if (fault !== undefined) return stack.drop(link, fault);
    const stop = ip + IPV6 + u16(b, ip + 4);
    const { local } = stack;
    const group = b[ip + 24] === 0xff;
    const ours = !group && local.isOurs6(b, ip + 24);
    if (group || ours || isLinkLocal(b, ip + 24)) {
      if (ours && sameAt(b, ip + 8, b, ip + 24, 16)) return local.looped6(link, b, ip, stop);
      // On the link: link-local sources are the node's by the port, and :: is for duplicate address detection and MLD.
      const linkScope =
        (isLinkLocal(b, ip + 8) && !local.isOurs6(b, ip + 8)) ||
        (group && isZero(b, ip + 8, 16)) ||
        ((group || ours) && announcesItself(b, ip, stop));
      if (link.peer === '') {
        if (!linkScope && !this.#owns6(link, b, ip + 8)) return this.#refuse(link, formatAddress(b.subarray(ip + 8, ip + 24)));
        if (link.accessIn.size > 0 && !this.#permits6(link.accessIn, b, ip, stop)) return this.#deny6(link, b, ip, stop);
      }
      if (group) return local.group(link, b, ip, stop, true);
      if (ours) return local.ipv6(link, b, ip, stop);
      return stack.drop(link, 'no-route');
    }
    if (link.peer === '') {
      if (!this.#owns6(link, b, ip + 8)) return this.#refuse(link, formatAddress(b.subarray(ip + 8, ip + 24)));
      if (link.accessIn.size > 0 && !this.#permits6(link.accessIn, b, ip, stop)) return this.#deny6(link, b, ip, stop);
    }
    if ((b[start] & 1) !== 0) return stack.drop(link, 'group');
    if (isMartian6(b, ip + 24)) return stack.drop(link, 'no-route');
    const targets = stack.around.lookup6(u32(b, ip + 24), u32(b, ip + 28), u32(b, ip + 32), u32(b, ip + 36));
    let out: Link | undefined;
    if (targets !== undefined) {
      const node = targets.length === 1 ? targets[0] : undefined;
      if (node?.type === 'discard') return stack.drop(link, 'discard');
      const name = node ? node.node : this.#share(targets, this.#flow6(b, ip, stop));
      out = stack.linkOf(name) ?? stack.away6.get(name);
    }
    out ??= stack.around.via6(u32(b, ip + 24), u32(b, ip + 28), u32(b, ip + 32), u32(b, ip + 36));
    if (out === undefined && targets === undefined)
      return this.#fail(link, b, ip, stop, 'no-route', Icmp6.unreachable, Unreachable6.noRoute, 0);
    if (out?.ready !== true) return this.#fail(link, b, ip, stop, 'no-port', Icmp6.unreachable, Unreachable6.address, 0);
    if (out.accessOut.size > 0 && !this.#permits6(out.accessOut, b, ip, stop)) return this.#deny6(link, b, ip, stop);
    const routed = link.peer !== '' || out.peer !== '' || !this.#sameSubnet6(b, ip);
    if (routed && b[ip + 7] <= 1) return this.#fail(link, b, ip, stop, 'ttl-exceeded', Icmp6.timeExceeded, 0, 0);
    if (stop - ip > out.port.mtu) return this.#fail(link, b, ip, stop, 'too-big', Icmp6.packetTooBig, 0, out.port.mtu);
    if (routed) b[ip + 7]--;
    link.forwarded++;
    stack.transmit(out, b, start, stop, ip + 24, 16);
  }

  #owns6(link: Link, b: Uint8Array, at: number): boolean {
    if (b[at] === 0xff || isLinkLocal(b, at)) return false;
    const { around, local } = this.stack;
    // Whoever holds what all others are in does not have what is a router's, or nobody's.
    if (holds(around.lookup6(u32(b, at), u32(b, at + 4), u32(b, at + 8), u32(b, at + 12)), link.holder))
      if (!isMartian6(b, at) && !local.isRouters6(b, at)) return true;
    for (const own of link.node?.addresses ?? []) {
      if (own.length !== 16) continue;
      let i = 0;
      while (i < 16 && own[i] === b[at + i]) i++;
      if (i === 16) return true;
    }
    return false;
  }

  #sameSubnet6(b: Uint8Array, ip: number): boolean {
    for (const { prefix } of this.stack.interfaces) {
      if (prefix.family === 'ipv6' && within(prefix.bytes, prefix.length, b, ip + 24))
        return within(prefix.bytes, prefix.length, b, ip + 8);
    }
    return false;
  }

  #flow6(b: Uint8Array, ip: number, stop: number): number {
    const { upper } = this;
    const known = walkHeaders(b, ip, stop, upper);
    const { protocol, at, fragment } = upper;
    const hash = mixAddress(mixAddress(0, b, ip + 8), b, ip + 24);
    if (!known) return hash;
    // Parts of a datagram other than the first know no more than what the header of a part says.
    if (fragment >= 0) return mix(hash, b[fragment]);
    const inner = at + ICMP;
    if (protocol === Protocol.icmp6 && inner + IPV6 <= stop && isError(true, b[at]) && sameAt(b, inner + 8, b, ip + 24, 16)) {
      // About a packet from the target: of the flow that it answered.
      return this.#answered6(b, inner, stop);
    }
    return hasPorts(protocol) && at + 4 <= stop ? mix(mix(hash, protocol), u32(b, at)) : mix(hash, protocol);
  }

  /** The flow that a packet answered, as the first octets of it tell. */
  #answered6(b: Uint8Array, ip: number, stop: number): number {
    const { upper } = this;
    const hash = mixAddress(mixAddress(0, b, ip + 24), b, ip + 8);
    if (!walkHeaders(b, ip, stop, upper)) return hash;
    const { protocol, at } = upper;
    return hasPorts(protocol) && at + 4 <= stop ? mix(mix(hash, protocol), swapped(u32(b, at))) : mix(hash, protocol);
  }

  #permits6(list: AccessList, b: Uint8Array, ip: number, stop: number): boolean {
    const whole = walkHeaders(b, ip, stop, this.upper);
    return list.ipv6(b, ip, stop, this.upper, whole) === Access.permit;
  }

  #deny4(link: Link, b: Uint8Array, ip: number, stop: number): undefined {
    return this.#fail(link, b, ip, stop, 'access-denied', Icmp4.unreachable, Unreachable4.prohibited, 0);
  }
  #deny6(link: Link, b: Uint8Array, ip: number, stop: number): undefined {
    return this.#fail(link, b, ip, stop, 'access-denied', Icmp6.unreachable, Unreachable6.prohibited, 0);
  }

  // --- Both ------------------------------------------------------------------------------------------------------------

  /**
   * The node, of several that share, that has the flow. A node that is nowhere, or down, has none; one that is to be left (weight zero) keeps
   * those that it had. Every router chooses alike.
   */
  #share(targets: Targets, flow: number): string {
    let spread = this.#spreads.get(targets);
    if (!spread) {
      // Those at other routers count where there are links to any: the mapping has none that is down.
      const alive = targets.filter(({ type, node }) => {
        const link = this.stack.linkOf(node);
        return type !== 'discard' && (link ? link.ready : this.stack.mayBeElsewhere(node));
      });
      const weights = alive.map((target) => (target.type === 'discard' ? 1 : (target.weight ?? 1)));
      spread = {
        nodes: alive.map(({ node }) => node),
        seeds: alive.map(({ node }) => seedOf(node)),
        weights,
        leaving: weights.includes(0),
      };
      this.#spreads.set(targets, spread);
    }
    const { nodes, seeds, weights } = spread;
    this.#flows ??= new FlowTable(this.stack.around.timers);
    const former = spread.leaving ? this.#flows.find(flow) : undefined;
    let at = former === undefined ? -1 : seeds.indexOf(former);
    if (at < 0 || weights[at] !== 0) at = chosen(flow, seeds, weights);
    this.#flows.note(flow, seeds[at]);
    return nodes[at] ?? '';
  }

  #refuse(link: Link, source: string): undefined {
    this.stack.drop(link, 'source-not-held');
    if (link.refused.includes(source)) return;
    link.refused.push(source);
    if (link.refused.length > MAX_REFUSED) link.refused.shift();
  }

  /** Drops a packet and tells its sender, within bounds. */
  #fail(link: Link, b: Uint8Array, ip: number, stop: number, reason: DropReason, type: number, code: number, rest: number): undefined {
    this.stack.drop(link, reason);
    this.error(link, b, ip, stop, type, code, rest);
  }

  /** Sends an ICMP error about the packet at `ip` to its sender at `link`, where the RFCs allow one. */
  error(link: Link, b: Uint8Array, ip: number, stop: number, type: number, code: number, rest: number): undefined {
    const ipv6 = b[ip] >>> 4 === 6;
    if (!this.#deservesError(b, ip, stop, ipv6)) return;
    if (!this.allowance(link, b, ip).errors.take(this.stack.clock)) {
      link.withheld['icmp-error']++;
      return;
    }
    const source = ipv6 ? b.slice(ip + 8, ip + 24) : b.slice(ip + 12, ip + 16);
    const own = this.stack.local.addressTowards(link, source);
    if (!own) return;
    const most = ipv6 ? MAX_ERROR6 - IPV6 - ICMP : MAX_ERROR4 - IPV4 - ICMP;
    const message = icmpError(type, code, rest, b.subarray(ip, Math.min(stop, ip + most)));
    this.stack.local.icmp(own, source, message, link);
  }

  /** Whose time it takes to deal with the packet at `ip`: of the guest that sent it, who may be behind another router. */
  allowance(link: Link, b: Uint8Array, ip: number): Allowance {
    if (link.peer === '') return link.allowance;
    const { around } = this.stack;
    const targets =
      b[ip] >>> 4 === 6
        ? around.lookup6(u32(b, ip + 8), u32(b, ip + 12), u32(b, ip + 16), u32(b, ip + 20))
        : around.lookup4(source4(b, ip));
    return link.allowanceOf(targets?.[0].node ?? '');
  }

  /** RFC 1812 §4.3.2.7, RFC 4443 §2.4 e: not about errors, groups (of the link too), later fragments, or senders that are no single host. */
  #deservesError(b: Uint8Array, ip: number, stop: number, ipv6: boolean): boolean {
    if ((b[ip - ETHERNET] & 1) !== 0) return false;
    if (ipv6) {
      if (b[ip + 24] === 0xff || b[ip + 8] === 0xff || isZero(b, ip + 8, 16)) return false;
      if (!walkHeaders(b, ip, stop, this.upper)) return false;
      const { protocol, at, fragment } = this.upper;
      if (fragment >= 0 && (u16(b, fragment + 2) & 0xfff8) !== 0) return false;
      return protocol !== Protocol.icmp6 || (at < stop && !isError(true, b[at]));
    }
    if (isMartian4(source4(b, ip)) || target4(b, ip) >>> 28 >= 14 || (u16(b, ip + 6) & 0x1fff) !== 0) return false;
    if (this.stack.local.isBroadcast4(target4(b, ip) | 0)) return false;
    const at = ip + headerLength4(b, ip);
    return b[ip + 9] !== Protocol.icmp || (at < stop && !isError(false, b[at]));
  }

  /** Nobody answered for the destination of a frame that waited: its sender is told (RFC 4861 §7.2.2, RFC 1812 §5.2.7.1). */
  unreachable(frame: Uint8Array, size: 4 | 16): undefined {
    const { stack } = this;
    const at = ETHERNET + (size === 4 ? 12 : 8);
    // Of our own making: nobody is to be told, whoever holds what we are in.
    if (size === 4 ? stack.local.isOurs4(u32(frame, at) | 0) : stack.local.isOurs6(frame, at)) return;
    const targets =
      size === 4
        ? stack.around.lookup4(u32(frame, at))
        : stack.around.lookup6(u32(frame, at), u32(frame, at + 4), u32(frame, at + 8), u32(frame, at + 12));
    let name = targets?.[0].node ?? '';
    if (targets && targets.length > 1)
      name = this.#share(targets, size === 4 ? answered4(frame, ETHERNET, frame.length) : this.#answered6(frame, ETHERNET, frame.length));
    const link =
      (targets && (stack.linkOf(name) ?? (size === 4 ? stack.away4 : stack.away6).get(name))) ??
      (size === 4
        ? stack.around.via4(u32(frame, at))
        : stack.around.via6(u32(frame, at), u32(frame, at + 4), u32(frame, at + 8), u32(frame, at + 12)));
    if (!link) return;
    if (size === 4) this.error(link, frame, ETHERNET, frame.length, Icmp4.unreachable, Unreachable4.host, 0);
    else this.error(link, frame, ETHERNET, frame.length, Icmp6.unreachable, Unreachable6.address, 0);
  }

  /** The rest of a datagram for the router, whose first part a frame had, did not come in time (RFC 1122 §3.3.2, RFC 8200 §4.5). */
  incomplete(link: Link, frame: Uint8Array): undefined {
    const type = frame[ETHERNET] >>> 4 === 6 ? Icmp6.timeExceeded : Icmp4.timeExceeded;
    this.error(link, frame, ETHERNET, frame.length, type, 1, 0);
  }

  nextId(): number {
    this.#ids = (this.#ids + 1) & 0xffff;
    return this.#ids;
  }
}

/**
 * A neighbour advertisement from the very address that it is about: a claim, which its source cannot have yet, or its answer when it is asked
 * whether it still has what another one holds.
 */
function announcesItself(b: Uint8Array, ip: number, stop: number): boolean {
  return (
    b[ip + 6] === Protocol.icmp6 && stop - ip >= 64 && b[ip + 40] === Icmp6.neighbourAdvertisement && sameAt(b, ip + 8, b, ip + 48, 16)
  );
}

/** DHCP of a client that has no address yet: from 0.0.0.0 port 68 to 255.255.255.255 port 67 (RFC 2131 §4.1). */
function asksForAddress(b: Uint8Array, ip: number, stop: number): boolean {
  const at = ip + headerLength4(b, ip);
  return (
    target4(b, ip) === 0xffff_ffff &&
    b[ip + 9] === Protocol.udp &&
    !isFragment4(b, ip) &&
    at + 8 <= stop &&
    u32(b, at) === ((68 << 16) | 67)
  );
}

function hasPorts(protocol: number): boolean {
  return protocol === Protocol.tcp || protocol === Protocol.udp;
}

/** The flow that a packet answered, as the first octets of it tell. */
function answered4(b: Uint8Array, ip: number, stop: number): number {
  const hash = mix(mix(b[ip + 9], target4(b, ip)), source4(b, ip));
  const at = ip + headerLength4(b, ip);
  return hasPorts(b[ip + 9]) && at + 4 <= stop ? mix(hash, swapped(u32(b, at))) : hash;
}

/** Source and destination port of the other direction. */
function swapped(ports: number): number {
  return (ports << 16) | (ports >>> 16);
}

function mixAddress(hash: number, b: Uint8Array, at: number): number {
  return mix(mix(mix(mix(hash, u32(b, at)), u32(b, at + 4)), u32(b, at + 8)), u32(b, at + 12));
}

/** Whether a node is among those that have an address now. */
function holds(targets: Targets | undefined, node: string): boolean {
  if (targets === undefined) return false;
  if (targets.length === 1) return targets[0].node === node;
  for (const target of targets) if (target.node === node) return true;
  return false;
}

function within(prefix: Uint8Array, length: number, b: Uint8Array, at: number): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (prefix[i] !== b[at + i]) return false;
  return (length & 7) === 0 || ((prefix[whole] ^ b[at + whole]) & (0xff << (8 - (length & 7))) & 0xff) === 0;
}
