import type { Table } from '../lib/machine.js';
import { type Candidate, elect } from './election.js';
import type { InterfaceEvent, NeighbourEvent, NeighbourReason, OspfInterfaceState, OspfNeighbourState } from './events.js';
import { beginExchange, listSummary, requestMore } from './exchange.js';
import { sendHello } from './hello.js';
import type { OspfInstance } from './instance.js';
import type { OspfInterface } from './interface.js';
import type { Neighbour } from './neighbour.js';

/** An interface and its instance, as the table's actions get them. @internal */
export interface InterfaceCase {
  readonly o: OspfInstance;
  readonly one: OspfInterface;
}
/** @internal */
export interface NeighbourCase {
  readonly o: OspfInstance;
  readonly neighbour: Neighbour;
}
type Reasoned = Extract<NeighbourEvent, { readonly reason: NeighbourReason }>;

/** RFC 2328 §9.3, row by row. An event with no cell is nothing to an interface in that state. */
export const interfaceTransitions: Table<OspfInterfaceState, InterfaceEvent, InterfaceCase> = {
  down: { interfaceUp },
  waiting: { waitTimer: electNow, backupSeen: electNow, interfaceDown },
  'point-to-point': { interfaceDown },
  'dr-other': { neighbourChange: electNow, interfaceDown },
  backup: { neighbourChange: electNow, interfaceDown },
  dr: { neighbourChange: electNow, interfaceDown },
};

/** RFC 2328 §10.3, row by row. `start` and the state Attempt are for NBMA networks only. */
export const neighbourTransitions: Table<OspfNeighbourState, NeighbourEvent, NeighbourCase> = {
  down: { helloReceived: heard, killNbr, inactivityTimer },
  init: { helloReceived: heard, twoWayReceived, killNbr, inactivityTimer },
  '2-way': { helloReceived: heard, oneWayReceived, adjOk, killNbr, inactivityTimer },
  'ex-start': { helloReceived: heard, oneWayReceived, adjOk, negotiationDone, killNbr, inactivityTimer },
  exchange: {
    helloReceived: heard,
    oneWayReceived,
    adjOk,
    exchangeDone,
    seqNumberMismatch: again,
    badLsReq,
    killNbr,
    inactivityTimer,
  },
  loading: { helloReceived: heard, oneWayReceived, adjOk, loadingDone, seqNumberMismatch: again, badLsReq, killNbr, inactivityTimer },
  full: { helloReceived: heard, oneWayReceived, adjOk, seqNumberMismatch: again, badLsReq, killNbr, inactivityTimer },
};

// --- Interfaces ----------------------------------------------------------------------------------------------------------

function interfaceUp({ o, one }: InterfaceCase): OspfInterfaceState {
  if (one.options.passive) return one.elects ? 'dr-other' : 'point-to-point';
  o.timers.start(`hello/0/${one.options.name}`, o.now + one.options.helloInterval);
  if (!one.elects) {
    o.afterTurn(() => sendHello(o, one));
    return 'point-to-point';
  }
  o.afterTurn(() => sendHello(o, one));
  if (one.options.priority === 0) return 'dr-other';
  o.timers.start(`wait/0/${one.options.name}`, o.now + one.options.deadInterval);
  return 'waiting';
}

function interfaceDown({ o, one }: InterfaceCase): OspfInterfaceState {
  for (const neighbour of [...one.neighbours.values()]) o.neighbourEvent(neighbour, { type: 'killNbr', reason: 'interface-down' });
  for (const timer of ['hello', 'wait', 'ack'] as const) o.timers.stop(`${timer}/0/${one.options.name}`);
  one.designatedRouter = 0;
  one.backupDesignatedRouter = 0;
  one.delayedAcks.clear();
  one.outgoing.clear();
  return 'down';
}

/** §9.4, with what follows from a change: adjacencies begin and end (step 7). */
function electNow({ o, one }: InterfaceCase): OspfInterfaceState {
  o.timers.stop(`wait/0/${one.options.name}`);
  const drId = o.dialect.ownDrId(one.options, o.options.routerId);
  const self: Candidate = {
    routerId: o.options.routerId,
    priority: one.options.priority,
    drId,
    designatedRouter: one.designatedRouter,
    backupDesignatedRouter: one.backupDesignatedRouter,
  };
  const others = [...one.neighbours.values()].filter((neighbour) => neighbour.isTwoWay || neighbour.graceUntil !== undefined);
  const { designatedRouter, backupDesignatedRouter } = elect(self, others);
  const changed = designatedRouter !== one.designatedRouter || backupDesignatedRouter !== one.backupDesignatedRouter;
  one.designatedRouter = designatedRouter;
  one.backupDesignatedRouter = backupDesignatedRouter;
  if (changed) {
    o.originateArea(one.area);
    o.afterTurn(() => {
      for (const neighbour of [...one.neighbours.values()]) if (neighbour.isTwoWay) o.neighbourEvent(neighbour, { type: 'adjOk' });
    });
  }
  return designatedRouter === drId ? 'dr' : backupDesignatedRouter === drId ? 'backup' : 'dr-other';
}

// --- Neighbours ----------------------------------------------------------------------------------------------------------

function heard({ o, neighbour }: NeighbourCase): OspfNeighbourState {
  o.timers.start(o.timerOf('inactivity', neighbour), o.now + neighbour.interface.options.deadInterval);
  return neighbour.state === 'down' ? 'init' : neighbour.state;
}

/** §10.4: whether the two are to be adjacent. */
function shouldBeAdjacent(one: OspfInterface, neighbour: Neighbour): boolean {
  if (!one.elects || one.isDesignated) return true;
  return neighbour.drId === one.designatedRouter || neighbour.drId === one.backupDesignatedRouter;
}

function twoWayReceived({ o, neighbour }: NeighbourCase): OspfNeighbourState {
  if (!shouldBeAdjacent(neighbour.interface, neighbour)) return '2-way';
  beginExchange(o, neighbour);
  return 'ex-start';
}

function adjOk({ o, neighbour }: NeighbourCase): OspfNeighbourState {
  const should = shouldBeAdjacent(neighbour.interface, neighbour);
  if (neighbour.state === '2-way') {
    if (!should) return '2-way';
    beginExchange(o, neighbour);
    return 'ex-start';
  }
  if (should) return neighbour.state;
  neighbour.reason = 'no-adjacency';
  o.forgetExchange(neighbour);
  return '2-way';
}

function negotiationDone({ o, neighbour }: NeighbourCase): OspfNeighbourState {
  listSummary(o, neighbour);
  return 'exchange';
}

function exchangeDone({ o, neighbour }: NeighbourCase): OspfNeighbourState {
  o.timers.stop(o.timerOf('database', neighbour));
  if (neighbour.requests.size === 0) return 'full';
  requestMore(o, neighbour);
  return 'loading';
}

function loadingDone(): OspfNeighbourState {
  return 'full';
}

/** The exchange begins anew (§10.3: SeqNumberMismatch, BadLSReq). */
function again({ o, neighbour }: NeighbourCase, event: Extract<NeighbourEvent, { type: 'seqNumberMismatch' }>): OspfNeighbourState {
  neighbour.reason = event.reason;
  o.forgetExchange(neighbour);
  beginExchange(o, neighbour);
  return 'ex-start';
}
function badLsReq({ o, neighbour }: NeighbourCase): OspfNeighbourState {
  neighbour.reason = 'bad-request';
  o.forgetExchange(neighbour);
  beginExchange(o, neighbour);
  return 'ex-start';
}

function oneWayReceived({ o, neighbour }: NeighbourCase): OspfNeighbourState {
  neighbour.reason = neighbour.graceUntil === undefined ? 'one-way' : 'restarted';
  o.forgetExchange(neighbour);
  return 'init';
}

function killNbr({ o, neighbour }: NeighbourCase, event: Reasoned): OspfNeighbourState {
  neighbour.reason = event.reason;
  neighbour.graceUntil = undefined;
  return gone(o, neighbour);
}
function inactivityTimer({ o, neighbour }: NeighbourCase): OspfNeighbourState {
  neighbour.reason = 'inactivity';
  return gone(o, neighbour);
}

function gone(o: OspfInstance, neighbour: Neighbour): OspfNeighbourState {
  o.forgetExchange(neighbour);
  o.timers.stop(o.timerOf('inactivity', neighbour));
  return 'down';
}
