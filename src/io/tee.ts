import { createWriteStream, type WriteStream } from 'node:fs';
import { writePcapng } from '../capture/pcapng.js';
import { UsageError } from '../lib/errors.js';
import type { FrameReceiver, Port } from '../stack/port.js';

/** LINKTYPE_ETHERNET. */
const ETHERNET = 1;
/** Octets that may wait for the disk before frames are left out of the file. */
const MOST_WAITING = 16 << 20;

/** A port, and a pcapng file of all that passes it, both ways. Closing it closes both. @internal */
export class TeePort implements Port {
  readonly mtu: number;
  /** Frames that are not in the file, as the disk was too slow, or full. */
  missed = 0;
  /** The section and its one interface, and where a packet's block begins. */
  static readonly #head = writePcapng([{ time: 0, bytes: new Uint8Array(0), linkType: ETHERNET }]);
  static readonly #headLength = TeePort.#head.length - 32;

  /** The file cannot be written any more. */
  #failed = false;

  private constructor(
    private readonly port: Port,
    private readonly file: WriteStream,
    failed: (reason: string) => void,
  ) {
    this.mtu = port.mtu;
    // A full disk concerns the file, not the frames. Of those the file has no more, even if there is room again: it ends within one.
    file.on('error', ({ message }) => {
      if (this.#failed) return;
      this.#failed = true;
      failed(message);
    });
    file.write(TeePort.#head.subarray(0, TeePort.#headLength));
  }

  static async open(port: Port, path: string, failed: (reason: string) => void = () => {}): Promise<TeePort> {
    const file = createWriteStream(path);
    try {
      await new Promise<void>((resolve, reject) => {
        file.once('open', () => resolve());
        file.once('error', reject);
      });
    } catch (error) {
      await port.close();
      throw new UsageError('FILE_UNREADABLE', `cannot write ${path}: ${(error as Error).message}`);
    }
    return new TeePort(port, file, failed);
  }

  get batched(): boolean | undefined {
    return this.port.batched;
  }

  listen(receiver: FrameReceiver | undefined): void {
    this.port.listen(
      receiver &&
        ((buffer, start, end) => {
          this.#record(buffer, start, end);
          receiver(buffer, start, end);
        }),
    );
  }

  send(buffer: Uint8Array, start: number, end: number): void {
    this.#record(buffer, start, end);
    this.port.send(buffer, start, end);
  }

  async close(): Promise<void> {
    await this.port.close();
    await new Promise<void>((resolve) => this.file.end(() => resolve()));
  }

  #record(buffer: Uint8Array, start: number, end: number): void {
    if (this.#failed || this.file.writableLength > MOST_WAITING) {
      this.missed++;
      return;
    }
    const time = (performance.timeOrigin + performance.now()) / 1000;
    const whole = writePcapng([{ time, bytes: buffer.subarray(start, end), linkType: ETHERNET }]);
    this.file.write(whole.subarray(TeePort.#headLength));
  }
}
