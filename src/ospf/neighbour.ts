import type { Millis } from '../lib/clock.js';
import { LsaTable } from './columns/lsa-table.js';
import { RequestList } from './columns/request-list.js';
import type { Departed } from './departed.js';
import type { NeighbourReason, OspfNeighbourState } from './events.js';
import type { TimerKind, TimerName } from './instance.js';
import type { OspfInterface } from './interface.js';
import type { Origin, StoredLsa } from './lsa.js';
import type { DatabaseDescription } from './wire/index.js';

/** Another router on one of our interfaces (RFC 2328 §10). @internal */
export class Neighbour {
  state: OspfNeighbourState = 'down';
  priority = 0;
  /** As its Hello has them: an address in OSPFv2, a router id in OSPFv3; 0 is none. */
  designatedRouter = 0;
  backupDesignatedRouter = 0;
  options = 0;
  /** OSPFv3: its number for its end of the link. */
  interfaceId = 0;
  /** Whether it is master of the exchange, and we are the slave. */
  master = false;
  sequence = 0;
  /** When its present adjacency began to be formed. */
  exchangeBegan: Millis = 0;
  /** Its last Database Description, to tell a duplicate from the next. */
  lastReceived: Pick<DatabaseDescription, 'init' | 'more' | 'master' | 'options' | 'sequence'> | undefined;
  /** Ours, to send again. */
  lastSent: DatabaseDescription | undefined;
  /** What the exchange still has to tell it. */
  summary: StoredLsa[] = [];
  /** What it has and we do not, or not so recent; and what of it is asked for. */
  readonly requests = new RequestList();
  /** What it has not acknowledged yet, and since when. */
  readonly retransmit = new LsaTable<StoredLsa>();
  /** When anything was last sent again. */
  lastRetransmit: Millis = 0;
  /** It restarts gracefully and is held for up, until then (RFC 3623 §3). */
  graceUntil: Millis | undefined;
  /** LSAs in our databases that it was the first to give us. */
  lsas = 0;
  /** LSAs that count for it beside these. */
  departed: Departed | undefined;
  /** The origin of LSAs that nobody else sent. */
  readonly origin: readonly Origin[];
  /** Where its packets came from before, and until when it is strange if they do again. */
  formerly: { readonly address: Uint8Array; readonly until: Millis } | undefined;
  /** Why its adjacency ended last. */
  reason: NeighbourReason | undefined;

  readonly interface: OspfInterface;

  constructor(
    one: OspfInterface,
    readonly routerId: number,
    /** Where its packets come from. */
    public address: Uint8Array,
    /** What stands for it as designated router: its address as a number (OSPFv2), or its router id (OSPFv3). */
    public drId: number,
  ) {
    this.interface = one;
    this.origin = [{ interface: one.options.name, routerId }];
  }

  /** Names of its timers, by what they are for: made once. */
  readonly timers = new Map<TimerKind, TimerName>();

  get isTwoWay(): boolean {
    return this.state !== 'down' && this.state !== 'init';
  }
  /** Whether LSAs are flooded to it (RFC 2328 §13.3). */
  get isExchanging(): boolean {
    return this.state === 'exchange' || this.state === 'loading' || this.state === 'full';
  }
  /** Whether it counts as fully adjacent: it is, or it restarts and is held for it. */
  get isFull(): boolean {
    return this.state === 'full' || this.graceUntil !== undefined;
  }
}
