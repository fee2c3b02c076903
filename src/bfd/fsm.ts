import type { Millis } from '../lib/clock.js';
import type { Table } from '../lib/machine.js';
import type { BfdEvent } from './events.js';
import type { BfdSession } from './session.js';
import type { BfdState } from './wire/index.js';

type Got<T extends BfdEvent['type']> = Extract<BfdEvent, { type: T }>;

/** RFC 5880 §6.2, §6.8.6 and §6.8.16, row by row. An event with no cell is nothing to a session in that state. */
export const transitions: Table<BfdState, BfdEvent, BfdSession> = {
  'admin-down': { enable },
  down: { start, packet: hear, disable },
  init: { packet: hear, disable, stalled },
  up: { packet: hear, disable, stalled },
};

/** Both ends send from the start: neither role is passive (§6.1). */
function start(s: BfdSession, _event: unknown, now: Millis): BfdState {
  s.transmit(now);
  return s.state;
}

/** §6.8.16 */
function disable(s: BfdSession, _event: unknown, now: Millis): BfdState {
  s.timers.stop('detect');
  return s.enter('admin-down', 'administratively-down', now);
}
function enable(s: BfdSession, _event: unknown, now: Millis): BfdState {
  return s.enter('down', 'none', now);
}

/** What came while we stood still has been heard by now, and what did not come had no time to. */
function stalled(s: BfdSession, { by }: Got<'stalled'>): BfdState {
  const due = s.timers.due('detect');
  if (due !== undefined) s.timers.start('detect', due + by);
  return s.state;
}

/** §6.8.4, from {@link BfdSession.tick}: the detection time has passed without a packet. */
export function expire(s: BfdSession, now: Millis): void {
  s.remoteDiscriminator = 0;
  s.remoteMinRx = 0.001;
  s.remoteState = 'down';
  s.polling = false;
  s.enter('down', 'detection-time-expired', now);
}

/** §6.8.6, once the packet is known to be whole and ours. */
function hear(s: BfdSession, { packet }: Got<'packet'>, now: Millis): BfdState {
  const couldTake = s.remoteMinRx;
  const detectionTime = s.detectionTime;
  s.remoteDiscriminator = packet.myDiscriminator;
  s.remoteState = packet.state;
  s.remoteMultiplier = packet.multiplier;
  s.remoteDesiredMinTx = packet.desiredMinTx / 1000;
  s.remoteMinRx = packet.requiredMinRx / 1000;
  s.remoteControlPlaneIndependent = packet.controlPlaneIndependent;
  if (packet.final) s.polling = false;
  follow(s, packet.state, now);
  if (s.state === 'init' || s.state === 'up') s.timers.start('detect', now + s.detectionTime);
  else s.timers.stop('detect');
  s.agreed(detectionTime);
  if (s.remoteMinRx !== couldTake) replan(s, now);
  if (packet.poll) s.answer();
  return s.state;
}

/** The three-way handshake and its end (§6.2). */
function follow(s: BfdSession, remote: BfdState, now: Millis): void {
  if (remote === 'admin-down') {
    if (s.state !== 'down') s.enter('down', 'neighbour-signalled-down', now);
  } else if (s.state === 'down') {
    if (remote === 'down') s.enter('init', s.diagnostic, now);
    else if (remote === 'init') s.enter('up', 'none', now);
  } else if (s.state === 'init') {
    if (remote !== 'down') s.enter('up', 'none', now);
  } else if (remote === 'down') s.enter('down', 'neighbour-signalled-down', now);
}

/** The neighbour can take more or less than before: the next packet is due by the new interval (§6.8.2, §6.8.3). */
function replan(s: BfdSession, now: Millis): void {
  const interval = s.transmitInterval;
  if (interval === 0) s.timers.stop('transmit');
  else s.timers.start('transmit', Math.min(s.timers.due('transmit') ?? Number.POSITIVE_INFINITY, now + s.jittered(interval)));
}
