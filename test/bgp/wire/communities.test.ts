import { describe, expect, test } from 'vitest';
import {
  canonicalCommunity,
  canonicalExtendedCommunity,
  canonicalIpv6ExtendedCommunity,
  canonicalLargeCommunity,
  formatExtendedCommunity,
  parseCommunity,
  parseExtendedCommunity,
} from '../../../src/bgp/wire/index.js';
import { hex } from '../../support/hex.js';

test.each([
  ['65000:1', '65000:1'],
  ['0:0', '0:0'],
  ['00001:010', '1:10'],
  ['NO_EXPORT', '65535:65281'],
  ['no-export', '65535:65281'],
  ['No_Advertise', '65535:65282'],
  ['no-export-subconfed', '65535:65283'],
  ['local-AS', '65535:65283'],
  ['nopeer', '65535:65284'],
  ['NO_PEER', '65535:65284'],
  ['graceful-shutdown', '65535:0'],
  ['blackhole', '65535:666'],
])('community %s is %s', (text, canonical) => {
  expect(canonicalCommunity(text)).toBe(canonical);
});

test('a community is its 32 bits', () => {
  expect(parseCommunity('65535:65535')).toBe(0xffff_ffff);
});

test.each([
  ['target:65000:1', '0002 fde8 00000001', 'target:65000:1'],
  ['rt:65000:4294967295', '0002 fde8 ffffffff', 'target:65000:4294967295'],
  ['SOO:65536:1', '0203 00010000 0001', 'origin:65536:1'],
  ['origin:192.0.2.1:65535', '0103 c0000201 ffff', 'origin:192.0.2.1:65535'],
  ['0x030C00000000000B', '030c 00000000000b', '0x030c00000000000b'],
  ['0x0002FDE800000001', '0002 fde8 00000001', 'target:65000:1'],
])('extended community %s', (text, bytes, canonical) => {
  expect(parseExtendedCommunity(text)).toEqual(hex(bytes));
  expect(formatExtendedCommunity(hex(bytes))).toBe(canonical);
  expect(canonicalExtendedCommunity(canonical)).toBe(canonical);
});

test('a target that is not transitive is not mistaken for one that is', () => {
  expect(formatExtendedCommunity(hex('4002 fde8 00000001'))).toBe('0x4002fde800000001');
});

test('an IPv6 extended community', () => {
  expect(canonicalIpv6ExtendedCommunity('RT:[2001:0db8::1]:7')).toBe('target:[2001:db8::1]:7');
  expect(canonicalIpv6ExtendedCommunity(`0x${'AB'.repeat(20)}`)).toBe(`0x${'ab'.repeat(20)}`);
});

test('a large community', () => {
  expect(canonicalLargeCommunity('4294967295:0:007')).toBe('4294967295:0:7');
});

describe('what is none is a mistake of the program', () => {
  const invalid = expect.objectContaining({ code: 'COMMUNITY_INVALID' });
  test.each(['', '65536:1', '1:65536', '1', '1:2:3', 'no-such-name', '-1:1', '1:1 ', 'constructor', 'toString'])('community %j', (text) => {
    expect(() => canonicalCommunity(text)).toThrow(invalid);
  });
  test.each([
    'target:1',
    'target:65000:4294967296',
    'target:65536:65536',
    'target:4294967296:1',
    'target:1.2.3:1',
    'target:1.2.3.4:65536',
    'color:1:1',
    '0x00',
  ])('extended community %j', (text) => {
    expect(() => canonicalExtendedCommunity(text)).toThrow(invalid);
  });
  test.each(['target:[1.2.3.4]:1', 'target:[::1]:65536', 'target:::1:1', '0x00'])('IPv6 extended community %j', (text) => {
    expect(() => canonicalIpv6ExtendedCommunity(text)).toThrow(invalid);
  });
  test.each(['1:2', '1:2:4294967296', '1:2:3:4', 'a:b:c'])('large community %j', (text) => {
    expect(() => canonicalLargeCommunity(text)).toThrow(invalid);
  });
});
