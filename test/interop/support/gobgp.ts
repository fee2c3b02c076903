/** GoBGP: told and asked by its own command. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Announcement,
  type Daemon,
  type DaemonKind,
  type DaemonOptions,
  type Family,
  familiesOf,
  familyOf,
  type HeardRoute,
  localAddress,
  type NeighbourOptions,
} from './daemon.js';
import type { Lab, LabNode } from './lab.js';

export const gobgp: DaemonKind = {
  name: 'GoBGP',
  programs: ['gobgpd', 'gobgp'],
  abilities: {
    addPathSend: true,
    addPathReceive: true,
    extendedNextHop: true,
    extendedMessages: false,
    enhancedRefresh: false,
    shutdownTextSent: true,
    shutdownTextHeard: true,
    // `softresetin` judges again what it has, and asks nobody.
    refreshAsked: false,
    refreshAnswered: true,
  },
  version: () => execFileSync('gobgpd', ['--version'], { encoding: 'utf8' }).trim().replace('gobgpd version', 'GoBGP'),
  start,
};

async function start(lab: Lab, node: LabNode, options: DaemonOptions): Promise<Daemon> {
  const file = join(node.directory, 'gobgpd.toml');
  writeFileSync(file, configuration(node, options));
  // Each namespace has a loopback of its own, so the port is free.
  const running = lab.spawn(
    node,
    'gobgpd',
    [...(options.restarter === 'again' ? ['-r'] : []), '-f', file, '--api-hosts', '127.0.0.1:50051', '--log-plain'],
    {
      name: `GoBGP in ${node.name}`,
    },
  );
  const ask = (...command: string[]): Promise<string> => lab.exec(node, 'gobgp', command);
  await lab.answers(running, async () => (await ask('global')).includes(options.routerId));
  const shown = new Map<string, Announcement[]>();
  const announce = async (...routes: readonly Announcement[]): Promise<void> => {
    for (const route of routes) {
      const nextHop = route.nextHop ?? ownNextHop(node, options, route.prefix);
      await ask('global', 'rib', 'add', '-a', shortOf(familyOf(route.prefix)), ...words({ ...route, nextHop }));
      shown.set(route.prefix, [...(shown.get(route.prefix) ?? []).filter(({ pathId }) => pathId !== route.pathId), route]);
    }
  };
  await announce(...(options.announce ?? []));

  return {
    name: 'GoBGP',
    node,
    pid: running.pid,
    routes: async (family) => {
      const heard = options.neighbours.map(async ({ address }) => {
        const answer = await ask('-j', 'neighbor', address, 'adj-in', '-a', shortOf(family));
        return answer.trim() === '' ? [] : parseRoutes(JSON.parse(answer) as AdjIn, address);
      });
      return (await Promise.all(heard)).flat();
    },
    sessionState: async (address) => {
      const answer = JSON.parse(await ask('-j', 'neighbor', address)) as { state?: { session_state?: number | string } };
      const state = answer.state?.session_state ?? 0;
      return typeof state === 'string' ? state.toLowerCase() : (STATES[state] ?? String(state));
    },
    announce,
    withdraw: async (...prefixes) => {
      for (const prefix of prefixes) {
        for (const { pathId } of shown.get(prefix) ?? []) {
          const identifier = pathId === undefined ? [] : ['identifier', String(pathId)];
          await ask('global', 'rib', 'del', '-a', shortOf(familyOf(prefix)), prefix, ...identifier);
        }
        shown.delete(prefix);
      }
    },
    refresh: async (address) => {
      const neighbour = options.neighbours.find((one) => one.address === address);
      for (const family of neighbour === undefined ? [] : familiesOf(neighbour))
        await ask('neighbor', address, 'softresetin', '-a', shortOf(family));
    },
    shutdown: async (address, text) => void (await ask('neighbor', address, 'shutdown', '--reason', text)),
    log: running.output,
    kill9: () => running.kill('SIGKILL'),
    stop: () => running.kill('SIGTERM'),
  };
}

const STATES = ['unknown', 'idle', 'connect', 'active', 'opensent', 'openconfirm', 'established'];

const shortOf = (family: Family): string => (family === 'ipv6-unicast' ? 'ipv6' : 'ipv4');

/** Our address of the route's family, or the IPv6 one where IPv4 routes go with it (RFC 8950). */
function ownNextHop(node: LabNode, options: DaemonOptions, prefix: string): string {
  return familyOf(prefix) === 'ipv6-unicast' || options.neighbours.some(({ extendedNextHop }) => extendedNextHop) ? node.ipv6 : node.ipv4;
}

function words({
  prefix,
  pathId,
  origin,
  asPath,
  nextHop,
  med,
  communities,
  extendedCommunities,
  largeCommunities,
}: Announcement): string[] {
  const targets = (extendedCommunities ?? []).map((text) => {
    if (!text.startsWith('target:')) throw new Error(`GoBGP's command cannot write the extended community ${text}`);
    return text.slice('target:'.length);
  });
  return [
    prefix,
    ...(pathId === undefined ? [] : ['identifier', String(pathId)]),
    'origin',
    origin ?? 'igp',
    ...(asPath?.length ? ['aspath', asPath.join(',')] : []),
    ...(nextHop === undefined ? [] : ['nexthop', nextHop]),
    ...(med === undefined ? [] : ['med', String(med)]),
    ...(communities?.length ? ['community', communities.join(',')] : []),
    ...(largeCommunities?.length ? ['large-community', largeCommunities.join(',')] : []),
    ...(targets.length ? ['rt', ...targets] : []),
  ];
}

function configuration(node: LabNode, options: DaemonOptions): string {
  const listen = [...new Set(options.neighbours.map((neighbour) => localAddress(node, neighbour)))];
  return [
    '[global.config]',
    `as = ${options.as}`,
    `router-id = "${options.routerId}"`,
    `port = ${options.port ?? 179}`,
    `local-address-list = [${listen.map((address) => `"${address}"`).join(', ')}]`,
    ...(options.transit ? [] : ['[global.apply-policy.config]', 'export-policy-list = ["own"]', 'default-export-policy = "reject-route"']),
    ...options.neighbours.flatMap((neighbour) => neighbourLines(node, neighbour)),
    ...(options.transit
      ? []
      : [
          '[[policy-definitions]]',
          'name = "own"',
          '[[policy-definitions.statements]]',
          '[policy-definitions.statements.conditions.bgp-conditions]',
          'route-type = "local"',
          '[policy-definitions.statements.actions]',
          'route-disposition = "accept-route"',
        ]),
    '',
  ].join('\n');
}

function neighbourLines(node: LabNode, neighbour: NeighbourOptions): string[] {
  const { address, as, passive, port, holdTime = 90, addPath, maxPrefixes, allowOwnAs, gracefulRestart } = neighbour;
  return [
    '[[neighbors]]',
    '[neighbors.config]',
    `neighbor-address = "${address}"`,
    `peer-as = ${as}`,
    '[neighbors.timers.config]',
    'connect-retry = 1',
    'idle-hold-time-after-reset = 1',
    `hold-time = ${holdTime}`,
    `keepalive-interval = ${Math.max(1, Math.floor(holdTime / 3))}`,
    '[neighbors.transport.config]',
    `passive-mode = ${passive === true}`,
    `local-address = "${localAddress(node, neighbour)}"`,
    ...(port === undefined ? [] : [`remote-port = ${port}`]),
    ...(gracefulRestart ? ['[neighbors.graceful-restart.config]', 'enabled = true', 'restart-time = 60'] : []),
    ...(allowOwnAs ? ['[neighbors.as-path-options.config]', 'allow-own-as = 10'] : []),
    ...familiesOf(neighbour).flatMap((family) => [
      '[[neighbors.afi-safis]]',
      '[neighbors.afi-safis.config]',
      `afi-safi-name = "${family}"`,
      ...(gracefulRestart ? ['[neighbors.afi-safis.mp-graceful-restart.config]', 'enabled = true'] : []),
      ...(maxPrefixes === undefined ? [] : ['[neighbors.afi-safis.prefix-limit.config]', `max-prefixes = ${maxPrefixes}`]),
      ...(addPath === undefined
        ? []
        : ['[neighbors.afi-safis.add-paths.config]', `receive = ${addPath !== 'send'}`, `send-max = ${addPath === 'receive' ? 0 : 8}`]),
    ]),
  ];
}

/** What `gobgp -j` says: destinations, their paths, and their attributes by type. */
type AdjIn = Readonly<Record<string, readonly Path[]>>;

interface Path {
  readonly nlri: { readonly prefix: string };
  readonly attrs: readonly PathAttribute[];
  readonly 'source-id'?: string;
  readonly 'remote-id'?: number;
}

interface PathAttribute {
  readonly type: number;
  readonly value?: unknown;
  readonly as_paths?: readonly { readonly asns: readonly number[] }[];
  readonly nexthop?: string;
  readonly metric?: number;
  readonly communities?: readonly number[];
}

function parseRoutes(table: AdjIn, from: string): HeardRoute[] {
  return Object.values(table).flatMap((paths) =>
    paths.map((path) => {
      const of = (type: number): PathAttribute | undefined => path.attrs.find((attribute) => attribute.type === type);
      const med = of(4)?.metric;
      const origin = (['igp', 'egp', 'incomplete'] as const)[Number(of(1)?.value)];
      const pathId = path['remote-id'];
      return {
        prefix: path.nlri.prefix,
        from,
        nextHop: of(3)?.nexthop ?? of(14)?.nexthop ?? '',
        asPath: of(2)?.as_paths?.flatMap(({ asns }) => asns) ?? [],
        ...(origin === undefined ? {} : { origin }),
        ...(med === undefined ? {} : { med }),
        communities: of(8)?.communities?.map((value) => `${value >>> 16}:${value & 0xffff}`) ?? [],
        extendedCommunities: ((of(16)?.value as readonly ExtendedCommunity[] | undefined) ?? []).map(extendedText),
        largeCommunities: ((of(32)?.value as readonly LargeCommunity[] | undefined) ?? []).map((value) => Object.values(value).join(':')),
        ...(pathId === undefined || pathId === 0 ? {} : { pathId }),
      };
    }),
  );
}

interface ExtendedCommunity {
  readonly type: number;
  readonly subtype: number;
  readonly value: string;
}

type LargeCommunity = Readonly<Record<'ASN' | 'LocalData1' | 'LocalData2', number>>;

function extendedText({ subtype, value }: ExtendedCommunity): string {
  return `${subtype === 2 ? 'target' : subtype === 3 ? 'origin' : `subtype ${subtype}`}:${value}`;
}
