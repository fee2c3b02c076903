import { type BfdConfig, strictness } from '../../../bfd/index.js';
import { turnAway } from '../../../bgp/farewell.js';
import { LIMITS } from '../../../bgp/limits.js';
import { CeaseSubcode } from '../../../bgp/wire/index.js';
import { formatAddress, isAddress, parseAddress } from '../../../lib/address.js';
import { contains, covers, type Prefix, parsePrefix } from '../../../lib/prefix.js';
import type { Connection, ConnectionSecurity, Listener, SecuredPeers } from '../../../lib/transport.js';
import type { Node } from '../../../network/model.js';
import type { Rib } from '../../../rib/rib.js';
import type { ListenConfig, NeighbourConfig } from '../../config.js';
import type { SessionRefused } from '../../events.js';
import type { Acceptor, Host } from '../../host.js';
import type { NetworkMember } from '../../virtual-network.js';
import { Attempts } from './attempts.js';
import { BgpNeighbour } from './neighbour.js';
import type { BgpSurroundings } from './surroundings.js';

/** IANA's: over frames the router listens there, on all its addresses. */
const PORT = 179;
/** Sessions of a range unless the configuration says otherwise. */
export const DEFAULT_LIMIT = 100;

/** TCP with the nodes at the router's ports, as BGP listens to it. @internal */
export interface Frames {
  listen(
    port: number,
    listener: {
      security(remote: string): ConnectionSecurity | undefined;
      accepted(connection: Connection, node: string | undefined): void;
    },
  ): () => void;
  /** Keys changed. */
  rekey(securityOf: (remote: string) => ConnectionSecurity | undefined): void;
}

/** What the attachment tells its router. @internal */
export interface BgpOwner {
  refused(event: Omit<SessionRefused, 'router'>): void;
}

/**
 * BGP in a router: its neighbours, the ranges from which more may come, and the listeners at which they do.
 *
 * @internal
 */
export class BgpAttachment implements Acceptor, NetworkMember {
  readonly name: string;
  /** By address. */
  readonly neighbours = new Map<string, BgpNeighbour>();
  /** Neighbours that dialled in from a range, by address. */
  readonly dynamic = new Map<
    string,
    {
      readonly neighbour: BgpNeighbour;
      range: NeighbourConfig;
      /** The node at the port that it came by; undefined over sockets of the host. */
      readonly at: string | undefined;
    }
  >();
  #configs: readonly NeighbourConfig[] = [];
  #prefixes: readonly Prefix[] = [];
  /** The ranges among the neighbours. */
  #ranges: readonly { readonly config: NeighbourConfig; readonly prefix: Prefix }[] = [];
  /** By address or range. */
  #security: ReadonlyMap<string, ConnectionSecurity> = new Map();
  #listeners: Listener[] = [];
  readonly #attempts = new Attempts();
  /** Connections that were turned away, by reason. */
  readonly refused: Partial<Record<SessionRefused['reason'], number>> = {};
  #unlisten: (() => void) | undefined;
  #running = false;

  constructor(
    private readonly around: BgpSurroundings,
    private readonly host: Host,
    private readonly frames: Frames,
    private readonly owner: BgpOwner,
  ) {
    this.name = around.router.name;
  }

  get endpoints(): readonly Listener['endpoint'][] {
    return this.#listeners.map((listener) => listener.endpoint);
  }

  /**
   * Takes over neighbours: says what changed in place, and what started anew.
   *
   * @param rules - What the neighbours' rules refer to changed as well.
   */
  configure(configs: readonly NeighbourConfig[], rules = false): { readonly applied: string[]; readonly restarted: string[] } {
    const applied: string[] = [];
    const restarted: string[] = [];
    const wanted = new Map(configs.map((config) => [config.address, config]));
    const repolicied: BgpNeighbour[] = [];
    for (const before of this.#configs) {
      const after = wanted.get(before.address);
      if (after === before && !rules) continue;
      const name = before.name ?? before.address;
      if (after && sessionOf(before) === sessionOf(after)) {
        for (const entry of this.dynamic.values()) if (entry.range.address === before.address) entry.range = after;
        const changed = policyOf(before) !== policyOf(after) || codeOf(before).some((code, i) => code !== codeOf(after)[i]);
        const policy = changed || (rules && hasRules(after));
        const watch = bfdOf(before) !== bfdOf(after);
        for (const neighbour of this.#of(before)) {
          if (policy && neighbour.repolicy(after)) repolicied.push(neighbour);
          if (watch) neighbour.rewatch(after);
        }
        if (policy) applied.push(`neighbour ${name} policy changed`);
        if (watch) applied.push(`neighbour ${name} BFD changed`);
        continue;
      }
      const [subcode, text] = !after
        ? [CeaseSubcode.peerDeconfigured]
        : after.shutdown
          ? shutdownOf(after)
          : [CeaseSubcode.administrativeReset];
      for (const neighbour of this.#of(before)) this.#end(neighbour, subcode, text);
      if (after?.shutdown) applied.push(`neighbour ${name} shut down`);
      else if (after) restarted.push(`neighbour ${name}`);
      else applied.push(`neighbour ${name} removed`);
    }
    this.#rejudge(repolicied);
    const known = new Set(this.#configs.map(({ address }) => address));
    this.#configs = configs;
    this.#prefixes = configs.map(({ address }) => parsePrefix(address));
    this.#ranges = configs.flatMap((config) => (isAddress(config.address) ? [] : [{ config, prefix: parsePrefix(config.address) }]));
    // Who dialled in from a range, and is a neighbour by itself now or of a narrower range, is that one's.
    for (const { neighbour, range } of [...this.dynamic.values()]) {
      const after = wanted.get(neighbour.address) ?? this.#rangeOf(neighbour.address);
      if (!after || after.address === range.address) continue;
      const [subcode, text] = after.shutdown ? shutdownOf(after) : [CeaseSubcode.administrativeReset];
      this.#end(neighbour, subcode, text);
      if (!after.shutdown) restarted.push(`neighbour ${neighbour.address}`);
    }
    for (const config of configs) {
      if (!isAddress(config.address)) continue;
      if (!known.has(config.address)) applied.push(`neighbour ${config.name ?? config.address} added`);
      if (!this.neighbours.has(config.address)) this.#add(config);
    }
    this.#restoreDynamic();
    for (const neighbour of this.all()) neighbour.localChanged();
    return { applied, restarted };
  }

  /** Policies of these changed: claims are judged again once for all of them, and each is told anew. */
  #rejudge(neighbours: readonly BgpNeighbour[]): void {
    const [first] = neighbours;
    if (!first) return;
    this.around.network.rejudge({ type: 'policy-changed', neighbour: first.name });
    for (const neighbour of neighbours) neighbour.retell();
  }

  /**
   * Nodes or subnets changed: a session whose address has another owner now is not that node's any more, and starts anew as its new
   * owner's, or ends. Says which started anew.
   */
  nodesChanged(): readonly string[] {
    const restarted: string[] = [];
    for (const config of this.#configs) {
      if (!isAddress(config.address)) continue;
      const neighbour = this.neighbours.get(config.address);
      const node = this.#nodeOf(config, config.address);
      if (neighbour && neighbour.node === node) continue;
      if (neighbour) this.#end(neighbour, node ? CeaseSubcode.administrativeReset : CeaseSubcode.peerDeconfigured);
      if (!node) continue;
      this.#add(config);
      if (neighbour) restarted.push(`neighbour ${neighbour.name}`);
    }
    for (const { neighbour, range, at } of [...this.dynamic.values()])
      if (this.#nodeOf(range, neighbour.address, at) !== neighbour.node) this.#end(neighbour, CeaseSubcode.administrativeReset);
    for (const neighbour of this.all()) neighbour.localChanged();
    return restarted;
  }

  /** A node is reached in another way: its sessions begin anew. */
  reattach(node: Node): void {
    for (const neighbour of this.all()) if (neighbour.node === node) this.#end(neighbour, CeaseSubcode.administrativeReset);
    this.nodesChanged();
  }

  /** The node that a session with `address` is bound to: over frames the one `at` the port. */
  #nodeOf(config: NeighbourConfig, address: string, at?: string): Node | undefined {
    const { model } = this.around.network;
    const owner = model.configuredOwnerOf(address);
    const name = config.node ?? at;
    if (name === undefined) return owner;
    if (at !== undefined) return name === at ? model.find(at) : undefined;
    return owner === undefined || owner.name === name ? model.find(name) : undefined;
  }

  async start(listen: readonly ListenConfig[]): Promise<void> {
    this.#running = true;
    this.nodesChanged();
    this.around.network.join(this);
    this.#unlisten = this.frames.listen(PORT, {
      security: (remote) => this.#securityOf(remote),
      accepted: (connection, node) => this.accept(connection, node),
    });
    try {
      // A neighbour that is only dialled has no listener to say that its protection cannot be had.
      for (const neighbour of this.neighbours.values()) await neighbour.assure();
      for (const { address, port = 179 } of listen) {
        this.#listeners.push(await this.host.listen({ address, port, peers: secured(this.#security) }, this));
      }
    } catch (error) {
      await this.stop(CeaseSubcode.administrativeShutdown);
      throw error;
    }
    for (const neighbour of this.all()) neighbour.start();
    this.around.network.restoration?.begun(this.name);
  }

  /** Stops listening and drops all connections without a word: the neighbours take it for a restart. */
  async leave(): Promise<void> {
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
    for (const neighbour of this.all()) neighbour.peer.lose('we restart');
  }

  /** Tells everybody to find other ways (RFC 8326). */
  drain(): void {
    for (const neighbour of this.all()) neighbour.drain();
  }

  routesChosen(): void {
    for (const neighbour of this.all()) neighbour.routesChosen();
  }

  async stop(subcode: number, text?: string): Promise<void> {
    this.#running = false;
    this.#unlisten?.();
    this.#unlisten = undefined;
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
    const all = [...this.neighbours.values(), ...[...this.dynamic.values()].map(({ neighbour }) => neighbour)];
    await Promise.all(all.map((neighbour) => neighbour.stop(subcode, text)));
    this.dynamic.clear();
    this.around.network.leave(this);
  }

  /** A neighbour by its name or address. */
  find(name: string): BgpNeighbour | undefined {
    return this.all().find((neighbour) => neighbour.name === name || neighbour.address === name);
  }
  all(): BgpNeighbour[] {
    return [...this.neighbours.values(), ...[...this.dynamic.values()].map(({ neighbour }) => neighbour)];
  }

  announce(rib: Rib, prefixes: Uint32Array, count: number): void {
    for (const neighbour of this.neighbours.values()) neighbour.announce(rib, prefixes, count);
    for (const { neighbour } of this.dynamic.values()) neighbour.announce(rib, prefixes, count);
  }

  judged(): void {
    for (const neighbour of this.all()) neighbour.judged();
  }

  // --- Incoming connections --------------------------------------------------------------------------------------------

  expects(address: string): boolean {
    return this.neighbours.has(address) || this.#rangeOf(address) !== undefined;
  }

  overlaps(other: Acceptor): string | undefined {
    return other instanceof BgpAttachment ? other.#overlap(this.#configs, this.#prefixes) : undefined;
  }
  /** A prefix of ours that one of `prefixes` is, covers, or lies in. */
  #overlap(configs: readonly NeighbourConfig[], prefixes: readonly Prefix[]): string | undefined {
    // Thousands of routers may share a listener, and mostly none of them has a range.
    const same = configs.find(({ address }) => this.neighbours.has(address));
    if (same) return same.address;
    if (this.#ranges.length === 0 && prefixes.every(({ bytes, length }) => length === 8 * bytes.length)) return undefined;
    const clash = this.#prefixes.findIndex((own) => prefixes.some((theirs) => covers(own, theirs) || covers(theirs, own)));
    return this.#configs[clash]?.address;
  }

  /** Throws a `UsageError` (`LISTENER_SHARED`) where neighbours that are about to be added belong to another router of a listener. */
  checkShared(configs: readonly NeighbourConfig[]): void {
    const prefixes = configs.map(({ address }) => parsePrefix(address));
    this.host.checkShared(this, (other) => (other instanceof BgpAttachment ? other.#overlap(configs, prefixes) : undefined));
  }

  /** @param at - The node at whose port it came in, where it came by frames: that, and not its address, says who it is. */
  accept(connection: Connection, at?: string): void {
    const { address } = connection.remote;
    const known = this.neighbours.get(address) ?? this.dynamic.get(address)?.neighbour;
    const most = (known?.config ?? this.#rangeOf(address))?.limits?.attempts ?? LIMITS.attempts.otherwise;
    const { clock } = this.around.network.timers;
    if (!this.#attempts.admit(address, most, clock.now())) {
      // No NOTIFICATION, and one event a series: it costs us less than it costs them.
      connection.abort();
      this.#count('too-many-attempts');
      if (this.#attempts.refused(address) === 1) this.owner.refused({ address, reason: 'too-many-attempts' });
      return;
    }
    if (known) {
      if (at !== undefined && at !== known.node.name) this.#refuse(connection, 'unknown-node');
      else if (known.config.shutdown) this.#refuse(connection, 'shutdown');
      else this.#hand(connection, known);
      return;
    }
    const range = this.#rangeOf(address);
    if (!range || !this.#running) {
      this.#refuse(connection, 'unknown-neighbour');
      return;
    }
    const node = this.#nodeOf(range, address, at);
    if (!node) {
      this.#refuse(connection, 'unknown-node');
      return;
    }
    const sessions = [...this.dynamic.values()].filter((entry) => entry.range.address === range.address).map(({ neighbour }) => neighbour);
    const halfOpen = sessions.filter(({ peer, restart }) => peer.state !== 'established' && !restart).length;
    if (halfOpen >= (range.limits?.halfOpen ?? LIMITS.halfOpen.otherwise)) {
      this.#refuse(connection, 'too-many-half-open');
      return;
    }
    if (sessions.length >= (range.limit ?? DEFAULT_LIMIT)) {
      this.#refuse(connection, 'limit-exceeded');
      return;
    }
    this.#hand(connection, this.#join(range, address, node, at));
  }

  #hand(connection: Connection, neighbour: BgpNeighbour): void {
    const { address } = connection.remote;
    const reason = neighbour.accept(connection);
    if (reason === undefined) return;
    this.#count(reason);
    this.owner.refused({ address, reason });
  }

  /** Neighbours that dialled in from a range in a former life of ours, and may come back. */
  #restoreDynamic(): void {
    for (const bytes of this.around.network.restoration?.untaken(this.name) ?? []) {
      const address = formatAddress(bytes);
      const range = this.dynamic.has(address) ? undefined : this.#rangeOf(address);
      const node = range && this.#nodeOf(range, address);
      if (range && node) this.#join(range, address, node);
    }
  }

  #join(range: NeighbourConfig, address: string, node: Node, at?: string): BgpNeighbour {
    const { name: _shared, ...config } = range;
    const neighbour = new BgpNeighbour({ ...config, passive: true }, address, node, this.around, this.#security.get(range.address));
    this.dynamic.set(address, { neighbour, range, at });
    this.#bind(address, node);
    if (this.#running) neighbour.start();
    return neighbour;
  }

  /** A session of a range ended: its neighbour is forgotten, so that the range's limit counts only those who are there. */
  ended(neighbour: BgpNeighbour): void {
    const entry = this.dynamic.get(neighbour.address);
    if (entry?.neighbour !== neighbour || neighbour.lingers) return;
    this.dynamic.delete(neighbour.address);
    this.#unbind(neighbour.address);
    void neighbour.stop(CeaseSubcode.peerDeconfigured);
  }

  #refuse(connection: Connection, reason: SessionRefused['reason']): void {
    const { address } = connection.remote;
    void turnAway(connection, CeaseSubcode.connectionRejected, this.around.network.timers.clock);
    this.#count(reason);
    this.owner.refused({ address, reason });
  }

  #count(reason: SessionRefused['reason']): void {
    this.refused[reason] = (this.refused[reason] ?? 0) + 1;
  }

  /**
   * Takes over keys, before the neighbours that they are of. Throws a `UsageError` (`SECURITY_UNAVAILABLE`) and changes nothing where a
   * listener cannot do what is asked.
   */
  secure(security: ReadonlyMap<string, ConnectionSecurity>): void {
    for (const listener of this.#listeners) listener.secure?.(secured(security));
    this.#security = security;
    this.frames.rekey((remote) => this.#securityOf(remote));
    for (const neighbour of this.neighbours.values()) neighbour.rekey(security.get(neighbour.address));
    for (const { neighbour, range } of this.dynamic.values()) neighbour.rekey(security.get(range.address));
  }

  // --- Inside ----------------------------------------------------------------------------------------------------------

  #of(config: NeighbourConfig): BgpNeighbour[] {
    const fixed = this.neighbours.get(config.address);
    if (fixed) return [fixed];
    return [...this.dynamic.values()].filter(({ range }) => range.address === config.address).map(({ neighbour }) => neighbour);
  }

  #add(config: NeighbourConfig): void {
    const node = this.#nodeOf(config, config.address);
    if (!node) return; // the configuration was checked: its network has lost the node since, and the session is refused
    const neighbour = new BgpNeighbour(config, config.address, node, this.around, this.#security.get(config.address));
    this.neighbours.set(config.address, neighbour);
    this.#bind(config.address, node);
    if (this.#running) neighbour.start();
  }

  #end(neighbour: BgpNeighbour, subcode: number, text?: string): void {
    this.neighbours.delete(neighbour.address);
    this.dynamic.delete(neighbour.address);
    this.#unbind(neighbour.address);
    void neighbour.stop(subcode, text);
  }

  #securityOf(address: string): ConnectionSecurity | undefined {
    return this.#security.get(this.neighbours.has(address) ? address : (this.#rangeOf(address)?.address ?? address));
  }

  #bind(address: string, node: Node): void {
    this.around.network.model.bindSession(address, node);
    this.around.network.rejudgeAddress(address);
  }
  #unbind(address: string): void {
    this.around.network.model.unbindSession(address);
    this.around.network.rejudgeAddress(address);
  }

  #rangeOf(address: string): NeighbourConfig | undefined {
    if (this.#ranges.length === 0) return undefined;
    const bytes = parseAddress(address);
    let best: NeighbourConfig | undefined;
    let length = -1;
    for (const { config, prefix } of this.#ranges) {
      if (!contains(prefix, bytes) || prefix.length <= length) continue;
      best = config;
      length = prefix.length;
    }
    return best;
  }
}

/** What of a neighbour's configuration makes the session: a change starts it anew. */
function sessionOf(config: NeighbourConfig): string {
  const {
    import: _import,
    export: _export,
    nextHop: _nextHop,
    allowOwnAs: _own,
    maxPathLength: _length,
    limits: _limits,
    allowAsSets: _sets,
    privateAs: _private,
    asOverride: _override,
    limit: _limit,
    rpki: _rpki,
    tcpAo: _keys, // rolled over in place, as a password is
    password,
    bfd,
    ...session
  } = config;
  return JSON.stringify({ ...session, password: password !== undefined, bfd: bfd && watchOf(bfd) });
}
/** What of BFD cannot change in place. */
function watchOf(config: BfdConfig): object {
  const { multihop = false, checkTtl = true, holdTime } = config;
  return { multihop, checkTtl, holdTime, strict: strictness(config) };
}
/** What can change while the session goes on. */
function policyOf({
  nextHop,
  allowOwnAs,
  allowAsSets,
  privateAs,
  limits,
  maxPathLength,
  asOverride,
  limit,
  rpki,
  import: rules,
  export: told,
}: NeighbourConfig): string {
  return JSON.stringify({ nextHop, allowOwnAs, allowAsSets, limits, privateAs, maxPathLength, asOverride, limit, rpki, rules, told });
}
/** BFD likewise: intervals, keys, modes. */
function bfdOf({ bfd }: NeighbourConfig): string {
  return JSON.stringify(bfd ?? null);
}

function secured(security: ReadonlyMap<string, ConnectionSecurity>): SecuredPeers[] {
  return [...security].map(([peers, one]) => ({ peers, security: one }));
}

/** The policies that are functions, which have no JSON. */
function codeOf({ import: heard, export: told }: NeighbourConfig): readonly unknown[] {
  const rules = typeof told === 'object' && 'rules' in told ? told.rules : undefined;
  return [heard, rules].map((policy) => (typeof policy === 'function' ? policy : undefined));
}

/** Whether rules decide on what it may say or is told. */
function hasRules({ import: heard, export: told }: NeighbourConfig): boolean {
  return Array.isArray(heard) || (typeof told === 'object' && 'rules' in told);
}

/** RFC 9003: administrative shutdown, with the operator's words where there are any. */
function shutdownOf({ shutdown }: NeighbourConfig): [subcode: number, text?: string] {
  return typeof shutdown === 'string' ? [CeaseSubcode.administrativeShutdown, shutdown] : [CeaseSubcode.administrativeShutdown];
}
