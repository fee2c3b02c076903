import type { Policy } from '../../bgp/policy/index.js';
import { encodeMessage, type PathAttributes, type Update, type WireContext } from '../../bgp/wire/index.js';
import { formatAddress } from '../../lib/address.js';
import { parsePrefix } from '../../lib/prefix.js';
import type { AddressFamily, ExportKind, OriginateConfig } from '../config.js';

/** @internal */
export interface LocalRoutesOptions {
  readonly kinds: readonly ExportKind[];
  readonly families: readonly AddressFamily[];
  /** Connected prefixes. */
  readonly subnets: readonly string[];
  readonly originate: readonly OriginateConfig[];
  readonly localAs: number;
  readonly external: boolean;
  readonly nextHop4: Uint8Array | undefined;
  readonly nextHop6: Uint8Array | undefined;
  readonly context: WireContext;
  readonly policy: Policy | undefined;
}

/** What a router announces by itself to one neighbour, as UPDATEs: few routes, so they are made as values. @internal */
export function localRoutes(options: LocalRoutesOptions): Uint8Array[] {
  const { kinds, families } = options;
  const wants = (kind: ExportKind): boolean => kinds.includes(kind) || kinds.includes('all');
  const routes: OriginateConfig[] = [];
  if (wants('connected')) routes.push(...options.subnets.map((prefix) => ({ prefix })));
  if (kinds.includes('default')) routes.push({ prefix: '0.0.0.0/0' }, { prefix: '::/0' });
  if (wants('originated')) routes.push(...options.originate);
  const messages: Uint8Array[] = [];
  for (const route of routes) {
    const ipv6 = parsePrefix(route.prefix).family === 'ipv6';
    const nextHop = ipv6 ? options.nextHop6 : options.nextHop4;
    if (!nextHop || !families.includes(ipv6 ? 'ipv6-unicast' : 'ipv4-unicast')) continue;
    const attributes = attributesOf(route, options);
    if (attributes) messages.push(encodeMessage(update(route.prefix, ipv6, nextHop, attributes), options.context));
  }
  return messages;
}

function attributesOf(route: OriginateConfig, { external, localAs, policy }: LocalRoutesOptions): PathAttributes | undefined {
  const attributes: PathAttributes = {
    origin: 'igp',
    asPath: external ? [{ type: 'sequence', asns: [localAs] }] : [],
    ...(external ? {} : { localPref: 100 }),
    ...(route.med === undefined ? {} : { med: route.med }),
    ...(route.communities && route.communities.length > 0 ? { communities: route.communities } : {}),
  };
  if (!policy) return attributes;
  const result = policy.evaluate({ attributes, source: 'initial', prefix: route.prefix, neighbour: '', node: '' });
  return result.verdict === 'accept' ? result.attributes : undefined;
}

function update(prefix: string, ipv6: boolean, nextHop: Uint8Array, attributes: PathAttributes): Update {
  const text = formatAddress(nextHop.subarray(0, nextHop.length === 4 ? 4 : 16));
  if (!ipv6 && nextHop.length === 4) {
    return { type: 'update', withdrawn: [], attributes: { ...attributes, nextHop: text }, announced: [{ prefix }] };
  }
  const family = ipv6 ? 'ipv6-unicast' : 'ipv4-unicast';
  return {
    type: 'update',
    withdrawn: [],
    announced: [],
    attributes: { ...attributes, mpReach: { family, nextHop: text, nlri: [{ prefix }] } },
  } as Update;
}
