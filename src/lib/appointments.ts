import type { Millis } from './clock.js';

/** A call at a time. @internal */
export interface Appointment {
  readonly at: Millis;
  readonly call: () => void;
}

interface Entry extends Appointment {
  /** Of two at one time the one that was made first is kept first. */
  readonly order: number;
  /** Where it stands in the heap; -1 once it does not. */
  index: number;
}

/** Appointments in the order in which they are to be kept: a heap, any of which can be taken out. @internal */
export class Appointments {
  readonly #heap: Entry[] = [];
  #order = 0;

  /** Returns what takes it out again; harmless after it was kept. */
  add(at: Millis, call: () => void): () => void {
    const entry: Entry = { at, call, order: this.#order++, index: -1 };
    this.#rise(entry, this.#heap.length);
    return () => this.#remove(entry);
  }

  /** Takes out the first, if it is not later than `until`. */
  take(until: Millis): Appointment | undefined {
    const first = this.#heap[0];
    if (!first || !(first.at <= until)) return undefined;
    this.#remove(first);
    return first;
  }

  #remove(entry: Entry): void {
    const { index } = entry;
    if (index < 0) return;
    entry.index = -1;
    const last = this.#heap.pop();
    if (!last || last === entry) return;
    const parent = this.#heap[(index - 1) >> 1];
    if (index > 0 && parent && isBefore(last, parent)) this.#rise(last, index);
    else this.#sink(last, index);
  }

  /** Puts `entry` at `index`, or further up. */
  #rise(entry: Entry, index: number): void {
    let at = index;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = this.#heap[up] as Entry; // up < at
      if (!isBefore(entry, parent)) break;
      this.#put(parent, at);
      at = up;
    }
    this.#put(entry, at);
  }

  /** Puts `entry` at `index`, or further down. */
  #sink(entry: Entry, index: number): void {
    let at = index;
    for (;;) {
      const left = this.#heap[2 * at + 1];
      const right = this.#heap[2 * at + 2];
      const least = left && right && isBefore(right, left) ? right : left;
      if (!least || !isBefore(least, entry)) break;
      const down = least.index;
      this.#put(least, at);
      at = down;
    }
    this.#put(entry, at);
  }

  #put(entry: Entry, index: number): void {
    this.#heap[index] = entry;
    entry.index = index;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
