import { describe, expect, test } from 'vitest';
import { type BfdConfig, resolveBfd } from '../../src/bfd/config.js';
import type { BfdEffect, BfdEvent } from '../../src/bfd/events.js';
import { BfdSession } from '../../src/bfd/session.js';
import { type ControlPacket, decodeControl, encodeControl } from '../../src/bfd/wire/index.js';
import { seeded } from '../../src/lib/random.js';

/** What a neighbour that is up and at ease says. */
const AT_EASE: ControlPacket = {
  diagnostic: 'none',
  state: 'up',
  poll: false,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  multiplier: 3,
  myDiscriminator: 7,
  yourDiscriminator: 1,
  desiredMinTx: 50_000,
  requiredMinRx: 50_000,
  requiredMinEchoRx: 0,
};

/** A session, and what the test says to it as its neighbour. */
function lab(config: BfdConfig) {
  const session = new BfdSession(resolveBfd(config), 1, seeded(1), true);
  let now = 0;
  const sent: (ControlPacket & { readonly at: number })[] = [];
  const states: string[] = [];
  const look = (effects: readonly BfdEffect[]): void => {
    for (const effect of effects) {
      if (effect.type === 'stateChanged') states.push(`${effect.to} (${effect.diagnostic})`);
      const packet = effect.type === 'send' ? decodeControl(effect.bytes) : undefined;
      if (packet && typeof packet !== 'string') sent.push({ ...packet, at: now });
    }
  };
  const post = (event: BfdEvent): void => look(session.handle(event, now));
  const say = (packet: Partial<ControlPacket> = {}): void => {
    const whole = { ...AT_EASE, ...packet };
    post({ type: 'packet', packet: whole, bytes: encodeControl(whole) });
  };
  const pass = (ms: number): void => {
    const end = now + ms;
    for (let next = session.deadline; next !== undefined && next <= end; next = session.deadline) {
      now = Math.max(now, next);
      look(session.tick(now));
    }
    now = end;
  };
  return { session, sent, states, post, say, pass };
}

/** Up on both sides, and what that began is over. */
function up(config: BfdConfig, neighbour: Partial<ControlPacket> = {}) {
  const it = lab(config);
  it.post({ type: 'start' });
  it.say({ ...neighbour, state: 'init' });
  it.say({ ...neighbour, final: true });
  if (it.session.polling) it.say({ ...neighbour, final: true }); // echoes began, which is told as well
  expect([it.session.state, it.session.polling]).toEqual(['up', false]);
  it.states.length = 0;
  return it;
}

const FAST: BfdConfig = { minTx: 50, minRx: 50, multiplier: 3 };

describe('administratively down', () => {
  test('the poll that tells of it is over when it is answered (RFC 5880 §6.8.6)', () => {
    const { post, say, pass, sent, session } = up(FAST);
    post({ type: 'disable' });
    expect(sent.at(-1)).toMatchObject({ state: 'admin-down', poll: true });
    say({ state: 'down', final: true });
    sent.length = 0;
    pass(5000);
    expect(session.state).toBe('admin-down');
    expect(sent.length).toBeGreaterThan(3);
    expect(sent.filter(({ poll }) => poll)).toEqual([]);
  });

  test('nothing goes to a neighbour that takes nothing any more (§6.8.7), and it is not answered', () => {
    const { post, say, pass, sent } = up(FAST);
    post({ type: 'disable' });
    say({ state: 'down', final: true, poll: true, requiredMinRx: 0 });
    sent.length = 0;
    pass(10_000);
    expect(sent).toEqual([]);
    say({ state: 'down', requiredMinRx: 50_000 });
    pass(5000);
    expect(sent.length).toBeGreaterThan(3);
  });
});

describe('demand mode', () => {
  test('one that begins gives the neighbour the time of a poll, not what was left of its own (§6.8.4)', () => {
    const slow = { ...FAST, minTx: 1000 };
    const { post, say, pass, states, session } = up(slow);
    say();
    post({ type: 'configured', config: resolveBfd({ ...slow, demand: 5000 }) });
    expect(session.demanding).toBe(true);
    // The first poll is lost, the second, after a second at the most, is answered.
    pass(1100);
    expect(states).toEqual([]);
    say({ final: true });
    pass(4000);
    expect(states).toEqual([]);
    // And nobody answers the next.
    pass(5000);
    expect(states).toEqual(['down (detection-time-expired)']);
  });

  test('each poll of two has the whole time', () => {
    const demand = { ...FAST, demand: 60_000 };
    const { post, say, pass, states, session } = up(demand);
    post({ type: 'configured', config: resolveBfd({ ...demand, minRx: 60 }) });
    pass(100);
    post({ type: 'configured', config: resolveBfd({ ...demand, minRx: 70 }) });
    pass(40);
    say({ final: true });
    expect(session.polling).toBe(true);
    // One lost, the next answered.
    pass(60);
    expect(states).toEqual([]);
    say({ final: true });
    expect(session.polling).toBe(false);
    pass(10_000);
    expect(states).toEqual([]);
  });
});

test('changes of state that follow each other without end are not each told at once', () => {
  const { say, pass, sent, states } = up(FAST);
  sent.length = 0;
  for (let round = 0; round < 500; round++) {
    for (const state of ['down', 'down', 'up'] as const) {
      say({ state });
      pass(1);
    }
  }
  expect(states.length).toBe(1500);
  // 1.5 s of it: those that are, and the ones that are due.
  expect(sent.length).toBeLessThan(45);
  // What it is in the end is told all the same, and after some rest the next at once.
  say({ state: 'down' });
  pass(1000);
  expect(sent.at(-1)?.state).toBe('down');
  pass(10_000);
  sent.length = 0;
  say({ state: 'down' });
  expect(sent.map(({ state }) => state)).toEqual(['init']);
});

test('echoes that become rare may still be lost as many as before (§6.8.5)', () => {
  const { say, pass, post, states, session } = up({ ...FAST, echo: 50 }, { requiredMinEchoRx: 50_000 });
  const rare = { requiredMinEchoRx: 1_000_000, desiredMinTx: 1_000_000 };
  post({ type: 'echoed' });
  say(rare);
  expect(session.echoInterval).toBe(1000);
  // The one that was due is lost, and the next comes back.
  pass(1060);
  expect(states).toEqual([]);
  post({ type: 'echoed' });
  say(rare);
  pass(2000);
  expect(states).toEqual([]);
  say(rare);
  pass(1100);
  expect(states).toEqual(['down (echo-failed)']);
});
