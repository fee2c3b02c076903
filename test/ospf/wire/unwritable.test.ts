/** What octets cannot hold, or what head and body say differently, is said with its place, and not written as something else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../src/lib/address.js';
import { decodePacket, encodeCheckedLsa, encodePacket } from '../../../src/ospf/wire/index.js';
import {
  type BodyContext,
  encodeLsa,
  encodeOspfPacket,
  type Hello,
  type LsaBody,
  type LsaHead,
  type OspfAuthentication,
  type OspfPacket,
  type OspfPacketContext,
  type Prefix,
} from '../../../src/wire.js';
import { lsa, packet } from './arbitraries.js';

const NULL: OspfAuthentication = { type: 'null' };
const contextOf = (version: 2 | 3, authentication: OspfAuthentication = NULL): OspfPacketContext =>
  version === 2
    ? { authentication, source: parseAddress('192.0.2.1'), destination: parseAddress('224.0.0.5'), now: 0 }
    : { authentication, source: parseAddress('fe80::1'), destination: parseAddress('ff02::5'), now: 0 };
const hello: Hello = {
  type: 'hello',
  mask: 0xffff_ff00,
  interfaceId: 0,
  options: 2,
  helloInterval: 10,
  deadInterval: 40,
  priority: 1,
  designatedRouter: 0,
  backupDesignatedRouter: 0,
  neighbours: [1],
};
const v2 = (body: object, fields: object = {}): OspfPacket =>
  ({ version: 2, routerId: 1, area: 0, instance: 0, body: { ...hello, ...body }, ...fields }) as OspfPacket;
const v3 = (body: object): OspfPacket => v2({ mask: 0, ...body }, { version: 3 });
const key = { id: 1, hash: 'md5', secret: new Uint8Array(8) } as const;
const md5: OspfAuthentication = { type: 'cryptographic', keys: [key] };

const prefix = (bytes: number[], length: number): Prefix => ({ family: 'ipv4', bytes: Uint8Array.from(bytes), length });
const head = (fields: Partial<LsaHead>): LsaHead => ({
  lsType: 3,
  id: 0x0a00_0000,
  advertisingRouter: 1,
  age: 0,
  options: 2,
  sequence: -0x7fff_ffff,
  ...fields,
});
const summary = (fields: object = {}): LsaBody => ({
  type: 'summary',
  prefix: prefix([10, 0, 0, 0], 8),
  prefixOptions: 0,
  metric: 1,
  ...fields,
});
const nssa: LsaBody = {
  type: 'nssa',
  prefix: prefix([10, 0, 0, 0], 8),
  prefixOptions: 0,
  metricType: 2,
  metric: 1,
  forwarding: undefined,
  tag: 0,
  propagate: true,
  referenced: undefined,
};
const V2: BodyContext = { version: 2, family: 'ipv4' };

const WRONG: Readonly<Record<string, readonly [where: string, write: () => unknown]>> = {
  'a router id above four octets': ['routerId', () => encodeOspfPacket(v2({}, { routerId: 2 ** 32 }), contextOf(2))],
  'an instance where OSPFv2 has none': ['instance', () => encodeOspfPacket(v2({}, { instance: 1 }), contextOf(2))],
  'an interval above two octets': ['body.helloInterval', () => encodeOspfPacket(v2({ helloInterval: 65_546 }), contextOf(2))],
  'an interval with a fraction': ['body.helloInterval', () => encodeOspfPacket(v2({ helloInterval: 0.5 }), contextOf(2))],
  'a dead interval that OSPFv3 has no room for': ['body.deadInterval', () => encodeOspfPacket(v3({ deadInterval: 65_536 }), contextOf(3))],
  'a mask where OSPFv3 has none': ['body.mask', () => encodeOspfPacket(v3({ mask: 1 }), contextOf(3))],
  'a negative priority': ['body.priority', () => encodeOspfPacket(v2({ priority: -1 }), contextOf(2))],
  'a neighbour above four octets': ['body.neighbours[0]', () => encodeOspfPacket(v2({ neighbours: [2 ** 33] }), contextOf(2))],
  'a password above eight octets': [
    'authentication.password',
    () => encodeOspfPacket(v2({}), contextOf(2, { type: 'simple', password: new Uint8Array(9) })),
  ],
  'no key at all': ['authentication.keys', () => encodeOspfPacket(v2({}), contextOf(2, { type: 'cryptographic', keys: [] }))],
  'a sequence number above four octets': ['sequence', () => encodeOspfPacket(v2({}), contextOf(2, md5), 1n << 32n)],
  'a metric above three octets': ['body.metric', () => encodeLsa(head({}), summary({ metric: 0x100_0000 }), V2)],
  'an address that the head has otherwise': ['body.prefix.bytes[0]', () => encodeLsa(head({ id: 0x0b00_0000 }), summary(), V2)],
  'an age above two octets': ['head.age', () => encodeLsa(head({ age: 65_536 }), summary(), V2)],
  'a sequence number without its sign': ['head.sequence', () => encodeLsa(head({ sequence: 0x8000_0001 }), summary(), V2)],
  'a body of another type': ['body.type', () => encodeLsa(head({ lsType: 1 }), summary(), V2)],
  'a P bit that the options have not': ['body.propagate', () => encodeLsa(head({ lsType: 7, options: 0 }), nssa, V2)],
};

describe('a value of OSPF that cannot be written', () => {
  test.each(Object.entries(WRONG))('%s', (_, [where, write]) => {
    expect(write).toThrow(expect.objectContaining({ name: 'UsageError', code: 'VALUE_INVALID' }));
    expect(write).toThrow(`${where}: `);
  });

  test('a packet that is too long', () => {
    const neighbours = Array.from({ length: 17_000 }, (_, i) => i);
    expect(() => encodeOspfPacket(v2({ neighbours }), contextOf(2))).toThrow(expect.objectContaining({ code: 'MESSAGE_TOO_LONG' }));
  });
});

describe('all else is written as the engine writes it', () => {
  test.each([V2, { version: 3, family: 'ipv6' } as const])('packets of OSPFv$version', (context) => {
    const surroundings = contextOf(context.version);
    fc.assert(
      fc.property(packet(context), (value) => {
        expect(encodeOspfPacket(value, surroundings)).toEqual(encodePacket(value, surroundings));
      }),
      { numRuns: 50 },
    );
  });

  test('by the key that is sent now, though it is not taken yet', () => {
    const late: OspfAuthentication = { type: 'cryptographic', keys: [{ ...key, acceptFrom: 5 }] };
    const bytes = encodeOspfPacket(v2({}), contextOf(2, late), 7n);
    expect(decodePacket(bytes, 2, contextOf(2, md5))).toMatchObject({ keyId: 1, cryptographicSequence: 7n });
  });

  test.each([V2, { version: 3, family: 'ipv6' } as const, { version: 3, family: 'ipv4' } as const])(
    'LSAs of OSPFv$version, $family',
    (context) => {
      fc.assert(
        fc.property(lsa(context), ({ lsa: made, body }) => {
          expect(encodeCheckedLsa(made.header, body, context)).toEqual(made);
        }),
        { numRuns: 100 },
      );
    },
  );
});
