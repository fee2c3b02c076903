import { concatBytes } from '../lib/bytes.js';
import type { Millis } from '../lib/clock.js';
import type { Machine } from '../lib/machine.js';
import { Timers } from '../lib/timers.js';
import { CacheData, type Change } from './cache-data.js';
import { type CacheConfig, INTERVALS, type IntervalName, MAX_RECORDS } from './config.js';
import type { CacheEffect, CacheEvent, CacheState, CacheTimer } from './events.js';
import {
  decodePdu,
  encodePdu,
  type Intervals,
  type Pdu,
  pduLength,
  RtrError,
  type RtrVersion,
  RtrWireError,
  rtrErrorName,
} from './wire/index.js';

/** A connection must be there, TLS and all, in this time, and a query be answered whole in that (our own limits: RFC 8210 has none). */
export const DIAL_TIME = 60_000;
export const RESPONSE_TIME = 300_000;
const NOTHING = new Uint8Array(0);

/** Where we are in a cache's history: serials only mean something within a session, and sessions within a version. */
interface Place {
  readonly version: RtrVersion;
  readonly session: number;
  readonly serial: number;
}

/** An answer under way: a whole new copy, or changes that wait for their End of Data. */
interface Answer {
  readonly session: number;
  readonly fresh: CacheData | undefined;
  readonly changes: Change[];
}

/**
 * A router's session with one cache (RFC 8210 §8). What an answer brings is taken over at its End of Data, all at once; until then, and
 * while there is no connection, what was there before stays in use until it expires.
 *
 * @internal
 */
export class CacheSession implements Machine<CacheEvent, CacheEffect> {
  state: CacheState = 'idle';
  /** Version in use. */
  version: RtrVersion;
  data: CacheData | undefined;
  readonly #timers = new Timers<CacheTimer>();
  #intervals: Intervals;
  #place: Place | undefined;
  /** Whether the cache has answered in {@link CacheSession.version}. */
  #agreed = false;
  /** The query that is out. */
  #asked: 'serial' | 'reset' | undefined;
  #answer: Answer | undefined;
  #waiting: Uint8Array = NOTHING;
  #effects: CacheEffect[] = [];

  constructor(private readonly config: CacheConfig) {
    this.version = config.version ?? 1;
    this.#intervals = this.#within(undefined);
  }

  get #most(): number {
    return this.config.limit ?? MAX_RECORDS;
  }
  get serial(): number | undefined {
    return this.#place?.serial;
  }
  get deadline(): Millis | undefined {
    return this.#timers.next();
  }

  handle(event: CacheEvent, now: Millis): readonly CacheEffect[] {
    switch (event.type) {
      case 'start':
        if (this.state === 'idle') this.#dial(now);
        break;
      case 'stop':
        this.#stop();
        break;
      case 'connected':
        if (this.state === 'connecting') this.#query(now);
        break;
      case 'failed':
      case 'closed':
        if (this.state !== 'idle' && this.state !== 'down') this.#down(event.reason ?? 'the cache closed the connection', now);
        break;
      case 'octets':
        this.#octets(event.bytes, now);
        break;
    }
    return this.#done();
  }

  tick(now: Millis): readonly CacheEffect[] {
    for (let due = this.#timers.expire(now); due !== undefined; due = this.#timers.expire(now)) {
      switch (due) {
        case 'refresh':
        case 'retry':
          if (this.state === 'down') this.#dial(now);
          else if (this.state === 'in-sync' || this.state === 'no-data') this.#query(now);
          break;
        case 'expire':
          this.data = undefined;
          this.#place = undefined;
          this.#effects.push({ type: 'data', data: undefined });
          break;
        case 'dial':
          this.#effects.push({ type: 'close', flush: false });
          this.#down('the cache could not be connected to in time', now);
          break;
        case 'response':
          this.#effects.push({ type: 'close', flush: false });
          this.#down('the cache did not answer in time', now);
          break;
      }
    }
    return this.#done();
  }

  #done(): readonly CacheEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #to(state: CacheState, reason?: string): void {
    if (state === this.state) return;
    this.#effects.push({ type: 'state', from: this.state, to: state, reason });
    this.state = state;
  }

  // --- Connection ------------------------------------------------------------------------------------------------------

  #dial(now: Millis): void {
    this.#timers.stop('retry', 'refresh', 'response');
    this.#timers.start('dial', now + DIAL_TIME);
    this.#agreed = false;
    this.#waiting = NOTHING;
    this.#answer = undefined;
    this.#asked = undefined;
    this.#to('connecting');
    this.#effects.push({ type: 'dial' });
  }

  #down(reason: string, now: Millis): void {
    this.#timers.stop('dial', 'refresh', 'response');
    this.#answer = undefined;
    this.#asked = undefined;
    this.#waiting = NOTHING;
    // The cache may be another, and newer, when it is back.
    this.version = this.config.version ?? 1;
    this.#to('down', reason);
    this.#timers.start('retry', now + this.#intervals.retry * 1000);
  }

  #stop(): void {
    if (this.state === 'idle') return;
    this.#timers.stopAll();
    this.#answer = undefined;
    this.data = undefined;
    this.#place = undefined;
    this.#to('idle');
    this.#effects.push({ type: 'close', flush: false }, { type: 'data', data: undefined });
  }

  /** RFC 8210 §8.1, §8.2: what is new since our serial, or everything where we have none. */
  #query(now: Millis, everything = false): void {
    const place = this.#place;
    this.#timers.stop('dial', 'refresh', 'retry');
    this.#timers.start('response', now + RESPONSE_TIME);
    this.#answer = undefined;
    this.#to('syncing');
    if (place && place.version === this.version && !everything) {
      this.#asked = 'serial';
      this.#send({ type: 'serial-query', session: place.session, serial: place.serial });
    } else {
      this.#asked = 'reset';
      this.#send({ type: 'reset-query' });
    }
  }

  #send(pdu: Parameters<typeof encodePdu>[1]): void {
    this.#effects.push({ type: 'send', bytes: encodePdu(this.version, pdu) });
  }

  // --- What the cache says ---------------------------------------------------------------------------------------------

  #octets(chunk: Uint8Array, now: Millis): void {
    const bytes = this.#waiting.length > 0 ? concatBytes([this.#waiting, chunk]) : chunk;
    let at = 0;
    let pdu: Uint8Array = NOTHING;
    try {
      while (this.state === 'syncing' || this.state === 'in-sync' || this.state === 'no-data') {
        pdu = bytes.subarray(at, at + 8);
        const length = pduLength(bytes, at);
        if (length === undefined || bytes.length - at < length) break;
        pdu = bytes.subarray(at, at + length);
        at += length;
        if (!this.#versionFits(pdu)) continue;
        this.#pdu(decodePdu(pdu), now);
      }
      this.#waiting = this.#connected ? bytes.slice(at) : NOTHING;
    } catch (error) {
      if (!(error instanceof RtrWireError)) throw error;
      this.#fail(error, pdu, now);
    }
  }

  get #connected(): boolean {
    return this.state === 'syncing' || this.state === 'in-sync' || this.state === 'no-data';
  }

  /** RFC 8210 §7: the first answer settles the version; false for what is to be ignored until then. */
  #versionFits(pdu: Uint8Array): boolean {
    const version = pdu[0] ?? 0;
    const type = pdu[1] ?? 0;
    if (version === this.version) {
      // A notification may come before the first answer, and settles nothing.
      if (type === 0) return this.#agreed;
      // Of errors, that there is no data yet is an answer as well.
      if (type !== 10 || pdu[3] === RtrError.noDataAvailable) this.#agreed = true;
      return true;
    }
    if (type === 10) return true; // what a cache reports in another version is read all the same
    if (!this.#agreed && type === 0) return false;
    if (!this.#agreed && version < this.version && (type === 3 || type === 8)) {
      this.version = version as RtrVersion; // below a version that is 2 at most
      this.#agreed = true;
      // RFC 8210 §5.1: another version is another session, whatever its ID. Our serial says nothing in it.
      this.#place = undefined;
      return true;
    }
    throw new RtrWireError(RtrError.unexpectedVersion, `a PDU of version ${version} in a session of version ${this.version}`);
  }

  #pdu(pdu: Pdu, now: Millis): void {
    switch (pdu.type) {
      case 'serial-notify':
        this.#notified(pdu, now);
        break;
      case 'cache-response':
        this.#answered(pdu.session);
        break;
      case 'prefix':
      case 'aspa':
        this.#record(pdu);
        break;
      case 'router-key':
        break;
      case 'end-of-data':
        this.#endOfData(pdu, now);
        break;
      case 'cache-reset':
        // RFC 8210 §8.3: it does not go back as far as our serial.
        if (this.#asked !== 'serial') throw new RtrWireError(RtrError.corruptData, 'Cache Reset in answer to no Serial Query');
        this.#query(now, true);
        break;
      case 'error-report':
        this.#reported(pdu.code, pdu.text, now);
        break;
      case 'unknown':
        throw new RtrWireError(RtrError.unsupportedPduType, `PDU type ${pdu.code} is not known in version ${this.version}`);
      case 'serial-query':
      case 'reset-query':
        throw new RtrWireError(RtrError.invalidRequest, 'a cache asks no queries');
    }
  }

  /** RFC 8210 §5.2: only a hint, of no use while an answer is under way. */
  #notified({ session, serial }: { readonly session: number; readonly serial: number }, now: Millis): void {
    // A cache that had nothing has something now.
    if (this.state !== 'in-sync' && this.state !== 'no-data') return;
    const other = session !== this.#place?.session;
    if (other || serial !== this.#place?.serial) this.#query(now, other);
  }

  #answered(session: number): void {
    if (this.#asked === undefined || this.#answer) throw new RtrWireError(RtrError.corruptData, 'Cache Response without a query');
    // Without a place our data expired since the query, or the version fell: whatever this answers is asked for anew at its End of Data.
    if (this.#asked === 'serial' && this.#place && session !== this.#place.session) {
      this.#place = undefined; // RFC 8210 §5.1: all is asked for anew
      throw new RtrWireError(RtrError.corruptData, 'Cache Response has another session ID than the Serial Query');
    }
    this.#answer = { session, fresh: this.#asked === 'reset' ? new CacheData(this.#most) : undefined, changes: [] };
  }

  #record(change: Change): void {
    if (!this.#answer) throw new RtrWireError(RtrError.corruptData, 'a record outside of an answer');
    if (this.#answer.fresh) this.#answer.fresh.apply(change);
    else if (this.#answer.changes.length < this.#most) this.#answer.changes.push(change);
    else throw new RtrWireError(RtrError.internalError, `more than ${this.#most} changes at once are not taken`);
  }

  #endOfData(pdu: Extract<Pdu, { readonly type: 'end-of-data' }>, now: Millis): void {
    const answer = this.#answer;
    if (!answer || answer.session !== pdu.session) throw new RtrWireError(RtrError.corruptData, 'End of Data of no answer');
    if (!answer.fresh && !this.#place) {
      // What these are changes of has expired meanwhile, or is of another version.
      this.#query(now, true);
      return;
    }
    const changed = answer.fresh !== undefined || answer.changes.length > 0;
    if (answer.fresh) this.data = answer.fresh;
    else this.data?.applyAll(answer.changes);
    this.#answer = undefined;
    this.#asked = undefined;
    this.#place = { version: this.version, session: pdu.session, serial: pdu.serial };
    this.#intervals = this.#within(pdu.intervals);
    this.#timers.stop('response', 'retry');
    this.#timers.start('refresh', now + this.#intervals.refresh * 1000);
    this.#timers.start('expire', now + this.#intervals.expire * 1000);
    this.#to('in-sync');
    if (changed) this.#effects.push({ type: 'data', data: this.data });
  }

  // --- Errors ----------------------------------------------------------------------------------------------------------

  #reported(code: number, text: string, now: Millis): void {
    if (code === RtrError.noDataAvailable) {
      // RFC 8210 §8.4, §12: not fatal. It is asked again after a while.
      this.#asked = undefined;
      this.#answer = undefined;
      this.#timers.stop('response');
      this.#timers.start('retry', now + this.#intervals.retry * 1000);
      this.#to('no-data', 'the cache has no data yet');
      return;
    }
    this.#effects.push({ type: 'close', flush: false });
    if (code === RtrError.unsupportedVersion && !this.#agreed && this.version > 0) {
      // RFC 8210 §7: another connection, one version lower.
      this.version = this.version === 2 ? 1 : 0;
      this.#dial(now);
      return;
    }
    // RFC 8210 §12: fatal; and what made it so is not to be built upon.
    this.#place = undefined;
    this.#down(`the cache reports: ${rtrErrorName(code)}${text === '' ? '' : ` (${text.slice(0, 200)})`}`, now);
  }

  #fail(error: RtrWireError, pdu: Uint8Array, now: Millis): void {
    // RFC 8210 §5.11: no error report about an error report.
    if (pdu[1] !== 10) this.#send({ type: 'error-report', code: error.code, pdu: pdu.slice(0, 1024), text: error.message });
    this.#effects.push({ type: 'close', flush: true });
    this.#place = undefined;
    this.#down(`${rtrErrorName(error.code)}: ${error.message}`, now);
  }

  /** Intervals as configured, else as the cache says within the bounds of RFC 8210 §6, else the usual ones. */
  #within(said: Intervals | undefined): Intervals {
    const { config } = this;
    const one = (name: IntervalName): number => {
      const { usual, min, max } = INTERVALS[name];
      return config[name] ?? Math.min(max, Math.max(min, said?.[name] ?? usual));
    };
    const refresh = one('refresh');
    const retry = one('retry');
    // Data must not expire before it could be refreshed.
    return { refresh, retry, expire: Math.max(one('expire'), refresh + 1, retry + 1) };
  }
}
