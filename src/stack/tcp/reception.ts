import type { SequenceRange } from '../wire/tcp.js';
import type { TcpConfig } from './config.js';
import { ReceiveQueue } from './receive-queue.js';
import { add, ahead, later } from './sequence.js';

/** Segments at the beginning that are acknowledged at once, so that the other end's slow start is not slowed further. */
const QUICK_ACKS = 16;
/** Octets of what small pieces are kept in together: an array for each would take a hundred times what is in it. */
const KEPT_TOGETHER = 2048;

/** Octets that the owner has not read, at the beginning of `bytes`. */
interface Kept {
  readonly bytes: Uint8Array;
  length: number;
}

/**
 * What a connection receives: octets in their order and ahead of it, those that the owner has not read, the window that the other end was
 * told, and when an acknowledgement is due.
 *
 * @internal
 */
export class Reception {
  /** Sequence number of the octet that comes next. */
  next = 0;
  /** The window is told in units of 2 to the power of this. */
  scale = 0;
  /** Octets since the last acknowledgement. */
  unacknowledged = 0;
  /** Octets that may wait for the owner. */
  most: number;
  /** The owner does not want any for now: they are kept. */
  paused = false;
  /** The owner has gone: they are taken, and nobody gets them. */
  deaf = false;
  /** The right edge of the window that was told last; it never moves back. */
  #edge = 0;
  readonly #early = new ReceiveQueue();
  /** In order, and not read yet, as reading is paused. */
  #unread: Kept[] = [];
  #unreadOctets = 0;
  #quick = QUICK_ACKS;
  /** Sequence number of the other end's FIN, where it came ahead of its turn. */
  #finAt: number | undefined;

  constructor(
    private readonly config: TcpConfig,
    private readonly deliver: (bytes: Uint8Array) => void,
  ) {
    this.most = config.receiveBuffer;
    if (config.windowScaling) while (config.receiveBuffer >> this.scale > 0xffff) this.scale++;
  }

  /** The other end begins at `irs`; our SYN tells a window that is not scaled. */
  begin(irs: number): void {
    this.next = add(irs, 1);
    this.#edge = add(this.next, this.firstWindow);
  }
  /** What a SYN says of the window. */
  get firstWindow(): number {
    return Math.min(0xffff, this.config.receiveBuffer);
  }

  /** Octets that are kept for the owner, in order and ahead of it. */
  get held(): number {
    return this.#unreadOctets + this.#early.octets;
  }
  /** Whether something is missing before what is there. */
  get gaps(): boolean {
    return !this.#early.empty;
  }
  /** What is there beyond the gaps (RFC 2018), at most so many parts. */
  blocks(most: number): SequenceRange[] {
    return this.#early.blocks(most);
  }

  /** The other end was told that there is no room. */
  get closed(): boolean {
    return ahead(this.#edge, this.next) <= 0;
  }

  /** RFC 9293 §3.10.7.4, first: whether any of the segment is in the window, a window of nothing taking what is empty. */
  inWindow(seq: number, length: number): boolean {
    const window = Math.max(0, ahead(this.#edge, this.next));
    const start = ahead(seq, this.next);
    if (length === 0) return window === 0 ? start === 0 : start >= 0 && start < window;
    if (window === 0) return false;
    const last = start + length - 1;
    return (start >= 0 && start < window) || (last >= 0 && last < window);
  }

  /** Takes a segment's octets, which begin at `seq`, and its FIN. Whether the acknowledgement cannot wait. */
  take(payload: Uint8Array, fin: boolean, seq: number): boolean {
    if (fin) this.#finAt = add(seq, payload.length);
    const skip = Math.max(0, -ahead(seq, this.next));
    // Past the window there is no room.
    const room = Math.max(0, ahead(this.#edge, later(seq, this.next)));
    const octets = payload.subarray(skip, skip + room);
    if (octets.length < payload.length - skip) this.#finAt = undefined;
    const start = add(seq, skip);
    let atOnce = skip > 0;
    if (start === this.next) {
      if (octets.length > 0) this.#inTurn(octets);
      if (!this.#early.empty) {
        for (const bytes of this.#early.take(this.next)) this.#inTurn(bytes);
        atOnce = true; // RFC 5681 §4.2: a gap was filled
      }
    } else if (octets.length > 0) {
      this.#early.add(start, octets);
      atOnce = true;
    }
    this.unacknowledged += octets.length;
    if (this.#quick > 0 && octets.length > 0) {
      this.#quick--;
      atOnce = true;
    }
    return atOnce;
  }

  /** Whether the other end's FIN is next; it is taken. */
  finished(): boolean {
    if (this.#finAt === undefined || this.#finAt !== this.next) return false;
    this.#finAt = undefined;
    this.next = add(this.next, 1);
    return true;
  }

  #inTurn(bytes: Uint8Array): void {
    this.next = add(this.next, bytes.length);
    if (this.deaf) return;
    if (this.paused) this.#keep(bytes);
    else this.deliver(bytes);
  }

  #keep(octets: Uint8Array): void {
    this.#unreadOctets += octets.length;
    let last = this.#unread[this.#unread.length - 1];
    if (!last || last.bytes.length - last.length < octets.length) {
      last = { bytes: new Uint8Array(octets.length < KEPT_TOGETHER / 2 ? KEPT_TOGETHER : octets.length), length: 0 };
      this.#unread.push(last);
    }
    last.bytes.set(octets, last.length);
    last.length += octets.length;
  }

  /** So much may wait and no more, as soon as what the other end was told before has come: a window is never taken back (RFC 9293 §3.8.6). */
  bound(octets: number): void {
    this.most = Math.min(octets, this.config.receiveBuffer);
  }

  /** The owner wants what was kept, and what comes. */
  resume(): void {
    this.paused = false;
    for (const { bytes, length } of this.#unread.splice(0)) this.deliver(bytes.subarray(0, length));
    this.#unreadOctets = 0;
  }

  /** Room that the other end has not been told of. */
  grown(): number {
    // More than its field can say is told nobody.
    const room = Math.min(this.most, 0xffff << this.scale) - this.#unreadOctets;
    return ahead(add(this.next, room), this.#edge);
  }

  /** The window as a segment says it (RFC 9293 §3.8.6.2.2): it moves on by something worth sending, or stays where it was told to be. */
  window(mss: number): number {
    const grown = this.grown();
    if (grown >= Math.min(this.most / 2, mss)) this.#edge = add(this.#edge, grown);
    return Math.min(0xffff, Math.max(0, ahead(this.#edge, this.next)) >>> this.scale);
  }

  /** What came ahead of its turn is of no use any more. */
  clearEarly(): void {
    this.#early.clear();
  }
  /** Keeps nothing any longer. */
  clear(): void {
    this.#early.clear();
    this.#unread = [];
    this.#unreadOctets = 0;
  }
}
