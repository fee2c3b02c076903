import type { ByteReader, ByteWriter } from '../../../lib/bytes.js';
import { LsTypeV2, LsTypeV3, RouterBit } from '../codes.js';
import { maskedPrefix, maskOf, word } from '../prefix.js';
import type { RouterBody, RouterLink } from '../values.js';
import type { LsaRow } from './row.js';

/** In both versions (RFC 2328 A.4.2, RFC 5340 A.4.3); 3 is OSPFv2's alone. */
const LinkType = { pointToPoint: 1, transit: 2, stub: 3, virtual: 4 } as const;
/** Octets of one TOS metric, which RFC 2328 lets be but no longer uses. */
const TOS_METRIC = 4;

/** Router LSAs (RFC 2328 A.4.2, RFC 5340 A.4.3). @internal */
export const router: LsaRow<RouterBody> = {
  v2: {
    lsType: LsTypeV2.router,
    scope: 'area',
    decode(from, header) {
      const bits = from.u8();
      from.skip(1);
      const count = from.u16();
      const links: RouterLink[] = [];
      for (let i = 0; i < count; i++) links.push(readLinkV2(from));
      return { ...fromBits(bits), options: header.options, links };
    },
    encode(to, body) {
      to.u8(toBits(body)).u8(0).u16(body.links.length);
      for (const link of body.links) writeLinkV2(to, link);
    },
  },
  v3: {
    lsType: LsTypeV3.router,
    scope: 'area',
    decode(from) {
      const bits = from.u8();
      const options = from.u24();
      const links: RouterLink[] = [];
      while (from.remaining > 0) links.push(readLinkV3(from));
      return { ...fromBits(bits), options, links };
    },
    encode(to, body) {
      to.u8(toBits(body)).u24(body.options);
      for (const link of body.links) writeLinkV3(to, link);
    },
  },
};

function fromBits(bits: number) {
  return {
    type: 'router',
    areaBorder: (bits & RouterBit.b) !== 0,
    asBoundary: (bits & RouterBit.e) !== 0,
    virtualEnd: (bits & RouterBit.v) !== 0,
    nssaTranslator: (bits & RouterBit.nt) !== 0,
  } as const;
}

function toBits(body: RouterBody): number {
  return (
    (body.areaBorder ? RouterBit.b : 0) |
    (body.asBoundary ? RouterBit.e : 0) |
    (body.virtualEnd ? RouterBit.v : 0) |
    (body.nssaTranslator ? RouterBit.nt : 0)
  );
}

function readLinkV2(from: ByteReader): RouterLink {
  const id = from.u32();
  const data = from.u32();
  const code = from.u8();
  const tosMetrics = from.u8();
  const metric = from.u16();
  from.skip(tosMetrics * TOS_METRIC);
  switch (code) {
    case LinkType.pointToPoint:
    case LinkType.virtual:
      return {
        type: code === LinkType.virtual ? 'virtual' : 'point-to-point',
        metric,
        neighbour: id,
        interfaceId: data,
        neighbourInterfaceId: 0,
      };
    case LinkType.transit:
      return { type: 'transit', metric, neighbour: 0, interfaceId: data, neighbourInterfaceId: id };
    case LinkType.stub: {
      const prefix = maskedPrefix(id, data);
      if (prefix) return { type: 'stub', metric, prefix };
    }
  }
  return { type: 'unknown', code, metric, neighbour: id, interfaceId: data, neighbourInterfaceId: 0 };
}

function writeLinkV2(to: ByteWriter, link: RouterLink): void {
  switch (link.type) {
    case 'stub':
      to.u32(word(link.prefix.bytes)).u32(maskOf(link.prefix.length)).u8(LinkType.stub);
      break;
    case 'transit':
      to.u32(link.neighbourInterfaceId).u32(link.interfaceId).u8(LinkType.transit);
      break;
    default:
      to.u32(link.neighbour).u32(link.interfaceId).u8(codeOf(link));
  }
  to.u8(0).u16(link.metric);
}

function readLinkV3(from: ByteReader): RouterLink {
  const code = from.u8();
  from.skip(1);
  const rest = { metric: from.u16(), interfaceId: from.u32(), neighbourInterfaceId: from.u32(), neighbour: from.u32() };
  switch (code) {
    case LinkType.pointToPoint:
      return { type: 'point-to-point', ...rest };
    case LinkType.transit:
      return { type: 'transit', ...rest };
    case LinkType.virtual:
      return { type: 'virtual', ...rest };
    default:
      return { type: 'unknown', code, ...rest };
  }
}

function writeLinkV3(to: ByteWriter, link: RouterLink): void {
  if (link.type === 'stub') throw new Error('OSPFv3 has no stub links: an intra-area-prefix LSA says what they said');
  to.u8(codeOf(link)).u8(0).u16(link.metric).u32(link.interfaceId).u32(link.neighbourInterfaceId).u32(link.neighbour);
}

function codeOf(link: Exclude<RouterLink, { readonly type: 'stub' }>): number {
  switch (link.type) {
    case 'point-to-point':
      return LinkType.pointToPoint;
    case 'transit':
      return LinkType.transit;
    case 'virtual':
      return LinkType.virtual;
    case 'unknown':
      return link.code;
  }
}
