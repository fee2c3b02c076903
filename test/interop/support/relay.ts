/** A port with a bad path before it: frames are late, lost, doubled, or overtaken, both ways. */
import { seeded } from '../../../src/lib/random.js';
import type { FrameReceiver, Port } from '../../../src/stack/index.js';

export interface RelayOptions {
  /** One way, in milliseconds. */
  readonly delay: number;
  readonly loss: number;
  readonly double: number;
  /** Share of frames that are half as late again. */
  readonly reorder: number;
}

export class Relay implements Port {
  readonly mtu: number;
  readonly counts = { passed: 0, lost: 0 };
  readonly #random = seeded(42);
  #receiver: FrameReceiver | undefined;
  #options: RelayOptions;

  constructor(
    private readonly port: Port,
    options: RelayOptions,
  ) {
    this.mtu = port.mtu;
    this.#options = options;
    port.listen((b, start, end) => this.#carry(b, start, end, (frame) => this.#receiver?.(frame, 0, frame.length)));
  }

  listen(receiver: FrameReceiver | undefined): void {
    this.#receiver = receiver;
  }
  send(b: Uint8Array, start: number, end: number): void {
    this.#carry(b, start, end, (frame) => this.port.send(frame, 0, frame.length));
  }
  close(): Promise<void> {
    return this.port.close();
  }

  #carry(b: Uint8Array, start: number, end: number, deliver: (frame: Uint8Array) => void): void {
    const { delay, loss, double, reorder } = this.#options;
    // ARP passes: what is tested is TCP.
    const spared = b[start + 12] === 8 && b[start + 13] === 6;
    if (!spared && this.#random() < loss) {
      this.counts.lost++;
      return;
    }
    const copies = this.#random() < double ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const frame = Uint8Array.from(b.subarray(start, end));
      this.counts.passed++;
      if (delay === 0) deliver(frame);
      else setTimeout(deliver, delay * (this.#random() < reorder ? 1.5 : 1), frame);
    }
  }
}
