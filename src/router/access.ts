import { parsePrefix } from '../lib/prefix.js';
import type { AccessRule, PortRange } from '../stack/access.js';
import { Protocol } from '../stack/wire/codes.js';
import type { AccessRuleConfig } from './config.js';

/** Protocols that a rule may name. */
const PROTOCOLS = { tcp: Protocol.tcp, udp: Protocol.udp, icmp: Protocol.icmp, icmp6: Protocol.icmp6 } as const;

/** `8000-8099`, or one port; undefined for what is neither. @internal */
export function portRange(text: string): PortRange | undefined {
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const range = [Number(from), Number(to)] as const;
  return from !== undefined && range[0] <= range[1] && range[1] <= 65_535 ? range : undefined;
}

/** Resolves a rule that was checked. @internal */
export function accessRule(config: AccessRuleConfig): AccessRule {
  const { protocol } = config;
  const ranges = (ports: readonly (number | string)[] = []): PortRange[] =>
    ports.flatMap((port) => {
      const range = portRange(String(port));
      return range ? [range] : [];
    });
  return {
    permit: config.action === 'permit',
    direction: config.direction,
    at: config.at && new Set(config.at),
    source: config.source === undefined ? undefined : parsePrefix(config.source),
    destination: config.destination === undefined ? undefined : parsePrefix(config.destination),
    protocol: typeof protocol === 'string' ? PROTOCOLS[protocol] : protocol,
    sourcePorts: ranges(config.sourcePorts),
    destinationPorts: ranges(config.destinationPorts),
  };
}
