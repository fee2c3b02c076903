import type { NeighbourReason } from './events.js';
import type { OspfInstance } from './instance.js';
import { compareInstances, type StoredLsa } from './lsa.js';
import type { Neighbour } from './neighbour.js';
import type { DatabaseDescription, Description, LinkStateRequest, LsaRun } from './wire/index.js';
import { LSA_HEADER } from './wire/index.js';

/** Octets of a Database Description before its headers; the larger of both versions. */
const DESCRIPTION = 12;
/** Octets of one request. */
const REQUEST = 12;
/** Octets of an update before its LSAs. */
const UPDATE = 4;

/** A Database Description with its headers where they stand. */
type ReceivedDescription = Description & { readonly run: LsaRun };

// --- Database Descriptions (RFC 2328 §10.6, §10.8) -----------------------------------------------------------------------

/** ExStart: both say that they are master, until the one of the lower router id gives in. @internal */
export function beginExchange(o: OspfInstance, neighbour: Neighbour): void {
  // §10.3: unlike any lately used.
  neighbour.sequence = neighbour.sequence === 0 ? Math.floor(o.now) >>> 0 : (neighbour.sequence + 1) >>> 0;
  neighbour.exchangeBegan = o.now;
  neighbour.master = false;
  neighbour.lastReceived = undefined;
  describe(o, neighbour, { init: true, more: true, master: true, headers: [] });
}

/** What there is to tell: all that a database of its scopes has. What has ended goes straight to the retransmissions (§10.3). @internal */
export function listSummary(o: OspfInstance, neighbour: Neighbour): void {
  neighbour.summary = [];
  for (const database of o.databasesFor(neighbour.interface)) {
    for (const lsa of database.all()) {
      if (!o.dialect.takes(neighbour, lsa.lsType)) continue;
      if (lsa.age(o.now) >= 3600) o.flooding.await(neighbour, lsa);
      else neighbour.summary.push(lsa);
    }
  }
}

function describe(
  o: OspfInstance,
  neighbour: Neighbour,
  { init, more, master, headers }: Pick<DatabaseDescription, 'init' | 'more' | 'master' | 'headers'>,
): void {
  const { interface: one } = neighbour;
  const description: DatabaseDescription = {
    type: 'database-description',
    mtu: one.options.mtu,
    options: o.dialect.descriptionOptions(one.area),
    init,
    more,
    master,
    sequence: neighbour.sequence,
    headers,
  };
  neighbour.lastSent = description;
  o.sendTo(neighbour, description);
  // The slave answers, and need not say anything twice by itself.
  if (master) o.timers.start(o.timerOf('database', neighbour), o.now + one.options.rxmtInterval);
  else o.timers.stop(o.timerOf('database', neighbour));
}

/** The next part of our summary. Whether it is the last. */
function describeNext(o: OspfInstance, neighbour: Neighbour): boolean {
  const room = Math.max(1, Math.floor((o.roomOf(neighbour.interface) - DESCRIPTION) / LSA_HEADER));
  const part = neighbour.summary.splice(0, room);
  const more = neighbour.summary.length > 0;
  describe(o, neighbour, { init: false, more, master: !neighbour.master, headers: part.map((lsa) => lsa.headerAt(o.now)) });
  return !more;
}

/** The same again: it was lost, or its answer was. @internal */
export function describeAgain(o: OspfInstance, neighbour: Neighbour): void {
  if (!neighbour.lastSent) return;
  o.sendTo(neighbour, neighbour.lastSent);
  neighbour.interface.counters.retransmissions++;
  if (neighbour.lastSent.master) o.timers.start(o.timerOf('database', neighbour), o.now + neighbour.interface.options.rxmtInterval);
}

/** @internal */
export function receiveDescription(o: OspfInstance, neighbour: Neighbour, dd: ReceivedDescription): void {
  const { interface: one } = neighbour;
  if (dd.mtu > one.options.mtu && !one.options.ignoreMtu) {
    o.problem(one, 'mtu-mismatch', neighbour.address, neighbour.routerId, `its MTU is ${dd.mtu}, ours ${one.options.mtu}`);
    return;
  }
  if (neighbour.state === 'init') o.neighbourEvent(neighbour, { type: 'twoWayReceived' });
  switch (neighbour.state) {
    case 'ex-start':
      negotiate(o, neighbour, dd);
      break;
    case 'exchange': {
      if (isDuplicate(neighbour, dd)) {
        if (neighbour.master) describeAgain(o, neighbour);
        break;
      }
      const wrong = mismatch(neighbour, dd);
      if (wrong) o.neighbourEvent(neighbour, { type: 'seqNumberMismatch', reason: wrong });
      else take(o, neighbour, dd);
      break;
    }
    case 'loading':
    case 'full':
      // §10.8: only the same again can be meant well.
      if (isDuplicate(neighbour, dd)) {
        if (neighbour.master) describeAgain(o, neighbour);
      } else o.neighbourEvent(neighbour, { type: 'seqNumberMismatch', reason: dd.init ? 'unexpected-init' : 'sequence-mismatch' });
  }
}

function negotiate(o: OspfInstance, neighbour: Neighbour, dd: ReceivedDescription): void {
  if (dd.init && dd.more && dd.master && dd.run.isOver && neighbour.routerId > o.options.routerId) {
    neighbour.master = true;
    neighbour.sequence = dd.sequence;
  } else if (!dd.init && !dd.master && dd.sequence === neighbour.sequence && neighbour.routerId < o.options.routerId) {
    neighbour.master = false;
  } else return;
  neighbour.options = dd.options;
  o.neighbourEvent(neighbour, { type: 'negotiationDone' });
  take(o, neighbour, dd);
}

function isDuplicate({ lastReceived: last }: Neighbour, dd: Description): boolean {
  return (
    last !== undefined &&
    last.init === dd.init &&
    last.more === dd.more &&
    last.master === dd.master &&
    last.options === dd.options &&
    last.sequence === dd.sequence
  );
}

function mismatch(neighbour: Neighbour, dd: Description): NeighbourReason | undefined {
  if (dd.master !== neighbour.master) return 'sequence-mismatch';
  if (dd.init) return 'unexpected-init';
  if (dd.options !== neighbour.options) return 'options-changed';
  const expected = neighbour.master ? (neighbour.sequence + 1) >>> 0 : neighbour.sequence;
  return dd.sequence === expected ? undefined : 'sequence-mismatch';
}

/** A Database Description that is the next one. */
function take(o: OspfInstance, neighbour: Neighbour, dd: ReceivedDescription): void {
  const { init, more, master, options, sequence, run } = dd;
  neighbour.lastReceived = { init, more, master, options, sequence };
  const { lsa: header } = run;
  while (run.next()) {
    const place = o.flooding.placeOf(neighbour.interface, header);
    // §10.6: a type that cannot be, or externals where none may be.
    if (!place) {
      o.neighbourEvent(neighbour, { type: 'seqNumberMismatch', reason: 'unknown-lsa-type' });
      return;
    }
    const own = place.find(header.lsType, header.id, header.advertisingRouter);
    if (own && compareInstances(own, own.age(o.now), header, header.age) >= 0) continue;
    // Nor is more wanted at once than may be kept: headers cost it little.
    if (!own && (o.flooding.isOverLimit(neighbour) || neighbour.requests.size >= o.options.lsaLimit)) {
      o.problem(
        neighbour.interface,
        'lsa-limit',
        neighbour.address,
        neighbour.routerId,
        `${o.options.lsaLimit} LSAs of it are kept already`,
      );
      continue;
    }
    neighbour.requests.set(header);
  }
  if (neighbour.master) {
    neighbour.sequence = sequence;
    const last = describeNext(o, neighbour);
    if (last && !more) o.neighbourEvent(neighbour, { type: 'exchangeDone' });
  } else {
    const told = neighbour.lastSent?.more === false;
    neighbour.sequence = (neighbour.sequence + 1) >>> 0;
    if (told && !more) o.neighbourEvent(neighbour, { type: 'exchangeDone' });
    else describeNext(o, neighbour);
  }
  if (neighbour.isExchanging) requestMore(o, neighbour);
}

// --- Requests (§10.7, §10.9) ---------------------------------------------------------------------------------------------

/** Asks for the next of what the neighbour has and we lack, once all that was asked for has come. @internal */
export function requestMore(o: OspfInstance, neighbour: Neighbour): void {
  const { requests } = neighbour;
  if (requests.outstanding > 0 || requests.size === 0) return;
  // §10.9: one packet of requests at a time.
  const room = o.roomOf(neighbour.interface);
  requests.ask(Math.max(1, Math.floor(room / REQUEST)), room - UPDATE);
  requestAgain(o, neighbour);
}

/** @internal */
export function requestAgain(o: OspfInstance, neighbour: Neighbour): void {
  const { requests } = neighbour;
  if (requests.outstanding === 0) return;
  o.sendTo(neighbour, { type: 'link-state-request', octets: requests.octets() });
  o.timers.start(o.timerOf('request', neighbour), o.now + neighbour.interface.options.rxmtInterval);
}

/** At the end of what came: asks for more, or is done. @internal */
export function loadOn(o: OspfInstance, neighbour: Neighbour): void {
  if (neighbour.requests.outstanding > 0) return;
  if (neighbour.requests.size > 0) {
    if (neighbour.isExchanging) requestMore(o, neighbour);
    return;
  }
  o.timers.stop(o.timerOf('request', neighbour));
  if (neighbour.state === 'loading') o.neighbourEvent(neighbour, { type: 'loadingDone' });
}

/** @internal */
export function receiveRequest(o: OspfInstance, neighbour: Neighbour, { requests }: LinkStateRequest): void {
  if (!neighbour.isExchanging) return;
  const found: StoredLsa[] = [];
  for (const key of requests) {
    const lsa = o.flooding.placeOf(neighbour.interface, key)?.get(key);
    if (!lsa) {
      o.neighbourEvent(neighbour, { type: 'badLsReq' });
      return;
    }
    found.push(lsa);
  }
  o.flooding.sendDirect(neighbour, found);
}
