import { messageOf, SnapshotFile } from './snapshot-file.js';

/** Whose snapshots are kept. @internal */
export interface SnapshotSource {
  /** Another number when anything may have changed. */
  readonly turns: number;
  snapshot(): unknown;
  snapshotFailed(path: string, reason: string): void;
}

/** Between two looks whether anything changed. */
const EVERY = 1000;
/** Writing takes at most one part in so many of the time. */
const SHARE = 20;

/**
 * Keeps a network's snapshot in a file, a second old at most; older where the network is so large that writing it more often would take
 * more than a twentieth of the time. What cannot be written is tried again, and told once.
 *
 * @internal
 */
export class SnapshotKeeper {
  readonly #file: SnapshotFile;
  #timer: NodeJS.Timeout | undefined;
  #written = -1;
  #failing = false;
  #busy: Promise<void> = Promise.resolve();
  #closed = false;
  /** Routers of the network that have not run so far. */
  readonly #idle = new Set<object>();

  constructor(
    path: string,
    private readonly source: SnapshotSource,
  ) {
    this.#file = new SnapshotFile(path);
    this.#next(EVERY);
  }

  /** A router of the network is there; and it runs. */
  made(router: object): void {
    this.#idle.add(router);
  }
  runs(router: object): void {
    this.#idle.delete(router);
  }

  /**
   * Keeps no more: with the snapshot of now for the next life, or with none. Where a router never ran (its port was in use, as by another
   * process with the same file), what there is stays for the next try.
   */
  async close(restart: boolean): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    const last = restart ? this.source.snapshot() : undefined;
    await this.#busy;
    try {
      if (restart) this.#file.writeNow(last);
      else if (this.#idle.size === 0) this.#file.remove();
    } catch (error) {
      this.source.snapshotFailed(this.#file.path, messageOf(error));
    }
  }

  #next(wait: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#busy = this.#keep();
    }, wait);
    // Nobody lives on for the sake of a snapshot.
    this.#timer.unref();
  }

  async #keep(): Promise<void> {
    const { turns } = this.source;
    const began = performance.now();
    if (turns !== this.#written) {
      try {
        await this.#file.write(this.source.snapshot());
        this.#written = turns;
        this.#failing = false;
      } catch (error) {
        if (!this.#failing) this.source.snapshotFailed(this.#file.path, messageOf(error));
        this.#failing = true;
      }
    }
    this.#next(Math.max(EVERY, SHARE * (performance.now() - began)));
  }
}

/** What a file has for a network to begin with: its former life, or why there is none. @internal */
export function formerLife(path: string | undefined): { readonly snapshot?: unknown } {
  if (path === undefined) return {};
  const read = new SnapshotFile(path).read();
  if (read.type === 'none') return {};
  if (read.type === 'value' && typeof read.value === 'object' && read.value !== null) return { snapshot: read.value };
  const reason = read.type === 'value' ? 'it holds something else' : read.reason;
  return { snapshot: { unusable: `the snapshot ${path} is unusable: ${reason}` } };
}
