/** What bzip2 compressed, decompressed. A small decoder of our own: what npm has for it is unmaintained. */
import { concatBytes } from '../lib/bytes.js';

const BLOCK = 0x314159265359;
const END = 0x177245385090;

/** Bits, most significant first. */
class BitReader {
  #at = 0;
  #bits = 0;
  #count = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get atEnd(): boolean {
    return this.#at >= this.bytes.length;
  }

  bit(): number {
    if (this.#count === 0) {
      if (this.#at >= this.bytes.length) throw new RangeError('the bzip2 data ends early');
      this.#bits = this.bytes[this.#at++] ?? 0;
      this.#count = 8;
    }
    return (this.#bits >> --this.#count) & 1;
  }

  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  align(): void {
    this.#count = 0;
  }

  /** Octets read. */
  get octets(): number {
    return this.#at;
  }
}

/** There is more in it than is wanted. */
export class TooLarge extends Error {}

/**
 * Decompresses bzip2 data, several streams one after another too. What was decompressed before the data's early end, or damage, is
 * handed out all the same: the result is cut there. `progress` is told after each block how many octets of `bytes` are done. Throws
 * {@link TooLarge} where that would be more than `most` octets.
 */
export function bunzip2(
  bytes: Uint8Array,
  progress: (done: number) => void = () => {},
  most = Number.POSITIVE_INFINITY,
): { readonly bytes: Uint8Array; readonly damage: string | undefined } {
  const parts: Uint8Array[] = [];
  let total = 0;
  let damage: string | undefined;
  try {
    const r = new BitReader(bytes);
    while (!r.atEnd) {
      if (r.bits(24) !== 0x425a68) throw new RangeError('not bzip2 data');
      const size = (r.bits(8) - 48) * 100_000;
      if (size < 100_000 || size > 900_000) throw new RangeError('a bzip2 block size that there is not');
      let checksum = 0;
      for (let magic = r.bits(48); magic !== END; magic = r.bits(48)) {
        if (magic !== BLOCK) throw new RangeError('a bzip2 block that does not begin as one');
        const own = r.bits(32);
        const part = block(r, size);
        if (checksumOf(part) !== own) throw new RangeError('a bzip2 block whose checksum is another');
        checksum = ((checksum << 1) | (checksum >>> 31)) ^ own;
        total += part.length;
        if (total > most) throw new TooLarge();
        parts.push(part);
        progress(r.octets);
      }
      if (r.bits(32) !== checksum >>> 0) throw new RangeError('bzip2 data whose checksum is another');
      r.align();
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    damage = error.message;
  }
  return { bytes: concatBytes(parts), damage };
}

/** CRC-32 with its bits most significant first, as bzip2 has it. */
function checksumOf(bytes: Uint8Array): number {
  let sum = -1;
  for (let i = 0; i < bytes.length; i++) sum = (sum << 8) ^ (CHECKSUMS[(sum >>> 24) ^ (bytes[i] ?? 0)] ?? 0);
  return ~sum >>> 0;
}
const CHECKSUMS = Int32Array.from({ length: 256 }, (_, octet) => {
  let sum = octet << 24;
  for (let bit = 0; bit < 8; bit++) sum = sum < 0 ? (sum << 1) ^ 0x04c1_1db7 : sum << 1;
  return sum;
});

/** A Huffman code, for reading: limits and offsets by length, and the symbols in order. */
interface Code {
  readonly limits: readonly number[];
  readonly bases: readonly number[];
  readonly symbols: readonly number[];
  readonly shortest: number;
}

function codeOf(lengths: readonly number[]): Code {
  const shortest = Math.min(...lengths);
  const longest = Math.max(...lengths);
  const symbols: number[] = [];
  const limits: number[] = [];
  const bases: number[] = [];
  let next = 0;
  for (let length = shortest; length <= longest; length++) {
    bases[length] = symbols.length - next;
    lengths.forEach((own, symbol) => {
      if (own === length) symbols.push(symbol);
    });
    next += lengths.filter((own) => own === length).length;
    limits[length] = next - 1;
    next *= 2;
  }
  return { limits, bases, symbols, shortest };
}

function symbolFrom(r: BitReader, { limits, bases, symbols, shortest }: Code): number {
  let value = r.bits(shortest);
  for (let length = shortest; length < limits.length; length++) {
    if (value <= (limits[length] ?? -1)) return symbols[value + (bases[length] ?? 0)] ?? 0;
    value = value * 2 + r.bit();
  }
  throw new RangeError('a bzip2 code that there is not');
}

function block(r: BitReader, size: number): Uint8Array {
  if (r.bit() === 1) throw new RangeError('a randomised bzip2 block, which nobody has written since 1996');
  const origin = r.bits(24);
  const used = r.bits(16);
  const alphabet: number[] = [];
  for (let i = 0; i < 16; i++) {
    if ((used & (0x8000 >> i)) === 0) continue;
    const row = r.bits(16);
    for (let j = 0; j < 16; j++) if ((row & (0x8000 >> j)) !== 0) alphabet.push(i * 16 + j);
  }
  const groups = r.bits(3);
  const count = r.bits(15);
  if (groups < 2 || groups > 6 || count === 0 || alphabet.length === 0) throw new RangeError('a bzip2 block without codes');
  const order = Array.from({ length: groups }, (_, i) => i);
  const selectors = Array.from({ length: count }, () => {
    let place = 0;
    while (r.bit() === 1) if (++place >= groups) throw new RangeError('a bzip2 selector that there is not');
    const [group = 0] = order.splice(place, 1);
    order.unshift(group);
    return group;
  });
  const codes = Array.from({ length: groups }, () => {
    let length = r.bits(5);
    return codeOf(
      Array.from({ length: alphabet.length + 2 }, () => {
        while (r.bit() === 1) length += r.bit() === 1 ? -1 : 1;
        if (length < 1 || length > 20) throw new RangeError('a bzip2 code length that there is not');
        return length;
      }),
    );
  });

  // Move-to-front and runs of zeros, undone.
  const last = new Uint32Array(size);
  const counts = new Uint32Array(256);
  const front = [...alphabet];
  let length = 0;
  let run = 0;
  let weight = 1;
  const endOfBlock = alphabet.length + 1;
  for (let at = 0; ; at++) {
    const code = codes[selectors[Math.floor(at / 50)] ?? -1];
    if (!code) throw new RangeError('a bzip2 block longer than its selectors');
    const symbol = symbolFrom(r, code);
    if (symbol <= 1) {
      run += weight << symbol;
      weight <<= 1;
      if (run > size) throw new RangeError('a bzip2 run that is too long');
      continue;
    }
    if (run > 0) {
      const byte = front[0] ?? 0;
      if (length + run > size) throw new RangeError('a bzip2 block that is too long');
      last.fill(byte, length, length + run);
      length += run;
      counts[byte] = (counts[byte] ?? 0) + run;
      run = 0;
      weight = 1;
    }
    if (symbol === endOfBlock) break;
    const [byte = 0] = front.splice(symbol - 1, 1);
    front.unshift(byte);
    if (length >= size) throw new RangeError('a bzip2 block that is too long');
    last[length++] = byte;
    counts[byte] = (counts[byte] ?? 0) + 1;
  }

  // The Burrows-Wheeler transform, undone.
  let sum = 0;
  const starts = counts.map((own) => {
    sum += own;
    return sum - own;
  });
  for (let i = 0; i < length; i++) {
    const byte = (last[i] ?? 0) & 255;
    const to = starts[byte] ?? 0;
    starts[byte] = to + 1;
    last[to] = ((last[to] ?? 0) & 255) | (i << 8);
  }
  if (origin >= length) throw new RangeError('a bzip2 origin outside its block');
  let position = (last[origin] ?? 0) >>> 8;
  let out = Buffer.allocUnsafe(length * 2);
  let written = 0;
  let same = 0;
  let before = -1;
  for (let i = 0; i < length; i++) {
    const entry = last[position] ?? 0;
    position = entry >>> 8;
    const byte = entry & 255;
    if (written + 256 > out.length) {
      const wider = Buffer.allocUnsafe(out.length * 2);
      out.copy(wider, 0, 0, written);
      out = wider;
    }
    // Four alike are followed by how many more.
    if (same === 4) {
      out.fill(before, written, written + byte);
      written += byte;
      same = 0;
      before = -1;
      continue;
    }
    same = byte === before ? same + 1 : 1;
    before = byte;
    out[written++] = byte;
  }
  return out.subarray(0, written);
}
