import type { Cancel, Clock, Millis } from './clock.js';

/** A machine's timers as plain data: when each is due, and nothing else. @internal */
export class Timers<Name extends string> {
  readonly #due = new Map<Name, Millis>();
  /** The earliest, where it is known; a machine may have thousands, and is asked for it after every event. */
  #next: Millis | undefined;

  start(name: Name, at: Millis): void {
    const before = this.#due.get(name);
    this.#due.set(name, at);
    if (this.#next === undefined) return;
    if (at <= this.#next) this.#next = at;
    else if (before === this.#next) this.#next = undefined;
  }
  stop(...names: readonly Name[]): void {
    for (const name of names) {
      if (this.#due.get(name) === this.#next) this.#next = undefined;
      this.#due.delete(name);
    }
  }
  stopAll(): void {
    this.#due.clear();
    this.#next = undefined;
  }
  running(name: Name): boolean {
    return this.#due.has(name);
  }
  /** When `name` is due, if it runs. */
  due(name: Name): Millis | undefined {
    return this.#due.get(name);
  }
  /** When to call back, if ever. */
  next(): Millis | undefined {
    if (this.#next === undefined) for (const at of this.#due.values()) if (this.#next === undefined || at < this.#next) this.#next = at;
    return this.#next;
  }
  /**
   * Removes and returns one timer due by `now`, earliest first.
   * One at a time, because what it sets off may stop another that is due in the same instant.
   */
  expire(now: Millis): Name | undefined {
    const next = this.next();
    if (next === undefined || next > now) return undefined;
    let first: Name | undefined;
    let at = Number.POSITIVE_INFINITY;
    for (const [name, due] of this.#due) {
      if (due <= now && due < at) {
        first = name;
        at = due;
      }
    }
    if (first !== undefined) this.stop(first);
    return first;
  }
}

/** Something that wants to be called at its deadline, which may move while it waits. @internal */
export interface Due {
  /** When it wants {@link Due.due}, if ever. */
  readonly deadline: Millis | undefined;
  /** Its time has come. */
  due(now: Millis): void;
}

/** Dead entries that a heap keeps without counting them against the others. */
const MOST_DEAD = 64;
/** Milliseconds after which a deadline is late. */
const LATE: Millis = 50;
/** In place of a timer while deadlines are looked at. */
const FIRING = { at: Number.NEGATIVE_INFINITY, cancel: (): void => {} };

/**
 * One heap of deadlines over one clock, shared by all machines. The clock's timer is set anew only when the earliest
 * deadline gets earlier or fires. A deadline that moved later (a hold timer that a message restarted) is noticed when its old
 * entry comes up, so touching a timer costs nothing.
 *
 * @internal
 */
export class TimerHeap {
  #heap: { at: Millis; readonly who: Due }[] = [];
  readonly #entryAt = new Map<Due, Millis>();
  /** Entries that were superseded, or whose owner was forgotten: what they name is kept alive by them. */
  #dead = 0;
  #armed: { readonly at: Millis; readonly cancel: Cancel } | undefined;

  constructor(readonly clock: Clock) {}

  /** Takes note of `who`'s deadline. Call it whenever the deadline may have become earlier. */
  note(who: Due): void {
    const at = who.deadline;
    if (at === undefined) return;
    const known = this.#entryAt.get(who);
    if (known !== undefined) {
      if (known <= at) return;
      this.#dead++;
    }
    this.#push(at, who);
    this.#arm();
    this.#bury();
  }

  /** Forgets `who`. */
  forget(who: Due): void {
    if (this.#entryAt.delete(who)) this.#dead++;
    if (this.#entryAt.size === 0) {
      this.#heap.length = 0;
      this.#dead = 0;
      this.#armed?.cancel();
      this.#armed = undefined;
    } else this.#bury();
  }

  /** Lets go of dead entries before their time, which may be minutes away, where they are most of all. */
  #bury(): void {
    if (this.#dead <= MOST_DEAD || this.#dead * 2 <= this.#heap.length) return;
    const alive = this.#heap.filter(({ at, who }) => this.#entryAt.get(who) === at);
    // In order, it is a heap.
    this.#heap = alive.sort((x, y) => x.at - y.at);
    this.#dead = alive.length - this.#entryAt.size;
    this.#arm();
  }

  #arm(): void {
    const first = this.#heap[0];
    if (!first || (this.#armed && this.#armed.at <= first.at)) return;
    this.#armed?.cancel();
    const at = first.at;
    this.#armed = { at, cancel: this.clock.at(at, () => this.#wake(at)) };
  }

  /**
   * The process may have stood still: then what was to be heard meanwhile waits to be read, and has its turn before anybody's silence is
   * held against him.
   */
  #wake(at: Millis): void {
    if (this.clock.now() - at <= LATE) this.#fire();
    else this.#armed = { at: Number.NEGATIVE_INFINITY, cancel: this.clock.defer(() => this.#fire()) };
  }

  #fire(): void {
    // What is noted meanwhile sets no timer: that is done once, at the end.
    this.#armed = FIRING;
    try {
      const now = this.clock.now();
      for (let first = this.#heap[0]; first && first.at <= now; first = this.#heap[0]) {
        this.#pop();
        // An entry that was superseded by an earlier one, or whose owner was forgotten.
        if (this.#entryAt.get(first.who) !== first.at) {
          this.#dead--;
          continue;
        }
        this.#entryAt.delete(first.who);
        const { deadline } = first.who;
        if (deadline !== undefined && deadline <= now) first.who.due(now);
        this.note(first.who);
      }
    } finally {
      if (this.#armed === FIRING) this.#armed = undefined;
      this.#arm();
    }
  }

  #push(at: Millis, who: Due): void {
    this.#entryAt.set(who, at);
    const heap = this.#heap;
    let i = heap.length;
    const entry = { at, who };
    heap.push(entry);
    while (i > 0) {
      const up = (i - 1) >> 1;
      const parent = heap[up] as typeof entry; // up < length
      if (parent.at <= at) break;
      heap[i] = parent;
      heap[up] = entry;
      i = up;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      const left = heap[child];
      if (!left) break;
      const right = heap[child + 1];
      let least = left;
      if (right && right.at < left.at) {
        child++;
        least = right;
      }
      if (least.at >= last.at) break;
      heap[i] = least;
      i = child;
    }
    heap[i] = last;
  }
}
