import { Worker } from 'node:worker_threads';
import type { BfdEvents, BfdService, BfdTarget, BfdWatch } from '../bfd/index.js';
import type { FromThread, ToThread } from './bfd-messages.js';

/**
 * BFD over the host's UDP sockets, on a thread of its own, started with the first neighbour that is watched and ended with the last.
 *
 * @public
 */
export class BfdThread implements BfdService {
  #worker: Worker | undefined;
  #next = 1;
  readonly #watched = new Map<number, BfdEvents>();
  readonly #stalled = new Set<(by: number) => void>();

  onStall(call: (by: number) => void): () => void {
    this.#stalled.add(call);
    return () => void this.#stalled.delete(call);
  }

  watch(target: BfdTarget, events: BfdEvents): BfdWatch {
    const id = this.#next++;
    this.#watched.set(id, events);
    this.#post({ type: 'watch', id, target });
    return {
      close: () => {
        if (!this.#watched.delete(id)) return;
        this.#post({ type: 'close', id });
        if (this.#watched.size === 0) this.#end();
      },
    };
  }

  #post(message: ToThread): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message);
  }

  #start(): Worker {
    const worker = thread('bfd-worker');
    worker.on('message', (message: FromThread) => this.#heard(message));
    worker.on('error', (error) => this.#lost(worker, error.message));
    // Sessions keep the process alive, not those who watch them.
    worker.unref();
    return worker;
  }

  #heard(message: FromThread): void {
    if (message.type === 'stalled') for (const call of this.#stalled) call(message.by);
    else if (message.type === 'changed') this.#watched.get(message.id)?.changed(message.change);
    else if (message.type === 'agreed') this.#watched.get(message.id)?.agreed(message.detectionTime);
    else this.#watched.get(message.id)?.failed(message.reason);
  }

  /** The last neighbour is gone: what was said last is sent, then the thread ends. */
  #end(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker) setTimeout(() => void worker.terminate(), 20).unref();
  }

  #lost(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const watched = [...this.#watched.values()];
    this.#watched.clear();
    for (const { failed } of watched) failed(`the BFD thread ended: ${reason}`);
  }
}

/** A thread that runs the file of a name beside this one: as it was built, or, where the library runs from its sources, as they are. */
function thread(name: string): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, import.meta.url), { name });
  const file = new URL(`./${name}.ts`, import.meta.url).href;
  return new Worker(`import('tsx/esm/api').then(({ tsImport }) => tsImport('${file}', '${import.meta.url}'))`, { name, eval: true });
}
