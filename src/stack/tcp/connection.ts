import type { Millis } from '../../lib/clock.js';
import type { Machine } from '../../lib/machine.js';
import { Timers } from '../../lib/timers.js';
import { type OutgoingSegment, optionsLength, TCP, TcpFlag, type TcpSegment } from '../wire/tcp.js';
import type { TcpConfig } from './config.js';
import type { TcpEffect, TcpEvent, TcpState, TcpTimer } from './events.js';
import { Reception } from './reception.js';
import { RoundTrip } from './round-trip.js';
import { add, ahead } from './sequence.js';
import { Transmission } from './transmission.js';

const NOTHING = new Uint8Array(0);
/** RFC 7323 §5.5: a timestamp that old says nothing. */
const PAWS_IDLE: Millis = 24 * 86_400_000;

/** What a connection is made with. @internal */
export interface ConnectionOptions {
  readonly config: TcpConfig;
  /** Our initial sequence number (RFC 6528), and what our timestamps start from. */
  readonly iss: number;
  readonly timestampOffset: number;
  /** Octets of IP's header, and of the option of authentication in each segment. */
  readonly ipHeader: number;
  readonly reserved: number;
  /** Octets of the largest packet to the other end. */
  readonly mtu: number;
  /** The SYN that the other end sent, where it dialled. */
  readonly syn?: TcpSegment;
}

/**
 * One TCP connection (RFC 9293 §3.10): segments and the owner's wishes in, segments and events sender. What is sent, when, and again, is
 * {@link Transmission}'s, and what is received {@link Reception}'s; this is the states, the handshake, what is believed, and who may end it.
 *
 * @internal
 */
export class TcpConnection implements Machine<TcpEvent, TcpEffect> {
  state: TcpState;
  readonly timers = new Timers<TcpTimer>();
  readonly #effects: TcpEffect[] = [];
  readonly #config: TcpConfig;
  readonly #sender: Transmission;
  readonly #roundTrip: RoundTrip;
  readonly #passive: boolean;

  readonly #receiver: Reception;
  #irs = 0;
  /** The acknowledgement that was sent last, and whether another one is due at once. */
  #lastAck = 0;
  #ackNow = false;

  // --- Agreed in the handshake
  #sack = false;
  #timestamps = false;
  #tsRecent = 0;
  #tsRecentAt: Millis = 0;

  // --- Trouble
  #heard: Millis = 0;
  #tries = 0;
  /** Since when something goes unanswered. */
  #since: Millis = 0;
  #probes = 0;
  #challenges = 0;
  #challengedAt: Millis = 0;
  #lastTrouble: string | undefined;
  #told = false;
  #full = false;
  /** Octets written that may wait before the writer is told to. */
  #most: number;

  constructor(private readonly options: ConnectionOptions) {
    const { config, syn } = options;
    this.#config = config;
    this.#most = config.sendBuffer;
    this.#passive = syn !== undefined;
    this.state = syn ? 'syn-received' : 'syn-sent';
    this.#roundTrip = new RoundTrip(config);
    this.#receiver = new Reception(config, (bytes) => void this.#effects.push({ type: 'data', bytes }));
    this.#sender = new Transmission(
      {
        send: (flags, seq, payload, now) => this.#sendSegment(flags, seq, payload, now),
        effect: (effect) => this.#effects.push(effect),
      },
      options.iss,
      config,
      this.#roundTrip,
      this.timers,
    );
  }

  get deadline(): Millis | undefined {
    return this.timers.next();
  }
  /** Octets written that are not acknowledged. */
  get buffered(): number {
    return this.#sender.buffer.length;
  }
  /** Octets that are kept for the owner, in order and ahead of it. */
  get held(): number {
    return this.#receiver.held;
  }
  get writable(): boolean {
    return !this.#full;
  }
  /** Next sequence numbers, for those who must tell an old segment from a new connection's. */
  get expected(): number {
    return this.#receiver.next;
  }
  /** Whether an octet is under way: only then is ICMP believed (RFC 5927 §4.1). */
  underWay(seq: number): boolean {
    return ahead(seq, this.#sender.una) >= 0 && ahead(seq, this.#sender.nxt) < 0;
  }
  get counters(): { readonly retransmitted: number; readonly timeouts: number; readonly recoveries: number } {
    return this.#sender.counters;
  }

  handle(event: TcpEvent, now: Millis): readonly TcpEffect[] {
    switch (event.type) {
      case 'open':
        this.#heard = now;
        this.#sendSyn(now);
        break;
      case 'segment':
        this.#segment(event.segment, now);
        break;
      case 'write':
        this.#write(event.bytes, event.sent, now);
        break;
      case 'pause':
        this.#receiver.paused = true;
        break;
      case 'resume':
        this.#resume(now);
        break;
      case 'bound':
        this.#most = event.bounds.written;
        this.#receiver.bound(event.bounds.arrived);
        break;
      case 'end':
        this.#end(now);
        break;
      case 'abort':
        this.#abort(now);
        break;
      case 'narrow':
        this.#narrow(event.mtu, event.seq, now);
        break;
      case 'unreachable':
        this.#unreachable(event.reason, event.seq);
        break;
    }
    return this.#effects.splice(0);
  }

  tick(now: Millis): readonly TcpEffect[] {
    for (let timer = this.timers.expire(now); timer; timer = this.timers.expire(now)) this.#expired(timer, now);
    return this.#effects.splice(0);
  }

  // --- Handshake -------------------------------------------------------------------------------------------------------

  /** The other end's SYN, with which a passive connection begins; the answer to it. */
  accept(syn: TcpSegment, now: Millis): readonly TcpEffect[] {
    this.#heard = now;
    this.#synchronize(syn, now);
    this.#sendSyn(now);
    return this.#effects.splice(0);
  }

  /** Takes over what a SYN says. */
  #synchronize(syn: TcpSegment, now: Millis): void {
    const { mss, windowScale, sackPermitted, timestamp } = syn.options;
    const { config, ipHeader, mtu, reserved } = this.options;
    this.#irs = syn.seq;
    this.#receiver.begin(syn.seq);
    this.#lastAck = this.#receiver.next;
    // With MD5 there is no room for both, and SACK is worth more.
    this.#sack = config.sack && sackPermitted === true;
    this.#timestamps = config.timestamps && timestamp !== undefined && !this.#crowded();
    if (this.#timestamps && timestamp) {
      this.#tsRecent = timestamp.value;
      this.#tsRecentAt = now;
    }
    const scaled = config.windowScaling && windowScale !== undefined;
    if (!scaled) this.#receiver.scale = 0;
    const sender = this.#sender;
    sender.scale = scaled ? (windowScale ?? 0) : 0;
    sender.sack = this.#sack;
    // RFC 9293 §3.7.1: 536 and 1220 where nothing is said; RFC 6691: options are taken off by the sender. 48: as little as is of any use.
    const theirs = Math.max(48, mss ?? (ipHeader === 20 ? 536 : 1220));
    sender.overhead = (this.#timestamps ? 12 : 0) + reserved;
    sender.peerMss = theirs;
    sender.setMss(Math.min(theirs, mtu - ipHeader - TCP) - sender.overhead);
    sender.wndSeq = syn.seq;
    // RFC 7323 §2.2: the window of a SYN is never scaled.
    sender.setWindow(syn.window);
  }

  /** MD5 takes so much room that timestamps and selective acknowledgements do not both fit (RFC 2385 §4.3). */
  #crowded(): boolean {
    return this.options.reserved > 16;
  }

  #sendSyn(now: Millis): void {
    const { config } = this.options;
    const { iss } = this.options;
    const answer = this.state === 'syn-received';
    const { ipHeader, mtu } = this.options;
    const window = this.#receiver.firstWindow;
    const scales = answer ? this.#receiver.scale > 0 || this.#sender.scale > 0 : config.windowScaling;
    const timestamps = answer ? this.#timestamps : config.timestamps && !this.#crowded();
    const sack = answer ? this.#sack : config.sack;
    this.#effects.push({
      type: 'send',
      segment: {
        seq: iss,
        ack: answer ? this.#receiver.next : 0,
        flags: TcpFlag.syn | (answer ? TcpFlag.ack : 0),
        window,
        payload: NOTHING,
        mss: Math.min(0xffff, mtu - ipHeader - TCP),
        ...(scales ? { windowScale: this.#receiver.scale } : {}),
        ...(sack ? { sackPermitted: true } : {}),
        ...(timestamps ? { timestamp: { value: this.#timestamp(now), echo: answer ? this.#tsRecent : 0 } } : {}),
      },
    });
    this.#sender.synSent(now, this.#tries > 0);
    this.timers.start('retransmit', now + this.#roundTrip.timeout);
  }

  #synchronized(segment: TcpSegment, now: Millis): void {
    if (this.#tries > 0) this.#roundTrip.distrust();
    this.#sender.begin(this.#tries > 1);
    this.#tries = 0;
    this.timers.stop('retransmit');
    this.state = this.#sender.finQueued ? 'fin-wait-1' : 'established';
    // A SYN has told its window already, which is not scaled.
    if ((segment.flags & TcpFlag.syn) === 0) this.#updateWindow(segment);
    this.#keepAlive(now);
    this.#effects.push({ type: 'established' });
  }

  // --- Segments in -----------------------------------------------------------------------------------------------------

  #segment(segment: TcpSegment, now: Millis): void {
    if (this.state === 'closed') return;
    if (this.state === 'syn-sent') this.#inSynSent(segment, now);
    else this.#inOrder(segment, now);
    this.#flush(now);
  }

  /** RFC 9293 §3.10.7.3. */
  #inSynSent(segment: TcpSegment, now: Millis): void {
    const { flags, ack } = segment;
    const acks = (flags & TcpFlag.ack) !== 0;
    if (acks && ack !== this.#sender.nxt) {
      if ((flags & TcpFlag.rst) === 0) this.#sendRaw(TcpFlag.rst, ack, 0);
      return;
    }
    if ((flags & TcpFlag.rst) !== 0) {
      if (acks) this.#close('connection refused');
      return;
    }
    if ((flags & TcpFlag.syn) === 0) return;
    this.#heard = now;
    this.#synchronize(segment, now);
    if (!acks) {
      // Both dialled at once (§3.5, figure 8).
      this.state = 'syn-received';
      this.#sendSyn(now);
      return;
    }
    this.#sender.acknowledge(ack, this.#elapsed(segment, now), now);
    this.#synchronized(segment, now);
    this.#ackNow = true;
    this.#text(segment, add(segment.seq, 1), now);
  }

  /** RFC 9293 §3.10.7.4, with the checks of RFC 5961 and RFC 7323. */
  #inOrder(segment: TcpSegment, now: Millis): void {
    const { flags, seq, payload, options } = segment;
    const syn = (flags & TcpFlag.syn) !== 0;
    const fin = (flags & TcpFlag.fin) !== 0;
    const rst = (flags & TcpFlag.rst) !== 0;
    const acks = (flags & TcpFlag.ack) !== 0;
    if (this.state === 'syn-received' && syn && seq === this.#irs) {
      // The SYN again: our answer to it was lost.
      if (!acks) this.#sendSyn(now);
      else if (segment.ack === this.#sender.nxt && this.#acknowledgement(segment, now)) {
        // Both dialled at once, and the other end has our SYN (§3.5, figure 8).
        this.#heard = now;
        this.#ackNow = true;
      }
      return;
    }
    if (this.#timestamps && !rst && this.#isOld(options.timestamp, now)) {
      this.#ackNow = true; // RFC 7323 §5.3, R1
      return;
    }
    const length = payload.length + (fin ? 1 : 0);
    if (!this.#receiver.inWindow(seq, length)) {
      if (this.state === 'time-wait' && fin) this.#timeWait(now);
      if (rst) return;
      // What probes our closed window, or comes after an octet that did, still says what arrived of ours (§3.10.7.4, first).
      const beyond = ahead(seq, this.#receiver.next);
      if (this.#receiver.closed && (beyond === 0 || beyond === 1) && !syn && acks && this.#synchronous()) {
        this.#heard = now;
        this.#acknowledgement(segment, now);
      }
      this.#ackNow = true;
      return;
    }
    if (rst) {
      // RFC 5961 §3.2: only the very next octet resets; what is merely in the window is asked about.
      if (seq === this.#receiver.next) this.#reset();
      else this.#challenge(now);
      return;
    }
    if (syn) {
      this.#challenge(now); // RFC 5961 §4.2
      return;
    }
    if (!acks) return;
    if (this.#timestamps && options.timestamp && ahead(seq, this.#lastAck) <= 0 && ahead(options.timestamp.value, this.#tsRecent) >= 0) {
      this.#tsRecent = options.timestamp.value; // RFC 7323 §4.3
      this.#tsRecentAt = now;
    }
    if (!this.#acknowledgement(segment, now)) return;
    this.#heard = now;
    this.#probes = 0;
    this.#text(segment, seq, now);
  }

  #isOld(timestamp: { readonly value: number } | undefined, now: Millis): boolean {
    return timestamp !== undefined && ahead(timestamp.value, this.#tsRecent) < 0 && now - this.#tsRecentAt < PAWS_IDLE;
  }

  /** Whether the segment is to be looked at further. */
  #acknowledgement(segment: TcpSegment, now: Millis): boolean {
    const { ack } = segment;
    const sender = this.#sender;
    if (this.state === 'syn-received') {
      if (ack !== sender.nxt && !(ahead(ack, sender.una) > 0 && ahead(ack, sender.nxt) <= 0)) {
        this.#sendRaw(TcpFlag.rst, ack, 0);
        return false;
      }
      sender.acknowledge(ack, this.#elapsed(segment, now), now);
      this.#synchronized(segment, now);
      return true;
    }
    // RFC 5961 §5.2: an acknowledgement of what was never sent, or of what is long forgotten, is somebody's guess.
    if (ahead(ack, sender.nxt) > 0 || ahead(ack, add(sender.una, -sender.largestWindow)) < 0) {
      this.#challenge(now);
      return false;
    }
    const finBefore = sender.finAcknowledged;
    const changed = ahead(ack, sender.una) >= 0 && this.#updateWindow(segment);
    if (ahead(ack, sender.una) > 0) this.#tries = 0;
    sender.take(segment, changed, this.#elapsed(segment, now), now);
    if (this.#full && sender.buffer.length < this.#most / 2) {
      this.#full = false;
      if (!this.#told) this.#effects.push({ type: 'drained' });
    }
    if (!finBefore && sender.finAcknowledged) this.#finAcknowledged(now);
    return this.state !== 'closed';
  }

  #finAcknowledged(now: Millis): void {
    switch (this.state) {
      case 'fin-wait-1':
        this.state = 'fin-wait-2';
        // Whoever has closed does not wait for the other end for ever.
        this.timers.start('timeWait', now + 2 * this.#config.segmentLifetime);
        return;
      case 'closing':
        this.#timeWait(now);
        return;
      case 'last-ack':
        this.#close(undefined);
        return;
      default:
        return;
    }
  }

  /** Whether the window changed (§3.10.7.4: only a segment that is not older than the last that said). */
  #updateWindow({ seq, ack, window }: TcpSegment): boolean {
    const sender = this.#sender;
    const news = ahead(seq, sender.wndSeq) > 0 || (seq === sender.wndSeq && ahead(ack, sender.wndAck) >= 0);
    if (!news) return false;
    sender.wndSeq = seq;
    sender.wndAck = ack;
    return sender.setWindow(window << sender.scale);
  }

  /** Time that the acknowledged segment took, where its timestamp tells (RFC 7323 §4.1). */
  #elapsed({ options: { timestamp } }: TcpSegment, now: Millis): Millis | undefined {
    if (!this.#timestamps || !timestamp || timestamp.echo === 0) return undefined;
    const time = ahead(this.#timestamp(now), timestamp.echo);
    return time >= 0 && time < PAWS_IDLE ? Math.max(time, 1) : undefined;
  }

  /** The segment's octets and its FIN. */
  #text({ payload, flags }: TcpSegment, seq: number, now: Millis): void {
    const fin = (flags & TcpFlag.fin) !== 0;
    if (payload.length === 0 && !fin) return;
    if (this.state !== 'established' && this.state !== 'fin-wait-1' && this.state !== 'fin-wait-2') {
      this.#ackNow = true; // after its FIN the other end has nothing to say: it is sent again
      return;
    }
    const receiver = this.#receiver;
    if (receiver.take(payload, fin, seq)) this.#ackNow = true;
    if (receiver.finished()) this.#finished(now);
    // RFC 9293 §3.8.6.3: every second full segment at the latest.
    if (receiver.unacknowledged >= 2 * this.#sender.mss) this.#ackNow = true;
    else if (!this.timers.running('delayedAck')) this.timers.start('delayedAck', now + this.#config.delayedAck);
  }

  /** The other end's FIN has come in its turn. As the host's sockets do, we then say that we are done too. */
  #finished(now: Millis): void {
    this.#ackNow = true;
    switch (this.state) {
      case 'established':
        this.state = 'close-wait';
        this.#end(now);
        return;
      case 'fin-wait-1':
        this.state = 'closing';
        return;
      case 'fin-wait-2':
        this.#timeWait(now);
        return;
      default:
        return;
    }
  }

  // --- The owner -------------------------------------------------------------------------------------------------------

  #write(bytes: Uint8Array, sent: (() => void) | undefined, now: Millis): void {
    if (this.#sender.finQueued || this.state === 'closed') {
      if (sent) this.#effects.push({ type: 'sent', call: sent });
      return;
    }
    this.#sender.buffer.push(bytes, sent);
    if (this.#sender.buffer.length >= this.#most) this.#full = true;
    this.#flush(now);
  }

  #resume(now: Millis): void {
    this.#receiver.resume();
    // RFC 9293 §3.8.6.2.2: the window is told once it has grown by something.
    if (this.#synchronous() && this.#receiver.grown() >= Math.min(2 * this.#sender.mss, this.#receiver.most / 2)) this.#ackNow = true;
    this.#flush(now);
  }

  #end(now: Millis): void {
    const sender = this.#sender;
    if (sender.finQueued) return;
    switch (this.state) {
      case 'syn-sent':
        this.#close(undefined);
        return;
      case 'syn-received':
      case 'established':
        sender.finQueued = true;
        if (this.state === 'established') this.state = 'fin-wait-1';
        break;
      case 'close-wait':
        sender.finQueued = true;
        this.state = 'last-ack';
        break;
      default:
        return;
    }
    this.#flush(now);
  }

  #abort(_now: Millis): void {
    if (this.state === 'closed') return;
    // RFC 9293 §3.10.5; from SYN-SENT and TIME-WAIT there is nobody to tell.
    if (this.state !== 'syn-sent' && this.state !== 'time-wait')
      this.#sendRaw(TcpFlag.rst | TcpFlag.ack, this.#sender.bareSeq, this.#receiver.next);
    this.#close(undefined);
  }

  #reset(): void {
    // RFC 9293 §3.10.7.4, second: once both ends have closed, nothing is lost.
    const over = this.state === 'closing' || this.state === 'last-ack' || this.state === 'time-wait';
    this.#close(over ? undefined : this.state === 'syn-received' && !this.#passive ? 'connection refused' : 'connection reset');
  }

  #narrow(mtu: number, seq: number, now: Millis): void {
    const sender = this.#sender;
    const { ipHeader } = this.options;
    if (!this.underWay(seq)) return;
    const mss = Math.min(sender.peerMss, mtu - ipHeader - TCP) - sender.overhead;
    if (mss >= sender.mss || mss < 8) return;
    sender.setMss(mss);
    sender.resend(now);
    this.#flush(now);
  }

  #unreachable(reason: string, seq: number): void {
    if (!this.underWay(seq)) return;
    // RFC 5927 §6.1: a connection that stands outlives it; a dial does not.
    if (this.state === 'syn-sent') this.#close(reason);
    else this.#lastTrouble = reason;
  }

  /** For the owner it is over, once. */
  #tell(reason: string | undefined): void {
    if (this.#told) return;
    this.#told = true;
    this.#receiver.deaf = true;
    for (const call of this.#sender.buffer.clear()) this.#effects.push({ type: 'sent', call });
    this.#effects.push({ type: 'closed', reason });
  }

  #close(reason: string | undefined): void {
    this.state = 'closed';
    this.timers.stopAll();
    this.#receiver.clear();
    this.#tell(reason);
    this.#effects.push({ type: 'gone' });
  }

  #timeWait(now: Millis): void {
    this.state = 'time-wait';
    this.timers.stopAll();
    this.#receiver.clearEarly();
    this.timers.start('timeWait', now + 2 * this.#config.segmentLifetime);
    this.#tell(undefined);
  }

  // --- Timers ----------------------------------------------------------------------------------------------------------

  #expired(timer: TcpTimer, now: Millis): undefined {
    switch (timer) {
      case 'retransmit':
        this.#noAnswer(now);
        break;
      case 'persist':
        if (this.#sender.probes === 0) this.#since = now;
        if (this.#overdue(now)) return this.#giveUp();
        this.#sender.probe(now);
        break;
      case 'delayedAck':
        this.#ackNow = true;
        break;
      case 'keepAlive':
        this.#keepAliveDue(now);
        break;
      case 'timeWait':
        this.#close(undefined);
        break;
    }
    this.#flush(now);
  }

  /** RFC 6298 §5.4 to §5.7. */
  #noAnswer(now: Millis): undefined {
    const { synRetries } = this.#config;
    if (this.#tries++ === 0) this.#since = now;
    if (this.state === 'syn-sent' || this.state === 'syn-received') {
      if (this.#tries > synRetries) return this.#giveUp();
      this.#roundTrip.back();
      this.#sendSyn(now);
      return;
    }
    if (this.#overdue(now)) return this.#giveUp();
    this.#sender.timedOut(now);
  }

  #overdue(now: Millis): boolean {
    return now - Math.max(this.#since, this.#heard) > this.#config.userTimeout;
  }

  #giveUp(): undefined {
    if (this.#synchronous()) this.#sendRaw(TcpFlag.rst | TcpFlag.ack, this.#sender.bareSeq, this.#receiver.next);
    this.#close(this.#lastTrouble ?? (this.#synchronous() ? 'connection timed out' : 'nobody answered'));
  }

  #keepAlive(now: Millis): void {
    const { keepAlive } = this.#config;
    if (keepAlive) this.timers.start('keepAlive', now + keepAlive.idle);
  }

  #keepAliveDue(now: Millis): undefined {
    const { keepAlive } = this.#config;
    if (!keepAlive || this.state === 'time-wait') return;
    const quiet = now - this.#heard;
    if (quiet < keepAlive.idle && this.#probes === 0) {
      this.timers.start('keepAlive', this.#heard + keepAlive.idle);
      return;
    }
    if (this.#probes >= keepAlive.count) return this.#giveUp();
    this.#probes++;
    // RFC 9293 §3.8.4: an octet that was acknowledged long ago, without the octet.
    this.#sendRaw(TcpFlag.ack, add(this.#sender.una, -1), this.#receiver.next, now);
    this.timers.start('keepAlive', now + keepAlive.interval);
  }

  // --- Segments out ----------------------------------------------------------------------------------------------------

  #synchronous(): boolean {
    return this.state !== 'syn-sent' && this.state !== 'syn-received' && this.state !== 'closed';
  }

  /** Sends what may go now, and an acknowledgement where none went along. */
  #flush(now: Millis): void {
    if (!this.#synchronous()) return;
    if (this.state !== 'time-wait') this.#sender.transmit(now);
    if (this.#ackNow) this.#sendRaw(TcpFlag.ack, this.#sender.bareSeq, this.#receiver.next, now);
  }

  /** RFC 5961 §7: answers what may be an attack, so often and no more. */
  #challenge(now: Millis): void {
    if (now - this.#challengedAt >= 1000) {
      this.#challengedAt = now;
      this.#challenges = 0;
    }
    if (this.#challenges++ < this.#config.challenges) this.#sendRaw(TcpFlag.ack, this.#sender.bareSeq, this.#receiver.next, now);
  }

  /** A segment with data or FIN, or both. */
  #sendSegment(flags: number, seq: number, payload: Uint8Array, now: Millis): void {
    this.#push({ seq, ack: this.#receiver.next, flags: flags | TcpFlag.ack, window: 0, payload }, now);
  }

  #sendRaw(flags: number, seq: number, ack: number, now?: Millis): void {
    if (now !== undefined) this.#push({ seq, ack, flags, window: 0, payload: NOTHING }, now);
    else this.#effects.push({ type: 'send', segment: { seq, ack, flags, window: 0, payload: NOTHING } });
  }

  /** Everything that every segment of an open connection says. */
  #push(bare: OutgoingSegment, now: Millis): void {
    const timestamp = this.#timestamps ? { value: this.#timestamp(now), echo: this.#tsRecent } : undefined;
    const receiver = this.#receiver;
    const window = receiver.window(this.#sender.mss);
    let segment: OutgoingSegment = timestamp ? { ...bare, window, timestamp } : { ...bare, window };
    if (this.#sack && receiver.gaps && bare.payload.length === 0) {
      const room = 40 - this.options.reserved - optionsLength(segment) - 4;
      segment = { ...segment, sack: receiver.blocks(Math.floor(room / 8)) };
    }
    this.#lastAck = this.#receiver.next;
    this.#ackNow = false;
    receiver.unacknowledged = 0;
    this.timers.stop('delayedAck');
    this.#effects.push({ type: 'send', segment });
  }

  #timestamp(now: Millis): number {
    return add(this.options.timestampOffset, Math.floor(now % 0x1_0000_0000));
  }
}
