import { type Policy, prepended } from '../../../bgp/policy/index.js';
import { encodeMessage, MAX_EXTENDED_MESSAGE, type PathAttributes, type Update, type WireContext } from '../../../bgp/wire/index.js';
import { formatAddress, parseAddress } from '../../../lib/address.js';
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
  /** IPv4 routes may have an IPv6 next hop (RFC 8950). */
  readonly extendedNextHop: boolean;
  /** Whom it is told to, for policies. */
  readonly neighbour: string;
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
  const local: LocalRoute[] = [];
  for (const route of routes) {
    const { prefix } = route;
    const ipv6 = parsePrefix(prefix).family === 'ipv6';
    const family = ipv6 ? 'ipv6-unicast' : 'ipv4-unicast';
    if (!families.includes(family)) continue;
    const told = attributesOf(route, options);
    if (!told) continue;
    const { nextHop: set, ...attributes } = told;
    const nextHop = set === undefined ? (ipv6 ? options.nextHop6 : options.nextHop4) : parseAddress(set);
    if (!nextHop || !(nextHop.length === 4 ? !ipv6 : ipv6 || options.extendedNextHop)) continue;
    const announcement = encodeMessage(update(prefix, ipv6, nextHop, attributes), { ...options.context, maxMessage: MAX_EXTENDED_MESSAGE });
    // RFC 8654 §5: as for routes of others, the neighbour is not told what it cannot take.
    if (announcement.length > options.context.maxMessage) continue;
    local.push({ prefix, family, announcement, withdrawal: encodeMessage(withdrawal(prefix, family), options.context) });
  }
  return local;
}

function attributesOf(
  route: OriginateConfig,
  { external, localAs, otc, policy, draining, neighbour }: LocalRoutesOptions,
): PathAttributes | undefined {
  const own: PathAttributes = {
    origin: 'igp',
    asPath: [],
    ...(route.med === undefined ? {} : { med: route.med }),
    ...(route.communities === undefined || route.communities.length === 0 ? {} : { communities: route.communities }),
  };
  const result = policy?.evaluate({ attributes: own, source: 'initial', prefix: route.prefix, neighbour, node: '' });
  if (result && result.verdict !== 'accept') return undefined;
  // What every route of ours has is not policy's, as for routes of others.
  const { localPref = 100, asPath = [], ...rest } = result?.attributes ?? own;
  return {
    ...rest,
    asPath: external ? prepended(asPath, [localAs]) : asPath,
    ...(external ? {} : { localPref }),
    ...(draining ? { communities: [...(rest.communities ?? []), GRACEFUL_SHUTDOWN] } : {}),
    ...(otc ? { otc: localAs } : {}),
  };
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
