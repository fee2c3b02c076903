import { formatAddress, formatIpv4 } from '../../lib/address.js';
import { toHex } from '../../lib/bytes.js';
import { formatPrefix, type Prefix } from '../../lib/prefix.js';
import { Option, type OspfVersion } from './codes.js';
import { type InspectedPacket, inspectLsa } from './inspect.js';
import { lsaTypeName } from './lsa/table.js';
import type { Lls, LsaBody, LsaHeader, LsaKey, PacketBody, RouterLink } from './values.js';

/** Any JSON object. */
type Plain = Readonly<Record<string, unknown>>;

/**
 * A packet as plain objects for people and their tools: addresses and ids dotted, options by name, sequence numbers in hex, numbers
 * that a version does not have left out.
 *
 * @public
 */
export function packetToJson({ header, authentication, body, lls }: InspectedPacket): Readonly<Record<string, unknown>> {
  if (!header) return {};
  const { version, instance } = header;
  return {
    version,
    routerId: formatIpv4(header.routerId),
    area: formatIpv4(header.area),
    ...(version === 3 && { instance }),
    ...(authentication && {
      authentication: { ...authentication, ...('sequence' in authentication && { sequence: String(authentication.sequence) }) },
    }),
    ...(body && bodyToJson(body, version, instance)),
    ...(lls && { lls: llsToJson(lls) }),
  };
}

function bodyToJson(body: PacketBody, version: OspfVersion, instance: number): Plain {
  switch (body.type) {
    case 'hello':
      return {
        ...(version === 2 ? { mask: formatIpv4(body.mask) } : { interfaceId: body.interfaceId }),
        options: optionNames(body.options, version),
        helloInterval: body.helloInterval,
        deadInterval: body.deadInterval,
        priority: body.priority,
        designatedRouter: formatIpv4(body.designatedRouter),
        backupDesignatedRouter: formatIpv4(body.backupDesignatedRouter),
        neighbours: body.neighbours.map(formatIpv4),
      };
    case 'database-description':
      return {
        mtu: body.mtu,
        options: optionNames(body.options, version),
        init: body.init,
        more: body.more,
        master: body.master,
        sequence: body.sequence,
        headers: body.headers.map((header) => headerToJson(header, version)),
      };
    case 'link-state-request':
      return { requests: body.requests.map((key) => keyToJson(key, version)) };
    case 'link-state-update':
      return {
        lsas: body.lsas.map((lsa) => {
          const { body: said, error } = inspectLsa(lsa, version, instance);
          return {
            ...headerToJson(lsa.header, version),
            ...(said && { body: saysJson(said, version) }),
            ...(error !== undefined && { error }),
          };
        }),
      };
    case 'link-state-acknowledgment':
      return { headers: body.headers.map((header) => headerToJson(header, version)) };
  }
}

/** In the order of their bits; one without a name is `bit N`. */
const OPTIONS: Readonly<Record<OspfVersion, Readonly<Record<number, string>>>> = {
  2: { 1: 'mt', [Option.e]: 'e', 4: 'mc', [Option.n]: 'n/p', [Option.lls]: 'l', [Option.dc]: 'dc', [Option.o]: 'o', [Option.dn]: 'dn' },
  3: {
    [Option.v6]: 'v6',
    [Option.e]: 'e',
    [Option.n]: 'n',
    [Option.r]: 'r',
    [Option.dc]: 'dc',
    [Option.af]: 'af',
    [Option.llsV3]: 'l',
    [Option.at]: 'at',
  },
};

function optionNames(options: number, version: OspfVersion): string[] {
  const names: string[] = [];
  for (let bit = 0; bit < 24; bit++) if (options & (1 << bit)) names.push(OPTIONS[version][1 << bit] ?? `bit ${bit}`);
  return names;
}

function keyToJson({ lsType, id, advertisingRouter }: LsaKey, version: OspfVersion): Plain {
  return {
    type: lsaTypeName(version, lsType, id) ?? 'unknown',
    lsType: version === 2 ? lsType : `0x${lsType.toString(16).padStart(4, '0')}`,
    id: formatIpv4(id),
    advertisingRouter: formatIpv4(advertisingRouter),
  };
}

function headerToJson(header: LsaHeader, version: OspfVersion): Plain {
  return {
    ...keyToJson(header, version),
    age: header.age,
    ...(version === 2 && { options: optionNames(header.options, version) }),
    sequence: `0x${(header.sequence >>> 0).toString(16)}`,
    checksum: `0x${header.checksum.toString(16).padStart(4, '0')}`,
    length: header.length,
  };
}

function saysJson(body: LsaBody, version: OspfVersion): Plain {
  switch (body.type) {
    case 'router': {
      const { areaBorder, asBoundary, virtualEnd, nssaTranslator, links } = body;
      return {
        areaBorder,
        asBoundary,
        virtualEnd,
        nssaTranslator,
        ...own(body.options, version),
        links: links.map((link) => linkJson(link, version)),
      };
    }
    case 'network':
      return {
        ...(body.prefix && { prefix: formatPrefix(body.prefix) }),
        ...own(body.options, version),
        routers: body.routers.map(formatIpv4),
      };
    case 'summary':
      return { ...prefixJson(body.prefix, body.prefixOptions), metric: body.metric };
    case 'asbr-summary':
      return { router: formatIpv4(body.router), ...own(body.options, version), metric: body.metric };
    case 'external':
    case 'nssa':
      return {
        ...prefixJson(body.prefix, body.prefixOptions),
        metricType: body.metricType,
        metric: body.metric,
        ...(body.forwarding && { forwarding: formatAddress(body.forwarding) }),
        tag: body.tag,
        ...(body.type === 'nssa' && { propagate: body.propagate }),
        ...(body.referenced && { referenced: body.referenced }),
      };
    case 'link':
      return {
        priority: body.priority,
        options: optionNames(body.options, version),
        linkLocal: formatAddress(body.linkLocal),
        prefixes: body.prefixes.map(({ prefix, options }) => prefixJson(prefix, options)),
      };
    case 'intra-area-prefix':
      return {
        referenced: keyToJson(body.referenced, version),
        prefixes: body.prefixes.map(({ prefix, options, metric }) => ({ ...prefixJson(prefix, options), metric })),
      };
    case 'grace':
      return { period: body.period, reason: body.reason, ...(body.address !== undefined && { address: formatIpv4(body.address) }) };
    case 'opaque':
      return { opaqueType: body.opaqueType, opaqueId: body.opaqueId, data: toHex(body.data) };
    case 'unknown':
      return { data: toHex(body.data) };
  }
}

/** Options that OSPFv3 has in bodies; OSPFv2's are the header's. */
function own(options: number, version: OspfVersion): Plain {
  return version === 3 ? { options: optionNames(options, version) } : {};
}

function prefixJson(prefix: Prefix, options: number): Plain {
  return { prefix: formatPrefix(prefix), ...(options !== 0 && { prefixOptions: options }) };
}

function linkJson(link: RouterLink, version: OspfVersion): Plain {
  const { type, metric } = link;
  if (link.type === 'stub') return { type, metric, prefix: formatPrefix(link.prefix) };
  const { neighbour, interfaceId, neighbourInterfaceId } = link;
  if (version === 3) return { type, metric, interfaceId, neighbourInterfaceId, neighbour: formatIpv4(neighbour) };
  if (link.type === 'transit')
    return { type, metric, designatedRouter: formatIpv4(neighbourInterfaceId), address: formatIpv4(interfaceId) };
  return { type, metric, neighbour: formatIpv4(neighbour), address: formatIpv4(interfaceId) };
}

function llsToJson({ extendedOptions, others }: Lls): Plain {
  return { extendedOptions, ...(others.length > 0 && { others: others.map(({ type, value }) => ({ type, value: toHex(value) })) }) };
}
