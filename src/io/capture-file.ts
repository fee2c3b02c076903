import { readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { isMrt, isPcap, isPcapng } from '../capture/index.js';
import { UsageError } from '../lib/errors.js';
import { bunzip2, TooLarge } from './bzip2.js';
import { systemReason } from './system-error.js';

/** A file of recorded octets. @public */
export interface CaptureFile {
  readonly format: 'pcap' | 'pcapng' | 'mrt' | 'hex';
  /** Decompressed; of a hex file, the octets that it spells. */
  readonly bytes: Uint8Array;
  /** What ended the decompression early, if anything did. */
  readonly damage: string | undefined;
}

/**
 * Opens a pcap, pcapng, MRT or hex file, told by its content, gzip or bzip2 around it or not. Throws a `UsageError` (`FILE_UNREADABLE`).
 *
 * @param progress - Told from time to time how much of a bzip2 file is decompressed, from 0 to 1: a megabyte of it takes about a second.
 * @param most - Octets that may come out of a compressed file: more makes it unreadable. Default: 2 GiB.
 * @public
 */
export function openCapture(file: string, progress?: (part: number) => void, most = 2 ** 31): CaptureFile {
  let raw: Uint8Array;
  try {
    raw = plain(readFileSync(file));
  } catch (error) {
    throw new UsageError('FILE_UNREADABLE', `cannot read ${file}: ${systemReason(error)}`);
  }
  const { bytes, damage } = decompress(raw, file, most, progress);
  if (isPcap(bytes)) return { format: 'pcap', bytes, damage };
  if (isPcapng(bytes)) return { format: 'pcapng', bytes, damage };
  const spelt = fromHex(bytes);
  if (spelt) return { format: 'hex', bytes: spelt, damage };
  if (isMrt(bytes)) return { format: 'mrt', bytes, damage };
  const cut = damage === undefined ? '' : `, and ${damage}`;
  throw new UsageError('FILE_UNREADABLE', `${file} is not a pcap, pcapng, MRT or hex file${cut}`);
}

interface Decompressed {
  readonly bytes: Uint8Array;
  readonly damage: string | undefined;
}

function decompress(raw: Uint8Array, file: string, most: number, progress?: (part: number) => void): Decompressed {
  try {
    if (raw[0] === 0x1f && raw[1] === 0x8b) return gunzip(raw, file, most);
    if (raw[0] === 0x42 && raw[1] === 0x5a && raw[2] === 0x68) return bunzip2(raw, (done) => progress?.(done / raw.length), most);
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    throw new UsageError('FILE_UNREADABLE', `${file} holds more than ${most} octets, decompressed`);
  }
  return { bytes: raw, damage: undefined };
}

function gunzip(raw: Uint8Array, file: string, most: number): Decompressed {
  const inflated = (part: Uint8Array, finishFlush: number): Uint8Array | Error => {
    try {
      return plain(gunzipSync(part, { finishFlush, maxOutputLength: most }));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new TooLarge();
      return error as Error;
    }
  };
  const whole = inflated(raw, constants.Z_FINISH);
  if (!(whole instanceof Error)) return { bytes: whole, damage: undefined };
  // Cut short, or damaged: what came before that is still good, which is the longest beginning that inflates.
  const cut = inflated(raw, constants.Z_SYNC_FLUSH);
  if (!(cut instanceof Error)) return { bytes: cut, damage: 'the gzip data ends early' };
  let good: Uint8Array | undefined;
  for (let least = 0, end = raw.length; end - least > 1; ) {
    const middle = (least + end) >>> 1;
    const part = inflated(raw.subarray(0, middle), constants.Z_SYNC_FLUSH);
    if (part instanceof Error) end = middle;
    else [least, good] = [middle, part];
  }
  if (!good?.length) throw new UsageError('FILE_UNREADABLE', `${file} is damaged gzip data: ${cut.message}`);
  return { bytes: good, damage: `the gzip data is damaged: ${cut.message}` };
}

/** The octets that a text of hex digits spells: white space, colons, `0x` and comments (`#`, `//`) aside. Undefined for anything else. */
function fromHex(bytes: Uint8Array): Uint8Array | undefined {
  const head = bytes.subarray(0, 4096);
  if (head.length === 0 || head.some((byte) => byte > 126 || (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13))) return undefined;
  const text = Buffer.from(bytes)
    .toString('latin1')
    .replace(/(#|\/\/).*$/gm, '')
    .replace(/0x|[\s:,]/gi, '');
  return text.length > 0 && text.length % 2 === 0 && /^[0-9a-f]+$/i.test(text) ? plain(Buffer.from(text, 'hex')) : undefined;
}

/** A Buffer's `slice` is a view, an array's a copy: the core means the latter. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
