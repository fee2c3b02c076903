import type { Cause } from '../claims/feed.js';
import type { Millis } from '../lib/clock.js';
import type { Targets } from './target.js';

/** Where packets for a prefix go has changed. @public */
export interface MappingChange {
  /** Place in the network's one order of changes; 0 until the forwarding table has applied it. */
  readonly seq: number;
  /** Canonical text. */
  readonly prefix: string;
  /** Undefined where the prefix was not mapped before. */
  readonly before: Targets | undefined;
  /** Undefined where the prefix is not mapped any more. */
  readonly after: Targets | undefined;
  /** What brought it about; of several merged, the first. */
  readonly cause: Cause;
  /** How many changes of claims this one change merges, up to 65,535. */
  readonly merged: number;
  /** When the one whose death brought it about was last heard of; of anything else the same as {@link MappingChange.heard}. */
  readonly lastHeard: Millis;
  /** When the oldest of them was heard; of a death, when it was detected. */
  readonly heard: Millis;
  /** When the network decided. */
  readonly decided: Millis;
  /** When the forwarding table had it; 0 until then. */
  readonly applied: Millis;
}

/** A place in the order of a network's changes. @public */
export interface Position {
  /** Which life of the network this counts in: a position of another is answered with a snapshot. */
  readonly epoch: string;
  /** The last change seen. */
  readonly seq: number;
}

/** A mapped prefix. @public */
export interface MappingEntry {
  readonly prefix: string;
  readonly targets: Targets;
}
