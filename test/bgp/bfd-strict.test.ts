/** draft-ietf-idr-bgp-bfd-strict-mode: a session that is not established before BFD is up. */
import { describe, expect, test } from 'vitest';
import { type PeerConfigInput, resolvePeerConfig } from '../../src/bgp/config.js';
import type { SessionEffect, SessionState } from '../../src/bgp/events.js';
import { Session } from '../../src/bgp/session.js';
import { type Capability, decodeMessage, defaultContext, type Open } from '../../src/bgp/wire/index.js';

const STRICT: Capability = { type: 'bfd-strict-mode' };
const KEEPALIVE = { type: 'keepalive' } as const;
const UP = { type: 'bfd', clear: true } as const;
const DOWN = { type: 'bfd', clear: false } as const;

function open(holdTime = 90, ...more: readonly Capability[]) {
  const message: Open = {
    type: 'open',
    version: 4,
    asn: 65002,
    holdTime,
    routerId: '10.0.0.2',
    capabilities: [{ type: 'four-octet-as', asn: 65002 }, ...more],
  };
  return { type: 'open', open: message } as const;
}

/** A session that has sent its OPEN, at time 0, and what it says from then on. */
function lab(more: Partial<PeerConfigInput> = { bfdStrict: 'agreed' }) {
  const config = resolvePeerConfig({ address: '10.0.0.2', localAs: 65001, routerId: '10.0.0.1', peerAs: [65002], ...more });
  const session = new Session(config, () => 0.5, false);
  const said: string[] = [];
  const note = (effects: readonly SessionEffect[]): SessionState => {
    for (const effect of effects) {
      if (effect.type === 'established') said.push('established');
      if (effect.type !== 'send') continue;
      const message = decodeMessage(effect.bytes, defaultContext);
      said.push(message.type === 'notification' ? `${message.code}/${message.subcode}` : message.type);
    }
    return session.state;
  };
  const post = (event: Parameters<Session['handle']>[0], now = 0): SessionState => note(session.handle(event, now));
  const tick = (now: number): SessionState => note(session.tick(now));
  post({ type: 'start' });
  post({ type: 'connected' });
  return { session, said, post, tick };
}

describe('the capability (§5, §6)', () => {
  const announced = (more: Partial<PeerConfigInput>): boolean => {
    const session = new Session(
      resolvePeerConfig({ address: '10.0.0.2', localAs: 65001, routerId: '10.0.0.1', peerAs: [65002], ...more }),
      () => 0.5,
      false,
    );
    session.handle({ type: 'start' }, 0);
    const [bytes] = session.handle({ type: 'connected' }, 0).flatMap((effect) => (effect.type === 'send' ? [effect.bytes] : []));
    const message = bytes && decodeMessage(bytes, defaultContext);
    return message?.type === 'open' && message.capabilities.some(({ type }) => type === 'bfd-strict-mode');
  };
  test('is announced by whoever waits, and by nobody else', () => {
    expect([{}, { bfdStrict: 'agreed' } as const, { bfdStrict: 'always' } as const].map(announced)).toEqual([false, true, true]);
  });

  test.each([
    ['agreed', [], false],
    ['agreed', [STRICT], true],
    ['always', [], true],
    ['always', [STRICT], true],
    [undefined, [STRICT], false],
  ] as const)('%s, with a neighbour that announces %j: the session waits: %s', (bfdStrict, theirs, waits) => {
    const { said, post } = lab({ bfdStrict });
    expect(post(open(90, ...theirs))).toBe(waits ? 'open-sent' : 'open-confirm');
    expect(said).toEqual(waits ? ['open'] : ['open', 'keepalive']);
  });
});

describe('waiting (§8.5)', () => {
  test('there is none where BFD is up, or administratively down, already', () => {
    const { said, post } = lab();
    post(UP);
    expect(post(open(90, STRICT))).toBe('open-confirm');
    expect(post(KEEPALIVE)).toBe('established');
    expect(said).toEqual(['open', 'keepalive', 'established']);
  });

  test('BFD that comes up sends the KEEPALIVE that was held back; the neighbour’s establishes the session', () => {
    const { said, session, post } = lab();
    post(open(90, STRICT));
    expect(session.pending).toBe('bfd-up');
    expect(post(DOWN, 10)).toBe('open-sent');
    expect(post(UP, 5000)).toBe('open-confirm');
    expect([session.pending, session.timers.due('hold')]).toEqual([undefined, 95_000]);
    expect(session.timers.due('keepalive')).toBeDefined();
    expect(post(KEEPALIVE, 5001)).toBe('established');
    expect(said).toEqual(['open', 'keepalive', 'established']);
  });

  test('where the neighbour’s BFD was up first, and its KEEPALIVE is here, ours establishes the session', () => {
    const { said, session, post } = lab();
    post(open(90, STRICT));
    expect(post(KEEPALIVE, 1000)).toBe('open-sent');
    expect(session.pending).toBe('confirmed-bfd-up');
    expect(post(UP, 2000)).toBe('established');
    expect(said).toEqual(['open', 'keepalive', 'established']);
  });

  test('lasts no longer than the hold time, whatever the neighbour sends meanwhile', () => {
    const { said, session, post, tick } = lab();
    post(open(30, STRICT));
    for (let now = 10_000; now < 30_000; now += 5000) post(KEEPALIVE, now);
    expect(tick(29_999)).toBe('open-sent');
    expect(tick(30_000)).toBe('idle');
    expect(said).toEqual(['open', '4/0']);
    expect(session.lastDown).toMatchObject({ code: 'hold-timer-expired', text: 'BFD did not come up within the hold time' });
    expect(session.pending).toBeUndefined();
  });

  test.each([
    [undefined, 30_000],
    [5000, 5000],
  ] as const)('and without a hold time, no longer than BfdHoldTime (%s)', (bfdHoldTime, time) => {
    const { said, session, post, tick } = lab({ bfdStrict: 'agreed', ...(bfdHoldTime === undefined ? {} : { bfdHoldTime }) });
    post(open(0, STRICT));
    expect(tick(time - 1)).toBe('open-sent');
    expect(tick(time)).toBe('idle');
    // Cease, BFD Down (RFC 9384).
    expect(said).toEqual(['open', '6/10']);
    expect(session.lastDown?.text).toContain('BFD did not come up in time');
    const other = lab({ bfdStrict: 'agreed', ...(bfdHoldTime === undefined ? {} : { bfdHoldTime }) });
    other.post(open(0, STRICT));
    other.post(UP, time - 1);
    expect([other.tick(time * 100), other.post(KEEPALIVE, time * 100)]).toEqual(['open-confirm', 'established']);
  });

  test.each([
    ['another OPEN', open(90, STRICT), 'idle', '5/1'],
    ['an UPDATE', { type: 'updates' }, 'idle', '5/1'],
    ['a stop', { type: 'stop', subcode: 2 }, 'idle', '6/2'],
    ['BFD down', { type: 'error', error: { code: 6, subcode: 10, data: new Uint8Array(0), reason: 'BFD is down' } }, 'idle', '6/10'],
    ['the end of the connection', { type: 'disconnected', reason: 'reset' }, 'active', undefined],
  ] as const)('ends with %s', (_what, event, next, notification) => {
    const { said, session, post } = lab();
    post(open(90, STRICT));
    expect(post(event, 1000)).toBe(next);
    expect(said).toEqual(['open', ...(notification === undefined ? [] : [notification])]);
    expect([session.pending, session.timers.running('bfdHold')]).toEqual([undefined, false]);
  });
});

test('a KEEPALIVE in OpenSent that nobody waits in is an error as ever', () => {
  const { said, post } = lab();
  expect(post(KEEPALIVE)).toBe('idle');
  expect(said).toEqual(['open', '5/1']);
});

test('BFD changes nothing in other states', () => {
  const session = new Session(
    resolvePeerConfig({ address: '10.0.0.2', localAs: 65001, routerId: '10.0.0.1', peerAs: [65002], bfdStrict: 'agreed' }),
    () => 0.5,
    false,
  );
  const steps = [{ type: 'start' }, { type: 'connected' }, open(90), KEEPALIVE] as const;
  const seen = [session.state];
  for (const step of steps) {
    session.handle(step, 0);
    seen.push(session.state);
    for (const event of [UP, DOWN]) expect(session.handle(event, 0).filter(({ type }) => type !== 'stateChanged')).toEqual([]);
    expect(session.state).toBe(seen.at(-1));
  }
  expect(seen).toEqual(['idle', 'connect', 'open-sent', 'open-confirm', 'established']);
});
