import type { Family } from '../lib/address.js';
import { parseAddress } from '../lib/address.js';
import { parsePrefix } from '../lib/prefix.js';
import type { OspfAreaConfig, OspfAuthenticationConfig, OspfInstanceConfig, OspfInterfaceConfig } from './config.js';
import {
  AREA_DEFAULTS,
  type AreaOptions,
  INSTANCE_DEFAULTS,
  INTERFACE_DEFAULTS,
  type InterfaceOptions,
  type OspfOptions,
} from './options.js';
import { type Authentication, type OspfVersion, word } from './wire/index.js';

/** The number of a router id or area id in dotted quad, or an area's number. @internal */
export function idNumber(id: number | string): number {
  return typeof id === 'number' ? id : word(parseAddress(id));
}

/** @internal */
export function versionOf({ version = 2 }: OspfInstanceConfig): OspfVersion {
  return version;
}
/** @internal */
export function familyOf({ version = 2, family }: OspfInstanceConfig): Family {
  return version === 2 ? 'ipv4' : (family ?? 'ipv6');
}
/** @internal */
export function nameOf({ name, version = 2 }: OspfInstanceConfig): string {
  return name ?? (version === 2 ? 'ospf' : 'ospf6');
}

/** An instance with the defaults filled in: written out, so that all of them have one shape. @internal */
export function resolveInstance(config: OspfInstanceConfig, routerId: string): OspfOptions {
  const { gracefulRestart, areas = [{ area: 0 }] } = config;
  return {
    version: versionOf(config),
    family: familyOf(config),
    routerId: idNumber(config.routerId ?? routerId),
    areas: areas.map(resolveArea),
    spf: INSTANCE_DEFAULTS.spf,
    helper: gracefulRestart === false ? 0 : (gracefulRestart ?? INSTANCE_DEFAULTS.helper),
    stubRouter: config.stubRouter ?? INSTANCE_DEFAULTS.stubRouter,
    lsaLimit: config.lsaLimit ?? INSTANCE_DEFAULTS.lsaLimit,
    retransmitLimit: config.retransmitLimit ?? INSTANCE_DEFAULTS.retransmitLimit,
  };
}

function resolveArea(config: OspfAreaConfig): AreaOptions {
  const { ranges = [], nssaRanges = [], translatorStabilityInterval } = config;
  return {
    id: idNumber(config.area),
    type: config.type ?? AREA_DEFAULTS.type,
    summaries: config.summaries ?? AREA_DEFAULTS.summaries,
    defaultCost: config.defaultCost ?? AREA_DEFAULTS.defaultCost,
    ranges: ranges.map(({ prefix, advertise = true }) => ({ prefix: parsePrefix(prefix), advertise })),
    nssaRanges: nssaRanges.map(({ prefix, advertise = true, metric, tag = 0 }) => ({
      prefix: parsePrefix(prefix),
      advertise,
      metric,
      tag,
    })),
    translatorRole: config.translatorRole ?? AREA_DEFAULTS.translatorRole,
    translatorStability: translatorStabilityInterval === undefined ? AREA_DEFAULTS.translatorStability : translatorStabilityInterval * 1000,
  };
}

/** Where an interface turned out to be. */
export type Located = Pick<
  InterfaceOptions,
  'name' | 'address' | 'nextHop' | 'forwarding' | 'maskLength' | 'prefixes' | 'interfaceId' | 'mtu'
>;

/**
 * An interface with the defaults filled in. It is looked at for every LSA, so all interfaces have one shape: what is spread from several objects
 * is, to the engine, of a shape of its own each time.
 *
 * @internal
 */
export function resolveInterface(instance: OspfInstanceConfig, config: OspfInterfaceConfig, located: Located): InterfaceOptions {
  const helloInterval = (config.helloInterval ?? 10) * 1000;
  return {
    name: located.name,
    area: idNumber(config.area ?? 0),
    type: config.type ?? INTERFACE_DEFAULTS.type,
    passive: config.passive ?? INTERFACE_DEFAULTS.passive,
    cost: config.cost ?? INTERFACE_DEFAULTS.cost,
    priority: config.priority ?? INTERFACE_DEFAULTS.priority,
    helloInterval,
    deadInterval: config.deadInterval === undefined ? Math.max(1000, helloInterval * 4) : config.deadInterval * 1000,
    rxmtInterval: (config.retransmitInterval ?? 5) * 1000,
    transmitDelay: config.transmitDelay ?? INTERFACE_DEFAULTS.transmitDelay,
    mtu: config.mtu ?? located.mtu,
    ignoreMtu: config.ignoreMtu ?? INTERFACE_DEFAULTS.ignoreMtu,
    address: located.address,
    nextHop: located.nextHop,
    forwarding: located.forwarding,
    maskLength: located.maskLength,
    prefixes: located.prefixes,
    interfaceId: located.interfaceId,
    // RFC 5838 §2.1: instances of IPv4 unicast are 64 to 95.
    instance: config.instance ?? (versionOf(instance) === 3 && familyOf(instance) === 'ipv4' ? 64 : 0),
    authentication: resolveAuthentication(config.authentication, versionOf(instance)),
    neighbourLimit: config.neighbourLimit ?? INTERFACE_DEFAULTS.neighbourLimit,
  };
}

function resolveAuthentication(config: OspfAuthenticationConfig | undefined, version: OspfVersion): Authentication {
  if (!config) return { type: 'null' };
  if (config.type === 'simple') return { type: 'simple', password: octetsOf(config.password ?? '') };
  return {
    type: 'cryptographic',
    extended: config.extended ?? false,
    swappedProtocolId: config.swappedProtocolId ?? false,
    keys: (config.keys ?? []).map(({ id, hash, secret, sendFrom, sendUntil, acceptFrom, acceptUntil }) => ({
      id,
      hash: hash ?? (version === 2 ? 'md5' : 'hmac-sha-256'),
      secret: octetsOf(secret),
      sendFrom: moment(sendFrom),
      sendUntil: moment(sendUntil),
      acceptFrom: moment(acceptFrom),
      acceptUntil: moment(acceptUntil),
    })),
  };
}

function moment(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

function octetsOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
