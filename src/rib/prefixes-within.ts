import { type Prefix, prefixWords } from '../lib/prefix.js';
import type { PrefixTable } from './prefix-table.js';

/** Bits beyond the outer prefix's up to which each prefix inside it is looked up by itself; with more, all that there are are looked at. */
const FEW = 10;

/**
 * Ids of the prefixes of `table` that lie inside `outer`, itself included, and are `least` to `most` bits long; those without a claim
 * may be among them.
 *
 * @internal
 */
export function prefixesWithin(table: PrefixTable, outer: Prefix, least: number, most: number): number[] {
  const words = prefixWords(outer.bytes);
  const found: number[] = [];
  if (most - outer.length > FEW) {
    const { records } = table;
    for (let id = 0; id < table.limit; id++) {
      const length = records.lengthOf(id);
      if (length < least || length > most) continue;
      if (
        agree(records.aOf(id), words[0], outer.length) &&
        (outer.length <= 32 ||
          (agree(records.bOf(id), words[1], outer.length - 32) &&
            agree(records.cOf(id), words[2], outer.length - 64) &&
            agree(records.dOf(id), words[3], outer.length - 96)))
      )
        found.push(id);
    }
    return found;
  }
  const visit = (a: number, b: number, c: number, d: number, length: number): void => {
    const id = length < least ? -1 : table.find(a, b, c, d, length);
    if (id >= 0) found.push(id);
    if (length === most) return;
    visit(a, b, c, d, length + 1);
    const bit = (0x8000_0000 >>> (length & 31)) | 0;
    if (length < 32) visit(a | bit, b, c, d, length + 1);
    else if (length < 64) visit(a, b | bit, c, d, length + 1);
    else if (length < 96) visit(a, b, c | bit, d, length + 1);
    else visit(a, b, c, d | bit, length + 1);
  };
  visit(words[0], words[1], words[2], words[3], outer.length);
  return found;
}

/** Whether two words agree in their first `bits` bits. */
function agree(x: number, y: number, bits: number): boolean {
  return bits >= 32 ? (x ^ y) === 0 : bits <= 0 || (x ^ y) >>> (32 - bits) === 0;
}
