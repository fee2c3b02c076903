/** FRR: bgpd with a zebra beside it (without one it answers an incoming session with a NOTIFICATION), told and asked by vtysh. */
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
  originOf,
} from './daemon.js';
import type { Lab, LabNode } from './lab.js';

const BGPD = '/usr/lib/frr/bgpd';
const ZEBRA = '/usr/lib/frr/zebra';
const OWN = 77;

export const frr: DaemonKind = {
  name: 'FRR',
  programs: [BGPD, ZEBRA, 'vtysh'],
  abilities: {
    addPathSend: true,
    addPathReceive: true,
    extendedNextHop: true,
    extendedMessages: true,
    enhancedRefresh: true,
    shutdownTextSent: true,
    shutdownTextHeard: true,
    refreshAsked: true,
    refreshAnswered: true,
  },
  version: () => (execFileSync(BGPD, ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? '').replace('bgpd version', 'FRR'),
  start,
};

async function start(lab: Lab, node: LabNode, options: DaemonOptions): Promise<Daemon> {
  const file = join(node.directory, 'bgpd.conf');
  const empty = join(node.directory, 'zebra.conf');
  const zserv = join(node.directory, 'zserv');
  writeFileSync(empty, '');
  const configuration = new Configuration(node, options);
  writeFileSync(file, `${configuration.start().join('\n')}\n`);
  // They give up root for this user, and make their sockets in the folder.
  execFileSync('chown', ['-R', 'frr:frr', node.directory]);
  const common = ['-z', zserv, '--vty_socket', node.directory, '--log', 'stdout', '-P', '0'];
  const zebra = lab.spawn(node, ZEBRA, [...common, '-f', empty, '-i', join(node.directory, 'zebra.pid')], {
    name: `zebra in ${node.name}`,
  });
  const ask = (daemon: string, ...commands: string[]): Promise<string> =>
    lab.exec(node, 'vtysh', ['--vty_socket', node.directory, '-d', daemon, ...commands.flatMap((command) => ['-c', command])]);
  await lab.answers(zebra, async () => (await ask('zebra', 'show version')).includes('FRRouting'));
  const port = ['-p', String(options.port ?? 179)];
  const bgpd = lab.spawn(node, BGPD, [...common, '-n', '-f', file, '-i', join(node.directory, 'bgpd.pid'), ...port], {
    name: `FRR in ${node.name}`,
  });
  await lab.answers(bgpd, async () => (await ask('bgpd', 'show version')).includes('FRRouting'));
  const configure = async (lines: readonly string[]): Promise<void> => {
    const answer = await ask('bgpd', 'configure terminal', ...lines);
    if (/%|rejected|failed/i.test(answer)) throw new Error(`vtysh: ${answer}\n${lines.join('\n')}`);
  };
  const dead = async (signal: NodeJS.Signals): Promise<void> => {
    await bgpd.kill(signal);
    await zebra.kill(signal);
  };

  return {
    name: 'FRR',
    node,
    pid: bgpd.pid,
    routes: async (family) => parseRoutes(await ask('bgpd', `show bgp ${shortOf(family)} unicast json detail`)),
    sessionState: async (address) => {
      const answer = JSON.parse(await ask('bgpd', `show bgp neighbors ${address} json`)) as Record<string, { bgpState?: string }>;
      return (answer[address]?.bgpState ?? 'idle').toLowerCase();
    },
    announce: async (...routes) => configure(configuration.announce(routes)),
    withdraw: async (...prefixes) => configure(configuration.withdraw(prefixes)),
    refresh: async (address) => {
      const neighbour = options.neighbours.find((one) => one.address === address);
      for (const family of neighbour === undefined ? [] : familiesOf(neighbour))
        await ask('bgpd', `clear bgp ${shortOf(family)} unicast ${address} soft in`);
    },
    shutdown: async (address, text) => configure([`router bgp ${options.as}`, `neighbor ${address} shutdown message ${text}`]),
    log: () => bgpd.output(),
    kill9: () => dead('SIGKILL'),
    stop: () => dead('SIGTERM'),
  };
}

const shortOf = (family: Family): string => (family === 'ipv6-unicast' ? 'ipv6' : 'ipv4');

/** The lines that make bgpd announce what it should, and what they refer to. */
class Configuration {
  readonly #options: DaemonOptions;
  readonly #node: LabNode;
  #maps = 0;

  constructor(node: LabNode, options: DaemonOptions) {
    this.#node = node;
    this.#options = options;
  }

  start(): string[] {
    const { as, routerId, neighbours, announce = [], restarter } = this.#options;
    return [
      'frr version 8.4',
      'frr defaults traditional',
      'hostname frr',
      'debug bgp neighbor-events',
      // Only what is announced here leaves, unless it is a transit network; what is announced here has the tag. A map that is named before it
      // is there denies everything for five seconds.
      'route-map own permit 10',
      ` match tag ${OWN}`,
      'exit',
      `router bgp ${as}`,
      ` bgp router-id ${routerId}`,
      ' no bgp ebgp-requires-policy',
      ' no bgp default ipv4-unicast',
      ' no bgp network import-check',
      ' bgp log-neighbor-changes',
      ' bgp suppress-duplicates',
      ...(restarter ? [' bgp graceful-restart preserve-fw-state', ' bgp graceful-restart restart-time 60', ' bgp graceful-restart'] : []),
      ...neighbours.flatMap((neighbour) => this.#neighbour(neighbour)),
      ...(['ipv4-unicast', 'ipv6-unicast'] as const).flatMap((family) => [
        ` address-family ${shortOf(family)} unicast`,
        ...neighbours.filter((neighbour) => familiesOf(neighbour).includes(family)).flatMap((neighbour) => this.#activate(neighbour)),
        ' exit-address-family',
      ]),
      'exit',
      ...this.announce(announce),
    ];
  }

  announce(routes: readonly Announcement[]): string[] {
    return routes.flatMap((route) => {
      const map = `announce-${++this.#maps}`;
      return [
        ...this.#routeMap(map, route),
        `router bgp ${this.#options.as}`,
        ` address-family ${shortOf(familyOf(route.prefix))} unicast`,
        `  network ${route.prefix} route-map ${map}`,
        ' exit-address-family',
        'exit',
      ];
    });
  }

  withdraw(prefixes: readonly string[]): string[] {
    return prefixes.flatMap((prefix) => [
      `router bgp ${this.#options.as}`,
      ` address-family ${shortOf(familyOf(prefix))} unicast`,
      `  no network ${prefix}`,
      ' exit-address-family',
      'exit',
    ]);
  }

  #neighbour({ address, as, passive, port, holdTime = 90, extendedNextHop }: NeighbourOptions): string[] {
    const set = (words: string): string => ` neighbor ${address} ${words}`;
    return [
      set(`remote-as ${as}`),
      set(`update-source ${localAddress(this.#node, { address, as })}`),
      set('advertisement-interval 0'),
      set('timers connect 1'),
      set(`timers ${Math.min(30, Math.floor(holdTime / 3))} ${holdTime}`),
      set('disable-connected-check'),
      ...(passive ? [set('passive')] : []),
      ...(port === undefined ? [] : [set(`port ${port}`)]),
      ...(extendedNextHop ? [set('capability extended-nexthop')] : []),
    ];
  }

  #activate({ address, addPath, maxPrefixes, allowOwnAs }: NeighbourOptions): string[] {
    const set = (words: string): string => `  neighbor ${address} ${words}`;
    return [
      set('activate'),
      ...(this.#options.transit ? [] : [set('route-map own out')]),
      ...(addPath === 'send' || addPath === 'both' ? [set('addpath-tx-all-paths')] : []),
      ...(addPath === 'receive' || addPath === 'both' ? [] : [set('disable-addpath-rx')]),
      ...(maxPrefixes === undefined ? [] : [set(`maximum-prefix ${maxPrefixes}`)]),
      ...(allowOwnAs ? [set('allowas-in 10')] : []),
    ];
  }

  #routeMap(
    name: string,
    { origin, asPath, nextHop, med, communities, extendedCommunities, largeCommunities, prefix }: Announcement,
  ): string[] {
    const ofKind = (kind: string): string[] =>
      (extendedCommunities ?? []).filter((text) => text.startsWith(`${kind}:`)).map((text) => text.slice(kind.length + 1));
    const list = (values: readonly string[] | undefined, words: string): string[] =>
      values?.length ? [` set ${words} ${values.join(' ')}`] : [];
    return [
      `route-map ${name} permit 10`,
      ` set tag ${OWN}`,
      ...(origin === undefined ? [] : [` set origin ${origin}`]),
      ...(asPath?.length ? [` set as-path prepend ${asPath.join(' ')}`] : []),
      ...(nextHop === undefined
        ? []
        : [familyOf(prefix) === 'ipv6-unicast' ? ` set ipv6 next-hop global ${nextHop}` : ` set ip next-hop ${nextHop}`]),
      ...(med === undefined ? [] : [` set metric ${med}`]),
      ...list(communities, 'community'),
      ...list(ofKind('target'), 'extcommunity rt'),
      ...list(ofKind('origin'), 'extcommunity soo'),
      ...list(largeCommunities, 'large-community'),
      'exit',
    ];
  }
}

/** What is read of FRR's JSON. */
interface Detail {
  readonly routes?: Readonly<Record<string, readonly DetailPath[] | { readonly paths?: readonly DetailPath[] }>>;
}

interface DetailPath {
  readonly aspath?: { readonly string?: string };
  readonly origin?: string;
  readonly med?: number;
  readonly metric?: number;
  readonly community?: { readonly list?: readonly string[] };
  readonly extendedCommunity?: { readonly string?: string };
  readonly largeCommunity?: { readonly list?: readonly string[] };
  readonly nexthops?: readonly { readonly ip?: string; readonly scope?: string }[];
  readonly peer?: { readonly peerId?: string; readonly routerId?: string };
  readonly addpathRxId?: number;
  readonly sourced?: boolean;
  readonly local?: boolean;
}

function parseRoutes(answer: string): HeardRoute[] {
  const detail = JSON.parse(answer) as Detail;
  return Object.entries(detail.routes ?? {}).flatMap(([prefix, paths]) =>
    ('paths' in paths ? (paths.paths ?? []) : (paths as readonly DetailPath[]))
      .filter(({ peer, local, sourced }) => !local && !sourced && peer?.peerId !== '::' && peer?.peerId !== undefined)
      .map((path) => heard(prefix, path)),
  );
}

function heard(prefix: string, path: DetailPath): HeardRoute {
  const origin = originOf(path.origin);
  const med = path.med ?? path.metric;
  const from = path.peer?.peerId;
  return {
    prefix,
    ...(from === undefined ? {} : { from }),
    nextHop: path.nexthops?.find(({ scope }) => scope !== 'link-local')?.ip ?? path.nexthops?.[0]?.ip ?? '',
    asPath: path.aspath?.string?.match(/\d+/g)?.map(Number) ?? [],
    ...(origin === undefined ? {} : { origin }),
    ...(med === undefined ? {} : { med }),
    communities: (path.community?.list ?? []).map((text) => text),
    extendedCommunities: (path.extendedCommunity?.string?.split(' ') ?? []).map((text) =>
      text.replace(/^RT:/, 'target:').replace(/^SoO:/, 'origin:'),
    ),
    largeCommunities: path.largeCommunity?.list ?? [],
    ...(path.addpathRxId === undefined ? {} : { pathId: path.addpathRxId }),
  };
}
