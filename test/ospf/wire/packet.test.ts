import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../src/lib/address.js';
import {
  type Authentication,
  type BodyContext,
  decodeLsaBody,
  decodePacket,
  encodePacket,
  lsaChecksumValid,
  lsTypeFacts,
  type OspfKey,
  type OspfPacket,
  type PacketContext,
} from '../../../src/ospf/wire/index.js';
import { hex } from '../../support/hex.js';
import { alike, same } from '../../support/same.js';
import { lsa, packet, u8 } from './arbitraries.js';

const text = (octets: string) => new TextEncoder().encode(octets);
const key = (hash: OspfKey['hash'], id = 7): OspfKey => ({ id, hash, secret: text('a secret of more than sixteen octets') });
const NULL: Authentication = { type: 'null' };

const V2 = { version: 2, family: 'ipv4' } as const;
const CONTEXTS: readonly BodyContext[] = [V2, { version: 3, family: 'ipv6' }, { version: 3, family: 'ipv4' }];

function contextOf(version: 2 | 3, authentication: Authentication = NULL): PacketContext {
  return version === 2
    ? { authentication, source: parseAddress('192.0.2.1'), destination: parseAddress('224.0.0.5'), now: 0 }
    : { authentication, source: parseAddress('fe80::1'), destination: parseAddress('ff02::5'), now: 0 };
}

const AUTHENTICATIONS: readonly (readonly [name: string, version: 2 | 3, authentication: Authentication])[] = [
  ['null', 2, NULL],
  ['a password', 2, { type: 'simple', password: text('12345678') }],
  ...(['md5', 'hmac-sha-1', 'hmac-sha-256', 'hmac-sha-384', 'hmac-sha-512'] as const).flatMap((hash) => [
    [hash, 2, { type: 'cryptographic', keys: [key(hash)] }] as const,
    [`${hash} with extended sequence numbers`, 2, { type: 'cryptographic', keys: [key(hash)], extended: true }] as const,
  ]),
  ['null', 3, NULL],
  ...(['hmac-sha-1', 'hmac-sha-256', 'hmac-sha-384', 'hmac-sha-512'] as const).map(
    (hash) => [hash, 3, { type: 'cryptographic', keys: [key(hash)] }] as const,
  ),
];

describe('what is encoded decodes to the same', () => {
  test.each(AUTHENTICATIONS)('with %s in OSPFv%d', (_name, version, authentication) => {
    const context = contextOf(version, authentication);
    const wide = version === 3 || (authentication.type === 'cryptographic' && authentication.extended === true);
    const sequence = wide ? 0x1_2345_6789_abcdn : 0x2345_6789n;
    const signed = authentication.type === 'cryptographic' ? { keyId: 7, cryptographicSequence: sequence } : {};
    fc.assert(
      fc.property(packet(version === 2 ? V2 : { version, family: 'ipv6' }), (value) => {
        alike<object>(decodePacket(encodePacket(value, context, sequence), version, context), { packet: value, ...signed });
      }),
      { numRuns: 30 },
    );
  });

  test.each(CONTEXTS)('an LSA of OSPFv$version for $family, its checksum right', (context) => {
    fc.assert(
      fc.property(lsa(context), ({ lsa: encoded, body }) => {
        alike(decodeLsaBody(encoded, context), body);
        same(lsaChecksumValid(encoded.bytes), true);
      }),
      { numRuns: 150 },
    );
  });
});

describe('octets that mean nothing', () => {
  const any = fc.uint8Array({ maxLength: 120 });

  test('any at all are a packet or a reason', () => {
    fc.assert(
      fc.property(any, fc.constantFrom(2 as const, 3 as const), (bytes, version) => {
        expect(['packet', 'drop']).toContain(Object.keys(decodePacket(bytes, version, contextOf(version)))[0]);
      }),
    );
  });

  test.each(AUTHENTICATIONS)(
    'a packet with %s in OSPFv%d that was changed on the way is a packet or a reason',
    (_name, version, authentication) => {
      const context = contextOf(version, authentication);
      const changes = fc.array(fc.tuple(fc.nat(400), u8), { minLength: 1, maxLength: 4 });
      fc.assert(
        fc.property(packet(version === 2 ? V2 : { version, family: 'ipv6' }), changes, fc.nat(60), (value, flips, cut) => {
          const bytes = encodePacket(value, context, 1n);
          for (const [at, octet] of flips) bytes[at % bytes.length] = octet;
          const decoded = decodePacket(bytes.subarray(0, bytes.length - (cut > 30 ? cut - 30 : 0)), version, context);
          expect(['packet', 'drop']).toContain(Object.keys(decoded)[0]);
        }),
        { numRuns: 30 },
      );
    },
  );

  test.each(CONTEXTS)('an LSA of OSPFv$version for $family with any body is a body or says why not', (context) => {
    fc.assert(
      fc.property(lsa(context), fc.uint8Array({ maxLength: 60 }), fc.boolean(), ({ lsa: { header, bytes } }, junk, behind) => {
        const changed = Uint8Array.from([...bytes.subarray(0, behind ? bytes.length : 20), ...junk]);
        expect(['string', 'object']).toContain(typeof decodeLsaBody({ header, bytes: changed }, context));
      }),
      { numRuns: 150 },
    );
  });
});

/** A Hello of 1.1.1.1 in area 0, with its checksum: RFC 2328 A.3.2. */
const HELLO = '02 01 002c 01010101 00000000 389b 0000 0000000000000000  ffffff00 000a 02 01 00000028 c0000201 00000000';

describe('a packet is dropped for', () => {
  const decode = (octets: string, version: 2 | 3 = 2, authentication: Authentication = NULL) => {
    const decoded = decodePacket(hex(octets), version, contextOf(version, authentication));
    return 'drop' in decoded ? decoded.drop : decoded.packet.body.type;
  };

  test('nothing where all is well', () => {
    expect(decode(HELLO)).toBe('hello');
  });

  test('being short', () => {
    expect(decode('02 01 002c 01010101')).toBe('short');
    expect(decode(HELLO.slice(0, -9))).toBe('short');
    expect(decode('03 01 0024 01010101 00000000 0000', 3)).toBe('short');
  });

  test('its version, and a type that is none (RFC 2328 A.3.1)', () => {
    expect(decode(HELLO.replace('02 01', '03 01'))).toBe('version');
    expect(decode(HELLO, 3)).toBe('version');
    expect(decode(HELLO.replace('02 01', '02 00'))).toBe('type');
    expect(decode(HELLO.replace('02 01', '02 06'))).toBe('type');
  });

  test('a length below that of the header, and of what is in it', () => {
    expect(decode(HELLO.replace('002c', '0017'))).toBe('length');
    // Five octets of neighbours, one update that counts more LSAs than it has, an LSA of 19 octets: with their checksums.
    const packetOf = (type: string, body: string) => {
      const bytes = hex(`02 ${type} 0000 01010101 00000000 0000 0000 0000000000000000 ${body}`);
      bytes[3] = bytes.length;
      return withChecksum(bytes);
    };
    const drop = (bytes: Uint8Array) => {
      const decoded = decodePacket(bytes, 2, contextOf(2));
      return 'drop' in decoded ? decoded.drop : decoded.packet.body.type;
    };
    expect(drop(packetOf('01', 'ffffff00 000a 02 01 00000028 c0000201 00000000 02020202 03'))).toBe('length');
    expect(drop(packetOf('04', '00000002 0001 02 01 01010101 01010101 80000001 0000 0014'))).toBe('length');
    expect(drop(packetOf('04', '00000001 0001 02 01 01010101 01010101 80000001 0000 0013'))).toBe('length');
    expect(drop(packetOf('04', '00000001 0001 02 01 01010101 01010101 80000001 0000 0015'))).toBe('length');
    expect(drop(packetOf('04', 'ffffffff'))).toBe('length');
    expect(drop(packetOf('05', '0001 02 01 01010101'))).toBe('length');
    expect(drop(packetOf('03', '00000001 01010101 010101'))).toBe('length');
    expect(drop(packetOf('02', '05dc 02'))).toBe('length');
    expect(drop(packetOf('04', '00000001 0001 02 01 01010101 01010101 80000001 0000 0014'))).toBe('link-state-update');
  });

  test('its checksum, which leaves the password out (RFC 2328 D.4)', () => {
    expect(decode(HELLO.replace('389b', '389c'))).toBe('checksum');
    expect(decode(HELLO.replace('0000000000000000', '0123456789abcdef'))).toBe('hello');
  });

  test('another type of authentication than the interface has (RFC 2328 §8.2)', () => {
    expect(decode(HELLO.replace('389b 0000', '389a 0001'))).toBe('authentication-type');
    expect(decode(HELLO, 2, { type: 'simple', password: text('secret') })).toBe('authentication-type');
    expect(decode(HELLO, 2, { type: 'cryptographic', keys: [key('md5')] })).toBe('authentication-type');
  });

  const signed = (version: 2 | 3, authentication: Authentication) => {
    const options = version === 2 ? 0x02 : 0x413;
    const hello: OspfPacket = {
      version,
      routerId: 1,
      area: 0,
      instance: 0,
      body: {
        type: 'hello',
        mask: 0,
        interfaceId: 0,
        options,
        helloInterval: 10,
        deadInterval: 40,
        priority: 1,
        designatedRouter: 0,
        backupDesignatedRouter: 0,
        neighbours: [],
      },
    };
    return encodePacket(hello, contextOf(version, authentication), 9n);
  };
  const dropOf = (bytes: Uint8Array, version: 2 | 3, authentication: Authentication, now = 0) => {
    const decoded = decodePacket(bytes, version, { ...contextOf(version, authentication), now });
    return 'drop' in decoded ? decoded.drop : 'taken';
  };

  test('another password', () => {
    const ours: Authentication = { type: 'simple', password: text('ours') };
    expect(dropOf(signed(2, ours), 2, ours)).toBe('taken');
    expect(dropOf(signed(2, { type: 'simple', password: text('our') }), 2, ours)).toBe('authentication-failed');
  });

  test.each(AUTHENTICATIONS.filter(([, , { type }]) => type === 'cryptographic'))(
    'what is wrong with %s in OSPFv%d',
    (_name, version, authentication) => {
      if (authentication.type !== 'cryptographic') return;
      const [mine] = authentication.keys as [OspfKey];
      const bytes = signed(version, authentication);
      expect(dropOf(bytes, version, authentication)).toBe('taken');
      // Another secret under the same id, no such id, a hash of another size, a digest cut off.
      expect(dropOf(bytes, version, { ...authentication, keys: [{ ...mine, secret: text('another') }] })).toBe('authentication-failed');
      expect(dropOf(bytes, version, { ...authentication, keys: [{ ...mine, id: 8 }] })).toBe('authentication-key');
      const other = mine.hash === 'hmac-sha-256' ? 'hmac-sha-512' : 'hmac-sha-256';
      expect(dropOf(bytes, version, { ...authentication, keys: [{ ...mine, hash: other }] })).toBe('authentication-length');
      expect(dropOf(bytes.subarray(0, -1), version, authentication)).toBe('authentication-length');
      // Whatever of the packet or its digest is changed, it is another packet.
      for (let at = 0; at < bytes.length; at++) {
        const changed = bytes.slice();
        changed[at] = (changed[at] ?? 0) ^ 0x01;
        expect(dropOf(changed, version, authentication), `octet ${at}`).not.toBe('taken');
      }
    },
  );

  test('no trailer, where OSPFv3 wants one, or an AT bit that says there is none (RFC 7166 §2.1)', () => {
    const wanted: Authentication = { type: 'cryptographic', keys: [key('hmac-sha-256')] };
    expect(dropOf(signed(3, NULL), 3, wanted)).toBe('authentication-type');
    const bytes = signed(3, wanted);
    bytes[22] = (bytes[22] ?? 0) & ~0x04;
    expect(dropOf(bytes, 3, wanted)).toBe('authentication-type');
  });

  test('a source that is not the one it was sent from, where the digest covers it (RFC 7474 §5, RFC 7166 §4.5)', () => {
    const moved = (version: 2 | 3, authentication: Authentication) => {
      const context = contextOf(version, authentication);
      const source = context.source.slice();
      source[3] = 99;
      const decoded = decodePacket(signed(version, authentication), version, { ...context, source });
      return 'drop' in decoded ? decoded.drop : 'taken';
    };
    const keys = [key('hmac-sha-256')];
    expect(moved(2, { type: 'cryptographic', keys })).toBe('taken');
    expect(moved(2, { type: 'cryptographic', keys, extended: true })).toBe('authentication-failed');
    expect(moved(3, { type: 'cryptographic', keys })).toBe('authentication-failed');
  });
});

/** Puts OSPFv2's checksum into a packet without authentication. */
function withChecksum(bytes: Uint8Array): Uint8Array {
  let total = 0;
  for (let at = 0; at < bytes.length; at += 2) total += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  bytes[12] = (~total >>> 8) & 0xff;
  bytes[13] = ~total & 0xff;
  return bytes;
}

describe('keys in turn', () => {
  const old: OspfKey = { ...key('md5', 1), sendUntil: 2000, acceptUntil: 3000 };
  const next: OspfKey = { ...key('hmac-sha-256', 2), sendFrom: 1000, acceptFrom: 500 };
  const chain: Authentication = { type: 'cryptographic', keys: [old, next] };
  const sentBy = (keys: readonly OspfKey[], now: number) => {
    const context = { ...contextOf(2, { type: 'cryptographic', keys }), now };
    const hello: OspfPacket = { version: 2, routerId: 1, area: 0, instance: 0, body: { type: 'link-state-acknowledgment', headers: [] } };
    return encodePacket(hello, context, 1n);
  };
  const idAt = (now: number) => sentBy(chain.type === 'cryptographic' ? chain.keys : [], now)[18];

  test('the one that began last is sent (RFC 2328 D.3)', () => {
    expect([0, 999, 1000, 5000].map(idAt)).toEqual([1, 1, 2, 2]);
  });

  test('both are accepted while the neighbours change over', () => {
    const takes = (sender: OspfKey, now: number) => {
      const decoded = decodePacket(sentBy([{ ...sender, sendFrom: undefined, sendUntil: undefined }], now), 2, {
        ...contextOf(2, chain),
        now,
      });
      return 'drop' in decoded ? decoded.drop : decoded.keyId;
    };
    expect(takes(old, 0)).toBe(1);
    expect(takes(next, 0)).toBe('authentication-key');
    expect(takes(next, 500)).toBe(2);
    expect(takes(old, 2999)).toBe(1);
    expect(takes(old, 3000)).toBe('authentication-key');
  });

  test('when all have ended, the last goes on (RFC 5709 §3.2)', () => {
    const ended: OspfKey = { ...next, sendUntil: 4000, acceptUntil: 4000 };
    expect(sentBy([old, ended], 9000)[18]).toBe(2);
    const decoded = decodePacket(sentBy([ended], 9000), 2, { ...contextOf(2, { type: 'cryptographic', keys: [old, ended] }), now: 9000 });
    expect(decoded).toHaveProperty('keyId', 2);
  });
});

test('where an LSA is flooded, known or not (RFC 5340 §4.5.1, RFC 5250 §3)', () => {
  expect(lsTypeFacts(2, 1, 0)).toEqual({ scope: 'area', known: true, floodUnknown: false });
  expect(lsTypeFacts(2, 5, 0)).toEqual({ scope: 'as', known: true, floodUnknown: false });
  expect(lsTypeFacts(2, 9, 0x04000000).scope).toBe('link');
  expect(lsTypeFacts(2, 8, 0)).toEqual({ scope: 'reserved', known: false, floodUnknown: false });
  expect(lsTypeFacts(3, 0x2001, 0)).toEqual({ scope: 'area', known: true, floodUnknown: false });
  expect(lsTypeFacts(3, 0xc0ff, 0)).toEqual({ scope: 'as', known: false, floodUnknown: true });
  expect(lsTypeFacts(3, 0x60ff, 0).scope).toBe('reserved');
});
