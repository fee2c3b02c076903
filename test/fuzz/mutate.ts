import type { Random } from '../../src/lib/random.js';

const LONGEST = 4096;
const INTERESTING = [0, 1, 2, 4, 16, 32, 33, 64, 127, 128, 129, 254, 255] as const;

/** Octets like `input`, and like others of the corpus: flipped, cut, doubled, spliced, with lengths that nearly fit. */
export function mutate(input: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  const below = (limit: number): number => Math.floor(random() * limit);
  let bytes = [...input];
  for (let rounds = 1 + below(6); rounds > 0; rounds--) {
    const at = below(bytes.length + 1);
    switch (below(10)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        bytes[Math.min(at, Math.max(0, bytes.length - 1))] = INTERESTING[below(INTERESTING.length)] ?? 0;
        break;
      case 2:
        if (at < bytes.length) bytes[at] = ((bytes[at] ?? 0) + below(9) - 4) & 255;
        break;
      case 3:
        bytes[Math.min(at, Math.max(0, bytes.length - 1))] = below(256);
        break;
      case 4:
        bytes.splice(at, 1 + below(8));
        break;
      case 5:
        bytes.splice(at, 0, ...Array.from({ length: 1 + below(8) }, () => below(256)));
        break;
      case 6: {
        const from = below(bytes.length);
        bytes.splice(at, 0, ...bytes.slice(from, from + 1 + below(48)));
        break;
      }
      case 7: {
        const other = corpus[below(corpus.length)] ?? input;
        const from = below(other.length);
        bytes.splice(at, below(16), ...other.subarray(from, from + 1 + below(64)));
        break;
      }
      case 8: {
        const other = corpus[below(corpus.length)] ?? input;
        bytes = [...bytes.slice(0, at), ...other.subarray(below(other.length))];
        break;
      }
      default:
        // A field of two octets, a little off.
        if (at + 1 < bytes.length) {
          const value = (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)) + below(17) - 8;
          bytes[at] = (value >> 8) & 255;
          bytes[at + 1] = value & 255;
        }
    }
    if (bytes.length > LONGEST) bytes.length = LONGEST;
  }
  // A message is found only under a header that fits: put one right now and then.
  if (below(2) === 0) mendHeaders(bytes);
  return Uint8Array.from(bytes);
}

/** Where a BGP marker stands: the length behind it is made what is there until the next. */
function mendHeaders(bytes: number[]): void {
  const starts: number[] = [];
  for (let at = 0; at + 19 <= bytes.length; at++) {
    if (bytes[at] === 0xff && bytes.slice(at, at + 16).every((octet) => octet === 0xff)) {
      starts.push(at);
      at += 18;
    }
  }
  for (const [i, at] of starts.entries()) {
    const length = (starts[i + 1] ?? bytes.length) - at;
    bytes[at + 16] = (length >> 8) & 255;
    bytes[at + 17] = length & 255;
  }
}
