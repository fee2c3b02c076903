import type { Millis } from '../lib/clock.js';
import type { BfdConfig } from './config.js';
import type { BfdDrops } from './drops.js';
import type { BfdSignal } from './events.js';
import type { BfdDiagnostic, BfdState } from './wire/index.js';

/** Whom to watch, and how. @public */
export interface BfdTarget {
  /** Canonical text; of an IPv6 link-local neighbour with its link, `fe80::1%eth0`. */
  readonly remote: string;
  /** Address to speak from; without one the system chooses, and packets to any of our addresses are taken. */
  readonly local?: string;
  /** Its secrets as texts. */
  readonly config: BfdConfig;
}

/** A change of a BFD session's state. @public */
export interface BfdChange {
  readonly from: BfdState;
  readonly to: BfdState;
  readonly diagnostic: BfdDiagnostic;
  /** What the neighbour said of itself last. */
  readonly remote: BfdState;
  /** Why the neighbour was down last, as it said. */
  readonly remoteDiagnostic: BfdDiagnostic;
  /** The neighbour's BFD does not share the fate of its control plane (bit C): when it is silent, the neighbour does not forward either. */
  readonly independent: boolean;
  /** Milliseconds of silence after which the neighbour is down, as agreed when the session came up. */
  readonly detectionTime: Millis;
  /** Milliseconds since the epoch, as the one who watches saw it. */
  readonly at: Millis;
}

/** What a watch tells its owner. @public */
export interface BfdEvents {
  changed(change: BfdChange): void;
  /** While it is up, the neighbour is down after another time of silence than before, in milliseconds. */
  agreed(detectionTime: Millis): void;
  /** It flaps: it is up, which is not told before `until`, if it stays so (`dampening`). */
  dampened?(until: Millis): void;
  /** It cannot be watched: no socket to be had, say. Nothing follows. */
  failed(reason: string): void;
}

/** A watch that goes on. @public */
export interface BfdWatch {
  /**
   * Takes over other intervals, keys and modes while the session stays up. `multihop` and `checkTtl` stay what they were: for those, close it
   * and watch anew.
   */
  reconfigure(config: BfdConfig): void;
  /** Has the neighbour told what happened to the path beside silence. */
  signal(diagnostic: BfdSignal): void;
  /** Ends it, telling the neighbour that it is administratively down. */
  close(): void;
}

/**
 * Who watches neighbours by BFD: a thread of Node's (`io/`), or an engine in memory. Routers ask it; they do not know which.
 *
 * @public
 */
export interface BfdService {
  /**
   * Those who watch one neighbour share its session (RFC 5882 §2): from the same address of ours, or where one of them names none; single hop
   * and multihop are apart. It runs at the shortest interval that any of them asks for, and the neighbour notices our silence within the shortest
   * time that any asks for; demand mode and echo are used where all want them, authentication where one does, and it is
   * administratively down when it is for all. Who comes later is told at once how things stand. One with another `checkTtl`, or other
   * keys, than those who are there fails.
   */
  watch(target: BfdTarget, events: BfdEvents): BfdWatch;
  /** Calls back whenever the watcher found that it stood still itself, for so many milliseconds. Returns a way to end that. */
  onStall(call: (by: Millis) => void): () => void;
  /** Packets that came and were not taken, since the service began. What the kernel's filter has not let pass is not among them. */
  readonly drops: BfdDrops;
}
