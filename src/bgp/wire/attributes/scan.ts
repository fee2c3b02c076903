import { AS_TRANS } from '../../../lib/asn.js';
import { AttributeCode, AttributeFlag, ErrorCode, UpdateError } from '../codes.js';
import type { WireContext } from '../context.js';
import type { Remedy } from '../values.js';
import { mergeAsPath, widenAsPath } from './as4.js';
import { type Attribute, FAULTS, Fault } from './attribute.js';
import { u16 } from './octets.js';
import { byCode } from './table.js';

/** Remedies of {@link AttributeScan.remedy}, the mildest first. @internal */
export const REMEDY_NONE = 0;
/** Some attribute was dropped. @internal */
export const REMEDY_DISCARD = 1;
/** @internal */
export const REMEDY_TREAT_AS_WITHDRAW = 2;
/** @internal */
export const REMEDY_DISABLE_FAMILY = 3;
/** @internal */
export const REMEDY_RESET = 4;

const STRENGTH: Readonly<Record<Remedy, number>> = {
  'discard-attribute': REMEDY_DISCARD,
  'treat-as-withdraw': REMEDY_TREAT_AS_WITHDRAW,
  'disable-family': REMEDY_DISABLE_FAMILY,
  'reset-session': REMEDY_RESET,
};

/** A remedy's name, by its number. @internal */
export const REMEDIES: readonly (Remedy | undefined)[] = [
  undefined,
  'discard-attribute',
  'treat-as-withdraw',
  'disable-family',
  'reset-session',
];

/** Rows alone, dense, for the walk. */
const ROWS: readonly (Attribute<unknown> | undefined)[] = byCode.map((named) => named?.attribute);

const { mpReach, mpUnreach, nextHop, asPath, as4Path, aggregator, as4Aggregator, origin } = AttributeCode;
const { optional, transitive, partial, extendedLength } = AttributeFlag;
const KIND = optional | transitive;
/** Flags without a meaning (RFC 4271 §4.3). */
const UNUSED = 0x0f;
const NOTHING = new Uint8Array(0);
/** Octets that a canonical set may have: its length must fit 16 bits wherever it is kept, with a community more. @internal */
export const MAX_CANONICAL = 65_000;

/** Told of each malformed attribute: its code, the remedy, why, the NOTIFICATION's subcode, and where it stands. @internal */
export type FaultSink = (code: number, remedy: number, reason: string, subcode: number, at: number, end: number) => void;

/**
 * One walk over the path attributes of an UPDATE, on their octets: finds what matters, checks each attribute by its row, says
 * what RFC 7606 asks for, and leaves the *canonical set*, which is the same octets for the same route.
 *
 * One object is used again for every UPDATE of a session. A well-formed UPDATE allocates nothing; nothing ever throws. The
 * results are good until the next call, and as long as the input's octets are.
 *
 * The prefixes inside MP attributes are not looked at: whoever reads them checks them.
 *
 * @example
 * ```ts
 * scan.scan(bytes, from, to, context);
 * if (scan.remedy === REMEDY_NONE && scan.seenMandatory(true)) sets.intern(scan.bytes, scan.from, scan.to);
 * ```
 * @internal
 */
export class AttributeScan {
  /** The strongest remedy that something in it asks for. */
  remedy = REMEDY_NONE;
  /** Of what asked for it: the NOTIFICATION's code and subcode, and its data as octets of the input. */
  errorCode = 0;
  errorSubcode = 0;
  errorAt = 0;
  errorLength = 0;
  /** A sentence for people; empty when nothing is wrong. */
  reason = '';

  /** The value of MP_REACH_NLRI in the input, -1 when there is none whose fixed fields can be read; and where the attribute starts. */
  mpReachAt = -1;
  mpReachLength = 0;
  mpReachStart = -1;
  /** The value of MP_UNREACH_NLRI, likewise. */
  mpUnreachAt = -1;
  mpUnreachLength = 0;
  mpUnreachStart = -1;
  /** The value of NEXT_HOP, -1 when there is none that is well-formed. */
  nextHopAt = -1;
  nextHopLength = 0;
  seenOrigin = false;
  seenAsPath = false;

  /**
   * The canonical set, `bytes[from, to)`: the input where it is canonical, else a buffer of ours. In it MP attributes are cut out,
   * AS numbers have four octets (AS4_PATH merged, RFC 6793 §4.2.3), what is to be discarded is gone, flags without a meaning are
   * zero, lengths have one octet where that does, and attributes are in ascending order of code.
   *
   * Empty where there is MP_REACH_NLRI and no NEXT_HOP: then it takes {@link AttributeScan.canonicalFor}.
   */
  bytes: Uint8Array = NOTHING;
  from = 0;
  to = 0;

  /** Set for those who want to hear of every malformed attribute, not just of the worst. */
  sink: FaultSink | undefined;
  /** Attributes that are well-formed, in ascending order of code, whatever the canonical set makes of them. */
  count = 0;
  /** Where each of them starts in the input. */
  readonly #starts = new Int32Array(256);
  /** The code of one that is well-formed and not for this session, -1 for none: it is left out of the canonical set. */
  #quietCode = -1;

  #input: Uint8Array = NOTHING;
  #inputFrom = 0;
  #inputTo = 0;
  #fourOctetAs = true;
  readonly #seen = new Uint32Array(256);
  #generation = 0;
  #buffer: Uint8Array = NOTHING;
  #at = 0;

  /** Whether the mandatory attributes are there: ORIGIN, AS_PATH and, for prefixes of the NLRI field (`classic`), NEXT_HOP (RFC 7606 §3 d). */
  seenMandatory(classic: boolean): boolean {
    return this.seenOrigin && this.seenAsPath && (this.nextHopAt >= 0 || !classic);
  }

  /**
   * Whether something of the kind of treat-as-withdraw is wrong where these attributes bring no NLRI, and are not MP_UNREACH_NLRI alone: with
   * an empty NLRI field the session ends, as prefixes may not have been found (RFC 7606 §5.2).
   */
  get fatalWithoutRoutes(): boolean {
    if (this.remedy !== REMEDY_TREAT_AS_WITHDRAW || this.mpReachAt >= 0) return false;
    return this.mpUnreachStart !== this.#inputFrom || this.mpUnreachAt + this.mpUnreachLength !== this.#inputTo;
  }

  /** Walks the path attributes in `bytes[from, to)`. */
  scan(bytes: Uint8Array, from: number, to: number, context: WireContext): void {
    this.#reset(bytes, from, to, context);
    const starts = this.#starts;
    const seen = this.#seen;
    const generation = this.#generation;
    let canonical = context.fourOctetAs;
    let ordered = true;
    let previous = 0;
    let count = 0;
    for (let at = from; at < to; ) {
      const flags = bytes[at] as number; // at < to
      const long = (flags & extendedLength) !== 0;
      const value = at + (long ? 4 : 3);
      const code = at + 1 < to ? (bytes[at + 1] as number) : 0; // at + 1 < to
      const length = value > to ? 0 : long ? u16(bytes, at + 2) : (bytes[at + 2] as number); // value <= to
      const end = value + length;
      if (value > to || end > to) {
        this.#overrun(code, at, to);
        canonical = false;
        break;
      }
      if (seen[code] === generation) {
        this.#duplicate(code, at, end);
        canonical = false;
        at = end;
        continue;
      }
      seen[code] = generation;
      const row = ROWS[code];
      let fault: number = Fault.none;
      if (row === undefined) {
        if ((flags & optional) === 0) {
          this.#raise(REMEDY_RESET, UpdateError.unrecognisedWellKnown, code, at, end, `attribute ${code} is well-known and not known here`);
          canonical = false;
          at = end;
          continue;
        }
      } else {
        const rightFlags = (flags & KIND) === row.flags;
        fault = row.check(bytes, value, end, context);
        if (code === mpReach || code === mpUnreach) this.#locate(code, at, value, length, fault);
        if (!rightFlags) this.#wrongFlags(row, flags, at, end);
        if (fault !== Fault.none && fault !== Fault.quiet) this.#malformed(row, fault, context, at, end);
        if (!rightFlags || (fault !== Fault.none && fault !== Fault.quiet)) {
          canonical = false;
          at = end;
          continue;
        }
        if (code === origin) this.seenOrigin = true;
        else if (code === asPath) this.seenAsPath = true;
        else if (code === nextHop) {
          this.nextHopAt = value;
          this.nextHopLength = length;
        } else if (fault === Fault.quiet) {
          this.#quietCode = code;
          canonical = false;
        } else if (code === mpReach || code === mpUnreach || code === as4Path || code === as4Aggregator) {
          canonical = false;
        }
      }
      starts[count++] = at;
      if (code < previous) ordered = false;
      previous = code;
      if ((flags & UNUSED) !== 0 || (long && length <= 255) || ((flags & partial) !== 0 && (flags & KIND) !== KIND)) canonical = false;
      at = end;
    }
    this.count = count;
    if (!ordered) this.#sort();
    this.#checkSize();
    if (canonical && ordered) {
      this.bytes = bytes;
      this.from = from;
      this.to = to;
    } else if (this.mpReachAt < 0 || this.nextHopAt >= 0) this.#build(NOTHING, 0, 0);
  }

  /**
   * The canonical set of the scanned attributes with another next hop: the octets `bytes[nextHopAt, +nextHopLength)`, 4, 16 or 32
   * of them, from MP_REACH_NLRI. An UPDATE may hold an IPv4 part and an MP part, each with its own.
   */
  canonicalFor(bytes: Uint8Array, nextHopAt: number, nextHopLength: number): void {
    this.#build(bytes, nextHopAt, nextHopLength);
  }

  #reset(bytes: Uint8Array, from: number, to: number, context: WireContext): void {
    this.remedy = REMEDY_NONE;
    this.errorCode = 0;
    this.errorSubcode = 0;
    this.errorAt = from;
    this.errorLength = 0;
    this.reason = '';
    this.mpReachAt = -1;
    this.mpReachLength = 0;
    this.mpReachStart = -1;
    this.mpUnreachAt = -1;
    this.mpUnreachLength = 0;
    this.mpUnreachStart = -1;
    this.nextHopAt = -1;
    this.nextHopLength = 0;
    this.seenOrigin = false;
    this.seenAsPath = false;
    this.#quietCode = -1;
    this.bytes = NOTHING;
    this.from = 0;
    this.to = 0;
    this.#input = bytes;
    this.#inputFrom = from;
    this.#inputTo = to;
    this.#fourOctetAs = context.fourOctetAs;
    this.#generation = (this.#generation + 1) >>> 0;
    if (this.#generation === 0) {
      this.#seen.fill(0);
      this.#generation = 1;
    }
  }

  // --- What is wrong ----------------------------------------------------------------------------------------------------

  /** RFC 7606 §4: the rest is lost, the NLRI field is not. What overruns may hold NLRI itself, which then cannot be found (§3 j). */
  #overrun(code: number, at: number, to: number): void {
    const remedy = code === mpReach || code === mpUnreach ? REMEDY_RESET : REMEDY_TREAT_AS_WITHDRAW;
    this.#raise(remedy, UpdateError.attributeLength, code, at, to, `attribute ${code} runs past the end of the path attributes`);
  }

  /** RFC 7606 §3 (g): the first counts, but for the MP attributes. */
  #duplicate(code: number, at: number, end: number): void {
    const fatal = code === mpReach || code === mpUnreach;
    const remedy = fatal ? REMEDY_RESET : REMEDY_DISCARD;
    this.#raise(remedy, UpdateError.malformedAttributeList, code, at, end, `attribute ${code} comes twice`);
  }

  /** RFC 7606 §3 (c). */
  #wrongFlags(row: Attribute<unknown>, flags: number, at: number, end: number): void {
    const remedy = STRENGTH[row.ifFlagsWrong ?? 'treat-as-withdraw'];
    this.#raise(remedy, UpdateError.attributeFlags, row.code, at, end, `${row.name} has the flags 0x${(flags & KIND).toString(16)}`);
  }

  #malformed(row: Attribute<unknown>, fault: number, context: WireContext, at: number, end: number): void {
    let remedy = STRENGTH[context.peerType === 'external' ? row.ifMalformed.external : row.ifMalformed.internal];
    if (fault === Fault.nextHopSize) remedy = REMEDY_DISABLE_FAMILY;
    else if (fault === Fault.nextHop) remedy = REMEDY_TREAT_AS_WITHDRAW;
    const subcode = fault === Fault.length ? UpdateError.attributeLength : row.subcode;
    this.#raise(remedy, subcode, row.code, at, end, `${row.name} ${FAULTS[fault] ?? ''}`);
  }

  #raise(remedy: number, subcode: number, code: number, at: number, end: number, reason: string): void {
    if (remedy > this.remedy) {
      this.remedy = remedy;
      this.errorCode = ErrorCode.update;
      this.errorSubcode = subcode;
      this.errorAt = at;
      // RFC 4271 §6.3: the erroneous attribute, but for a malformed list.
      this.errorLength = subcode === UpdateError.malformedAttributeList ? 0 : end - at;
      this.reason = reason;
    }
    this.sink?.(code, remedy, reason, subcode, at, end);
  }

  /** AS numbers that grow to four octets must not grow a set beyond what can be kept. */
  #checkSize(): void {
    const length = this.#inputTo - this.#inputFrom;
    if (this.#fourOctetAs || length * 2 <= MAX_CANONICAL) return;
    const at = this.#inputFrom;
    this.#raise(
      REMEDY_TREAT_AS_WITHDRAW,
      UpdateError.attributeLength,
      0,
      at,
      at,
      `${length} octets of path attributes are too many to widen`,
    );
  }

  /** MP attributes are found even if something is wrong beside their NLRI: these can then be withdrawn. */
  #locate(code: number, start: number, value: number, length: number, fault: number): void {
    if (fault === Fault.short) return;
    if (code === mpReach) {
      this.mpReachAt = value;
      this.mpReachLength = length;
      this.mpReachStart = start;
    } else {
      this.mpUnreachAt = value;
      this.mpUnreachLength = length;
      this.mpUnreachStart = start;
    }
  }

  // --- The canonical set ------------------------------------------------------------------------------------------------

  /** By code. Few are out of order, if any. */
  #sort(): void {
    const starts = this.#starts;
    for (let i = 1; i < this.count; i++) {
      const start = starts[i] as number; // i < count
      const code = this.#input[start + 1] as number; // a whole header was seen there
      let j = i;
      for (; j > 0 && this.codeAt(j - 1) > code; j--) starts[j] = starts[j - 1] as number; // j > 0
      starts[j] = start;
    }
  }

  /** Of the attribute of an index, `0 <= i < count`: where it starts, its code and flags, where its value starts and ends. */
  startAt(i: number): number {
    return this.#starts[i] as number; // i < count
  }
  codeAt(i: number): number {
    return this.#input[(this.#starts[i] as number) + 1] as number; // a whole header was seen there
  }
  flagsAt(i: number): number {
    return this.#input[this.#starts[i] as number] as number; // likewise
  }
  valueAt(i: number): number {
    return (this.#starts[i] as number) + ((this.flagsAt(i) & extendedLength) !== 0 ? 4 : 3); // i < count
  }
  endAt(i: number): number {
    const start = this.#starts[i] as number; // i < count
    if ((this.flagsAt(i) & extendedLength) !== 0) return start + 4 + u16(this.#input, start + 2);
    return start + 3 + (this.#input[start + 2] as number); // a whole header was seen there
  }

  /** Whether the attribute of a code is well-formed as far as it matters, and not for this session. */
  isQuiet(code: number): boolean {
    return code === this.#quietCode;
  }

  #indexOf(code: number): number {
    for (let i = 0; i < this.count; i++) if (this.codeAt(i) === code) return i;
    return -1;
  }

  /** Writes the set to our buffer; with a next hop in place of NEXT_HOP where one is given. */
  #build(hop: Uint8Array, hopAt: number, hopLength: number): void {
    const room = (this.#inputTo - this.#inputFrom) * 2 + 64;
    if (this.#buffer.length < room) this.#buffer = new Uint8Array(room * 2);
    this.#at = 0;
    let hopDue = hopLength > 0;
    for (let i = 0; i < this.count; i++) {
      const code = this.codeAt(i);
      if (hopDue && code >= nextHop) {
        this.#put(transitive, nextHop, hop, hopAt, hopAt + hopLength);
        hopDue = false;
      }
      if (this.isQuiet(code) || code === mpReach || code === mpUnreach || code === as4Path || code === as4Aggregator) continue;
      if (code === nextHop && hopLength > 0) continue;
      if (!this.#fourOctetAs && code === asPath) this.#putPath(i);
      else if (!this.#fourOctetAs && code === aggregator) this.#putAggregator(i);
      else this.#put(this.#flags(i), code, this.#input, this.valueAt(i), this.endAt(i));
    }
    if (hopDue) this.#put(transitive, nextHop, hop, hopAt, hopAt + hopLength);
    this.bytes = this.#buffer;
    this.from = 0;
    this.to = this.#at;
  }

  /** Without what has no meaning: unused bits, and PARTIAL where it cannot be (RFC 4271 §4.3). */
  #flags(i: number): number {
    const flags = this.flagsAt(i);
    return (flags & KIND) === KIND ? flags & (KIND | partial) : flags & KIND;
  }

  #put(flags: number, code: number, from: Uint8Array, start: number, end: number): void {
    const out = this.#buffer;
    let at = putHeader(out, this.#at, flags, code, end - start);
    for (let i = start; i < end; i++) out[at++] = from[i] as number; // start..end lies inside
    this.#at = at;
  }

  /** RFC 6793 §4.2.3: AS4_PATH and AS4_AGGREGATOR count unless the AGGREGATOR shows that someone on the way knew neither. */
  #as4Counts(): boolean {
    const aggregate = this.#indexOf(aggregator);
    if (aggregate < 0 || this.#indexOf(as4Aggregator) < 0) return true;
    return u16(this.#input, this.valueAt(aggregate)) === AS_TRANS;
  }

  #putPath(i: number): void {
    const out = this.#buffer;
    const from = this.valueAt(i);
    const end = this.endAt(i);
    const four = this.#indexOf(as4Path);
    // The header's size depends on the length; room for the long form, closed up after.
    const start = this.#at;
    const value = start + 4;
    const written =
      four >= 0 && this.#as4Counts()
        ? mergeAsPath(out, value, this.#input, from, end, this.valueAt(four), this.endAt(four))
        : widenAsPath(out, value, this.#input, from, end);
    const at = putHeader(out, start, this.#flags(i), asPath, written - value);
    if (at !== value) out.copyWithin(at, value, written);
    this.#at = at + written - value;
  }

  #putAggregator(i: number): void {
    const four = this.#indexOf(as4Aggregator);
    const value = this.valueAt(i);
    if (four >= 0 && this.#as4Counts()) {
      this.#put(this.#flags(i), aggregator, this.#input, this.valueAt(four), this.endAt(four));
      return;
    }
    const out = this.#buffer;
    const at = putHeader(out, this.#at, this.#flags(i), aggregator, 8);
    out[at] = 0;
    out[at + 1] = 0;
    for (let k = 0; k < 6; k++) out[at + 2 + k] = this.#input[value + k] as number; // its length was checked
    this.#at = at + 8;
  }
}

function putHeader(out: Uint8Array, at: number, flags: number, code: number, length: number): number {
  const long = length > 255;
  out[at++] = long ? flags | extendedLength : flags;
  out[at++] = code;
  if (long) out[at++] = length >>> 8;
  out[at++] = length & 255;
  return at;
}
