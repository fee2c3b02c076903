import fc from 'fast-check';
import { IPv4, IPv6, Validator } from 'ip-num';
import { expect, test } from 'vitest';
import { formatAddress, isAddress, parseAddress } from '../../src/lib/address.js';
import { plainIpv4, plainIpv6 } from '../../src/lib/plain-address.js';

/** What ip-num says an address is. */
const value4 = (text: string) => (Validator.isValidIPv4String(text)[0] ? new IPv4(text).value : undefined);
const value6 = (text: string) => (Validator.isValidIPv6String(text)[0] ? new IPv6(text).value : undefined);
const numberOf = (bytes: Uint8Array | undefined) => bytes?.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

const often = (usual: fc.Arbitrary<string>, ...odd: string[]) => fc.oneof({ weight: 9, arbitrary: usual }, fc.constantFrom(...odd));
const octet = often(fc.nat(255).map(String), '', '00', '01', '256', '300', '1000', 'a', '-1', ' 1', '1e1');
const quad = fc.oneof(
  fc.array(octet, { minLength: 4, maxLength: 4 }).map((octets) => octets.join('.')),
  fc.array(octet, { maxLength: 6 }).map((octets) => octets.join('.')),
);
const group = often(
  fc.nat(0xffff).map((word) => word.toString(16)),
  ...['', '0', '0000', '00001', 'FFFF', 'fffg', '-1'],
);
const groups = fc
  .tuple(fc.array(group, { maxLength: 5 }), fc.array(group, { maxLength: 5 }), often(fc.constant('::'), ':', ':::'))
  .map(([front, back, between]) => `${front.join(':')}${between}${back.join(':')}`);
const any = fc.string({ unit: fc.constantFrom('0', '1', '9', 'a', 'F', ':', '::', '.'), maxLength: 20 });

test('what is written plainly is read as ip-num reads it, and what ip-num refuses is refused', () => {
  let read = 0;
  const check = (text: string) => {
    const [four, six] = [plainIpv4(text), plainIpv6(text)];
    if (four && numberOf(four) !== value4(text)) throw new Error(`${text} was read as ${four}`);
    if (six && numberOf(six) !== value6(text)) throw new Error(`${text} was read as ${six}`);
    if (four ?? six) read++;
  };
  fc.assert(fc.property(fc.oneof(quad, groups, any), check), { numRuns: 2000 });
  expect(read).toBeGreaterThan(400);
});

test('every address in its canonical form, or in full, is written plainly, but for a dotted tail', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 }), (words) => {
      const bytes = Uint8Array.from(words.flatMap((word) => [word >> 8, word & 255]));
      const text = formatAddress(bytes);
      if (!text.includes('.')) expect(plainIpv6(text)).toEqual(bytes);
      expect(plainIpv6(words.map((word) => word.toString(16).toUpperCase().padStart(4, '0')).join(':'))).toEqual(bytes);
      expect(parseAddress(text)).toEqual(bytes);
      const short = bytes.subarray(0, 4);
      expect(plainIpv4(formatAddress(short))).toEqual(short);
    }),
  );
});

test.each([
  ['::', true],
  ['::1', true],
  ['1::', true],
  ['::ffff:192.0.2.1', true],
  ['1:2:3:4:5:6:192.0.2.1', true],
  ['::ffff:192.0.2.256', false],
  ['::ffff:010.0.0.1', false],
  ['1:2:3:4:5:6:7:8', true],
  ['1:2:3:4:5:6:7:8:9', false],
  ['1:2:3:4:5:6:7', false],
  ['1::2::3', false],
  ['1:', false],
  [':1', false],
  [':', false],
  ['fe80::1%eth0', false],
  ['', false],
  ['192.0.2.01', false],
  ['192.0.2', false],
  ['192.0.2.1.', false],
  ['192.0.2.1 ', false],
])('%s', (text, expected) => {
  expect(isAddress(text)).toBe(expected);
});
