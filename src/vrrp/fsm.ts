import type { Millis } from '../lib/clock.js';
import type { Table } from '../lib/machine.js';
import type { VrrpEvent, VrrpState } from './events.js';
import type { VrrpSession } from './session.js';
import { RESIGN } from './wire/index.js';

/** RFC 9568 §6.4, as whoever never becomes active itself sees it. */
export const transitions: Table<VrrpState, VrrpEvent, VrrpSession> = {
  absent: { advertisement: hear },
  active: { advertisement: hear },
};

function hear(s: VrrpSession, { advertisement, source }: VrrpEvent, now: Millis): VrrpState {
  // A backup would wait for Skew_Time, so that the best of several is first (§6.4.2). Nobody else takes part in this session.
  if (advertisement.priority === RESIGN) return s.release(undefined);
  s.timers.start('active-down', now + activeDownInterval(advertisement.interval));
  return s.claim(advertisement, source);
}

/**
 * Active_Down_Interval (§6.1) of a backup of priority 1, the lowest: real backups conclude before us, so an address goes from the one that
 * died to the one that takes over, and not by way of whoever has it when nobody claims it.
 *
 * @internal
 */
export function activeDownInterval(interval: Millis): Millis {
  return 3 * interval + (255 / 256) * interval;
}
