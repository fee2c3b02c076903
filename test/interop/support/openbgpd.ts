/** OpenBGPD: told by a file that it reads again, asked by bgpctl. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Announced,
  type Announcement,
  type Daemon,
  type DaemonKind,
  type DaemonOptions,
  familiesOf,
  type HeardRoute,
  localAddress,
  type NeighbourOptions,
  originOf,
} from './daemon.js';
import type { Lab, LabNode } from './lab.js';

/** FRR has a bgpd too, elsewhere. */
const BGPD = '/usr/sbin/bgpd';

export const openbgpd: DaemonKind = {
  name: 'OpenBGPD',
  programs: [BGPD, 'bgpctl'],
  abilities: {
    addPathSend: true,
    addPathReceive: true,
    extendedNextHop: false,
    extendedMessages: false,
    enhancedRefresh: true,
    shutdownTextSent: true,
    shutdownTextHeard: true,
    refreshAsked: true,
    // It counts the request and sends nothing (7.7, also towards BIRD).
    refreshAnswered: false,
  },
  version: () => `OpenBGPD ${/OpenBGPD (\S+)/.exec(version())?.[1] ?? ''}`,
  start,
};

/** It says it on standard error. */
function version(): string {
  return execFileSync('sh', ['-c', `${BGPD} -V 2>&1`], { encoding: 'utf8' });
}

async function start(lab: Lab, node: LabNode, options: DaemonOptions): Promise<Daemon> {
  // Its processes without privileges live in this empty folder.
  mkdirSync('/run/openbgpd', { recursive: true, mode: 0o755 });
  // Its next hop for the family that is not the session's own is the first address of that family on the loopback interface
  // (it means to look on the session's interface): one that works must stand there.
  for (const change of ['delete 127.0.0.1/8', 'delete ::1/128', `add ${node.ipv4}/32`, `add ${node.ipv6}/128`])
    await lab.exec(node, 'ip', ['address', ...change.split(' '), 'dev', 'lo']);
  const file = join(node.directory, 'bgpd.conf');
  const socket = join(node.directory, 'bgpd.ctl');
  const announced = new Announced(options.announce);
  const write = (): void => {
    writeFileSync(file, configuration(node, options, announced.all(), socket), { mode: 0o600 });
    chmodSync(file, 0o600);
  };
  write();
  const running = lab.spawn(node, BGPD, ['-d', '-v', '-f', file], { name: `OpenBGPD in ${node.name}` });
  const ask = (...command: string[]): Promise<string> => lab.exec(node, 'bgpctl', ['-s', socket, ...command]);
  await lab.answers(running, async () => (await ask('show', 'summary')).includes('Neighbor'));
  const reload = async (): Promise<void> => {
    write();
    await ask('reload');
  };

  return {
    name: 'OpenBGPD',
    node,
    pid: running.pid,
    routes: async (family) => {
      const answer = await ask('-j', 'show', 'rib', 'detail', family === 'ipv6-unicast' ? 'inet6' : 'inet');
      return parseRoutes(JSON.parse(answer) as Rib);
    },
    sessionState: async (address) => {
      const answer = JSON.parse(await ask('-j', 'show', 'neighbor', address)) as { neighbors?: readonly { state?: string }[] };
      return (answer.neighbors?.[0]?.state ?? 'idle').toLowerCase();
    },
    announce: async (...routes) => {
      announced.set(routes);
      await reload();
    },
    withdraw: async (...prefixes) => {
      announced.delete(prefixes);
      await reload();
    },
    refresh: async (address) => void (await ask('neighbor', address, 'refresh')),
    shutdown: async (address, text) => void (await ask('neighbor', address, 'down', text)),
    log: running.output,
    kill9: () => running.kill('SIGKILL'),
    stop: () => running.kill('SIGTERM'),
  };
}

function configuration(node: LabNode, options: DaemonOptions, routes: readonly Announcement[], socket: string): string {
  const listen = [...new Set(options.neighbours.map((neighbour) => localAddress(node, neighbour)))];
  return [
    `AS ${options.as}`,
    `router-id ${options.routerId}`,
    'fib-update no',
    'connect-retry 1',
    `socket "${socket}"`,
    ...listen.map((address) => `listen on ${address} port ${options.port ?? 179}`),
    ...routes.map(network),
    ...options.neighbours.map((neighbour) => neighbourLines(node, neighbour)),
    'allow from any',
    ...(options.transit ? ['allow to any'] : routes.map(({ prefix }) => `allow to any prefix ${prefix}`)),
    '',
  ].join('\n');
}

function network({ prefix, origin, asPath, nextHop, med, communities, extendedCommunities, largeCommunities }: Announcement): string {
  if (asPath?.length) throw new Error('OpenBGPD cannot announce a path of others');
  const extended = (text: string): string => text.replace(/^target:/, 'rt ').replace(/^origin:/, 'soo ');
  const sets = [
    ...(origin === undefined ? [] : [`origin ${origin}`]),
    ...(nextHop === undefined ? [] : [`nexthop ${nextHop}`]),
    ...(med === undefined ? [] : [`med ${med}`]),
    ...(communities ?? []).map((text) => `community ${text}`),
    ...(extendedCommunities ?? []).map((text) => `ext-community ${extended(text)}`),
    ...(largeCommunities ?? []).map((text) => `large-community ${text}`),
  ];
  return `network ${prefix}${sets.length > 0 ? ` set { ${sets.join(' ')} }` : ''}`;
}

function neighbourLines(node: LabNode, neighbour: NeighbourOptions): string {
  const { address, as, passive, port, holdTime = 90, addPath, maxPrefixes } = neighbour;
  const families = familiesOf(neighbour);
  return [
    `neighbor ${address} {`,
    `  remote-as ${as}`,
    `  local-address ${localAddress(node, neighbour)}`,
    `  holdtime ${holdTime}`,
    ...(passive ? ['  passive'] : []),
    ...(port === undefined ? [] : [`  port ${port}`]),
    `  announce IPv4 ${families.includes('ipv4-unicast') ? 'unicast' : 'none'}`,
    `  announce IPv6 ${families.includes('ipv6-unicast') ? 'unicast' : 'none'}`,
    ...(addPath === 'receive' || addPath === 'both' ? ['  announce add-path recv yes'] : []),
    ...(addPath === 'send' || addPath === 'both' ? ['  announce add-path send all'] : []),
    ...(neighbour.enhancedRefresh ? ['  announce enhanced refresh yes'] : []),
    ...(neighbour.fourOctetAs === false ? ['  announce as-4byte no'] : []),
    ...(maxPrefixes === undefined ? [] : [`  max-prefix ${maxPrefixes}`]),
    '}',
  ].join('\n');
}

/** What is read of bgpctl's JSON. */
interface Rib {
  readonly rib?: readonly {
    readonly prefix: string;
    readonly aspath?: string;
    readonly exit_nexthop?: string;
    readonly origin?: string;
    readonly metric?: number;
    readonly neighbor?: { readonly remote_addr?: string };
    readonly communities?: readonly string[];
    readonly extended_communities?: readonly string[];
    readonly large_communities?: readonly string[];
    readonly path_id?: number;
  }[];
}

function parseRoutes({ rib = [] }: Rib): HeardRoute[] {
  return (
    rib
      // Its own networks come from '???'.
      .filter(({ neighbor }) => neighbor?.remote_addr !== undefined && neighbor.remote_addr !== '???')
      .map((route) => {
        const origin = originOf(route.origin);
        const from = route.neighbor?.remote_addr;
        return {
          prefix: route.prefix,
          ...(from === undefined ? {} : { from }),
          nextHop: route.exit_nexthop ?? '',
          asPath: route.aspath?.match(/\d+/g)?.map(Number) ?? [],
          ...(origin === undefined ? {} : { origin }),
          ...(route.metric === undefined ? {} : { med: route.metric }),
          communities: route.communities ?? [],
          extendedCommunities: (route.extended_communities ?? []).map((text) =>
            text.replace(/^rt /, 'target:').replace(/^soo /, 'origin:'),
          ),
          largeCommunities: route.large_communities ?? [],
          ...(route.path_id === undefined ? {} : { pathId: route.path_id }),
        };
      })
  );
}
