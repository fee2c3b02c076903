/** Packets and LSAs as anything that a router could say. */
import fc from 'fast-check';
import type { Family } from '../../../src/lib/address.js';
import { maskBytes, type Prefix } from '../../../src/lib/prefix.js';
import {
  type BodyContext,
  encodeLsa,
  type Hello,
  type Lsa,
  type LsaBody,
  type LsaHeader,
  LsTypeV2,
  LsTypeV3,
  maskOf,
  type OspfPacket,
  type OspfVersion,
  type RouterLink,
  word,
} from '../../../src/ospf/wire/index.js';

export const u8 = fc.integer({ min: 0, max: 0xff });
export const u16 = fc.integer({ min: 0, max: 0xffff });
export const u24 = fc.integer({ min: 0, max: 0xff_ffff });
export const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const octets = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });

/** A prefix of a family; in OSPFv2, where its address is the link state id, with no bits after its length. */
function prefix(family: Family): fc.Arbitrary<Prefix> {
  const size = family === 'ipv4' ? 4 : 16;
  return fc
    .tuple(octets(size), fc.integer({ min: 0, max: size * 8 }))
    .map(([bytes, length]) => ({ family, bytes: maskBytes(bytes, length), length }));
}

/** The body of an LSA, and what of its header says the same again. */
interface Said {
  readonly body: LsaBody;
  readonly lsType: number;
  readonly id?: number;
  readonly options?: number;
}

const bits = { areaBorder: fc.boolean(), asBoundary: fc.boolean(), virtualEnd: fc.boolean(), nssaTranslator: fc.boolean() };

const linkV2: fc.Arbitrary<RouterLink> = fc.oneof(
  fc.record({
    type: fc.constantFrom('point-to-point', 'virtual'),
    metric: u16,
    neighbour: u32,
    interfaceId: u32,
    neighbourInterfaceId: fc.constant(0),
  }),
  fc.record({ type: fc.constant('transit'), metric: u16, neighbour: fc.constant(0), interfaceId: u32, neighbourInterfaceId: u32 }),
  fc.record({ type: fc.constant('stub'), metric: u16, prefix: prefix('ipv4') }),
);

const linkV3: fc.Arbitrary<RouterLink> = fc.record({
  type: fc.constantFrom('point-to-point', 'virtual', 'transit'),
  metric: u16,
  neighbour: u32,
  interfaceId: u32,
  neighbourInterfaceId: u32,
});

const graceBody = {
  type: fc.constant('grace' as const),
  period: u32,
  reason: fc.constantFrom('unknown', 'software-restart', 'software-upgrade', 'switch-to-redundant'),
} as const;

function saidV2(): fc.Arbitrary<Said> {
  return fc.oneof(
    fc
      .record({ type: fc.constant('router' as const), ...bits, options: u8, links: fc.array(linkV2, { maxLength: 8 }) })
      .map((body) => ({ body, lsType: LsTypeV2.router, options: body.options })),
    fc
      .record({ type: fc.constant('network' as const), prefix: prefix('ipv4'), options: u8, routers: fc.array(u32, { maxLength: 8 }) })
      .map((body) => ({ body, lsType: LsTypeV2.network, id: word(body.prefix.bytes), options: body.options })),
    fc
      .record({ type: fc.constant('summary' as const), prefix: prefix('ipv4'), prefixOptions: fc.constant(0), metric: u24 })
      .map((body) => ({ body, lsType: LsTypeV2.summary, id: word(body.prefix.bytes) })),
    fc
      .record({ type: fc.constant('asbr-summary' as const), router: u32, options: u8, metric: u24 })
      .map((body) => ({ body, lsType: LsTypeV2.asbrSummary, id: body.router, options: body.options })),
    fc
      .record({
        type: fc.constantFrom('external' as const, 'nssa' as const),
        prefix: prefix('ipv4'),
        prefixOptions: fc.constant(0),
        metricType: fc.constantFrom(1 as const, 2 as const),
        metric: u24,
        forwarding: fc.option(octets(4), { nil: undefined }),
        tag: u32,
        propagate: fc.boolean(),
        referenced: fc.constant(undefined),
      })
      .map((body) => ({
        body: {
          ...body,
          // 0.0.0.0 is how OSPFv2 says none.
          forwarding: body.forwarding && word(body.forwarding) === 0 ? undefined : body.forwarding,
          propagate: body.propagate && body.type === 'nssa',
        },
        lsType: body.type === 'nssa' ? LsTypeV2.nssa : LsTypeV2.external,
        id: word(body.prefix.bytes),
        options: body.propagate ? 0x08 : 0,
      })),
    fc
      .record({ ...graceBody, address: fc.option(u32, { nil: undefined }) })
      .map((body) => ({ body, lsType: LsTypeV2.opaqueLink, id: 0x0300_0000 })),
    fc
      .record({
        type: fc.constant('opaque' as const),
        opaqueType: fc.integer({ min: 4, max: 255 }),
        opaqueId: u24,
        data: fc.uint8Array({ maxLength: 40 }),
      })
      .chain((body) =>
        fc
          .constantFrom(LsTypeV2.opaqueLink, LsTypeV2.opaqueArea, LsTypeV2.opaqueAs)
          .map((lsType) => ({ body, lsType, id: ((body.opaqueType << 24) | body.opaqueId) >>> 0 })),
      ),
  );
}

function saidV3(family: Family): fc.Arbitrary<Said> {
  const address = octets(family === 'ipv4' ? 4 : 16);
  const prefixes = (metric: fc.Arbitrary<number>) => fc.array(fc.record({ prefix: prefix(family), options: u8, metric }), { maxLength: 6 });
  return fc.oneof(
    fc
      .record({ type: fc.constant('router' as const), ...bits, options: u24, links: fc.array(linkV3, { maxLength: 8 }) })
      .map((body) => ({ body, lsType: LsTypeV3.router })),
    fc
      .record({
        type: fc.constant('network' as const),
        prefix: fc.constant(undefined),
        options: u24,
        routers: fc.array(u32, { maxLength: 8 }),
      })
      .map((body) => ({ body, lsType: LsTypeV3.network })),
    fc
      .record({ type: fc.constant('summary' as const), prefix: prefix(family), prefixOptions: u8, metric: u24 })
      .map((body) => ({ body, lsType: LsTypeV3.interAreaPrefix })),
    fc
      .record({ type: fc.constant('asbr-summary' as const), router: u32, options: u24, metric: u24 })
      .map((body) => ({ body, lsType: LsTypeV3.interAreaRouter })),
    fc
      .record({
        type: fc.constantFrom('external' as const, 'nssa' as const),
        prefix: prefix(family),
        prefixOptions: u8,
        metricType: fc.constantFrom(1 as const, 2 as const),
        metric: u24,
        forwarding: fc.option(address, { nil: undefined }),
        tag: u32,
        referenced: fc.option(fc.record({ lsType: fc.integer({ min: 1, max: 0xffff }), id: u32 }), { nil: undefined }),
      })
      .map((body) => ({
        body: { ...body, propagate: body.type === 'nssa' && (body.prefixOptions & 0x08) !== 0 },
        lsType: body.type === 'nssa' ? LsTypeV3.nssa : LsTypeV3.external,
      })),
    fc
      .record({ type: fc.constant('link' as const), priority: u8, options: u24, linkLocal: address, prefixes: prefixes(u16) })
      .map((body) => ({ body, lsType: LsTypeV3.link })),
    fc
      .record({
        type: fc.constant('intra-area-prefix' as const),
        referenced: fc.record({ lsType: u16, id: u32, advertisingRouter: u32 }),
        prefixes: prefixes(u16),
      })
      .map((body) => ({ body, lsType: LsTypeV3.intraAreaPrefix })),
    fc.record({ ...graceBody, address: fc.constant(undefined) }).map((body) => ({ body, lsType: LsTypeV3.grace })),
    fc
      .record({
        type: fc.constant('unknown' as const),
        lsType: fc.integer({ min: 0x8000, max: 0xffff }),
        data: fc.uint8Array({ maxLength: 40 }),
      })
      .map((body) => ({ body, lsType: body.lsType })),
  );
}

/** An LSA, with what it says. */
export function lsa(context: BodyContext): fc.Arbitrary<{ readonly lsa: Lsa; readonly body: LsaBody }> {
  const said = context.version === 2 ? saidV2() : saidV3(context.family);
  return fc.tuple(said, u16, u32, u32, u32).map(([{ body, lsType, id, options }, age, anyId, advertisingRouter, sequence]) => ({
    body,
    lsa: encodeLsa({ age, options: options ?? 0, lsType, id: id ?? anyId, advertisingRouter, sequence: sequence | 0 }, body, context),
  }));
}

const header = (version: OspfVersion): fc.Arbitrary<LsaHeader> =>
  fc.record({
    age: u16,
    options: version === 2 ? u8 : fc.constant(0),
    lsType: version === 2 ? u8 : u16,
    id: u32,
    advertisingRouter: u32,
    sequence: u32.map((value) => value | 0),
    checksum: u16,
    length: u16,
  });

function hello(version: OspfVersion): fc.Arbitrary<Hello> {
  return fc.record({
    type: fc.constant('hello'),
    mask: version === 2 ? fc.integer({ min: 0, max: 32 }).map(maskOf) : fc.constant(0),
    interfaceId: version === 3 ? u32 : fc.constant(0),
    options: version === 2 ? u8 : u24,
    helloInterval: u16,
    deadInterval: version === 2 ? u32 : u16,
    priority: u8,
    designatedRouter: u32,
    backupDesignatedRouter: u32,
    neighbours: fc.array(u32, { maxLength: 6 }),
  });
}

/** A packet; a Hello or Database Description with options that say what follows it, which is nothing but signalling where `lls`. */
export function packet(context: BodyContext): fc.Arbitrary<OspfPacket> {
  const { version } = context;
  const options = version === 2 ? u8 : u24;
  const l = version === 2 ? 0x10 : 0x200;
  const at = version === 2 ? 0 : 0x400;
  const body = fc.oneof(
    hello(version),
    fc.record({
      type: fc.constant('database-description' as const),
      mtu: u16,
      options,
      init: fc.boolean(),
      more: fc.boolean(),
      master: fc.boolean(),
      sequence: u32,
      headers: fc.array(header(version), { maxLength: 5 }),
    }),
    fc.record({
      type: fc.constant('link-state-request' as const),
      requests: fc.array(fc.record({ lsType: version === 2 ? u32 : u16, id: u32, advertisingRouter: u32 }), { maxLength: 5 }),
    }),
    fc.record({
      type: fc.constant('link-state-update' as const),
      lsas: fc.array(
        lsa(context).map((one) => one.lsa),
        { maxLength: 4 },
      ),
    }),
    fc.record({ type: fc.constant('link-state-acknowledgment' as const), headers: fc.array(header(version), { maxLength: 5 }) }),
  );
  const lls = fc.option(
    fc.record({
      extendedOptions: u32,
      others: fc.array(fc.record({ type: fc.integer({ min: 3, max: 0xffff }), value: fc.uint8Array({ maxLength: 9 }) }), { maxLength: 3 }),
    }),
  );
  return fc
    .tuple(fc.record({ routerId: u32, area: u32, instance: version === 3 ? u8 : fc.constant(0) }), body, lls)
    .map(([head, said, signalling]) => {
      if (said.type !== 'hello' && said.type !== 'database-description') return { version, ...head, body: said };
      const marked = (said.options & ~l) | at | (signalling ? l : 0);
      return { version, ...head, body: { ...said, options: marked }, ...(signalling && { lls: signalling }) };
    });
}
