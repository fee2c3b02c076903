import { describe, expect, test } from 'vitest';
import { decodeMessage } from '../../src/bgp/wire/index.js';
import { isMrt, readMrt } from '../../src/capture/index.js';
import { concatBytes } from '../../src/lib/bytes.js';
import * as mrt from '../support/mrt-records.js';
import { ATTRIBUTES, ORIGINATED, TIME } from '../support/mrt-records.js';

const read = (...records: readonly Uint8Array[]) => [...readMrt(concatBytes(records))];
const NEXT_HOP_6 = { ...ATTRIBUTES, nextHop: '2001:db8::1' };
const PEERS = [
  { address: '192.0.2.1', as: 65001, routerId: '1.1.1.1' },
  { address: '2001:db8::1', as: 4_200_000_000, routerId: '2.2.2.2' },
];
const ipv4 = { type: 'route', time: TIME, prefix: '203.0.113.0/24', family: 'ipv4-unicast', originated: ORIGINATED, malformed: [] };
const ipv6 = { ...ipv4, prefix: '2001:db8:1::/48', family: 'ipv6-unicast' };

describe('routes', () => {
  test('TABLE_DUMP, IPv4 and IPv6', () => {
    expect(read(mrt.tableDump, mrt.tableDump6)).toEqual([
      { ...ipv4, peer: { address: '192.0.2.1', as: 65001 }, attributes: ATTRIBUTES },
      { ...ipv6, peer: { address: '2001:db8::1', as: 65001 }, attributes: NEXT_HOP_6 },
    ]);
  });

  test('TABLE_DUMP_V2: RIB_IPV4_UNICAST and RIB_IPV6_UNICAST, each entry with its peer', () => {
    expect(read(mrt.peerIndex, mrt.rib4, mrt.rib6)).toEqual([
      { ...ipv4, peer: PEERS[0], attributes: ATTRIBUTES },
      { ...ipv4, peer: PEERS[1], attributes: ATTRIBUTES },
      { ...ipv6, peer: PEERS[1], attributes: NEXT_HOP_6 },
    ]);
  });

  test('with path identifiers (RFC 8050)', () => {
    expect(read(mrt.peerIndex, mrt.rib4AddPath, mrt.rib6AddPath)).toEqual([
      { ...ipv4, pathId: 5, peer: PEERS[0], attributes: ATTRIBUTES },
      { ...ipv4, pathId: 6, peer: PEERS[0], attributes: ATTRIBUTES },
      { ...ipv6, pathId: 7, peer: PEERS[1], attributes: NEXT_HOP_6 },
    ]);
  });

  test('a malformed attribute is named, and the others are read', () => {
    const [route] = read(mrt.record(12, 1, `0000 0007 cb007100 18 01 00000000 c0000201 fde9 000a  400101 00  400303 c00002`));
    expect(route).toMatchObject({ attributes: { origin: 'igp' }, malformed: [{ code: 3 }] });
  });

  test('a family that is not read is an unknown record, and so is a dump of a kind that there is not', () => {
    const appleTalk = mrt.record(13, 6, '00000005 0005 01 00 0000');
    const old = mrt.record(12, 3, '0000 0007 cb007100 18 01 00000000 c0000201 0000fde9 0004 400101 00');
    expect(read(mrt.peerIndex, mrt.ribGeneric, appleTalk, old)).toEqual([
      { type: 'unknown', time: TIME, mrtType: 13, subtype: 6, length: 8 },
      { type: 'unknown', time: TIME, mrtType: 13, subtype: 6, length: 10 },
      { type: 'unknown', time: TIME, mrtType: 12, subtype: 3, length: 28 },
    ]);
  });

  test.each([
    ['two octets', '400101 00 4003'],
    ['a length of one octet where there are two', '400101 00 500300'],
    ['one octet', '400101 00 40'],
  ])('attributes that end within one are malformed: %s', (_name, octets) => {
    const size = (octets.replace(/\s/g, '').length / 2).toString(16).padStart(4, '0');
    const [route] = read(mrt.record(12, 1, `0000 0007 cb007100 18 01 00000000 c0000201 fde9 ${size} ${octets}`));
    expect(route).toMatchObject({ attributes: { origin: 'igp' }, malformed: [{ remedy: expect.any(String) }] });
  });

  test('a prefix longer than its address is damage, and a list of peers that does not read names nobody', () => {
    const long = mrt.record(12, 1, '0000 0007 cb007100 21 01 00000000 c0000201 fde9 0004 400101 00');
    const cut = mrt.record(13, 1, '0a0a0a0a 0000 0002 00 01010101 c0000201');
    expect(read(mrt.peerIndex, long, cut, mrt.rib4)).toMatchObject([
      { damage: expect.stringContaining('a prefix of 33 bits') },
      { damage: expect.any(String) },
      { peer: { address: '', as: 0 } },
      { peer: { address: '', as: 0 } },
    ]);
  });
});

describe('messages', () => {
  test.each(Object.entries(mrt.bgp4mp))('BGP4MP %s', (name, record) => {
    const [message, ...more] = read(record);
    if (!message || 'damage' in message || message.type !== 'message') throw new Error('expected a message');
    const ends = ['192.0.2.1', '192.0.2.2'];
    // What a LOCAL subtype holds the recorder sent itself.
    const [from, to] = name.includes('LOCAL') ? [ends[1], ends[0]] : ends;
    const time = name.startsWith('ET') ? TIME + 0.25 : TIME;
    expect(message).toMatchObject({ time, from, to, peerAs: 65001, localAs: 65000, context: { fourOctetAs: name.includes('AS4') } });
    expect(decodeMessage(message.bytes, message.context)).toEqual({
      type: 'update',
      withdrawn: [],
      attributes: ATTRIBUTES,
      announced: [name.includes('ADDPATH') ? { pathId: 9, prefix: '203.0.113.0/24' } : { prefix: '203.0.113.0/24' }],
    });
    expect(more).toEqual([]);
  });

  test('over IPv6', () => {
    const [message] = read(mrt.overIpv6);
    expect(message).toMatchObject({ type: 'message', from: '2001:db8::1', to: '2001:db8::2', peerAs: 65001 });
  });

  test('changes of state, with AS numbers of two octets and of four', () => {
    expect(read(mrt.stateChange, mrt.stateChangeAs4)).toEqual([
      { type: 'state-change', time: TIME, peer: { address: '192.0.2.1', as: 65001 }, from: 5, to: 6 },
      { type: 'state-change', time: TIME, peer: { address: '2001:db8::1', as: 65001 }, from: 6, to: 1 },
    ]);
  });

  test('the type of before RFC 6396: an UPDATE without its header, and a change of state', () => {
    const [update, change] = read(
      mrt.record(5, 1, `fde9 c0000201 fde8 c0000202  0000 0014 ${mrt.NARROW} 18cb0071`),
      mrt.record(5, 3, 'fde9 c0000201 0006 0001'),
    );
    if (!update || 'damage' in update || update.type !== 'message') throw new Error('expected a message');
    expect(update).toMatchObject({ from: '192.0.2.1', to: '192.0.2.2', peerAs: 65001, localAs: 65000 });
    expect(decodeMessage(update.bytes, update.context)).toMatchObject({
      attributes: ATTRIBUTES,
      announced: [{ prefix: '203.0.113.0/24' }],
    });
    expect(change).toEqual({ type: 'state-change', time: TIME, peer: { address: '192.0.2.1', as: 65001 }, from: 6, to: 1 });
  });
});

test('damage is told, and what comes after is read', () => {
  expect(read(mrt.record(13, 2, '00000001 18 cb'), mrt.stateChange)).toEqual([
    { damage: expect.stringMatching(/^a record of type 13\/2: /), offset: 0 },
    expect.objectContaining({ type: 'state-change' }),
  ]);
  expect(read(mrt.stateChange, mrt.rib4.slice(0, 20)).at(-1)).toEqual({
    damage: 'the file ends within a record',
    offset: mrt.stateChange.length,
  });
  expect(read(mrt.record(48, 1, 'ab'))).toEqual([{ type: 'unknown', time: TIME, mrtType: 48, subtype: 1, length: 1 }]);
});

test('a file is known by its first records', () => {
  expect([isMrt(mrt.peerIndex), isMrt(mrt.tableDump), isMrt(new Uint8Array(40)), isMrt(new Uint8Array(0))]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
