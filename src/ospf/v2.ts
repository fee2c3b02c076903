import { parseAddress } from '../lib/address.js';
import { maskBytes, type Prefix } from '../lib/prefix.js';
import type { ListedLink } from './area.js';
import { type Dialect, MAX_LINK_METRIC, type OwnBody, type Self, vertexOfRouter } from './dialect.js';
import type { OspfInterface } from './interface.js';
import { external, internal, type Meaning, reached, roleOf } from './meaning.js';
import { VertexKind } from './spf/graph.js';
import { type ExternalBody, Group, LsTypeV2, maskOf, Option, octets, PACKET_HEADER, type RouterLink, word } from './wire/index.js';

const IPV4_HEADER = 20;
/** A network is named by its designated router's address, which the numbers of routers leave free above 2^32. */
const NETWORK = 0x1_0000_0000;
/** Where an external's numbers stand in its octets, and how many these are (RFC 2328 A.4.5). E is in the word of the metric. */
const EXTERNAL = { mask: 20, metric: 24, type2: 0x8000, forwarding: 28, tag: 32, octets: 36 } as const;
const OPAQUE: readonly number[] = [LsTypeV2.opaqueLink, LsTypeV2.opaqueArea, LsTypeV2.opaqueAs];

/** OSPFv2 (RFC 2328). @internal */
export const v2: Dialect = {
  version: 2,
  family: 'ipv4',
  context: { version: 2, family: 'ipv4' },
  types: LsTypeV2,
  allRouters: parseAddress(Group.allRouters[2]),
  allDesignatedRouters: parseAddress(Group.allDesignatedRouters[2]),
  overhead: IPV4_HEADER + PACKET_HEADER[2],
  ownDrId: ({ address }) => word(address),
  drIdOf: (_routerId, source) => word(source),
  // §10: by address on networks of many, by router id elsewhere.
  neighbourKey: ({ type }, routerId, source) => (type === 'point-to-point' ? routerId : word(source)),
  options: (area) => (area.options.type === 'normal' ? Option.e : 0) | (area.options.type === 'nssa' ? Option.n : 0),
  // RFC 5250 §3.1: the O bit is in Database Descriptions and in no other packet. FRR begins the exchange anew at a Hello with it.
  descriptionOptions: (area) => v2.options(area) | Option.o,

  checkHello({ options }, hello) {
    // §10.5: on point-to-point links the mask says nothing.
    if (options.type !== 'point-to-point' && hello.mask !== maskOf(options.maskLength))
      return { problem: 'mask-mismatch', detail: `its mask is ${bits(hello.mask)}, ours /${options.maskLength}` };
    return undefined;
  },
  helloFields: ({ maskLength }) => ({ mask: maskOf(maskLength), interfaceId: 0 }),
  takes: ({ options }, lsType) => !OPAQUE.includes(lsType) || (options & Option.o) !== 0,
  isOwn(lsa, routerId, interfaces) {
    if (lsa.advertisingRouter === routerId) return true;
    if (lsa.lsType !== LsTypeV2.network) return false;
    for (const { options, isUp } of interfaces) if (isUp && word(options.address) === lsa.id) return true;
    return false;
  },
  networkOf: ({ designatedRouter }) => NETWORK + designatedRouter,

  meaning({ advertisingRouter, id }, body): Meaning {
    const router = vertexOfRouter(advertisingRouter);
    switch (body.type) {
      case 'router':
        return {
          vertex: { key: router, kind: VertexKind.router, links: body.links.flatMap(listed) },
          router: roleOf(body),
          prefixes: body.links.flatMap((link) => (link.type === 'stub' ? [internal(link.prefix, 'intra', router, link.metric)] : [])),
        };
      case 'network': {
        const key = NETWORK + id;
        const links = body.routers.map((one) => ({ to: vertexOfRouter(one), kind: VertexKind.router, cost: 0 }));
        const prefixes = body.prefix ? [internal(body.prefix, 'intra', key, 0)] : [];
        return { vertex: { key, kind: VertexKind.network, links }, prefixes };
      }
      case 'summary':
        return { prefixes: [internal(body.prefix, 'inter', router, body.metric)] };
      case 'asbr-summary':
        return reached(body, advertisingRouter);
      case 'external':
      case 'nssa':
        return { prefixes: [external(body, router)] };
      default:
        return { prefixes: [] };
    }
  },

  isExternal: (lsType) => lsType === LsTypeV2.external || lsType === LsTypeV2.nssa,
  // As the codec reads its body, but with nothing made of it.
  readExternal(lsa, into) {
    if (lsa.length < EXTERNAL.octets) return false;
    const mask = lsa.u32(EXTERNAL.mask);
    const length = Math.clz32(~mask);
    if (maskOf(length) !== mask) return false;
    const forwarding = lsa.u32(EXTERNAL.forwarding);
    const first = lsa.u16(EXTERNAL.metric);
    into.a = (lsa.id & mask) | 0;
    into.length = length;
    into.metricType = (first & EXTERNAL.type2) === 0 ? 1 : 2;
    into.metric = ((first & 0xff) << 16) | lsa.u16(EXTERNAL.metric + 2);
    into.forwarding = forwarding === 0 ? undefined : octets(forwarding);
    into.tag = lsa.u32(EXTERNAL.tag);
    into.propagate = lsa.lsType === LsTypeV2.nssa && (lsa.options & Option.n) !== 0;
    return true;
  },

  originate(area, self) {
    const links: RouterLink[] = [];
    const stubs = new Map<string, RouterLink>();
    for (const one of area.interfaces)
      for (const link of linksOf(one, self)) {
        if (link.type !== 'stub') links.push(link);
        else {
          // Several interfaces may be in one subnet: it is told once, at its least cost.
          const key = `${word(link.prefix.bytes)}/${link.prefix.length}`;
          const known = stubs.get(key);
          if (!known || known.metric > link.metric) stubs.set(key, link);
        }
      }
    const own: OwnBody[] = [
      {
        lsType: LsTypeV2.router,
        id: self.routerId,
        body: {
          type: 'router',
          areaBorder: self.isBorder,
          asBoundary: self.isBoundary && area.options.type !== 'stub',
          virtualEnd: false,
          nssaTranslator: self.isBorder && area.options.translatorRole === 'always',
          options: v2.options(area),
          links: [...links, ...stubs.values()],
        },
      },
    ];
    for (const one of area.interfaces) {
      const routers = [...one.neighbours.values()].filter((neighbour) => neighbour.isFull).map(({ routerId }) => routerId);
      if (one.state !== 'dr' || routers.length === 0) continue;
      own.push({
        lsType: LsTypeV2.network,
        id: word(one.options.address),
        body: { type: 'network', prefix: subnetOf(one), options: v2.options(area), routers: [self.routerId, ...routers] },
      });
    }
    return own;
  },
  originateLink: () => [],
  prefixIds: ({ bytes, length }) => ({ first: word(bytes), second: (word(bytes) | ~maskOf(length)) >>> 0 }),
  summary: (id, prefix, metric) => ({ lsType: LsTypeV2.summary, id, body: { type: 'summary', prefix, prefixOptions: 0, metric } }),
  asbrSummary: (_id, router, metric) => ({
    lsType: LsTypeV2.asbrSummary,
    id: router,
    body: { type: 'asbr-summary', router, options: 0, metric },
  }),
  external: (id, body) => ({
    lsType: body.type === 'nssa' ? LsTypeV2.nssa : LsTypeV2.external,
    id,
    body: { ...body, prefixOptions: 0, referenced: undefined } satisfies ExternalBody,
  }),
  lsaOptions(area, body) {
    const shared = area ? v2.options(area) & ~Option.n : Option.e;
    return body.type === 'nssa' && body.propagate ? shared | Option.n : shared;
  },
};

/** Links that lead to a vertex. */
function listed(link: RouterLink): ListedLink[] {
  if (link.type === 'point-to-point') return [{ to: vertexOfRouter(link.neighbour), kind: VertexKind.router, cost: link.metric }];
  if (link.type === 'transit') return [{ to: NETWORK + link.neighbourInterfaceId, kind: VertexKind.network, cost: link.metric }];
  return [];
}

/** §12.4.1: what the router LSA says of an interface. */
function linksOf(one: OspfInterface, self: Self): RouterLink[] {
  if (!one.isUp) return [];
  const { options } = one;
  const cost = self.cost(one);
  const transitCost = self.stubRouter ? MAX_LINK_METRIC : cost;
  const links: RouterLink[] = [];
  const full = [...one.neighbours.values()].filter((neighbour) => neighbour.isFull);
  const interfaceId = options.maskLength === 32 && options.type === 'point-to-point' ? options.interfaceId : word(options.address);
  const towards = (routers: typeof full): void => {
    for (const { routerId } of routers)
      links.push({ type: 'point-to-point', metric: transitCost, neighbour: routerId, interfaceId, neighbourInterfaceId: 0 });
  };
  let subnet = true;
  if (options.passive) subnet = true;
  else if (options.type === 'point-to-point') {
    towards(full);
    subnet = options.maskLength < 32;
  } else if (options.type === 'point-to-multipoint') {
    // §12.4.1.4: our own address as a host, and a link to each neighbour.
    links.push({ type: 'stub', metric: 0, prefix: { family: 'ipv4', bytes: options.address, length: 32 } });
    towards(full);
    subnet = false;
  } else if (one.isTransit) {
    links.push({ type: 'transit', metric: transitCost, neighbour: 0, interfaceId, neighbourInterfaceId: one.designatedRouter });
    subnet = false;
  }
  for (const { bytes, length } of options.prefixes) {
    const own = length === options.maskLength && word(maskBytes(options.address, length)) === word(bytes);
    if (!own || subnet) links.push({ type: 'stub', metric: cost, prefix: { family: 'ipv4', bytes, length } });
  }
  return links;
}

function subnetOf({ options }: OspfInterface): Prefix {
  return { family: 'ipv4', bytes: maskBytes(options.address, options.maskLength), length: options.maskLength };
}

function bits(mask: number): string {
  return octets(mask).join('.');
}
