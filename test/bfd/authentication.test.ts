import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BfdConfig } from '../../src/bfd/config.js';
import { type BfdAuthenticationType, type ControlPacket, decodeControl, encodeControl } from '../../src/bfd/index.js';
import { isAuthentic, SCHEMES, SIZE } from '../../src/bfd/wire/index.js';
import { readPcap } from '../../src/capture/pcap.js';
import { hex } from '../support/hex.js';
import { A, B, pair } from './pair.js';

const TYPES = Object.keys(SCHEMES) as BfdAuthenticationType[];
const octets = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const plain: ControlPacket = {
  diagnostic: 'none',
  state: 'up',
  poll: false,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  multiplier: 3,
  myDiscriminator: 1,
  yourDiscriminator: 2,
  desiredMinTx: 50_000,
  requiredMinRx: 50_000,
  requiredMinEchoRx: 0,
};

describe('a section', () => {
  test.each(TYPES)('%s decodes to what was encoded, and is genuine under its key and no other', (type) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.uint8Array({ minLength: 1, maxLength: SCHEMES[type].size }),
        (keyId, sequence, key) => {
          const packet = { ...plain, authentication: { type, keyId, sequence: SCHEMES[type].digest ? sequence : 0 } };
          const bytes = encodeControl(packet, key);
          expect(decodeControl(bytes)).toEqual(packet);
          expect(isAuthentic(bytes, SIZE, type, key)).toBe(true);
          // Zeros at the end of a key are what a shorter one is filled up with.
          const other = key.map((octet, i) => (i === 0 ? octet ^ 1 : octet));
          expect(isAuthentic(bytes, SIZE, type, other)).toBe(false);
          const changed = bytes.slice();
          changed[2] = 4;
          expect(isAuthentic(changed, SIZE, type, key)).toBe(SCHEMES[type].digest === undefined);
        },
      ),
    );
  });

  test('of no known kind, or of another length than its kind has, is none', () => {
    const head = '20 c4 03';
    const rest = '00000001 00000002 0000c350 0000c350 00000000';
    expect(decodeControl(hex(`${head} 1c ${rest} 06 04 01 00`))).toBe('authentication');
    expect(decodeControl(hex(`${head} 1b ${rest} 01 03 01`))).toBe('authentication');
    expect(decodeControl(hex(`${head} 20 ${rest} 02 08 01 00 00000001`))).toBe('authentication');
  });
});

const configuration = (type: BfdAuthenticationType, ...keys: readonly (readonly [id: number, secret: string])[]): BfdConfig => ({
  minTx: 50,
  minRx: 50,
  authentication: { type, keys: keys.map(([id, secret]) => ({ id, secret })) },
});

describe('a session', () => {
  test.each(TYPES)('comes up and stays up with %s', (type) => {
    const { clock, said, one } = pair(configuration(type, [7, 'open sesame']));
    clock.advance(20_000);
    expect(said.filter((line) => line.endsWith('> up'))).toHaveLength(2);
    expect(said).toHaveLength(4);
    expect(one.engine.drops).toEqual({});
  });

  test.each([
    ['another key', configuration('sha1', [1, 'right']), configuration('sha1', [1, 'wrong'])],
    ['another key id', configuration('sha1', [1, 'right']), configuration('sha1', [2, 'right'])],
    ['another type', configuration('sha1', [1, 'right']), configuration('meticulous-sha1', [1, 'right'])],
    ['none at the other end', configuration('simple', [1, 'right']), {}],
  ])('does not come up with %s', (_what, a, b) => {
    const { clock, said, one, other } = pair(a, b);
    clock.advance(10_000);
    expect(said).toEqual([]);
    expect(one.engine.drops.authentication).toBeGreaterThan(5);
    expect(other.engine.drops.authentication).toBeGreaterThan(5);
  });

  test('rolls over from one key to the next and never leaves up', () => {
    const { clock, said, one, other, datagrams } = pair(configuration('meticulous-sha1', [1, 'old']));
    clock.advance(5000);
    said.length = 0;
    const steps: readonly (readonly [number, string])[][] = [
      [
        [1, 'old'],
        [2, 'new'],
      ],
      [
        [2, 'new'],
        [1, 'old'],
      ],
      [[2, 'new']],
    ];
    for (const keys of steps) {
      for (const end of [one, other]) {
        end.watch.reconfigure(configuration('meticulous-sha1', ...keys));
        clock.advance(1000);
      }
    }
    expect(said).toEqual([]);
    expect(one.engine.drops).toEqual({});
    const seen = new Set<number>();
    datagrams.tap = (bytes) => void seen.add(bytes[SIZE + 2] ?? -1);
    clock.advance(1000);
    expect([...seen]).toEqual([2]);
  });

  test.each(['md5', 'meticulous-md5', 'sha1', 'meticulous-sha1'] as const)('with %s takes no packet that was sent before', (type) => {
    const { clock, one, datagrams } = pair(configuration(type, [1, 'secret']));
    clock.advance(5000);
    const recorded: Uint8Array[] = [];
    datagrams.tap = (bytes, from) => {
      if (from === B) recorded.push(bytes.slice());
    };
    clock.advance(500);
    datagrams.tap = undefined;
    // Non-meticulous numbers stand for a content, and move on when that does.
    one.watch.reconfigure({ ...configuration(type, [1, 'secret']), minTx: 60 });
    clock.advance(500);
    const before = one.engine.drops.authentication ?? 0;
    for (const bytes of recorded) one.engine.receive(bytes, { remote: B, local: A });
    expect((one.engine.drops.authentication ?? 0) - before).toBe(recorded.length);
  });

  test('hears a neighbour again that restarted with other numbers, once it was silent for twice the detection time', () => {
    const { clock, said, other, again } = pair(configuration('meticulous-sha1', [1, 'secret']));
    clock.advance(5000);
    other.watch.close();
    clock.advance(10_000);
    said.length = 0;
    again();
    clock.advance(5000);
    expect(said.filter((line) => line.endsWith('> up'))).toHaveLength(2);
  });
});

// Sessions between two BIRDs, where the variable names the folder that holds them.
const folder = join(process.env.VIRTUAL_ROUTER_CORPORA ?? '', 'bird-live');
describe.skipIf(!existsSync(join(folder, 'keys.json')))('what BIRD sent', () => {
  const keys = existsSync(join(folder, 'keys.json')) ? (JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')) as Known) : {};
  interface Known {
    readonly [file: string]: { readonly auth_type: number; readonly key_id: number; readonly key: string };
  }
  test.each(['bfd-simple.pcap', 'bfd-md5.pcap', 'bfd-msha1.pcap'])('%s is genuine, and we would have sent the same', (file) => {
    const known = keys[file];
    const type = TYPES.find((candidate) => SCHEMES[candidate].code === known?.auth_type);
    if (!known || !type) throw new Error('unknown');
    let packets = 0;
    for (const frame of readPcap(readFileSync(join(folder, file)))) {
      if (!('bytes' in frame)) throw new Error('damaged');
      const { bytes } = frame;
      // Ethernet, IPv4 without options, UDP.
      if (bytes[12] !== 8 || bytes[13] !== 0 || bytes[23] !== 17 || bytes[37] !== 200) continue;
      const payload = bytes.slice(42, 42 + (((bytes[38] ?? 0) << 8) | (bytes[39] ?? 0)) - 8);
      const packet = decodeControl(payload);
      if (typeof packet === 'string') throw new Error(packet);
      expect(packet.authentication).toMatchObject({ type, keyId: known.key_id });
      expect(isAuthentic(payload, SIZE, type, octets(known.key))).toBe(true);
      expect(encodeControl(packet, octets(known.key))).toEqual(new Uint8Array(payload));
      packets++;
    }
    expect(packets).toBeGreaterThan(10);
  });
});
