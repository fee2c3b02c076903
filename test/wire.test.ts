import { expect, test } from 'vitest';
import * as wire from '../src/wire.js';

const BFD: wire.BfdPacket = {
  diagnostic: 'none',
  state: 'up',
  poll: true,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  multiplier: 3,
  myDiscriminator: 1,
  yourDiscriminator: 0xffff_ffff,
  desiredMinTx: 50_000,
  requiredMinRx: 50_000,
  requiredMinEchoRx: 0,
};

/** The code of the `UsageError` that it ends with, and where. */
function refused(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof wire.UsageError) return `${error.code} ${error.path.join('.')}`;
    throw error;
  }
  throw new Error('it was written');
}

test('BFD packets are written and read, and what cannot be written is refused', () => {
  const bytes = wire.encodeBfdPacket(BFD);
  // RFC 5880 §4.1: version 1; up, poll; multiplier; length.
  expect([...bytes.subarray(0, 12)]).toEqual([0x20, 0xe0, 3, 24, 0, 0, 0, 1, 255, 255, 255, 255]);
  expect(wire.decodeBfdPacket(bytes)).toEqual(BFD);
  expect(wire.decodeBfdPacket(bytes.subarray(1))).toBe('short');
  const key = new TextEncoder().encode('open-sesame');
  const signed = wire.encodeBfdPacket({ ...BFD, authentication: { type: 'sha1', keyId: 7, sequence: 9 } }, key);
  expect(wire.decodeBfdPacket(signed)).toMatchObject({ authentication: { type: 'sha1', keyId: 7, sequence: 9 } });
  expect([key, key.subarray(1)].map((one) => wire.isBfdPacketAuthentic(signed, one))).toEqual([true, false]);
  expect(wire.isBfdPacketAuthentic(bytes, key)).toBe(false);
  expect(refused(() => wire.encodeBfdPacket({ ...BFD, multiplier: 256 + 3 }))).toBe('VALUE_INVALID multiplier');
  expect(refused(() => wire.encodeBfdPacket({ ...BFD, myDiscriminator: 0 }))).toBe('VALUE_INVALID ');
  expect(refused(() => wire.encodeBfdPacket({ ...BFD, authentication: { type: 'md5', keyId: 7, sequence: 9 } }))).toBe(
    'VALUE_INVALID authentication',
  );
});

test('VRRP advertisements are written and read, and what cannot be written is refused', () => {
  for (const [source, version, address] of [
    ['10.0.0.2', 2, '10.0.0.1'],
    ['10.0.0.2', 3, '10.0.0.1'],
    ['fe80::2', 3, 'fe80::1'],
  ] as const) {
    const said: wire.VrrpAdvertisement = { version, virtualRouterId: 5, priority: 120, interval: 1000, addresses: [address] };
    const bytes = wire.encodeVrrpAdvertisement(said, { source });
    expect([...bytes.subarray(0, 4)]).toEqual([(version << 4) | 1, 5, 120, 1]);
    expect(wire.decodeVrrpAdvertisement(bytes, { source })).toEqual(said);
    bytes[2] = 121;
    expect(wire.decodeVrrpAdvertisement(bytes, { source })).toBe('checksum');
  }
  const said: wire.VrrpAdvertisement = { version: 3, virtualRouterId: 5, priority: 120, interval: 1005, addresses: ['10.0.0.1'] };
  const ends = { source: '10.0.0.2' };
  expect(refused(() => wire.encodeVrrpAdvertisement(said, ends))).toBe('VALUE_INVALID interval');
  expect(refused(() => wire.encodeVrrpAdvertisement({ ...said, interval: 1000, addresses: ['fe80::1'] }, ends))).toBe(
    'VALUE_INVALID addresses.0',
  );
  expect(refused(() => wire.encodeVrrpAdvertisement({ ...said, interval: 1000 }, { ...ends, destination: 'ff02::12' }))).toBe(
    'ADDRESS_INVALID destination',
  );
});

test('PDUs of RPKI to Router are written and read, and what cannot be written is refused', () => {
  const pdus: readonly wire.RtrWritablePdu[] = [
    { type: 'serial-query', session: 7, serial: 0xffff_ffff },
    { type: 'reset-query' },
    { type: 'prefix', announce: true, prefix: '192.0.2.0/24', maxLength: 25, asn: 65001 },
    { type: 'prefix', announce: false, prefix: '2001:db8::/32', maxLength: 48, asn: 65001 },
    { type: 'end-of-data', session: 7, serial: 8, intervals: { refresh: 3600, retry: 600, expire: 7200 } },
    { type: 'aspa', announce: true, customer: 65001, providers: [65002, 65003] },
    { type: 'error-report', code: wire.RtrError.noDataAvailable, pdu: Uint8Array.of(1, 2), text: 'later' },
  ];
  for (const pdu of pdus) {
    const bytes = wire.encodeRtrPdu(2, pdu);
    expect(wire.rtrPduLength(bytes)).toBe(bytes.length);
    expect(wire.decodeRtrPdu(bytes)).toEqual(pdu);
    expect(() => wire.decodeRtrPdu(bytes.subarray(0, -1))).toThrow(wire.RtrWireError);
  }
  // RFC 8210 §5.6.
  expect([...wire.encodeRtrPdu(1, pdus[2] as wire.RtrWritablePdu)]).toEqual([
    1, 4, 0, 0, 0, 0, 0, 20, 1, 24, 25, 0, 192, 0, 2, 0, 0, 0, 0xfd, 0xe9,
  ]);
  const [, , prefix] = pdus as [never, never, Extract<wire.RtrWritablePdu, { type: 'prefix' }>];
  expect(refused(() => wire.encodeRtrPdu(1, { ...prefix, asn: 2 ** 32 }))).toBe('VALUE_INVALID asn');
  expect(refused(() => wire.encodeRtrPdu(1, { ...prefix, maxLength: 23 }))).toBe('VALUE_INVALID ');
  expect(refused(() => wire.encodeRtrPdu(1, { type: 'router-key' } as never))).toBe('VALUE_INVALID type');
  expect(refused(() => wire.encodeRtrPdu(0, pdus[4] as wire.RtrWritablePdu))).toBe('VALUE_INVALID intervals');
});
