import { ByteWriter } from '../lib/bytes.js';

/** A recorded frame. @public */
export interface Frame {
  /** Seconds since the epoch, with a fraction; NaN where the file has none (simple packet blocks of pcapng). */
  readonly time: number;
  /** What the octets begin with: a `LINKTYPE_` number (tcpdump.org/linktypes.html). */
  readonly linkType: number;
  readonly bytes: Uint8Array;
  /** Octets that the frame had on the wire. */
  readonly length: number;
}

/** Reading stopped here: the file is damaged, or ends within a record. @public */
export interface Damage {
  readonly damage: string;
  /** Octets from the start of the file. */
  readonly offset: number;
}

const HEADER = 24;
const RECORD = 16;
/** No frame is longer; a length beyond it is damage. */
const LONGEST = 1 << 26;

/** Whether a file is pcap, of any byte order and resolution. @internal */
export function isPcap(bytes: Uint8Array): boolean {
  return (
    bytes.length >= 4 &&
    [0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1].includes(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0))
  );
}

/** The frames of a pcap file (draft-ietf-opsawg-pcap), and damage if there is any. Never throws. @public */
export function* readPcap(bytes: Uint8Array): Generator<Frame | Damage> {
  if (bytes.length < HEADER || !isPcap(bytes)) {
    yield { damage: 'not a pcap file', offset: 0 };
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const little = magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1;
  const fraction = magic === 0xa1b23c4d || magic === 0x4d3cb2a1 ? 1e9 : 1e6;
  const linkType = view.getUint32(20, little) & 0xffff;
  for (let at = HEADER; at < bytes.length; ) {
    if (at + RECORD > bytes.length) {
      yield { damage: 'the file ends within a record', offset: at };
      return;
    }
    const captured = view.getUint32(at + 8, little);
    if (captured > LONGEST || at + RECORD + captured > bytes.length) {
      yield { damage: captured > LONGEST ? `a record of ${captured} octets` : 'the file ends within a record', offset: at };
      return;
    }
    yield {
      time: view.getUint32(at, little) + view.getUint32(at + 4, little) / fraction,
      linkType,
      bytes: bytes.subarray(at + RECORD, at + RECORD + captured),
      length: view.getUint32(at + 12, little),
    };
    at += RECORD + captured;
  }
}

/** A frame to write. One without `length` is whole; one without a time gets 0. @public */
export type WrittenFrame = Pick<Frame, 'time' | 'bytes'> & Partial<Pick<Frame, 'length'>>;

/** Whole seconds, and nanoseconds. @internal */
export function secondsOf({ time }: WrittenFrame): [seconds: number, nanoseconds: number] {
  const seconds = Math.floor(time) || 0;
  return [seconds, Math.min(999_999_999, Math.round((time - seconds) * 1e9) || 0)];
}

/** A pcap file of frames of one link type, with times to the nanosecond. @public */
export function writePcap(frames: Iterable<WrittenFrame>, linkType: number): Uint8Array {
  const w = new ByteWriter(4096).u32(0xa1b23c4d).u16(2).u16(4).u32(0).u32(0).u32(262_144).u32(linkType);
  for (const frame of frames) {
    const { bytes, length = 0 } = frame;
    const [seconds, nanoseconds] = secondsOf(frame);
    w.u32(seconds).u32(nanoseconds).u32(bytes.length).u32(Math.max(length, bytes.length)).raw(bytes);
  }
  return w.finish();
}
