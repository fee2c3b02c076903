import type { Millis } from '../lib/clock.js';
import type { Table } from '../lib/machine.js';
import type { BfdEvent } from './events.js';
import type { BfdSession } from './session.js';
import type { BfdState, ControlPacket } from './wire/index.js';

type Got<T extends BfdEvent['type']> = Extract<BfdEvent, { type: T }>;

/** RFC 5880 §6.2, §6.8.6 and §6.8.16, row by row. An event with no cell is nothing to a session in that state. */
export const transitions: Table<BfdState, BfdEvent, BfdSession> = {
  'admin-down': { packet: note, enable, configured },
  down: { start, packet: hear, disable, configured },
  init: { packet: hear, disable, configured, stalled },
  up: { packet: hear, disable, configured, stalled, echoed, signalled },
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
  // What was heard before is of another time, and the neighbour may be another.
  s.forgetRemote();
  return s.enter('down', 'none', now);
}

/** §6.8.3: intervals that changed are told in a poll. Keys are other ones at once. */
function configured(s: BfdSession, { config }: Got<'configured'>, now: Millis): BfdState {
  const before = s.detectionTime;
  const due = s.demanding ? undefined : s.timers.due('detect');
  const wasDemanding = s.demanding;
  s.config = config;
  s.authenticator.change(config.authentication);
  s.renegotiate();
  // Bit D is told at once: a neighbour that is silent still must hear that it is not to be any more.
  if (s.demanding !== wasDemanding) s.poll();
  // A silence that is asked for now is none: the neighbour has the time of a poll.
  if (s.demanding && !wasDemanding) s.timers.stop('detect');
  attend(s, before, now);
  if (!s.demanding) {
    // Nothing was heard now: the neighbour has as long as it had, or as long as polls may be lost in that end its silence.
    if (due !== undefined && s.timers.running('detect')) s.timers.start('detect', due - before + s.detectionTime);
    else if (wasDemanding) s.timers.start('detect', now + Math.max(s.detectionTime, s.pollTime));
  }
  if (s.polling && s.state !== 'admin-down') s.transmit(now);
  return s.state;
}

/** What came while we stood still has been heard by now, and what did not come had no time to. */
function stalled(s: BfdSession, { by }: Got<'stalled'>): BfdState {
  for (const timer of ['detect', 'echoDetect'] as const) {
    const due = s.timers.due(timer);
    if (due !== undefined) s.timers.start(timer, due + by);
  }
  return s.state;
}

/**
 * §6.8.4, from {@link BfdSession.tick}: the detection time has passed without a packet, or without an answer to a poll. What is down
 * already stays so, and only forgets the neighbour (§6.8.1, bfd.RemoteDiscr).
 */
export function expire(s: BfdSession, now: Millis): void {
  s.forgetRemote();
  if (s.state === 'down') replan(s, now);
  else s.enter('down', 'detection-time-expired', now);
}

/** §6.6: a neighbour that was asked to be silent is polled whether it is there. */
export function verify(s: BfdSession, now: Millis): void {
  s.poll();
  s.timers.start('detect', now + s.detectionTime);
  s.transmit(now);
}

/** §6.8.5: our own packets do not come back. */
export function failEcho(s: BfdSession, now: Millis): void {
  s.enter('down', 'echo-failed', now);
}

/** An echo came back: the path forwards. */
function echoed(s: BfdSession, _event: unknown, now: Millis): BfdState {
  if (s.echoing) s.timers.start('echoDetect', now + s.config.multiplier * s.echoInterval);
  return s.state;
}

/** §6.8.15: our forwarding was reset, so the session ends. §6.8.17: a path beyond failed, so the neighbour is told, and it goes on. */
function signalled(s: BfdSession, { diagnostic }: Got<'signalled'>, now: Millis): BfdState {
  if (diagnostic === 'forwarding-plane-reset') return s.enter('down', diagnostic, now);
  s.diagnostic = diagnostic;
  if (s.remoteDemand) s.poll();
  s.transmit(now);
  return s.state;
}

/** §6.8.6 as far as it goes while we are administratively down: what the neighbour says of itself counts, and is not answered. */
function note(s: BfdSession, { packet, bytes }: Got<'packet'>, now: Millis): BfdState {
  const couldTake = s.remoteMinRx;
  if (!learn(s, packet, bytes)) return s.state;
  if (packet.authentication) s.timers.start('forget', now + 2 * s.detectionTime);
  if (s.remoteMinRx !== couldTake || packet.final) replan(s, now);
  return s.state;
}

/** §6.8.6, once the packet is known to be whole and ours. */
function hear(s: BfdSession, { packet, bytes }: Got<'packet'>, now: Millis): BfdState {
  const couldTake = s.remoteMinRx;
  const wasSilenced = s.silenced;
  const wasDemanding = s.demanding;
  const detectionTime = s.detectionTime;
  if (!learn(s, packet, bytes)) return s.state;
  follow(s, packet.state, now);
  s.renegotiate();
  // The time for a poll begins with it: what was left of the neighbour's, or of a poll before, is another.
  if (s.demanding && (!wasDemanding || packet.final)) s.timers.stop('detect');
  attend(s, detectionTime, now);
  if (packet.authentication) s.timers.start('forget', now + 2 * Math.max(s.detectionTime, detectionTime));
  if (s.remoteMinRx !== couldTake || s.silenced !== wasSilenced || packet.final) replan(s, now);
  if (packet.poll) s.answer();
  return s.state;
}

/** Takes over what a neighbour says of itself. False where it was not the neighbour. */
function learn(s: BfdSession, packet: ControlPacket, bytes: Uint8Array): boolean {
  if (!s.authenticator.accepts(packet, bytes)) {
    s.drop('authentication');
    return false;
  }
  s.remoteDiscriminator = packet.myDiscriminator;
  s.remoteState = packet.state;
  s.remoteDiagnostic = packet.diagnostic;
  s.remoteMultiplier = packet.multiplier;
  s.remoteDesiredMinTx = packet.desiredMinTx / 1000;
  s.remoteMinRx = packet.requiredMinRx / 1000;
  s.remoteMinEchoRx = packet.requiredMinEchoRx / 1000;
  s.remoteDemand = packet.demand;
  s.remoteControlPlaneIndependent = packet.controlPlaneIndependent;
  if (packet.final) s.polled();
  return true;
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

/** The timers that watch, by the mode that the session is in now. */
function attend(s: BfdSession, detectionTime: Millis, now: Millis): void {
  const { timers } = s;
  if (s.state === 'admin-down' || s.remoteDiscriminator === 0) timers.stop('detect');
  else if (!s.demanding) {
    timers.stop('verify');
    timers.start('detect', now + s.detectionTime);
  } else if (!s.polling) {
    timers.stop('detect');
    if (!timers.running('verify')) timers.start('verify', now + s.jittered(s.config.demand ?? 0));
  } else if (!timers.running('detect')) timers.start('detect', now + s.detectionTime);
  if (!s.echoing) timers.stop('echo', 'echoDetect');
  else if (!timers.running('echo')) {
    s.echo(now);
    timers.start('echoDetect', now + s.config.multiplier * s.echoInterval);
  } else if (s.echoInterval > s.echoPace) timers.start('echoDetect', now + s.config.multiplier * s.echoInterval);
  s.echoPace = s.echoInterval;
  s.agreed(detectionTime);
}

/** The neighbour can take more or less than before: the next packet is due by the new interval (§6.8.2, §6.8.3). */
function replan(s: BfdSession, now: Millis): void {
  const interval = s.transmitInterval;
  if (interval === 0 || s.silenced) s.timers.stop('transmit');
  else s.timers.start('transmit', Math.min(s.timers.due('transmit') ?? Number.POSITIVE_INFINITY, now + s.jittered(interval)));
}
