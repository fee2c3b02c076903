/** What BIRD and FRR said to each other (`test/captures`): every packet is read, verified, and written again to the same octets. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CapturedOspf, capturedPackets, readPcap } from '../../../src/capture/index.js';
import { parseAddress } from '../../../src/lib/address.js';
import {
  type Authentication,
  decodeLsaBody,
  decodePacket,
  encodeLsa,
  encodePacket,
  instanceFamily,
  lsaChecksumValid,
  type OspfHash,
  type PacketContext,
} from '../../../src/ospf/wire/index.js';

import * as wire from '../../../src/wire.js';

const folder = join(import.meta.dirname, '../../captures');
const names = readdirSync(folder).filter((name) => /^ospf.*\.pcap$/.test(name));
const text = (octets: string) => new TextEncoder().encode(octets);

function packetsOf(name: string): CapturedOspf[] {
  return [...capturedPackets(readPcap(readFileSync(join(folder, name))))].flatMap((one) => ('packet' in one ? [one] : []));
}

/** The captures say in their names how they are signed. */
function authenticationOf(name: string): Authentication {
  if (name.includes('password')) return { type: 'simple', password: text('ospfpass') };
  const hash = /md5|hmac-sha-\d+/.exec(name)?.[0] as OspfHash | undefined;
  if (hash === undefined) return { type: 'null' };
  return { type: 'cryptographic', keys: [{ id: 7, hash, secret: text('a-key-of-the-lab') }], swappedProtocolId: name.includes('frr-frr') };
}

const contextOf = (name: string, { from, to, time }: CapturedOspf): PacketContext => ({
  authentication: authenticationOf(name),
  source: parseAddress(from),
  destination: parseAddress(to),
  now: time * 1000,
});

describe.each(names)('%s', (name) => {
  const packets = packetsOf(name);

  test('every packet is taken, and written again it is the same', () => {
    expect(packets.length).toBeGreaterThan(10);
    for (const captured of packets) {
      const { packet: bytes, version, frame } = captured;
      const context = contextOf(name, captured);
      const decoded = decodePacket(bytes, version, context);
      if ('drop' in decoded) throw new Error(`frame ${frame}: ${decoded.drop}, ${decoded.message}`);
      const { packet, cryptographicSequence } = decoded;
      expect(hexOf(encodePacket(packet, context, cryptographicSequence)), `frame ${frame}`).toBe(hexOf(bytes));
      if (packet.body.type !== 'link-state-update') continue;
      for (const lsa of packet.body.lsas) {
        const body = { version, family: version === 2 ? 'ipv4' : (instanceFamily(packet.instance) ?? 'ipv6') } as const;
        const said = decodeLsaBody(lsa, body);
        if (typeof said === 'string') throw new Error(`frame ${frame}: ${said}`);
        expect(lsaChecksumValid(lsa.bytes)).toBe(true);
        expect(hexOf(encodeLsa(lsa.header, said, body).bytes)).toBe(hexOf(lsa.bytes));
      }
    }
  });

  test('with octets changed on the way a packet is taken or dropped, and its LSAs say something or why not', () => {
    const changes = fc.array(fc.tuple(fc.nat(2000), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.constantFrom(...packets), changes, fc.nat(80), (captured, flips, cut) => {
        const bytes = captured.packet.slice(0, Math.max(0, captured.packet.length - Math.max(0, cut - 60)));
        for (const [at, octet] of flips) if (bytes.length > 0) bytes[at % bytes.length] = octet;
        // As if whoever changed it had mended the checksum: what is behind that check is what is tried here.
        const context = contextOf(name, captured);
        const decoded = decodePacket(
          context.authentication.type === 'null' ? mended(bytes, captured.version, context) : bytes,
          captured.version,
          context,
        );
        if ('drop' in decoded || decoded.packet.body.type !== 'link-state-update') return;
        for (const lsa of decoded.packet.body.lsas)
          decodeLsaBody(lsa, { version: captured.version, family: captured.version === 2 ? 'ipv4' : 'ipv6' });
      }),
      { numRuns: 50 },
    );
  });
});

test('there are captures of both versions', () => {
  expect(new Set(names.map((name) => name.slice(0, 5)))).toEqual(new Set(['ospf2', 'ospf3']));
});

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The packet with the checksum that it has to have, as far as its length makes sense. */
function mended(bytes: Uint8Array, version: 2 | 3, { source, destination }: PacketContext): Uint8Array {
  const length = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  if (bytes.length < 24 || length > bytes.length) return bytes;
  bytes.fill(0, 12, 14);
  const covered =
    version === 2
      ? [bytes.subarray(0, 16), bytes.subarray(24, length)]
      : [source, destination, Uint8Array.of(0, 0, length >> 8, length & 255, 0, 0, 0, 89), bytes.subarray(0, length)];
  let total = 0;
  for (const part of covered) for (let at = 0; at < part.length; at += 2) total += ((part[at] ?? 0) << 8) | (part[at + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  bytes[12] = (~total >>> 8) & 255;
  bytes[13] = ~total & 255;
  return bytes;
}

test('the entry `virtual-router/wire` reads a packet, its LSAs, and writes it again', () => {
  const context = { authentication: { type: 'null' }, source: new Uint8Array(4), destination: new Uint8Array(4), now: 0 } as const;
  let lsas = 0;
  for (const { packet: bytes, version } of packetsOf('ospf2-point-to-point-bird-frr.pcap')) {
    const read = wire.decodeOspfPacket(bytes, version, context);
    if (!('packet' in read)) throw new Error(read.message);
    const written = wire.encodeOspfPacket(read.packet, context);
    expect(written).toEqual(Uint8Array.from(bytes.subarray(0, written.length)));
    const { body } = read.packet;
    if (body.type !== 'link-state-update') continue;
    for (const lsa of body.lsas) {
      const said: wire.LsaBody | string = wire.decodeLsaBody(lsa, { version, family: 'ipv4' });
      if (typeof said === 'string') throw new Error(said);
      expect(wire.encodeLsa(lsa.header, said, { version, family: 'ipv4' }).bytes).toEqual(Uint8Array.from(lsa.bytes));
      lsas++;
    }
  }
  expect(lsas).toBeGreaterThan(2);
});
