/**
 * The seam between OSPFv2 and OSPFv3: all that the one engine asks of the version it speaks. What is not here is the same in both
 * (RFC 5340 §2).
 */
import type { Family } from '../lib/address.js';
import type { Prefix } from '../lib/prefix.js';
import type { Area, VertexKey } from './area.js';
import type { OspfProblem } from './events.js';
import type { ExternalSaying } from './external-saying.js';
import type { OspfInterface } from './interface.js';
import type { StoredLsa } from './lsa.js';
import type { Meaning } from './meaning.js';
import type { Neighbour } from './neighbour.js';
import type { InterfaceOptions } from './options.js';
import type { BodyContext, ExternalBody, Hello, LsaBody, OspfVersion } from './wire/index.js';

/** An LSA that we originate: all of it but its sequence number and age. @internal */
export interface OwnBody {
  readonly lsType: number;
  readonly id: number;
  readonly body: LsaBody;
}

/** What an origination looks at. @internal */
export interface Self {
  readonly routerId: number;
  readonly isBorder: boolean;
  readonly isBoundary: boolean;
  readonly stubRouter: boolean;
  cost(one: OspfInterface): number;
}

/** LS types, by what they are. @internal */
export interface LsTypes {
  readonly router: number;
  readonly network: number;
  readonly summary: number;
  readonly asbrSummary: number;
  readonly external: number;
  readonly nssa: number;
}

/** @internal */
export interface Dialect {
  readonly version: OspfVersion;
  readonly family: Family;
  readonly context: BodyContext;
  readonly types: LsTypes;
  readonly allRouters: Uint8Array;
  readonly allDesignatedRouters: Uint8Array;
  /** Octets of the IP and OSPF headers before a packet's body. */
  readonly overhead: number;
  /** What stands for us on an interface as designated router. */
  ownDrId(options: InterfaceOptions, routerId: number): number;
  /** What stands for a sender as designated router. */
  drIdOf(routerId: number, source: Uint8Array): number;
  /** What tells neighbours on an interface apart. */
  neighbourKey(options: InterfaceOptions, routerId: number, source: Uint8Array): number;
  /** Options of our Hellos and LSAs in an area. */
  options(area: Area): number;
  /** Options of our Database Descriptions there. */
  descriptionOptions(area: Area): number;
  /** Whether a Hello is of our link, as this version says it; else what is wrong, and for people how. */
  checkHello(one: OspfInterface, hello: Hello, source: Uint8Array): { readonly problem: OspfProblem; readonly detail: string } | undefined;
  /** The part of a Hello that only one version has. */
  helloFields(options: InterfaceOptions): Pick<Hello, 'mask' | 'interfaceId'>;
  /** Whether a neighbour takes LSAs of a type (RFC 5250 §3: opaque ones only if it says so). */
  takes(neighbour: Neighbour, lsType: number): boolean;
  /** Whether an instance is one that we, or a router of our former id, originated (RFC 2328 §13.4). */
  isOwn(lsa: StoredLsa, routerId: number, interfaces: Iterable<OspfInterface>): boolean;
  /** The key of the network that an interface is on, where it is a transit network. */
  networkOf(one: OspfInterface): VertexKey;
  meaning(lsa: StoredLsa, body: LsaBody): Meaning;
  /** Whether an LS type is that of externals, or of those of an NSSA. */
  isExternal(lsType: number): boolean;
  /** Reads what an external, or one of an NSSA, says. Whether it can be read, and counts. */
  readExternal(lsa: StoredLsa, into: ExternalSaying): boolean;
  /** Our LSAs of an area but for summaries, which are those of routes. */
  originate(area: Area, self: Self): OwnBody[];
  /** Our LSAs of an interface's link. */
  originateLink(one: OspfInterface, self: Self): OwnBody[];
  /** The link state id to begin with for a prefix, and the one to take where another prefix has that. */
  prefixIds(prefix: Prefix): { readonly first: number; readonly second: number } | undefined;
  summary(id: number, prefix: Prefix, metric: number): OwnBody;
  asbrSummary(id: number, router: number, metric: number): OwnBody;
  external(id: number, body: Omit<ExternalBody, 'prefixOptions' | 'referenced'>): OwnBody;
  /** Options of an LSA header of ours. */
  lsaOptions(area: Area | undefined, body: LsaBody): number;
}

/** The vertex of a router. @internal */
export function vertexOfRouter(routerId: number): VertexKey {
  return routerId;
}
/** The router of a vertex, if it is one. @internal */
export function routerOfVertex(key: VertexKey): number | undefined {
  return typeof key === 'number' && key <= 0xffff_ffff ? key : undefined;
}

/** Cost of links that are to be used only if there is no other way (RFC 6987 §2). @internal */
export const MAX_LINK_METRIC = 0xffff;
