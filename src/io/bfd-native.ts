import { type BfdLink, type BfdLinks, BfdPort, type BfdTarget } from '../bfd/index.js';
import { parseAddress } from '../lib/address.js';
import { type Echo, HostEchoes } from './bfd-echo.js';
import type { BfdLoop } from './bfd-loop.js';
import type { BfdReceive } from './bfd-sockets.js';
import type { Libc } from './libc.js';
import { attachFilter, type Instruction } from './packet-filter.js';
import { AF_INET, AF_INET6, addressIn, SOCKADDR, scopeIn, socketAddress, splitZone } from './socket-address.js';

/** RFC 5881 §5: what is sent has the largest TTL, and what comes must have it still. */
const TTL = 255;
/** RFC 5881 §4: source ports of single-hop sessions. */
const FIRST_PORT = 49_152;
const PORTS = 16_384;
/** Tries to find a free one. */
const TRIES = 64;
/** Octets of a datagram that are looked at: no BFD packet is longer. */
const DATAGRAM = 128;
/** Datagrams of one socket read in a turn. */
const TURN = 512;
/** Octets that the kernel keeps for us while we do not run. */
const RECEIVE_BUFFER = 4 << 20;

const SOCK_DGRAM = 2 | 0o4000 | 0o2000000; // non-blocking, closed on exec
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVBUF = 8;
const SO_PRIORITY = 12;
const IPPROTO_IP = 0;
const IP_TOS = 1;
const IP_TTL = 2;
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;
const IPV6_V6ONLY = 26;
const IPV6_TCLASS = 67;
/** CS6, network control: what the queues of a host let pass first. */
const CONTROL = 0xc0;
/** Negative offsets reach the IP header: `SKF_NET_OFF`. */
const NETWORK_HEADER = 0xfff0_0000;
const EADDRINUSE = 98;

interface Listening {
  readonly fd: number;
  users: number;
  /** Neighbours whose packets may have any TTL. */
  readonly exempt: Set<string>;
}

/**
 * UDP sockets of BFD sessions, by the C library: one to listen on for each local address and port, one to send from for each session
 * (RFC 5881 §4 wants a source port of its own for each).
 */
export class NativeLinks implements BfdLinks {
  readonly #listening = new Map<string, Listening>();
  /** Links by index, of those who are watched by link-local addresses. */
  readonly #zones = new Map<number, string>();
  readonly #datagram = new Uint8Array(DATAGRAM);
  readonly #from = new Uint8Array(SOCKADDR);
  readonly #fromLength = new Uint32Array(1);
  readonly #echoes: HostEchoes;

  /** @param echoed - Gets what may be an echo that came back. */
  constructor(
    private readonly c: Libc,
    private readonly loop: BfdLoop,
    private readonly receive: BfdReceive,
    echoed: (payload: Uint8Array) => void,
  ) {
    this.#echoes = new HostEchoes(c, loop, echoed);
  }

  open({ remote, local, config }: BfdTarget): BfdLink {
    const { c } = this;
    const ipv6 = remote.includes(':');
    const { multihop = false, checkTtl = true } = config;
    const port = multihop ? BfdPort.multihop : BfdPort.singleHop;
    const key = `${local ?? '*'} ${ipv6} ${multihop}`;
    const to = this.#sockaddr(remote, port);
    const listening = this.#listening.get(key) ?? this.#listen(local, port, ipv6, multihop);
    this.#listening.set(key, listening);
    listening.users++;
    const exempt = !multihop && !checkTtl;
    const leave = (): void => {
      if (--listening.users > 0) {
        if (exempt && listening.exempt.delete(remote)) this.#filter(listening, ipv6);
        return;
      }
      this.#listening.delete(key);
      this.loop.remove(listening.fd);
      c.close(listening.fd);
    };
    let fd: number;
    try {
      if (exempt && !this.#filter(listening, ipv6, remote)) throw new Error(`no packets of ${remote} with any TTL: errno ${c.errno()}`);
      fd = this.#speak(local, ipv6);
    } catch (error) {
      leave();
      throw error;
    }
    let echo: Echo | undefined;
    return {
      // A neighbour that is not there yet answers with ICMP errors, or there is no way to it: its silence says enough.
      send: (bytes) => void c.sendto(fd, bytes, bytes.length, 0, to, to.length),
      prepareEcho: () => {
        echo ??= this.#echoes.open(remote, local);
      },
      echo: (bytes) => echo?.send(bytes) ?? false,
      close: () => {
        echo?.close();
        c.close(fd);
        leave();
      },
    };
  }

  #listen(local: string | undefined, port: number, ipv6: boolean, multihop: boolean): Listening {
    const address = local ?? (ipv6 ? '::' : '0.0.0.0');
    const fd = this.#socket(ipv6, `listen on ${address} port ${port}`, (set, filter) => {
      set(SOL_SOCKET, SO_REUSEADDR, 1);
      set(SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
      if (ipv6) set(IPPROTO_IPV6, IPV6_V6ONLY, 1);
      if (!multihop) filter(ttlFilter(ipv6));
      return this.#bind(address, port);
    });
    this.loop.add(fd, () => this.#read(fd, local, multihop));
    return { fd, users: 0, exempt: new Set() };
  }

  /** Has the kernel look at the TTL of all but those who are exempt, and one `more`; false where these are too many for it. */
  #filter({ fd, exempt }: Listening, ipv6: boolean, more?: string): boolean {
    if (more !== undefined) exempt.add(more);
    return attachFilter(this.c, fd, ttlFilter(ipv6, [...new Set([...exempt].map((remote) => splitZone(remote).plain))])) >= 0;
  }

  #read(fd: number, local: string | undefined, multihop: boolean): void {
    for (let i = 0; i < TURN; i++) {
      this.#fromLength[0] = SOCKADDR;
      const length = this.c.recvfrom(fd, this.#datagram, DATAGRAM, 0, this.#from, this.#fromLength);
      if (length < 0) return;
      this.receive(this.#datagram.subarray(0, length), { remote: this.#sender(), local, multihop });
    }
  }

  /** Who sent what was read last: a link-local address with its link. */
  #sender(): string {
    const address = addressIn(this.#from);
    const zone = this.#zones.size > 0 ? this.#zones.get(scopeIn(this.#from)) : undefined;
    return zone === undefined ? address : `${address}%${zone}`;
  }

  /** A socket on a source port of its own, whose packets have the largest TTL. */
  #speak(local: string | undefined, ipv6: boolean): number {
    const { c } = this;
    const address = local ?? (ipv6 ? '::' : '0.0.0.0');
    return this.#socket(ipv6, `send from ${address}`, (set) => {
      set(ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_UNICAST_HOPS : IP_TTL, TTL);
      set(ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_TCLASS : IP_TOS, CONTROL);
      set(SOL_SOCKET, SO_PRIORITY, 6);
      return (socket) => {
        for (let tries = 0; ; tries++) {
          const result = this.#bind(address, FIRST_PORT + Math.floor(Math.random() * PORTS))(socket);
          if (result >= 0 || c.errno() !== EADDRINUSE || tries >= TRIES) return result;
        }
      };
    });
  }

  #bind(address: string, port: number): (fd: number) => number {
    const sockaddr = this.#sockaddr(address, port);
    return (fd) => this.c.bind(fd, sockaddr, sockaddr.length);
  }

  /** A UDP socket with options, bound as `prepare` says. Throws, and leaves nothing open, where it cannot be had. */
  #socket(
    ipv6: boolean,
    purpose: string,
    prepare: (
      set: (level: number, option: number, value: number) => void,
      filter: (instructions: readonly Instruction[]) => void,
    ) => (fd: number) => number,
  ): number {
    const { c } = this;
    const fd = c.socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
    if (fd < 0) throw new Error(`no socket: errno ${c.errno()}`);
    const must = (result: number): void => {
      if (result >= 0) return;
      const errno = c.errno();
      c.close(fd);
      throw new Error(`cannot ${purpose}: errno ${errno}`);
    };
    const bind = prepare(
      (level, option, value) => must(c.setsockopt(fd, level, option, new Uint8Array(Uint32Array.of(value).buffer), 4)),
      (instructions) => must(attachFilter(c, fd, instructions)),
    );
    must(bind(fd));
    return fd;
  }

  #sockaddr(address: string, port: number): Uint8Array {
    const { plain, zone } = splitZone(address);
    const scope = zone === undefined ? 0 : this.c.interfaceIndex(zone);
    if (zone !== undefined) {
      if (scope === 0) throw new Error(`there is no interface ${zone}`);
      this.#zones.set(scope, zone);
    }
    return socketAddress(plain, port, scope);
  }
}

/** Load an octet or a word, compare, take all or nothing. */
const loadOctet = (offset: number): Instruction => [0x30, 0, 0, NETWORK_HEADER + offset];
const loadWord = (offset: number): Instruction => [0x20, 0, 0, NETWORK_HEADER + offset];
const unless = (value: number, skip: number): Instruction => [0x15, 0, skip, value];
const TAKE: Instruction = [0x06, 0, 0, 0xffff_ffff];
const DROP: Instruction = [0x06, 0, 0, 0];

/** The kernel does not look at the TTL of UDP (RFC 5881 §5), so a filter does, but for packets from some addresses. */
function ttlFilter(ipv6: boolean, exempt: readonly string[] = []): readonly Instruction[] {
  const [ttl, source] = ipv6 ? [7, 8] : [8, 12];
  return [
    loadOctet(ttl),
    unless(TTL, 1),
    TAKE,
    ...exempt.flatMap((address) => {
      const octets = parseAddress(address);
      const view = new DataView(octets.buffer, octets.byteOffset);
      const words = octets.length / 4;
      const compared = Array.from({ length: words }, (_, i) => [
        loadWord(source + 4 * i),
        // Past what is left of this address, and the taking.
        unless(view.getUint32(4 * i), 2 * (words - 1 - i) + 1),
      ]);
      return [...compared.flat(), TAKE];
    }),
    DROP,
  ];
}
