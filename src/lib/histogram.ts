/** Upper bounds of the buckets, in milliseconds; one more bucket holds what is above. */
const BOUNDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 60_000] as const;

/** A histogram as plain numbers. @public */
export interface HistogramSnapshot {
  /** Upper bounds of the buckets, milliseconds, inclusive; the last bucket, of what is above them all, has none. */
  readonly bounds: readonly number[];
  /** How many fell into each bucket, one more than bounds. */
  readonly counts: readonly number[];
  readonly count: number;
  /** Milliseconds. */
  readonly sum: number;
}

/** How long things took. @internal */
export class Histogram {
  readonly #counts = new Float64Array(BOUNDS.length + 1);
  #count = 0;
  #sum = 0;

  record(milliseconds: number, times = 1): void {
    let at = 0;
    while (at < BOUNDS.length && milliseconds > (BOUNDS[at] ?? 0)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + times;
    this.#count += times;
    this.#sum += milliseconds * times;
  }

  snapshot(): HistogramSnapshot {
    return { bounds: BOUNDS, counts: [...this.#counts], count: this.#count, sum: this.#sum };
  }
}
