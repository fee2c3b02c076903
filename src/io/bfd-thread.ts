import { writeSync } from 'node:fs';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { type BfdDrops, type BfdEvents, type BfdService, type BfdTarget, type BfdWatch, DropCounts } from '../bfd/index.js';
import type { FromThread, ThreadData, ToThread } from './bfd-messages.js';

/** What is written to wake the thread. */
const WAKE = new Uint8Array(BigUint64Array.of(1n).buffer);

/**
 * BFD over the host's UDP sockets, on a thread of its own, started with the first neighbour that is watched and ended with the last.
 *
 * On Linux with koffi the thread waits in the kernel to the nanosecond and, where it may (CAP_SYS_NICE), runs in real time, before all
 * that is not; elsewhere it has Node's timers, which are a millisecond or two late.
 *
 * The thread runs a file of its own, `bfd-worker.js`: a program that is bundled leaves virtual-router out of its bundle.
 *
 * @public
 */
export class BfdThread implements BfdService {
  #running: Running | undefined;
  #next = 1;
  readonly #watched = new Map<number, BfdEvents>();
  readonly #stalled = new Set<(by: number) => void>();
  /** Of this thread, and of those before it. */
  readonly #drops = DropCounts.shared();

  onStall(call: (by: number) => void): () => void {
    this.#stalled.add(call);
    return () => void this.#stalled.delete(call);
  }

  get drops(): BfdDrops {
    return new DropCounts(this.#drops).all;
  }

  watch(target: BfdTarget, events: BfdEvents): BfdWatch {
    const id = this.#next++;
    this.#watched.set(id, events);
    try {
      this.#running ??= this.#start();
    } catch (error) {
      // Told as the end of a thread is, and not from inside whatever asked for the watch.
      queueMicrotask(() => void (this.#watched.delete(id) && events.failed(error instanceof Error ? error.message : String(error))));
    }
    this.#running?.say({ type: 'watch', id, target });
    return {
      reconfigure: (config) => this.#running?.say({ type: 'reconfigure', id, config }),
      signal: (diagnostic) => this.#running?.say({ type: 'signal', id, diagnostic }),
      close: () => {
        if (!this.#watched.delete(id)) return;
        this.#running?.say({ type: 'close', id });
        if (this.#watched.size > 0) return;
        this.#running?.say({ type: 'end' });
        this.#running = undefined;
      },
    };
  }

  /**
   * Tells at once of neighbours that were lost, which otherwise waits for its turn in the event loop. To be called between two pieces of
   * other work; costs next to nothing when nobody was lost.
   */
  attend(): void {
    this.#running?.attend();
  }

  #start(): Running {
    const running: Running = new Running(
      (message) => this.#heard(message),
      (reason) => this.#lost(running, reason),
      this.#drops,
    );
    return running;
  }

  #heard(message: FromThread): void {
    if (message.type === 'stalled') for (const call of this.#stalled) call(message.by);
    else if (message.type === 'changed') this.#watched.get(message.id)?.changed(message.change);
    else if (message.type === 'agreed') this.#watched.get(message.id)?.agreed(message.detectionTime);
    else if (message.type === 'dampened') this.#watched.get(message.id)?.dampened?.(message.until);
    else if (message.type === 'failed') this.#watched.get(message.id)?.failed(message.reason);
  }

  #lost(running: Running, reason: string): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    const watched = [...this.#watched.values()];
    this.#watched.clear();
    for (const { failed } of watched) failed(`the BFD thread ended: ${reason}`);
  }
}

/** A thread, as long as it lives. */
class Running {
  readonly #port: MessagePort;
  readonly #losses = new Int32Array(new SharedArrayBuffer(4));
  #known = 0;
  #wake: number | undefined;

  constructor(
    private readonly hear: (message: FromThread) => void,
    lost: (reason: string) => void,
    drops: Uint32Array,
  ) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const worker = thread('bfd-worker', { port: port2, losses: this.#losses, drops });
    port1.on('message', (message: FromThread) => this.#heard(message));
    worker.on('error', (error) => lost(error.message));
    // Sessions keep the process alive, not those who watch them.
    port1.unref();
    worker.unref();
  }

  say(message: ToThread): void {
    this.#port.postMessage(message);
    if (this.#wake !== undefined) writeSync(this.#wake, WAKE);
    // The thread closes the descriptor.
    if (message.type === 'end') this.#wake = undefined;
  }

  attend(): void {
    if (Atomics.load(this.#losses, 0) === this.#known) return;
    for (let mail = receiveMessageOnPort(this.#port); mail; mail = receiveMessageOnPort(this.#port))
      this.#heard(mail.message as FromThread); // the thread says nothing else
  }

  #heard(message: FromThread): void {
    if (message.type === 'ready') this.#wake = message.wake;
    else {
      if (message.type === 'changed' && message.change.from === 'up') this.#known++;
      this.hear(message);
    }
  }
}

/** A thread that runs the file of a name beside this one: as it was built, or, where the library runs from its sources, as they are. */
function thread(name: string, workerData: ThreadData): Worker {
  const options = { name, workerData, transferList: [workerData.port] };
  // A bundle of CommonJS takes it away.
  if ((import.meta.url as string | undefined) === undefined)
    throw new Error(
      "the file of the BFD thread cannot be found from inside a bundle: leave virtual-router out of it (esbuild's --external:virtual-router)",
    );
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, import.meta.url), options);
  const file = new URL(`./${name}.ts`, import.meta.url).href;
  return new Worker(`import('tsx/esm/api').then(({ tsImport }) => tsImport('${file}', '${import.meta.url}'))`, { ...options, eval: true });
}
