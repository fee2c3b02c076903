import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Cancel, Clock, Millis } from '../lib/clock.js';
import type { Libc } from './libc.js';

const CLOCK_MONOTONIC = 1;
const NONBLOCK = 0o4000;
const CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
/** `struct epoll_event` on x86-64 is packed, elsewhere it is not. */
const EVENT = process.arch === 'x64' ? 12 : 16;
const EVENT_DATA = EVENT - 8;
const EVENTS = 256;
/** Looks at the sockets before timers have their turn, whatever comes meanwhile. */
const LOOKS = 64;
/** Longest wait, milliseconds: a process that ends waits no longer for this thread. */
const LONGEST = 100;

/**
 * The event loop of the thread that BFD runs on: one wait of the kernel's for datagrams, for messages of the main thread, and for a
 * deadline in nanoseconds, which Node's own timers round up to the next millisecond and then some.
 *
 * In each turn datagrams come first: what waits in a socket was there before a timer that fell due meanwhile, and speaks against it.
 */
export class BfdLoop implements Clock {
  readonly #epoll: number;
  readonly #timer: number;
  /** Written to, it ends the wait: there is a message. */
  readonly wake: number;
  readonly #readers = new Map<number, () => void>();
  readonly #events = Buffer.alloc(EVENT * EVENTS);
  readonly #eight = new Uint8Array(8);
  /** `struct itimerspec`: an interval of none, then the time. */
  readonly #time = new BigInt64Array(4);
  #appointments: { readonly at: Millis; readonly call: () => void }[] = [];
  #deferred: (() => void)[] = [];
  #armed: Millis | undefined;
  #over = false;

  constructor(private readonly c: Libc) {
    this.#epoll = c.epollCreate(CLOEXEC);
    this.#timer = c.timerCreate(CLOCK_MONOTONIC, NONBLOCK | CLOEXEC);
    this.wake = c.eventfd(0, NONBLOCK | CLOEXEC);
    if (this.#epoll < 0 || this.#timer < 0 || this.wake < 0) throw new Error(`no epoll, timer or event descriptor: errno ${c.errno()}`);
    this.add(this.#timer, () => this.#drain(this.#timer));
    this.add(this.wake, () => this.#drain(this.wake));
  }

  now(): Millis {
    return performance.timeOrigin + performance.now();
  }

  at(when: Millis, call: () => void): Cancel {
    const appointment = { at: when, call };
    // One or two at a time: all sessions share one heap of timers.
    const place = this.#appointments.findIndex(({ at }) => at > when);
    if (place < 0) this.#appointments.push(appointment);
    else this.#appointments.splice(place, 0, appointment);
    return () => {
      this.#appointments = this.#appointments.filter((other) => other !== appointment);
    };
  }

  defer(call: () => void): Cancel {
    this.#deferred.push(call);
    return () => {
      this.#deferred = this.#deferred.filter((other) => other !== call);
    };
  }

  /** From now on calls back while there is something to read. */
  add(fd: number, read: () => void): void {
    this.#readers.set(fd, read);
    this.#control(EPOLL_CTL_ADD, fd);
  }
  remove(fd: number): void {
    this.#readers.delete(fd);
    this.#control(EPOLL_CTL_DEL, fd);
  }

  /**
   * Runs until {@link BfdLoop.end}.
   *
   * @param hear - Gets what comes by the port.
   * @param turned - Told after each turn how long it has worked, without the wait, and the time.
   */
  run(port: MessagePort, hear: (message: unknown) => void, turned: (worked: Millis, now: Millis) => void): void {
    while (!this.#over) {
      const first = this.#appointments[0];
      if (first) this.#arm(first.at);
      let count = this.#look(this.#deferred.length > 0 ? 0 : LONGEST);
      const woken = this.now();
      // All of them: one that was not read yet must not be held against its neighbour.
      for (let looks = 1; count === EVENTS && looks < LOOKS; looks++) count = this.#look(0);
      for (let mail = receiveMessageOnPort(port); mail; mail = receiveMessageOnPort(port)) hear(mail.message);
      for (const call of this.#deferred.splice(0)) call();
      const now = this.now();
      for (let due = this.#appointments[0]; due && due.at <= now; due = this.#appointments[0]) {
        this.#appointments.shift();
        due.call();
      }
      const end = this.now();
      turned(end - woken, end);
    }
    for (const fd of [this.#timer, this.wake, this.#epoll]) this.c.close(fd);
  }

  end(): void {
    this.#over = true;
  }

  /** Reads what is ready, after a wait of up to so many milliseconds. How many were. */
  #look(wait: number): number {
    const count = this.c.epollWait(this.#epoll, this.#events, EVENTS, wait);
    for (let i = 0; i < count; i++) this.#readers.get(this.#events.readInt32LE(i * EVENT + EVENT_DATA))?.();
    return count;
  }

  #arm(at: Millis): void {
    if (this.#armed === at) return;
    this.#armed = at;
    // Relative, as the clock of the appointments is Node's; a time of zero would disarm it.
    const nanoseconds = BigInt(Math.max(1, Math.ceil((at - this.now()) * 1e6)));
    this.#time[2] = nanoseconds / 1_000_000_000n;
    this.#time[3] = nanoseconds % 1_000_000_000n;
    this.c.timerSet(this.#timer, 0, this.#time, null);
  }

  #drain(fd: number): void {
    this.c.read(fd, this.#eight, 8);
    if (fd === this.#timer) this.#armed = undefined;
  }

  #control(operation: number, fd: number): void {
    const event = Buffer.alloc(EVENT);
    event.writeUInt32LE(EPOLLIN, 0);
    event.writeInt32LE(fd, EVENT_DATA);
    if (this.c.epollControl(this.#epoll, operation, fd, event) < 0) throw new Error(`epoll: errno ${this.c.errno()}`);
  }
}
