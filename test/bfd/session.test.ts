import { describe, expect, test } from 'vitest';
import { Dampening } from '../../src/bfd/dampening.js';
import { BfdPort, type ControlPacket, decodeControl, memoryBfd } from '../../src/bfd/index.js';
import { ManualClock } from '../../src/lib/clock.js';
import { MemoryDatagrams } from '../../src/lib/memory-datagrams.js';
import { seeded } from '../../src/lib/random.js';
import { falseAlarms } from './day.js';
import { A, B, pair } from './pair.js';

describe('a session', () => {
  test('comes up by the three-way handshake', () => {
    const { clock, said } = pair();
    clock.advance(3000);
    expect(said).toContain(`${A} down > init`);
    expect(said.filter((line) => line.endsWith('> up'))).toHaveLength(2);
  });

  test('goes down when nothing is heard for the detection time, and comes up again', () => {
    const { clock, datagrams, said, changes } = pair({ minTx: 50, minRx: 50, multiplier: 3 });
    clock.advance(5000);
    said.length = 0;
    const cut = clock.now();
    datagrams.cut(B);
    clock.advance(151);
    expect(said).toEqual([`${A} up > down (detection-time-expired)`, `${B} up > down (detection-time-expired)`].sort());
    const down = changes.at(-1);
    expect(down?.detectionTime).toBe(150);
    expect((down?.at ?? 0) - cut).toBeGreaterThan(100);
    datagrams.mend(B);
    clock.advance(3000);
    expect(said.filter((line) => line.endsWith('> up'))).toHaveLength(2);
  });

  test('agrees on the slower of what one sends and the other takes', () => {
    const { clock, changes, datagrams } = pair({ minTx: 10, minRx: 200, multiplier: 5 }, { minTx: 100, minRx: 30, multiplier: 2 });
    clock.advance(5000);
    datagrams.cut(B);
    clock.advance(2000);
    const times = Object.fromEntries(changes.filter(({ to }) => to === 'down').map(({ by, detectionTime }) => [by, detectionTime]));
    // A hears B: 2 packets of max(200, 100). B hears A: 5 packets of max(30, 10).
    expect(times).toEqual({ [A]: 400, [B]: 150 });
  });

  test('is not lost when the other end closes it: it was told', () => {
    const { clock, said, other } = pair();
    clock.advance(3000);
    said.length = 0;
    other.watch.close();
    clock.advance(10);
    expect(said).toEqual([`${A} up > down (neighbour-signalled-down)`]);
  });

  test.each([
    [3, 75, 100],
    // One packet decides: the neighbour's time must not be over before the next (RFC 5880 §6.8.7).
    [1, 75, 90],
  ])('with multiplier %i sends its packets %i to %i % of the interval apart, none in step', (multiplier, least, most) => {
    const { clock, datagrams, said } = pair({ minTx: 100, minRx: 100, multiplier });
    clock.advance(5000);
    said.length = 0;
    const at: number[] = [];
    datagrams.tap = (_bytes, from) => void (from === A && at.push(clock.now()));
    clock.advance(100_000);
    const gaps = at.slice(1).map((time, i) => time - (at[i] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(least);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(most);
    // All over the span, and not at its ends alone.
    const fifth = (most - least) / 5;
    for (let from = least; from < most; from += fifth)
      expect(gaps.filter((gap) => gap >= from && gap <= from + fifth).length / gaps.length).toBeGreaterThan(0.1);
    expect(said).toEqual([]);
  });

  test('asks for no more than a packet a second until it is up, then polls for the fast ones (RFC 5880 §6.8.3)', () => {
    const { clock, datagrams } = pair({ minTx: 50, minRx: 50, multiplier: 3 });
    const sent: { readonly at: number; readonly packet: ControlPacket }[] = [];
    datagrams.tap = (bytes, from) => {
      const packet = decodeControl(bytes);
      if (from === A && typeof packet !== 'string') sent.push({ at: clock.now(), packet });
    };
    datagrams.cut(B);
    clock.advance(10_000);
    // Nobody answers.
    expect(sent.length).toBeGreaterThanOrEqual(10);
    expect(sent.length).toBeLessThanOrEqual(14);
    for (const { packet } of sent)
      expect(packet).toMatchObject({ state: 'down', desiredMinTx: 1_000_000, requiredMinRx: 50_000, poll: false });
    for (const [i, { at }] of sent.slice(1).entries()) expect(at - (sent[i]?.at ?? 0)).toBeGreaterThanOrEqual(750);
    sent.length = 0;
    datagrams.mend(B);
    clock.advance(3000);
    const up = sent.findIndex(({ packet }) => packet.state === 'up');
    for (const { packet } of sent.slice(0, up)) expect(packet.desiredMinTx).toBe(1_000_000);
    // Said in a poll, until that is answered.
    expect(sent[up]?.packet).toMatchObject({ desiredMinTx: 50_000, poll: true });
    expect(sent.at(-1)?.packet).toMatchObject({ state: 'up', desiredMinTx: 50_000, poll: false });
    sent.length = 0;
    clock.advance(1000);
    expect(sent.length).toBeGreaterThanOrEqual(20);
    // And slowly again once it is down.
    datagrams.cut(B);
    clock.advance(200);
    sent.length = 0;
    clock.advance(10_000);
    expect(sent.length).toBeLessThanOrEqual(14);
    for (const { packet } of sent) expect(packet.desiredMinTx).toBe(1_000_000);
  });

  test('survives two packets lost of every three', () => {
    const { clock, datagrams, said } = pair({ minTx: 50, minRx: 50, multiplier: 5 });
    clock.advance(5000);
    said.length = 0;
    const sent = { [A]: 0, [B]: 0 };
    datagrams.lost = (from) => (sent[from as typeof A | typeof B]++ as number) % 3 !== 0;
    clock.advance(60_000);
    expect(said).toEqual([]);
  });

  test('raises no alarm in twenty minutes', () => {
    const { clock, said } = pair({ minTx: 300, minRx: 300 });
    clock.advance(5000);
    said.length = 0;
    clock.advance(1200_000);
    expect(said).toEqual([]);
  });
});

describe('one who stood still', () => {
  test('and one who is busy raise no alarm, for hours', () => {
    const { alarms, stalls, suspected } = falseAlarms(2, { minTx: 300, minRx: 300, multiplier: 3 }, 1);
    expect(stalls).toBeGreaterThan(1);
    expect(suspected).toBeGreaterThanOrEqual(stalls);
    expect(alarms).toBe(0);
  });

  test('does not blame the neighbour, and says so', () => {
    const clock = new ManualClock();
    /** A clock whose owner sleeps: appointments are kept late, all at once. */
    const sleepy = { ...clock, now: () => clock.now(), defer: clock.defer.bind(clock) };
    const datagrams = new MemoryDatagrams(clock, 1);
    let asleepUntil = 0;
    const slow = {
      now: sleepy.now,
      defer: sleepy.defer,
      at: (when: number, call: () => void) =>
        clock.at(when, () => {
          if (clock.now() < asleepUntil) clock.at(asleepUntil, call);
          else call();
        }),
    };
    const said: string[] = [];
    const stalls: number[] = [];
    const one = memoryBfd(datagrams, slow, seeded(1), A);
    one.onStall((by) => stalls.push(by));
    const other = memoryBfd(datagrams, clock, seeded(2), B);
    // Long enough on the other side, which hears nothing meanwhile.
    const config = { minTx: 50, minRx: 50, multiplier: 3 };
    one.watch({ local: A, remote: B, config }, { changed: ({ to }) => said.push(`${A} ${to}`), agreed: () => {}, failed: () => {} });
    other.watch(
      { local: B, remote: A, config: { ...config, multiplier: 3, minRx: 900 } },
      { changed: ({ to }) => said.push(`${B} ${to}`), agreed: () => {}, failed: () => {} },
    );
    clock.advance(5000);
    said.length = 0;
    // Nothing is heard either: what came would wait in the socket, and be read first.
    asleepUntil = clock.now() + 1000;
    datagrams.cut(B);
    clock.advance(990);
    datagrams.mend(B);
    clock.advance(2000);
    expect(stalls).toHaveLength(1);
    expect(stalls[0]).toBeGreaterThan(900);
    expect(said).toEqual([]);
  });
});

describe('demand mode', () => {
  const config = { minTx: 50, minRx: 50, multiplier: 3 };

  test('silences a neighbour that is up, and polls it', () => {
    const { clock, datagrams, said } = pair({ ...config, demand: 1000 }, config);
    clock.advance(5000);
    said.length = 0;
    const sent: Record<string, number> = {};
    datagrams.tap = (_bytes, from) => {
      sent[from] = (sent[from] ?? 0) + 1;
    };
    clock.advance(10_000);
    // B only answers polls, ten a second of A's demand; A goes on, as nobody asked it not to.
    expect(sent[B]).toBeGreaterThanOrEqual(10);
    expect(sent[B]).toBeLessThanOrEqual(14);
    expect(sent[A]).toBeGreaterThan(190);
    expect(said).toEqual([]);
  });

  test('of both ends leaves nothing but polls', () => {
    const { clock, datagrams, said } = pair({ ...config, demand: 1000 });
    clock.advance(5000);
    said.length = 0;
    let sent = 0;
    datagrams.tap = () => void sent++;
    clock.advance(10_000);
    expect(sent).toBeGreaterThanOrEqual(40);
    expect(sent).toBeLessThanOrEqual(60);
    expect(said).toEqual([]);
  });

  test('notices the neighbour that does not answer a poll', () => {
    const { clock, datagrams, said } = pair({ ...config, demand: 1000 }, config);
    clock.advance(5000);
    said.length = 0;
    datagrams.cut(B);
    // A poll within a second, then three intervals without an answer.
    clock.advance(1151);
    expect(said).toContain(`${A} up > down (detection-time-expired)`);
    datagrams.mend(B);
    clock.advance(5000);
    expect(said.slice(-2).every((line) => line.endsWith('> up'))).toBe(true);
  });
});

describe('demand mode, by and by', () => {
  const config = { minTx: 1000, minRx: 50, multiplier: 3 };

  test('that ends is told at once, and a poll may be lost: it never costs the session', () => {
    for (const lose of [0, 1]) {
      const { clock, datagrams, said, one } = pair({ ...config, demand: 5000 }, { minTx: 50, minRx: 50, multiplier: 3 });
      clock.advance(20_000);
      said.length = 0;
      let left = lose;
      datagrams.lost = (from) => from === A && left-- > 0;
      one.watch.reconfigure(config);
      clock.advance(20_000);
      expect(said).toEqual([]);
      datagrams.cut(B);
      clock.advance(152);
      expect(said).toContain(`${A} up > down (detection-time-expired)`);
    }
  });

  test('polls one who wants no packets, and believes its answers', () => {
    const { clock, datagrams, said } = pair({ minTx: 50, minRx: 50, multiplier: 3, demand: 1000 });
    clock.advance(5000);
    said.length = 0;
    // Required Min RX Interval 0 (RFC 5880 §6.8.7).
    datagrams.tap = (bytes, from) => void (from === B && bytes.fill(0, 16, 20));
    clock.advance(20_000);
    expect(said).toEqual([]);
    datagrams.cut(B);
    clock.advance(1200);
    expect(said).toContain(`${A} up > down (detection-time-expired)`);
  });
});

describe('a neighbour that is gone', () => {
  const config = { minTx: 50, minRx: 50, multiplier: 3 };
  const sentBy = (datagrams: ReturnType<typeof pair>['datagrams'], who: string) => {
    const sent: ControlPacket[] = [];
    datagrams.tap = (bytes, from) => {
      const packet = decodeControl(bytes);
      if (from === who && typeof packet !== 'string') sent.push(packet);
    };
    return sent;
  };

  test('after it said goodbye is forgotten within its detection time (RFC 5880 §6.8.1)', () => {
    const { clock, datagrams, other } = pair(config);
    clock.advance(5000);
    other.watch.close();
    clock.advance(500);
    const sent = sentBy(datagrams, A);
    clock.advance(2000);
    expect(sent.map(({ yourDiscriminator }) => yourDiscriminator !== 0)).not.toContain(false);
    // Three of its packets, which were to come once a second by then.
    clock.advance(2000);
    sent.length = 0;
    clock.advance(3000);
    expect(sent.length).toBeGreaterThanOrEqual(3);
    expect(sent.every(({ yourDiscriminator }) => yourDiscriminator === 0)).toBe(true);
  });

  test('while we were administratively down is nobody whom we speak to afterwards', () => {
    const { clock, datagrams, one } = pair(config);
    clock.advance(5000);
    one.watch.reconfigure({ ...config, disabled: true });
    datagrams.cut(B);
    clock.advance(60_000);
    const sent = sentBy(datagrams, A);
    one.watch.reconfigure(config);
    clock.advance(3000);
    expect(sent.length).toBeGreaterThanOrEqual(3);
    expect(sent.map(({ yourDiscriminator }) => yourDiscriminator)).toEqual(sent.map(() => 0));
  });

  test('is noticed in time, however often the watch is changed meanwhile', () => {
    const { clock, datagrams, said, one } = pair(config);
    clock.advance(5000);
    said.length = 0;
    datagrams.cut(B);
    for (let i = 0; i < 20; i++) {
      one.watch.reconfigure({ ...config, multiplier: 3 + (i % 2) });
      clock.advance(10);
    }
    expect(said).toContain(`${A} up > down (detection-time-expired)`);
  });
});

describe('a change of intervals', () => {
  test('is told in a poll, and never costs the session', () => {
    const { clock, said, one, other, datagrams, changes } = pair({ minTx: 50, minRx: 50, multiplier: 3 });
    clock.advance(5000);
    said.length = 0;
    let polls = 0;
    datagrams.tap = (bytes) => {
      if (((bytes[1] ?? 0) & 0x20) !== 0) polls++;
    };
    one.watch.reconfigure({ minTx: 1000, minRx: 1000, multiplier: 3 });
    clock.advance(10_000);
    one.watch.reconfigure({ minTx: 20, minRx: 20, multiplier: 3 });
    other.watch.reconfigure({ minTx: 20, minRx: 20, multiplier: 3 });
    clock.advance(10_000);
    expect(said).toEqual([]);
    expect(polls).toBeGreaterThanOrEqual(3);
    datagrams.cut(B);
    clock.advance(61);
    expect(changes.at(-1)).toMatchObject({ to: 'down', detectionTime: 60 });
  });

  test('that one end did not hear of is not used by the other', () => {
    const { clock, said, one, datagrams } = pair({ minTx: 50, minRx: 50, multiplier: 3 });
    clock.advance(5000);
    said.length = 0;
    // Slower than B's detection time, and B hears every other packet only: A must not slow down before B has answered.
    let n = 0;
    datagrams.lost = (from) => from === A && n++ % 2 === 0;
    one.watch.reconfigure({ minTx: 700, minRx: 50, multiplier: 3 });
    clock.advance(20_000);
    expect(said).toEqual([]);
  });
});

describe('what is told of the path', () => {
  test('administratively down is no failure, and comes to an end', () => {
    const config = { minTx: 50, minRx: 50, multiplier: 3 };
    const { clock, said, one, changes } = pair(config);
    clock.advance(5000);
    said.length = 0;
    one.watch.reconfigure({ ...config, disabled: true });
    clock.advance(5000);
    expect(said).toEqual([`${A} up > admin-down (administratively-down)`, `${B} up > down (neighbour-signalled-down)`]);
    expect(changes.at(-1)).toMatchObject({ by: B, remote: 'admin-down', remoteDiagnostic: 'administratively-down' });
    one.watch.reconfigure(config);
    clock.advance(5000);
    expect(said.filter((line) => line.endsWith('> up'))).toHaveLength(2);
  });

  test('a reset of our forwarding ends the session; a failure beyond us does not, and is carried', () => {
    const { clock, said, one, changes, datagrams } = pair({ minTx: 50, minRx: 50, multiplier: 3 });
    clock.advance(5000);
    said.length = 0;
    const carried = new Set<number>();
    datagrams.tap = (bytes, from) => {
      if (from === A) carried.add((bytes[0] ?? 0) & 31);
    };
    one.watch.signal('concatenated-path-down');
    clock.advance(1000);
    expect(said).toEqual([]);
    expect([...carried]).toEqual([6]);
    one.watch.signal('forwarding-plane-reset');
    clock.advance(10);
    expect(said.slice(0, 2)).toEqual([`${A} up > down (forwarding-plane-reset)`, `${B} up > down (neighbour-signalled-down)`]);
    expect(changes.find(({ by, to }) => by === B && to === 'down')).toMatchObject({ remoteDiagnostic: 'forwarding-plane-reset' });
  });
});

describe('dampening', () => {
  test('holds back one that flaps until it has stayed, and tells when', () => {
    const config = { minTx: 50, minRx: 50, multiplier: 3 };
    const { clock, said, datagrams } = pair({ ...config, dampening: { halfLife: 5000, suppress: 1500, reuse: 1000 } }, config);
    clock.advance(3000);
    for (let i = 0; i < 4; i++) {
      datagrams.cut(B);
      clock.advance(200);
      datagrams.mend(B);
      clock.advance(2500);
    }
    const told = said.filter((line) => line.startsWith(A));
    // Two losses are told; the others are of a session whose coming up was not.
    expect(told.filter((line) => line.includes('up > down'))).toHaveLength(2);
    expect(told.filter((line) => line.includes('dampened for'))).toHaveLength(3);
    said.length = 0;
    clock.advance(20_000);
    expect(said.filter((line) => line === `${A} init > up` || line === `${A} down > up`)).toHaveLength(1);
  });
});

describe('dampening, once it has ended', () => {
  test('begins anew: as many losses are told as at first', () => {
    const dampening = new Dampening({ halfLife: 1000, suppress: 3500, reuse: 500, longest: 20_000 });
    for (const at of [0, 10, 20, 30]) dampening.lost(at);
    const until = dampening.until(30) ?? 0;
    expect(until).toBeGreaterThan(2000);
    // It came up and was believed then. One loss later it is believed at once.
    dampening.lost(until + 100);
    expect(dampening.until(until + 200)).toBeUndefined();
    for (const later of [300, 310, 320]) dampening.lost(until + later);
    expect(dampening.until(until + 330)).toBeGreaterThan(until + 330);
  });
});

describe('packets', () => {
  test('of a session over several hops go to a port of their own, and those of the other port are not its (RFC 5883 §5)', () => {
    const config = { minTx: 50, minRx: 50, multiplier: 3, multihop: true };
    const { clock, datagrams, said, one } = pair(config);
    const ports = new Set<number>();
    const { send } = datagrams;
    datagrams.send = (from, to, bytes, port = 0) => {
      ports.add(port);
      send.call(datagrams, from, to, bytes, port);
    };
    clock.advance(3000);
    expect([...ports]).toEqual([4784]);
    expect(said.filter((line) => line.endsWith('> up'))).toHaveLength(2);
    const hello = Uint8Array.of(0x20, 0x40, 3, 24, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 0, 0x0f, 0x42, 0x40, 0, 0, 0, 0);
    datagrams.send(B, A, hello, BfdPort.singleHop);
    clock.advance(10);
    expect(one.engine.drops).toEqual({ 'no-session': 1 });
    // From however far.
    one.engine.receive(hello, { remote: B, local: A, multihop: true, ttl: 60 });
    expect(one.engine.drops).toEqual({ 'no-session': 1 });
  });

  test('that came from beyond the link are dropped and counted, unless the session takes them', () => {
    const lab = pair({ checkTtl: true }, { checkTtl: false });
    // It asks what has happened: nobody has spoken yet.
    lab.datagrams.cut(A);
    const hello = (discriminator: number): Uint8Array =>
      Uint8Array.of(0x20, 0x40, 3, 24, 0, 0, 0, discriminator, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 0, 0x0f, 0x42, 0x40, 0, 0, 0, 0);
    lab.one.engine.receive(hello(1), { remote: B, local: A, ttl: 254 });
    lab.other.engine.receive(hello(2), { remote: A, local: B, ttl: 254 });
    expect([lab.one.engine.drops, lab.other.engine.drops]).toEqual([{ 'hop-limit': 1 }, {}]);
    lab.clock.advance(0);
    expect(lab.said).toEqual([`${B} down > init`]);
    lab.one.engine.receive(hello(1), { remote: B, local: A, ttl: 255 });
    lab.clock.advance(0);
    expect(lab.said).toEqual([`${B} down > init`, `${A} down > init`]);
  });

  test('of nobody, of a stranger, and broken ones are dropped and counted', () => {
    const { clock, one } = pair();
    const from = { remote: B, local: A };
    clock.advance(3000);
    one.engine.receive(new Uint8Array(3), from);
    one.engine.receive(new Uint8Array(24).fill(0xff), from);
    const hello = Uint8Array.of(0x20, 0x40, 3, 24, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 0, 0x0f, 0x42, 0x40, 0, 0, 0, 0);
    one.engine.receive(hello, { ...from, remote: '10.9.9.9' });
    expect(one.engine.drops).toEqual({ short: 1, version: 1, 'no-session': 1 });
  });
});
