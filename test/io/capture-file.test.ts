import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { bunzip2 } from '../../src/io/bzip2.js';
import { openCapture } from '../../src/io/capture-file.js';
import { concatBytes } from '../../src/lib/bytes.js';
import { hex } from '../support/hex.js';
import { rib4 } from '../support/mrt-records.js';

const folder = mkdtempSync(join(tmpdir(), 'virtual-router-capture-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const open = (bytes: Uint8Array) => {
  const file = join(folder, 'capture');
  writeFileSync(file, bytes);
  return openCapture(file);
};

// Written by libbzip2.
/** "hello hello hello virtual router\n", four times. */
const HELLO = hex(
  '425a6839314159265359cacdeed1000014d180001040002264970020005081a06805528318492449e1649166ce0c28b228459e9a30b3f28c34745dc914e142432b37bb44',
);
const GREETING = 'hello hello hello virtual router\n'.repeat(4);
/** 1,000 octets 'a', then "b": runs longer than 255. */
const RUNS = hex('425a6839314159265359ded05eca0000018101b00000800008200021100cd34cda0e81c5dc914e142437b417b280');
/** 45,000,000 octets of zero. */
const BOMB = hex('425a6839314159265359c901b6c80158ab4020c00010000008200030cc0529a65248526c5492149e2ee48a70a12192036d90');
/** {@link rib4}. */
const RIB = hex(
  '425a6839314159265359cdec5b2c00002267e5fc120040401018000200200040000000c008002030022000484aa79a486269a1ea02511309918342a9e59f491e95cf8476507258374644261863910608212171c6c5645f05d8c312e1c5221d177245385090cdec5b2c',
);

describe('bzip2', () => {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

  test('a block, runs of one octet, and several streams one after another', () => {
    expect(text(bunzip2(HELLO).bytes)).toBe(GREETING);
    expect(text(bunzip2(RUNS).bytes)).toBe(`${'a'.repeat(1000)}b`);
    const both = bunzip2(concatBytes([HELLO, RUNS]));
    expect([text(both.bytes), both.damage]).toEqual([`${GREETING}${'a'.repeat(1000)}b`, undefined]);
    expect(bunzip2(hex('425a6839 177245385090 00000000'))).toEqual({ bytes: new Uint8Array(0), damage: undefined });
  });

  test('what was whole before an early end or damage is handed out, and the damage told', () => {
    const cut = bunzip2(concatBytes([HELLO, RUNS.slice(0, 20)]));
    expect([text(cut.bytes), cut.damage]).toEqual([GREETING, 'the bzip2 data ends early']);
    expect(bunzip2(hex('425a6830')).damage).toBe('a bzip2 block size that there is not');
    expect(bunzip2(hex('425a6839 000000000000')).damage).toBe('a bzip2 block that does not begin as one');
  });

  test('a checksum that is another is damage, of a block or of the whole', () => {
    const [block, whole] = [HELLO.slice(), HELLO.slice()];
    block.set([0], 10);
    // The last octet's bits are the end of the checksum and padding.
    whole[whole.length - 2] = (whole[whole.length - 2] ?? 0) ^ 1;
    expect(bunzip2(block)).toMatchObject({ bytes: { length: 0 }, damage: 'a bzip2 block whose checksum is another' });
    expect(bunzip2(whole)).toMatchObject({ bytes: { length: GREETING.length }, damage: 'bzip2 data whose checksum is another' });
  });

  test('progress is told in octets of what is decompressed', () => {
    const told: number[] = [];
    bunzip2(concatBytes([HELLO, RUNS]), (done) => told.push(done));
    expect(told.length).toBe(2);
    expect(told[0]).toBeLessThanOrEqual(HELLO.length);
    expect(told[1]).toBeGreaterThan(HELLO.length);
  });
});

describe('a file', () => {
  test('is read plain, with gzip and with bzip2 around it', () => {
    for (const bytes of [rib4, gzipSync(rib4), RIB]) {
      const { format, bytes: inside, damage } = open(bytes);
      expect([format, Buffer.from(inside).toString('hex'), damage]).toEqual(['mrt', Buffer.from(rib4).toString('hex'), undefined]);
    }
  });

  test('that was cut short is read as far as it goes', () => {
    const packed = gzipSync(concatBytes(new Array(200).fill(rib4)));
    const { format, bytes, damage } = open(packed.subarray(0, packed.length - 12));
    expect([format, damage]).toEqual(['mrt', 'the gzip data ends early']);
    expect(bytes.length).toBeGreaterThan(rib4.length);
  });

  test('that was cut so short that nothing tells what it was says so', () => {
    expect(() => open(RIB.subarray(0, 40))).toThrow('capture is not a pcap, pcapng, MRT or hex file, and the bzip2 data ends early');
  });

  test('that was damaged is read up to there', () => {
    // Stored, so that it is known where what stands.
    const packed = gzipSync(concatBytes(new Array(2000).fill(rib4)), { level: 0 });
    const octet = packed.subarray();
    octet[octet.length - 6] = (octet[octet.length - 6] ?? 0) ^ 1;
    const checksum = open(octet);
    expect([checksum.format, checksum.bytes.length]).toEqual(['mrt', 2000 * rib4.length]);
    expect(checksum.damage).toBe('the gzip data is damaged: incorrect data check');
    // A block of a type that there is not, behind the first of 65,535 octets or so.
    const second = 10 + 5 + (octet[11] ?? 0) + ((octet[12] ?? 0) << 8);
    octet[second] = 7;
    const block = open(octet);
    expect(block.bytes.length).toBe(second - 15);
    expect(block.damage).toBe('the gzip data is damaged: invalid block type');
    expect(() => open(gzipSync(rib4).fill(7, 10))).toThrow('is damaged gzip data');
  });

  test.each([
    ['gzip', gzipSync(new Uint8Array(50_000_000))],
    ['bzip2', BOMB],
  ])('that holds more than is taken is not read: %s', (_name, bytes) => {
    writeFileSync(join(folder, 'bomb'), bytes);
    expect(() => openCapture(join(folder, 'bomb'), undefined, 1 << 20)).toThrow('holds more than 1048576 octets');
  });

  test('of several members is read whole', () => {
    expect(open(concatBytes([gzipSync(rib4), gzipSync(rib4)])).bytes.length).toBe(2 * rib4.length);
  });

  test('of hex holds the octets that it spells', () => {
    expect(open(Buffer.from('# a comment\n0xde:AD be,ef // and one\n'))).toMatchObject({ format: 'hex', bytes: hex('deadbeef') });
  });
});
