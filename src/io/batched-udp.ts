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
/** linux/udp.h: what is sent leaves as datagrams of so many octets. */
export const SOL_UDP = 17;
const UDP_SEGMENT = 103;
/** The same: datagrams without a checksum are taken over IPv6 too. */
export const UDP_NO_CHECK6_RX = 102;
/** Octets that one message may have, for datagrams of their own below the 64 KB of an IP packet. */
const MOST_OCTETS = 65_000;
const MSG_DONTWAIT = 0x40;
const EIO = 5;
const EAGAIN = 11;
const EINVAL = 22;
const EMSGSIZE = 90;
const EADDRINUSE = 98;

/** Datagrams of one call, and of one turn. */
const BATCH = 64;
/** Octets taken in by one call: what was received is sent next, and should be found in the processor's own cache then. */
const CACHED = 512 << 10;
/** Datagrams of one call, however large they may be. */
const LEAST = 8;
/** Octets of a `struct mmsghdr`, and where its fields are, on 64-bit Linux; of a `struct iovec`, and of a `struct cmsghdr` with two octets. */
const HEADER = 64;
const At = { name: 0, nameLength: 8, vector: 16, vectors: 24, control: 32, controlLength: 40, length: 56 } as const;
const NAME = 28;
const VECTOR = 16;
const CONTROL = 24;
const SIGN = 1 << 31;

/** Where those structures are so: Linux on 64 bits, the low octet first. */
const LAYOUT: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64'];
const WANTED = 'batched datagrams';

/** The calls that it takes. Rejects with a `UsageError` (`NATIVE_MISSING`) where they cannot be had. */
export function needBatch(): Promise<Libc> {
  if (process.platform === 'linux' && !LAYOUT.includes(process.arch))
    return Promise.reject(new UsageError('NATIVE_MISSING', `${WANTED} take Linux on 64 bits: this is ${process.arch}`));
  return libc(WANTED);
}

/** Whether they can be had, and their waiting leaves libuv's pool a thread for files ({@link reactor}). */
export async function mayBatch(): Promise<boolean> {
  if (process.env.UV_THREADPOOL_SIZE === '1') return false;
  return needBatch().then(
    () => true,
    () => false,
  );
}

/** Takes a datagram: `[start, end)` of `buffer`, and its sender's `sockaddr` at `name` of `names`. Good during the call. */
export type DatagramReader = (buffer: Uint8Array, start: number, end: number, names: Uint8Array, name: number) => void;

/**
 * A UDP socket that moves up to 64 datagrams with one system call, each way, and makes nothing for any of them. What is sent leaves at the end
 * of the turn, or when a batch is full, and from where it was received if it can; neighbours in it of one size and destination pass the
 * kernel as one message, which it cuts up as late as it can (UDP_SEGMENT). Linux on 64 bits, by koffi.
 */
export class BatchedUdp {
  #in: InBatch;
  #out: OutBatch;
  #waiting = 0;
  /** Where the datagram begins that is being read, until it has left; else -1. */
  #reading = -1;
  #scheduled = false;
  #open = true;
  #segmenting = true;
  /** Datagrams that the system did not take. */
  dropped = 0;
  readonly #flushLater = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  private constructor(
    private readonly c: Libc,
    private readonly fd: number,
    private size: number,
    private readonly reader: DatagramReader,
  ) {
    this.#in = new InBatch(size, c);
    this.#out = new OutBatch(size, c);
    reactor(c).add(fd, () => this.#drain());
  }

  /** Binds a socket for datagrams of up to `size` octets. Rejects with a `UsageError` (`NATIVE_MISSING`, `PORT_IN_USE`, `ADDRESS_UNAVAILABLE`). */
  static async open(address: string, port: number, size: number, received: DatagramReader): Promise<BatchedUdp> {
    const c = await needBatch();
    const ipv6 = address.includes(':');
    const fd = c.socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const name = socketName(address, port);
    const set = (level: number, option: number, value: number): number => {
      const octets = Buffer.alloc(4);
      octets.writeInt32LE(value);
      return c.setsockopt(fd, level, option, octets, 4);
    };
    if (ipv6) {
      set(IPPROTO_IPV6, IPV6_V6ONLY, 1);
      set(SOL_UDP, UDP_NO_CHECK6_RX, 1);
    }
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

  /** From now on also for datagrams of up to `size` octets. Not to be called while one is read. */
  widen(size: number): void {
    if (!this.#open || size <= this.size) return;
    this.flush();
    this.size = size;
    this.#in = new InBatch(size, this.c);
    this.#out = new OutBatch(size, this.c);
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
    this.#out.put(this.#waiting, length, name);
    this.#waiting++;
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#flushLater);
  }

  /** Whether `at` of `buffer` is of the datagram that is being read, which has not left yet: it may by {@link BatchedUdp.sentAsReceived}. */
  mayLeave(buffer: Uint8Array, at: number): boolean {
    return this.#reading >= 0 && at >= this.#reading && buffer === this.#in.octets;
  }
  /**
   * The datagram that is being read leaves from where it is, uncopied: `length` octets from `at` on, to `name`. They are not to be changed any
   * more.
   */
  sentAsReceived(at: number, length: number, name: Uint8Array): void {
    if (!this.#open) return;
    this.#reading = -1;
    if (this.#waiting === BATCH) this.flush();
    const slot = this.#waiting;
    this.sent(length, name);
    this.#out.point(slot, this.#in, at);
  }

  flush(): void {
    const count = this.#waiting;
    this.#waiting = 0;
    if (!this.#open) return;
    const out = this.#out;
    for (let from = 0; from < count; ) {
      const messages = out.arrange(from, count, this.#segmenting);
      const taken = this.c.sendmmsg(this.fd, out.headers, messages, MSG_DONTWAIT);
      if (taken >= messages) return;
      // The call ends at the first message that is not taken; it says why when that is the first of all.
      if (taken > 0) from = out.first[taken] ?? count;
      else {
        const error = this.c.errno();
        const next = messages > 1 ? (out.first[1] ?? count) : count;
        const refused = error === EINVAL || error === EIO || error === EMSGSIZE;
        if (error === EAGAIN) {
          // The socket is full: what is left is lost, as on a wire.
          this.dropped += count - from;
          return;
        }
        // A path too narrow for its size, or a device that computes no checksums: from now on each by itself.
        if (refused && next - from > 1) this.#segmenting = false;
        else {
          this.dropped += next - from;
          from = next;
        }
      }
    }
  }

  close(): void {
    if (!this.#open) return;
    this.flush();
    this.#open = false;
    reactor(this.c).remove(this.fd);
    this.c.close(this.fd);
  }

  /** As many as there are, but for what would be a long turn. */
  #drain(): void {
    for (let left = BATCH; left > 0 && this.#open; left -= this.#in.slots) if (this.#receive() < this.#in.slots) return;
  }

  #receive(): number {
    const { headers, octets, names, view, slots } = this.#in;
    const count = this.c.recvmmsg(this.fd, headers, slots, MSG_DONTWAIT, null);
    for (let i = 0; i < count && this.#open; i++) {
      const start = i * this.size;
      this.#reading = start;
      this.reader(octets, start, start + view.getUint32(i * HEADER + At.length, true), names, i * NAME);
      // The kernel writes the length of the name that it put there.
      view.setUint32(i * HEADER + At.nameLength, NAME, true);
    }
    this.#reading = -1;
    // Before the next batch: some of what is sent lies where it was received.
    this.flush();
    return count;
  }
}

/** Room for a batch: a slot for each datagram, and the structures by which the kernel finds them. */
abstract class Batch {
  readonly octets: Uint8Array;
  readonly names: Uint8Array;
  readonly headers: Uint8Array;
  readonly view: DataView;
  protected readonly vectors: DataView;
  /** Where the vector of the first slot is. */
  protected readonly firstVector: bigint;
  /** The address of the first slot, in halves, with signs: what does not fit 32 bits so would be an object. */
  readonly address: Int32Array;
  readonly #words: Int32Array;

  constructor(
    protected readonly size: number,
    readonly slots: number,
    c: Libc,
  ) {
    this.octets = new Uint8Array(size * slots);
    this.names = new Uint8Array(NAME * slots);
    this.headers = new Uint8Array(HEADER * slots);
    this.view = new DataView(this.headers.buffer);
    this.vectors = new DataView(new ArrayBuffer(VECTOR * slots));
    this.#words = new Int32Array(this.vectors.buffer);
    const [octets, names] = [c.address(this.octets), c.address(this.names)];
    this.address = new Int32Array(BigUint64Array.of(octets).buffer);
    this.firstVector = c.address(new Uint8Array(this.vectors.buffer));
    for (let i = 0; i < slots; i++) {
      this.vectors.setBigUint64(VECTOR * i, octets + BigInt(size * i), true);
      this.vectors.setBigUint64(VECTOR * i + 8, BigInt(size), true);
      this.view.setBigUint64(HEADER * i + At.name, names + BigInt(NAME * i), true);
      this.view.setUint32(HEADER * i + At.nameLength, NAME, true);
    }
  }

  /** What slot `i` sends lies at `at` of a batch. */
  point(i: number, batch: Batch, at: number): void {
    const low = batch.address[0] ?? 0;
    const high = batch.address[1] ?? 0;
    const lower = (low + at) | 0;
    this.#words[4 * i] = lower;
    // A carry: the sum is less than what was added to, both without signs.
    this.#words[4 * i + 1] = (lower ^ SIGN) < (low ^ SIGN) ? (high + 1) | 0 : high;
  }
}

/** What is received: a message is a slot. */
class InBatch extends Batch {
  constructor(size: number, c: Libc) {
    super(size, Math.min(BATCH, Math.max(LEAST, Math.floor(CACHED / size))), c);
    for (let i = 0; i < this.slots; i++) {
      this.view.setBigUint64(HEADER * i + At.vector, this.firstVector + BigInt(VECTOR * i), true);
      this.view.setUint32(HEADER * i + At.vectors, 1, true);
    }
  }
}

/** What is sent: a message is one slot, or several next to each other. */
class OutBatch extends Batch {
  /** First slot of each message. */
  readonly first = new Uint8Array(BATCH);
  readonly #lengths = new Uint32Array(BATCH);
  readonly #to: Uint8Array[] = Array.from({ length: BATCH }, () => new Uint8Array(0));
  readonly #controls = new DataView(new ArrayBuffer(CONTROL * BATCH));
  /** The addresses of the slots' vectors, in halves. */
  readonly #addresses = new Uint32Array(2 * BATCH);

  constructor(size: number, c: Libc) {
    super(size, BATCH, c);
    const controls = c.address(new Uint8Array(this.#controls.buffer));
    for (let i = 0; i < BATCH; i++) {
      const vector = this.firstVector + BigInt(VECTOR * i);
      this.#addresses[2 * i] = Number(vector & 0xffff_ffffn);
      this.#addresses[2 * i + 1] = Number(vector >> 32n);
      this.view.setBigUint64(HEADER * i + At.control, controls + BigInt(CONTROL * i), true);
      this.#controls.setUint32(CONTROL * i, 16 + 2, true);
      this.#controls.setUint32(CONTROL * i + 8, SOL_UDP, true);
      this.#controls.setUint32(CONTROL * i + 12, UDP_SEGMENT, true);
    }
  }

  /** Slot `i` holds `length` octets for `name`, which stays as it is. */
  put(i: number, length: number, name: Uint8Array): void {
    this.#lengths[i] = length;
    this.#to[i] = name;
    this.vectors.setUint32(VECTOR * i + 8, length, true);
    this.point(i, this, i * this.size);
  }

  /** Makes messages of the slots `[from, count)`, of several each where that is wanted and can be: all of one length, but for the last. */
  arrange(from: number, count: number, several: boolean): number {
    let messages = 0;
    for (let i = from; i < count; messages++) {
      const name = this.#to[i] as Uint8Array; // filled to `count`
      const length = this.#lengths[i] ?? 0;
      const begin = i++;
      let octets = length;
      while (several && i < count && this.#to[i] === name && this.#lengths[i - 1] === length) {
        const next = this.#lengths[i] ?? 0;
        if (next > length || octets + next > MOST_OCTETS) break;
        octets += next;
        i++;
      }
      const header = HEADER * messages;
      this.first[messages] = begin;
      for (let at = 0; at < name.length; at++) this.names[NAME * messages + at] = name[at] ?? 0;
      this.view.setUint32(header + At.nameLength, name.length, true);
      this.view.setUint32(header + At.vector, this.#addresses[2 * begin] ?? 0, true);
      this.view.setUint32(header + At.vector + 4, this.#addresses[2 * begin + 1] ?? 0, true);
      this.view.setUint32(header + At.vectors, i - begin, true);
      this.view.setUint32(header + At.controlLength, i - begin > 1 ? CONTROL : 0, true);
      this.#controls.setUint16(CONTROL * messages + 16, length, true);
    }
    return messages;
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
