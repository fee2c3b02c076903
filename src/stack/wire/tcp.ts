import { fold, pseudo, sum } from './checksum.js';
import { Protocol } from './codes.js';
import { put16, put32, u16, u32 } from './octets.js';

/** TCP segments (RFC 9293 §3.1), read and written. */

/** Octets of a header without options, and the most that options may take. @internal */
export const TCP = 20;
/** @internal */
export const MAX_OPTIONS = 40;

/** @internal */
export const TcpFlag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32 } as const;
/** RFC 9293 §3.2, RFC 7323, RFC 2018, RFC 2385, RFC 5925. @internal */
export const TcpOption = { end: 0, nop: 1, mss: 2, windowScale: 3, sackPermitted: 4, sack: 5, timestamps: 8, md5: 19, ao: 29 } as const;

/** Octets `[from, to)` of the sequence space. @internal */
export interface SequenceRange {
  readonly from: number;
  readonly to: number;
}

/** A segment as it was received. @internal */
export interface TcpSegment {
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  /** Not scaled. */
  readonly window: number;
  readonly payload: Uint8Array;
  readonly options: TcpOptions;
}

/** Options, those that make sense; an option that does not is as good as absent. @internal */
export interface TcpOptions {
  mss?: number;
  windowScale?: number;
  sackPermitted?: boolean;
  sack?: SequenceRange[];
  timestamp?: { readonly value: number; readonly echo: number };
  /** Offset of the digest in the segment. */
  md5?: number;
  /** KeyIDs, and where the MAC is in the segment. */
  ao?: { readonly keyId: number; readonly nextKeyId: number; readonly at: number; readonly length: number };
  /** There is more than one option of authentication (RFC 5925 §2.2: such a segment is dropped). */
  twice?: boolean;
}

/** Whether the octets are a TCP segment with the right checksum. @internal */
export function isTcp(b: Uint8Array, source: Uint8Array, target: Uint8Array): boolean {
  if (b.length < TCP) return false;
  const header = (b[12] >>> 4) * 4;
  if (header < TCP || header > b.length) return false;
  const size = source.length === 4 ? 4 : 16;
  return fold(sum(b, 0, b.length, pseudo(source, 0, target, 0, size, Protocol.tcp, b.length))) === 0;
}

/** Reads a segment that {@link isTcp} has let pass. The payload is a view. @internal */
export function decodeTcp(b: Uint8Array): TcpSegment {
  const header = (b[12] >>> 4) * 4;
  return {
    sourcePort: u16(b, 0),
    targetPort: u16(b, 2),
    seq: u32(b, 4),
    ack: u32(b, 8),
    flags: b[13],
    window: u16(b, 14),
    payload: b.subarray(header),
    options: decodeOptions(b, header),
  };
}

function decodeOptions(b: Uint8Array, end: number): TcpOptions {
  const options: TcpOptions = {};
  for (let at = TCP; at < end; ) {
    const kind = b[at];
    if (kind === TcpOption.end) break;
    if (kind === TcpOption.nop) {
      at++;
      continue;
    }
    const length = at + 1 < end ? b[at + 1] : 0;
    if (length < 2 || at + length > end) break; // what follows cannot be told
    decodeOption(b, at, kind, length, options);
    at += length;
  }
  return options;
}

function decodeOption(b: Uint8Array, at: number, kind: number, length: number, options: TcpOptions): void {
  switch (kind) {
    case TcpOption.mss:
      if (length === 4) options.mss = u16(b, at + 2);
      return;
    case TcpOption.windowScale:
      // RFC 7323 §2.3: more than 14 is taken as 14.
      if (length === 3) options.windowScale = Math.min(14, b[at + 2]);
      return;
    case TcpOption.sackPermitted:
      if (length === 2) options.sackPermitted = true;
      return;
    case TcpOption.sack: {
      if (length < 10 || (length - 2) % 8 !== 0) return;
      options.sack = [];
      for (let block = at + 2; block < at + length; block += 8) options.sack.push({ from: u32(b, block), to: u32(b, block + 4) });
      return;
    }
    case TcpOption.timestamps:
      if (length === 10) options.timestamp = { value: u32(b, at + 2), echo: u32(b, at + 6) };
      return;
    case TcpOption.md5:
      if (options.md5 !== undefined || options.ao) options.twice = true;
      if (length === 18) options.md5 = at + 2;
      return;
    case TcpOption.ao:
      if (options.md5 !== undefined || options.ao) options.twice = true;
      if (length >= 4) options.ao = { keyId: b[at + 2], nextKeyId: b[at + 3], at: at + 4, length: length - 4 };
      return;
    default:
      return;
  }
}

/** A segment as it is to be sent, but for ports, checksum and authentication. @internal */
export interface OutgoingSegment {
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  /** Scaled already. */
  readonly window: number;
  readonly payload: Uint8Array;
  readonly mss?: number;
  readonly windowScale?: number;
  readonly sackPermitted?: boolean;
  readonly sack?: readonly SequenceRange[];
  readonly timestamp?: { readonly value: number; readonly echo: number };
}

/** Octets that a segment's options take, padding included, without authentication. @internal */
export function optionsLength(segment: OutgoingSegment): number {
  let length = 0;
  if (segment.mss !== undefined) length += 4;
  if (segment.windowScale !== undefined) length += 4;
  if (segment.timestamp) length += 12;
  else if (segment.sackPermitted) length += 4;
  if (segment.sack && segment.sack.length > 0) length += 4 + 8 * segment.sack.length;
  return length;
}

/**
 * Writes a segment, its checksum still zero, with `reserved` octets for an option of authentication behind the others. Options stand on
 * multiples of four.
 *
 * @internal
 */
export function encodeTcp(segment: OutgoingSegment, sourcePort: number, targetPort: number, reserved: number): Uint8Array {
  const header = TCP + optionsLength(segment) + reserved;
  const b = new Uint8Array(header + segment.payload.length);
  put16(b, 0, sourcePort);
  put16(b, 2, targetPort);
  put32(b, 4, segment.seq);
  put32(b, 8, segment.ack);
  b[12] = (header / 4) << 4;
  b[13] = segment.flags;
  put16(b, 14, segment.window);
  let at = TCP;
  if (segment.mss !== undefined) {
    b[at] = TcpOption.mss;
    b[at + 1] = 4;
    put16(b, at + 2, segment.mss);
    at += 4;
  }
  if (segment.windowScale !== undefined) {
    b[at] = TcpOption.nop;
    b[at + 1] = TcpOption.windowScale;
    b[at + 2] = 3;
    b[at + 3] = segment.windowScale;
    at += 4;
  }
  if (segment.timestamp || segment.sackPermitted) {
    b[at] = segment.sackPermitted ? TcpOption.sackPermitted : TcpOption.nop;
    b[at + 1] = segment.sackPermitted ? 2 : TcpOption.nop;
    at += 2;
    if (segment.timestamp) {
      b[at] = TcpOption.timestamps;
      b[at + 1] = 10;
      put32(b, at + 2, segment.timestamp.value);
      put32(b, at + 6, segment.timestamp.echo);
      at += 10;
    } else {
      b[at] = b[at + 1] = TcpOption.nop;
      at += 2;
    }
  }
  if (segment.sack && segment.sack.length > 0) {
    b[at] = b[at + 1] = TcpOption.nop;
    b[at + 2] = TcpOption.sack;
    b[at + 3] = 2 + 8 * segment.sack.length;
    at += 4;
    for (const { from, to } of segment.sack) {
      put32(b, at, from);
      put32(b, at + 4, to);
      at += 8;
    }
  }
  b.set(segment.payload, header);
  return b;
}

/** Fills in the checksum, once everything else is in place. @internal */
export function checksumTcp(b: Uint8Array, source: Uint8Array, target: Uint8Array): void {
  put16(b, 16, 0);
  const size = source.length === 4 ? 4 : 16;
  put16(b, 16, fold(sum(b, 0, b.length, pseudo(source, 0, target, 0, size, Protocol.tcp, b.length))));
}

/** The pseudo-header as octets: of IPv4 (RFC 9293 §3.1) or of IPv6 (RFC 8200 §8.1). @internal */
export function pseudoHeader(source: Uint8Array, target: Uint8Array, length: number): Uint8Array {
  const size = source.length;
  const b = new Uint8Array(2 * size + (size === 4 ? 4 : 8));
  b.set(source, 0);
  b.set(target, size);
  if (size === 4) {
    b[9] = Protocol.tcp;
    put16(b, 10, length);
  } else {
    put32(b, 32, length);
    b[39] = Protocol.tcp;
  }
  return b;
}
