interface Chunk {
  readonly bytes: Uint8Array;
  /** Place of its first octet in the stream. */
  readonly at: number;
  readonly sent: (() => void) | undefined;
}

/** What was written and is not acknowledged yet: chunks in order, by their place in the stream, of which the first octet is 0. @internal */
export class SendBuffer {
  #chunks: Chunk[] = [];
  /** Chunks of the front that are done with; cut off now and then. */
  #head = 0;
  /** First octet that is kept, and one past the last. */
  base = 0;
  end = 0;

  get length(): number {
    return this.end - this.base;
  }

  push(bytes: Uint8Array, sent: (() => void) | undefined): void {
    this.#chunks.push({ bytes, at: this.end, sent });
    this.end += bytes.length;
  }

  /** Copies `length` octets from place `at` on; they are there. */
  copy(at: number, length: number): Uint8Array {
    let i = this.#find(at);
    const first = this.#chunks[i];
    if (at + length <= first.at + first.bytes.length) return first.bytes.subarray(at - first.at, at - first.at + length);
    const copied = new Uint8Array(length);
    for (let done = 0; done < length; i++) {
      const { bytes, at: start } = this.#chunks[i];
      const from = at + done - start;
      const part = bytes.subarray(from, Math.min(bytes.length, from + length - done));
      copied.set(part, done);
      done += part.length;
    }
    return copied;
  }

  /** Octets before `to` are acknowledged. Returns what is to be told to those who wrote them. */
  release(to: number): (() => void)[] {
    const told: (() => void)[] = [];
    this.base = to;
    while (this.#head < this.#chunks.length) {
      const { at, bytes, sent } = this.#chunks[this.#head];
      if (at + bytes.length > to) break;
      if (sent) told.push(sent);
      this.#head++;
    }
    if (this.#head > 64 && this.#head * 2 > this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#head = 0;
    }
    return told;
  }

  /** The connection is over: nothing is kept, and everybody is told. */
  clear(): (() => void)[] {
    const told = this.release(this.end);
    this.#chunks = [];
    this.#head = 0;
    return told;
  }

  #find(at: number): number {
    let low = this.#head;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#chunks[middle].at <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
