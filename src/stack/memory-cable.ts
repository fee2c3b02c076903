import type { Clock } from '../lib/clock.js';
import type { Random } from '../lib/random.js';
import type { FrameReceiver, Port, PortCounters } from './port.js';

/** What a cable does to frames. Each way has its own fortune. @public */
export interface CableOptions {
  /** For what takes time. */
  readonly clock?: Clock;
  /** Default `Math.random`; give a seeded one for a test. */
  readonly random?: Random;
  /** Milliseconds from end to end. Default 0: at once, within `send`. */
  readonly delay?: number;
  /** Share of frames lost, 0 to 1. Default 0. */
  readonly loss?: number;
  /** Share of frames that arrive twice. Default 0. */
  readonly duplication?: number;
  /** Share of frames that arrive a further `delay` (at least 1 ms) later, behind others. Default 0. */
  readonly reordering?: number;
  /** Default 1500. */
  readonly mtu?: number;
}

/** One end of a {@link memoryCable}. @public */
export interface CableEnd extends Port {
  readonly counters: PortCounters;
}

/**
 * A patch cable in memory: two ports, each of which gets what is sent into the other.
 *
 * Without delay, loss, duplication or reordering a frame is handed over within `send`, in the sender's own buffer.
 * Otherwise it is copied, and needs a clock.
 *
 * @example
 * ```ts
 * const [guest, port] = memoryCable({ clock, delay: 5, loss: 0.01, random: seeded(1) });
 * ```
 * @public
 */
export function memoryCable(options: CableOptions = {}): [CableEnd, CableEnd] {
  const a = new End(options);
  const b = new End(options);
  a.far = b;
  b.far = a;
  return [a, b];
}

class End implements CableEnd {
  readonly mtu: number;
  readonly counters: PortCounters = { received: 0, sent: 0, dropped: 0 };
  far: End | undefined;
  #receiver: FrameReceiver | undefined;
  readonly #options: CableOptions;
  readonly #plain: boolean;
  readonly #random: Random;

  constructor(options: CableOptions) {
    this.#options = options;
    this.mtu = options.mtu ?? 1500;
    this.#random = options.random ?? Math.random;
    const { delay = 0, loss = 0, duplication = 0, reordering = 0 } = options;
    this.#plain = delay === 0 && loss === 0 && duplication === 0 && reordering === 0;
  }

  listen(receiver: FrameReceiver | undefined): void {
    this.#receiver = receiver;
  }

  send(buffer: Uint8Array, start: number, end: number): void {
    this.counters.sent++;
    if (this.#plain) this.far?.arrive(buffer, start, end);
    else this.#onItsWay(buffer.slice(start, end));
  }

  arrive(buffer: Uint8Array, start: number, end: number): void {
    if (!this.#receiver) {
      this.counters.dropped++;
      return;
    }
    this.counters.received++;
    this.#receiver(buffer, start, end);
  }

  close(): Promise<void> {
    this.#receiver = undefined;
    return Promise.resolve();
  }

  #onItsWay(frame: Uint8Array): void {
    const { clock, delay = 0, loss = 0, duplication = 0, reordering = 0 } = this.#options;
    if (this.#random() < loss) {
      this.counters.dropped++;
      return;
    }
    const copies = this.#random() < duplication ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const late = this.#random() < reordering ? Math.max(1, delay) : 0;
      const copy = i === 0 ? frame : frame.slice();
      if (clock) clock.at(clock.now() + delay + late, () => this.far?.arrive(copy, 0, copy.length));
      else this.far?.arrive(copy, 0, copy.length);
    }
  }
}
