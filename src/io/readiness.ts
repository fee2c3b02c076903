import { type PacketCalls, packetCalls } from './packet-calls.js';

/** linux/eventpoll.h, sys/eventfd.h */
const ADD = 1;
const REMOVE = 2;
const IN = 1;
const CLOEXEC = 0x80000;
const NONBLOCK = 0x800;
/** Octets of a `struct epoll_event`: packed on x86, aligned elsewhere. */
const PACKED = process.arch === 'x64' || process.arch === 'ia32';
const EVENT = PACKED ? 12 : 16;
const DATA = PACKED ? 4 : 8;
const EVENTS = 64;

/**
 * Tells which descriptors can be read, for TAP devices and batched sockets together: one wait on one thread of libuv's pool, however many
 * there are (a wait for each would take the whole pool from files and names). While there is much to read nobody waits, and the event
 * loop gets its turn in between.
 */
export class Readiness {
  static #one: Promise<Readiness> | undefined;

  /** The process's own. Rejects with a `UsageError` (`NATIVE_MISSING`). */
  static async open(wanted: string): Promise<Readiness> {
    const calls = await packetCalls(wanted);
    Readiness.#one ??= Promise.resolve(new Readiness(calls));
    return Readiness.#one;
  }

  readonly #readers = new Map<number, () => void>();
  readonly #events = Buffer.alloc(EVENT * EVENTS);
  readonly #wakeup = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  #epoll = -1;
  #waker = -1;
  readonly #look = (): void => this.#dispatch(this.calls.epollWait(this.#epoll, this.#events, EVENTS, 0));

  private constructor(readonly calls: PacketCalls) {}

  /** From now on `read` is called while there is something to read: it takes what it will, a bounded part. */
  add(fd: number, read: () => void): void {
    const first = this.#epoll < 0;
    if (first) {
      this.#epoll = this.calls.epollCreate(CLOEXEC);
      this.#waker = this.calls.eventfd(0, CLOEXEC | NONBLOCK);
      this.#control(ADD, this.#waker);
    }
    this.#readers.set(fd, read);
    this.#control(ADD, fd);
    if (first) this.#look();
  }

  /** Before the descriptor is closed. */
  remove(fd: number): void {
    if (!this.#readers.delete(fd)) return;
    this.#control(REMOVE, fd);
    // The wait keeps the process alive: it ends with the last descriptor.
    if (this.#readers.size === 0) this.calls.write(this.#waker, this.#wakeup, 8);
  }

  #control(operation: number, fd: number): void {
    const event = Buffer.alloc(EVENT);
    event.writeUInt32LE(IN, 0);
    event.writeInt32LE(fd, DATA);
    this.calls.epollControl(this.#epoll, operation, fd, event);
  }

  #dispatch(count: number): void {
    for (let i = 0; i < count; i++) this.#readers.get(this.#events.readInt32LE(i * EVENT + DATA))?.();
    if (this.#readers.size === 0) {
      this.calls.libc.close(this.#epoll);
      this.calls.libc.close(this.#waker);
      this.#epoll = -1;
      return;
    }
    if (count > 0) setImmediate(this.#look);
    else this.calls.epollWaitAsync(this.#epoll, this.#events, EVENTS, -1, (_error, ready) => this.#dispatch(ready));
  }
}
