import { SOURCES } from '../../../claims/grant.js';
import { formatAddress, parseAddress } from '../../../lib/address.js';
import { UsageError } from '../../../lib/errors.js';
import { type Prefix, parsePrefix, prefixWords } from '../../../lib/prefix.js';
import type { Random } from '../../../lib/random.js';
import type { AdvertiseTimes } from '../../../stack/advertiser.js';
import type { PortConfig, PortOpener } from '../../../stack/config.js';
import type { DropReason } from '../../../stack/drops.js';
import { type InterfaceOptions, parseMac } from '../../../stack/interface.js';
import type { WithheldAnswer } from '../../../stack/limits.js';
import type { LocalDelivery } from '../../../stack/local.js';
import type { Port } from '../../../stack/port.js';
import { Stack } from '../../../stack/stack.js';
import { type SegmentRefused, TcpStack } from '../../../stack/tcp/index.js';
import { Protocol } from '../../../stack/wire/codes.js';
import { accessRule } from '../../access.js';
import type { AccessRuleConfig, AdvertiseConfig, InterfaceConfig } from '../../config.js';
import type { NetworkMember, VirtualNetwork } from '../../virtual-network.js';
import { LinkClaims } from './claims.js';
import { Routes } from './router-links.js';
import { VrrpClaims, type VrrpStatus } from './vrrp.js';

const ARP_SOURCE = SOURCES.indexOf('arp');

/** A port, or a link to another router, as it stands. @public */
export interface LinkStatus {
  /** Undefined for a link to another router. */
  readonly port: string | undefined;
  /** The router at the other end; undefined for a port. */
  readonly router: string | undefined;
  /** The node that is there; undefined where none has the port as its location. */
  readonly node: string | undefined;
  /** A VXLAN port's: whether by batched system calls, as its configuration says or, where that leaves it open, as could be had. */
  readonly batched: boolean | undefined;
  /** Frames. */
  readonly received: number;
  readonly sent: number;
  readonly forwarded: number;
  /** Frames that came in here and went no further, by reason; reasons that did not occur are left out. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Answers to what came in here that were not sent, as there were too many a second; kinds that did not occur are left out. */
  readonly withheld: Readonly<Partial<Record<WithheldAnswer, number>>>;
  /** Sources of the last packets dropped as `source-not-held`, at most 8. */
  readonly refusedSources: readonly string[];
}

/**
 * The emulated link in a router: its ports, the interfaces that guests see there, and what guests claim by ARP and Neighbour Discovery.
 *
 * @internal
 */
export class LinkAttachment implements NetworkMember {
  readonly #stack: Stack;
  readonly #claims: LinkClaims;
  /** TCP with the nodes at the ports. */
  readonly tcp: TcpStack;
  readonly #vrrp: VrrpClaims;
  /** Those that are not the program's. */
  readonly #open = new Map<string, Port>();
  #routes = new Routes();
  /** Nodes that were down already. */
  #down: ReadonlySet<string> = new Set();

  constructor(
    private readonly network: VirtualNetwork,
    private readonly router: { readonly name: string; readonly routerId: string },
    private readonly opener: PortOpener | undefined,
    host: { readonly random: Random; readonly entropy: (octets: number) => Uint8Array },
    refused: (event: SegmentRefused) => void,
    private readonly captureFailed: (port: string, path: string, reason: string) => void,
  ) {
    const probe = (node: string, address: Uint8Array): void => {
      const link = this.#stack.linkOf(node);
      if (link) this.#stack.resolution.solicit(link, address, undefined);
    };
    const dropped = (node: string, reason: DropReason): void => {
      const link = this.#stack.linkOf(node);
      if (link) this.#stack.drop(link, reason);
    };
    this.#claims = new LinkClaims(network, router.name, probe, (node) => dropped(node, 'too-many-claims'));
    this.#stack = new Stack({
      timers: network.timers,
      random: host.random,
      lookup4: (a) => network.lookup4(a),
      lookup6: (a, b, c, d) => network.lookup6(a, b, c, d),
      via4: (a) => this.#routes.via4(a),
      via6: (a, b, c, d) => this.#routes.via6(a, b, c, d),
      mayClaim: (node, address) => this.#mayClaim(node, address),
      announced: (node, address) => this.#claims.announced(node, address),
      answered: (node, address) => this.#claims.answered(node, address),
    });
    const { local } = this.#stack;
    this.tcp = new TcpStack({
      ip: local,
      timers: network.timers,
      random: host.random,
      secret: host.entropy(32),
      refused,
      dropped,
      withheld: (node) => {
        const link = this.#stack.linkOf(node);
        if (link) link.withheld.reset++;
      },
    });
    local.register(Protocol.tcp, this.tcp);
    this.#vrrp = new VrrpClaims(network, router.name, {
      nodeAt: (port) => this.#stack.links.get(port)?.node?.name,
      dropped: (port, reason) => {
        const link = this.#stack.links.get(port);
        if (link) this.#stack.drop(link, reason);
      },
      relay: (datagram, from) => local.relay(datagram, from),
    });
    local.register(Protocol.vrrp, this.#vrrp);
  }

  /** Whether a node is at a port of ours. */
  reaches(node: string): boolean {
    return this.#stack.linkOf(node) !== undefined;
  }

  /** For transports over frames. */
  get ip(): LocalDelivery {
    return this.#stack.local;
  }

  /** Whether a node is at a port of ours. */
  has(node: string): boolean {
    return this.#stack.linkOf(node) !== undefined;
  }

  /** The router's address that a node at a port of ours sees, for one of its own. */
  addressTowards(node: string, address: string): string | undefined {
    const link = this.#stack.linkOf(node);
    const own = link && this.#stack.local.addressTowards(link, parseAddress(address));
    return own && formatAddress(own);
  }

  configure(interfaces: readonly InterfaceConfig[], access: readonly AccessRuleConfig[]): void {
    this.#stack.setAccess(access.map(accessRule));
    const faces = facesOf(interfaces, this.network.model.subnets, this.router.routerId);
    // A forwarder advertises for us, also while we are away.
    this.#stack.setInterfaces(this.network.isForwarded ? faces.map((face) => ({ ...face, advertise: false })) : faces);
    this.network.routerLinks.addressesChanged();
    this.nodesChanged();
  }

  async start(configs: readonly PortConfig[], given: Readonly<Record<string, Port>>): Promise<void> {
    this.network.join(this);
    this.network.routerLinks.join(this.router.name, {
      stack: this.#stack,
      mac: parseMac(defaultMac(this.router.routerId)),
      route: (routes) => {
        this.#routes = routes;
        this.#stack.routesChanged();
      },
    });
    try {
      for (const [i, config] of configs.entries()) {
        this.checkPlace(config.name, i);
        await this.open(config, given[config.name], i);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.nodesChanged();
    // Nobody announces by ARP what it has announced already: it is believed, and asked as ever.
    for (const { node, address } of this.network.restoration?.linkClaims(this.router.name) ?? []) this.#claims.announced(node, address);
  }

  /** That nobody is at a port of this name of another router. Throws a `UsageError` (`CONFIG_INVALID`). */
  checkPlace(name: string, at: number): void {
    const node = this.network.model.present().find(({ config }) => config.location === name);
    const other = node && this.network.routerLinks.withPort(name).find((router) => router !== this.router.name);
    if (other !== undefined)
      throw new UsageError(
        'CONFIG_INVALID',
        `expected another name, as router "${other}" has a port "${name}" too, and node "${node?.name}" would be at both`,
        ['ports', at, 'name'],
      );
  }

  /** Opens a port, or takes the program's. `at`: its place in the configuration. */
  async open(config: PortConfig, given: Port | undefined, at: number): Promise<void> {
    if (config.type === 'memory' && !given)
      throw new UsageError('CONFIG_INVALID', `expected a port "${config.name}" among the router's options`, ['ports', at]);
    if (!given && !this.opener)
      throw new UsageError('CONFIG_INVALID', 'expected "memory": this host opens no ports', ['ports', at, 'type']);
    const { name, capture = '' } = config;
    const port = given ?? (await this.opener?.open(config, (reason) => this.captureFailed(name, capture, reason)));
    if (!port) return;
    // The router may have stopped and started again meanwhile.
    if (this.#stack.links.has(name)) await this.close(name);
    if (!given) this.#open.set(config.name, port);
    this.#stack.attach(config.name, port);
  }

  /** Lets go of a port, and closes it if it is not the program's. Whoever was there claims nothing by its link any more. */
  async close(name: string): Promise<void> {
    const node = this.#stack.links.get(name)?.node?.name;
    this.#stack.detach(name);
    this.#claims.leave((other) => other === node);
    this.#vrrp.leave((other) => other === node);
    const port = this.#open.get(name);
    this.#open.delete(name);
    await port?.close();
  }

  async stop(): Promise<void> {
    this.network.leave(this);
    this.network.routerLinks.leave(this.router.name);
    this.#claims.leave(() => true);
    this.tcp.close();
    this.#vrrp.leave(() => true);
    for (const name of [...this.#stack.links.keys()]) this.#stack.detach(name);
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(open.map((port) => port.close()));
  }

  /** The ports there are, and the octets that a packet may have there. */
  get mtus(): ReadonlyMap<string, number> {
    return new Map([...this.#stack.links].map(([name, { port }]) => [name, port.mtu]));
  }
  /** The MAC of an interface, as guests see it. */
  macOf({ mac }: InterfaceConfig): string {
    return mac ?? defaultMac(this.router.routerId);
  }

  status(): LinkStatus[] {
    return linkStatus(this.#stack);
  }

  /** Virtual routers (VRRP) that guests are active in. */
  virtualRouters(): VrrpStatus[] {
    return this.#vrrp.status();
  }

  announce(): void {}

  deciding(): void {
    this.#claims.deciding();
  }

  nodesChanged(): undefined {
    const { model, routerLinks } = this.network;
    routerLinks.refresh();
    // What one that is down says meanwhile stands, though it does not count: other nodes' changes do not end it.
    const gone = (name: string): boolean => model.find(name)?.up !== true && !(model.find(name) && this.#down.has(name));
    this.#claims.leave(gone);
    this.#vrrp.leave(gone);
    this.#down = new Set(model.present().flatMap(({ name, up }) => (up ? [] : [name])));
    this.tcp.forget((node) => !model.find(node));
    this.#stack.setNodes(
      model.present().map(({ name, config, up }) => ({ name, location: config.location, addresses: config.addresses ?? [], up })),
    );
  }

  #mayClaim(name: string, address: Uint8Array): boolean {
    const node = this.network.model.find(name);
    if (!node) return false;
    const length = address.length * 8;
    return this.network.authorization.judge(...prefixWords(address), length, length === 128, node.index, node.index, ARP_SOURCE) >= 0;
  }
}

/** RFC 4861 §6.2.1: intervals, and a lifetime of three of the longest. */
function advertiseTimes(config: boolean | AdvertiseConfig): AdvertiseTimes | false {
  if (config === false) return false;
  const { maxInterval = 600, minInterval = Math.max(3, maxInterval / 3), lifetime = 3 * maxInterval } = config === true ? {} : config;
  return { least: minInterval * 1000, most: maxInterval * 1000, lifetime };
}

/** Every link of a stack, as it stands. @internal */
export function linkStatus({ links, peers }: Stack): LinkStatus[] {
  return [...links.values(), ...peers.values()].map((link) => ({
    port: link.peer === '' ? link.name : undefined,
    router: link.peer === '' ? undefined : link.peer,
    node: link.node?.name,
    batched: link.port.batched,
    received: link.received,
    sent: link.sent,
    forwarded: link.forwarded,
    dropped: occurred(link.drops),
    withheld: occurred(link.withheld),
    refusedSources: [...link.refused],
  }));
}

function occurred<K extends string>(counters: Readonly<Record<K, number>>): Partial<Record<K, number>> {
  return Object.fromEntries(Object.entries<number>(counters).filter(([, count]) => count > 0)) as Partial<Record<K, number>>; // a part of it
}

/** A router's interfaces in the subnets that there are. @internal */
export function facesOf(
  interfaces: readonly InterfaceConfig[],
  subnets: readonly { readonly name: string; readonly prefix: Prefix }[],
  routerId: string,
): InterfaceOptions[] {
  const prefixes = new Map(subnets.map(({ name, prefix }) => [name, prefix]));
  const mac = defaultMac(routerId);
  return interfaces.flatMap((one) => {
    const prefix = prefixes.get(one.subnet);
    if (!prefix) return []; // the network has lost the subnet since
    return {
      prefix,
      addresses: one.addresses,
      mac: one.mac ?? mac,
      advertise: advertiseTimes(one.advertise ?? true),
      ...(one.linkLocal === undefined ? {} : { linkLocal: one.linkLocal }),
    };
  });
}

/** A locally administered MAC of the router id: the same each time, and another one for each router. @internal */
export function defaultMac(routerId: string): string {
  const { bytes } = parsePrefix(routerId);
  return ['02', '56', ...Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0'))].join(':');
}
