import type { Cancel, Clock, Millis } from '../lib/clock.js';
import { WireError } from '../lib/errors.js';
import type { Connection, DialEvents } from '../lib/transport.js';
import type { MappingChange, Position } from '../mapping/change.js';
import type { ForwardingTable } from '../mapping/forwarding-table.js';
import {
  type EntryChange,
  encodeFrame,
  encodeMessage,
  type ForwarderNode,
  type Message,
  MessageReader,
  type PortName,
  VERSION,
} from './wire/index.js';

/** Between calls: at first, and at most. */
const FIRST_CALL: Millis = 50;
const LAST_CALL: Millis = 1000;
/** A router that answers nothing for so long is called again. */
const PATIENCE: Millis = 10_000;
/** Octets that may wait for a router that does not read, before frames are dropped. */
const MOST_WAITING = 1 << 20;

/**
 * How a forwarder stands with its router.
 *
 * - `waiting`: it has never heard the mapping, and forwards nothing.
 * - `following`: it has all that the router has.
 * - `stale`: the router is away, or has not told everything yet; it forwards by what it knew.
 * - `expired`: the router was away for too long, and nothing is forwarded any more.
 *
 * @public
 */
export type ForwarderState = 'waiting' | 'following' | 'stale' | 'expired';

/** What a follower needs. @internal */
export interface FollowerSurroundings {
  readonly clock: Clock;
  /** Calls the router. Returns a way to give up. */
  readonly dial: (events: DialEvents) => Cancel;
  readonly table: ForwardingTable;
  /** How long it goes on without the router. */
  readonly stale: Millis;
  nodes(nodes: readonly ForwarderNode[]): void;
  /** A frame of the router's for the guest at a port. */
  frame(port: number, frame: Uint8Array): undefined;
  changed(state: ForwarderState, reason: string): void;
}

/**
 * The forwarder's end of the feed: calls the router, keeps the forwarding table as it is told, and the table as it was while nobody tells.
 *
 * A router that was started again tells the whole mapping. What of the old one is not in that stays until the router says that
 * whoever was to speak has spoken (it may have been claimed in the last moments, of which the router's snapshot knows nothing), or the
 * time is up.
 *
 * @internal
 */
export class Follower {
  state: ForwarderState = 'waiting';
  /** Frames left to the router, those of them that it did not get, and frames of its own. */
  readonly counters = { left: 0, lost: 0, brought: 0, calls: 0 };
  #position: Position | undefined;
  /** The epoch that is being told. */
  #epoch = '';
  /** Each prefix, with the telling of the whole mapping that had it last. */
  readonly #known = new Map<string, number>();
  #telling = 0;
  /** The last telling that came to its end. */
  #told = 0;
  #nodes: ForwarderNode[] = [];
  #connection: Connection | undefined;
  #answered = false;
  #hangUp: Cancel = () => {};
  #again: Cancel = () => {};
  #pause = FIRST_CALL;
  /** Ends everything while the router is away, and what it has not said again once it is back. */
  #away: Cancel | undefined;
  #unconfirmed: Cancel | undefined;
  #running = false;
  #reason = '';

  constructor(
    private readonly network: string,
    private readonly ports: readonly PortName[],
    private readonly around: FollowerSurroundings,
  ) {
    around.table.attach?.({ resync: () => {} });
    this.#sync();
  }

  /** Prefixes that are forwarded. */
  get size(): number {
    return this.#known.size;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#call();
  }

  stop(): void {
    this.#running = false;
    this.#again();
    this.#away?.();
    this.#away = undefined;
    this.#unconfirmed?.();
    this.#unconfirmed = undefined;
    this.#hangUp();
    this.#connection?.abort();
    this.#connection = undefined;
    // What it knew will be old when it is started again.
    this.#forgetAll();
    this.state = 'waiting';
    this.#reason = '';
  }

  /** Leaves a frame from a port to the router. */
  leave(port: number, buffer: Uint8Array, start: number, end: number): void {
    const connection = this.#connection;
    if (!connection || !this.#answered || connection.buffered > MOST_WAITING) {
      this.counters.lost++;
      return;
    }
    this.counters.left++;
    connection.write(encodeFrame(port, buffer, start, end));
  }

  // --- The connection --------------------------------------------------------------------------------------------------

  #call(): void {
    const { clock } = this.around;
    this.counters.calls++;
    let patience: Cancel = () => {};
    this.#hangUp = this.around.dial({
      connected: (connection) => {
        const reader = new MessageReader();
        this.#connection = connection;
        this.#answered = false;
        let over = false;
        const end = (reason: string): void => {
          if (over) return;
          over = true;
          patience();
          this.#lost(reason);
        };
        connection.listen({
          data: (chunk) => {
            try {
              for (const message of reader.read(chunk)) {
                if (over || this.#connection !== connection) return;
                this.#take(message);
              }
            } catch (error) {
              if (!(error instanceof WireError)) throw error;
              connection.abort();
              end(error.message);
            }
          },
          drained: () => {},
          closed: (reason) => end(reason ?? 'the router hung up'),
        });
        patience = clock.at(clock.now() + PATIENCE, () => {
          if (this.#answered) return;
          connection.abort();
          end('the router does not answer');
        });
        connection.write(
          encodeMessage({
            type: 'call',
            version: VERSION,
            network: this.network,
            ports: this.ports,
            position: this.#position ?? null,
          }),
        );
      },
      failed: (reason) => this.#lost(reason),
    });
  }

  /** The router is away. */
  #lost(reason: string): undefined {
    this.#connection = undefined;
    this.#answered = false;
    if (!this.#running) return;
    const { clock, stale } = this.around;
    this.#again = clock.at(clock.now() + this.#pause, () => this.#call());
    this.#pause = Math.min(this.#pause * 2, LAST_CALL);
    if (this.state === 'waiting' || this.state === 'expired') return this.#turn(this.state, reason);
    const until = clock.now() + stale;
    this.#away ??= clock.at(until, () => this.#expire());
    this.#unconfirmed ??= clock.at(until, () => this.#confirmed());
    this.#turn('stale', reason);
  }

  /** The router was away for too long. */
  #expire(): void {
    this.#away = undefined;
    this.#forgetAll();
    this.#turn('expired', 'the router was away for too long');
  }

  #forgetAll(): void {
    this.#known.clear();
    this.#position = undefined;
    this.#sync();
  }

  #turn(state: ForwarderState, reason: string): undefined {
    if (this.state === state && (state !== 'waiting' || reason === this.#reason)) return;
    this.state = state;
    this.#reason = reason;
    this.around.changed(state, reason);
  }

  // --- What is said ----------------------------------------------------------------------------------------------------

  #take(message: Message): undefined {
    if (!this.#answered && message.type !== 'answer' && message.type !== 'refusal')
      throw new WireError(`a message "${message.type}" before an answer`, 0);
    switch (message.type) {
      case 'refusal':
        throw new WireError(`the router refuses: ${message.reason}`, 0);
      case 'answer':
        return this.#begin(message);
      case 'nodes':
        this.#nodes.push(...message.nodes);
        if (message.last) this.around.nodes(this.#nodes.splice(0));
        return;
      case 'entries':
        return this.#apply(message.entries);
      case 'changes':
        this.#apply(message.changes);
        if (message.seq !== null && this.#told === this.#telling) this.#position = { epoch: this.#epoch, seq: message.seq };
        return;
      case 'current':
        return this.#current(message.seq);
      case 'complete':
        return this.#confirmed();
      case 'frame':
        this.counters.brought++;
        return this.around.frame(message.port, message.frame);
      default:
        throw new WireError(`a message "${message.type}" out of place`, 0);
    }
  }

  #begin({ version, epoch, resumed }: Extract<Message, { readonly type: 'answer' }>): undefined {
    if (version !== VERSION) throw new WireError(`the router speaks version ${version} of the feed`, 0);
    if (resumed && epoch !== this.#position?.epoch) throw new WireError('the router goes on from where nobody was', 0);
    this.#answered = true;
    this.#epoch = epoch;
    this.#nodes = [];
    if (resumed) return;
    this.#telling++;
    this.#position = undefined;
  }

  /** It knows all that the router does. */
  #current(seq: number): undefined {
    this.#position = { epoch: this.#epoch, seq };
    this.#told = this.#telling;
    this.#pause = FIRST_CALL;
    this.#away?.();
    this.#away = undefined;
    this.#turn('following', `${this.#known.size} prefixes`);
  }

  /** What the router has not said again is not so any more. */
  #confirmed(): undefined {
    this.#unconfirmed?.();
    this.#unconfirmed = undefined;
    const gone: EntryChange[] = [];
    for (const [prefix, telling] of this.#known) if (telling < this.#told) gone.push([prefix, null]);
    this.#apply(gone);
  }

  #apply(changes: readonly EntryChange[]): undefined {
    if (changes.length === 0) return;
    for (const [prefix, targets] of changes) {
      if (targets === null) this.#known.delete(prefix);
      else this.#known.set(prefix, this.#telling);
    }
    this.around.table.apply({ kind: 'delta', size: changes.length, changes: changes.map(changeOf) });
  }

  /** Empties the table. */
  #sync(): void {
    this.around.table.apply({ kind: 'sync', size: 0, changes: [] });
  }
}

/** A change as a table takes it: what brought it about is known where it was decided. */
function changeOf([prefix, targets]: EntryChange): MappingChange {
  return {
    seq: 0,
    prefix,
    before: undefined,
    after: targets ?? undefined,
    cause: { type: 'configured' },
    merged: 1,
    lastHeard: 0,
    heard: 0,
    decided: 0,
    applied: 0,
  };
}
