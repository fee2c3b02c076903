import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bgpMessages, type CapturedMessage, readMrt, readPcap, readPcapng, writePcap, writePcapng } from '../../src/capture/index.js';
import { hex } from '../support/hex.js';

const MARKER = 'ff'.repeat(16);
const KEEPALIVE = hex(`${MARKER} 0013 04`);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A raw IPv4 packet with a TCP segment of 10.0.0.2 port 179. */
function packet(sequence: number, payload: Uint8Array, flags = 0x18): Uint8Array {
  const total = 40 + payload.length;
  const head = hex('4500 0000 0001 0000 40 06 0000 0a000002 0a000001  00b3 c001 00000000 00000000 50 00 ffff 0000 0000');
  head[2] = total >> 8;
  head[3] = total & 255;
  new DataView(head.buffer).setUint32(24, sequence >>> 0);
  head[33] = flags;
  return Uint8Array.from([...head, ...payload]);
}
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

  test('a damaged file gives all before the damage, then says so', () => {
    const bytes = writePcap(frames, 1);
    const records = [...readPcap(bytes.slice(0, bytes.length - 5))];
    expect(records.length).toBe(20);
    expect(records.at(-1)).toMatchObject({ damage: 'the file ends within a record' });
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
