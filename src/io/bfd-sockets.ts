import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type BfdArrival, type BfdLink, type BfdLinks, BfdPort, type BfdTarget } from '../bfd/index.js';
import { canonicalAddress } from '../lib/address.js';
import { libc } from './libc.js';
import { splitZone } from './socket-address.js';

/** RFC 5881 §5: what is sent has the largest TTL. */
const TTL = 255;
/** RFC 5881 §4: source ports of single-hop sessions. */
const FIRST_PORT = 49_152;
const PORTS = 16_384;
/** Tries to find a free one. */
const TRIES = 64;

const ECHO = "BFD's echo over the host's interfaces";

/** Takes what came. The octets are good only during the call. */
export type BfdReceive = (bytes: Uint8Array, arrival: BfdArrival) => void;

interface Listening {
  readonly socket: Socket;
  users: number;
}

/**
 * UDP sockets of BFD sessions by Node alone, where the C library cannot be called (`bfd-native.ts` is what there is otherwise): timers
 * are a millisecond or two late, and the TTL of what comes cannot be looked at.
 */
export class UdpLinks implements BfdLinks {
  readonly #listening = new Map<string, Promise<Listening>>();
  readonly #ready = new Map<BfdTarget, { readonly sender: Socket; readonly listening: Listening; readonly key: string }>();

  constructor(private readonly receive: BfdReceive) {}

  /** Opens what a target needs; {@link UdpLinks.open} then hands it over. */
  async prepare(target: BfdTarget): Promise<void> {
    const ipv6 = target.remote.includes(':');
    const { multihop = false, checkTtl = true, echo } = target.config;
    // Each rejects, saying what is missing.
    if (echo !== undefined && !multihop) await libc(ECHO);
    if (checkTtl && !multihop) await libc("checking the TTL of BFD packets (or set the neighbour's bfd.checkTtl to false)");
    const key = `${target.local ?? '*'} ${ipv6} ${multihop}`;
    const listening = this.#listening.get(key) ?? this.#listen(target.local, ipv6, multihop);
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
      prepareEcho: () => {
        throw new Error(`${ECHO} takes Linux and the optional package koffi`);
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

  /** What was prepared and not handed over is not wanted: the target shares another's session. */
  discard(target: BfdTarget): void {
    if (this.#ready.has(target)) this.open(target).close();
  }

  async #listen(local: string | undefined, ipv6: boolean, multihop: boolean): Promise<Listening> {
    const port = multihop ? BfdPort.multihop : BfdPort.singleHop;
    const socket = createSocket({ type: ipv6 ? 'udp6' : 'udp4', reuseAddr: true, ...(ipv6 ? { ipv6Only: true } : {}) });
    socket.on('message', (bytes, from) => {
      const { plain, zone } = splitZone(from.address);
      const remote = `${canonicalAddress(plain)}${zone === undefined ? '' : `%${zone}`}`;
      this.receive(bytes, { remote, local, multihop });
    });
    const bound = once(socket, 'listening');
    socket.bind({ address: local ?? (ipv6 ? '::' : '0.0.0.0'), port });
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
