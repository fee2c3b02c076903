import type { SequenceRange } from '../wire/tcp.js';
import { add, ahead } from './sequence.js';

/** Pieces kept out of order: more are dropped, however small, and sent again by the other end. */
const MAX_PIECES = 512;
/** Blocks that one option can hold (RFC 2018 §3). */
const MAX_BLOCKS = 4;

interface Piece {
  readonly seq: number;
  readonly bytes: Uint8Array;
}

/** What arrived ahead of its turn: pieces in order that do not overlap, copied. @internal */
export class ReceiveQueue {
  readonly #pieces: Piece[] = [];
  /** Where the latest pieces are, the latest first: what acknowledgements tell first (RFC 2018 §4). */
  #latest: number[] = [];
  octets = 0;

  get empty(): boolean {
    return this.#pieces.length === 0;
  }

  /** Keeps what of a segment is new. */
  add(seq: number, bytes: Uint8Array): void {
    const pieces = this.#pieces;
    let from = seq;
    const end = add(seq, bytes.length);
    let i = 0;
    while (i < pieces.length && ahead(add(pieces[i].seq, pieces[i].bytes.length), from) <= 0) i++;
    for (; ahead(end, from) > 0; i++) {
      const next = pieces[i];
      const gap = next && ahead(next.seq, end) < 0 ? next.seq : end;
      if (ahead(gap, from) > 0) {
        if (pieces.length >= MAX_PIECES) break;
        const offset = ahead(from, seq);
        const own = bytes.slice(offset, offset + ahead(gap, from));
        pieces.splice(i, 0, { seq: from, bytes: own });
        this.octets += own.length;
        i++;
      }
      if (gap === end) break;
      from = add(next.seq, next.bytes.length);
    }
    this.#latest = [seq, ...this.#latest.filter((one) => one !== seq)].slice(0, 2 * MAX_BLOCKS);
  }

  /** Takes out what follows on `next` without a gap. */
  take(next: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let at = next;
    for (let first = this.#pieces[0]; first && ahead(first.seq, at) <= 0; first = this.#pieces[0]) {
      this.#pieces.shift();
      this.octets -= first.bytes.length;
      const skip = ahead(at, first.seq);
      if (skip >= first.bytes.length) continue;
      taken.push(first.bytes.subarray(skip));
      at = add(first.seq, first.bytes.length);
    }
    return taken;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#latest = [];
    this.octets = 0;
  }

  /** Blocks for the option of selective acknowledgement: the one that the latest segment is in first. */
  blocks(most: number): SequenceRange[] {
    if (this.#pieces.length === 0 || most <= 0) return [];
    const ranges: { from: number; to: number }[] = [];
    for (const { seq, bytes } of this.#pieces) {
      const last = ranges[ranges.length - 1];
      if (last && last.to === seq) last.to = add(seq, bytes.length);
      else ranges.push({ from: seq, to: add(seq, bytes.length) });
    }
    const told: SequenceRange[] = [];
    for (const seq of this.#latest) {
      const range = ranges.find(({ from, to }) => ahead(seq, from) >= 0 && ahead(seq, to) < 0);
      if (range && !told.includes(range)) told.push(range);
    }
    for (const range of ranges) if (told.length < MAX_BLOCKS && !told.includes(range)) told.push(range);
    return told.slice(0, Math.min(most, MAX_BLOCKS));
  }
}
