import type { FrameReceiver, Port } from '../stack/port.js';
import { Recording } from './recording.js';

/** A port, and a pcapng file of all that passes it, both ways. Closing it closes both. @internal */
export class TeePort implements Port {
  readonly mtu: number;

  private constructor(
    private readonly port: Port,
    private readonly recording: Recording,
  ) {
    this.mtu = port.mtu;
  }

  /** Rejects as {@link Recording.open} does, with the port closed. */
  static async open(port: Port, path: string, failed: (reason: string) => void = () => {}): Promise<TeePort> {
    try {
      return new TeePort(port, await Recording.open(path, failed));
    } catch (error) {
      await port.close();
      throw error;
    }
  }

  get batched(): boolean | undefined {
    return this.port.batched;
  }

  listen(receiver: FrameReceiver | undefined): void {
    this.port.listen(
      receiver &&
        ((buffer, start, end) => {
          this.recording.add(buffer.subarray(start, end));
          receiver(buffer, start, end);
        }),
    );
  }

  send(buffer: Uint8Array, start: number, end: number): void {
    this.recording.add(buffer.subarray(start, end));
    this.port.send(buffer, start, end);
  }

  async close(): Promise<void> {
    await this.port.close();
    await this.recording.close();
  }
}
