import { WireError } from './errors.js';

/**
 * A cursor over received bytes that refuses to read past their end. It has no view: short bytes that are kept would have a buffer made for it,
 * which they have not until then, and keep.
 *
 * @internal
 */
export class ByteReader {
  #at = 0;

  constructor(readonly bytes: Uint8Array) {}

  get remaining(): number {
    return this.bytes.length - this.#at;
  }
  get offset(): number {
    return this.#at;
  }

  u8(): number {
    return this.bytes[this.#take(1)] as number; // it is there
  }
  u16(): number {
    const at = this.#take(2);
    return ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number);
  }
  u24(): number {
    const at = this.#take(3);
    const { bytes } = this;
    return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
  }
  u32(): number {
    const at = this.#take(4);
    const { bytes } = this;
    return (
      (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>>
      0
    );
  }
  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }

  /** The next `length` bytes, aliasing the input. */
  take(length: number): Uint8Array {
    const from = this.#take(length);
    return this.bytes.subarray(from, from + length);
  }
  /** A reader confined to the next `length` bytes: a length field that lies cannot reach beyond it. */
  sub(length: number): ByteReader {
    return new ByteReader(this.take(length));
  }
  rest(): Uint8Array {
    return this.take(this.remaining);
  }
  skip(length: number): this {
    this.#take(length);
    return this;
  }

  #take(length: number): number {
    if (length > this.remaining) {
      throw new WireError(`need ${length} bytes, have ${this.remaining}`, this.#at);
    }
    const from = this.#at;
    this.#at += length;
    return from;
  }
}

/**
 * Builds bytes to send, growing as needed. Without a view, as the reader: most of what is written is short, and has no buffer of its own.
 *
 * @internal
 */
export class ByteWriter {
  #bytes: Uint8Array;
  #at = 0;

  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#at;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#bytes[at] = value;
    return this;
  }
  u16(value: number): this {
    const at = this.#grow(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
    return this;
  }
  u24(value: number): this {
    const at = this.#grow(3);
    this.#bytes[at] = value >>> 16;
    this.#bytes[at + 1] = value >>> 8;
    this.#bytes[at + 2] = value;
    return this;
  }
  u32(value: number): this {
    const at = this.#grow(4);
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
    return this;
  }
  u64(value: bigint): this {
    return this.u32(Number((value >> 32n) & 0xffff_ffffn)).u32(Number(value & 0xffff_ffffn));
  }
  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }
  /** Overwrites two octets written before, a length field as a rule. */
  patchU16(at: number, value: number): this {
    if (at + 2 > this.#at) throw new RangeError(`no two octets at ${at}`);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
    return this;
  }
  patchU8(at: number, value: number): this {
    if (at >= this.#at) throw new RangeError(`no octet at ${at}`);
    this.#bytes[at] = value;
    return this;
  }
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  /** Makes room, which may replace the buffer: call it before naming the buffer. */
  #grow(length: number): number {
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(this.#at, this.#bytes.length * 2));
      wider.set(this.#bytes);
      this.#bytes = wider;
    }
    return from;
  }
}

/** Lower-case hex without separators. @internal */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += (byte < 16 ? '0' : '') + byte.toString(16);
  return text;
}

/** The octets of hex digits. @internal */
export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Whether two byte strings are the same. @internal */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** One after another. @internal */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
