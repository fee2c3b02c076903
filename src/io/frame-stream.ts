/** Octets before each frame: its length (QEMU `net/stream.c`). @internal */
export const LENGTH = 4;
/** No frame is longer; a length beyond it means that the stream is of something else. */
const LONGEST = 65_535 + 14;

/** A frame in `[start, end)` of a buffer, good only during the call. */
type Received = (buffer: Uint8Array, start: number, end: number) => void;

/** Cuts a stream into frames, each of which has its length before it, big-endian. @internal */
export class FrameStream {
  /** The frame that is arriving, its length before it. */
  #partial = new Uint8Array(0);

  /** Octets that wait for the rest of their frame. */
  get pending(): number {
    return this.#partial.length;
  }

  /** Takes in what arrived. False where it means nothing: the stream is to be given up. */
  push(chunk: Uint8Array, received: Received): boolean {
    let bytes = chunk;
    if (this.#partial.length > 0) {
      bytes = new Uint8Array(this.#partial.length + chunk.length);
      bytes.set(this.#partial);
      bytes.set(chunk, this.#partial.length);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (bytes.length - at >= LENGTH) {
      const length = view.getUint32(at);
      if (length > LONGEST) return false;
      const end = at + LENGTH + length;
      if (end > bytes.length) break;
      received(bytes, at + LENGTH, end);
      at = end;
    }
    // A copy: of a Buffer, `slice` is a view.
    this.#partial = new Uint8Array(bytes.subarray(at));
    return true;
  }
}
