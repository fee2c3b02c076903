import { covers, type Prefix, parsePrefix } from '../lib/prefix.js';
import { didYouMean } from '../lib/suggest.js';
import { alternatives, type Path, Problems, validate } from '../lib/validate.js';
import type { GrantConfig, NetworkConfig, NodeConfig, NodeState } from './config.js';
import { grantSchema, networkSchema, nodeSchema, nodeState } from './shape.js';

/**
 * A network's configuration, held to its shape and then to itself: names that stand twice, that nothing bears, addresses outside their
 * range. Comes back with addresses and prefixes canonical. Throws a `UsageError` (`CONFIG_INVALID`) with the path and what was
 * expected there.
 *
 * @param path - Where the network stands in the whole configuration.
 * @param routers - The names of its routers, where they are known.
 * @internal
 */
export function checkNetwork(config: unknown, path: Path = [], routers?: readonly string[]): NetworkConfig {
  const network = validate<NetworkConfig>(networkSchema, config, path);
  const problems = new Problems(path);
  checkSubnets(network, problems);
  checkNodes(network, problems);
  checkGrants(network, problems);
  checkHolders(network, problems);
  checkLinks(network, problems, routers);
  problems.raise();
  return network;
}

function checkSubnets({ ranges = [], subnets = [] }: NetworkConfig, problems: Problems): void {
  const outer = ranges.map(parsePrefix);
  const names = new Names('subnet', problems);
  const seen: Prefix[] = [];
  for (const [i, subnet] of subnets.entries()) {
    const prefix = parsePrefix(subnet.prefix);
    names.add(subnet.name ?? subnet.prefix, ['subnets', i, subnet.name === undefined ? 'prefix' : 'name']);
    if (outer.length > 0 && !outer.some((range) => covers(range, prefix))) {
      problems.add(
        ['subnets', i, 'prefix'],
        `expected a prefix inside the network's ranges (${ranges.join(', ')}), got "${subnet.prefix}"`,
      );
    }
    const other = seen.findIndex((known) => covers(known, prefix) || covers(prefix, known));
    // Two names for the same prefix overlap too; the name's own complaint is enough where neither has one.
    if (other >= 0 && (subnet.name !== undefined || subnets[other]?.prefix !== subnet.prefix)) {
      problems.add(['subnets', i, 'prefix'], `expected a prefix of its own, got "${subnet.prefix}", which overlaps subnets[${other}]`);
    }
    seen.push(prefix);
  }
}

/**
 * A node that is to stand at `at` among those of a network that was checked, under a name of its own: of the others only addresses are looked
 * at. Comes back canonical. Throws as {@link checkNetwork} does.
 *
 * @internal
 */
export function checkNode({ nodes = [] }: NetworkConfig, node: unknown, at: number): NodeConfig {
  const checked = validate<NodeConfig>(nodeSchema, node, ['nodes', at]);
  const problems = new Problems([]);
  const others = nodes.filter((_, i) => i !== at);
  const owners = new Map(others.flatMap(({ name, addresses = [] }) => addresses.map((address) => [address, name] as const)));
  checkAddresses(checked, at, owners, problems);
  problems.raise();
  return checked;
}

/** The state that a node is to be in. @internal */
export function checkNodeState(state: unknown): NodeState {
  return validate<NodeState>(nodeState, state, ['state']);
}

/** The same of a grant. @internal */
export function checkGrant(network: NetworkConfig, grant: unknown, at: number): GrantConfig {
  const checked = validate<GrantConfig>(grantSchema, grant, ['grants', at]);
  const problems = new Problems([]);
  checkGrantItself(checked, at, problems);
  checkGrantNames(checked, at, namesOf(network), problems);
  problems.raise();
  return checked;
}

/** That grants of a network, from which nodes were taken, still name those that there are. Throws as {@link checkNetwork} does. @internal */
export function checkGrantees(network: NetworkConfig): void {
  const problems = new Problems([]);
  const known = namesOf(network);
  for (const [i, grant] of (network.grants ?? []).entries()) checkGrantNames(grant, i, known, problems);
  problems.raise();
}

function namesOf({ nodes = [] }: NetworkConfig): ReadonlySet<string> {
  return new Set(nodes.map(({ name }) => name));
}

function checkNodes({ nodes = [] }: NetworkConfig, problems: Problems): void {
  const names = new Names('node', problems);
  const owners = new Map<string, string>();
  for (const [i, node] of nodes.entries()) {
    names.add(node.name, ['nodes', i, 'name']);
    checkAddresses(node, i, owners, problems);
  }
}

/** Its addresses are nobody's else, and its own from now on. */
function checkAddresses({ name, addresses = [] }: NodeConfig, at: number, owners: Map<string, string>, problems: Problems): void {
  for (const [j, address] of addresses.entries()) {
    const owner = owners.get(address);
    if (owner !== undefined)
      problems.add(['nodes', at, 'addresses', j], `expected an address of its own, got ${address}, which belongs to node "${owner}"`);
    else owners.set(address, name);
  }
}

function checkGrants(network: NetworkConfig, problems: Problems): void {
  const known = namesOf(network);
  const ids = new Names('grant', problems);
  for (const [i, grant] of (network.grants ?? []).entries()) {
    const at = ['grants', i] as const;
    ids.add(grant.id ?? `${grant.node ?? `tag:${grant.tag}`}/${grant.prefix}`, grant.id === undefined ? at : [...at, 'id']);
    checkGrantNames(grant, i, known, problems);
    checkGrantItself(grant, i, problems);
  }
}

function checkGrantNames({ node, speaksFor = [] }: GrantConfig, i: number, known: ReadonlySet<string>, problems: Problems): void {
  const at = ['grants', i] as const;
  if (node !== undefined) checkName(node, known, 'node', [...at, 'node'], problems);
  for (const [j, name] of speaksFor.entries()) {
    // A tag may be given to nodes that come later; a node's name that nothing bears is a slip.
    if (!name.startsWith('tag:')) checkName(name, known, 'node', [...at, 'speaksFor', j], problems);
  }
}

function checkGrantItself(grant: GrantConfig, i: number, problems: Problems): void {
  const at = ['grants', i] as const;
  if (grant.node === undefined && grant.tag === undefined) problems.add(at, 'expected a node or a tag, got neither');
  if (grant.node !== undefined && grant.tag !== undefined) problems.add([...at, 'tag'], 'expected either a node or a tag, got both');
  if (grant.weight !== undefined && grant.mode !== 'shared')
    problems.add([...at, 'weight'], 'expected mode "shared" beside it, as only claimants that share have weights');
  checkLengths(grant, at, problems);
  checkPreference(grant, at, problems);
}

/** `ge` and `le` lie between the prefix's own length and the family's, and not crosswise. @internal */
export function checkLengths(entry: Pick<GrantConfig, 'prefix' | 'ge' | 'le'>, at: Path, problems: Problems): void {
  const { bytes, length } = parsePrefix(entry.prefix);
  const bits = bytes.length * 8;
  for (const field of ['ge', 'le'] as const) {
    const value = entry[field];
    if (value === undefined || (value >= length && value <= bits)) continue;
    problems.add([...at, field], `expected a length from ${length} to ${bits}, as the prefix is ${entry.prefix}, got ${value}`);
  }
  if (entry.ge !== undefined && entry.le !== undefined && entry.le < entry.ge) {
    problems.add([...at, 'le'], `expected at least ge (${entry.ge}), got ${entry.le}`);
  }
}

function checkPreference({ preference, preferenceRange }: GrantConfig, at: Path, problems: Problems): void {
  if (!preferenceRange) return;
  const [min, max] = preferenceRange;
  if (min > max) problems.add([...at, 'preferenceRange'], `expected the lower bound first, got [${min}, ${max}]`);
  else if (preference !== undefined && (preference < min || preference > max)) {
    problems.add([...at, 'preference'], `expected a preference inside preferenceRange, ${min} to ${max}, got ${preference}`);
  }
}

function checkHolders({ nodes = [], holders = [] }: NetworkConfig, problems: Problems): void {
  const known = new Set(nodes.map(({ name }) => name));
  for (const [i, holder] of holders.entries()) checkName(holder.node, known, 'node', ['holders', i, 'node'], problems);
}

function checkLinks({ links = [], routes = [] }: NetworkConfig, problems: Problems, routers?: readonly string[]): void {
  const known = routers && new Set(routers);
  const joined = new Set<string>();
  for (const [i, { routers: ends }] of links.entries()) {
    const [a, b] = ends;
    joined.add(`${a}\0${b}`).add(`${b}\0${a}`);
    if (a === b) problems.add(['links', i, 'routers'], `expected two routers, got "${a}" twice`);
    if (known) for (const [j, name] of ends.entries()) checkName(name, known, 'router', ['links', i, 'routers', j], problems);
  }
  for (const [i, { router, via }] of routes.entries()) {
    if (known) checkName(router, known, 'router', ['routes', i, 'router'], problems);
    if (known && !known.has(via)) checkName(via, known, 'router', ['routes', i, 'via'], problems);
    else if (!joined.has(`${router}\0${via}`))
      problems.add(['routes', i, 'via'], `expected a router that a link joins to "${router}", got "${via}"`);
  }
}

/** Complains of a name that nothing bears. @internal */
export function checkName(name: string, known: ReadonlySet<string>, kind: string, at: Path, problems: Problems): void {
  if (known.has(name)) return;
  const near = didYouMean(name, known);
  const some = [...known].slice(0, 4).map((other) => JSON.stringify(other));
  const list =
    near !== ''
      ? near
      : known.size === 0
        ? ` (there is no ${kind})`
        : known.size <= some.length
          ? ` (there is ${alternatives(some).replace(/ or /, ' and ')})`
          : '';
  problems.add(at, `expected the name of a ${kind}, got ${JSON.stringify(name)}${list}`);
}

/** Complains of a name that stands twice. @internal */
export class Names {
  readonly #seen = new Map<string, Path>();

  constructor(
    private readonly kind: string,
    private readonly problems: Problems,
  ) {}

  add(name: string, at: Path): void {
    if (this.#seen.has(name))
      this.problems.add(at, `expected a name of its own, got ${JSON.stringify(name)}, which another ${this.kind} has`);
    else this.#seen.set(name, at);
  }
}
