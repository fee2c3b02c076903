import { Acknowledgments } from './acknowledgments.js';
import type { Area } from './area.js';
import { LsaTable } from './columns/lsa-table.js';
import { Database } from './database.js';
import type { OspfInterfaceState, OspfProblem } from './events.js';
import type { StoredLsa } from './lsa.js';
import type { Neighbour } from './neighbour.js';
import type { InterfaceOptions } from './options.js';
import type { Authentication } from './wire/index.js';

/** Packets by what became of them. @internal */
export interface InterfaceCounters {
  received: number;
  sent: number;
  /** LSAs sent, retransmissions included, and those taken in. */
  lsasSent: number;
  lsasReceived: number;
  retransmissions: number;
  /** Dropped packets, and LSAs, by what was wrong. */
  readonly problems: Map<string, number>;
}

/** One of our interfaces, as OSPF knows it (RFC 2328 §9). @internal */
export class OspfInterface {
  state: OspfInterfaceState = 'down';
  /** Designated router and backup: addresses in OSPFv2, router ids in OSPFv3; 0 is none. */
  designatedRouter = 0;
  backupDesignatedRouter = 0;
  /** By router id in OSPFv3 and on point-to-point links; else by address (RFC 2328 §10). */
  readonly neighbours = new Map<number, Neighbour>();
  /** How its packets are authenticated now: keys change while it is up. */
  authentication: Authentication;
  /** LSAs of link scope. */
  readonly database: Database;
  /** What leaves at the end of this turn. */
  readonly outgoing = new LsaTable<StoredLsa>();
  /** Acknowledgments that wait for more to go with them (RFC 2328 §13.5). */
  readonly delayedAcks = new Acknowledgments();
  /** Problems told, by sender: each once, until it is fully adjacent. */
  readonly told = new Map<string, Set<OspfProblem>>();
  readonly counters: InterfaceCounters = {
    received: 0,
    sent: 0,
    lsasSent: 0,
    lsasReceived: 0,
    retransmissions: 0,
    problems: new Map(),
  };

  constructor(
    readonly options: InterfaceOptions,
    readonly area: Area,
  ) {
    this.authentication = options.authentication;
    this.database = new Database('link', area, this);
  }

  /** Whether routers on it elect a designated one. */
  get elects(): boolean {
    return this.options.type === 'broadcast';
  }
  get isUp(): boolean {
    return this.state !== 'down';
  }
  /** RFC 2328 §12.4.1.2: the network carries others' packets once its designated router has somebody. */
  get isTransit(): boolean {
    if (this.state === 'waiting' || this.designatedRouter === 0) return false;
    for (const neighbour of this.neighbours.values())
      if (neighbour.isFull && (this.state === 'dr' || neighbour.drId === this.designatedRouter)) return true;
    return false;
  }
  get isDesignated(): boolean {
    return this.state === 'dr' || this.state === 'backup';
  }
}
