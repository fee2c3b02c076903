import { AS_TRANS } from '../lib/asn.js';
import type { Millis } from '../lib/clock.js';
import type { Table } from '../lib/machine.js';
import type { DownReason, SessionError, SessionEvent, SessionState } from './events.js';
import { negotiate, ownOpen, roleMismatch } from './negotiation.js';
import type { Session } from './session.js';
import {
  CeaseSubcode,
  defaultContext,
  ErrorCode,
  encodeMessage,
  HEADER_SIZE,
  MAX_MESSAGE,
  type Notification,
  notificationName,
  OpenError,
} from './wire/index.js';

type Got<T extends SessionEvent['type']> = Extract<SessionEvent, { type: T }>;

/** "A HoldTimer value of 4 minutes is suggested" (RFC 4271 §8.2.2). */
export const LARGE_HOLD_TIME: Millis = 240_000;
/** A session that lived so long has shown that it works: the next failure is the first again. */
const PROVEN: Millis = 60_000;
const NO_DATA = new Uint8Array(0);
const KEEPALIVE = encodeMessage({ type: 'keepalive' }, defaultContext);
const COLLISION = encodeMessage(
  { type: 'notification', code: ErrorCode.cease, subcode: CeaseSubcode.connectionCollision, data: NO_DATA },
  defaultContext,
);
/** Octets of a NOTIFICATION before its data, with those of the one that a Hard Reset carries. */
const NOTIFICATION_HEAD = HEADER_SIZE + 4;

/**
 * The BGP state machine, RFC 4271 §8.2.2, row by row. An event with no cell is an FSM error: see {@link unexpected}.
 *
 * One departure: a dial that fails in Connect goes to Active and is tried again when the ConnectRetryTimer says so, as all
 * implementations do; the RFC goes to Idle, where it would wait for somebody to start it.
 */
export const transitions: Table<SessionState, SessionEvent, Session> = {
  idle: {
    start,
    stop: halt,
    idleHoldTimer: start,
    connected: refuse,
    disconnected: stay,
    sendProgress: stay,
    collision: rest,
    notification: stay,
    keepalive: stay,
    updates: stay,
    routeRefresh: stay,
    open: stay,
    error: stay,
    bfd: note,
  },
  connect: {
    start: stay,
    stop: halt,
    connectRetryTimer: dial,
    delayOpenTimer: greet,
    connected: greetOrWait,
    disconnected: retryLater,
    open: acceptEarly,
    error: fail,
    notification: notified,
    collision: dump,
    sendProgress: stay,
    bfd: note,
  },
  active: {
    start: stay,
    stop: halt,
    connectRetryTimer: dial,
    delayOpenTimer: greet,
    connected: greetOrWait,
    disconnected: retryLater,
    open: acceptEarly,
    error: fail,
    notification: notified,
    collision: dump,
    sendProgress: stay,
    bfd: note,
  },
  'open-sent': {
    start: stay,
    stop: cease,
    holdTimer: expire,
    sendHoldTimer: expireSend,
    disconnected: listenAgain,
    open: accept,
    error: fail,
    notification: notified,
    keepalive: confirmEarly,
    collision: dump,
    sendProgress: watchSending,
    bfd: release,
    bfdHoldTimer: giveUp,
  },
  'open-confirm': {
    start: stay,
    stop: cease,
    holdTimer: expire,
    keepaliveTimer: beat,
    sendHoldTimer: expireSend,
    disconnected: lose,
    error: fail,
    notification: notified,
    keepalive: establish,
    collision: dump,
    sendProgress: watchSending,
    bfd: note,
  },
  established: {
    start: stay,
    stop: cease,
    holdTimer: expire,
    keepaliveTimer: beat,
    sendHoldTimer: expireSend,
    disconnected: lose,
    error: fail,
    notification: notified,
    keepalive: hear,
    updates: hear,
    routeRefresh: hear,
    collision: dump,
    sendProgress: watchSending,
    bfd: note,
  },
};

function stay(s: Session): SessionState {
  return s.state;
}

// --- Starting ------------------------------------------------------------------------------------------------------------

/** Events 1, 4, 5, 7 and 13. */
function start(s: Session, event: SessionEvent, now: Millis): SessionState {
  if (event.type === 'start') s.failures = 0;
  s.timers.stop('idleHold');
  if (s.incoming || s.config.passive) return 'active';
  return dial(s, event, now);
}

/** Events 1 and 9. */
function dial(s: Session, _event: unknown, now: Millis): SessionState {
  if (s.config.passive || s.incoming) return 'active';
  s.timers.stop('delayOpen');
  if (s.state !== 'idle') s.emit({ type: 'hangUp' });
  s.timers.start('connectRetry', now + jittered(s, s.config.connectRetryTime));
  s.emit({ type: 'dial' });
  return 'connect';
}

/** §10: a random factor between 0.75 and 1. */
function jittered(s: Session, time: Millis): Millis {
  return time * (0.75 + 0.25 * s.random());
}

/** Another session with the neighbour is up meanwhile: this one does not start again beside it. */
function rest(s: Session): SessionState {
  s.timers.stopAll();
  return 'idle';
}

/** A connection while idle: the neighbour may come again when the idle hold is over (§8.2.2, event 17 in Idle). */
function refuse(s: Session): SessionState {
  s.emit({ type: 'hangUp' });
  return 'idle';
}

/** Event 18 in Connect and Active. */
function retryLater(s: Session, { reason }: Got<'disconnected'>, now: Millis): SessionState {
  s.timers.stop('delayOpen');
  if (s.incoming) return drop(s, { code: 'connection-closed', text: reason, notification: undefined }, now);
  s.timers.start('connectRetry', now + jittered(s, s.config.connectRetryTime));
  return 'active';
}

/** Events 16 and 17. */
function greetOrWait(s: Session, event: SessionEvent, now: Millis): SessionState {
  if (s.config.delayOpenTime === 0) return greet(s, event, now);
  s.timers.stop('connectRetry');
  s.timers.start('delayOpen', now + s.config.delayOpenTime);
  return s.state;
}

/** Our OPEN goes out. */
function greet(s: Session, _event: unknown, now: Millis): SessionState {
  s.timers.stop('connectRetry', 'delayOpen');
  s.emit({ type: 'send', bytes: ownOpen(s.config) });
  s.timers.start('hold', now + LARGE_HOLD_TIME);
  return 'open-sent';
}

/** Event 20: an OPEN while ours is delayed. Without the delay there is no connection that it could have come by. */
function acceptEarly(s: Session, event: Got<'open'>, now: Millis): SessionState {
  if (!s.timers.running('delayOpen')) return unexpected(s, event, now);
  s.timers.stop('connectRetry', 'delayOpen');
  s.emit({ type: 'send', bytes: ownOpen(s.config) });
  return accept(s, event, now);
}

/** Event 18 in OpenSent. */
function listenAgain(s: Session, event: Got<'disconnected'>, now: Millis): SessionState {
  s.timers.stop('hold', 'sendHold', 'bfdHold');
  s.pending = undefined;
  if (s.incoming) return drop(s, { code: 'connection-closed', text: event.reason, notification: undefined }, now);
  s.timers.start('connectRetry', now + jittered(s, s.config.connectRetryTime));
  return 'active';
}

// --- The OPEN ------------------------------------------------------------------------------------------------------------

/** Event 19. RFC 4271 §6.2, RFC 6286 §2.2 */
function accept(s: Session, event: Got<'open'>, now: Millis): SessionState {
  const { config } = s;
  const { open } = event;
  if (s.pending) return unexpected(s, event, now);
  if (config.peerAs && !config.peerAs.includes(open.asn)) {
    return end(s, error(ErrorCode.open, 2, `AS ${open.asn} is not the neighbour's`), now);
  }
  // RFC 6793 §9: nobody's number. (A neighbour of two octets whose number is longer says the true one in the capability.)
  if (open.asn === AS_TRANS) return end(s, error(ErrorCode.open, OpenError.badPeerAs, 'AS 23456 is reserved'), now);
  if (open.asn === config.localAs && open.routerId === config.routerId) {
    return end(s, error(ErrorCode.open, 3, `BGP identifier ${open.routerId} is ours`), now);
  }
  const mismatch = roleMismatch(config, open);
  if (mismatch) return end(s, error(ErrorCode.open, OpenError.roleMismatch, mismatch), now);
  s.negotiated = negotiate(config, open);
  s.emit({ type: 'opened' });
  // The hold time bounds the wait for BFD, too (draft-ietf-idr-bgp-bfd-strict-mode §8.5.5).
  hear(s, undefined, now);
  if (!s.negotiated.waitsForBfd || s.bfdClear) return confirm(s, now);
  s.pending = 'bfd-up';
  if (s.negotiated.holdTime === 0) s.timers.start('bfdHold', now + config.bfdHoldTime);
  return 'open-sent';
}

function confirm(s: Session, now: Millis): SessionState {
  s.emit({ type: 'send', bytes: KEEPALIVE });
  scheduleBeat(s, now);
  return 'open-confirm';
}

// --- Waiting for BFD (draft-ietf-idr-bgp-bfd-strict-mode §8) -----------------------------------------------------------------

/** Events 30 to 33 where nobody waits. BFD that goes down ends the session by an `error`. */
function note(s: Session, { clear }: Got<'bfd'>): SessionState {
  s.bfdClear = clear;
  return s.state;
}

/** §8.5.6: the neighbour's BFD was up first, and it waits for our KEEPALIVE now. Its own does not prolong our wait. */
function confirmEarly(s: Session, event: Got<'keepalive'>, now: Millis): SessionState {
  if (!s.pending) return unexpected(s, event, now);
  s.pending = 'confirmed-bfd-up';
  return s.state;
}

/** §8.5.1: our KEEPALIVE goes out. */
function release(s: Session, event: Got<'bfd'>, now: Millis): SessionState {
  note(s, event);
  const { pending } = s;
  if (!pending || !event.clear) return s.state;
  s.pending = undefined;
  s.timers.stop('bfdHold');
  hear(s, undefined, now);
  const state = confirm(s, now);
  return pending === 'bfd-up' ? state : establish(s, event, now);
}

/** §8.5.3, event 34: without a hold time, too, nobody waits for ever. */
function giveUp(s: Session, _event: unknown, now: Millis): SessionState {
  return end(s, error(ErrorCode.cease, CeaseSubcode.bfdDown, 'BFD did not come up in time'), now);
}

/** Event 26 in OpenConfirm. */
function establish(s: Session, _event: unknown, now: Millis): SessionState {
  s.establishedAt = now;
  hear(s, undefined, now);
  return 'established';
}

// --- Living --------------------------------------------------------------------------------------------------------------

/** Any sign of life restarts the hold timer, unless both ends agreed on none. */
function hear(s: Session, _event: unknown, now: Millis): SessionState {
  const holdTime = s.negotiated?.holdTime ?? 0;
  if (holdTime > 0) s.timers.start('hold', now + holdTime);
  else s.timers.stop('hold');
  return s.state;
}

/** Event 11. */
function beat(s: Session, _event: unknown, now: Millis): SessionState {
  s.emit({ type: 'send', bytes: KEEPALIVE });
  scheduleBeat(s, now);
  return s.state;
}

/** §4.4: a third of the hold time, jittered (§10). */
function scheduleBeat(s: Session, now: Millis): void {
  const holdTime = s.negotiated?.holdTime ?? 0;
  if (holdTime > 0) s.timers.start('keepalive', now + jittered(s, holdTime / 3));
}

/** RFC 9687 §3: how long sending has been stuck. */
function watchSending(s: Session, { stuck }: Got<'sendProgress'>, now: Millis): SessionState {
  if (!stuck) s.timers.stop('sendHold');
  else if (!s.timers.running('sendHold') && s.negotiated?.holdTime !== 0) s.timers.start('sendHold', now + s.config.sendHoldTime);
  return s.state;
}

// --- Ending --------------------------------------------------------------------------------------------------------------

/** Event 10. */
function expire(s: Session, _event: unknown, now: Millis): SessionState {
  const down: DownReason = {
    code: 'hold-timer-expired',
    text: s.pending ? 'BFD did not come up within the hold time' : 'nothing was heard for the hold time',
    notification: { code: ErrorCode.holdTimerExpired, subcode: 0 },
  };
  return end(s, error(ErrorCode.holdTimerExpired, 0, down.text), now, down);
}

/** RFC 9687 §3: the NOTIFICATION could not get through either, so it is not sent. */
function expireSend(s: Session, _event: unknown, now: Millis): SessionState {
  return drop(s, { code: 'send-hold-timer-expired', text: 'nothing could be sent for the send hold time', notification: undefined }, now);
}

/** Event 2 before there is an OPEN to answer. */
function halt(s: Session, event: Got<'stop'>, now: Millis): SessionState {
  drop(s, stopped(event), now);
  s.timers.stopAll();
  return 'idle';
}

/** Event 2: Cease, with the operator's words (RFC 4486, RFC 9003). */
function cease(s: Session, event: Got<'stop'>, now: Millis): SessionState {
  const notification: Notification = {
    type: 'notification',
    code: ErrorCode.cease,
    subcode: event.subcode,
    data: NO_DATA,
    ...(event.text === undefined ? {} : { text: event.text }),
  };
  // RFC 8538 §5.1: whoever is stopped on purpose is not coming back at once.
  s.emit({ type: 'send', bytes: encodeMessage(hardened(s, notification), defaultContext) });
  drop(s, stopped(event), now);
  s.timers.stopAll();
  return 'idle';
}

/** RFC 8538 §3.1: what the neighbour would take for a restart goes inside a Hard Reset, where it is none. */
function hardened(s: Session, { code, subcode, data, text }: Notification): Notification {
  const notification = { code, subcode, data, ...(text === undefined ? {} : { text }) };
  if (!s.negotiated?.restartOnNotification) return { type: 'notification', ...notification };
  return { type: 'notification', code: ErrorCode.cease, subcode: CeaseSubcode.hardReset, data: NO_DATA, hardReset: notification };
}

function stopped({ subcode, text }: Got<'stop'>): DownReason {
  return {
    code: 'stopped',
    text: `stopped: ${notificationName(ErrorCode.cease, subcode)}${text === undefined ? '' : ` (${text})`}`,
    notification: { code: ErrorCode.cease, subcode, ...(text === undefined ? {} : { text }) },
  };
}

/** Event 23. */
function dump(s: Session, _event: unknown, now: Millis): SessionState {
  if (s.state !== 'connect' && s.state !== 'active') {
    s.emit({ type: 'send', bytes: COLLISION });
  }
  drop(s, { code: 'collision', text: 'another connection to the neighbour goes before this one', notification: undefined }, now);
  s.timers.stopAll();
  return 'idle';
}

/** Event 18 in OpenConfirm and Established. */
function lose(s: Session, { reason }: Got<'disconnected'>, now: Millis): SessionState {
  return drop(s, { code: 'connection-closed', text: reason, notification: undefined }, now);
}

/** Events 24 and 25. */
function notified(s: Session, { notification }: Got<'notification'>, now: Millis): SessionState {
  const { code, subcode, text } = notification.hardReset ?? notification;
  const hard = notification.hardReset !== undefined;
  const name = hard ? `hard reset (${notificationName(code, subcode)})` : notificationName(code, subcode);
  const down: DownReason = {
    code: 'notification-received',
    text: `the neighbour sent ${name}${text === undefined ? '' : `: ${text}`}`,
    notification: { code, subcode, ...(text === undefined ? {} : { text }), ...(hard ? { hard } : {}) },
  };
  return drop(s, down, now);
}

/** Events 21, 22 and 28. */
function fail(s: Session, event: Got<'error'>, now: Millis): SessionState {
  return end(s, event.error, now);
}

/** RFC 6608: an event that the state does not expect, with the state as subcode. */
export function unexpected(s: Session, event: SessionEvent, now: Millis): SessionState {
  const what = `${event.type} in ${s.state}`;
  switch (s.state) {
    case 'open-sent':
      return end(s, error(ErrorCode.fsm, 1, what), now);
    case 'open-confirm':
      return end(s, error(ErrorCode.fsm, 2, what), now);
    case 'established':
      return end(s, error(ErrorCode.fsm, 3, what), now);
    case 'idle':
      return 'idle';
    default:
      return drop(s, { code: 'connection-failed', text: what, notification: undefined }, now);
  }
}

/** Sends a NOTIFICATION and ends the session. */
function end(s: Session, what: SessionError, now: Millis, down?: DownReason): SessionState {
  const { code, subcode, data, hard = false } = what;
  const notification: Notification = { type: 'notification', code, subcode, data: data.slice(0, roomForData(s)) };
  const bytes = encodeMessage(hard ? hardened(s, notification) : notification, s.negotiated?.sendContext ?? defaultContext);
  s.emit({ type: 'send', bytes });
  return drop(
    s,
    down ?? {
      code: 'notification-sent',
      text: `sent ${notificationName(code, subcode)}: ${what.reason}`,
      notification: { code, subcode, ...(hard ? { hard } : {}) },
    },
    now,
  );
}

/** Everything is released; unless stopped, the session starts again after the idle hold, longer each time it fails (§8.1.1). */
function drop(s: Session, down: DownReason, now: Millis): SessionState {
  if (s.state === 'established' && now - s.establishedAt >= PROVEN) s.failures = 0;
  s.timers.stopAll();
  s.lastDown = down;
  s.negotiated = undefined;
  s.pending = undefined;
  s.emit({ type: 'hangUp' });
  if (!s.incoming) {
    const wait = Math.min(s.config.idleHoldMax, s.config.idleHoldTime * 2 ** Math.min(s.failures, 16));
    s.timers.start('idleHold', now + jittered(s, wait));
    s.failures++;
  }
  return 'idle';
}

function error(code: number, subcode: number, reason: string): SessionError {
  return { code, subcode, data: NO_DATA, reason };
}

/** Octets of data that a NOTIFICATION may have: one attribute of an extended message is longer than a message of a neighbour that takes none (RFC 8654 §5). */
function roomForData(s: Session): number {
  return (s.negotiated?.maxMessage ?? MAX_MESSAGE) - NOTIFICATION_HEAD;
}
