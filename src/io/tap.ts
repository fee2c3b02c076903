import { closeSync, constants, openSync } from 'node:fs';
import { UsageError } from '../lib/errors.js';
import { mtuOf, type PortConfig } from '../stack/config.js';
import type { FrameReceiver, Port, PortCounters } from '../stack/port.js';
import { type Libc, libc } from './libc.js';
import { reactor } from './reactor.js';

/** linux/if_tun.h. */
const TUNSETIFF = 0x400454ca;
const IFF_TAP = 2;
const IFF_NO_PI = 0x1000;
/** errno: why a device cannot be had. */
const EPERM = 1;
const EBUSY = 16;
const EINVAL = 22;
/** The device is no more: somebody deleted it, or the namespace that it was in. */
const EBADFD = 77;
/** Frames taken before others have their turn. */
const BATCH = 64;

/**
 * A TAP device of the host: the guest is the kernel, or whoever it is bridged to. One that is deleted is made again when the port is opened again.
 *
 * @internal
 */
export class TapPort implements Port {
  readonly mtu: number;
  readonly counters: PortCounters = { received: 0, sent: 0, dropped: 0 };
  #receiver: FrameReceiver | undefined;
  #open = true;
  readonly #in: Uint8Array;
  readonly #out: Uint8Array;

  private constructor(
    private readonly c: Libc,
    private readonly fd: number,
    mtu: number,
  ) {
    this.mtu = mtu;
    this.#in = new Uint8Array(mtu + 64);
    this.#out = new Uint8Array(mtu + 64);
    reactor(c).add(fd, () => this.#drain());
  }

  static async open(config: PortConfig): Promise<TapPort> {
    const device = config.device ?? '';
    if (process.platform !== 'linux') throw new UsageError('DEVICE_UNAVAILABLE', `TAP ports are for Linux, not ${process.platform}`);
    const fault = nameFault(device);
    if (fault !== undefined) throw new UsageError('DEVICE_UNAVAILABLE', `cannot make TAP device ${device}: ${fault}`);
    const c = await libc('a TAP port');
    let fd: number;
    try {
      fd = openSync('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK);
    } catch (error) {
      throw new UsageError('DEVICE_UNAVAILABLE', `cannot open TAP device ${device}: ${(error as Error).message}`);
    }
    const request = Buffer.alloc(40);
    request.write(device, 0);
    request.writeInt16LE(IFF_TAP | IFF_NO_PI, 16);
    if (c.ioctl(fd, TUNSETIFF, request) < 0) {
      const why = wordsOf(c.errno());
      closeSync(fd);
      throw new UsageError('DEVICE_UNAVAILABLE', `cannot make TAP device ${device}: ${why}`);
    }
    return new TapPort(c, fd, mtuOf(config));
  }

  listen(receiver: FrameReceiver | undefined): void {
    this.#receiver = receiver;
  }

  send(buffer: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (!this.#open || length > this.#out.length) {
      this.counters.dropped++;
      return;
    }
    let from = buffer;
    if (start !== 0) {
      from = this.#out;
      from.set(buffer.subarray(start, end));
    }
    if (this.c.write(this.fd, from, length) === length) this.counters.sent++;
    else this.counters.dropped++;
  }

  close(): Promise<void> {
    if (this.#open) {
      this.#open = false;
      reactor(this.c).remove(this.fd);
      closeSync(this.fd);
    }
    return Promise.resolve();
  }

  #drain(): void {
    for (let i = 0; i < BATCH && this.#open; i++) {
      const length = this.c.read(this.fd, this.#in, this.#in.length);
      if (length <= 0) {
        // It would be told as readable for ever.
        if (length < 0 && this.c.errno() === EBADFD) reactor(this.c).remove(this.fd);
        return;
      }
      this.counters.received++;
      this.#receiver?.(this.#in, 0, length);
    }
  }
}

/** Why no device of Linux can have a name, if none can. The system would cut it short, or make one of its own of it, without a word. */
function nameFault(name: string): string | undefined {
  const length = Buffer.byteLength(name);
  if (length === 0 || length > 15) return `the name of a device has 1 to 15 octets, and this has ${length}`;
  const [wrong] = /[\s/:%]/.exec(name) ?? [];
  if (wrong !== undefined || name === '.' || name === '..') return `the name of a device has no ${JSON.stringify(wrong ?? name)}`;
  return undefined;
}

function wordsOf(errno: number): string {
  switch (errno) {
    case EPERM:
      return 'CAP_NET_ADMIN is missing, or it is of another user';
    case EBUSY:
      return 'it is in use';
    case EINVAL:
      return 'what has that name is another kind of device, or a TAP device of several queues';
    default:
      return `errno ${errno}`;
  }
}
