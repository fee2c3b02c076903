import { closeSync, constants, openSync } from 'node:fs';
import { UsageError } from '../lib/errors.js';
import type { PortConfig } from '../stack/config.js';
import type { FrameReceiver, Port, PortCounters } from '../stack/port.js';

/** linux/if_tun.h. */
const TUNSETIFF = 0x400454ca;
const IFF_TAP = 2;
const IFF_NO_PI = 0x1000;
const POLLIN = 1;
/** How long the kernel is waited for at a time, milliseconds: a port that closes waits no longer. */
const WAIT = 100;
/** Frames taken before others have their turn. */
const BATCH = 64;

/** What of libc is called. */
interface Libc {
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  read(fd: number, buffer: Uint8Array, length: number): number;
  write(fd: number, buffer: Uint8Array, length: number): number;
  /** Calls back from the event loop. */
  poll(fds: Uint8Array, timeout: number, done: () => void): void;
}

let loaded: Promise<Libc> | undefined;

async function loadLibc(): Promise<Libc> {
  let koffi: typeof import('koffi');
  try {
    koffi = (await import('koffi')).default as unknown as typeof import('koffi'); // CommonJS: its exports are the default
  } catch (error) {
    throw new UsageError('DEVICE_UNAVAILABLE', `a TAP port needs the package koffi, which cannot be loaded here: ${String(error)}`);
  }
  const lib = koffi.load('libc.so.6');
  const ioctl = lib.func('int ioctl(int fd, unsigned long request, _Inout_ void *argument)');
  const read = lib.func('intptr_t read(int fd, _Out_ void *buffer, uintptr_t length)');
  const write = lib.func('intptr_t write(int fd, const void *buffer, uintptr_t length)');
  const poll = lib.func('int poll(_Inout_ void *fds, unsigned long count, int timeout)');
  return {
    ioctl: (fd, request, argument) => ioctl(fd, request, argument) as number,
    read: (fd, buffer, length) => Number(read(fd, buffer, length)),
    write: (fd, buffer, length) => Number(write(fd, buffer, length)),
    poll: (fds, timeout, done) => void poll.async(fds, 1, timeout, done),
  };
}

/**
 * A TAP device of the host: the guest is the kernel, or whoever it is bridged to. One thread of libuv's pool waits for frames while
 * the port is open.
 *
 * @internal
 */
export class TapPort implements Port {
  readonly mtu: number;
  readonly counters: PortCounters = { received: 0, sent: 0, dropped: 0 };
  #receiver: FrameReceiver | undefined;
  #closing: (() => void) | undefined;
  #open = true;
  readonly #in: Uint8Array;
  readonly #out: Uint8Array;
  readonly #poll = Buffer.alloc(8);

  private constructor(
    private readonly libc: Libc,
    private readonly fd: number,
    mtu: number,
  ) {
    this.mtu = mtu;
    this.#in = new Uint8Array(mtu + 64);
    this.#out = new Uint8Array(mtu + 64);
    this.#poll.writeInt32LE(fd, 0);
    this.#poll.writeInt16LE(POLLIN, 4);
    this.#drain();
  }

  static async open(config: PortConfig): Promise<TapPort> {
    const device = config.device ?? '';
    if (process.platform !== 'linux') throw new UsageError('DEVICE_UNAVAILABLE', `TAP ports are for Linux, not ${process.platform}`);
    loaded ??= loadLibc();
    const libc = await loaded;
    let fd: number;
    try {
      fd = openSync('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK);
    } catch (error) {
      throw new UsageError('DEVICE_UNAVAILABLE', `cannot open TAP device ${device}: ${(error as Error).message}`);
    }
    const request = Buffer.alloc(40);
    request.write(device.slice(0, 15), 0);
    request.writeInt16LE(IFF_TAP | IFF_NO_PI, 16);
    if (libc.ioctl(fd, TUNSETIFF, request) < 0) {
      closeSync(fd);
      throw new UsageError('DEVICE_UNAVAILABLE', `cannot make TAP device ${device}: it is in use, or CAP_NET_ADMIN is missing`);
    }
    return new TapPort(libc, fd, config.mtu ?? 1500);
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
    if (this.libc.write(this.fd, from, length) === length) this.counters.sent++;
    else this.counters.dropped++;
  }

  close(): Promise<void> {
    if (!this.#open) return Promise.resolve();
    this.#open = false;
    return new Promise((resolve) => {
      this.#closing = resolve;
    });
  }

  /** Takes what is there, then waits for more on another thread. */
  #drain(): void {
    if (!this.#open) {
      closeSync(this.fd);
      this.#closing?.();
      return;
    }
    for (let i = 0; i < BATCH; i++) {
      const length = this.libc.read(this.fd, this.#in, this.#in.length);
      if (length <= 0) {
        this.libc.poll(this.#poll, WAIT, () => this.#drain());
        return;
      }
      this.counters.received++;
      this.#receiver?.(this.#in, 0, length);
    }
    setImmediate(() => this.#drain());
  }
}
