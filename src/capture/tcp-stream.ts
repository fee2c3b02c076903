/** Where in a capture something was. @internal */
export interface Seen {
  /** Seconds since the epoch. */
  readonly time: number;
  /** Number of the frame, from 1. */
  readonly frame: number;
}

/** What comes out of a direction of a connection, in order; `seen` is the segment that it came in, or behind which it is missing. @internal */
export type StreamEvent =
  | { readonly type: 'data'; readonly bytes: Uint8Array; readonly seen: Seen }
  /** Octets are missing: at least this many were never recorded. */
  | { readonly type: 'gap'; readonly octets: number; readonly seen: Seen };

interface Early {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly seen: Seen;
}

/** Octets, and segments, that wait for a hole to be filled before it is given up: more than a sender with a wide window has under way. */
const PATIENCE = 1 << 23;
const MOST_EARLY = 1 << 14;
/** Seconds after which a hole is given up whose octets the receiver says it has: nobody sends them again, and a capture is not so far out of order. */
const UNSEEN = 1;

/**
 * One direction of a TCP connection, put together from its segments: what comes twice is dropped, what comes early waits, and
 * what never comes is reported as a gap. It may begin in the middle.
 *
 * @internal
 */
export class TcpStream {
  #initial: number | undefined;
  #next: number | undefined;
  /** In the order of their sequence numbers. */
  #early: Early[] = [];
  #waiting = 0;
  /** When the receiver first said that it has the octets of the first hole. */
  #unseen: number | undefined;

  /** Whether any octet of it was recorded. */
  spoke = false;

  /** Whether a SYN with this sequence number, and that many octets, begins another connection: one that is sent again brings none. */
  restarts(sequence: number, octets: number): boolean {
    if (sequence === this.#initial && octets === 0) return false;
    return this.#next !== undefined && (sequence + 1 - this.#next) >>> 0 !== 0;
  }

  push(sequence: number, syn: boolean, bytes: Uint8Array, seen: Seen): StreamEvent[] {
    if (syn) {
      this.#initial ??= sequence;
      sequence = (sequence + 1) >>> 0;
      this.#next ??= sequence;
    }
    if (bytes.length === 0) return [];
    this.spoke = true;
    this.#next ??= sequence;
    if (((sequence - this.#next) | 0) > 0) {
      this.#wait({ sequence, bytes, seen });
      return this.#waiting > PATIENCE || this.#early.length > MOST_EARLY ? this.flush() : [];
    }
    const events: StreamEvent[] = [];
    this.#take({ sequence, bytes, seen }, events);
    this.#takeEarly(events);
    return events;
  }

  /** The receiver says that it has all before `sequence`: what of it was not recorded by now never will be. */
  acknowledged(sequence: number, time: number): StreamEvent[] {
    const events: StreamEvent[] = [];
    for (;;) {
      const [first] = this.#early;
      if (!first || ((sequence - first.sequence) | 0) < 0) return events;
      this.#unseen ??= time;
      if (time - this.#unseen < UNSEEN) return events;
      this.#skip(first, events);
    }
  }

  /** Gives up on holes: what waits comes out, behind the gaps before it. */
  flush(): StreamEvent[] {
    const events: StreamEvent[] = [];
    for (let [first] = this.#early; first; [first] = this.#early) this.#skip(first, events);
    return events;
  }

  #wait(one: Early): void {
    const early = this.#early;
    let at = early.length;
    for (let before = early[at - 1]; before && ((one.sequence - before.sequence) | 0) <= 0; before = early[at - 1]) {
      // Sent again while it waits.
      if (before.sequence === one.sequence && before.bytes.length >= one.bytes.length) return;
      at--;
    }
    early.splice(at, 0, one);
    this.#waiting += one.bytes.length;
  }

  #skip(first: Early, events: StreamEvent[]): void {
    events.push({ type: 'gap', octets: (first.sequence - (this.#next ?? first.sequence)) | 0, seen: first.seen });
    this.#next = first.sequence;
    this.#takeEarly(events);
  }

  #takeEarly(events: StreamEvent[]): void {
    let taken = 0;
    for (let first = this.#early[0]; first && ((first.sequence - (this.#next ?? 0)) | 0) <= 0; first = this.#early[++taken]) {
      this.#waiting -= first.bytes.length;
      this.#take(first, events);
    }
    if (taken === 0) return;
    this.#early.splice(0, taken);
    this.#unseen = undefined;
  }

  #take({ sequence, bytes, seen }: Early, events: StreamEvent[]): void {
    const known = ((this.#next ?? sequence) - sequence) | 0;
    if (known >= bytes.length) return;
    const fresh = bytes.subarray(Math.max(0, known));
    this.#next = (sequence + bytes.length) >>> 0;
    events.push({ type: 'data', bytes: fresh, seen });
  }
}
