import { describe, expect, test } from 'vitest';
import { type PeerConfigInput, resolvePeerConfig } from '../../src/bgp/config.js';
import type { SessionEffect, SessionEvent, SessionState, SessionTimer } from '../../src/bgp/events.js';
import { Session } from '../../src/bgp/session.js';
import { decodeMessage, defaultContext, type Open } from '../../src/bgp/wire/index.js';
import { bgp, unhex } from '../support/hex.js';

const NO_DATA = new Uint8Array(0);
const OPEN: Open = {
  type: 'open',
  version: 4,
  asn: 65002,
  holdTime: 90,
  routerId: '10.0.0.2',
  capabilities: [{ type: 'four-octet-as', asn: 65002 }],
};
const CONFIG: PeerConfigInput = { address: '10.0.0.2', localAs: 65001, routerId: '10.0.0.1', peerAs: [65002] };
const LOST: SessionEvent = { type: 'disconnected', reason: 'connection reset' };

const WAY: Readonly<Record<SessionState, readonly SessionEvent[]>> = {
  idle: [],
  connect: [{ type: 'start' }],
  active: [{ type: 'start' }, LOST],
  'open-sent': [{ type: 'start' }, { type: 'connected' }],
  'open-confirm': [{ type: 'start' }, { type: 'connected' }, { type: 'open', open: OPEN }],
  established: [{ type: 'start' }, { type: 'connected' }, { type: 'open', open: OPEN }, { type: 'keepalive' }],
};

/** A session in a state, at time 0. */
function sessionIn(state: SessionState, more: Partial<PeerConfigInput> = {}, random = () => 0.5, incoming = false): Session {
  const session = new Session(resolvePeerConfig({ ...CONFIG, ...more }), random, incoming);
  for (const event of WAY[state]) session.handle(event, 0);
  return session;
}

/** Messages among effects, NOTIFICATIONs by their codes. */
function sent(effects: readonly SessionEffect[]): string[] {
  return effects.flatMap((effect) => {
    if (effect.type !== 'send') return [];
    const message = decodeMessage(effect.bytes, defaultContext);
    return [message.type === 'notification' ? `${message.code}/${message.subcode}` : message.type];
  });
}
const types = (effects: readonly SessionEffect[]): string[] => effects.map(({ type }) => type).filter((type) => type !== 'stateChanged');
const timer = (name: SessionTimer): SessionEvent => ({ type: `${name}Timer` });
const malformed = (code: number, subcode: number): SessionEvent => ({
  type: 'error',
  error: { code, subcode, data: NO_DATA, reason: 'as the test has it' },
});

/** Every kind of input (RFC 4271 §8.1, RFC 9687 §3). */
const INPUTS: Readonly<Record<string, SessionEvent>> = {
  start: { type: 'start' },
  stop: { type: 'stop', subcode: 2 },
  'idle hold timer': timer('idleHold'),
  'connect retry timer': timer('connectRetry'),
  'delay open timer': timer('delayOpen'),
  'hold timer': timer('hold'),
  'keepalive timer': timer('keepalive'),
  'send hold timer': timer('sendHold'),
  connected: { type: 'connected' },
  disconnected: LOST,
  collision: { type: 'collision' },
  OPEN: { type: 'open', open: OPEN },
  'OPEN of another AS': { type: 'open', open: { ...OPEN, asn: 65009 } },
  'OPEN with our identifier, inside our AS': { type: 'open', open: { ...OPEN, asn: 65001, routerId: '10.0.0.1' } },
  'OPEN that is malformed': malformed(2, 6),
  'header that is malformed': malformed(1, 2),
  'UPDATE that is malformed': malformed(3, 6),
  KEEPALIVE: { type: 'keepalive' },
  UPDATE: { type: 'updates' },
  NOTIFICATION: { type: 'notification', notification: { type: 'notification', code: 6, subcode: 4, data: NO_DATA } },
  'ROUTE-REFRESH': { type: 'routeRefresh' },
};

/**
 * The state that follows and what is sent, input by input in the order above. In OpenSent and after it a second connection is another
 * session's (§6.8), so `connected` does not come: see `peer.test.ts`.
 */
type Row = Readonly<Record<keyof typeof INPUTS, readonly [next: SessionState, ...sent: string[]]>>;
const fsmError = (subcode: number): Row =>
  Object.fromEntries(
    ['idle hold timer', 'connect retry timer', 'delay open timer'].map((input) => [input, ['idle', `5/${subcode}`] as const]),
  );
/** Before there is an OPEN of ours everything that cannot be leads back to Idle without a word (RFC 4271 §8.2.2, Connect and Active). */
const SILENT: Row = Object.fromEntries(
  ['hold timer', 'keepalive timer', 'send hold timer', 'collision', 'KEEPALIVE', 'UPDATE', 'NOTIFICATION', 'ROUTE-REFRESH'].map((input) => [
    input,
    ['idle'] as const,
  ]),
);
const EARLY: Row = {
  ...SILENT,
  stop: ['idle'],
  'connect retry timer': ['connect'],
  'delay open timer': ['open-sent', 'open'],
  connected: ['open-sent', 'open'],
  disconnected: ['active'],
  OPEN: ['idle'],
  'OPEN of another AS': ['idle'],
  'OPEN with our identifier, inside our AS': ['idle'],
  'OPEN that is malformed': ['idle', '2/6'],
  'header that is malformed': ['idle', '1/2'],
  'UPDATE that is malformed': ['idle', '3/6'],
  'idle hold timer': ['idle'],
};
const LATE: Row = {
  stop: ['idle', '6/2'],
  'hold timer': ['idle', '4/0'],
  'send hold timer': ['idle'],
  collision: ['idle', '6/7'],
  'OPEN that is malformed': ['idle', '2/6'],
  'header that is malformed': ['idle', '1/2'],
  'UPDATE that is malformed': ['idle', '3/6'],
  NOTIFICATION: ['idle'],
};
const WALK: Readonly<Record<SessionState, Row>> = {
  idle: {
    ...Object.fromEntries(Object.keys(INPUTS).map((input) => [input, ['idle'] as const])),
    start: ['connect'],
    'idle hold timer': ['connect'],
  },
  connect: { ...EARLY, start: ['connect'] },
  active: { ...EARLY, start: ['active'] },
  'open-sent': {
    ...LATE,
    ...fsmError(1),
    start: ['open-sent'],
    'keepalive timer': ['idle', '5/1'],
    disconnected: ['active'],
    OPEN: ['open-confirm', 'keepalive'],
    'OPEN of another AS': ['idle', '2/2'],
    'OPEN with our identifier, inside our AS': ['idle', '2/2'],
    KEEPALIVE: ['idle', '5/1'],
    UPDATE: ['idle', '5/1'],
    'ROUTE-REFRESH': ['idle', '5/1'],
  },
  'open-confirm': {
    ...LATE,
    ...fsmError(2),
    start: ['open-confirm'],
    'keepalive timer': ['open-confirm', 'keepalive'],
    disconnected: ['idle'],
    OPEN: ['idle', '5/2'],
    'OPEN of another AS': ['idle', '5/2'],
    'OPEN with our identifier, inside our AS': ['idle', '5/2'],
    KEEPALIVE: ['established'],
    UPDATE: ['idle', '5/2'],
    'ROUTE-REFRESH': ['idle', '5/2'],
  },
  established: {
    ...LATE,
    ...fsmError(3),
    start: ['established'],
    'keepalive timer': ['established', 'keepalive'],
    disconnected: ['idle'],
    OPEN: ['idle', '5/3'],
    'OPEN of another AS': ['idle', '5/3'],
    'OPEN with our identifier, inside our AS': ['idle', '5/3'],
    KEEPALIVE: ['established'],
    UPDATE: ['established'],
    'ROUTE-REFRESH': ['established'],
  },
};

const STATES = Object.keys(WALK) as SessionState[];
const HAS_SENT_OPEN: ReadonlySet<SessionState> = new Set(['open-sent', 'open-confirm', 'established']);

describe('every input in every state (RFC 4271 §8.2.2)', () => {
  test('is in the walk', () => {
    const absent = STATES.flatMap((state) => Object.keys(INPUTS).flatMap((input) => (WALK[state][input] ? [] : [`${input} in ${state}`])));
    expect(absent).toEqual(['open-sent', 'open-confirm', 'established'].map((state) => `connected in ${state}`));
  });

  test.each(STATES.flatMap((state) => Object.entries(WALK[state]).map(([input, expected]) => ({ state, input, expected }))))(
    '$input in $state',
    ({ state, input, expected: [next, ...messages] }) => {
      const session = sessionIn(state);
      expect(session.state).toBe(state);
      const effects = session.handle(INPUTS[input] as SessionEvent, 1000);
      expect([session.state, ...sent(effects)]).toEqual([next, ...messages]);
      const changes = effects.filter(({ type }) => type === 'stateChanged');
      expect(changes).toEqual(next === state ? [] : [expect.objectContaining({ from: state, to: next })]);
      if (next !== 'idle' || state === 'idle') return;
      // Everything is released; unless somebody stopped it, or it gave way, it starts again by itself.
      expect(types(effects)).toContain('hangUp');
      const running = (['connectRetry', 'hold', 'keepalive', 'delayOpen', 'sendHold'] as const).filter((name) =>
        session.timers.running(name),
      );
      expect(running).toEqual([]);
      expect(session.timers.running('idleHold')).toBe(input !== 'stop' && input !== 'collision');
    },
  );

  test.each(STATES.filter((state) => HAS_SENT_OPEN.has(state)))(
    'what is sent at the end comes before the connection is closed: %s',
    (state) => {
      expect(types(sessionIn(state).handle(INPUTS['hold timer'] as SessionEvent, 1000))).toEqual(['send', 'hangUp']);
    },
  );

  test('an OPEN with our identifier, inside our AS', () => {
    const session = sessionIn('open-sent', { peerAs: undefined });
    const effects = session.handle(INPUTS['OPEN with our identifier, inside our AS'] as SessionEvent, 0);
    expect([session.state, ...sent(effects)]).toEqual(['idle', '2/3']);
  });

  test.each([
    ['open-sent', '0501'],
    ['open-confirm', '0502'],
    ['established', '0503'],
  ] as const)('an FSM error in %s names the state (RFC 6608), in the octets', (state, codes) => {
    const [first] = sessionIn(state).handle(timer('delayOpen'), 0);
    expect(first?.type === 'send' && unhex(first.bytes)).toBe(bgp(3, codes));
  });
});

describe('dialling', () => {
  test('a dial that fails is made again when the ConnectRetryTimer says so', () => {
    const session = sessionIn('connect');
    expect(types(session.handle(LOST, 100))).toEqual([]);
    expect([session.state, session.deadline]).toEqual(['active', 100 + 30_000 * 0.875]);
    expect(types(session.tick(session.deadline ?? 0))).toEqual(['hangUp', 'dial']);
    expect(session.state).toBe('connect');
  });

  test.each(['connect', 'active'] as const)('the ConnectRetryTimer in %s drops what there is, dials, and starts again', (state) => {
    const session = sessionIn(state);
    const due = session.deadline ?? 0;
    expect(due).toBe(30_000 * 0.875);
    expect(types(session.tick(due))).toEqual(['hangUp', 'dial']);
    expect([session.state, session.deadline]).toEqual(['connect', due * 2]);
  });

  test.each(['start', 'connectRetryTimer', 'idleHoldTimer'] as const)('nobody dials who is passive: %s', (type) => {
    const session = sessionIn(type === 'idleHoldTimer' ? 'idle' : 'connect', { passive: true });
    expect(types(session.handle({ type }, 0))).not.toContain('dial');
    expect(session.state).toBe('active');
  });

  test('a session over a connection of the neighbour’s does not dial, and ends with it', () => {
    const session = new Session(resolvePeerConfig(CONFIG), () => 0.5, true);
    expect(types(session.handle({ type: 'start' }, 0))).toEqual([]);
    session.handle({ type: 'connected' }, 0);
    expect(session.state).toBe('open-sent');
    session.handle(LOST, 0);
    expect([session.state, session.deadline]).toEqual(['idle', undefined]);
  });
});

describe('OPEN after a delay', () => {
  const waiting = (): Session => {
    const session = sessionIn('connect', { delayOpenTime: 3000 });
    expect(sent(session.handle({ type: 'connected' }, 0))).toEqual([]);
    expect([session.state, session.deadline]).toEqual(['connect', 3000]);
    return session;
  };
  test('goes out when the DelayOpenTimer says so', () => {
    const session = waiting();
    expect(sent(session.tick(3000))).toEqual(['open']);
    expect(session.state).toBe('open-sent');
  });
  test('goes out at once when the neighbour’s comes (event 20)', () => {
    const session = waiting();
    expect(sent(session.handle({ type: 'open', open: OPEN }, 1000))).toEqual(['open', 'keepalive']);
    expect(session.state).toBe('open-confirm');
  });
  test('does not go out over a connection that is gone', () => {
    const session = waiting();
    session.handle(LOST, 1000);
    expect([session.state, session.timers.running('delayOpen'), session.timers.running('connectRetry')]).toEqual(['active', false, true]);
  });
});

/** §10: a factor between 0.75 and 1.0. */
describe('jitter', () => {
  const extremes = [
    [0, 0.75],
    [0.5, 0.875],
    [1 - Number.EPSILON, 1],
  ] as const;
  test.each(extremes)('of the ConnectRetryTimer, where chance is %d', (chance, factor) => {
    expect(sessionIn('connect', {}, () => chance).deadline).toBeCloseTo(30_000 * factor, 6);
  });
  test.each(extremes)('of the KeepaliveTimer, a third of the hold time, where chance is %d', (chance, factor) => {
    expect(sessionIn('established', {}, () => chance).deadline).toBeCloseTo(30_000 * factor, 6);
  });
  test.each(extremes)('of the pause after a failure, where chance is %d', (chance, factor) => {
    const session = sessionIn('established', {}, () => chance);
    session.handle(LOST, 0);
    expect(session.deadline).toBeCloseTo(1000 * factor, 6);
  });
});
