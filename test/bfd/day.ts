/** A long time of two ends that never fail, on machines that are busy: how often one of them says that the other did. */
import type { BfdConfig } from '../../src/bfd/config.js';
import { memoryBfd } from '../../src/bfd/index.js';
import { type Clock, ManualClock } from '../../src/lib/clock.js';
import { MemoryDatagrams, type Receive } from '../../src/lib/memory-datagrams.js';
import { type Random, seeded } from '../../src/lib/random.js';

const ENDS = ['10.0.0.1', '10.0.0.2'] as const;

/**
 * A thread that is not always let run: what is due waits until it is. Mostly it runs at once, at times some tens of
 * milliseconds later, and once an hour it stands still for seconds, as a machine that is suspended.
 */
class BusyThread implements Clock {
  /** It stands still until then. */
  #until = 0;
  stalls = 0;

  constructor(
    private readonly clock: ManualClock,
    private readonly random: Random,
  ) {}

  now(): number {
    return this.clock.now();
  }
  at(when: number, call: () => void): () => void {
    let cancel = this.clock.at(when, () => {
      const late = this.#late();
      if (late === 0) call();
      else cancel = this.clock.at(this.clock.now() + late, call);
    });
    return () => cancel();
  }
  defer(call: () => void): () => void {
    return this.at(this.now(), call);
  }
  /** For what arrives: while it stands still that is lost, as at a machine that is suspended. */
  reads(receive: Receive): Receive {
    return (bytes, ...from) => {
      if (this.now() >= this.#until) receive(bytes, ...from);
    };
  }
  /** Once an hour. */
  stall(): void {
    this.#until = this.now() + 500 + this.random() * 4500;
    this.stalls++;
    this.clock.at(this.now() + 3_600_000 * (0.5 + this.random()), () => this.stall());
  }

  #late(): number {
    const stalled = this.#until - this.now();
    if (stalled > 0) return stalled;
    const luck = this.random();
    return luck < 0.95 ? 0 : luck < 0.999 ? this.random() * 10 : 10 + this.random() * 30;
  }
}

class Network extends MemoryDatagrams {
  constructor(
    clock: Clock,
    private readonly thread: (address: string) => BusyThread,
  ) {
    super(clock, 1);
  }
  override listen(address: string, receive: Receive): () => void {
    return super.listen(address, this.thread(address).reads(receive));
  }
}

/** Alarms in so many hours, none of which is true; one packet in ten thousand is lost on the way. */
export function falseAlarms(
  hours: number,
  config: BfdConfig,
  seed: number,
): { readonly alarms: number; readonly stalls: number; readonly suspected: number } {
  const clock = new ManualClock(1_000_000);
  const random = seeded(seed);
  const threads = new Map(ENDS.map((address, i) => [address as string, new BusyThread(clock, seeded(seed * 2 + i))]));
  const threadOf = (address: string): BusyThread => {
    const thread = threads.get(address);
    if (!thread) throw new Error(`no ${address}`);
    return thread;
  };
  const network = new Network(clock, threadOf);
  network.lost = () => random() < 0.0001;
  let alarms = 0;
  let suspected = 0;
  for (const [i, local] of ENDS.entries()) {
    const remote = ENDS[1 - i] as string;
    const engine = memoryBfd(network, threadOf(local), seeded(seed + i), local);
    if (i === 0) engine.onStall(() => suspected++);
    engine.watch(
      // The other end gives ours the time to wake up (RFC 5880 §6.8.4: the multiplier is the sender's): it stays up, and ours must.
      { local, remote, config: i === 0 ? { ...config, multiplier: 255 } : config },
      {
        changed: ({ to, diagnostic }) => {
          if (i === 0 && to === 'down' && diagnostic === 'detection-time-expired') alarms++;
        },
        agreed: () => {},
        dampened: () => {},
        failed: () => {},
      },
    );
  }
  clock.advance(5000);
  const one = threadOf(ENDS[0]);
  clock.at(clock.now() + 1_800_000 * random(), () => one.stall());
  for (let minute = 0; minute < hours * 60; minute++) clock.advance(60_000);
  return { alarms, stalls: one.stalls, suspected };
}
