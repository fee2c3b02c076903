/** What the machine says to each segment: `>` goes in, `<` comes out; numbers are relative to where each end began. */
import { describe, expect, test } from 'vitest';
import { TCP_DEFAULTS, type TcpConfig } from '../../../src/stack/tcp/config.js';
import { TcpConnection } from '../../../src/stack/tcp/connection.js';
import type { TcpEffect } from '../../../src/stack/tcp/events.js';
import { add } from '../../../src/stack/tcp/sequence.js';
import type { OutgoingSegment, TcpOptions, TcpSegment } from '../../../src/stack/wire/tcp.js';

const FLAGS = { F: 1, S: 2, R: 4, P: 8, '.': 16 } as const;
/** Both near the end of the sequence space: every trace wraps. */
const ISS = 0xffff_fff0;
const IRS = 0xffff_fe00;

class Trace {
  readonly said: string[] = [];
  now = 1000;
  readonly machine: TcpConnection;

  constructor(config: Partial<TcpConfig> = {}, mtu = 1040) {
    this.machine = new TcpConnection({
      config: { ...TCP_DEFAULTS, timestamps: false, windowScaling: false, ...config },
      iss: ISS,
      timestampOffset: 0,
      ipHeader: 20,
      reserved: 0,
      mtu,
    });
  }

  /** A connection that we dialled, open. */
  static open(config: Partial<TcpConfig> = {}, window = 10_000): Trace {
    const trace = new Trace(config);
    trace.do({ type: 'open' });
    trace.in('S.', 0, 1, { window, options: { mss: 1000, sackPermitted: true } });
    trace.said.length = 0;
    return trace;
  }

  do(event: Parameters<TcpConnection['handle']>[0]): this {
    return this.#take(this.machine.handle(event, this.now));
  }
  write(octets: number): this {
    return this.do({ type: 'write', bytes: new Uint8Array(octets) });
  }
  in(flags: string, seq: number, ack: number, more: { window?: number; octets?: number; options?: TcpOptions } = {}): this {
    const segment: TcpSegment = {
      sourcePort: 179,
      targetPort: 50_000,
      seq: add(IRS, seq),
      ack: flags.includes('.') ? add(ISS, ack) : 0,
      flags: [...flags].reduce((sum, flag) => sum | (FLAGS[flag as keyof typeof FLAGS] ?? 0), 0),
      window: more.window ?? 10_000,
      payload: new Uint8Array(more.octets ?? 0),
      options: more.options ?? {},
    };
    return this.do({ type: 'segment', segment });
  }
  sacked(ack: number, ...ranges: (readonly [number, number])[]): this {
    return this.in('.', 1, ack, { options: { sack: ranges.map(([from, to]) => ({ from: add(ISS, from), to: add(ISS, to) })) } });
  }
  /** Time passes; timers are kept. */
  pass(time: number): this {
    const until = this.now + time;
    for (let due = this.machine.deadline; due !== undefined && due <= until; due = this.machine.deadline) {
      this.now = Math.max(this.now, due);
      this.#take(this.machine.tick(this.now));
    }
    this.now = until;
    return this;
  }
  /** What was said since it was last asked. */
  get out(): string[] {
    return this.said.splice(0);
  }

  #take(effects: readonly TcpEffect[]): this {
    for (const effect of effects) this.said.push(effect.type === 'send' ? line(effect.segment) : spoken(effect));
    return this;
  }
}

function line({ seq, ack, flags, window, payload, mss, sack }: OutgoingSegment): string {
  const names = Object.entries(FLAGS).flatMap(([name, bit]) => ((flags & bit) !== 0 ? [name] : []));
  const from = add(seq, -ISS);
  return [
    names.join(''),
    from > 0x8000_0000 ? from - 0x1_0000_0000 : from,
    ...(payload.length > 0 ? [`+${payload.length}`] : []),
    ...((flags & FLAGS['.']) !== 0 ? [`ack ${add(ack, -IRS)}`] : []),
    ...((flags & FLAGS.R) !== 0 ? [] : [`win ${window}`]),
    ...(mss === undefined ? [] : [`mss ${mss}`]),
    ...(sack ?? []).map(({ from: a, to: b }) => `sack ${add(a, -IRS)}-${add(b, -IRS)}`),
  ].join(' ');
}

function spoken(effect: TcpEffect): string {
  if (effect.type === 'data') return `data ${effect.bytes.length}`;
  return effect.type === 'closed' ? `closed ${effect.reason ?? 'in order'}` : effect.type;
}

describe('the handshake', () => {
  test('a SYN is sent again, ever later, and given up', () => {
    const trace = new Trace({ synRetries: 2 }).do({ type: 'open' });
    expect(trace.out).toEqual(['S 0 win 65535 mss 1000']);
    expect(trace.pass(999).out).toEqual([]);
    expect(trace.pass(1).out).toEqual(['S 0 win 65535 mss 1000']);
    expect(trace.pass(2000).out).toEqual(['S 0 win 65535 mss 1000']);
    expect(trace.pass(4000).out).toEqual(['closed nobody answered', 'gone']);
  });

  test('a reset refuses, but only one that answers our SYN', () => {
    const trace = new Trace().do({ type: 'open' });
    expect(trace.in('R.', 0, 7).in('R', 0, 0).out.slice(1)).toEqual([]);
    expect(trace.in('R.', 0, 1).out).toEqual(['closed connection refused', 'gone']);
  });

  test('what acknowledges something else is reset', () => {
    const trace = new Trace().do({ type: 'open' });
    trace.said.length = 0;
    expect(trace.in('S.', 0, 99).out).toEqual(['R 99']);
  });

  test('both ends may dial at once', () => {
    const trace = new Trace().do({ type: 'open' });
    trace.said.length = 0;
    expect(trace.in('S', 0, 0, { options: { mss: 1000 } }).out).toEqual(['S. 0 ack 1 win 65535 mss 1000']);
    expect(trace.in('.', 1, 1).out).toEqual(['established']);
  });

  test('both ends may dial at once, and each answers the SYN of the other', () => {
    const trace = new Trace().do({ type: 'open' });
    trace.in('S', 0, 0, { options: { mss: 1000 } });
    trace.said.length = 0;
    // An answer to an answer would go on for ever.
    expect(trace.in('S.', 0, 1, { options: { mss: 1000 } }).out).toEqual(['established', '. 1 ack 1 win 65535']);
    expect(trace.in('S.', 0, 1, { options: { mss: 1000 } }).out).toEqual(['. 1 ack 1 win 65535']);
  });
});

describe('what is received', () => {
  test('is acknowledged by the second full segment, or after 40 ms, once the beginning is over', () => {
    const trace = Trace.open();
    for (let i = 0; i < 16; i++) trace.in('.', 1 + 1000 * i, 1, { octets: 1000 });
    trace.said.length = 0;
    expect(trace.in('.', 16_001, 1, { octets: 1000 }).out).toEqual(['data 1000']);
    expect(trace.in('.', 17_001, 1, { octets: 1000 }).out).toEqual(['data 1000', '. 1 ack 18001 win 65535']);
    expect(trace.in('.', 18_001, 1, { octets: 10 }).pass(39).out).toEqual(['data 10']);
    expect(trace.pass(1).out).toEqual(['. 1 ack 18011 win 65525']);
  });

  test('out of order is kept, told at once, the latest first, and delivered once', () => {
    const trace = Trace.open();
    expect(trace.in('.', 1001, 1, { octets: 1000 }).out).toEqual(['. 1 ack 1 win 65535 sack 1001-2001']);
    expect(trace.in('.', 3001, 1, { octets: 1000 }).out).toEqual(['. 1 ack 1 win 65535 sack 3001-4001 sack 1001-2001']);
    expect(trace.in('.', 1501, 1, { octets: 1000 }).out).toEqual(['. 1 ack 1 win 65535 sack 1001-2501 sack 3001-4001']);
    expect(trace.in('.', 1, 1, { octets: 1200 }).out.filter((line) => line.startsWith('data'))).toEqual([
      'data 1200',
      'data 800',
      'data 500',
    ]);
    expect(trace.in('.', 2501, 1, { octets: 500 }).out).toEqual(['data 500', 'data 1000', '. 1 ack 4001 win 65535']);
  });

  test('waits while the owner does not read, and the window says so', () => {
    const trace = Trace.open({ receiveBuffer: 3000 });
    trace.do({ type: 'pause' });
    expect(trace.in('.', 1, 1, { octets: 1000 }).in('.', 1001, 1, { octets: 2000 }).out).toEqual([
      '. 1 ack 1001 win 2000',
      '. 1 ack 3001 win 0',
    ]);
    expect(trace.in('.', 3001, 1, { octets: 1 }).out).toEqual(['. 1 ack 3001 win 0']);
    expect(trace.do({ type: 'resume' }).out).toEqual(['data 1000', 'data 2000', '. 1 ack 3001 win 3000']);
  });

  test('waits in arrays that are no smaller than what is worth one, however small the pieces', () => {
    const trace = Trace.open({ receiveBuffer: 60_000 });
    trace.do({ type: 'pause' });
    for (let i = 0; i < 50_000; i++) trace.in('.', 1 + i, 1, { octets: 1 });
    expect(trace.machine.held).toBe(50_000);
    trace.said.length = 0;
    const pieces = trace.do({ type: 'resume' }).out.flatMap((line) => (line.startsWith('data') ? [Number(line.slice(5))] : []));
    expect(pieces.length).toBeLessThan(30);
    expect(pieces.reduce((octets, piece) => octets + piece, 0)).toBe(50_000);
  });

  test('into a closed window is not taken, but what it acknowledges is', () => {
    const trace = Trace.open({ receiveBuffer: 2000 });
    trace.do({ type: 'pause' });
    trace.in('.', 1, 1, { octets: 1000 }).in('.', 1001, 1, { octets: 1000 }).write(500);
    trace.said.length = 0;
    // An octet that probes, and what comes behind one that did.
    expect(trace.in('.', 2001, 201, { octets: 1 }).out).toEqual(['. 501 ack 2001 win 0']);
    expect([trace.machine.buffered, trace.machine.held]).toEqual([300, 2000]);
    expect(trace.in('.', 2002, 501).out).toEqual(['. 501 ack 2001 win 0']);
    expect(trace.machine.buffered).toBe(0);
    expect(trace.in('.', 2003, 501).in('R', 2002, 0).machine.state).toBe('established');
  });

  test('waits up to the bound that the owner sets, once what the window said before has come', () => {
    const trace = Trace.open({ receiveBuffer: 3000 });
    trace.do({ type: 'bound', bounds: { written: 1500, arrived: 2000 } });
    expect(trace.in('.', 1, 1, { octets: 1000 }).out).toEqual(['data 1000', '. 1 ack 1001 win 2000']);
    trace.do({ type: 'pause' });
    expect(trace.in('.', 1001, 1, { octets: 2000 }).out).toEqual(['. 1 ack 3001 win 0']);
    expect(trace.machine.held).toBe(2000);
    expect(trace.do({ type: 'resume' }).out).toEqual(['data 2000', '. 1 ack 3001 win 2000']);
    // And more than there is room for is not to be had.
    trace.do({ type: 'bound', bounds: { written: 1500, arrived: 4000 } });
    expect(trace.in('.', 3001, 1, { octets: 1000 }).out).toEqual(['data 1000', '. 1 ack 4001 win 3000']);
    expect([trace.write(1499).machine.writable, trace.write(1).machine.writable]).toEqual([true, false]);
  });

  test('past the window is dropped', () => {
    const trace = Trace.open({ receiveBuffer: 3000 });
    expect(trace.in('.', 3001, 1, { octets: 10 }).out).toEqual(['. 1 ack 1 win 3000']);
    expect(trace.in('.', 2501, 1, { octets: 1000 }).out).toEqual(['. 1 ack 1 win 3000 sack 2501-3001']);
  });
});

describe('what is sent', () => {
  test('as much as ten segments at first, a segment more for each that is acknowledged', () => {
    const trace = Trace.open({}, 60_000).write(30_000);
    expect(trace.out.length).toBe(10);
    expect(trace.in('.', 1, 2001, { window: 60_000 }).out).toEqual([10, 11, 12, 13].map((i) => `. ${1 + 1000 * i} +1000 ack 1 win 65535`));
  });

  test('goes out again after a timeout, one segment, and the timeout doubles', () => {
    const trace = Trace.open().pass(10).write(3000);
    trace.said.length = 0;
    expect(trace.pass(199).out).toEqual([]);
    expect(trace.pass(1).out).toEqual(['. 1 +1000 ack 1 win 65535']);
    expect(trace.pass(400).out).toEqual(['. 1 +1000 ack 1 win 65535']);
    expect(trace.in('.', 1, 1001).out).toEqual(['. 1001 +1000 ack 1 win 65535', 'P. 2001 +1000 ack 1 win 65535']);
  });

  test('with selective acknowledgement: what is lost is sent again, and only that', () => {
    const trace = Trace.open({}, 60_000).write(10_000);
    trace.said.length = 0;
    trace.sacked(1, [1001, 2001]);
    trace.sacked(1, [1001, 3001]);
    expect(trace.out).toEqual([]);
    // The third: octet 1 is lost. 5001 too, as three segments have come after it.
    expect(trace.sacked(1, [1001, 5001]).out).toEqual(['. 1 +1000 ack 1 win 65535']);
    expect(trace.sacked(1, [6001, 9001], [1001, 5001]).out).toEqual(['. 5001 +1000 ack 1 win 65535', 'P. 9001 +1000 ack 1 win 65535']);
    expect(trace.in('.', 1, 10_001).out).toEqual([]);
    expect(trace.machine.counters).toEqual({ retransmitted: 3, timeouts: 0, recoveries: 1 });
  });

  test('without: three duplicates send the first again, and a partial acknowledgement the next (RFC 6582)', () => {
    const trace = Trace.open({ sack: false }, 60_000).write(8000);
    trace.said.length = 0;
    trace.in('.', 1, 1, { window: 10_000 }); // another window: no duplicate
    for (let i = 0; i < 2; i++) trace.in('.', 1, 1);
    expect(trace.out).toEqual([]);
    expect(trace.in('.', 1, 1).out).toEqual(['. 1 +1000 ack 1 win 65535']);
    expect(trace.in('.', 1, 4001).out).toEqual(['. 4001 +1000 ack 1 win 65535']);
    expect(trace.in('.', 1, 8001).out).toEqual([]);
  });

  test('Nagle: a small write waits for what is under way', () => {
    const trace = Trace.open({ nagle: true }).write(10).write(20).write(30);
    expect(trace.out).toEqual(['P. 1 +10 ack 1 win 65535']);
    expect(trace.in('.', 1, 11).out).toEqual(['P. 11 +50 ack 1 win 65535']);
  });

  test('into a closed window: an octet, ever rarer, as long as the other end answers', () => {
    const trace = Trace.open({}, 1000).write(3000);
    trace.in('.', 1, 1001, { window: 0 });
    trace.said.length = 0;
    const probes: number[] = [];
    for (let i = 0; i < 600; i++) {
      if (trace.pass(1000).out.length === 0) continue;
      probes.push(i);
      trace.in('.', 1, 1001, { window: 0 });
    }
    expect(probes.length).toBeGreaterThan(10);
    const gaps = probes.slice(1).map((at, i) => at - (probes[i] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(61);
    expect(gaps.at(-1)).toBeGreaterThan(50);
    expect(trace.in('.', 1, 1001, { window: 5000 }).out).toEqual([
      '. 1001 +1 ack 1 win 65535',
      '. 1002 +1000 ack 1 win 65535',
      'P. 2002 +999 ack 1 win 65535',
    ]);
  });

  test('into a closed window: what is acknowledged meanwhile stands where the other end looks', () => {
    const trace = Trace.open({}, 1000).write(3000);
    trace.in('.', 1, 1001, { window: 0 }).pass(1000);
    trace.said.length = 0;
    expect(trace.in('.', 1, 1001, { window: 0, octets: 10 }).out).toEqual(['data 10', '. 1001 ack 11 win 65525']);
    expect(trace.do({ type: 'abort' }).out[0]).toBe('R. 1001 ack 11');
  });

  test('an acknowledgement of what was sent again does not make the timeout short again (Karn)', () => {
    const trace = Trace.open();
    const sendings = (): number => trace.out.filter((line) => line.includes('+10 ')).length;
    const counts: number[] = [];
    // The path takes 500 ms all at once, and nothing but its acknowledgements tells.
    for (let i = 0; i < 10; i++) {
      trace.write(10).pass(500);
      trace.in('.', 1, 1 + 10 * (i + 1)).pass(5000);
      counts.push(sendings());
    }
    expect(counts).toEqual([2, 2, ...Array(8).fill(1)]);
  });

  test('into a closed window nobody answers: given up after 100 s', () => {
    const trace = Trace.open({}, 1000).write(3000);
    trace.in('.', 1, 1001, { window: 0 });
    expect(trace.pass(300_000).out.slice(-2)).toEqual(['closed connection timed out', 'gone']);
  });

  test('a path that takes less: what did not pass goes out anew, smaller, and nobody is thought congested', () => {
    const trace = Trace.open({}, 60_000).write(3000);
    trace.said.length = 0;
    expect(trace.do({ type: 'narrow', mtu: 640, seq: add(ISS, 99_999) }).out).toEqual([]);
    expect(trace.do({ type: 'narrow', mtu: 640, seq: add(ISS, 1001) }).out).toEqual(
      [0, 1, 2, 3, 4].map((i) => `${i === 4 ? 'P' : ''}. ${1 + 600 * i} +600 ack 1 win 65535`),
    );
  });

  test('silence for long: the other end is asked, and given up (keepalive)', () => {
    const trace = Trace.open({ keepAlive: { idle: 10_000, interval: 1000, count: 2 } });
    expect(trace.pass(9999).out).toEqual([]);
    expect(trace.pass(1).out).toEqual(['. 0 ack 1 win 65535']);
    trace.in('.', 1, 1);
    expect(trace.pass(11_500).out).toEqual(['. 0 ack 1 win 65535', '. 0 ack 1 win 65535']);
    expect(trace.pass(500).out).toEqual(['R. 1 ack 1', 'closed connection timed out', 'gone']);
  });
});

describe('the end', () => {
  test('ours first', () => {
    const trace = Trace.open().write(10);
    trace.said.length = 0;
    expect(trace.do({ type: 'end' }).out).toEqual(['F. 11 ack 1 win 65535']);
    expect(trace.in('.', 1, 12).machine.state).toBe('fin-wait-2');
    expect(trace.in('F.', 1, 12).out).toEqual(['closed in order', '. 12 ack 2 win 65534']);
    expect(trace.pass(60_000).out).toEqual(['gone']);
  });

  test('theirs first: we say that we are done too', () => {
    const trace = Trace.open();
    expect(trace.in('F.', 1, 1).out).toEqual(['F. 1 ack 2 win 65534']);
    expect(trace.in('.', 2, 2).out).toEqual(['closed in order', 'gone']);
  });

  test('both at once', () => {
    const trace = Trace.open().do({ type: 'end' });
    expect(trace.in('F.', 1, 1).machine.state).toBe('closing');
    trace.said.length = 0;
    expect(trace.in('.', 2, 2).out).toEqual(['closed in order']);
    expect(trace.machine.state).toBe('time-wait');
  });

  test('a FIN that is lost goes out again', () => {
    const trace = Trace.open().do({ type: 'end' });
    trace.said.length = 0;
    expect(trace.pass(200).out).toEqual(['F. 1 ack 1 win 65535']);
  });

  test('cut: what was not sent is thrown away', () => {
    const trace = Trace.open({}, 0).write(10);
    expect(trace.do({ type: 'abort' }).out).toEqual(['R. 1 ack 1', 'closed in order', 'gone']);
  });
});

describe('what may be an attack (RFC 5961)', () => {
  test('a reset that is merely in the window is asked about; the very next octet resets', () => {
    const trace = Trace.open();
    expect(trace.in('R', 500, 0).out).toEqual(['. 1 ack 1 win 65535']);
    expect(trace.in('R', 70_000, 0).out).toEqual([]);
    expect(trace.in('R', 1, 0).out).toEqual(['closed connection reset', 'gone']);
  });

  test('a SYN in the middle is asked about, and does no harm', () => {
    const trace = Trace.open();
    expect(trace.in('S', 1, 0).out).toEqual(['. 1 ack 1 win 65535']);
    expect(trace.machine.state).toBe('established');
  });

  test('an acknowledgement of what was never sent is asked about, a hundred times a second', () => {
    const trace = Trace.open();
    for (let i = 0; i < 500; i++) trace.in('.', 1, 5000);
    expect(trace.out.length).toBe(100);
    trace.pass(1000).in('.', 1, 5000);
    expect(trace.out.length).toBe(1);
  });

  test('an old timestamp is an old segment (RFC 7323 §5.3)', () => {
    const trace = new Trace({ timestamps: true }).do({ type: 'open' });
    trace.in('S.', 0, 1, { options: { mss: 1000, timestamp: { value: 500, echo: 1000 } } });
    trace.said.length = 0;
    const stamped = (value: number) => ({ octets: 10, options: { timestamp: { value, echo: 1000 } } });
    expect(trace.in('.', 1, 1, stamped(499)).out).toEqual(['. 1 ack 1 win 65535']);
    expect(trace.in('.', 1, 1, stamped(501)).out).toEqual(['data 10', '. 1 ack 11 win 65525']);
  });

  test('ICMP ends a dial, and not a connection', () => {
    const dial = new Trace().do({ type: 'open' });
    dial.said.length = 0;
    expect(dial.do({ type: 'unreachable', reason: 'no way', seq: add(ISS, 9) }).out).toEqual([]);
    expect(dial.do({ type: 'unreachable', reason: 'no way', seq: ISS }).out).toEqual(['closed no way', 'gone']);
    const open = Trace.open().write(10);
    open.said.length = 0;
    expect(open.do({ type: 'unreachable', reason: 'no way', seq: add(ISS, 1) }).out).toEqual([]);
    expect(open.pass(300_000).out.slice(-2)).toEqual(['closed no way', 'gone']);
  });
});
