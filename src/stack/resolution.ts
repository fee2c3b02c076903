import { formatAddress } from '../lib/address.js';
import { type Interface, onLink } from './interface.js';
import type { Link } from './link.js';
import type { Stack } from './stack.js';
import { ARP, Arp, ArpOperation, isArp, writeArp } from './wire/arp.js';
import { EtherType, Icmp6, NdOption, Protocol } from './wire/codes.js';
import { BROADCAST, ETHERNET, groupMac, writeEthernet } from './wire/ethernet.js';
import { checksumIcmp } from './wire/icmp.js';
import { ALL_NODES, IPV6, isLinkLocal, solicitedNode, writeIpv6 } from './wire/ipv6.js';
import {
  isNd,
  linkAddressOption,
  NaFlag,
  ND_TARGET,
  neighbourAdvertisement,
  neighbourSolicitation,
  routerAdvertisement,
} from './wire/nd.js';
import { isZero, sameAt, u16, u32 } from './wire/octets.js';

const NOBODY = new Uint8Array(6);

/**
 * Who has an address, asked and answered: ARP (RFC 826, RFC 5227) and Neighbour Discovery (RFC 4861).
 *
 * The router answers for its own addresses and, inside a subnet, for those that other nodes have now, with its own MAC: so traffic
 * within a subnet passes it, and follows the mapping. It never answers a node for what that node itself has.
 *
 * @internal
 */
export class Resolution {
  constructor(private readonly stack: Stack) {}

  // --- ARP -------------------------------------------------------------------------------------------------------------

  arp(link: Link, b: Uint8Array, start: number, end: number): undefined {
    const at = start + ETHERNET;
    if (!isArp(b, at, end)) return this.stack.drop(link, 'malformed-arp');
    const sender = b.slice(at + Arp.sender, at + Arp.sender + 4);
    const target = b.slice(at + Arp.target, at + Arp.target + 4);
    const probe = isZero(sender, 0, 4);
    const mac = b.slice(at + Arp.senderMac, at + Arp.senderMac + 6);
    const announcement = !probe && sameAt(sender, 0, target, 0, 4);
    if (!probe) this.#heard(link, sender, mac, announcement);
    // RFC 5227 §3: an announcement asks for no answer.
    if (announcement || u16(b, at + Arp.operation) !== ArpOperation.request || !this.#answers(link, target, probe)) return;
    const frame = new Uint8Array(ETHERNET + ARP);
    const own = this.#macFor(link, target);
    writeEthernet(frame, 0, mac, own, EtherType.arp);
    writeArp(frame, ETHERNET, ArpOperation.reply, own, target, mac, sender);
    this.stack.send(link, frame);
  }

  /** Asks who has `address` at a link; an address of our own there is what we ask from. */
  solicit(link: Link, address: Uint8Array, mac: Uint8Array | undefined): undefined {
    const face = link.interfaces.find((one) => onLink(one, address)) ?? link.interfaces[0];
    if (address.length === 4) {
      const own = face?.addresses.find((one) => one.length === 4) ?? new Uint8Array(4);
      const frame = new Uint8Array(ETHERNET + ARP);
      writeEthernet(frame, 0, mac ?? BROADCAST, link.mac, EtherType.arp);
      writeArp(frame, ETHERNET, ArpOperation.request, link.mac, own, NOBODY, address);
      this.stack.send(link, frame);
      return;
    }
    if (!face) return;
    const target = mac ? address : solicitedNode(address);
    this.#sendNd(link, face.linkLocal, target, mac ?? groupMac(target), neighbourSolicitation(address, link.mac));
  }

  // --- Neighbour Discovery ---------------------------------------------------------------------------------------------

  /** A message of Neighbour Discovery whose ICMP checksum is right, at `at` in the packet at `ip`. */
  nd(link: Link, b: Uint8Array, ip: number, at: number, end: number): undefined {
    // Hop limit 255: it has not passed a router (RFC 4861 §6.1, §7.1).
    if (b[ip + 7] !== 255 || !isNd(b, at, end)) return this.stack.drop(link, 'malformed-nd');
    const source = b.slice(ip + 8, ip + 24);
    switch (b[at]) {
      case Icmp6.routerSolicitation:
        link.advertiser?.solicited();
        return;
      case Icmp6.neighbourSolicitation:
        return this.#solicited(link, b, ip, at, end, source);
      case Icmp6.neighbourAdvertisement:
        return this.#advertised(link, b, ip, at, end);
      default:
        // Guests' own router advertisements and redirects concern nobody else.
        return;
    }
  }

  #solicited(link: Link, b: Uint8Array, ip: number, at: number, end: number, source: Uint8Array): undefined {
    const target = b.slice(at + ND_TARGET, at + ND_TARGET + 16);
    if (target[0] === 0xff) return this.stack.drop(link, 'malformed-nd');
    const probe = isZero(b, ip + 8, 16);
    const option = linkAddressOption(b, at, end, NdOption.sourceLinkAddress);
    // RFC 4861 §7.1.1: from ::, it is duplicate address detection, and has no option.
    if (option >= 0 && (probe || isGroup(b, option))) return this.stack.drop(link, 'malformed-nd');
    if (!probe && option >= 0) this.#heard(link, source, b.slice(option, option + 6), false);
    if (!this.#answers(link, target, probe)) return;
    const own = this.#macFor(link, target);
    const mac = option >= 0 ? b.slice(option, option + 6) : b.slice(ip - 8, ip - 2);
    const ours = this.stack.local.isOurs6(target, 0);
    const flags = (ours ? NaFlag.router : 0) | (probe ? 0 : NaFlag.solicited) | NaFlag.override;
    const from = isLinkLocal(source, 0) && link.interfaces[0] ? link.interfaces[0].linkLocal : target;
    const to = probe ? ALL_NODES : source;
    this.#sendNd(link, from, to, probe ? groupMac(ALL_NODES) : mac, neighbourAdvertisement(target, own, flags));
  }

  #advertised(link: Link, b: Uint8Array, ip: number, at: number, end: number): undefined {
    const target = b.slice(at + ND_TARGET, at + ND_TARGET + 16);
    const option = linkAddressOption(b, at, end, NdOption.targetLinkAddress);
    const unsolicited = (b[at + 4] & NaFlag.solicited) === 0;
    // RFC 4861 §7.1.2.
    if (target[0] === 0xff || (!unsolicited && b[ip + 24] === 0xff) || (option >= 0 && isGroup(b, option)))
      return this.stack.drop(link, 'malformed-nd');
    // Whoever is asked at his MAC need not say it (RFC 4861 §7.2.4), and Linux does not: it is as it was.
    const mac = option < 0 ? link.neighbours.get(formatAddress(target))?.mac : b.slice(option, option + 6);
    if (mac && (option >= 0 || !unsolicited)) this.#heard(link, target, mac, unsolicited);
  }

  /** Says to all nodes of a link that the router is there, for `lifetime` seconds, and which prefixes are. */
  advertise(link: Link, faces: readonly Interface[], lifetime: number): undefined {
    const source = (faces[0] ?? link.interfaces[0])?.linkLocal;
    if (!source) return;
    const prefixes = faces.map(({ prefix }) => prefix);
    const message = routerAdvertisement(link.mac, link.port.mtu, prefixes, lifetime);
    this.#sendNd(link, source, ALL_NODES, groupMac(ALL_NODES), message);
  }

  #sendNd(link: Link, source: Uint8Array, target: Uint8Array, mac: Uint8Array, message: Uint8Array): undefined {
    const frame = new Uint8Array(ETHERNET + IPV6 + message.length);
    writeEthernet(frame, 0, mac, link.mac, EtherType.ipv6);
    writeIpv6(frame, ETHERNET, { source, target, protocol: Protocol.icmp6, payload: message.length, hopLimit: 255 });
    frame.set(message, ETHERNET + IPV6);
    checksumIcmp(frame, ETHERNET + IPV6, frame.length, source, target);
    this.stack.send(link, frame);
  }

  // --- Both ------------------------------------------------------------------------------------------------------------

  /** A node said that it has an address at a MAC. */
  #heard(link: Link, address: Uint8Array, mac: Uint8Array, announcement: boolean): undefined {
    const { stack } = this;
    const own = link.node?.addresses.some((one) => one.length === address.length && sameAt(one, 0, address, 0, one.length)) ?? false;
    if (own || (address.length === 16 && isLinkLocal(address, 0))) stack.neighbour(link, address).heard(mac);
    else {
      for (const neighbour of link.neighbours.values())
        if (neighbour.address.length === address.length && sameAt(neighbour.address, 0, address, 0, address.length)) neighbour.heard(mac);
      if (announcement) stack.around.announced(link.holder, address);
      else stack.around.answered(link.holder, address);
    }
  }

  /** Whether we answer for `target` at this link. */
  #answers(link: Link, target: Uint8Array, probe: boolean): boolean {
    const { stack } = this;
    const ipv4 = target.length === 4;
    if (ipv4 ? stack.local.isOurs4(u32(target, 0) | 0) : stack.local.isOurs6(target, 0)) return true;
    if (!link.interfaces.some((one) => onLink(one, target))) return false;
    const targets = ipv4
      ? stack.around.lookup4(u32(target, 0))
      : stack.around.lookup6(u32(target, 0), u32(target, 4), u32(target, 8), u32(target, 12));
    if (!targets || targets.some(({ node }) => node === link.holder)) return false;
    if (targets.every(({ type }) => type !== 'node')) return false;
    // Whoever may take the address over is not told that it is taken.
    return !(probe && stack.around.mayClaim(link.holder, target));
  }

  #macFor(link: Link, target: Uint8Array): Uint8Array {
    return this.stack.interfaces.find((one) => onLink(one, target))?.mac ?? link.mac;
  }
}

/** Whether a MAC is a group's: no answer is taken that says somebody is one (RFC 1812 §3.3.2). */
function isGroup(b: Uint8Array, at: number): boolean {
  return (b[at] & 1) !== 0;
}
