import { BUFFER, type Buffers } from '../lib/buffers.js';
import type { SessionError } from './events.js';
import { ErrorCode, HEADER_SIZE, MessageType } from './wire/index.js';

/** What the framer hands on, in order. @internal */
export interface FramerSink {
  /** A run of whole UPDATEs, `bytes[from, to)`, only good during the call. False to stop: the session is over. */
  updates(bytes: Uint8Array, from: number, to: number): boolean;
  /** Any other whole message, only good during the call. False to stop. */
  message(bytes: Uint8Array): boolean;
  /** The stream is broken: RFC 4271 §6.1. */
  broken(error: SessionError): void;
}

const NO_DATA = new Uint8Array(0);

/** From so many octets on, a chunk is put behind what is held, so that all its UPDATEs are one run: each run is a turn of the network's. */
const JOINED = 4096;

/**
 * Cuts a byte stream into messages: one walk over each chunk. UPDATEs that stand together are handed on together; of a message that
 * is split over chunks, the beginning is held until the next: a large one is put behind it, to be one run; a small one completes it and is walked where it stands.
 *
 * @internal
 */
export class Framer {
  /** Octets of the longest message that may come (RFC 8654: OPEN and KEEPALIVE stay at 4,096). */
  maxMessage = 4096;
  #held = new Uint8Array(0);
  #heldLength = 0;

  /** @param buffers - Where large chunks are joined with what was held. */
  constructor(
    private readonly sink: FramerSink,
    private readonly buffers: Buffers,
  ) {}

  /** Octets of a message that is not whole yet. */
  get pending(): number {
    return this.#heldLength;
  }

  /** Another stream begins, of a connection on which no OPEN has come yet: what was left of the last one is no part of it. */
  begin(): void {
    this.#heldLength = 0;
    this.maxMessage = 4096;
  }

  push(chunk: Uint8Array): void {
    if (this.#heldLength === 0) {
      this.#walk(chunk, 0);
      return;
    }
    if (chunk.length >= JOINED && this.#heldLength + chunk.length <= BUFFER) {
      const buffer = this.buffers.take();
      buffer.set(this.#held.subarray(0, this.#heldLength));
      buffer.set(chunk, this.#heldLength);
      const length = this.#heldLength + chunk.length;
      this.#heldLength = 0;
      this.#walk(buffer.subarray(0, length), 0);
      this.buffers.give(buffer);
      return;
    }
    const at = this.#complete(chunk);
    if (at >= 0) this.#walk(chunk, at);
  }

  #walk(chunk: Uint8Array, from: number): void {
    let at = from;
    let runFrom = at;
    while (chunk.length - at >= HEADER_SIZE) {
      const length = this.#lengthAt(chunk, at);
      if (length < 0) {
        if (at === runFrom || this.sink.updates(chunk, runFrom, at)) this.#break(chunk, at);
        return;
      }
      if (chunk.length - at < length) break;
      if (chunk[at + 18] !== MessageType.update) {
        if (at > runFrom && !this.sink.updates(chunk, runFrom, at)) return;
        if (!this.sink.message(chunk.subarray(at, at + length))) return;
        runFrom = at + length;
      }
      at += length;
    }
    if (at > runFrom && !this.sink.updates(chunk, runFrom, at)) return;
    if (at < chunk.length) this.#hold(chunk, at, chunk.length);
  }

  /** Completes the message that is held. Returns where the chunk goes on, or -1 when there is nothing more to do. */
  #complete(chunk: Uint8Array): number {
    let at = 0;
    if (this.#heldLength < HEADER_SIZE) {
      at = Math.min(HEADER_SIZE - this.#heldLength, chunk.length);
      this.#hold(chunk, 0, at);
      if (this.#heldLength < HEADER_SIZE) return -1;
    }
    const length = this.#lengthAt(this.#held, 0);
    if (length < 0) {
      this.#break(this.#held, 0);
      return -1;
    }
    const missing = Math.min(length - this.#heldLength, chunk.length - at);
    this.#hold(chunk, at, at + missing);
    at += missing;
    if (this.#heldLength < length) return -1;
    const message = this.#held.subarray(0, length);
    this.#heldLength = 0;
    // The sink may push no further octets, so the buffer is its own until it returns.
    const goOn = message[18] === MessageType.update ? this.sink.updates(message, 0, length) : this.sink.message(message);
    return goOn ? at : -1;
  }

  #hold(chunk: Uint8Array, from: number, to: number): void {
    const needed = this.#heldLength + to - from;
    if (needed > this.#held.length) {
      const wider = new Uint8Array(Math.max(512, needed * 2));
      wider.set(this.#held.subarray(0, this.#heldLength));
      this.#held = wider;
    }
    this.#held.set(chunk.subarray(from, to), this.#heldLength);
    this.#heldLength = needed;
  }

  /** The length of the message at `at`, whose header is there; -1 when the header is wrong. */
  #lengthAt(bytes: Uint8Array, at: number): number {
    for (let i = at; i < at + 16; i++) if (bytes[i] !== 0xff) return -1;
    const length = ((bytes[at + 16] as number) << 8) | (bytes[at + 17] as number); // the header is there
    const type = bytes[at + 18] as number; // the header is there
    return lengthFits(type, length, this.maxMessage) ? length : -1;
  }

  /** RFC 4271 §6.1, in its order. */
  #break(bytes: Uint8Array, at: number): void {
    for (let i = at; i < at + 16; i++) {
      if (bytes[i] !== 0xff) {
        this.sink.broken({ code: ErrorCode.messageHeader, subcode: 1, data: NO_DATA, reason: 'the marker is not all ones' });
        return;
      }
    }
    const type = bytes[at + 18] ?? 0;
    const length = ((bytes[at + 16] ?? 0) << 8) | (bytes[at + 17] ?? 0);
    if (length >= HEADER_SIZE && length <= this.maxMessage && (type < MessageType.open || type > MessageType.routeRefresh)) {
      this.sink.broken({ code: ErrorCode.messageHeader, subcode: 3, data: Uint8Array.of(type), reason: `message type ${type}` });
      return;
    }
    this.sink.broken({
      code: ErrorCode.messageHeader,
      subcode: 2,
      data: bytes.slice(at + 16, at + 18),
      reason: `a message of ${length} octets, type ${type}`,
    });
  }
}

/** The shortest of each type (RFC 4271 §6.1); a ROUTE-REFRESH of a wrong length has its own error (RFC 7313 §5). */
function lengthFits(type: number, length: number, longest: number): boolean {
  switch (type) {
    case MessageType.open:
      return length >= 29 && length <= 4096;
    case MessageType.update:
      return length >= 23 && length <= longest;
    case MessageType.notification:
      return length >= 21 && length <= longest;
    case MessageType.keepalive:
      return length === HEADER_SIZE;
    case MessageType.routeRefresh:
      return length >= HEADER_SIZE && length <= longest;
    default:
      return false;
  }
}
