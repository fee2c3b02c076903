import { AS_TRANS } from '../../../lib/asn.js';
import type { ByteReader, ByteWriter } from '../../../lib/bytes.js';
import { asNumber, indexOfWord } from '../../../lib/unsigned.js';
import { AttributeCode, SegmentType, UpdateError } from '../codes.js';
import { type Attribute, always, Fault, OPTIONAL_TRANSITIVE, toAll, WELL_KNOWN } from './attribute.js';
import type { AsSegment } from './values.js';

/** AS_PATH: the ASes a route went through, the nearest first. RFC 4271 §5.1.2, RFC 5065, RFC 6793; malformed: RFC 7606 §7.2 @internal */
export const asPath: Attribute<readonly AsSegment[]> = {
  code: AttributeCode.asPath,
  name: 'AS_PATH',
  flags: WELL_KNOWN,
  malformedBy: 'RFC 7606 §7.2, RFC 7607, RFC 5065 §5.3',
  ifMalformed: always('treat-as-withdraw'),
  subcode: UpdateError.malformedAsPath,
  forward: { external: 'splice', internal: 'keep' },
  check: (bytes, from, to, context) => checkSegments(bytes, from, to, context.fourOctetAs ? 4 : 2, context.peerType !== 'external'),
  decode: (value, context) => readSegments(value, context.fourOctetAs ? 4 : 2),
  encode: (to, value, context) => writeSegments(to, value, context.fourOctetAs ? 4 : 2),
};

/** AS4_PATH: AS_PATH in four octets, beside one in two. RFC 6793 §3; malformed: §6 @internal */
export const as4Path: Attribute<readonly AsSegment[]> = {
  code: AttributeCode.as4Path,
  name: 'AS4_PATH',
  flags: OPTIONAL_TRANSITIVE,
  malformedBy: 'RFC 6793 §6',
  ifMalformed: always('discard-attribute'),
  subcode: UpdateError.optionalAttribute,
  forward: toAll('drop'),
  check: (bytes, from, to) => (to - from < 6 ? Fault.length : checkSegments(bytes, from, to, 4, true)),
  decode: (value) => readSegments(value, 4),
  emptyIsNone: true,
  encode: (to, value) => writeSegments(to, value, 4),
};

/** Segment types 1 and 2, 3 and 4 inside a confederation (RFC 5065 §5.3), none empty, each inside the attribute, no AS 0 (RFC 7607). */
function checkSegments(bytes: Uint8Array, from: number, to: number, width: number, confederation: boolean): number {
  for (let at = from; at < to; ) {
    const type = bytes[at] ?? 0;
    const count = at + 1 < to ? (bytes[at + 1] ?? 0) : 0;
    const end = at + 2 + count * width;
    if (type < SegmentType.set || type > SegmentType.confedSet || count === 0 || end > to) return Fault.segment;
    if (type > SegmentType.sequence && !confederation) return Fault.confederation;
    for (let i = at + 2; i < end; i += width) {
      if (bytes[i] === 0 && bytes[i + 1] === 0 && (width === 2 || (bytes[i + 2] === 0 && bytes[i + 3] === 0))) return Fault.asZero;
    }
    at = end;
  }
  return Fault.none;
}

const TYPES: readonly AsSegment['type'][] = ['set', 'sequence', 'confed-sequence', 'confed-set'];

function readSegments(value: ByteReader, width: 2 | 4): AsSegment[] {
  const segments: AsSegment[] = [];
  while (value.remaining > 0) {
    const type = TYPES[value.u8() - 1] ?? 'sequence';
    const count = value.u8();
    segments.push({ type, asns: Array.from({ length: count }, () => (width === 4 ? value.u32() : value.u16())) });
  }
  return segments;
}

/** A segment of more than 255 is written as several: a sequence means the same, and a set has no other way. */
function writeSegments(to: ByteWriter, segments: readonly AsSegment[], width: 2 | 4): void {
  for (const { type, asns } of segments) {
    for (let at = 0; at < asns.length; at += 255) {
      const part = asns.slice(at, at + 255);
      to.u8(indexOfWord(TYPES, type) + 1).u8(part.length);
      for (const asn of part) {
        if (width === 4) to.u32(asNumber(asn));
        else to.u16(asNumber(asn) > 0xffff ? AS_TRANS : asn);
      }
    }
  }
}
