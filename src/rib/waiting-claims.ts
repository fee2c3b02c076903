/**
 * Claims that wait for room under one grant, by the order in which they were first heard: a heap. One that waits no more stays in it until
 * its turn comes, or until there are too many of these.
 *
 * @internal
 */
export class WaitingClaims {
  readonly #rows: number[] = [];
  readonly #arrivals: number[] = [];
  /** Those that wait, those that are only still in the heap left out. */
  size = 0;

  /** @param waits - Whether what is in the row is still the claim that came in then, and waits. */
  constructor(private readonly waits: (row: number, arrival: number) => boolean) {}

  add(row: number, arrival: number): void {
    this.size++;
    this.#push(row, arrival);
  }

  /** Takes out the one that was heard first: its row, or -1 where none waits. */
  take(): number {
    while (this.#rows.length > 0) {
      const row = this.#rows[0];
      const arrival = this.#arrivals[0];
      this.#pop();
      if (!this.waits(row, arrival)) continue;
      this.size--;
      return row;
    }
    return -1;
  }

  /** One of them is about to wait no more. */
  left(): void {
    this.size--;
    if (this.#rows.length > 2 * this.size + 64) this.tidy(this.#rows.slice(), this.#arrivals.slice());
  }

  /** Keeps of these rows those that wait, each once. Also where arrivals were numbered anew, with the rows of before and their new ones. */
  tidy(rows: readonly number[], arrivals: readonly number[]): void {
    this.#rows.length = this.#arrivals.length = 0;
    const known = new Set<number>();
    for (let i = 0; i < rows.length; i++) {
      if (known.has(rows[i]) || !this.waits(rows[i], arrivals[i])) continue;
      known.add(rows[i]);
      this.#push(rows[i], arrivals[i]);
    }
  }

  /** Rows of those that wait. */
  rows(): number[] {
    return this.#rows.filter((row, i) => this.waits(row, this.#arrivals[i]));
  }

  #push(row: number, arrival: number): void {
    const rows = this.#rows;
    const arrivals = this.#arrivals;
    let at = rows.length;
    for (let up = (at - 1) >> 1; at > 0 && arrivals[up] > arrival; up = (at - 1) >> 1) {
      rows[at] = rows[up];
      arrivals[at] = arrivals[up];
      at = up;
    }
    rows[at] = row;
    arrivals[at] = arrival;
  }

  #pop(): void {
    const rows = this.#rows;
    const arrivals = this.#arrivals;
    const row = rows[rows.length - 1];
    const arrival = arrivals[arrivals.length - 1];
    rows.length = arrivals.length = rows.length - 1;
    const count = rows.length;
    if (count === 0) return;
    let at = 0;
    for (let down = 1; down < count; down = 2 * at + 1) {
      if (down + 1 < count && arrivals[down + 1] < arrivals[down]) down++;
      if (arrivals[down] >= arrival) break;
      rows[at] = rows[down];
      arrivals[at] = arrivals[down];
      at = down;
    }
    rows[at] = row;
    arrivals[at] = arrival;
  }
}
