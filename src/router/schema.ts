import { parseAddress } from '../lib/address.js';
import { parseAsn } from '../lib/asn.js';
import { contains, parsePrefix } from '../lib/prefix.js';
import { didYouMean } from '../lib/suggest.js';
import { type Path, Problems, validate } from '../lib/validate.js';
import type { NetworkConfig } from '../network/config.js';
import { checkLengths, checkName, checkNetwork, Names } from '../network/schema.js';
import type { PortConfig } from '../stack/config.js';
import { checkBfd } from './bfd-schema.js';
import type { AdvertiseConfig, NeighbourConfig, RouterConfig } from './config.js';
import { checkOspf } from './ospf-schema.js';
import { neighbourSchema, portSchema, routerSchema } from './shape.js';

/**
 * A router's configuration, held to its shape, to itself and to its network. Comes back with addresses and prefixes canonical.
 * Throws a `UsageError` (`CONFIG_INVALID`) with the path and what was expected there.
 *
 * @param path - Where the router stands in the whole configuration.
 * @param shared - The network it serves where that is not its own; checked already.
 * @internal
 */
export function checkRouter(config: unknown, path: Path = [], shared?: NetworkConfig): RouterConfig {
  const router = validate<RouterConfig>(routerSchema, config, path);
  const problems = new Problems(path);
  if (shared && router.network) problems.add(['network'], 'expected no network here, as the router serves one that it shares');
  problems.raise();
  const network = shared ?? checkNetwork(router.network ?? {}, [...path, 'network'], [router.name ?? 'router']);
  checkInterfaces(router, network, problems);
  checkListen(router, problems);
  checkPorts(router, network, problems);
  checkAccess(router, problems);
  checkNeighbours(router, network, problems);
  checkWatches(router, network, problems);
  checkPrefixes(router, problems);
  checkOspf(router, network, problems);
  checkRules(router, problems);
  problems.raise();
  return router.network ? { ...router, network } : router;
}

function checkInterfaces({ interfaces = [] }: RouterConfig, { subnets = [], nodes = [] }: NetworkConfig, problems: Problems): void {
  const bySubnet = new Map(subnets.map((subnet) => [subnet.name ?? subnet.prefix, parsePrefix(subnet.prefix)]));
  const names = new Set(bySubnet.keys());
  const owners = new Map(nodes.flatMap(({ name, addresses = [] }) => addresses.map((address) => [address, name] as const)));
  const seen = new Set<string>();
  for (const [i, { subnet, addresses, advertise }] of interfaces.entries()) {
    if (typeof advertise === 'object') checkAdvertise(advertise, ['interfaces', i, 'advertise'], problems);
    checkName(subnet, names, 'subnet', ['interfaces', i, 'subnet'], problems);
    const range = bySubnet.get(subnet);
    for (const [j, address] of addresses.entries()) {
      const at = ['interfaces', i, 'addresses', j] as const;
      const owner = owners.get(address);
      if (range && !contains(range, parseAddress(address)))
        problems.add(at, `expected an address inside the subnet "${subnet}", got ${address}`);
      if (owner !== undefined)
        problems.add(at, `expected an address of the router's own, got ${address}, which belongs to node "${owner}"`);
      if (seen.has(address)) problems.add(at, `expected each address once, got ${address} again`);
      seen.add(address);
    }
  }
}

/** RFC 4861 §6.2.1. */
function checkAdvertise({ maxInterval = 600, minInterval, lifetime }: AdvertiseConfig, at: Path, problems: Problems): void {
  if (minInterval !== undefined && minInterval > 0.75 * maxInterval)
    problems.add([...at, 'minInterval'], `expected at most ${0.75 * maxInterval}, three quarters of maxInterval, got ${minInterval}`);
  if (lifetime !== undefined && lifetime !== 0 && lifetime < maxInterval)
    problems.add([...at, 'lifetime'], `expected 0, or at least maxInterval (${maxInterval}), got ${lifetime}`);
}

function checkListen({ listen = [] }: RouterConfig, problems: Problems): void {
  const seen = new Set<string>();
  for (const [i, { address, port = 179 }] of listen.entries()) {
    const key = `${address} port ${port}`;
    if (seen.has(key) && port !== 0) problems.add(['listen', i], `expected each address and port once, got ${key} again`);
    seen.add(key);
  }
}

/** What each type of port cannot do without, and what it may have besides. */
const PORT_FIELDS: Readonly<Record<PortConfig['type'], { readonly needs: readonly Field[]; readonly may: readonly Field[] }>> = {
  vxlan: { needs: ['address', 'remote', 'vni'], may: ['port', 'remotePort', 'batched', 'capture'] },
  stream: { needs: [], may: ['path', 'address', 'port', 'remote', 'remotePort', 'capture'] },
  dgram: { needs: ['address', 'port', 'remote', 'remotePort'], may: ['capture'] },
  tap: { needs: ['device'], may: ['capture'] },
  memory: { needs: [], may: [] },
};
const FIELDS = ['address', 'port', 'remote', 'remotePort', 'vni', 'batched', 'path', 'device', 'capture'] as const;
type Field = (typeof FIELDS)[number];

function checkPorts(
  { ports = [] }: Pick<RouterConfig, 'ports'>,
  { nodes = [], forwarder }: Pick<NetworkConfig, 'nodes' | 'forwarder'>,
  problems: Problems,
): void {
  const names = new Names('port', problems);
  const tunnels = new Set<string>();
  const sockets = new Map<string, boolean>();
  const captures = new Map<string, string>();
  for (const [i, port] of ports.entries()) {
    names.add(port.name, ['ports', i, 'name']);
    if (forwarder && port.type === 'memory')
      problems.add(['ports', i, 'type'], "expected a port that the network's forwarder can open, got memory");
    const { needs, may } = PORT_FIELDS[port.type];
    for (const field of FIELDS) {
      if (port[field] === undefined && needs.includes(field))
        problems.add(['ports', i, field], `expected the ${field} of a ${port.type} port`);
      if (port[field] !== undefined && !needs.includes(field) && !may.includes(field))
        problems.add(['ports', i, field], `expected nothing, as a ${port.type} port has no ${field}`);
    }
    if (port.capture !== undefined) {
      const other = captures.get(port.capture);
      if (other !== undefined) problems.add(['ports', i, 'capture'], `expected a file of its own, got that of port "${other}"`);
      captures.set(port.capture, port.name);
    }
    if (port.type === 'stream') {
      const ways = [port.path, port.address, port.remote].filter((way) => way !== undefined).length;
      if (ways !== 1) problems.add(['ports', i], 'expected one of path, address (to listen at) and remote (to dial)');
      if (port.address !== undefined && port.port === undefined) problems.add(['ports', i, 'port'], 'expected the port to listen at');
      if (port.remote !== undefined && port.remotePort === undefined) problems.add(['ports', i, 'remotePort'], 'expected the port to dial');
    } else if (port.address !== undefined && port.remote !== undefined && port.address.includes(':') !== port.remote.includes(':')) {
      problems.add(['ports', i, 'remote'], `expected an address of the same family as ${port.address}, got ${port.remote}`);
    }
    if (port.type === 'vxlan') {
      const tunnel = `${port.address} ${port.port ?? 4789} ${port.remote} ${port.vni}`;
      if (tunnels.has(tunnel)) problems.add(['ports', i], 'expected another far end or VNI: one port has this tunnel already');
      tunnels.add(tunnel);
      const { batched } = port;
      const socket = `${port.address} port ${port.port ?? 4789}`;
      if (batched !== undefined && (sockets.get(socket) ?? batched) !== batched)
        problems.add(['ports', i, 'batched'], `expected ${!batched}, as another tunnel on ${socket} has it: they share a socket`);
      else if (batched !== undefined) sockets.set(socket, batched);
    }
  }
  const taken = new Map<string, string>();
  for (const { name, location } of nodes) {
    const at = ports.findIndex((port) => port.name === location);
    if (location === undefined || at < 0) continue;
    const other = taken.get(location);
    if (other !== undefined)
      problems.add(
        ['ports', at],
        `expected one node at port "${location}", got "${other}" and "${name}": the port says which node a frame is from. Behind one far end, give each node a port with a VNI of its own`,
      );
    taken.set(location, name);
  }
}

/**
 * A port that is to stand at `at` among those of a router that was checked. Comes back canonical. Throws as {@link checkRouter} does.
 *
 * @internal
 */
export function checkPort(
  { ports = [] }: RouterConfig,
  network: Pick<NetworkConfig, 'nodes' | 'forwarder'>,
  port: unknown,
  at: number,
): PortConfig {
  const checked = validate<PortConfig>(portSchema, port, ['ports', at]);
  const problems = new Problems([]);
  checkPorts({ ports: [...ports.slice(0, at), checked, ...ports.slice(at + 1)] }, network, problems);
  problems.raise();
  return checked;
}

/** That nothing in a router's configuration names one of its ports. Throws as {@link checkRouter} does. @internal */
export function checkPortless({ access = [], ospf = [] }: RouterConfig, name: string): void {
  const problems = new Problems([]);
  const message = `expected no mention of "${name}", as the port is to be removed`;
  for (const [i, { at = [] }] of access.entries()) if (at.includes(name)) problems.add(['access', i, 'at', at.indexOf(name)], message);
  for (const [i, { interfaces }] of ospf.entries())
    for (const [j, { port }] of interfaces.entries()) if (port === name) problems.add(['ospf', i, 'interfaces', j, 'port'], message);
  problems.raise();
}

function checkAccess({ access = [], ports = [] }: RouterConfig, problems: Problems): void {
  const known = new Set(ports.map(({ name }) => name));
  for (const [i, rule] of access.entries()) {
    const at = ['access', i] as const;
    for (const [j, name] of (rule.at ?? []).entries()) checkName(name, known, 'port', [...at, 'at', j], problems);
    const { source, destination, protocol } = rule;
    if (source !== undefined && destination !== undefined && source.includes(':') !== destination.includes(':'))
      problems.add([...at, 'destination'], `expected a prefix of the same family as ${source}, got ${destination}`);
    const portless = protocol !== undefined && ![6, 17, 'tcp', 'udp'].includes(protocol);
    for (const field of ['sourcePorts', 'destinationPorts'] as const)
      if (portless && rule[field] !== undefined) problems.add([...at, field], `expected nothing, as protocol ${protocol} has no ports`);
  }
}

/**
 * A neighbour that is to stand at `at` among those of a router that was checked. Comes back canonical. Throws as {@link checkRouter} does.
 *
 * @internal
 */
export function checkNeighbour(
  router: RouterConfig,
  network: Pick<NetworkConfig, 'nodes'>,
  neighbour: unknown,
  at: number,
): NeighbourConfig {
  const checked = validate<NeighbourConfig>(neighbourSchema, neighbour, ['neighbours', at]);
  const problems = new Problems([]);
  const { neighbours = [] } = router;
  const all = [...neighbours.slice(0, at), checked, ...neighbours.slice(at + 1)];
  checkNeighbours({ ...router, neighbours: all }, network, problems, at);
  problems.raise();
  return checked;
}

/** @param only - Of the others only names and addresses are looked at. */
function checkNeighbours(router: RouterConfig, network: Pick<NetworkConfig, 'nodes'>, problems: Problems, only?: number): void {
  const nodes = new Set((network.nodes ?? []).map(({ name }) => name));
  const owners = new Map((network.nodes ?? []).flatMap(({ name, addresses = [] }) => addresses.map((address) => [address, name] as const)));
  const own = new Set((router.interfaces ?? []).flatMap(({ addresses }) => addresses));
  const addresses = new Map<string, number>();
  const names = new Names('neighbour', problems);
  for (const [i, neighbour] of (router.neighbours ?? []).entries()) {
    const at = ['neighbours', i] as const;
    const { address, name, node } = neighbour;
    const twin = addresses.get(address);
    if (twin !== undefined)
      problems.add([...at, 'address'], `expected an address of its own, got ${address}, which neighbours[${twin}] has`);
    else if (name !== undefined) names.add(name, [...at, 'name']);
    addresses.set(address, twin ?? i);
    if (only !== undefined && only !== i) continue;
    if (own.has(address)) problems.add([...at, 'address'], `expected the neighbour's address, got ${address}, which is the router's own`);
    const owner = owners.get(address);
    if (node !== undefined) checkName(node, nodes, 'node', [...at, 'node'], problems);
    if (node !== undefined && owner !== undefined && owner !== node)
      problems.add([...at, 'node'], `expected "${owner}", which owns ${address}, got "${node}"`);
    if (node === undefined && !isRange(neighbour) && owner === undefined) {
      problems.add(
        [...at, 'address'],
        `expected an address that a node of the network owns (or the field node to name one), got ${address}`,
      );
    }
    checkDialling(neighbour, at, problems);
    checkBfd(neighbour.bfd, [...at, 'bfd'], problems);
    checkRole(router, neighbour, at, problems);
    checkKeys(neighbour, at, problems);
  }
}

function checkDialling(neighbour: NeighbourConfig, at: Path, problems: Problems): void {
  const { address, passive, limit, localAddress, as, families } = neighbour;
  if (isRange(neighbour)) {
    if (passive === false)
      problems.add([...at, 'passive'], `expected true or nothing, as ${address} is a range and only waits to be dialled, got false`);
  } else {
    if (limit !== undefined) problems.add([...at, 'limit'], `expected no limit, as ${address} is one address and not a range`);
    if (as === 'any') problems.add([...at, 'as'], 'expected an AS number, as only a range may take "any"');
  }
  if (localAddress !== undefined && localAddress.includes(':') !== address.includes(':')) {
    problems.add([...at, 'localAddress'], `expected an address of the same family as ${address}, got ${localAddress}`);
  }
  if (families && new Set(families).size < families.length) problems.add([...at, 'families'], 'expected each family once');
}

function checkKeys({ password, tcpAo }: NeighbourConfig, at: Path, problems: Problems): void {
  if (password !== undefined && tcpAo) problems.add([...at, 'tcpAo'], 'expected one of password and tcpAo, as a segment is signed once');
  // RFC 5925 §3.1: of the keys of one connection, no two have the same KeyID in one direction.
  for (const direction of ['sendId', 'receiveId'] as const) {
    const seen = new Set<number>();
    for (const [i, key] of (tcpAo ?? []).entries()) {
      const id = key[direction] ?? key.sendId;
      if (seen.has(id)) problems.add([...at, 'tcpAo', i, direction], `expected each ${direction} once, got ${id} again`);
      seen.add(id);
    }
  }
}

function checkRole(router: RouterConfig, neighbour: NeighbourConfig, at: Path, problems: Problems): void {
  const { as, localAs, routeReflectorClient, routeServerClient, localRole, requireRole } = neighbour;
  if (requireRole && localRole === undefined)
    problems.add([...at, 'requireRole'], 'expected localRole beside it, as its role is held against ours (RFC 9234 §4.2)');
  if (as === 'any' || typeof as === 'object') return;
  const internal = parseAsn(as) === parseAsn(localAs ?? router.as);
  if (localRole !== undefined && internal)
    problems.add([...at, 'localRole'], 'expected nothing, as the neighbour has our AS number (RFC 9234 is for external ones)');
  if (routeReflectorClient && !internal)
    problems.add([...at, 'routeReflectorClient'], 'expected false, as the neighbour has another AS number (RFC 4456 is for internal ones)');
  if (routeServerClient && internal)
    problems.add([...at, 'routeServerClient'], 'expected false, as the neighbour has our AS number (RFC 7947 is for external ones)');
}

function checkWatches({ watch = [] }: RouterConfig, { nodes = [] }: NetworkConfig, problems: Problems): void {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const seen = new Set<string>();
  for (const [i, { node, address, localAddress, bfd }] of watch.entries()) {
    const at = ['watch', i] as const;
    checkName(node, new Set(byName.keys()), 'node', [...at, 'node'], problems);
    const known = byName.get(node);
    const remote = address ?? known?.addresses?.[0];
    if (known && remote === undefined) problems.add([...at, 'address'], `expected an address, as node "${node}" has none`);
    if (remote !== undefined && seen.has(remote)) problems.add(at, `expected each address once, got ${remote} again`);
    seen.add(remote ?? '');
    if (remote !== undefined && localAddress !== undefined && localAddress.includes(':') !== remote.includes(':'))
      problems.add([...at, 'localAddress'], `expected an address of the same family as ${remote}, got ${localAddress}`);
    checkBfd(bfd, [...at, 'bfd'], problems);
  }
}

function checkPrefixes({ originate = [], prefixLists = {} }: RouterConfig, problems: Problems): void {
  const seen = new Set<string>();
  for (const [i, { prefix }] of originate.entries()) {
    if (seen.has(prefix)) problems.add(['originate', i, 'prefix'], `expected each prefix once, got ${prefix} again`);
    seen.add(prefix);
  }
  for (const [name, entries] of Object.entries(prefixLists)) {
    for (const [i, entry] of entries.entries()) checkLengths(entry, ['prefixLists', name, i], problems);
  }
}

/** Rules name prefix lists that are there; what is no name is a prefix. */
function checkRules({ neighbours = [], ospf = [], prefixLists = {} }: RouterConfig, problems: Problems): void {
  const policies = [
    ...neighbours.flatMap(({ import: heard, export: told }, i) => [
      { rules: heard, at: ['neighbours', i, 'import'] },
      { rules: typeof told === 'object' && 'rules' in told ? told.rules : undefined, at: ['neighbours', i, 'export', 'rules'] },
    ]),
    ...ospf.map(({ export: told }, i) => ({ rules: told?.rules, at: ['ospf', i, 'export', 'rules'] })),
  ];
  for (const { rules, at } of policies) {
    if (typeof rules !== 'object') continue;
    for (const [j, { match }] of rules.entries()) {
      for (const [k, entry] of (match?.prefixes ?? []).entries()) {
        const path = [...at, j, 'match', 'prefixes', k];
        if (typeof entry !== 'string') checkLengths(entry, path, problems);
        else if (!Object.hasOwn(prefixLists, entry) && !isPrefix(entry))
          problems.add(
            path,
            `expected the name of a prefix list, or a prefix, got "${entry}"${didYouMean(entry, Object.keys(prefixLists))}`,
          );
      }
    }
  }
}

function isPrefix(text: string): boolean {
  try {
    parsePrefix(text);
    return true;
  } catch {
    return false;
  }
}

function isRange({ address }: NeighbourConfig): boolean {
  return address.includes('/');
}
