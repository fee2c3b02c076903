import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type BfdLink, type BfdLinks, BfdPort, type BfdTarget } from '../bfd/index.js';
import { canonicalAddress, parseAddress } from '../lib/address.js';
import { libc } from './libc.js';

/** RFC 5881 §5: what is sent has the largest TTL, and what comes must have it still. */
const TTL = 255;
/** RFC 5881 §4: source ports of single-hop sessions. */
const FIRST_PORT = 49_152;
const PORTS = 16_384;
/** Tries to find a free one. */
const TRIES = 64;

type Receive = (bytes: Uint8Array, remote: string, local: string | undefined, multihop: boolean) => void;

interface Listening {
  readonly socket: Socket;
  users: number;
}

/**
 * UDP sockets of BFD sessions: one to listen on for each local address and port, one to send from for each session (RFC 5881 §4 wants
 * a source port of its own for each).
 */
export class UdpLinks implements BfdLinks {
  readonly #listening = new Map<string, Promise<Listening>>();
  readonly #ready = new Map<BfdTarget, { readonly sender: Socket; readonly listening: Listening; readonly key: string }>();

  constructor(private readonly receive: Receive) {}

  /** Opens what a target needs; {@link UdpLinks.open} then hands it over. */
  async prepare(target: BfdTarget): Promise<void> {
    const ipv6 = target.remote.includes(':');
    const { multihop = false, checkTtl = true } = target.config;
    const checked = checkTtl && !multihop;
    const key = `${target.local ?? '*'} ${ipv6} ${multihop} ${checked}`;
    const listening = this.#listening.get(key) ?? this.#listen(target.local, ipv6, multihop, checked);
    this.#listening.set(key, listening);
    try {
      const listener = await listening;
      listener.users++;
      this.#ready.set(target, { sender: await sender(target.local, ipv6), listening: listener, key });
    } catch (error) {
      this.#listening.delete(key);
      throw error;
    }
  }

  open(target: BfdTarget): BfdLink {
    const made = this.#ready.get(target);
    if (!made) throw new Error('not prepared');
    this.#ready.delete(target);
    const { sender, listening, key } = made;
    const port = target.config.multihop ? BfdPort.multihop : BfdPort.singleHop;
    let closed = false;
    return {
      // A neighbour that is not there yet answers with ICMP errors: its silence says enough.
      send: (bytes) => {
        if (!closed) sender.send(bytes, port, target.remote, () => closed && sender.close());
      },
      close: () => {
        closed = true;
        // After what was sent last.
        setImmediate(() => sender.close());
        if (--listening.users > 0) return;
        this.#listening.delete(key);
        listening.socket.close();
      },
    };
  }

  async #listen(local: string | undefined, ipv6: boolean, multihop: boolean, checked: boolean): Promise<Listening> {
    const port = multihop ? BfdPort.multihop : BfdPort.singleHop;
    const socket = createSocket({ type: ipv6 ? 'udp6' : 'udp4', reuseAddr: true, ...(ipv6 ? { ipv6Only: true } : {}) });
    socket.on('message', (bytes, from) => this.receive(bytes, canonicalAddress(from.address.replace(/%.*$/, '')), local, multihop));
    const bound = once(socket, 'listening');
    const address = local ?? (ipv6 ? '::' : '0.0.0.0');
    if (checked) socket.bind({ fd: await filteredSocket(address, port, ipv6) });
    else socket.bind({ address, port });
    await bound;
    socket.on('error', () => {});
    return { socket, users: 0 };
  }
}

/** A socket on a source port of its own, whose packets have the largest TTL. */
async function sender(local: string | undefined, ipv6: boolean): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    const socket = createSocket(ipv6 ? 'udp6' : 'udp4');
    const bound = once(socket, 'listening');
    socket.bind({ port: FIRST_PORT + Math.floor(Math.random() * PORTS), ...(local === undefined ? {} : { address: local }) });
    try {
      await bound;
      socket.setTTL(TTL);
      socket.on('error', () => {});
      return socket;
    } catch (error) {
      socket.close();
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries >= TRIES) throw error;
    }
  }
}

// --- The TTL of what comes (RFC 5881 §5): the kernel does not look at it for UDP, so a filter of four instructions does -------------

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2 | 0o4000 | 0o2000000; // non-blocking, closed on exec
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ATTACH_FILTER = 26;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
/** Negative offsets reach the IP header: `SKF_NET_OFF`. */
const NETWORK_HEADER = 0xfff0_0000;

async function filteredSocket(address: string, port: number, ipv6: boolean): Promise<number> {
  const c = await libc("checking the TTL of BFD packets (or set the neighbour's bfd.checkTtl to false)");
  const fd = c.socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
  const must = (result: number, what: string): void => {
    if (result >= 0) return;
    const errno = c.errno();
    c.close(fd);
    throw new Error(`${what} on ${address} port ${port}: errno ${errno}`);
  };
  if (fd < 0) throw new Error(`no socket: errno ${c.errno()}`);
  const one = new Uint8Array(Uint32Array.of(1).buffer);
  must(c.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, one, 4), 'SO_REUSEADDR');
  if (ipv6) must(c.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, one, 4), 'IPV6_V6ONLY');
  const program = ttlFilter(ipv6 ? 7 : 8);
  // struct sock_fprog: how many instructions, and where they are.
  const pointer = new DataView(new ArrayBuffer(16));
  pointer.setUint16(0, program.length / 8, true);
  pointer.setBigUint64(8, c.address(program), true);
  must(c.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(pointer.buffer), 16), 'SO_ATTACH_FILTER');
  const sockaddr = socketAddress(address, port, ipv6);
  must(c.bind(fd, sockaddr, sockaddr.length), 'cannot listen');
  return fd;
}

/** Load the octet, compare, take all or nothing. */
function ttlFilter(offset: number): Uint8Array {
  const instructions = [
    [0x30, 0, 0, NETWORK_HEADER + offset],
    [0x15, 0, 1, TTL],
    [0x06, 0, 0, 0xffff_ffff],
    [0x06, 0, 0, 0],
  ] as const;
  const view = new DataView(new ArrayBuffer(instructions.length * 8));
  instructions.forEach(([code, yes, no, k], i) => {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, yes);
    view.setUint8(i * 8 + 3, no);
    view.setUint32(i * 8 + 4, k, true);
  });
  return new Uint8Array(view.buffer);
}

function socketAddress(address: string, port: number, ipv6: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(ipv6 ? 28 : 16));
  view.setUint16(0, ipv6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  new Uint8Array(view.buffer).set(parseAddress(address), ipv6 ? 8 : 4);
  return new Uint8Array(view.buffer);
}
