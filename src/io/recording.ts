import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { writePcapng } from '../capture/pcapng.js';
import { UsageError } from '../lib/errors.js';

/** LINKTYPE_ETHERNET. */
const ETHERNET = 1;
/** Octets that may wait for the disk before frames are left out of the file. */
const MOST_WAITING = 16 << 20;
/** Octets that are written at once: a buffer for each frame takes six times what is in it. */
const PART = 64 << 10;
/** Milliseconds until a pipe that was full is tried again. */
const AGAIN = 5;
/** Milliseconds in which what waits is written at the end: nobody waits longer for a reader that does not read. */
const PATIENCE = 5000;
/** Milliseconds by which the time of day may be another than was reckoned, as it has no fractions. More: somebody set it. */
const ADRIFT = 5;

/** A pcapng file of Ethernet frames that grows, or a pipe to who reads one. @internal */
export class Recording {
  /** Frames that are not in the file, as the disk was too slow, or full. */
  missed = 0;
  /** The section and its one interface, and where a packet's block begins. */
  static readonly #head = writePcapng([{ time: 0, bytes: new Uint8Array(0), linkType: ETHERNET }]);
  static readonly #headLength = Recording.#head.length - 32;

  /** The file cannot be written any more, or need not. */
  #over = false;
  /** Full ones, that wait. */
  #parts: Uint8Array[] = [];
  /** The last, and what of it is used. */
  #last = new Uint8Array(PART);
  #used = 0;
  /** Octets of all of them. */
  #waiting = 0;
  #writing: Promise<void> | undefined;
  #origin = performance.timeOrigin;

  private constructor(
    private readonly file: FileHandle,
    private readonly failed: (reason: string) => void,
  ) {
    this.#add(Recording.#head.subarray(0, Recording.#headLength));
  }

  /** Rejects with a `UsageError` (`FILE_UNREADABLE`). `failed` is told once, where it cannot be written any more. */
  static async open(path: string, failed: (reason: string) => void): Promise<Recording> {
    try {
      // A pipe must not be waited for, neither for a reader nor for room: that would be for ever, and a thread's.
      const { O_WRONLY, O_CREAT, O_TRUNC, O_NONBLOCK = 0 } = constants;
      return new Recording(await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK), failed);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new UsageError('FILE_UNREADABLE', `cannot write ${path}: ${code === 'ENXIO' ? 'nobody reads it' : message}`);
    }
  }

  /** A frame passes. */
  add(bytes: Uint8Array): void {
    if (this.#over || this.#waiting > MOST_WAITING) {
      this.missed++;
      return;
    }
    const whole = writePcapng([{ time: this.#now() / 1000, bytes, linkType: ETHERNET }]);
    this.#add(whole.subarray(Recording.#headLength));
  }

  async close(): Promise<void> {
    let impatient: NodeJS.Timeout | undefined;
    await Promise.race([
      this.#writing,
      new Promise<void>((resolve) => {
        impatient = setTimeout(resolve, PATIENCE);
      }),
    ]);
    clearTimeout(impatient);
    const late = this.#writing !== undefined;
    this.#over = true;
    // What is being written ends when the disk has it.
    const closed = this.file.close().catch(() => {});
    if (!late) await closed;
  }

  #add(block: Uint8Array): void {
    if (this.#used + block.length > this.#last.length) {
      this.#parts.push(this.#last.subarray(0, this.#used));
      this.#last = new Uint8Array(Math.max(PART, block.length));
      this.#used = 0;
    }
    this.#last.set(block, this.#used);
    this.#used += block.length;
    this.#waiting += block.length;
    this.#writing ??= this.#write();
  }

  /** Until nothing waits. */
  async #write(): Promise<void> {
    // What else comes in this turn goes with it.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (!this.#over && this.#waiting > 0) {
      const part = this.#parts.shift() ?? this.#takeLast();
      for (let at = 0; at < part.length && !this.#over; ) at += await this.#written(part, at);
      this.#waiting -= part.length;
    }
    this.#writing = undefined;
  }

  #takeLast(): Uint8Array {
    const part = this.#last.subarray(0, this.#used);
    this.#last = this.#last.subarray(this.#used);
    this.#used = 0;
    return part;
  }

  /** How many octets of a part were written. */
  async #written(part: Uint8Array, at: number): Promise<number> {
    try {
      return (await this.file.write(part, at)).bytesWritten;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
        await new Promise<void>((resolve) => setTimeout(resolve, AGAIN));
      } else if (!this.#over) {
        // A full disk concerns the file, not the frames. Of those the file has no more, even if there is room again: it ends within one.
        this.#over = true;
        this.#parts = [];
        this.failed((error as Error).message);
      }
      return 0;
    }
  }

  /** The time of day, with fractions of a millisecond. */
  #now(): number {
    const reckoned = this.#origin + performance.now();
    const adrift = Date.now() - reckoned;
    if (Math.abs(adrift) < ADRIFT) return reckoned;
    this.#origin += adrift;
    return reckoned + adrift;
  }
}
