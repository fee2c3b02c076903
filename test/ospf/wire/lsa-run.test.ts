import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodePacket,
  encodeLsa,
  encodePacket,
  type Lsa,
  type LsaHeader,
  LsTypeV2,
  type OspfPacket,
  type PacketContext,
  runPacket,
} from '../../../src/ospf/wire/index.js';

const context: PacketContext = {
  authentication: { type: 'null' },
  source: Uint8Array.of(192, 0, 2, 1),
  destination: Uint8Array.of(224, 0, 0, 5),
  now: 0,
};
const HEAD = { version: 2, routerId: 0xc000_0201, area: 0, instance: 0 } as const;
/** Where an LSA has its length. */
const LENGTH_AT = 18;

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const lsa = fc
  .record({
    age: fc.integer({ min: 0, max: 3600 }),
    options: fc.integer({ min: 0, max: 255 }),
    id: u32,
    advertisingRouter: u32,
    sequence: fc.integer({ min: -0x7fff_ffff, max: 0x7fff_ffff }),
    // Of an opaque LSA the octets are anything.
    data: fc.uint8Array({ minLength: 0, maxLength: 12 }).map((data) => data.slice(0, data.length & ~3)),
  })
  .map(({ data, ...head }) =>
    encodeLsa({ ...head, lsType: LsTypeV2.opaqueAs }, { type: 'opaque', data } as never, { version: 2, family: 'ipv4' }),
  );

/** What a packet's run says, as {@link decodePacket} would. */
function runOf(bytes: Uint8Array): { headers: LsaHeader[]; bytes: number[][] } | string {
  const received = runPacket(bytes, 2, context);
  if ('drop' in received) return received.drop;
  const { body } = received;
  if (!('run' in body)) throw new Error(`a ${body.type} has no LSAs`);
  const headers: LsaHeader[] = [];
  const octets: number[][] = [];
  while (body.run.next()) {
    const { age, options, lsType, id, advertisingRouter, sequence, checksum, length, at, octets: all } = body.run.lsa;
    headers.push({ age, options, lsType, id, advertisingRouter, sequence, checksum, length });
    if (body.type === 'link-state-update') octets.push([...all.subarray(at, at + length)]);
  }
  expect(body.run.isOver).toBe(true);
  return { headers, bytes: octets };
}

function decoded(bytes: Uint8Array): ReturnType<typeof runOf> {
  const received = decodePacket(bytes, 2, context);
  if ('drop' in received) return received.drop;
  const { body } = received.packet;
  if (body.type === 'link-state-update')
    return { headers: body.lsas.map(({ header }) => header), bytes: body.lsas.map((one) => [...one.bytes]) };
  return { headers: 'headers' in body ? [...body.headers] : [], bytes: [] };
}

test('LSAs read where they stand are those that are decoded, in updates, descriptions and acknowledgments', () => {
  fc.assert(
    fc.property(fc.array(lsa, { maxLength: 8 }), (lsas: Lsa[]) => {
      const headers = lsas.map(({ header }) => header);
      const description = { mtu: 1500, options: 2, init: false, more: true, master: true, sequence: 7 };
      const bodies: OspfPacket['body'][] = [
        { type: 'link-state-update', lsas },
        { type: 'link-state-acknowledgment', headers },
        { type: 'database-description', ...description, headers },
      ];
      for (const body of bodies) {
        const bytes = encodePacket({ ...HEAD, body }, context);
        const run = runOf(bytes);
        expect(run).toEqual(decoded(bytes));
        expect(typeof run === 'string' ? run : run.headers).toEqual(headers);
      }
    }),
    { seed: 5 },
  );
});

test('an update in which an LSA says another length than it has is dropped, or read, as by the decoder', () => {
  const dropped: string[] = [];
  fc.assert(
    fc.property(fc.array(lsa, { minLength: 1, maxLength: 4 }), fc.nat(), fc.integer({ min: 0, max: 120 }), (lsas: Lsa[], which, length) => {
      const lying = lsas.map(({ header, bytes }, i) => {
        const octets = bytes.slice();
        if (i === which % lsas.length) octets[LENGTH_AT + 1] = length;
        return { header, bytes: octets };
      });
      const bytes = encodePacket({ ...HEAD, body: { type: 'link-state-update', lsas: lying } }, context);
      const run = runOf(bytes);
      expect(run).toEqual(decoded(bytes));
      if (typeof run === 'string') dropped.push(run);
    }),
    { seed: 6, numRuns: 300 },
  );
  expect(new Set(dropped)).toEqual(new Set(['length']));
});

test('an acknowledgment that ends in the middle of a header is dropped, as by the decoder', () => {
  const body = { type: 'link-state-acknowledgment', octets: new Uint8Array(30) } as const;
  const bytes = encodePacket({ ...HEAD, body: body as never }, context);
  expect(runOf(bytes)).toBe('length');
  expect(decoded(bytes)).toBe('length');
});
