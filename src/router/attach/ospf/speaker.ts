import type { BfdChange, BfdService } from '../../../bfd/index.js';
import type { PolicyContext } from '../../../bgp/policy/index.js';
import type { Feed } from '../../../claims/feed.js';
import { formatAddress, parseAddress } from '../../../lib/address.js';
import type { Millis } from '../../../lib/clock.js';
import { Driver } from '../../../lib/machine.js';
import { contains, maskBytes } from '../../../lib/prefix.js';
import { same } from '../../../lib/same.js';
import type { Node } from '../../../network/model.js';
import {
  INTERFACE_DEFAULTS,
  type InterfaceOptions,
  type OspfEffect,
  type OspfEvent,
  OspfInstance,
  type OspfInterfaceState,
  type OspfLink,
  type OspfLinks,
  type OspfNeighbourState,
} from '../../../ospf/index.js';
import { familyOf, nameOf, resolveInstance, resolveInterface, versionOf } from '../../../ospf/resolve.js';
import type { Rib } from '../../../rib/rib.js';
import { linkLocalOf, parseMac } from '../../../stack/interface.js';
import type { IpDatagram } from '../../../stack/ip-layer.js';
import type { LocalDelivery } from '../../../stack/local.js';
import type { InterfaceConfig, OriginateConfig } from '../../config.js';
import type { OspfChange, OspfProblemEvent } from '../../events.js';
import type { OspfConfig, OspfLinkConfig } from '../../ospf-config.js';
import type { VirtualNetwork } from '../../virtual-network.js';
import type { BfdStatus } from '../neighbour-watch.js';
import { OspfClaims } from './claims.js';
import { OspfExport } from './export.js';
import { OspfWatches } from './watches.js';

const OSPF = 89;
/** RFC 2328 A.1: TTL 1, and precedence internetwork control. */
const TTL = 1;
const INTERNETWORK_CONTROL = 0xc0;

/** What an instance of OSPF needs of its router. @internal */
export interface OspfSurroundings {
  readonly network: VirtualNetwork;
  readonly router: { readonly name: string; readonly routerId: string; readonly as: number };
  readonly ip: LocalDelivery;
  readonly links: OspfLinks | undefined;
  /** Ports of the router, by name, with their MTU. */
  ports(): ReadonlyMap<string, number>;
  interfaces(): readonly InterfaceConfig[];
  originate(): readonly OriginateConfig[];
  /** Named lists for policies. */
  prefixLists(): PolicyContext['lists'];
  macOf(config: InterfaceConfig): string;
  /** Who watches a node by BFD, if anybody can, and the address to watch it from at a port. */
  bfdOf(node: string): BfdService | undefined;
  localAddress(node: string, address: string): string | undefined;
  bfdChanged(node: string, address: string, change: BfdChange): void;
  bfdFailed(node: string, address: string, reason: string): void;
  changed(event: Omit<OspfChange, 'router'>): void;
  problem(event: Omit<OspfProblemEvent, 'router'>): void;
}

/** A neighbour as it stands. @public */
export interface OspfNeighbourStatus {
  readonly routerId: string;
  readonly address: string;
  /** The node that speaks; undefined where it is nobody's that the network knows. */
  readonly node: string | undefined;
  readonly state: OspfNeighbourState;
  readonly priority: number;
  /** LSAs kept that came from it first, and those that wait for its acknowledgment. */
  readonly lsas: number;
  readonly retransmissions: number;
  /** It restarts gracefully and is held for up. */
  readonly restarting: boolean;
  /** Undefined where it is not watched. */
  readonly bfd: BfdStatus | undefined;
}

/** An interface as it stands. @public */
export interface OspfInterfaceStatus {
  readonly name: string;
  readonly area: string;
  readonly state: OspfInterfaceState;
  readonly neighbours: readonly OspfNeighbourStatus[];
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly lsasIn: number;
  readonly lsasOut: number;
  readonly retransmissions: number;
  /** Packets, and LSAs, that counted for nothing, by what was wrong. */
  readonly problems: Readonly<Record<string, number>>;
}

/** An instance of OSPF as it stands. @public */
export interface OspfStatus {
  readonly name: string;
  readonly version: 2 | 3;
  readonly routerId: string;
  readonly interfaces: readonly OspfInterfaceStatus[];
  readonly lsas: number;
  readonly routes: number;
  /** Calculations of shortest paths, whole and amended. */
  readonly calculations: { readonly full: number; readonly incremental: number };
}

/** One of the links that it is spoken on. */
interface Place {
  config: OspfLinkConfig;
  options: InterfaceOptions;
  /** Whose link it is, where that is fixed. */
  node: Node | undefined;
  readonly send: (destination: Uint8Array, bytes: Uint8Array) => void;
  readonly link?: OspfLink;
}

/**
 * One instance of OSPF in a router: joins the engine with the links it is spoken on, with the claims that come of it, and with what
 * is told to guests.
 *
 * @internal
 */
export class OspfSpeaker {
  readonly name: string;
  readonly instance: OspfInstance;
  readonly #driver: Driver<OspfEvent, OspfEffect>;
  readonly #claims: OspfClaims;
  readonly #export: OspfExport;
  readonly #watches: OspfWatches;
  readonly #places = new Map<string, Place>();
  #running = false;

  constructor(
    public config: OspfConfig,
    private readonly around: OspfSurroundings,
  ) {
    this.name = nameOf(config);
    this.instance = new OspfInstance(resolveInstance(config, around.router.routerId));
    this.#driver = new Driver(this.instance, around.network.timers, (effect) => this.#perform(effect));
    this.#export = new OspfExport({
      family: familyOf(config),
      localAs: around.router.as,
      owns: (feed: Feed) => this.#claims.owns(feed),
      lists: () => around.prefixLists(),
      tell: (changes) => this.#driver.post({ type: 'externals', changes }),
    });
    this.#claims = new OspfClaims(around.network, this.instance, around.router.name, this.name, () => this.#export.tag, {
      nodeAt: (name, routerId) => this.#nodeAt(name, routerId),
      nodesOf: (routerId) => this.#nodesOf(routerId),
      trusted: (name) => this.#isTrusted(name),
    });
    this.#watches = new OspfWatches({
      bfdOf: (node) => around.bfdOf(node),
      bfdChanged: (node, address, change) => around.bfdChanged(node, address, change),
      bfdFailed: (node, address, reason) => around.bfdFailed(node, address, reason),
      silent: ({ interface: name, routerId }, independent) =>
        this.#driver.post({ type: 'neighbourSilent', interface: name, routerId, independent }),
    });
  }

  get version(): 2 | 3 {
    return versionOf(this.config);
  }
  get #rib(): Rib {
    return this.around.network.ribs[familyOf(this.config)];
  }

  // --- Life ------------------------------------------------------------------------------------------------------------

  async start(): Promise<void> {
    this.#running = true;
    this.#settlePorts();
    for (const config of this.config.interfaces) if (config.device !== undefined) await this.#openDevice(config, config.device);
    this.retell();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#driver.post({ type: 'stop' });
    this.#driver.dispose();
    this.#watches.close();
    const links = [...this.#places.values()].map(({ link }) => link?.close());
    this.#places.clear();
    this.#claims.close('the router stops');
    await Promise.all(links);
  }

  /** Another configuration, in which no more is other than what is told and the keys of links. */
  change(config: OspfConfig): void {
    const before = this.config;
    this.config = config;
    for (const place of this.#places.values()) {
      const link = config.interfaces[before.interfaces.indexOf(place.config)];
      if (!link) continue;
      const rekeyed = !same(link.authentication, place.config.authentication);
      place.config = link;
      if (!rekeyed) continue;
      place.options = resolveInterface(config, link, place.options);
      const { name, authentication } = place.options;
      this.#driver.post({ type: 'interfaceRekeyed', interface: name, authentication });
    }
  }

  /** What is told, and what the router is connected to, may have changed. */
  retell(): void {
    if (!this.#running) return;
    this.#export.configure(this.config.export ?? {}, this.around.originate(), this.#rib);
  }

  announce(rib: Rib, prefixes: Uint32Array, count: number): void {
    if (this.#running && rib === this.#rib) this.#export.announce(rib, prefixes, count);
  }

  /** Nodes came, went, moved, died or are back. */
  nodesChanged(): undefined {
    if (!this.#running) return;
    this.#settlePorts();
    this.#claims.leave((name) => this.around.network.model.find(name)?.up !== true);
    this.#claims.reconsider();
  }

  /** A datagram of protocol 89 at one of the router's ports. */
  receive({ source, destination, payload, port }: IpDatagram, _now: Millis): void {
    const place = port === undefined ? undefined : this.#places.get(port);
    if (!place) return;
    this.#driver.post({
      type: 'packet',
      interface: place.options.name,
      source: parseAddress(source),
      destination: parseAddress(destination),
      bytes: payload.slice(),
    });
  }

  // --- Links -----------------------------------------------------------------------------------------------------------

  /** Of each port that there ever was: OSPF knows an interface by it, whatever other ports come and go. */
  readonly #numbers = new Map<string, number>();

  /** An interface for each port that the configuration names or whose guest is in a subnet that it names. */
  #settlePorts(): void {
    const { network } = this.around;
    const wanted = new Map<string, { readonly place: Place; readonly up: boolean }>();
    for (const [port, mtu] of this.around.ports()) {
      const number = this.#numbers.get(port) ?? this.#numbers.size + 1;
      this.#numbers.set(port, number);
      const node = network.model.present().find(({ config }) => config.location === port);
      if (!node) continue;
      for (const config of this.config.interfaces) {
        if (config.port !== port && !(config.subnet !== undefined && this.#faceOf(node, config.subnet))) continue;
        const place = this.#portPlace(config, port, number, mtu, node);
        if (place && !wanted.has(port)) wanted.set(port, { place, up: node.up });
      }
    }
    if (this.config.export?.connected) for (const place of this.#connected()) wanted.set(place.options.name, { place, up: true });
    for (const [name, place] of [...this.#places]) {
      if (place.link || sameLink(place, wanted.get(name)?.place)) continue;
      this.#places.delete(name);
      this.#driver.post({ type: 'interfaceRemoved', interface: name });
    }
    for (const [name, { place, up }] of wanted) {
      const known = this.#places.get(name);
      if (known) known.node = place.node;
      else {
        this.#places.set(name, place);
        this.#driver.post({ type: 'interfaceAdded', options: place.options });
      }
      this.#driver.post({ type: up ? 'interfaceUp' : 'interfaceDown', interface: name });
    }
  }

  /** The router's interface in the subnet of a name, or that a node is in. */
  #faceOf(node: Node, subnet: string | undefined): { readonly face: InterfaceConfig; readonly length: number } | undefined {
    const family = this.version === 2 ? 4 : 16;
    const own = (node.config.addresses ?? []).map(parseAddress);
    for (const face of this.around.interfaces()) {
      if (subnet !== undefined && face.subnet !== subnet) continue;
      const at = this.around.network.model.subnets.find(({ name }) => name === face.subnet);
      if (!at || (this.version === 2 && at.prefix.bytes.length !== family)) continue;
      if (own.some((address) => contains(at.prefix, address))) return { face, length: at.prefix.length };
    }
    return undefined;
  }

  #portPlace(config: OspfLinkConfig, port: string, number: number, mtu: number, node: Node): Place | undefined {
    const found = this.#faceOf(node, config.subnet);
    if (!found) return undefined;
    const { face } = found;
    const linkLocal = face.linkLocal === undefined ? linkLocalOf(parseMac(this.around.macOf(face))) : parseAddress(face.linkLocal);
    const family = familyOf(this.config) === 'ipv4' ? 4 : 16;
    const prefixes = this.around.network.model.subnets
      .filter(({ name, prefix }) => name === face.subnet && prefix.bytes.length === family)
      .map(({ prefix }) => prefix);
    const ipv4 = face.addresses.map(parseAddress).find((address) => address.length === 4);
    const address = this.version === 2 ? ipv4 : linkLocal;
    if (!address) return undefined;
    const options = resolveInterface(this.config, config, {
      name: port,
      address,
      nextHop: family === 4 ? (ipv4 ?? address) : linkLocal,
      forwarding: face.addresses.map(parseAddress).find((one) => one.length === family),
      maskLength: found.length,
      prefixes,
      interfaceId: number,
      mtu,
    });
    const source = formatAddress(address);
    const send = (destination: Uint8Array, payload: Uint8Array): void =>
      this.around.ip.send({
        source,
        destination: formatAddress(destination),
        protocol: OSPF,
        hopLimit: TTL,
        trafficClass: INTERNETWORK_CONTROL,
        payload,
        port,
      });
    return { config, options, node, send };
  }

  /** The router's subnets, to be told though nobody speaks OSPF there. */
  *#connected(): IterableIterator<Place> {
    const family = familyOf(this.config);
    for (const { subnet } of this.around.interfaces()) {
      const at = this.around.network.model.subnets.find(({ name }) => name === subnet);
      if (!at || at.prefix.family !== family) continue;
      const config: OspfLinkConfig = { passive: true };
      const options = resolveInterface(this.config, config, {
        name: `subnet ${subnet}`,
        address: at.prefix.bytes,
        nextHop: at.prefix.bytes,
        forwarding: undefined,
        maskLength: at.prefix.length,
        prefixes: [at.prefix],
        interfaceId: 0,
        mtu: INTERFACE_DEFAULTS.mtu,
      });
      yield { config, options: { ...options, area: this.instance.options.areas[0]?.id ?? 0 }, node: undefined, send: () => {} };
    }
  }

  async #openDevice(config: OspfLinkConfig, device: string): Promise<void> {
    const name = config.name ?? device;
    const link = await this.around.links?.open(device, this.version, {
      received: (source, destination, bytes) => {
        // Only what has to wait is needed for longer than the call.
        const kept = (octets: Uint8Array): Uint8Array => (this.#driver.isBusy ? octets.slice() : octets);
        this.#driver.post({ type: 'packet', interface: name, source: kept(source), destination: kept(destination), bytes: kept(bytes) });
      },
      changed: (up) => this.#driver.post({ type: up ? 'interfaceUp' : 'interfaceDown', interface: name }),
    });
    if (!link) return;
    if (!this.#running) {
      await link.close();
      return;
    }
    const family = familyOf(this.config) === 'ipv4' ? 4 : 16;
    const linkLocal = link.addresses.find(({ bytes }) => bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80 && bytes.length === 16);
    const ipv4 = link.addresses.find(({ bytes }) => bytes.length === 4);
    const own = this.version === 2 ? ipv4 : linkLocal;
    if (!own) {
      await link.close();
      this.around.problem({
        instance: this.name,
        interface: name,
        problem: 'no-address',
        source: '',
        routerId: '',
        node: undefined,
        detail: `${device} has no ${this.version === 2 ? 'IPv4' : 'link-local IPv6'} address`,
      });
      return;
    }
    const options = resolveInterface(this.config, config, {
      name,
      address: own.bytes,
      nextHop: family === 4 ? (ipv4 ?? own).bytes : own.bytes,
      forwarding: link.addresses.find(({ bytes }) => bytes.length === family && bytes !== linkLocal?.bytes)?.bytes,
      maskLength: own.length,
      prefixes: link.addresses
        .filter(({ bytes }) => bytes.length === family && bytes !== linkLocal?.bytes)
        .map(({ bytes, length }) => ({ bytes: maskBytes(bytes, length), length })),
      interfaceId: link.index,
      mtu: link.mtu,
    });
    const node = config.node === undefined ? undefined : this.around.network.model.find(config.node);
    this.#places.set(name, { config, options, node, link, send: (destination, bytes) => link.send(own.bytes, destination, bytes) });
    this.#driver.post({ type: 'interfaceAdded', options });
    this.#driver.post({ type: 'interfaceUp', interface: name });
  }

  // --- Who is where ----------------------------------------------------------------------------------------------------

  #nodeAt(name: string, routerId: number, address?: Uint8Array): Node | undefined {
    const place = this.#places.get(name);
    if (!place) return undefined;
    if (place.node) return place.node.present ? place.node : undefined;
    const { model } = this.around.network;
    if (place.config.node !== undefined) return model.find(place.config.node);
    if (address) return model.owner(address, 0, address.length);
    for (const neighbour of this.instance.interfaces.get(name)?.neighbours.values() ?? [])
      if (neighbour.routerId === routerId) return model.owner(neighbour.address, 0, neighbour.address.length);
    return undefined;
  }

  #nodesOf(routerId: number): Node[] {
    const nodes = new Set<Node>();
    for (const neighbour of this.instance.neighbours()) {
      if (neighbour.routerId !== routerId) continue;
      const node = this.#nodeAt(neighbour.interface.options.name, routerId);
      if (node) nodes.add(node);
    }
    return [...nodes];
  }

  /** A link is trusted where the configuration says so and nobody can speak there without a key. */
  #isTrusted(name: string): boolean {
    const place = this.#places.get(name);
    return place?.config.trusted === true && place.options.authentication.type === 'cryptographic';
  }

  // --- Effects ---------------------------------------------------------------------------------------------------------

  #perform(effect: OspfEffect): void {
    switch (effect.type) {
      case 'send':
        this.#places.get(effect.interface)?.send(effect.destination, effect.bytes);
        break;
      case 'routesChanged':
        this.#claims.update(effect.routes, effect.more);
        break;
      case 'neighbourChanged': {
        const { routerId, address, from, to, reason } = effect;
        const node = this.#nodeAt(effect.interface, routerId, address);
        this.around.changed({
          instance: this.name,
          interface: effect.interface,
          routerId: quad(routerId),
          address: formatAddress(address),
          node: node?.name,
          from,
          to,
          reason,
        });
        this.#watch(effect, node);
        if (from === 'down') this.#appeared(effect.interface, routerId, address, node);
        if (node && to === 'full') this.#claims.rose(node);
        for (const neighbour of this.instance.silenced.splice(0)) {
          const silent = this.#nodeAt(neighbour.interface.options.name, neighbour.routerId, neighbour.address);
          if (silent && !this.#adjacent(silent)) this.#claims.fell(silent);
        }
        // Who a router id belongs to hangs on who is there.
        if (from === 'down' || to === 'down') this.#claims.reconsider();
        break;
      }
      case 'problem':
        this.around.problem({
          instance: this.name,
          interface: effect.interface,
          problem: effect.problem,
          source: formatAddress(effect.source),
          routerId: quad(effect.routerId),
          node: this.#nodeAt(effect.interface, effect.routerId, effect.source)?.name,
          detail: effect.detail,
        });
        break;
      case 'interfaceChanged':
        break;
    }
  }

  /** Whether the node is a neighbour by any link. */
  #adjacent(node: Node): boolean {
    return [...this.instance.interfaces.values()].some(({ options, neighbours }) =>
      [...neighbours.values()].some(
        ({ state, routerId, address }) => state === 'full' && this.#nodeAt(options.name, routerId, address) === node,
      ),
    );
  }

  /** A neighbour is watched while both hear each other, and until it is down. */
  #watch(
    { interface: name, routerId, address: bytes, to }: Extract<OspfEffect, { type: 'neighbourChanged' }>,
    node: Node | undefined,
  ): void {
    if (to === 'down') this.#watches.end({ interface: name, routerId });
    const place = this.#places.get(name);
    const config = place?.config.bfd;
    if (!place || !config || !node || to === 'down' || to === 'init') return;
    const address = formatAddress(bytes);
    // A link-local neighbour of the host's is spoken to by its device, from what the system chooses.
    const zoned = place.link && bytes.length === 16;
    const local = place.link ? formatAddress(place.options.address) : this.around.localAddress(node.name, address);
    this.#watches.begin({
      interface: name,
      routerId,
      node: node.name,
      address: zoned ? `${address}%${place.config.device}` : address,
      local: zoned ? undefined : local,
      config,
    });
  }

  /** What only the network knows is wrong with a neighbour. */
  #appeared(name: string, routerId: number, address: Uint8Array, node: Node | undefined): void {
    const about = { instance: this.name, interface: name, source: formatAddress(address), routerId: quad(routerId), node: node?.name };
    if (!node)
      this.around.problem({
        ...about,
        problem: 'unknown-node',
        detail: 'it is no node of the network, so nothing that it says is a claim',
      });
    const nodes = this.#nodesOf(routerId);
    if (nodes.length > 1)
      this.around.problem({
        ...about,
        problem: 'duplicate-router-id',
        detail: `nodes ${nodes.map((one) => one.name).join(' and ')} have one router id`,
      });
  }

  status(): OspfStatus {
    const { instance } = this;
    let lsas = instance.database.size;
    let full = 0;
    let incremental = 0;
    for (const area of instance.areas.values()) {
      lsas += area.database.size;
      full += area.paths.full;
      incremental += area.paths.incremental;
    }
    return {
      name: this.name,
      version: this.version,
      routerId: quad(instance.options.routerId),
      interfaces: [...instance.interfaces.values()].map(({ options, state, neighbours, counters, database }) => {
        lsas += database.size;
        return {
          name: options.name,
          area: quad(options.area),
          state,
          neighbours: [...neighbours.values()].map((neighbour) => ({
            routerId: quad(neighbour.routerId),
            address: formatAddress(neighbour.address),
            node: this.#nodeAt(options.name, neighbour.routerId)?.name,
            state: neighbour.state,
            priority: neighbour.priority,
            lsas: neighbour.lsas,
            retransmissions: neighbour.retransmit.size,
            restarting: neighbour.graceUntil !== undefined,
            bfd: this.#watches.status({ interface: options.name, routerId: neighbour.routerId }),
          })),
          packetsIn: counters.received,
          packetsOut: counters.sent,
          lsasIn: counters.lsasReceived,
          lsasOut: counters.lsasSent,
          retransmissions: counters.retransmissions,
          problems: Object.fromEntries(counters.problems),
        };
      }),
      lsas,
      routes: instance.routes.routes.size,
      calculations: { full, incremental },
    };
  }
}

function quad(id: number): string {
  return [id >>> 24, (id >>> 16) & 255, (id >>> 8) & 255, id & 255].join('.');
}

function sameLink(x: Place, y: Place | undefined): boolean {
  return y !== undefined && x.node === y.node && JSON.stringify(plain(x.options)) === JSON.stringify(plain(y.options));
}
function plain(options: InterfaceOptions): unknown {
  return {
    ...options,
    address: [...options.address],
    nextHop: [...options.nextHop],
    prefixes: options.prefixes.map(({ bytes, length }) => [[...bytes], length]),
  };
}
