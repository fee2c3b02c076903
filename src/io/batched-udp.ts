import { parseAddress } from '../lib/address.js';
import { UsageError } from '../lib/errors.js';
import { type Libc, libc } from './libc.js';
import { reactor } from './reactor.js';
import { receiveBuffer } from './udp-socket.js';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_SNDBUF = 7;
/** Beyond what the system allows an unprivileged process: tried first. */
const SO_RCVBUFFORCE = 33;
const SO_SNDBUFFORCE = 32;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const MSG_DONTWAIT = 0x40;
const EADDRINUSE = 98;

/** Datagrams of one call. */
const BATCH = 64;
/** Octets of a `struct mmsghdr`, and where its fields are, on 64-bit Linux. */
const HEADER = 64;
const At = { name: 0, nameLength: 8, vector: 16, vectors: 24, length: 56 } as const;
const NAME = 28;

/** Takes a datagram: `[start, end)` of `buffer`, and its sender's `sockaddr` at `name` of `names`. Good during the call. */
export type DatagramReader = (buffer: Uint8Array, start: number, end: number, names: Uint8Array, name: number) => void;

/**
 * A UDP socket that moves up to 64 datagrams with one system call, each way, and makes nothing for any of them. What is sent leaves at the end
 * of the turn, or when a batch is full. Linux on 64 bits, by koffi.
 */
export class BatchedUdp {
  readonly #in: Batch;
  readonly #out: Batch;
  #waiting = 0;
  #scheduled = false;
  #open = true;
  /** Datagrams that the system did not take. */
  dropped = 0;
  readonly #flushLater = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  private constructor(
    private readonly c: Libc,
    private readonly fd: number,
    private readonly size: number,
    private readonly received: DatagramReader,
  ) {
    const address = (buffer: Uint8Array): bigint => c.address(buffer);
    this.#in = new Batch(size, address);
    this.#out = new Batch(size, address);
    reactor(c).add(fd, () => this.#drain());
  }

  /** Binds a socket for datagrams of up to `size` octets. Rejects with a `UsageError` (`NATIVE_MISSING`, `PORT_IN_USE`, `ADDRESS_UNAVAILABLE`). */
  static async open(address: string, port: number, size: number, received: DatagramReader): Promise<BatchedUdp> {
    const c = await libc('batched datagrams');
    const ipv6 = address.includes(':');
    const fd = c.socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const name = socketName(address, port);
    const set = (level: number, option: number, value: number): number => {
      const octets = Buffer.alloc(4);
      octets.writeInt32LE(value);
      return c.setsockopt(fd, level, option, octets, 4);
    };
    if (ipv6) set(IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (set(SOL_SOCKET, SO_RCVBUFFORCE, receiveBuffer) < 0) set(SOL_SOCKET, SO_RCVBUF, receiveBuffer);
    if (set(SOL_SOCKET, SO_SNDBUFFORCE, receiveBuffer) < 0) set(SOL_SOCKET, SO_SNDBUF, receiveBuffer);
    if (c.bind(fd, name, name.length) < 0) {
      const code = c.errno();
      c.close(fd);
      const where = `UDP ${address} port ${port}`;
      throw code === EADDRINUSE
        ? new UsageError('PORT_IN_USE', `cannot receive on ${where}: the port is in use`)
        : new UsageError('ADDRESS_UNAVAILABLE', `cannot receive on ${where}: error ${code}`);
    }
    return new BatchedUdp(c, fd, size, received);
  }

  /** Where the next datagram is to be written, in {@link BatchedUdp.buffer}; {@link BatchedUdp.sent} sends it. */
  next(): number {
    if (this.#waiting === BATCH) this.flush();
    return this.#waiting * this.size;
  }
  get buffer(): Uint8Array {
    return this.#out.octets;
  }
  /** The datagram at {@link BatchedUdp.next} is `length` octets long and goes to `name`, of {@link socketName}. */
  sent(length: number, name: Uint8Array): void {
    if (!this.#open) return;
    this.#out.address(this.#waiting, name, length);
    this.#waiting++;
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#flushLater);
  }

  flush(): void {
    const count = this.#waiting;
    this.#waiting = 0;
    if (count === 0 || !this.#open) return;
    const taken = this.c.sendmmsg(this.fd, this.#out.headers, count, MSG_DONTWAIT);
    // A socket that is full takes nothing more; what is left is lost, as on a wire.
    this.dropped += count - Math.max(0, taken);
  }

  close(): void {
    if (!this.#open) return;
    this.flush();
    this.#open = false;
    reactor(this.c).remove(this.fd);
    this.c.close(this.fd);
  }

  #drain(): void {
    const { headers, octets, names, view } = this.#in;
    const count = this.c.recvmmsg(this.fd, headers, BATCH, MSG_DONTWAIT, null);
    for (let i = 0; i < count && this.#open; i++) {
      const start = i * this.size;
      this.received(octets, start, start + view.getUint32(i * HEADER + At.length, true), names, i * NAME);
      // The kernel writes the length of the name that it put there.
      view.setUint32(i * HEADER + At.nameLength, NAME, true);
    }
    this.flush();
  }
}

/** Room for a batch: octets, names, and the structures that point to them. */
class Batch {
  readonly octets: Uint8Array;
  readonly names = new Uint8Array(NAME * BATCH);
  readonly headers = new Uint8Array(HEADER * BATCH);
  readonly view = new DataView(this.headers.buffer);
  readonly #vectors = new Uint8Array(16 * BATCH);
  readonly #vectorView = new DataView(this.#vectors.buffer);

  constructor(size: number, address: (buffer: Uint8Array) => bigint) {
    this.octets = new Uint8Array(size * BATCH);
    const [octets, names, vectors] = [address(this.octets), address(this.names), address(this.#vectors)];
    for (let i = 0; i < BATCH; i++) {
      this.#vectorView.setBigUint64(16 * i, octets + BigInt(size * i), true);
      this.#vectorView.setBigUint64(16 * i + 8, BigInt(size), true);
      this.view.setBigUint64(HEADER * i + At.name, names + BigInt(NAME * i), true);
      this.view.setUint32(HEADER * i + At.nameLength, NAME, true);
      this.view.setBigUint64(HEADER * i + At.vector, vectors + BigInt(16 * i), true);
      this.view.setBigUint64(HEADER * i + At.vectors, 1n, true);
    }
  }

  /** Slot `i` holds `length` octets for `name`. */
  address(i: number, name: Uint8Array, length: number): void {
    for (let at = 0; at < name.length; at++) this.names[NAME * i + at] = name[at] ?? 0;
    this.view.setUint32(HEADER * i + At.nameLength, name.length, true);
    this.#vectorView.setUint32(16 * i + 8, length, true);
  }
}

/** A `sockaddr` of Linux. */
export function socketName(address: string, port: number): Uint8Array {
  const octets = parseAddress(address);
  const ipv6 = octets.length === 16;
  const name = Buffer.alloc(ipv6 ? NAME : 16);
  name.writeUInt16LE(ipv6 ? AF_INET6 : AF_INET, 0);
  name.writeUInt16BE(port, 2);
  name.set(octets, ipv6 ? 8 : 4);
  return name;
}

/** Octets of the address in a `sockaddr` at `at`: where they begin, and how many there are. */
export const nameAddress = (names: Uint8Array, at: number): number => at + (names[at] === AF_INET6 ? 8 : 4);
export const nameSize = (names: Uint8Array, at: number): number => (names[at] === AF_INET6 ? 16 : 4);
