/** Octets of a buffer: two of the longest BGP messages (RFC 8654). @internal */
export const BUFFER = 131_072;
/** Buffers kept for the next who asks. */
const KEPT = 16;

/**
 * Large buffers that are used again: memory that was written before is warm, while each new page costs the system microseconds.
 *
 * @internal
 */
export class Buffers {
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  /** 128 KiB, whatever stands in them. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(BUFFER);
  }

  /** Takes back a buffer, or a part of one, that nobody looks at any more. What came from elsewhere is left alone. */
  give({ buffer }: Uint8Array): void {
    if (buffer instanceof ArrayBuffer && buffer.byteLength === BUFFER && this.#free.length < KEPT) this.#free.push(new Uint8Array(buffer));
  }
}
