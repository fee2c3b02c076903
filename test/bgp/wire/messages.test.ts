import { describe, expect, test } from 'vitest';
import {
  type BgpMessage,
  type Capability,
  decodeMessage,
  defaultContext,
  encodeMessage,
  inspectMessage,
  MessageError,
  notificationName,
  type Open,
  toJson,
  type WireContext,
} from '../../../src/bgp/wire/index.js';
import { hex } from '../../support/hex.js';
import { brokenUpdates, missing, PLAIN } from './malformed.js';

const MARKER = 'ff'.repeat(16);
const extended: WireContext = { ...defaultContext, maxMessage: 65_535 };

/** A message of a type with a body, its length filled in. */
function framed(type: number, body: string): Uint8Array {
  const bytes = hex(body);
  const length = (19 + bytes.length).toString(16).padStart(4, '0');
  return Uint8Array.from([...hex(`${MARKER} ${length} ${type.toString(16).padStart(2, '0')}`), ...bytes]);
}

/** The error that decoding ends in. */
function errorOf(bytes: Uint8Array, context = defaultContext): { code: number; subcode: number; data: Uint8Array } {
  try {
    decodeMessage(bytes, context);
  } catch (error) {
    if (error instanceof MessageError) return { code: error.code, subcode: error.subcode, data: error.data };
    throw error;
  }
  throw new Error('it decoded');
}

const NONE = hex('');

describe('the header', () => {
  test.each([
    ['a marker that is not all ones', hex(`${'ff'.repeat(15)}fe 0013 04`), 1, 1, NONE],
    ['a length below 19', hex(`${MARKER} 0012 04`), 1, 2, hex('0012')],
    ['a length above 4,096', hex(`${MARKER} 1001 02`), 1, 2, hex('1001')],
    ['a KEEPALIVE with a body', framed(4, '00'), 1, 2, hex('0014')],
    ['an OPEN of 28 octets', framed(1, '04 fde8 005a 01010101'), 1, 2, hex('001c')],
    ['an UPDATE of 22 octets', framed(2, '0000 00'), 1, 2, hex('0016')],
    ['a NOTIFICATION of 20 octets', framed(3, '06'), 1, 2, hex('0014')],
    ['a ROUTE-REFRESH of 22 octets', framed(5, '0001 00'), 1, 2, hex('0016')],
    ['a length that is not that of the message', Uint8Array.from([...framed(2, '0000 0000'), 0]), 1, 2, hex('0017')],
    ['an unknown type', framed(9, ''), 1, 3, hex('09')],
    ['a type of 0', framed(0, ''), 1, 3, hex('00')],
  ])('%s is an error', (_name, bytes, code, subcode, data) => {
    expect(errorOf(bytes)).toEqual({ code, subcode, data });
  });

  test('fewer octets than a header are no message', () => {
    expect(errorOf(hex('ffff'))).toMatchObject({ code: 1, subcode: 2 });
  });

  test('an UPDATE may be longer where extended messages were agreed on, an OPEN may not', () => {
    const update = framed(2, `0000 1388 d0 63 1384 ${'00'.repeat(5000)}`);
    expect(decodeMessage(update, extended)).toMatchObject({ type: 'update' });
    expect(errorOf(update)).toMatchObject({ code: 1, subcode: 2 });
    expect(errorOf(framed(1, '00'.repeat(4100)), extended)).toMatchObject({ code: 1, subcode: 2 });
  });
});

const capabilities: readonly (readonly [bytes: string, capability: Capability])[] = [
  ['01 04 0002 00 01', { type: 'multiprotocol', family: 'ipv6-unicast' }],
  ['01 04 0019 00 46', { type: 'multiprotocol', family: 'l2vpn-evpn' }],
  ['01 04 4004 00 09', { type: 'multiprotocol', family: '16388/9' }],
  ['02 00', { type: 'route-refresh' }],
  ['05 06 0001 0001 0002', { type: 'extended-next-hop', entries: [{ family: 'ipv4-unicast', nextHopAfi: 2 }] }],
  // A SAFI of two octets is no AFI beside one of one.
  ['05 06 0000 0101 0002', { type: 'extended-next-hop', entries: [{ family: '0/257', nextHopAfi: 2 }] }],
  ['06 00', { type: 'extended-message' }],
  ['09 01 03', { type: 'role', role: 'customer' }],
  ['09 01 07', { type: 'unknown', code: 9, value: hex('07') }],
  [
    '40 06 c078 0001 01 80',
    {
      type: 'graceful-restart',
      restarted: true,
      notification: true,
      restartTime: 120,
      families: [{ family: 'ipv4-unicast', forwarding: true }],
    },
  ],
  ['41 04 00010000', { type: 'four-octet-as', asn: 65536 }],
  [
    '45 08 0001 01 03 0002 01 01',
    {
      type: 'add-path',
      families: [
        { family: 'ipv4-unicast', send: true, receive: true },
        { family: 'ipv6-unicast', send: false, receive: true },
      ],
    },
  ],
  ['45 04 0001 01 04', { type: 'unknown', code: 0x45, value: hex('00010104') }],
  ['46 00', { type: 'enhanced-route-refresh' }],
  [
    '47 07 0001 01 80 000e10',
    { type: 'long-lived-graceful-restart', families: [{ family: 'ipv4-unicast', forwarding: true, staleTime: 3600 }] },
  ],
  ['49 0b 05 7765622d61 04 74657374', { type: 'fqdn', host: 'web-a', domain: 'test' }],
  ['49 03 09 7765', { type: 'unknown', code: 0x49, value: hex('097765') }],
  ['4a 00', { type: 'bfd-strict-mode' }],
  ['4b 04 03 312e30', { type: 'software-version', version: '1.0' }],
  ['80 02 beef', { type: 'unknown', code: 0x80, value: hex('beef') }],
];

function open(parameters: string): Uint8Array {
  return framed(1, `04 fde8 005a 01010101 ${parameters}`);
}
const base: Open = { type: 'open', version: 4, asn: 65000, holdTime: 90, routerId: '1.1.1.1', capabilities: [] };

describe('OPEN', () => {
  test('without parameters', () => {
    expect(decodeMessage(open('00'), defaultContext)).toEqual(base);
    expect(encodeMessage(base, defaultContext)).toEqual(open('00'));
  });

  test.each(capabilities)('capability %s', (bytes, capability) => {
    const size = hex(bytes).length;
    const octets = open(`${(size + 2).toString(16).padStart(2, '0')} 02 ${size.toString(16).padStart(2, '0')} ${bytes}`);
    const four = capability.type === 'four-octet-as' ? { asn: capability.asn } : {};
    expect(decodeMessage(octets, defaultContext)).toEqual({ ...base, ...four, capabilities: [capability] });
    const again = encodeMessage({ ...base, ...four, capabilities: [capability] }, defaultContext);
    // What two octets cannot hold stands there as AS_TRANS (RFC 6793 §9).
    if (capability.type === 'four-octet-as' && capability.asn > 0xffff) octets.set([0x5b, 0xa0], 20);
    expect(again).toEqual(octets);
  });

  test('a capability that says all by being there has no value', () => {
    for (const code of ['02', '06', '46', '4a'])
      expect(() => decodeMessage(open(`05 02 03 ${code} 01 00`), defaultContext)).toThrow('has a wrong length of 1');
  });

  test('an AS beyond two octets stands as AS_TRANS beside its capability', () => {
    const wide: Open = { ...base, asn: 65536, capabilities: [{ type: 'four-octet-as', asn: 65536 }] };
    expect(encodeMessage(wide, defaultContext)).toEqual(framed(1, '04 5ba0 005a 01010101 08 02 06 41 04 00010000'));
  });

  test('several parameters with the same capabilities say them once, in order (RFC 5492)', () => {
    const message = decodeMessage(open('14  02 02 02 00  02 08 02 00 01 04 0001 00 01  02 04 02 00 46 00'), defaultContext);
    expect(message).toMatchObject({
      capabilities: [{ type: 'route-refresh' }, { type: 'multiprotocol' }, { type: 'enhanced-route-refresh' }],
    });
  });

  test('the extended format is read (RFC 9072), also where it was not needed', () => {
    expect(decodeMessage(open('ff ff 0005 02 0002 02 00'), defaultContext)).toEqual({ ...base, capabilities: [{ type: 'route-refresh' }] });
    expect(decodeMessage(open('01 ff 0005 02 0002 02 00'), defaultContext)).toEqual({ ...base, capabilities: [{ type: 'route-refresh' }] });
  });

  test('the extended format is written where the short one is too small', () => {
    const many: Open = {
      ...base,
      capabilities: Array.from({ length: 50 }, (_, i) => ({ type: 'unknown', code: 128, value: Uint8Array.of(i, 0, 0, 0, 0) })),
    };
    const octets = encodeMessage(many, defaultContext);
    expect(octets.slice(28, 35)).toEqual(hex('ff ff 0161 02 015e'));
    expect(decodeMessage(octets, defaultContext)).toEqual(many);
  });

  test.each([
    ['another version', '03 fde8 005a 01010101 00', 2, 1, hex('0004')],
    ['AS 0', '04 0000 005a 01010101 00', 2, 2, NONE],
    ['AS 0 in four octets', '04 fde8 005a 01010101 08 02 06 41 04 00000000', 2, 2, NONE],
    ['a BGP identifier of 0', '04 fde8 005a 00000000 00', 2, 3, NONE],
    ['an unknown optional parameter', '04 fde8 005a 01010101 03 09 01 00', 2, 4, NONE],
    ['the deprecated authentication parameter', '04 fde8 005a 01010101 03 01 01 00', 2, 4, NONE],
    ['a hold time of 1 s', '04 fde8 0001 01010101 00', 2, 6, NONE],
    ['a hold time of 2 s', '04 fde8 0002 01010101 00', 2, 6, NONE],
    ['parameters that run past the end', '04 fde8 005a 01010101 05 02 01', 2, 0, NONE],
    ['parameters that end before it', '04 fde8 005a 01010101 00 02 00', 2, 0, NONE],
    ['a parameter that runs past the others', '04 fde8 005a 01010101 04 02 04 02 00', 2, 0, NONE],
    ['half an extended length', '04 fde8 005a 01010101 02 ff 00', 2, 0, NONE],
    ['a capability that runs past its parameter', '04 fde8 005a 01010101 04 02 02 41 04', 2, 0, NONE],
    ['a capability without a length', '04 fde8 005a 01010101 03 02 01 41', 2, 0, NONE],
    ['a four-octet AS number of two octets', '04 fde8 005a 01010101 06 02 04 41 02 fde8', 2, 0, NONE],
  ])('%s is an error', (_name, body, code, subcode, data) => {
    expect(errorOf(framed(1, body))).toEqual({ code, subcode, data });
  });

  test('hold times of 0 and 3 s are none', () => {
    expect(decodeMessage(framed(1, '04 fde8 0000 01010101 00'), defaultContext)).toMatchObject({ holdTime: 0 });
    expect(decodeMessage(framed(1, '04 fde8 0003 01010101 00'), defaultContext)).toMatchObject({ holdTime: 3 });
  });
});

describe('UPDATE', () => {
  const both: readonly (readonly [name: string, body: string, message: BgpMessage, context?: WireContext])[] = [
    ['an End-of-RIB', '0000 0000', { type: 'update', withdrawn: [], attributes: {}, announced: [] }],
    [
      'a withdrawal',
      '0006 18 c00002 08 0a  0000',
      { type: 'update', withdrawn: [{ prefix: '192.0.2.0/24' }, { prefix: '10.0.0.0/8' }], attributes: {}, announced: [] },
    ],
    [
      'an announcement',
      `0000 0014 ${PLAIN} 20 c0000207 00`,
      {
        type: 'update',
        withdrawn: [],
        attributes: { origin: 'igp', asPath: [{ type: 'sequence', asns: [65000] }], nextHop: '192.0.2.1' },
        announced: [{ prefix: '192.0.2.7/32' }, { prefix: '0.0.0.0/0' }],
      },
    ],
    [
      'an announcement with path identifiers',
      `0006 00000002 08 0a 0014 ${PLAIN} 00000001 08 0a`,
      {
        type: 'update',
        withdrawn: [{ prefix: '10.0.0.0/8', pathId: 2 }],
        attributes: { origin: 'igp', asPath: [{ type: 'sequence', asns: [65000] }], nextHop: '192.0.2.1' },
        announced: [{ prefix: '10.0.0.0/8', pathId: 1 }],
      },
      { ...defaultContext, addPath: { 'ipv4-unicast': true } },
    ],
  ];
  test.each(both.map(([name, body, message, context = defaultContext]) => ({ name, body, message, context })))(
    '$name, both ways',
    ({ body, message, context }) => {
      expect(decodeMessage(framed(2, body), context)).toEqual(message);
      expect(encodeMessage(message, context)).toEqual(framed(2, body));
    },
  );

  test('bits past the length of a prefix do not matter', () => {
    expect(decodeMessage(framed(2, '0003 0c 0aff 0000'), defaultContext)).toMatchObject({ withdrawn: [{ prefix: '10.240.0.0/12' }] });
  });

  test.each(brokenUpdates)('%s: the session ends', (_name, body, subcode, _rfc, data) => {
    expect(errorOf(framed(2, body))).toEqual({ code: 3, subcode, data: hex(data) });
  });

  test.each(missing)('without %s what is announced is as good as withdrawn', (name, attributes, code) => {
    const length = hex(attributes).length.toString(16).padStart(4, '0');
    const message = decodeMessage(framed(2, `0000 ${length} ${attributes} 08 0a`), defaultContext);
    expect(message).toMatchObject({
      announced: [{ prefix: '10.0.0.0/8' }],
      malformed: [{ code, remedy: 'treat-as-withdraw', message: `${name} is missing` }],
      remedy: 'treat-as-withdraw',
    });
  });

  test('what is only discarded ends no session, also with nothing to withdraw (RFC 7606 §5.2)', () => {
    expect(decodeMessage(framed(2, '0000 0004 40 06 01 00'), defaultContext)).toMatchObject({ remedy: 'discard-attribute' });
  });

  test('nor do wrong flags of MP_UNREACH_NLRI where that is all there is: its prefixes are found', () => {
    expect(decodeMessage(framed(2, '0000 000b 40 0f 08 0002 01 20 20010db8'), defaultContext)).toMatchObject({
      attributes: { mpUnreach: { nlri: [{ prefix: '2001:db8::/32' }] } },
      remedy: 'treat-as-withdraw',
    });
  });

  test('nor does an MP_REACH_NLRI whose prefixes cannot be found, beside another malformed attribute: its family is given up', () => {
    const body = '0000 0018 40 01 01 09 80 0e 11 0002 01 0c 20010db80000000000000000 00';
    expect(decodeMessage(framed(2, body), defaultContext)).toMatchObject({ remedy: 'disable-family' });
  });

  test('an address of the other family is a mistake of the program', () => {
    const wrong: BgpMessage = { type: 'update', withdrawn: [{ prefix: '2001:db8::/32' }], attributes: {}, announced: [] };
    expect(() => encodeMessage(wrong, defaultContext)).toThrow(/expected an IPv4 prefix/);
  });

  test('what is too long for the session is not written', () => {
    const long: BgpMessage = {
      type: 'update',
      withdrawn: [],
      attributes: { unknown: [{ code: 99, flags: 0xc0, value: new Uint8Array(5000) }] },
      announced: [],
    };
    expect(() => encodeMessage(long, defaultContext)).toThrow(expect.objectContaining({ code: 'MESSAGE_TOO_LONG' }));
    expect(encodeMessage(long, extended)).toHaveLength(5027);
  });
});

describe('NOTIFICATION', () => {
  test('carries what the operator wrote, both ways', () => {
    const octets = framed(3, '06 02 04 62796521');
    expect(decodeMessage(octets, defaultContext)).toEqual({
      type: 'notification',
      code: 6,
      subcode: 2,
      data: hex('0462796521'),
      text: 'bye!',
    });
    expect(encodeMessage({ type: 'notification', code: 6, subcode: 2, data: NONE, text: 'bye!' }, defaultContext)).toEqual(octets);
  });

  test('a text is cut to 255 octets between two characters (RFC 9003)', () => {
    const octets = encodeMessage({ type: 'notification', code: 6, subcode: 4, data: NONE, text: 'ü'.repeat(200) }, defaultContext);
    expect(octets[21]).toBe(254);
    expect(decodeMessage(octets, defaultContext)).toMatchObject({ text: 'ü'.repeat(127) });
  });

  test.each([
    ['that is no UTF-8', '06 02 02 c328'],
    ['that is longer than the data', '06 02 09 6279'],
    ['of another error', '06 03 02 6279'],
  ])('there is no text in data %s', (_name, body) => {
    expect(decodeMessage(framed(3, body), defaultContext)).not.toHaveProperty('text');
  });

  test('a hard reset shows what is meant (RFC 8538)', () => {
    const octets = framed(3, '06 09 06 04 03 627965');
    const message = decodeMessage(octets, defaultContext);
    expect(message).toMatchObject({ code: 6, subcode: 9, hardReset: { code: 6, subcode: 4, data: hex('03627965'), text: 'bye' } });
    expect(encodeMessage(message, defaultContext)).toEqual(octets);
    const meant: BgpMessage = {
      type: 'notification',
      code: 6,
      subcode: 9,
      data: NONE,
      hardReset: { code: 6, subcode: 4, data: NONE, text: 'bye' },
    };
    expect(encodeMessage(meant, defaultContext)).toEqual(octets);
  });

  test.each([
    [6, 2, 'cease: administrative shutdown'],
    [6, 10, 'cease: BFD down'],
    [4, 0, 'hold timer expired'],
    [3, 99, 'UPDATE message error: subcode 99'],
    [99, 1, 'error 99: subcode 1'],
  ])('%i/%i in words', (code, subcode, words) => {
    expect(notificationName(code, subcode)).toBe(words);
  });
});

describe('ROUTE-REFRESH', () => {
  test('both ways', () => {
    const message: BgpMessage = { type: 'route-refresh', afi: 2, safi: 1, family: 'ipv6-unicast', subtype: 0 };
    expect(decodeMessage(framed(5, '0002 00 01'), defaultContext)).toEqual(message);
    expect(encodeMessage(message, defaultContext)).toEqual(framed(5, '0002 00 01'));
  });
  test('filters behind a request are kept, behind the marks of a refresh they are an error (RFC 7313)', () => {
    expect(decodeMessage(framed(5, '0001 00 01 beef'), defaultContext)).toMatchObject({ data: hex('beef') });
    const marked = framed(5, '0001 01 01 beef');
    expect(errorOf(marked)).toEqual({ code: 7, subcode: 1, data: marked });
    expect(errorOf(framed(5, '0001 02 01 00'))).toMatchObject({ code: 7, subcode: 1 });
  });
  test('other subtypes are left to whoever ignores them', () => {
    expect(decodeMessage(framed(5, '0001 07 01'), defaultContext)).toMatchObject({ subtype: 7 });
  });
});

describe('inspecting', () => {
  test('shows an UPDATE that ends the session as far as it can be read', () => {
    const { type, message, error } = inspectMessage(framed(2, '0000 0007 40 01 01 00 40 63 00'), defaultContext);
    expect([type, message]).toMatchObject(['update', { attributes: { origin: 'igp' }, remedy: 'reset-session' }]);
    expect(error).toMatchObject({ code: 3, subcode: 2 });
  });
  test('says what a message is that cannot be read', () => {
    expect(inspectMessage(framed(1, '03 fde8 005a 01010101 00'), defaultContext)).toMatchObject({
      type: 'open',
      error: { code: 2, subcode: 1 },
    });
    expect(inspectMessage(framed(9, 'beef'), defaultContext)).toMatchObject({ type: 'unknown', message: { code: 9, body: hex('beef') } });
    expect(inspectMessage(hex('00'), defaultContext)).toMatchObject({ type: 'unknown', error: { code: 1, subcode: 2 } });
  });
});

test('any message can be printed as JSON', () => {
  const update = decodeMessage(framed(2, '0000 0012 40 01 01 00  80 1a 0b 01 000b ffffffffffffffff'), {
    ...defaultContext,
    peerType: 'internal',
  });
  expect(toJson(update)).toEqual({
    type: 'update',
    withdrawn: [],
    attributes: { origin: 'igp', aigp: '18446744073709551615' },
    announced: [],
  });
  expect(toJson(decodeMessage(framed(3, '06 03 beef'), defaultContext))).toEqual({
    type: 'notification',
    code: 6,
    subcode: 3,
    data: 'beef',
  });
  expect(toJson({ a: undefined, b: 5n, c: [null, true] })).toEqual({ b: 5, c: [null, true] });
});
