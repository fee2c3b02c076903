import { strictness } from '../../../bfd/index.js';
import type { PeerConfigInput } from '../../../bgp/config.js';
import type { ExportContext } from '../../../bgp/export.js';
import type { ImportContext } from '../../../bgp/import.js';
import type { Negotiated } from '../../../bgp/negotiation.js';
import { compilePolicy, type Policy, type PolicyConfig } from '../../../bgp/policy/index.js';
import { marksTold } from '../../../bgp/roles.js';
import type { Role } from '../../../bgp/wire/index.js';
import { isAddress, parseAddress } from '../../../lib/address.js';
import { parseAsn } from '../../../lib/asn.js';
import { contains, formatPrefix, type Prefix, prefixWords } from '../../../lib/prefix.js';
import type { Node } from '../../../network/model.js';
import type { ExportKind, NeighbourConfig } from '../../config.js';
import { type LocalRoute, localRoutes } from './local-routes.js';
import type { BgpSurroundings, RouterIdentity } from './surroundings.js';

/** ASes in a path unless configured. @internal */
export const MAX_PATH_LENGTH = 255;

/** What the terms of telling depend on beside the configuration. @internal */
export interface Telling {
  /** Our end of the session. */
  readonly localAddress: string | undefined;
  /** The neighbour is to find other ways (RFC 8326). */
  readonly draining: boolean;
}

/** What a neighbour's configuration, and its router's, make of a session with it: how it is judged, and how it is told. @internal */
export class NeighbourTerms {
  readonly name: string;

  constructor(
    readonly config: NeighbourConfig,
    private readonly address: string,
    private readonly node: Node,
    private readonly around: Pick<BgpSurroundings, 'network' | 'router' | 'prefixLists' | 'validation'>,
  ) {
    this.name = config.name ?? address;
  }

  /** The session's part: seconds become milliseconds, defaults are the session's. */
  get peer(): PeerConfigInput {
    return peerConfig(this.config, this.address, this.around.router);
  }

  /** Roles are for sessions between two ASes (RFC 9234 §4.1). */
  role(negotiated: Pick<Negotiated, 'peerAs'>): Role | undefined {
    return negotiated.peerAs === this.localAs ? undefined : this.config.localRole;
  }

  get localAs(): number {
    return this.config.localAs === undefined ? this.around.router.as : parseAsn(this.config.localAs);
  }

  get #exportKinds(): readonly ExportKind[] {
    const told = this.config.export;
    if (told === undefined) return [];
    if (typeof told === 'string') return [told];
    return 'rules' in told ? (told.of ?? ['claims']) : told;
  }
  /** Whether it hears what others claim. */
  get tellsClaims(): boolean {
    return this.#exportKinds.some((kind) => kind === 'claims' || kind === 'all');
  }

  #policy(rules: PolicyConfig | undefined, otherwise: 'accept' | 'reject'): Policy | undefined {
    return rules === undefined ? undefined : compilePolicy(rules, { lists: this.around.prefixLists, localAs: this.localAs, otherwise });
  }

  #exportPolicy(): Policy | undefined {
    const told = this.config.export;
    return told !== undefined && typeof told === 'object' && 'rules' in told ? this.#policy(told.rules, 'reject') : undefined;
  }

  /**
   * How what it says is judged.
   *
   * @param maxCommunities - That a route of it may have.
   */
  importContext(negotiated: Pick<Negotiated, 'peerAs'>, maxCommunities: number): ImportContext {
    const { router, validation } = this.around;
    const { localAs } = this;
    return {
      localAs,
      routerAs: router.as,
      peerAs: negotiated.peerAs,
      external: negotiated.peerAs !== localAs,
      routerId: u32(router.routerId),
      clusterId: u32(router.clusterId),
      allowOwnAs: this.config.allowOwnAs ?? 0,
      enforceFirstAs: this.config.enforceFirstAs ?? true,
      routeServerClient: this.config.routeServerClient ?? false,
      allowAsSets: this.config.allowAsSets ?? false,
      role: this.role(negotiated),
      maxPathLength: this.config.maxPathLength ?? MAX_PATH_LENGTH,
      maxCommunities,
      speaker: this.node.index,
      neighbour: this.name,
      node: this.node.name,
      policy: this.#policy(this.config.import, 'accept'),
      validation,
      rpki: this.config.rpki,
    };
  }

  /** How it is told. */
  exportContext(negotiated: Negotiated, { localAddress, draining }: Telling): ExportContext {
    const { router } = this.around;
    const { localAs } = this;
    const kinds = this.#exportKinds;
    const next = this.nextHops(negotiated, localAddress);
    return {
      localAs,
      peerAs: negotiated.peerAs,
      external: negotiated.peerAs !== localAs,
      routerId: u32(router.routerId),
      clusterId: u32(router.clusterId),
      reflectorClient: this.config.routeReflectorClient ?? false,
      routeServerClient: this.config.routeServerClient ?? false,
      asOverride: this.config.asOverride ?? false,
      privateAs: this.config.privateAs ?? 'keep',
      role: this.role(negotiated),
      noPeer: this.config.bilateralPeer ?? false,
      claims: this.tellsClaims,
      initial: kinds.includes('all'),
      node: this.node.index,
      neighbour: this.name,
      nodeName: this.node.name,
      nextHop4: next.ipv4,
      nextHop6: next.ipv6,
      unchanged: this.#unchanged(),
      shared: this.sharedSubnets(),
      extendedNextHop: negotiated.extendedNextHop,
      draining,
      longLived: negotiated.longLivedRestart !== undefined,
      fourOctetAs: negotiated.fourOctetAs,
      policy: this.#exportPolicy(),
    };
  }

  #unchanged(): boolean {
    const { nextHop, routeServerClient, routeReflectorClient } = this.config;
    return nextHop === undefined ? (routeServerClient ?? false) || (routeReflectorClient ?? false) : nextHop === 'unchanged';
  }

  /**
   * The subnets that the neighbour shares with the next hops in them, so that its packets need not pass through us; none where they do:
   * where guests are attached to ports of ours, or the configuration says `self`.
   */
  sharedSubnets(): readonly Prefix[] {
    const { network, router } = this.around;
    if (this.config.nextHop !== undefined || router.forwards) return [];
    const addresses = [this.address, ...(this.node.config.addresses ?? [])].map(parseAddress);
    return network.model.subnets.flatMap(({ prefix }) => (addresses.some((address) => contains(prefix, address)) ? [prefix] : []));
  }

  /** Our next hop for each family: the one configured, our end of the session, or an address of the router's. */
  nextHops(
    negotiated: Negotiated,
    localAddress: string | undefined,
  ): { readonly ipv4: Uint8Array | undefined; readonly ipv6: Uint8Array | undefined } {
    const { nextHop } = this.config;
    const set = nextHop !== undefined && isAddress(nextHop) ? [nextHop] : [];
    const ours = [...set, ...(localAddress === undefined ? [] : [localAddress]), ...this.around.router.addresses].map(parseAddress);
    const ipv6 = ours.find((address) => address.length === 16);
    const ipv4 = ours.find((address) => address.length === 4);
    return { ipv4: ipv4 ?? (negotiated.extendedNextHop ? ipv6 : undefined), ipv6 };
  }

  /** Connected subnets, a default route, and what the router originates, as the neighbour hears of them. */
  localRoutes(negotiated: Negotiated, { localAddress, draining }: Telling): LocalRoute[] {
    const { network, router } = this.around;
    const next = this.nextHops(negotiated, localAddress);
    return localRoutes({
      kinds: this.#exportKinds,
      families: negotiated.families,
      subnets: network.model.subnets.map(({ prefix }) => formatPrefix(prefix)),
      originate: router.originate,
      localAs: this.localAs,
      external: negotiated.peerAs !== this.localAs,
      otc: marksTold(this.role(negotiated)),
      nextHop4: next.ipv4,
      nextHop6: next.ipv6,
      extendedNextHop: negotiated.extendedNextHop,
      neighbour: this.name,
      context: negotiated.sendContext,
      policy: this.#exportPolicy(),
      draining,
    });
  }
}

function peerConfig(config: NeighbourConfig, address: string, router: RouterIdentity): PeerConfigInput {
  const seconds = (time: number | undefined): number | undefined => (time === undefined ? undefined : time * 1000);
  const peerAs = config.as === 'any' ? undefined : [config.as].flat().map(parseAsn);
  const given = {
    port: config.port,
    localAddress: config.localAddress,
    passive: config.passive,
    families: config.families,
    addPath: config.addPath,
    extendedNextHop: config.extendedNextHop,
    extendedMessages: config.extendedMessages,
    holdTime: seconds(config.holdTime),
    connectRetryTime: seconds(config.connectRetryTime),
    delayOpenTime: seconds(config.delayOpen),
    sendHoldTime: seconds(config.sendHoldTime),
    gracefulRestart: config.gracefulRestart !== false,
    role: config.localRole,
    requireRole: config.requireRole,
    bfdStrict: config.bfd && strictness(config.bfd),
    bfdHoldTime: config.bfd?.holdTime,
    idleHoldMax: config.dampPeerOscillations === false ? 1000 : undefined,
  };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<PeerConfigInput>;
  const localAs = config.localAs === undefined ? router.as : parseAsn(config.localAs);
  return { ...set, address, peerAs, localAs, routerId: router.routerId };
}

/** An address or router id as a number. @internal */
export function u32(dotted: string): number {
  return prefixWords(parseAddress(dotted))[0];
}
