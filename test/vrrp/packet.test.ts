import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/lib/address.js';
import { decodeVrrp, encodeVrrp } from '../../src/vrrp/wire/index.js';
import { hex } from '../support/hex.js';
import { same } from '../support/same.js';

const source = parseAddress('10.0.1.10');
const group = parseAddress('224.0.0.18');
const source6 = parseAddress('fe80::a');
const group6 = parseAddress('ff02::12');
const addresses = [parseAddress('10.0.1.100')];

/** With one octet changed, and the checksum made right again where the change is not to be found by it. */
function changed(at: number, value: number, version: 2 | 3 = 3): Uint8Array {
  const b = encodeVrrp({ version, virtualRouterId: 7, priority: 100, interval: 1000, addresses }, source, group);
  b[at] = value;
  b[6] = 0;
  b[7] = 0;
  let sum = 0;
  for (let i = 0; i < b.length; i += 2) sum += ((b[i] ?? 0) << 8) | (b[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  b[6] = (~sum >> 8) & 255;
  b[7] = ~sum & 255;
  return b;
}

describe('an advertisement', () => {
  test('of version 2 is what RFC 3768 says, seconds and authentication data included', () => {
    const b = encodeVrrp({ version: 2, virtualRouterId: 51, priority: 100, interval: 1000, addresses }, source, group);
    expect(Buffer.from(b).toString('hex')).toBe(`2133640100016f660a000164${'00'.repeat(8)}`);
    expect(decodeVrrp(b, source, group)).toEqual({
      version: 2,
      virtualRouterId: 51,
      priority: 100,
      interval: 1000,
      addresses: ['10.0.1.100'],
    });
  });

  test('of keepalived 2.2.7 is read: version 2 with a password, version 3 with the pseudo-header, and version 3 over IPv6', () => {
    for (const [bytes, from, to, version] of CAPTURED) {
      const read = decodeVrrp(hex(bytes), parseAddress(from), parseAddress(to));
      expect(read, bytes).toMatchObject({ version });
    }
  });

  test('of version 3 over IPv4 may have its checksum with a pseudo-header or without', () => {
    const plain = encodeVrrp({ version: 3, virtualRouterId: 7, priority: 200, interval: 30, addresses }, source, group);
    expect(decodeVrrp(plain, source, group)).toMatchObject({ priority: 200, interval: 30 });
    // The pseudo-header's words: source, destination, protocol, length.
    let sum = 0xffff & ~(((plain[6] ?? 0) << 8) | (plain[7] ?? 0));
    for (const word of [0x0a00, 0x010a, 0xe000, 0x0012, 112, plain.length]) sum += word;
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    const covering = Uint8Array.from(plain);
    covering[6] = (~sum >> 8) & 255;
    covering[7] = ~sum & 255;
    expect(covering).not.toEqual(plain);
    expect(decodeVrrp(covering, source, group)).toMatchObject({ priority: 200 });
    expect(decodeVrrp(covering, parseAddress('10.0.1.11'), group)).toBe('checksum');
  });

  test('over IPv6 is covered by its pseudo-header', () => {
    const b = encodeVrrp(
      { version: 3, virtualRouterId: 7, priority: 1, interval: 40_950, addresses: [parseAddress('fe80::1'), parseAddress('2001:db8::1')] },
      source6,
      group6,
    );
    expect(decodeVrrp(b, source6, group6)).toMatchObject({ interval: 40_950, addresses: ['fe80::1', '2001:db8::1'] });
    expect(decodeVrrp(b, parseAddress('fe80::b'), group6)).toBe('checksum');
  });

  test('that is wrong is dropped for its reason', () => {
    expect(decodeVrrp(changed(0, 0x41), source, group)).toBe('version');
    expect(decodeVrrp(changed(0, 0x32), source, group)).toBe('type');
    expect(decodeVrrp(changed(1, 0), source, group)).toBe('virtual-router-id');
    expect(decodeVrrp(changed(3, 0), source, group)).toBe('no-addresses');
    expect(decodeVrrp(changed(3, 2), source, group)).toBe('short');
    expect(decodeVrrp(changed(4, 2, 2), source, group)).toBe('authentication');
    expect(decodeVrrp(changed(5, 0, 2), source, group)).toBe('interval');
    expect(
      decodeVrrp(
        changed(4, 0, 3).map((octet, i) => (i === 5 ? octet ^ 1 : octet)),
        source,
        group,
      ),
    ).toBe('checksum');
    expect(decodeVrrp(hex('2133640100016fff'), source6, group6)).toBe('version');
  });

  test('cut anywhere, or with any octet another, is a value or a reason', () => {
    for (const [version, from, to] of [
      [2, source, group],
      [3, source, group],
      [3, source6, group6],
    ] as const) {
      const whole = encodeVrrp({ version, virtualRouterId: 7, priority: 100, interval: 1000, addresses: [from, from] }, from, to);
      for (let length = 0; length < whole.length; length++) same(typeof decodeVrrp(whole.subarray(0, length), from, to), 'string');
      for (let at = 0; at < whole.length; at++)
        for (let value = 0; value < 256; value++) {
          if (whole[at] === value) continue;
          const b = Uint8Array.from(whole);
          b[at] = value;
          same(typeof decodeVrrp(b, from, to), 'string');
        }
    }
  });
});

/** Recorded from keepalived 2.2.7: IP payload, source, destination, version. */
const CAPTURED: readonly (readonly [string, string, string, 2 | 3])[] = [
  ['21339601 0101001a 0a000164 7365637265740000', '10.0.1.10', '224.0.0.18', 2],
  ['31349601 001441b8 0a000165', '10.0.1.10', '224.0.0.18', 3],
  ['31359602 00140b3c fe80000000000000 0000000000050300 20010db800010000 0000000000000100', 'fe80::ff:fe00:a', 'ff02::12', 3],
];
