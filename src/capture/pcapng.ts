import { ByteWriter } from '../lib/bytes.js';
import { type Damage, type Frame, secondsOf, type WrittenFrame } from './pcap.js';

const Block = { section: 0x0a0d0d0a, interface: 1, packet: 2, simple: 3, enhanced: 6 } as const;
const LITTLE_MAGIC = 0x1a2b3c4d;

interface Interface {
  readonly linkType: number;
  /** Ticks a second. */
  readonly resolution: number;
  /** Seconds added to every time. */
  readonly offset: number;
  readonly snapLength: number;
}

/** Whether a file is pcapng. @internal */
export function isPcapng(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === Block.section;
}

/**
 * The frames of a pcapng file (draft-ietf-opsawg-pcapng): all sections, both byte orders, enhanced, simple and the obsolete packet
 * blocks; other blocks are passed over. Never throws.
 *
 * @public
 */
export function* readPcapng(bytes: Uint8Array): Generator<Frame | Damage> {
  if (!isPcapng(bytes)) {
    yield { damage: 'not a pcapng file', offset: 0 };
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let little = false;
  let interfaces: Interface[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 12 > bytes.length) {
      yield { damage: 'the file ends within a block', offset: at };
      return;
    }
    let type = view.getUint32(at, little);
    if (type === Block.section) {
      little = view.getUint32(at + 8, true) === LITTLE_MAGIC;
      interfaces = [];
      type = Block.section;
    }
    const length = view.getUint32(at + 4, little);
    if (length < 12 || length % 4 !== 0 || at + length > bytes.length) {
      yield { damage: length < 12 || length % 4 !== 0 ? `a block of ${length} octets` : 'the file ends within a block', offset: at };
      return;
    }
    const body = at + 8;
    const end = at + length - 4;
    if (type === Block.interface && end - body >= 8) interfaces.push(readInterface(view, body, end, little));
    else if (type === Block.enhanced || type === Block.packet || type === Block.simple)
      yield readFrame(view, bytes, type, body, end, little, interfaces) ?? {
        damage: 'a packet that does not fit its block, or is of no interface',
        offset: at,
      };
    at += length;
  }
}

function readInterface(view: DataView, body: number, end: number, little: boolean): Interface {
  let resolution = 1e6;
  let offset = 0;
  for (let at = body + 8; at + 4 <= end; ) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    if (code === 0 || at + 4 + length > end) break;
    if (code === 9 && length >= 1) {
      const value = view.getUint8(at + 4);
      resolution = (value & 0x80) !== 0 ? 2 ** Math.min(60, value & 0x7f) : 10 ** Math.min(18, value);
    } else if (code === 14 && length >= 8) offset = Number(view.getBigInt64(at + 4, little));
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  return { linkType: view.getUint16(body, little), snapLength: view.getUint32(body + 4, little), resolution, offset };
}

function readFrame(
  view: DataView,
  bytes: Uint8Array,
  type: number,
  body: number,
  end: number,
  little: boolean,
  interfaces: readonly Interface[],
): Frame | undefined {
  if (type === Block.simple) {
    if (end - body < 4) return undefined;
    const own = interfaces[0];
    const length = view.getUint32(body, little);
    const captured = Math.min(length, own?.snapLength || length, end - body - 4);
    // It has no time.
    return own && { time: Number.NaN, linkType: own.linkType, bytes: bytes.subarray(body + 4, body + 4 + captured), length };
  }
  if (end - body < 20) return undefined;
  const own = interfaces[type === Block.enhanced ? view.getUint32(body, little) : view.getUint16(body, little)];
  const captured = view.getUint32(body + 12, little);
  if (!own || body + 20 + captured > end) return undefined;
  // Nanoseconds since 1970 are more than a double holds.
  const ticks = (BigInt(view.getUint32(body + 4, little)) << 32n) | BigInt(view.getUint32(body + 8, little));
  const resolution = BigInt(own.resolution);
  return {
    time: own.offset + Number(ticks / resolution) + Number(ticks % resolution) / own.resolution,
    linkType: own.linkType,
    bytes: bytes.subarray(body + 20, body + 20 + captured),
    length: view.getUint32(body + 16, little),
  };
}

/** A pcapng file of frames, with an interface for each link type and times to the nanosecond. @public */
export function writePcapng(frames: Iterable<WrittenFrame & Pick<Frame, 'linkType'>>): Uint8Array {
  const w = new ByteWriter(4096).u32(Block.section).u32(28).u32(LITTLE_MAGIC).u16(1).u16(0).u32(0xffff_ffff).u32(0xffff_ffff).u32(28);
  const interfaces: number[] = [];
  for (const frame of frames) {
    const { bytes, linkType, length: own = 0 } = frame;
    let index = interfaces.indexOf(linkType);
    if (index < 0) {
      index = interfaces.push(linkType) - 1;
      // if_tsresol 9: nanoseconds.
      w.u32(Block.interface).u32(32).u16(linkType).u16(0).u32(0).u16(9).u16(1).u8(9).u8(0).u16(0).u32(0).u32(32);
    }
    const pad = (4 - (bytes.length % 4)) % 4;
    const [seconds, nanoseconds] = secondsOf(frame);
    const ticks = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    const length = 32 + bytes.length + pad;
    w.u32(Block.enhanced)
      .u32(length)
      .u32(index)
      .u32(Number(ticks >> 32n))
      .u32(Number(ticks & 0xffff_ffffn));
    w.u32(bytes.length).u32(Math.max(own, bytes.length)).raw(bytes).raw(new Uint8Array(pad)).u32(length);
  }
  return w.finish();
}
