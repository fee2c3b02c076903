import type { Policy } from '../../../bgp/policy/index.js';
import { encodeMessage, type PathAttributes, type Update, type WireContext } from '../../../bgp/wire/index.js';
import { formatAddress } from '../../../lib/address.js';
import { parsePrefix } from '../../../lib/prefix.js';
import type { AddressFamily, ExportKind, OriginateConfig } from '../../config.js';

/** @internal */
export interface LocalRoutesOptions {
  readonly kinds: readonly ExportKind[];
  readonly families: readonly AddressFamily[];
  /** Connected prefixes. */
  readonly subnets: readonly string[];
  readonly originate: readonly OriginateConfig[];
  /** With GRACEFUL_SHUTDOWN (RFC 8326). */
  readonly draining: boolean;
  readonly localAs: number;
  readonly external: boolean;
  /** Only to Customer goes with each route (RFC 9234 §5, egress 1). */
  readonly otc: boolean;
  readonly nextHop4: Uint8Array | undefined;
  readonly nextHop6: Uint8Array | undefined;
  readonly context: WireContext;
  readonly policy: Policy | undefined;
}

/** A route that a router announces by itself, and the UPDATEs that tell one neighbour of it, or withdraw it. @internal */
export interface LocalRoute {
  readonly prefix: string;
  readonly family: AddressFamily;
  readonly announcement: Uint8Array;
  readonly withdrawal: Uint8Array;
}

/** What a router announces by itself to one neighbour: few routes, so they are made as values. Of two for one prefix the last counts. @internal */
export function localRoutes(options: LocalRoutesOptions): LocalRoute[] {
  const { kinds, families } = options;
  const wants = (kind: ExportKind): boolean => kinds.includes(kind) || kinds.includes('all');
  const routes: OriginateConfig[] = [];
  if (wants('connected')) routes.push(...options.subnets.map((prefix) => ({ prefix })));
  if (kinds.includes('default')) routes.push({ prefix: '0.0.0.0/0' }, { prefix: '::/0' });
  if (wants('originated')) routes.push(...options.originate);
  const told: LocalRoute[] = [];
  for (const route of routes) {
    const { prefix } = route;
    const ipv6 = parsePrefix(prefix).family === 'ipv6';
    const family = ipv6 ? 'ipv6-unicast' : 'ipv4-unicast';
    const nextHop = ipv6 ? options.nextHop6 : options.nextHop4;
    if (!nextHop || !families.includes(family)) continue;
    const attributes = attributesOf(route, options);
    if (!attributes) continue;
    const announcement = encodeMessage(update(prefix, ipv6, nextHop, attributes), options.context);
    told.push({ prefix, family, announcement, withdrawal: encodeMessage(withdrawal(prefix, family), options.context) });
  }
  return told;
}

function attributesOf(
  route: OriginateConfig,
  { external, localAs, otc, policy, draining }: LocalRoutesOptions,
): PathAttributes | undefined {
  const communities = [...(route.communities ?? []), ...(draining ? [GRACEFUL_SHUTDOWN] : [])];
  const attributes: PathAttributes = {
    origin: 'igp',
    asPath: external ? [{ type: 'sequence', asns: [localAs] }] : [],
    ...(external ? {} : { localPref: 100 }),
    ...(route.med === undefined ? {} : { med: route.med }),
    ...(communities.length > 0 ? { communities } : {}),
    ...(otc ? { otc: localAs } : {}),
  };
  if (!policy) return attributes;
  const result = policy.evaluate({ attributes, source: 'initial', prefix: route.prefix, neighbour: '', node: '' });
  return result.verdict === 'accept' ? result.attributes : undefined;
}

const GRACEFUL_SHUTDOWN = '65535:0';

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

function withdrawal(prefix: string, family: AddressFamily): Update {
  const nlri = [{ prefix }];
  return family === 'ipv4-unicast'
    ? { type: 'update', withdrawn: nlri, attributes: {}, announced: [] }
    : { type: 'update', withdrawn: [], attributes: { mpUnreach: { family, nlri } }, announced: [] };
}
