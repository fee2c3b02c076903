/** A guest at the end of a cable, as small as will do: it answers ARP and solicitations, echoes, and keeps what it got. */
import { parseAddress } from '../../src/lib/address.js';
import type { CableEnd } from '../../src/stack/index.js';
import { isArp, writeArp } from '../../src/stack/wire/arp.js';
import { EtherType, Protocol } from '../../src/stack/wire/codes.js';
import { ETHERNET, writeEthernet } from '../../src/stack/wire/ethernet.js';
import { checksumIcmp } from '../../src/stack/wire/icmp.js';
import { IPV4, writeIpv4 } from '../../src/stack/wire/ipv4.js';
import { IPV6, writeIpv6 } from '../../src/stack/wire/ipv6.js';
import { neighbourAdvertisement } from '../../src/stack/wire/nd.js';
import { u16 } from '../../src/stack/wire/octets.js';

export class Guest {
  /** IP packets that arrived, and the ARP replies. */
  readonly packets: Uint8Array[] = [];
  readonly replies: Uint8Array[] = [];
  readonly addresses = new Set<string>();
  /** Answers nothing: dead, or cut off. */
  silent = false;
  /** Solicitations that arrived, to it alone and to its group. */
  readonly solicited = { alone: 0, group: 0 };

  constructor(
    readonly cable: CableEnd,
    readonly mac: Uint8Array,
    readonly routerMac: Uint8Array,
    ...addresses: string[]
  ) {
    for (const address of addresses) this.addresses.add(address);
    cable.listen((b, start, end) => this.#frame(b.slice(start, end)));
  }

  #has(octets: Uint8Array): boolean {
    return [...this.addresses].some((address) => parseAddress(address).join() === octets.join());
  }

  #frame(f: Uint8Array): void {
    if (this.silent) return;
    const type = u16(f, 12);
    if (type === EtherType.arp && isArp(f, ETHERNET, f.length)) {
      if (f[21] === 2) this.replies.push(f);
      else if (this.#has(f.subarray(38, 42))) {
        const reply = new Uint8Array(42);
        writeEthernet(reply, 0, f.subarray(6, 12), this.mac, EtherType.arp);
        writeArp(reply, ETHERNET, 2, this.mac, f.subarray(38, 42), f.subarray(22, 28), f.subarray(28, 32));
        this.raw(reply);
      }
      return;
    }
    if (type === EtherType.ipv6 && f[20] === Protocol.icmp6 && f[54] === 135) {
      const target = f.slice(62, 78);
      if (!this.#has(target)) return;
      const alone = ((f[0] ?? 0) & 1) === 0;
      this.solicited[alone ? 'alone' : 'group']++;
      // As Linux: who asks this MAC knows it, and is not told (RFC 4861 §7.2.4).
      const message = alone
        ? neighbourAdvertisement(target, this.mac, 0x40).subarray(0, 24)
        : neighbourAdvertisement(target, this.mac, 0x60);
      this.ipv6(target, f.slice(22, 38), Protocol.icmp6, message, 255, true);
      return;
    }
    this.packets.push(f.subarray(ETHERNET));
  }

  raw(frame: Uint8Array): void {
    this.cable.send(frame, 0, frame.length);
  }

  arp(operation: number, sender: string, target: string): void {
    const frame = new Uint8Array(42);
    writeEthernet(frame, 0, Uint8Array.of(255, 255, 255, 255, 255, 255), this.mac, EtherType.arp);
    writeArp(frame, ETHERNET, operation, this.mac, parseAddress(sender), new Uint8Array(6), parseAddress(target));
    this.raw(frame);
  }

  ipv4(
    source: string,
    target: string,
    options: { protocol?: number; payload?: Uint8Array; ttl?: number; fragment?: number; id?: number } = {},
  ): void {
    const { protocol = Protocol.udp, payload = new Uint8Array(20), ttl = 64, fragment = 0, id = 1 } = options;
    const frame = new Uint8Array(ETHERNET + IPV4 + payload.length);
    writeEthernet(frame, 0, this.routerMac, this.mac, EtherType.ipv4);
    const fields = { source: parseAddress(source), target: parseAddress(target), protocol, payload: payload.length, ttl, fragment, id };
    writeIpv4(frame, ETHERNET, fields);
    frame.set(payload, ETHERNET + IPV4);
    this.raw(frame);
  }

  ipv6(source: Uint8Array, target: Uint8Array, protocol: number, payload: Uint8Array, hopLimit = 64, icmp = false): void {
    const frame = new Uint8Array(ETHERNET + IPV6 + payload.length);
    writeEthernet(frame, 0, this.routerMac, this.mac, EtherType.ipv6);
    writeIpv6(frame, ETHERNET, { source, target, protocol, payload: payload.length, hopLimit });
    frame.set(payload, ETHERNET + IPV6);
    if (icmp) checksumIcmp(frame, ETHERNET + IPV6, frame.length, source, target);
    this.raw(frame);
  }

  echo(source: string, target: string, ttl = 64): void {
    const message = new Uint8Array(16);
    message[0] = 8;
    checksumIcmp(message, 0, 16);
    this.ipv4(source, target, { protocol: Protocol.icmp, payload: message, ttl });
  }

  /** Protocol, and for ICMP type and code, with the source: `"1/0/0 from 10.0.1.1 ttl 64"`. */
  take(): string[] {
    return this.packets.splice(0).map((p) => {
      if ((p[0] ?? 0) >> 4 === 6) return `6:${p[6]}${p[6] === 58 ? `/${p[40]}/${p[41]}` : ''} hops ${p[7]}`;
      const icmp = p[9] === 1 ? `/${p[20]}/${p[21]}` : '';
      return `${p[9]}${icmp} from ${p.subarray(12, 16).join('.')} ttl ${p[8]}`;
    });
  }
}
