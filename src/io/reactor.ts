import type { Libc } from './libc.js';

const CLOEXEC = 0o2000000;
const NONBLOCK = 0o4000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
/** `struct epoll_event`, which is packed on x86-64 alone. */
const EVENT = process.arch === 'x64' ? 12 : 16;
const DATA = EVENT - 8;
/** Descriptors told at once. */
const MOST = 64;

/**
 * Says when descriptors that Node does not know have something to read: TAP devices, batched and raw sockets. One thread of libuv's pool
 * waits for all of them, however many: a thread for each would soon leave none for files. While there is something to read nobody waits,
 * and the event loop has its turn in between. What it holds of the system goes with the last descriptor.
 */
export class Reactor {
  #epoll = -1;
  /** What is written to it ends the waiting. */
  #wake = -1;
  readonly #readable = new Map<number, () => void>();
  readonly #events = new Uint8Array(EVENT * MOST);
  readonly #view = new DataView(this.#events.buffer);
  readonly #count = new Uint8Array(BigUint64Array.of(1n).buffer);
  readonly #turn = (): void => this.#took(this.c.epollWait(this.#epoll, this.#events, MOST, 0), true);
  readonly #waited = (_failed: unknown, ready: number): void => this.#took(ready, false);

  constructor(private readonly c: Libc) {}

  /** Calls `readable` while there is something to read; it takes a bounded part. The process goes on as long as one is watched. */
  add(fd: number, readable: () => void): void {
    const first = this.#epoll < 0;
    if (first) {
      this.#epoll = this.c.epollCreate(CLOEXEC);
      this.#wake = this.c.eventfd(0, CLOEXEC | NONBLOCK);
      if (this.#epoll < 0 || this.#wake < 0) throw new Error(`no epoll: errno ${this.c.errno()}`);
      this.#control(EPOLL_CTL_ADD, this.#wake);
    }
    this.#readable.set(fd, readable);
    this.#control(EPOLL_CTL_ADD, fd);
    if (first) this.#turn();
  }

  /** Watches it no longer; to be called before it is closed. */
  remove(fd: number): void {
    if (!this.#readable.delete(fd)) return;
    this.#control(EPOLL_CTL_DEL, fd);
    if (this.#readable.size === 0) this.c.write(this.#wake, this.#count, 8);
  }

  #control(operation: number, fd: number): void {
    const event = new DataView(new ArrayBuffer(EVENT));
    event.setUint32(0, EPOLLIN, true);
    event.setInt32(DATA, fd, true);
    if (this.c.epollControl(this.#epoll, operation, fd, new Uint8Array(event.buffer)) < 0)
      throw new Error(`epoll: errno ${this.c.errno()}`);
  }

  /** Takes what is there; the other thread waits only when there was nothing `now`. */
  #took(ready: number, now: boolean): void {
    for (let i = 0; i < ready; i++) {
      const fd = this.#view.getInt32(i * EVENT + DATA, true);
      if (fd === this.#wake) this.c.read(fd, new Uint8Array(8), 8);
      else this.#readable.get(fd)?.();
    }
    if (this.#readable.size === 0) {
      this.c.close(this.#epoll);
      this.c.close(this.#wake);
      this.#epoll = -1;
    } else if (ready > 0 || !now) setImmediate(this.#turn);
    else this.c.epollWaiting(this.#epoll, this.#events, MOST, -1, this.#waited);
  }
}

let shared: Reactor | undefined;

/** The one of this process. */
export function reactor(c: Libc): Reactor {
  shared ??= new Reactor(c);
  return shared;
}
