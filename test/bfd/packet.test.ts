import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ControlPacket, decodeControl, encodeControl } from '../../src/bfd/index.js';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const packet: fc.Arbitrary<ControlPacket> = fc.record({
  diagnostic: fc.constantFrom('none', 'detection-time-expired', 'administratively-down', 'reverse-concatenated-path-down'),
  state: fc.constantFrom('admin-down', 'down', 'init', 'up'),
  poll: fc.boolean(),
  final: fc.boolean(),
  controlPlaneIndependent: fc.boolean(),
  demand: fc.boolean(),
  multiplier: fc.integer({ min: 1, max: 255 }),
  myDiscriminator: fc.integer({ min: 1, max: 0xffff_ffff }),
  yourDiscriminator: fc.integer({ min: 1, max: 0xffff_ffff }),
  desiredMinTx: u32,
  requiredMinRx: u32,
  requiredMinEchoRx: u32,
});

test('a packet decodes to what was encoded', () => {
  fc.assert(
    fc.property(packet, (value) => {
      expect(decodeControl(encodeControl(value))).toEqual(value);
    }),
  );
});

test('any octets are a packet or a reason', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      expect(['string', 'object']).toContain(typeof decodeControl(bytes));
    }),
  );
});

test.each([
  ['short', [0x20, 0x40, 3]],
  ['version', [0x40, 0x40, 3, 24, 0, 0, 0, 1, 0, 0, 0, 1]],
  ['length', [0x20, 0x40, 3, 23, 0, 0, 0, 1, 0, 0, 0, 1]],
  ['length', [0x20, 0x40, 3, 48, 0, 0, 0, 1, 0, 0, 0, 1]],
  ['length', [0x20, 0x44, 3, 24, 0, 0, 0, 1, 0, 0, 0, 1]],
  ['multiplier-zero', [0x20, 0x40, 0, 24, 0, 0, 0, 1, 0, 0, 0, 1]],
  ['multipoint', [0x20, 0x41, 3, 24, 0, 0, 0, 1, 0, 0, 0, 1]],
  ['my-discriminator-zero', [0x20, 0x40, 3, 24, 0, 0, 0, 0, 0, 0, 0, 1]],
  ['your-discriminator-zero', [0x20, 0xc0, 3, 24, 0, 0, 0, 1, 0, 0, 0, 0]],
] as const)('RFC 5880 §6.8.6: %s', (reason, head) => {
  const bytes = new Uint8Array(head.length < 12 ? head.length : 24);
  bytes.set(head);
  expect(decodeControl(bytes)).toBe(reason);
});
