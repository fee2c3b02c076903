import { parseAddress } from '../lib/address.js';
import { UsageError } from '../lib/errors.js';
import { type Prefix, parsePrefix } from '../lib/prefix.js';
import { shown } from '../lib/shown.js';
import type { NetworkConfig, NodeConfig, NodeState } from './config.js';

/** A node, resolved. @internal */
export interface Node {
  /** Dense, never used again while the process lives. */
  readonly index: number;
  readonly name: string;
  config: NodeConfig;
  /** Neither configured to be down, nor silent to somebody who watches it, unless that is suspicious. */
  up: boolean;
  /** Who watches it and hears nothing. */
  silentTo: ReadonlySet<string>;
  /** Who watches it and hears it. */
  heardBy: ReadonlySet<string>;
  /** Its silence is suspicious: all that it holds stays, or the last that is left of it. */
  suspect: 'all' | 'last' | undefined;
  /** False once removed; its index may still stand in rows. */
  present: boolean;
}

/** Most nodes are watched by nobody, and nodes that are gone stay in the list: they have no sets of their own. */
const NOBODY: ReadonlySet<string> = new Set();

function changed(watchers: ReadonlySet<string>, watcher: string, among: boolean): ReadonlySet<string> {
  if (watchers.has(watcher) === among) return watchers;
  const made = new Set(watchers);
  if (among) made.add(watcher);
  else made.delete(watcher);
  return made.size > 0 ? made : NOBODY;
}

/** What of a node's claims is out: nothing, all, or all but those that are marked `held`. @internal */
export const Down = { not: 0, all: 1, butHeld: 2 } as const;

/**
 * Who is who in a network: nodes by name, by tag and by address, and which addresses nobody can claim.
 * Indexes only; what is claimed lives in `rib/`, what is granted in `claims/`.
 *
 * @internal
 */
export class NetworkModel {
  readonly nodes: Node[] = [];
  readonly #byName = new Map<string, Node>();
  /** Owner of each IPv4 address (as a number) and IPv6 address (as its octets in a string). */
  readonly #owner4 = new Map<number, Node>();
  readonly #owner6 = new Map<string, Node>();
  /** Addresses that identify sessions, and the node each belongs to; counted, as several sessions may share one. */
  readonly #sessions = new Map<string, { readonly node: Node; count: number }>();
  readonly #routerAddresses = new Map<string, number>();
  /** {@link Down} of each node index: read by the RIB a row at a time. */
  down = new Uint8Array(16);
  /** 1 for each node index that is to be left. */
  draining = new Uint8Array(16);
  subnets: readonly { readonly name: string; readonly prefix: Prefix }[] = [];
  ranges: readonly Prefix[] = [];

  constructor(config: NetworkConfig) {
    this.ranges = (config.ranges ?? []).map(parsePrefix);
    this.subnets = (config.subnets ?? []).map(({ name, prefix }) => ({ name: name ?? prefix, prefix: parsePrefix(prefix) }));
    for (const node of config.nodes ?? []) this.addNode(node);
  }

  /** Throws a `UsageError` (`NAME_TAKEN`) where there is a node of this name. */
  checkFree(name: string): void {
    if (this.#byName.has(name)) throw new UsageError('NAME_TAKEN', `there is a node ${shown(name)} already`);
  }

  addNode(config: NodeConfig): Node {
    this.checkFree(config.name);
    const node: Node = {
      index: this.nodes.length,
      name: config.name,
      config,
      up: config.state !== 'down',
      silentTo: NOBODY,
      heardBy: NOBODY,
      suspect: undefined,
      present: true,
    };
    this.nodes.push(node);
    if (node.index >= this.down.length) {
      const wider = (column: Uint8Array): Uint8Array<ArrayBuffer> => {
        const made = new Uint8Array(column.length * 4);
        made.set(column);
        return made;
      };
      this.down = wider(this.down);
      this.draining = wider(this.draining);
    }
    this.down[node.index] = node.up ? Down.not : Down.all;
    this.draining[node.index] = config.state === 'draining' ? 1 : 0;
    this.#byName.set(node.name, node);
    this.#own(node);
    return node;
  }

  /** Changes nodes together, as one may get an address that another had. The configuration was checked: no two have the same. */
  changeNodes(configs: readonly NodeConfig[]): void {
    for (const { name } of configs) this.#disown(this.node(name));
    for (const config of configs) {
      const node = this.node(config.name);
      node.config = config;
      this.#own(node);
      this.#weigh(node);
    }
  }

  removeNode(name: string): Node {
    const node = this.node(name);
    this.#disown(node);
    this.#byName.delete(name);
    node.present = false;
    node.silentTo = NOBODY;
    node.heardBy = NOBODY;
    this.down[node.index] = Down.all;
    return node;
  }

  setState(node: Node, state: NodeState): void {
    const { state: _before, ...config } = node.config;
    node.config = state === 'up' ? config : { ...config, state };
    this.#weigh(node);
  }
  /** As configured: one that is up may be silent to who watches it, and down for that. */
  stateOf({ config: { state = 'up' } }: Node): NodeState {
    return state;
  }
  setSilent(node: Node, watcher: string, silent: boolean): void {
    node.silentTo = changed(node.silentTo, watcher, silent);
    this.#weigh(node);
  }
  setHeard(node: Node, watcher: string, heard: boolean): void {
    node.heardBy = changed(node.heardBy, watcher, heard);
  }
  suspect(node: Node, what: Node['suspect']): void {
    node.suspect = what;
    this.#weigh(node);
  }
  /** What it is in effect. */
  lifeOf({ up, index }: Node): NodeState {
    return !up ? 'down' : this.draining[index] === 1 ? 'draining' : 'up';
  }

  #weigh(node: Node): void {
    const silent = node.silentTo.size > 0;
    node.up = node.config.state !== 'down' && (!silent || node.suspect !== undefined);
    this.down[node.index] = !node.up || !node.present ? Down.all : silent && node.suspect === 'last' ? Down.butHeld : Down.not;
    this.draining[node.index] = node.config.state === 'draining' ? 1 : 0;
  }

  /** The node of a name. Throws a `UsageError` (`NAME_UNKNOWN`). */
  node(name: string): Node {
    const node = this.#byName.get(name);
    if (!node) throw new UsageError('NAME_UNKNOWN', `there is no node ${shown(name)}`);
    return node;
  }
  find(name: string): Node | undefined {
    return this.#byName.get(name);
  }
  at(index: number): Node {
    const node = this.nodes[index];
    if (!node) throw new Error(`no node ${index}`);
    return node;
  }
  present(): Node[] {
    return this.nodes.filter((node) => node.present);
  }
  /** Nodes that a grant's `node`, `tag`, or an entry of `speaksFor` names. */
  withTag(tag: string): Node[] {
    return this.nodes.filter((node) => node.present && (node.config.tags ?? []).includes(tag));
  }

  /** The node that owns the address in `bytes[at, at + length)`, 4 or 16 octets. */
  owner(bytes: Uint8Array, at: number, length: number): Node | undefined {
    return length === 4 ? this.#owner4.get(number(bytes, at)) : this.#owner6.get(text(bytes, at, 16));
  }
  ownerOf(address: string): Node | undefined {
    const bytes = parseAddress(address);
    return this.owner(bytes, 0, bytes.length);
  }
  /** The node that has the address by its configuration, not by a session alone. */
  configuredOwnerOf(address: string): Node | undefined {
    const owner = this.ownerOf(address);
    return owner?.present && (owner.config.addresses ?? []).includes(address) ? owner : undefined;
  }

  /** From now on `address` identifies sessions of `node`: it is reserved, and a next hop of the node's. */
  bindSession(address: string, node: Node): void {
    const known = this.#sessions.get(address);
    if (known) {
      known.count++;
      return;
    }
    this.#sessions.set(address, { node, count: 1 });
    this.#ownAddress(address, node);
  }
  unbindSession(address: string): void {
    const known = this.#sessions.get(address);
    if (!known || --known.count > 0) return;
    this.#sessions.delete(address);
    if (!(known.node.config.addresses ?? []).includes(address)) this.#disownAddress(address, known.node);
  }
  addRouterAddress(address: string): void {
    this.#routerAddresses.set(address, (this.#routerAddresses.get(address) ?? 0) + 1);
  }
  removeRouterAddress(address: string): void {
    const count = (this.#routerAddresses.get(address) ?? 1) - 1;
    if (count > 0) this.#routerAddresses.set(address, count);
    else this.#routerAddresses.delete(address);
  }

  /** Prefixes that no grant reaches, apart from the fixed ones. */
  reserved(): Prefix[] {
    const addresses = [...this.#routerAddresses.keys(), ...this.#sessions.keys()].map((address) => parsePrefix(address));
    return [...addresses, ...this.subnets.map(({ prefix }) => prefix)];
  }

  #own(node: Node): void {
    for (const address of node.config.addresses ?? []) this.#ownAddress(address, node);
  }
  #disown(node: Node): void {
    for (const address of node.config.addresses ?? []) this.#disownAddress(address, node);
    // By a session it has an address as long as the session is there.
    for (const [address, session] of this.#sessions) if (session.node === node) this.#ownAddress(address, node);
  }
  #ownAddress(address: string, node: Node): void {
    const bytes = parseAddress(address);
    if (bytes.length === 4) this.#owner4.set(number(bytes, 0), node);
    else this.#owner6.set(text(bytes, 0, 16), node);
  }
  #disownAddress(address: string, node: Node): void {
    const bytes = parseAddress(address);
    if (this.owner(bytes, 0, bytes.length) !== node) return;
    if (bytes.length === 4) this.#owner4.delete(number(bytes, 0));
    else this.#owner6.delete(text(bytes, 0, 16));
  }
}

function number(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
}
function text(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
