import type { Millis } from '../../lib/clock.js';
import type { Timers } from '../../lib/timers.js';
import { TcpFlag, type TcpSegment } from '../wire/tcp.js';
import type { TcpConfig } from './config.js';
import { CongestionWindow } from './congestion.js';
import type { TcpEffect, TcpTimer } from './events.js';
import type { RoundTrip } from './round-trip.js';
import { Scoreboard } from './scoreboard.js';
import { SendBuffer } from './send-buffer.js';
import { add, ahead, later } from './sequence.js';

/** RFC 5681 §3.2. */
const DUP_THRESHOLD = 3;
/** Longest wait between two probes of a closed window (RFC 9293 §3.8.6.1 wants them ever rarer). */
const MAX_PERSIST: Millis = 60_000;

/** What a transmission sends by. @internal */
export interface TransmissionOwner {
  send(flags: number, seq: number, payload: Uint8Array, now: Millis): void;
  effect(effect: TcpEffect): void;
}

/**
 * What a connection sends: how much of it may be under way (RFC 5681), what is sent again and when: after a timeout (RFC 6298), by what
 * selective acknowledgements tell (RFC 6675), or without those (RFC 6582); and probes of a closed window.
 *
 * While something is being repaired, `recovery` says what for. All below `recoveryPoint` is looked at once, from the left, `highRxt` being
 * how far; what counts as under way ("pipe") is what is neither there nor lost, and what was sent again.
 *
 * @internal
 */
export class Transmission {
  readonly buffer = new SendBuffer();
  readonly counters = { retransmitted: 0, timeouts: 0, recoveries: 0 };
  readonly #congestion = new CongestionWindow();
  readonly #board = new Scoreboard();
  /** Oldest octet that is not acknowledged, and the next to be sent. */
  una: number;
  nxt: number;
  finQueued = false;
  finAcknowledged = false;
  #finSent = false;
  // --- Agreed in the handshake
  mss = 536;
  /** Octets of a segment, options included, that the other end takes, and octets that options take. */
  peerMss = 536;
  overhead = 0;
  scale = 0;
  sack = false;
  // --- The other end's window
  #window = 0;
  largestWindow = 0;
  wndSeq = 0;
  wndAck = 0;
  // --- Repair
  #recovery: 'none' | 'fast' | 'timeout' = 'none';
  #recoveryPoint = 0;
  #highRxt = 0;
  #rescued = false;
  #dupAcks = 0;
  /** Where the last timeout was: another one there halves nothing again. */
  #timedOutAt: number | undefined;
  /** An octet was sent into a closed window. */
  #probing = false;
  probes = 0;
  /** A segment whose time is taken, where timestamps do not tell (Karn: never one that was sent again). */
  #timed: { readonly end: number; readonly at: Millis } | undefined;
  #lastSent: Millis = 0;

  constructor(
    private readonly owner: TransmissionOwner,
    private readonly iss: number,
    private readonly config: TcpConfig,
    private readonly roundTrip: RoundTrip,
    private readonly timers: Timers<TcpTimer>,
  ) {
    this.una = iss;
    this.nxt = iss;
  }

  get flight(): number {
    return ahead(this.nxt, this.una);
  }
  /** What a segment without octets stands at: an octet that probes a closed window counts as not sent, or the other end would take nothing after it. */
  get bareSeq(): number {
    return this.#probing ? this.una : this.nxt;
  }
  /** Sequence number after the last octet that was written. */
  #dataEnd(): number {
    return add(this.una, this.buffer.length);
  }
  #unsent(): number {
    return this.#finSent ? 0 : ahead(this.#dataEnd(), this.nxt);
  }

  // --- Handshake -------------------------------------------------------------------------------------------------------

  synSent(now: Millis, again: boolean): void {
    this.nxt = add(this.iss, 1);
    this.#timed = again ? undefined : { end: this.nxt, at: now };
  }
  acknowledge(ack: number, elapsed: Millis | undefined, now: Millis): void {
    this.una = ack;
    this.#highRxt = ack;
    this.#measure(ack, elapsed, now);
  }
  begin(slow: boolean): void {
    this.#congestion.begin(this.mss, slow);
  }
  setMss(mss: number): void {
    this.mss = Math.max(8, mss);
  }

  /** Whether the window changed. */
  setWindow(octets: number): boolean {
    const changed = octets !== this.#window;
    this.#window = octets;
    if (octets > this.largestWindow) this.largestWindow = octets;
    if (octets > 0) {
      this.probes = 0;
      if (this.#probing) {
        this.#probing = false;
        this.#again(this.nxt);
      }
    }
    return changed;
  }

  // --- Acknowledgements ------------------------------------------------------------------------------------------------

  take({ ack, flags, payload, options }: TcpSegment, windowChanged: boolean, elapsed: Millis | undefined, now: Millis): void {
    const front = later(ack, this.una);
    const news = this.sack && this.#board.update(front, this.nxt, options.sack ?? []);
    const advanced = ahead(ack, this.una);
    if (advanced > 0) this.#advance(ack, advanced, elapsed, now);
    else if (this.flight > 0 && advanced === 0) {
      const bare = payload.length === 0 && !windowChanged && (flags & (TcpFlag.syn | TcpFlag.fin)) === 0;
      // RFC 6675 §2: with SACK a duplicate is what tells of something new; without, what tells of nothing else.
      if (this.sack ? news : bare) this.#duplicate(now);
    }
  }

  #advance(ack: number, octets: number, elapsed: Millis | undefined, now: Millis): void {
    const limited = this.flight + this.mss > this.#congestion.window;
    const data = Math.min(octets, this.buffer.length);
    if (octets > data && this.#finSent) this.finAcknowledged = true;
    for (const call of this.buffer.release(this.buffer.base + data)) this.owner.effect({ type: 'sent', call });
    this.una = ack;
    if (ahead(this.#highRxt, ack) < 0) this.#highRxt = ack;
    this.#measure(ack, elapsed, now);
    this.#dupAcks = 0;
    this.#timedOutAt = undefined;
    this.#probing = false;
    const congestion = this.#congestion;
    const over = this.#recovery !== 'none' && ahead(ack, this.#recoveryPoint) >= 0;
    if (this.#recovery === 'none' || (this.#recovery === 'timeout' && !over)) congestion.acknowledged(octets, this.mss, limited || !over);
    else if (this.#recovery === 'fast' && !this.sack) {
      if (over) congestion.window = Math.min(congestion.threshold, Math.max(this.flight, this.mss) + this.mss);
      else {
        // RFC 6582 §3.2: a partial acknowledgement. The next that is missing goes out again.
        congestion.window = Math.max(this.mss, congestion.window - octets + (octets >= this.mss ? this.mss : 0));
        this.#resend(ack, Math.min(this.mss, this.flight), now);
      }
    }
    if (over) this.#recovery = 'none';
    if (this.flight > 0) this.timers.start('retransmit', now + this.roundTrip.timeout);
    else this.timers.stop('retransmit');
  }

  #measure(ack: number, elapsed: Millis | undefined, now: Millis): void {
    const timed = this.#timed;
    if (elapsed !== undefined) this.roundTrip.sample(elapsed);
    else if (timed && ahead(ack, timed.end) >= 0) this.roundTrip.sample(now - timed.at);
    if (timed && ahead(ack, timed.end) >= 0) this.#timed = undefined;
  }

  #duplicate(now: Millis): void {
    this.#dupAcks++;
    if (this.#recovery === 'fast' && !this.sack) this.#congestion.window += this.mss; // RFC 5681 §3.2, step 4
    if (this.#recovery !== 'none') return;
    const lost = this.sack && ahead(this.#board.lostBefore(this.una, this.mss), this.una) > 0;
    if (this.#dupAcks < DUP_THRESHOLD && !lost) return;
    this.counters.recoveries++;
    this.#recovery = 'fast';
    this.#recoveryPoint = this.nxt;
    this.#highRxt = this.una;
    this.#rescued = false;
    this.#congestion.lost(this.flight, this.mss);
    if (!this.sack) this.#congestion.window += DUP_THRESHOLD * this.mss;
    const hole = this.#board.hole(this.una, this.nxt);
    if (hole) this.#resend(hole.from, Math.min(this.mss, ahead(hole.to, hole.from)), now);
    this.timers.start('retransmit', now + this.roundTrip.timeout);
  }

  // --- Timers ----------------------------------------------------------------------------------------------------------

  /** Nobody answered: everything under way counts as lost, what was said of it too (RFC 2018 §8). */
  timedOut(now: Millis): void {
    if (this.flight <= 0) return;
    this.counters.timeouts++;
    this.#congestion.timedOut(this.flight, this.mss, this.#timedOutAt === this.una);
    this.#timedOutAt = this.una;
    this.roundTrip.back();
    this.#board.clear();
    this.#dupAcks = 0;
    this.#again(this.nxt);
    this.timers.start('retransmit', now + this.roundTrip.timeout);
  }

  /** What is under way did not fit through the path: it goes out anew, which is nobody's congestion (RFC 1191 §6.4). */
  resend(_now: Millis): void {
    this.#again(this.nxt);
  }

  #again(point: number): void {
    this.#recovery = 'timeout';
    this.#recoveryPoint = point;
    this.#highRxt = this.una;
    this.#timed = undefined;
  }

  /** The window has been closed, or hardly open, for long. */
  probe(now: Millis): void {
    this.probes++;
    const usable = this.#window - this.flight;
    if (usable > 0 && this.#unsent() > 0) this.#next(Math.min(this.#unsent(), usable, this.mss), now);
    else if (this.#probing) this.#resend(this.una, 1, now);
    else if (this.#unsent() > 0 && this.flight === 0) {
      // RFC 9293 §3.8.6.1: at least one octet of new data.
      this.#probing = true;
      this.#next(1, now);
    }
  }

  // --- Out -------------------------------------------------------------------------------------------------------------

  /** Sends what the windows allow, and sees to it that a timer runs where something is waited for. */
  transmit(now: Millis): void {
    if (this.flight === 0 && now - this.#lastSent > this.roundTrip.timeout) this.#congestion.idle(this.mss);
    if (this.#recovery !== 'none') this.#repair(now);
    this.#fresh(now);
    if (this.#recovery === 'fast' && this.sack) this.#speculate(now);
    this.#arm(now);
  }

  /** Below this, what is not known to be there is lost. */
  #lostBefore(): number {
    if (this.#recovery === 'timeout') return later(this.#recoveryPoint, this.una);
    if (this.#recovery !== 'fast' || !this.sack) return this.una;
    const lost = this.#board.lostBefore(this.una, this.mss);
    // What an acknowledgement stopped at, on its way through a repair, is missing (RFC 6582), though not enough has come after it to say so.
    const first = this.#board.hole(this.una, this.#recoveryPoint);
    return first && ahead(lost, first.from) <= 0 ? add(first.from, Math.min(this.mss, ahead(first.to, first.from))) : lost;
  }

  /** Octets under way (RFC 6675 §4, SetPipe). */
  #pipe(): number {
    if (!this.sack && this.#recovery !== 'timeout') return this.flight;
    if (this.#recovery === 'none') return this.#board.empty ? this.flight : this.#board.missing(this.una, this.nxt);
    return this.#board.missing(this.#lostBefore(), this.nxt) + this.#board.missing(this.una, this.#highRxt);
  }

  /** Sends lost octets again (RFC 6675 §4, NextSeg 1). */
  #repair(now: Millis): void {
    if (this.#recovery === 'fast' && !this.sack) return;
    const end = this.#lostBefore();
    for (let pipe = this.#pipe(); pipe === 0 || this.#congestion.window - pipe >= this.mss; ) {
      const hole = this.#board.hole(later(this.#highRxt, this.una), end);
      if (!hole) return;
      const length = Math.min(this.mss, ahead(hole.to, hole.from));
      this.#resend(hole.from, length, now);
      pipe += length;
    }
  }

  /** Nothing is known to be lost and nothing is new: what may be lost, and the end of the window once (NextSeg 3 and 4). */
  #speculate(now: Millis): void {
    const { highest } = this.#board;
    if (this.#unsent() > 0 || highest === undefined || this.#congestion.window - this.#pipe() < this.mss) return;
    const hole = this.#board.hole(later(this.#highRxt, this.una), highest);
    if (hole) this.#resend(hole.from, Math.min(this.mss, ahead(hole.to, hole.from)), now);
    else if (!this.#rescued && ahead(this.#recoveryPoint, highest) > 0) {
      this.#rescued = true;
      const { mss } = this;
      const from = later(add(this.#recoveryPoint, -mss), highest);
      const kept = this.#highRxt;
      this.#resend(from, ahead(this.#recoveryPoint, from), now);
      this.#highRxt = kept;
    }
  }

  #fresh(now: Millis): void {
    // RFC 3042: the first two duplicates each let one more segment go.
    const extra = this.#recovery === 'none' ? Math.min(this.#dupAcks, DUP_THRESHOLD - 1) * this.mss : 0;
    for (let pipe = this.#pipe(); ; ) {
      const unsent = this.#unsent();
      const fin = this.finQueued && !this.#finSent;
      if (unsent <= 0 && !fin) return;
      const length = Math.min(unsent, this.mss, this.#window - this.flight);
      if (unsent > 0 && length <= 0) return;
      if (pipe > 0 && pipe + length > this.#congestion.window + extra) return;
      if (unsent > 0 && !this.#worthwhile(length, unsent, fin)) return;
      this.#next(length, now);
      pipe += length;
    }
  }

  /** Silly windows are not filled (RFC 9293 §3.8.6.2.1), and Nagle's algorithm where it is wanted (§3.7.4). */
  #worthwhile(length: number, unsent: number, fin: boolean): boolean {
    if (length >= this.mss) return true;
    if (length === unsent && (!this.config.nagle || this.flight === 0 || fin)) return true;
    return length >= this.largestWindow / 2;
  }

  /** Sends what comes next for the first time. */
  #next(length: number, now: Millis): void {
    const seq = this.nxt;
    const last = length === this.#unsent();
    this.nxt = add(seq, length);
    if (last && this.finQueued) {
      this.#finSent = true;
      this.nxt = add(this.nxt, 1);
    }
    this.#timed ??= { end: this.nxt, at: now };
    this.#emit(seq, ahead(this.nxt, seq), now);
  }

  #resend(seq: number, length: number, now: Millis): void {
    this.counters.retransmitted++;
    this.#timed = undefined;
    this.#highRxt = later(this.#highRxt, add(seq, length));
    this.#emit(seq, length, now);
  }

  /** Sends octets of the sequence space, the FIN among them where it is. */
  #emit(seq: number, length: number, now: Millis): void {
    this.#lastSent = now;
    const before = ahead(seq, this.una);
    const data = Math.max(0, Math.min(length, this.buffer.length - before));
    const payload = data > 0 ? this.buffer.copy(this.buffer.base + before, data) : NOTHING;
    const fin = length > data ? TcpFlag.fin : 0;
    const push = data > 0 && before + data === this.buffer.length ? TcpFlag.psh : 0;
    this.owner.send(fin | push, seq, payload, now);
  }

  #arm(now: Millis): void {
    const { timers } = this;
    if (this.flight > 0 && !this.#probing) {
      timers.stop('persist');
      if (!timers.running('retransmit')) timers.start('retransmit', now + this.roundTrip.timeout);
      return;
    }
    timers.stop('retransmit');
    if (!this.#probing && this.#unsent() <= 0) timers.stop('persist');
    else if (!timers.running('persist'))
      timers.start('persist', now + Math.min(MAX_PERSIST, this.roundTrip.timeout * 2 ** Math.min(this.probes, 10)));
  }
}

const NOTHING = new Uint8Array(0);
