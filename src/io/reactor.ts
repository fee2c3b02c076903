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
 * Says when descriptors that Node does not know have something to read. One thread of libuv's pool waits for all of them, however many:
 * a thread for each would soon leave none for files.
 */
export class Reactor {
  readonly #epoll: number;
  /** What is written to it ends the waiting. */
  readonly #wake: number;
  readonly #readable = new Map<number, () => void>();
  readonly #events = new Uint8Array(EVENT * MOST);
  #running = false;

  constructor(private readonly c: Libc) {
    this.#epoll = c.epollCreate(CLOEXEC);
    this.#wake = c.eventfd(0, CLOEXEC | NONBLOCK);
    if (this.#epoll < 0 || this.#wake < 0) throw new Error(`no epoll: errno ${c.errno()}`);
    this.#control(EPOLL_CTL_ADD, this.#wake);
  }

  /** Calls `readable` while there is something to read. The process goes on as long as one is watched. */
  add(fd: number, readable: () => void): void {
    this.#readable.set(fd, readable);
    this.#control(EPOLL_CTL_ADD, fd);
    if (this.#running) return;
    this.#running = true;
    this.#turn();
  }

  /** Watches it no longer; to be called before it is closed. */
  remove(fd: number): void {
    if (!this.#readable.delete(fd)) return;
    this.#control(EPOLL_CTL_DEL, fd);
    if (this.#readable.size === 0) this.c.write(this.#wake, new Uint8Array(BigUint64Array.of(1n).buffer), 8);
  }

  #control(operation: number, fd: number): void {
    const event = new DataView(new ArrayBuffer(EVENT));
    event.setUint32(0, EPOLLIN, true);
    event.setInt32(DATA, fd, true);
    if (this.c.epollControl(this.#epoll, operation, fd, new Uint8Array(event.buffer)) < 0)
      throw new Error(`epoll: errno ${this.c.errno()}`);
  }

  /** Takes what is there, and goes to the other thread only when there is nothing. */
  #turn(): void {
    if (this.#readable.size === 0) {
      this.#running = false;
      return;
    }
    const ready = this.c.epollWait(this.#epoll, this.#events, MOST, 0);
    if (ready > 0) {
      this.#tell(ready);
      setImmediate(() => this.#turn());
      return;
    }
    this.c.epollWaiting(this.#epoll, this.#events, MOST, -1, (_failed, waited) => {
      this.#tell(waited);
      this.#turn();
    });
  }

  #tell(ready: number): void {
    const view = new DataView(this.#events.buffer);
    for (let i = 0; i < ready; i++) {
      const fd = view.getInt32(i * EVENT + DATA, true);
      if (fd === this.#wake) this.c.read(fd, new Uint8Array(8), 8);
      else this.#readable.get(fd)?.();
    }
  }
}

let shared: Reactor | undefined;

/** The one of this process. */
export function reactor(c: Libc): Reactor {
  shared ??= new Reactor(c);
  return shared;
}
