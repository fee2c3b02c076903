import type { Path, Problems } from '../lib/validate.js';
import type { NetworkConfig } from '../network/config.js';
import { checkName, Names } from '../network/schema.js';
import type { OspfAuthenticationConfig } from '../ospf/config.js';
import { familyOf, idNumber, nameOf, versionOf } from '../ospf/resolve.js';
import { longestSecret } from '../ospf/wire/index.js';
import { checkBfd } from './bfd-schema.js';
import type { RouterConfig } from './config.js';
import type { OspfConfig, OspfLinkConfig } from './ospf-config.js';

/** OSPF's configuration, held to itself and to its router and network. @internal */
export function checkOspf(router: RouterConfig, network: NetworkConfig, problems: Problems): void {
  const names = new Names('instance of OSPF', problems);
  for (const [i, ospf] of (router.ospf ?? []).entries()) {
    const at = ['ospf', i] as const;
    names.add(nameOf(ospf), ospf.name === undefined ? at : [...at, 'name']);
    if (ospf.family === 'ipv6' && versionOf(ospf) === 2) problems.add([...at, 'family'], 'expected no family, as OSPFv2 is for IPv4 only');
    checkAreas(ospf, at, problems);
    for (const [j, one] of ospf.interfaces.entries()) checkInterface(ospf, one, router, network, [...at, 'interfaces', j], problems);
  }
}

function checkAreas(ospf: OspfConfig, at: Path, problems: Problems): void {
  const { areas = [] } = ospf;
  const seen = new Set<number>();
  const known = { ranges: new Set<string>(), nssaRanges: new Set<string>() };
  for (const [i, config] of areas.entries()) {
    const { area, type = 'normal', summaries, defaultCost, ranges = [], nssaRanges = [] } = config;
    const where = [...at, 'areas', i];
    const id = idNumber(area);
    if (seen.has(id)) problems.add([...where, 'area'], `expected each area once, got ${area} again`);
    seen.add(id);
    if (id === 0 && type !== 'normal') problems.add([...where, 'type'], 'expected "normal", as the backbone is no stub area');
    for (const [field, own] of Object.entries({ ranges, nssaRanges })) {
      const before = known[field as keyof typeof known];
      for (const [j, { prefix }] of own.entries()) {
        const there = [...where, field, j, 'prefix'];
        const family = prefix.includes(':') ? 'ipv6' : 'ipv4';
        if (family !== familyOf(ospf))
          problems.add(there, `expected an ${familyOf(ospf) === 'ipv4' ? 'IPv4' : 'IPv6'} prefix, got ${prefix}`);
        if (before.has(prefix)) problems.add(there, `expected each range once, got ${prefix} again`);
        before.add(prefix);
      }
    }
    if (type !== 'nssa' && nssaRanges.length > 0)
      problems.add([...where, 'nssaRanges'], `expected nothing, as a ${type} area has no externals of its own`);
    for (const field of ['translatorRole', 'translatorStabilityInterval'] as const)
      if (type !== 'nssa' && config[field] !== undefined)
        problems.add([...where, field], `expected nothing, as nothing is translated for a ${type} area`);
    if (type !== 'normal') continue;
    if (summaries !== undefined) problems.add([...where, 'summaries'], 'expected nothing, as a normal area has all summaries');
    if (defaultCost !== undefined)
      problems.add([...where, 'defaultCost'], 'expected nothing, as a normal area is told no default in place of externals');
  }
}

function checkInterface(
  ospf: OspfConfig,
  one: OspfLinkConfig,
  { ports = [], interfaces = [] }: RouterConfig,
  { nodes = [] }: NetworkConfig,
  at: Path,
  problems: Problems,
): void {
  const { port, subnet, device, node, type = 'point-to-point', priority, helloInterval = 10, deadInterval, area = 0 } = one;
  if ([port, subnet, device].filter((way) => way !== undefined).length !== 1) problems.add(at, 'expected one of port, subnet and device');
  if (port !== undefined) checkName(port, new Set(ports.map(({ name }) => name)), 'port', [...at, 'port'], problems);
  if (subnet !== undefined)
    checkName(
      subnet,
      new Set(interfaces.map((face) => face.subnet)),
      'subnet that the router has an interface in',
      [...at, 'subnet'],
      problems,
    );
  if (node !== undefined) {
    if (device === undefined) problems.add([...at, 'node'], 'expected nothing, as a port has the node whose location it is');
    else checkName(node, new Set(nodes.map(({ name }) => name)), 'node', [...at, 'node'], problems);
  }
  const areas = (ospf.areas ?? [{ area: 0 }]).map((known) => idNumber(known.area));
  if (!areas.includes(idNumber(area))) problems.add([...at, 'area'], `expected one of the areas, got ${area}`);
  if (priority !== undefined && type !== 'broadcast')
    problems.add([...at, 'priority'], `expected nothing, as a ${type} link has no designated router`);
  if (deadInterval !== undefined && deadInterval <= helloInterval)
    problems.add([...at, 'deadInterval'], `expected more than the Hello interval of ${helloInterval} s, got ${deadInterval}`);
  if (one.instance !== undefined && versionOf(ospf) === 2)
    problems.add([...at, 'instance'], 'expected nothing, as OSPFv2 has no instances on a link');
  if (one.trusted && one.authentication?.type !== 'cryptographic')
    problems.add([...at, 'trusted'], 'expected false, as only a link with cryptographic authentication can be trusted');
  checkBfd(one.bfd, [...at, 'bfd'], problems);
  for (const field of ['multihop', 'strict', 'dampening'] as const)
    if (one.bfd?.[field])
      problems.add([...at, 'bfd', field], 'expected nothing, as OSPF does not wait for BFD, nor for who is more than a hop away');
  if (one.authentication) checkAuthentication(ospf, one.authentication, [...at, 'authentication'], problems);
}

function checkAuthentication(
  ospf: OspfConfig,
  { type, password, keys = [], extended, swappedProtocolId }: OspfAuthenticationConfig,
  at: Path,
  problems: Problems,
): void {
  const version = versionOf(ospf);
  if (type === 'simple') {
    if (version === 3) problems.add([...at, 'type'], 'expected "cryptographic", as OSPFv3 has no passwords in clear');
    if (password === undefined || new TextEncoder().encode(password).length > 8)
      problems.add([...at, 'password'], 'expected up to eight octets');
    if (keys.length > 0) problems.add([...at, 'keys'], 'expected nothing beside a password');
    return;
  }
  if (password !== undefined) problems.add([...at, 'password'], 'expected keys');
  if (keys.length === 0) problems.add([...at, 'keys'], 'expected at least one key, got none');
  if (extended !== undefined && version === 3)
    problems.add([...at, 'extended'], 'expected nothing, as OSPFv3 has sequence numbers of 64 bits always');
  if (swappedProtocolId !== undefined && version === 2)
    problems.add([...at, 'swappedProtocolId'], 'expected nothing, as it is of OSPFv3 alone');
  const seen = new Set<number>();
  for (const [i, { id, secret, hash = version === 2 ? 'md5' : 'hmac-sha-256' }] of keys.entries()) {
    const longest = longestSecret(hash, version === 3 || extended === true);
    if (new TextEncoder().encode(secret).length > longest)
      problems.add(
        [...at, 'keys', i, 'secret'],
        `expected up to ${longest} octets, as implementations differ in what they make of longer ones`,
      );
    if (seen.has(id)) problems.add([...at, 'keys', i, 'id'], `expected each key id once, got ${id} again`);
    seen.add(id);
    if (version === 2 && id > 255) problems.add([...at, 'keys', i, 'id'], `expected 0 to 255 in OSPFv2, got ${id}`);
    if (version === 3 && hash === 'md5') problems.add([...at, 'keys', i, 'hash'], 'expected another, as OSPFv3 has no MD5 (RFC 7166)');
  }
}
