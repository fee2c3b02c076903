import type { Writable } from 'node:stream';
import { systemReason } from '../io/system-error.js';
import type { Output } from './command.js';

/** Octets that may wait for a reader who does not keep up, before lines are left out. */
export const MOST_WAITING = 16 << 20;
/** Errors of an output that is at its end: its reader went away, or the terminal was closed. Others may pass: a disk that is full. */
const UNREAD = ['EPIPE', 'EIO', 'ECONNRESET'];

/**
 * Has a terminal be written to as a pipe is. Node waits for terminals: one that was stopped (^S) would stop the process with it, and its sessions would
 * end. What Node opened for itself is no other's, so nobody else's terminal changes.
 */
export function doNotWait(stream: Writable): void {
  const { isTTY, _handle: handle } = stream as { isTTY?: boolean; _handle?: { setBlocking?(blocking: boolean): unknown } };
  // On Windows what is written so may come in another order.
  if (isTTY && process.platform !== 'win32') handle?.setBlocking?.(false);
}

/** What is told of a stream. */
export interface StreamEvents {
  /** Nobody reads it any more. */
  unread(): void;
  /** Some of it could not be written, the first time. */
  failed(reason: string): void;
}

/** A stream of the process as an output. Pipes are written while others go on, and what their readers leave waits here: up to a bound. */
export class StreamOutput implements Output {
  #failure: string | undefined;

  constructor(
    private readonly stream: Writable,
    readonly colour: boolean,
    private readonly events: StreamEvents,
  ) {
    // From the first line to the last: an error that nobody listens for ends the process, and with it what it was about to do.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code && UNREAD.includes(error.code)) events.unread();
      else this.#failed(systemReason(error));
    });
  }

  get failure(): string | undefined {
    return this.#failure;
  }
  /** Whether there is something that its reader has not taken. */
  get waits(): boolean {
    return this.stream.writableLength > 0 && !this.stream.destroyed;
  }

  write(text: string): void {
    if (this.stream.writableLength > MOST_WAITING) this.#failed('its reader does not keep up, and lines are left out');
    else this.stream.write(text);
  }

  ready(): Promise<void> {
    const { stream } = this;
    if (!stream.writableNeedDrain || stream.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const over = (): void => {
        for (const event of ['drain', 'error', 'close']) stream.off(event, over);
        resolve();
      };
      for (const event of ['drain', 'error', 'close']) stream.once(event, over);
    });
  }

  #failed(reason: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.events.failed(reason);
  }
}
