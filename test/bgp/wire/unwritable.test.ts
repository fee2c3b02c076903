/** What octets cannot hold is said, with its place, and not written as something else. */
import { describe, expect, test } from 'vitest';
import { type BgpMessage, type Capability, decodeMessage, defaultContext, encodeMessage, type PathAttributes } from '../../../src/wire.js';

const context = { ...defaultContext, peerType: 'internal' as const };
const open = (fields: object): BgpMessage =>
  ({ type: 'open', version: 4, asn: 65001, holdTime: 90, routerId: '10.0.0.1', capabilities: [], ...fields }) as BgpMessage;
const update = (attributes: object, fields: object = {}): BgpMessage => ({
  type: 'update',
  withdrawn: [],
  announced: [],
  attributes: attributes as PathAttributes,
  ...fields,
});
const capability = (value: object): BgpMessage => open({ capabilities: [value as Capability] });
const restart = { type: 'graceful-restart', restarted: false, notification: false, families: [] };
const family = 'ipv6-unicast';
const nlri = [{ prefix: '2001:db8::/32' }];
const none = new Uint8Array();

const UNWRITABLE: readonly (readonly [what: string, message: BgpMessage, where: string])[] = [
  ['a hold time above two octets', open({ holdTime: 65_536 }), 'holdTime'],
  ['a hold time with a fraction', open({ holdTime: 1.5 }), 'holdTime'],
  ['a version above one octet', open({ version: 256 }), 'version'],
  ['a negative AS number', open({ asn: -1 }), 'asn'],
  ['a wide AS number without its capability', open({ asn: 70_000 }), 'asn'],
  ['two AS numbers in one OPEN', open({ capabilities: [{ type: 'four-octet-as', asn: 65_002 }] }), 'asn'],
  ['an identifier that is no address', open({ routerId: 'x' }), 'routerId'],
  ['a capability of no known type', capability({ type: 'nope' }), 'capabilities[0]'],
  ['a family of no known name', capability({ type: 'multiprotocol', family: 'ipv5-unicast' }), 'capabilities[0]'],
  ['a family above its octets', capability({ type: 'multiprotocol', family: '1/256' }), 'capabilities[0]'],
  ['a role that is none', capability({ type: 'role', role: 'friend' }), 'capabilities[0]'],
  ['a restart time above twelve bits', capability({ ...restart, restartTime: 4096 }), 'capabilities[0]'],
  [
    'a stale time above three octets',
    capability({ type: 'long-lived-graceful-restart', families: [{ family, forwarding: true, staleTime: 0x100_0000 }] }),
    'capabilities[0]',
  ],
  ['a code of a capability above one octet', capability({ type: 'unknown', code: 256, value: none }), 'capabilities[0].code'],
  ['a negative MED', update({ med: -1 }), 'attributes.med'],
  ['a MED above four octets', update({ med: 2 ** 32 }), 'attributes.med'],
  ['a LOCAL_PREF that is no number', update({ localPref: Number.NaN }), 'attributes.localPref'],
  ['an Only to Customer of a fraction', update({ otc: 1.5 }), 'attributes.otc'],
  ['an origin that is none', update({ origin: 'IGP' }), 'attributes.origin'],
  ['a segment of no type', update({ asPath: [{ type: 'list', asns: [1] }] }), 'attributes.asPath'],
  ['an AS number in a path above four octets', update({ asPath: [{ type: 'sequence', asns: [2 ** 40] }] }), 'attributes.asPath'],
  ['an AGGREGATOR above four octets', update({ aggregator: { asn: 2 ** 32, address: '10.0.0.1' } }), 'attributes.aggregator'],
  ['a negative AIGP', update({ aigp: -1 }), 'attributes.aigp'],
  ['an AIGP with a fraction', update({ aigp: 0.5 }), 'attributes.aigp'],
  ['an AIGP above eight octets', update({ aigp: 1n << 64n }), 'attributes.aigp'],
  ['a community that is none', update({ communities: ['65536:1'] }), 'attributes.communities'],
  ['a NEXT_HOP of IPv6', update({ nextHop: '2001:db8::1' }), 'attributes.nextHop'],
  ['an unknown attribute above one octet', update({ unknown: [{ code: 256, flags: 0xc0, value: none }] }), 'attributes.unknown'],
  ['routes without a next hop', update({ mpReach: { family, nlri } }), 'attributes.mpReach'],
  ['routes and octets both', update({ mpUnreach: { family, nlri, data: none } }), 'attributes.mpUnreach'],
  ['prefixes of a family that has none', update({ mpUnreach: { family: 'l2vpn-evpn', nlri } }), 'attributes.mpUnreach'],
  ['a prefix of the other family', update({}, { announced: nlri }), 'announced'],
  ['a prefix that is none', update({}, { withdrawn: [{ prefix: '10.0.0.1/24' }] }), 'withdrawn'],
  ['a code of a NOTIFICATION above one octet', { type: 'notification', code: 256, subcode: 0, data: none }, 'code'],
  ['a subcode that is negative', { type: 'notification', code: 6, subcode: -1, data: none }, 'subcode'],
  ['a refresh of two families', { type: 'route-refresh', afi: 1, safi: 1, family, subtype: 0 }, 'family'],
  ['a type of message above one octet', { type: 'unknown', code: 300, body: none }, 'code'],
];

describe('a value that cannot be written', () => {
  test.each(UNWRITABLE)('%s', (_, message, where) => {
    const thrown = (() => {
      try {
        return encodeMessage(message, context);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toMatchObject({ name: 'UsageError' });
    expect((thrown as Error).message.startsWith(`${where}: `)).toBe(true);
  });

  test('a message of no type', () => {
    expect(() => encodeMessage({} as BgpMessage, context)).toThrow(/expected a message/);
  });
});

describe('a list that holds nothing', () => {
  test('is no attribute, as an empty one would have the routes withdrawn', () => {
    const lists = { communities: [], extendedCommunities: [], ipv6ExtendedCommunities: [], largeCommunities: [], clusterList: [] };
    const given = update({ origin: 'igp', asPath: [], nextHop: '10.0.0.1', ...lists }, { announced: [{ prefix: '10.1.0.0/16' }] });
    expect(decodeMessage(encodeMessage(given, context), context)).toEqual({
      type: 'update',
      withdrawn: [],
      attributes: { origin: 'igp', asPath: [], nextHop: '10.0.0.1' },
      announced: [{ prefix: '10.1.0.0/16' }],
    });
  });
});
