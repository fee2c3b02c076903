import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bgpMessages, type CapturedMessage, readMrt, readPcap, readPcapng, writePcap, writePcapng } from '../../src/capture/index.js';
import { hex } from '../support/hex.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const MARKER = 'ff'.repeat(16);
const KEEPALIVE = hex(`${MARKER} 0013 04`);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A raw IPv4 packet with a TCP segment of 10.0.0.2 port 179. */
function packet(sequence: number, payload: Uint8Array, flags = 0x18, acknowledged = 0): Uint8Array {
  const total = 40 + payload.length;
  const head = hex('4500 0000 0001 0000 40 06 0000 0a000002 0a000001  00b3 c001 00000000 00000000 50 00 ffff 0000 0000');
  head[2] = total >> 8;
  head[3] = total & 255;
  new DataView(head.buffer).setUint32(24, sequence >>> 0);
  new DataView(head.buffer).setUint32(28, acknowledged >>> 0);
  head[33] = flags;
  return Uint8Array.from([...head, ...payload]);
}
/** One of the other side, without octets. */
function answer(acknowledged: number): Uint8Array {
  const bytes = packet(7000, new Uint8Array(0), 0x10, acknowledged);
  return Uint8Array.from([...bytes.slice(0, 12), 10, 0, 0, 1, 10, 0, 0, 2, 0xc0, 1, 0, 0xb3, ...bytes.slice(24)]);
}
/** Each at its second, from 100 on. */
function capture(packets: readonly Uint8Array[]): (CapturedMessage & { type: number })[] {
  const frames = packets.map((bytes, i) => ({ time: 100 + i, bytes }));
  return [...bgpMessages(readPcap(writePcap(frames, 101)))].flatMap((message) =>
    'damage' in message ? [] : [{ ...message, type: message.bytes[18] ?? 0 }],
  );
}

describe('TCP put together', () => {
  const update = (n: number) => hex(`${MARKER} 001c 02 0005 20 0a0000 ${n.toString(16).padStart(2, '0')} 0000`.replace('001c', '001c'));
  const all = Uint8Array.from([...KEEPALIVE, ...update(1), ...update(2), ...update(3), ...KEEPALIVE]);
  const whole = [4, 2, 2, 2, 4];
  const cut = (sizes: readonly number[]) => {
    let at = 0;
    return sizes.map((size) => {
      const part = { sequence: 1000 + at, bytes: all.slice(at, at + size) };
      at += size;
      return part;
    });
  };
  const SYN = packet(999, new Uint8Array(0), 2);

  test.each([
    ['in one piece', [all.length]],
    ['an octet at a time', new Array(all.length).fill(1)],
    ['split within headers', [7, 25, 3, 40, 47]],
  ])('%s', (_name, sizes) => {
    expect(capture([SYN, ...cut(sizes).map(({ sequence, bytes }) => packet(sequence, bytes))]).map(({ type }) => type)).toEqual(whole);
  });

  test('out of order, with retransmissions and overlaps, across a wrap of sequence numbers', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 3, maxLength: 12 }),
        fc.integer({ min: 0, max: 3 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (sizes, seed, random) => {
          const parts = cut([...sizes, all.length]).filter(({ bytes }) => bytes.length > 0);
          const base = seed === 0 ? 0xffff_ffd0 : 0;
          const next = () => random.next().value as number;
          const sent = parts.flatMap((part) => (next() < 0.3 ? [part, part] : [part]));
          // An overlap: a part sent again from three octets before.
          for (const { sequence, bytes } of parts)
            if (next() < 0.3 && sequence > 1002)
              sent.push({ sequence: sequence - 3, bytes: Uint8Array.from([...all.slice(sequence - 1003, sequence - 1000), ...bytes]) });
          sent.sort(() => next() - 0.5);
          const frames = [
            packet((999 + base) >>> 0, new Uint8Array(0), 2),
            ...sent.map(({ sequence, bytes }) => packet((sequence + base) >>> 0, bytes)),
          ];
          expect(capture(frames).map(({ type }) => type)).toEqual(whole);
        },
      ),
    );
  });

  test('a hole is given up at the end, and reading goes on at the next marker', () => {
    const parts = cut([19, 14, 14, all.length]);
    const messages = capture([SYN, ...parts.filter((_part, i) => i !== 1).map(({ sequence, bytes }) => packet(sequence, bytes))]);
    expect(messages.map(({ type, lost }) => [type, lost > 0])).toEqual([
      [4, false],
      [2, true],
      [2, false],
      [4, false],
    ]);
  });

  test('what was lost before a FIN is read when it is sent again', () => {
    const [first, second, ...rest] = cut([19, 28, 28, 28, 19]).map(({ sequence, bytes }) => packet(sequence, bytes)) as [
      Uint8Array,
      Uint8Array,
      ...Uint8Array[],
    ];
    const fin = packet(1000 + all.length, new Uint8Array(0), 0x11);
    const messages = capture([SYN, first, ...rest, fin, second]);
    expect(messages.map(({ type, lost, truncated }) => [type, lost, truncated])).toEqual(whole.map((type) => [type, 0, false]));
  });

  test('a hole that the other side says it has not is given up; messages behind it have the time and frame that completed them', () => {
    const parts = cut([19, 28, 28, 28, 19]).map(({ sequence, bytes }) => packet(sequence, bytes));
    const [first, , third, fourth, last] = parts as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    // The fifth frame acknowledges what is not in the capture; what comes long after finds it given up.
    const messages = capture([SYN, answer(1000), first, third, answer(1075), fourth, answer(1103), last, answer(1122)]);
    expect(messages.map(({ type, lost, time, frame }) => [type, lost, time, frame])).toEqual([
      [4, 0, 102, 3],
      [2, 28, 103, 4],
      [2, 0, 105, 6],
      [4, 0, 107, 8],
    ]);
    // Nobody says what he has: at the end, but of their own time.
    const alone = capture([SYN, first, third, fourth, last, answer(1000), packet(1000, new Uint8Array(0), 0x10)]);
    expect(alone.map(({ lost, time, frame }) => [lost, time, frame])).toEqual([
      [0, 101, 2],
      [28, 102, 3],
      [0, 103, 4],
      [0, 104, 5],
    ]);
  });

  test('a megabyte waits for a hole that a fast sender fills late', () => {
    const many = new Uint8Array(19 * 60_000);
    for (let at = 0; at < many.length; at += 19) many.set(KEEPALIVE, at);
    const parts: Uint8Array[] = [];
    for (let at = 0; at < many.length; at += 1400) parts.push(packet(1000 + at, many.slice(at, at + 1400)));
    const [first = SYN, ...rest] = parts;
    const messages = capture([SYN, ...rest, first]);
    expect([messages.length, messages.filter(({ lost }) => lost > 0)]).toEqual([60_000, []]);
  });

  test('the SYN of a connection that goes on, recorded once more, ends nothing', () => {
    const [first, second] = [packet(1000, all.slice(0, 30)), packet(1030, all.slice(30))];
    expect(capture([SYN, first, SYN, second]).map(({ type, lost }) => [type, lost])).toEqual(whole.map((type) => [type, 0]));
  });

  test('a message without its marker is shown as such, and the next one is read', () => {
    const wrong = update(2);
    wrong.fill(0, 0, 16);
    const messages = capture([SYN, packet(1000, Uint8Array.from([...KEEPALIVE, ...wrong, ...update(3)]))]);
    expect(messages.map(({ type, lost, truncated, bytes }) => [type, lost, truncated, bytes.length])).toEqual([
      [4, 0, false, 19],
      [2, 0, false, 28],
      [2, 0, false, 28],
    ]);
  });

  test('octets that are no message, with nothing behind them, are told of', () => {
    const messages = capture([SYN, packet(1000, KEEPALIVE), packet(1019, new Uint8Array(50).fill(7))]);
    expect(messages.map(({ lost, truncated, bytes }) => [lost, truncated, bytes.length])).toEqual([
      [0, false, 19],
      [50, true, 0],
    ]);
  });

  test('a scan of 200,000 ports leaves the sessions beside it alone', () => {
    const scan = function* () {
      yield { time: 1, linkType: 101, length: 0, bytes: SYN };
      yield { time: 1, linkType: 101, length: 0, bytes: packet(1000, all.slice(0, 30)) };
      for (let i = 0; i < 200_000; i++) {
        const syn = SYN.slice();
        // To port 179, each from a port or address of its own.
        syn.set([10, 1, i >> 16, 1, 10, 0, 0, 1, (i >> 8) & 255, i & 255, 0, 179], 12);
        yield { time: 2, linkType: 101, length: 0, bytes: syn };
      }
      yield { time: 3, linkType: 101, length: 0, bytes: packet(1030, all.slice(30)) };
    };
    const before = process.memoryUsage().heapUsed;
    let most = 0;
    let types: unknown[] = [];
    const counted = function* () {
      let frames = 0;
      for (const frame of scan()) {
        if (++frames % 50_000 === 0) {
          collectGarbage();
          most = Math.max(most, process.memoryUsage().heapUsed - before);
        }
        yield frame;
      }
    };
    types = [...bgpMessages(counted())].map((message) => ('damage' in message ? 'damage' : [message.bytes[18], message.lost]));
    expect(types).toEqual(whole.map((type) => [type, 0]));
    expect(most).toBeLessThan(80e6);
  });

  test('a capture that begins in the middle', () => {
    expect(capture([packet(5000, all.slice(10))]).map(({ type }) => type)).toEqual([2, 2, 2, 4]);
  });

  test('one that ends within a message shows what there is of it', () => {
    expect(capture([SYN, packet(1000, all.slice(0, 40))]).map(({ type, truncated }) => [type, truncated])).toEqual([
      [4, false],
      [2, true],
    ]);
  });
});

describe('fragments', () => {
  const whole = packet(1, KEEPALIVE);
  /** Octets of the payload from `at` to `to`, as the fragment of a datagram. */
  function fragment(id: number, at: number, to: number, more: boolean, of = whole): Uint8Array {
    const bytes = Uint8Array.from([...of.slice(0, 20), ...of.slice(20 + at, 20 + to)]);
    new DataView(bytes.buffer).setUint16(2, bytes.length);
    new DataView(bytes.buffer).setUint16(4, id);
    new DataView(bytes.buffer).setUint16(6, (more ? 0x2000 : 0) | (at >> 3));
    return bytes;
  }
  const read = (frames: readonly { time: number; bytes: Uint8Array }[]) =>
    [...bgpMessages(readPcap(writePcap(frames, 101)))].map((message) => ('damage' in message ? 'damage' : text(message.bytes)));

  test('of another datagram that had the number a minute ago are not mixed in', () => {
    const other = packet(900, new Uint8Array(19).fill(0xee));
    const frames = [
      { time: 1, bytes: fragment(5, 0, 24, true, other) },
      { time: 100, bytes: fragment(5, 24, 39, false) },
      { time: 100, bytes: fragment(5, 0, 24, true) },
    ];
    expect(read(frames)).toEqual([text(KEEPALIVE)]);
  });

  test('that lie beyond the end are nothing, and no reader throws', () => {
    const long = packet(1, Uint8Array.from([...KEEPALIVE, ...KEEPALIVE, ...KEEPALIVE, ...KEEPALIVE, ...KEEPALIVE]));
    const frames = [fragment(5, 0, 88, true, long), fragment(5, 80, 96, true, long), fragment(5, 24, 39, false)];
    expect(read(frames.map((bytes) => ({ time: 1, bytes })))).toEqual([text(KEEPALIVE)]);
  });

  test('without end take no time that grows with their number', () => {
    const [last, again] = [fragment(5, 32, 39, false), fragment(5, 8, 16, true)];
    const frames = Array.from({ length: 60_000 }, (_, i) => ({ time: 1, bytes: i === 0 ? last : again }));
    const started = process.cpuUsage();
    expect(read(frames)).toEqual([]);
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
  });
});

describe('files', () => {
  const frames = Array.from({ length: 20 }, (_, i) => ({ time: 1_700_000_000 + i / 8, linkType: 1, bytes: new Uint8Array(i * 7).fill(i) }));

  test('what pcap and pcapng writers write, the readers read', () => {
    expect([...readPcap(writePcap(frames, 1))].map((frame) => 'bytes' in frame && [frame.time, text(frame.bytes)])).toEqual(
      frames.map(({ time, bytes }) => [time, text(bytes)]),
    );
    const mixed = frames.map((frame, i) => ({ ...frame, linkType: i % 2 === 0 ? 1 : 101 }));
    expect([...readPcapng(writePcapng(mixed))].map((frame) => 'bytes' in frame && [frame.time, frame.linkType, text(frame.bytes)])).toEqual(
      mixed.map(({ time, linkType, bytes }) => [time, linkType, text(bytes)]),
    );
  });

  test('a frame that was cut stays one, and one without a time is written with none', () => {
    const cut = { time: Number.NaN, linkType: 1, bytes: new Uint8Array(8), length: 1500 };
    for (const [frame] of [[...readPcap(writePcap([cut], 1))], [...readPcapng(writePcapng([cut]))]])
      expect(frame).toEqual({ ...cut, time: 0 });
  });

  test('a damaged file gives all before the damage, then says so', () => {
    const bytes = writePcap(frames, 1);
    const records = [...readPcap(bytes.slice(0, bytes.length - 5))];
    expect(records.length).toBe(20);
    expect(records.at(-1)).toMatchObject({ damage: 'the file ends within a record' });
  });

  test('a packet of pcapng that has no interface, or more octets than its block, is damage, and the next one is read', () => {
    const good = writePcapng([{ time: 1, linkType: 1, bytes: new Uint8Array(8) }]);
    const block = good.slice(60);
    const [stray, long] = [block.slice(), block.slice()];
    new DataView(stray.buffer).setUint32(8, 7);
    new DataView(long.buffer).setUint32(20, 999);
    expect([...readPcapng(Uint8Array.from([...good, ...stray, ...long, ...block]))]).toMatchObject([
      { time: 1 },
      { damage: expect.any(String), offset: good.length },
      { damage: expect.any(String), offset: good.length + block.length },
      { time: 1 },
    ]);
  });

  test('no octets make a reader throw', () => {
    const seeds = [writePcap(frames, 1), writePcapng(frames), writePcap([{ time: 1, bytes: packet(1, KEEPALIVE) }], 101)];
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 12 }),
        fc.nat(),
        (seed, changes, end) => {
          const bytes = seed.slice(0, seed.length - (end % 40));
          for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
          for (const read of [readPcap, readPcapng]) [...bgpMessages(read(bytes))];
          [...readMrt(bytes)];
        },
      ),
      { numRuns: 300 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void [...readMrt(bytes)]));
  });
});
