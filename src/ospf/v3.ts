import { type Family, parseAddress } from '../lib/address.js';
import { contains, type Prefix, prefixWords } from '../lib/prefix.js';
import type { ListedLink, VertexKey } from './area.js';
import { type Dialect, MAX_LINK_METRIC, type OwnBody, type Self, vertexOfRouter } from './dialect.js';
import type { OspfInterface } from './interface.js';
import { external, internal, type Meaning, reached, roleOf } from './meaning.js';
import { UNREACHABLE, VertexKind } from './spf/graph.js';
import { type ExternalBody, Group, type LinkPrefix, LsTypeV3, Option, PACKET_HEADER, PrefixOption, type RouterLink } from './wire/index.js';

const IPV6_HEADER = 40;

/** OSPFv3 for one address family (RFC 5340, RFC 5838). @internal */
export function v3(family: Family): Dialect {
  const context = { version: 3, family } as const;
  const { nssa: _nssa, ...types } = LsTypeV3;
  const dialect: Dialect = {
    version: 3,
    family,
    context,
    types: { ...types, summary: LsTypeV3.interAreaPrefix, asbrSummary: LsTypeV3.interAreaRouter, nssa: LsTypeV3.nssa },
    allRouters: parseAddress(Group.allRouters[3]),
    allDesignatedRouters: parseAddress(Group.allDesignatedRouters[3]),
    overhead: IPV6_HEADER + PACKET_HEADER[3],
    ownDrId: (_options, routerId) => routerId,
    drIdOf: (routerId) => routerId,
    neighbourKey: (_options, routerId) => routerId,
    // RFC 5838 §2.2: instances of IPv4 clear V6 and set AF.
    options: (area) =>
      (family === 'ipv6' ? Option.v6 : Option.af) |
      (area.options.type === 'normal' ? Option.e : 0) |
      (area.options.type === 'nssa' ? Option.n : 0) |
      Option.r,

    descriptionOptions: (area) => dialect.options(area),

    checkHello(_one, hello) {
      // RFC 5838 §2.4: in all families but unicast IPv6, who does not know of families is not spoken to.
      if (family !== 'ipv6' && (hello.options & Option.af) === 0)
        return { problem: 'family-mismatch', detail: 'it does not know of address families (its AF bit is clear)' };
      return undefined;
    },
    helloFields: ({ interfaceId }) => ({ mask: 0, interfaceId }),
    takes: () => true,
    isOwn: ({ advertisingRouter }, routerId) => advertisingRouter === routerId,
    networkOf(one) {
      if (one.state === 'dr') return networkKey(one.designatedRouter, one.options.interfaceId);
      return networkKey(one.designatedRouter, one.neighbours.get(one.designatedRouter)?.interfaceId ?? 0);
    },

    meaning(lsa, body): Meaning {
      const router = vertexOfRouter(lsa.advertisingRouter);
      const noted = ({ options }: { readonly options: number }): boolean => (options & PrefixOption.noUnicast) === 0;
      switch (body.type) {
        case 'router': {
          // RFC 5340 §4.8.1: a router whose R bit, or V6 bit in IPv6, is clear forwards nothing for others.
          const forwards = (body.options & Option.r) !== 0 && (family !== 'ipv6' || (body.options & Option.v6) !== 0);
          const links = body.links.flatMap(listed).map((link) => (forwards ? link : { ...link, cost: UNREACHABLE }));
          return { vertex: { key: router, kind: VertexKind.router, links }, router: roleOf(body), prefixes: [] };
        }
        case 'network': {
          const links = body.routers.map((id) => ({ to: vertexOfRouter(id), kind: VertexKind.router, cost: 0 }));
          return { vertex: { key: networkKey(lsa.advertisingRouter, lsa.id), kind: VertexKind.network, links }, prefixes: [] };
        }
        case 'intra-area-prefix': {
          const { lsType, id, advertisingRouter } = body.referenced;
          // §4.8.1: what an LSA refers to must be its own router's.
          if (advertisingRouter !== lsa.advertisingRouter) return { prefixes: [] };
          const vertex =
            lsType === LsTypeV3.network ? networkKey(advertisingRouter, id) : lsType === LsTypeV3.router && id === 0 ? router : undefined;
          if (vertex === undefined) return { prefixes: [] };
          return { prefixes: body.prefixes.filter(noted).map(({ prefix, metric }) => internal(prefix, 'intra', vertex, metric)) };
        }
        case 'summary':
          return { prefixes: noted({ options: body.prefixOptions }) ? [internal(body.prefix, 'inter', router, body.metric)] : [] };
        case 'asbr-summary':
          return reached(body, lsa.advertisingRouter);
        case 'external':
        case 'nssa':
          return { prefixes: noted({ options: body.prefixOptions }) ? [external(body, router)] : [] };
        default:
          return { prefixes: [] };
      }
    },

    isExternal: (lsType) => lsType === LsTypeV3.external || lsType === LsTypeV3.nssa,
    readExternal(lsa, into) {
      const body = lsa.body(context);
      if ((body?.type !== 'external' && body?.type !== 'nssa') || (body.prefixOptions & PrefixOption.noUnicast) !== 0) return false;
      const [a, b, c, d] = prefixWords(body.prefix.bytes);
      into.a = a | 0;
      into.b = b | 0;
      into.c = c | 0;
      into.d = d | 0;
      into.length = body.prefix.length;
      into.metricType = body.metricType;
      into.metric = body.metric;
      into.forwarding = body.forwarding;
      into.tag = body.tag;
      into.propagate = body.propagate;
      return true;
    },

    originate(area, self) {
      const own: OwnBody[] = [
        {
          lsType: LsTypeV3.router,
          id: 0,
          body: {
            type: 'router',
            areaBorder: self.isBorder,
            asBoundary: self.isBoundary && area.options.type !== 'stub',
            virtualEnd: false,
            nssaTranslator: self.isBorder && area.options.translatorRole === 'always',
            options: dialect.options(area),
            links: [...area.interfaces].flatMap((one) => linksOf(one, self)),
          },
        },
      ];
      const prefixes = [...area.interfaces].flatMap((one) => prefixesOf(one, self));
      if (prefixes.length > 0)
        own.push(intraAreaPrefix(0, { lsType: LsTypeV3.router, id: 0, advertisingRouter: self.routerId }, unique(prefixes)));
      for (const one of area.interfaces) {
        const full = [...one.neighbours.values()].filter((neighbour) => neighbour.isFull);
        if (one.state !== 'dr' || full.length === 0) continue;
        const id = one.options.interfaceId;
        let options = dialect.options(area);
        const shared: LinkPrefix[] = own4(one, family).map((prefix) => ({ prefix, options: 0, metric: 0 }));
        for (const lsa of one.database.ofType(LsTypeV3.link)) {
          const body = lsa.body(context);
          if (lsa.ended || body?.type !== 'link' || !full.some(({ routerId }) => routerId === lsa.advertisingRouter)) continue;
          options |= body.options;
          // §4.4.3.9: what is marked as an address, or for nobody, is not the link's.
          for (const { prefix, options: marks } of body.prefixes)
            if ((marks & (PrefixOption.noUnicast | PrefixOption.localAddress)) === 0) shared.push({ prefix, options: 0, metric: 0 });
        }
        own.push({
          lsType: LsTypeV3.network,
          id,
          body: { type: 'network', prefix: undefined, options, routers: [self.routerId, ...full.map(({ routerId }) => routerId)] },
        });
        // The id tells it from the one of the router LSA.
        if (shared.length > 0)
          own.push(intraAreaPrefix(id, { lsType: LsTypeV3.network, id, advertisingRouter: self.routerId }, unique(shared)));
      }
      return own;
    },

    originateLink(one) {
      if (one.options.passive || !one.isUp) return [];
      const prefixes = own4(one, family).map((prefix) => ({ prefix, options: 0, metric: 0 }));
      const { priority, interfaceId, nextHop: linkLocal } = one.options;
      return [
        {
          lsType: LsTypeV3.link,
          id: interfaceId,
          body: { type: 'link', priority, options: dialect.options(one.area), linkLocal, prefixes },
        },
      ];
    },
    prefixIds: () => undefined,
    summary: (id, prefix, metric) => ({
      lsType: LsTypeV3.interAreaPrefix,
      id,
      body: { type: 'summary', prefix, prefixOptions: 0, metric },
    }),
    asbrSummary: (id, router, metric) => ({
      lsType: LsTypeV3.interAreaRouter,
      id,
      body: { type: 'asbr-summary', router, options: Option.r | Option.e | (family === 'ipv6' ? Option.v6 : Option.af), metric },
    }),
    external: (id, body) => ({
      lsType: body.type === 'nssa' ? LsTypeV3.nssa : LsTypeV3.external,
      id,
      body: { ...body, prefixOptions: body.propagate ? PrefixOption.propagate : 0, referenced: undefined } satisfies ExternalBody,
    }),
    lsaOptions: () => 0,
  };
  return dialect;
}

/** A network is named by its designated router and that one's number of the interface. */
function networkKey(router: number, interfaceId: number): VertexKey {
  return `${router} ${interfaceId}`;
}

function listed(link: RouterLink): ListedLink[] {
  if (link.type === 'point-to-point') return [{ to: vertexOfRouter(link.neighbour), kind: VertexKind.router, cost: link.metric }];
  if (link.type === 'transit')
    return [{ to: networkKey(link.neighbour, link.neighbourInterfaceId), kind: VertexKind.network, cost: link.metric }];
  return [];
}

/** §4.4.3.2: what the router LSA says of an interface. */
function linksOf(one: OspfInterface, self: Self): RouterLink[] {
  if (!one.isUp || one.options.passive) return [];
  const metric = self.stubRouter ? MAX_LINK_METRIC : self.cost(one);
  const { interfaceId } = one.options;
  if (one.elects) {
    if (!one.isTransit) return [];
    const designated = one.state === 'dr' ? interfaceId : (one.neighbours.get(one.designatedRouter)?.interfaceId ?? 0);
    return [{ type: 'transit', metric, interfaceId, neighbour: one.designatedRouter, neighbourInterfaceId: designated }];
  }
  return [...one.neighbours.values()]
    .filter((neighbour) => neighbour.isFull)
    .map((neighbour) => ({
      type: 'point-to-point',
      metric,
      interfaceId,
      neighbour: neighbour.routerId,
      neighbourInterfaceId: neighbour.interfaceId,
    }));
}

/** §4.4.3.9: prefixes that lie at the router itself: of links that no network LSA speaks for. */
function prefixesOf(one: OspfInterface, self: Self): LinkPrefix[] {
  if (!one.isUp || (one.elects && one.isTransit)) return [];
  const { type, passive, forwarding, prefixes } = one.options;
  return prefixes.map(({ bytes, length }) => {
    const family = bytes.length === 4 ? 'ipv4' : 'ipv6';
    const whole = bytes.length * 8;
    // Not all on it reach each other: each tells its own address.
    if (type === 'point-to-multipoint' && !passive && forwarding && contains({ family, bytes, length }, forwarding))
      return { prefix: { family, bytes: forwarding, length: whole }, options: PrefixOption.localAddress, metric: 0 };
    return { prefix: { family, bytes, length }, options: length === whole ? PrefixOption.localAddress : 0, metric: self.cost(one) };
  });
}

function own4(one: OspfInterface, family: Family): Prefix[] {
  return one.options.prefixes.map(({ bytes, length }) => ({ family, bytes, length }));
}

function intraAreaPrefix(
  id: number,
  referenced: { lsType: number; id: number; advertisingRouter: number },
  prefixes: LinkPrefix[],
): OwnBody {
  return { lsType: LsTypeV3.intraAreaPrefix, id, body: { type: 'intra-area-prefix', referenced, prefixes } };
}

/** Each prefix once, at its least cost. */
function unique(prefixes: readonly LinkPrefix[]): LinkPrefix[] {
  const least = new Map<string, LinkPrefix>();
  for (const one of prefixes) {
    const key = `${one.prefix.bytes.join()}/${one.prefix.length}`;
    const known = least.get(key);
    if (!known || known.metric > one.metric) least.set(key, one);
  }
  return [...least.values()];
}
