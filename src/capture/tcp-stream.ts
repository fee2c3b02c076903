/** What comes out of a direction of a connection, in order. @internal */
export type StreamEvent =
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  /** Octets are missing: at least this many were never recorded. */
  | { readonly type: 'gap'; readonly octets: number };

/** Octets that wait for a hole to be filled before it is given up. */
const PATIENCE = 1 << 18;

/**
 * One direction of a TCP connection, put together from its segments: what comes twice is dropped, what comes early waits, and
 * what never comes is reported as a gap. It may begin in the middle.
 *
 * @internal
 */
export class TcpStream {
  #next: number | undefined;
  #early: { readonly sequence: number; readonly bytes: Uint8Array }[] = [];
  #waiting = 0;

  /** Whether a SYN with this sequence number begins another connection. */
  restarts(sequence: number): boolean {
    return this.#next !== undefined && (sequence + 1 - this.#next) >>> 0 !== 0;
  }

  push(sequence: number, syn: boolean, bytes: Uint8Array): StreamEvent[] {
    if (syn) {
      this.#next ??= (sequence + 1) >>> 0;
      sequence = (sequence + 1) >>> 0;
    }
    if (bytes.length === 0) return [];
    this.#next ??= sequence;
    const ahead = (sequence - this.#next) | 0;
    if (ahead > 0) {
      this.#early.push({ sequence, bytes });
      this.#waiting += bytes.length;
      return this.#waiting > PATIENCE ? this.flush() : [];
    }
    const events: StreamEvent[] = [];
    this.#take(sequence, bytes, events);
    this.#takeEarly(events);
    return events;
  }

  /** Gives up on holes: what waits comes out, behind the gaps before it. */
  flush(): StreamEvent[] {
    const events: StreamEvent[] = [];
    while (this.#early.length > 0) {
      this.#sort();
      const [first] = this.#early;
      if (!first || this.#next === undefined) break;
      const octets = (first.sequence - this.#next) | 0;
      if (octets > 0) {
        events.push({ type: 'gap', octets });
        this.#next = first.sequence;
      }
      this.#takeEarly(events);
    }
    return events;
  }

  #sort(): void {
    const next = this.#next ?? 0;
    this.#early.sort((x, y) => ((x.sequence - next) | 0) - ((y.sequence - next) | 0));
  }

  #takeEarly(events: StreamEvent[]): void {
    if (this.#early.length === 0) return;
    this.#sort();
    for (let first = this.#early[0]; first && ((first.sequence - (this.#next ?? 0)) | 0) <= 0; first = this.#early[0]) {
      this.#early.shift();
      this.#waiting -= first.bytes.length;
      this.#take(first.sequence, first.bytes, events);
    }
  }

  #take(sequence: number, bytes: Uint8Array, events: StreamEvent[]): void {
    const known = ((this.#next ?? sequence) - sequence) | 0;
    if (known >= bytes.length) return;
    const fresh = bytes.subarray(Math.max(0, known));
    this.#next = (sequence + bytes.length) >>> 0;
    events.push({ type: 'data', bytes: fresh });
  }
}
