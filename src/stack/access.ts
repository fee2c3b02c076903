import { type Prefix, prefixWords } from '../lib/prefix.js';
import { Protocol } from './wire/codes.js';
import { headerLength4 } from './wire/ipv4.js';
import type { UpperLayer } from './wire/ipv6.js';
import { u16, u32 } from './wire/octets.js';

/** Ports, a range of them: both ends belong to it. @internal */
export type PortRange = readonly [from: number, to: number];

/** An access rule, resolved. @internal */
export interface AccessRule {
  readonly permit: boolean;
  /** `in`: from a guest, at its port. `out`: to a guest. */
  readonly direction: 'in' | 'out';
  /** Names of the ports that it is for; undefined for all. */
  readonly at: ReadonlySet<string> | undefined;
  readonly source: Prefix | undefined;
  readonly destination: Prefix | undefined;
  /** IANA number. */
  readonly protocol: number | undefined;
  readonly sourcePorts: readonly PortRange[];
  readonly destinationPorts: readonly PortRange[];
}

/** The protocol of a packet in which no upper layer is to be found. */
const UNSEEN = -2;

/** What a list says of a packet. @internal */
export const Access = { permit: 0, deny: 1 } as const;

/**
 * The rules of one port and direction, the first that fits decides; without one a packet passes. Nothing is remembered of flows.
 *
 * Ports are not seen in the later parts of a fragmented packet. A rule with ports takes those by its other fields if it permits, and leaves
 * them alone if it denies: the first part, which has the ports, is denied, and without it the rest is of no use. A first part too short to
 * have its ports is denied wherever a rule with ports would have had to be asked (RFC 1858, RFC 3128), and an IPv6 packet whose headers run
 * out of it, or are too many, wherever one with a protocol would (RFC 7112).
 *
 * @internal
 */
export class AccessList {
  readonly #rules: readonly Compiled[];
  /** Packets that each rule decided, in the order of the list. */
  readonly hits: Uint32Array;

  constructor(rules: readonly AccessRule[]) {
    this.#rules = rules.map(compile);
    this.hits = new Uint32Array(rules.length);
  }

  get size(): number {
    return this.#rules.length;
  }

  ipv4(b: Uint8Array, ip: number, stop: number): number {
    const later = (u16(b, ip + 6) & 0x1fff) !== 0;
    return this.#decide(b, 4, u32(b, ip + 12), u32(b, ip + 16), ip + 12, b[ip + 9], ip + headerLength4(b, ip), stop, later);
  }

  /** `upper` says where the upper layer is; `whole` is false where the headers run out of the packet. */
  ipv6(b: Uint8Array, ip: number, stop: number, upper: UpperLayer, whole: boolean): number {
    const { protocol, at, fragment } = upper;
    const later = fragment >= 0 && (u16(b, fragment + 2) & 0xfff8) !== 0;
    return this.#decide(b, 16, 0, 0, ip + 8, whole ? protocol : UNSEEN, at, stop, later);
  }

  #decide(
    b: Uint8Array,
    size: 4 | 16,
    source: number,
    destination: number,
    addresses: number,
    protocol: number,
    at: number,
    stop: number,
    later: boolean,
  ): number {
    const rules = this.#rules;
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i];
      if (rule.size !== 0 && rule.size !== size) continue;
      if (rule.protocol >= 0 && rule.protocol !== protocol && protocol !== UNSEEN) continue;
      if (size === 4) {
        if (((source & rule.sourceMask) ^ rule.source) !== 0 || ((destination & rule.destinationMask) ^ rule.destination) !== 0) continue;
      } else if (
        !covers6(rule.source6, rule.sourceLength, b, addresses) ||
        !covers6(rule.destination6, rule.destinationLength, b, addresses + 16)
      )
        continue;
      if (protocol === UNSEEN && (rule.protocol >= 0 || rule.ports)) {
        this.hits[i]++;
        return Access.deny;
      }
      if (rule.ports) {
        if (protocol !== Protocol.tcp && protocol !== Protocol.udp) continue;
        if (later) {
          if (!rule.permit) continue;
        } else if (at + 4 > stop) {
          this.hits[i]++;
          return Access.deny;
        } else if (!inRanges(rule.sourcePorts, u16(b, at)) || !inRanges(rule.destinationPorts, u16(b, at + 2))) continue;
      }
      this.hits[i]++;
      return rule.permit ? Access.permit : Access.deny;
    }
    return Access.permit;
  }
}

/** A rule as numbers. */
interface Compiled {
  readonly permit: boolean;
  /** 4 or 16 where an address says so, else 0. */
  readonly size: number;
  readonly protocol: number;
  readonly source: number;
  readonly sourceMask: number;
  readonly destination: number;
  readonly destinationMask: number;
  readonly source6: Uint8Array;
  readonly sourceLength: number;
  readonly destination6: Uint8Array;
  readonly destinationLength: number;
  readonly ports: boolean;
  readonly sourcePorts: Uint16Array;
  readonly destinationPorts: Uint16Array;
}

function compile(rule: AccessRule): Compiled {
  const { source, destination } = rule;
  const maskOf = (prefix: Prefix | undefined): number => (prefix && prefix.length > 0 ? -1 << (32 - Math.min(32, prefix.length)) : 0);
  const netOf = (prefix: Prefix | undefined): number => (prefix ? prefixWords(prefix.bytes)[0] & maskOf(prefix) : 0);
  const sourcePorts = Uint16Array.from(rule.sourcePorts.flat());
  const destinationPorts = Uint16Array.from(rule.destinationPorts.flat());
  return {
    permit: rule.permit,
    size: (source ?? destination)?.bytes.length ?? 0,
    protocol: rule.protocol ?? -1,
    source: netOf(source),
    sourceMask: maskOf(source),
    destination: netOf(destination),
    destinationMask: maskOf(destination),
    source6: source?.bytes ?? new Uint8Array(0),
    sourceLength: source?.length ?? 0,
    destination6: destination?.bytes ?? new Uint8Array(0),
    destinationLength: destination?.length ?? 0,
    ports: sourcePorts.length + destinationPorts.length > 0,
    sourcePorts,
    destinationPorts,
  };
}

/** Whether a port is in one of the ranges; no ranges are all ports. */
function inRanges(ranges: Uint16Array, port: number): boolean {
  if (ranges.length === 0) return true;
  for (let i = 0; i < ranges.length; i += 2) if (port >= ranges[i] && port <= ranges[i + 1]) return true;
  return false;
}

function covers6(prefix: Uint8Array, length: number, b: Uint8Array, at: number): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (prefix[i] !== b[at + i]) return false;
  return (length & 7) === 0 || ((prefix[whole] ^ b[at + whole]) & (0xff << (8 - (length & 7))) & 0xff) === 0;
}
