/** BIRD 2: told by a file that `birdc configure` reads again, asked by `birdc`. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Announced,
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

export const bird: DaemonKind = {
  name: 'BIRD',
  programs: ['bird', 'birdc'],
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
  // It says it on standard error.
  version: () => spawnSync('bird', ['--version'], { encoding: 'utf8' }).stderr.trim().replace('BIRD version', 'BIRD'),
  start,
};

async function start(lab: Lab, node: LabNode, options: DaemonOptions): Promise<Daemon> {
  const file = join(node.directory, 'bird.conf');
  const socket = join(node.directory, 'bird.ctl');
  const announced = new Announced(options.announce);
  const write = (): void => writeFileSync(file, configuration(node, options, announced.all()));
  write();
  const running = lab.spawn(node, 'bird', ['-f', '-c', file, '-s', socket, ...(options.restarter === 'again' ? ['-R'] : [])], {
    name: `BIRD in ${node.name}`,
  });
  const birdc = (...command: string[]): Promise<string> => lab.exec(node, 'birdc', ['-s', socket, ...command]);
  const configure = async (): Promise<void> => {
    write();
    const answer = await birdc('configure');
    if (!/Reconfigured|Reconfiguration in progress/.test(answer)) throw new Error(`birdc configure: ${answer}`);
  };
  await lab.answers(running, async () => (await birdc('show', 'status')).includes('up and running'));

  return {
    name: 'BIRD',
    node,
    pid: running.pid,
    routes: async (family) => {
      const answers = options.neighbours.map((_, i) => birdc('show', 'route', 'all', 'table', tableOf(family), 'protocol', `n${i}`));
      return (await Promise.all(answers)).flatMap((answer, i) => parseRoutes(answer, options.neighbours[i]?.address ?? ''));
    },
    sessionState: async (address) => {
      const answer = await birdc('show', 'protocols', 'all', protocolOf(options, address));
      return (/BGP state:\s+(\S+)/.exec(answer)?.[1] ?? 'down').toLowerCase();
    },
    announce: async (...routes) => {
      announced.set(routes);
      await configure();
    },
    withdraw: async (...prefixes) => {
      announced.delete(prefixes);
      await configure();
    },
    refresh: async (address) => void (await birdc('reload', 'in', protocolOf(options, address))),
    shutdown: async (address, text) => void (await birdc('disable', protocolOf(options, address), `"${text}"`)),
    log: running.output,
    kill9: () => running.kill('SIGKILL'),
    stop: async () => {
      await birdc('down');
      await running.exited;
    },
  };
}

const tableOf = (family: Family): string => (family === 'ipv6-unicast' ? 'master6' : 'master4');

function protocolOf(options: DaemonOptions, address: string): string {
  const at = options.neighbours.findIndex((neighbour) => neighbour.address === address);
  if (at < 0) throw new Error(`BIRD has no neighbour ${address}`);
  return `n${at}`;
}

function configuration(node: LabNode, options: DaemonOptions, routes: readonly Announcement[]): string {
  return [
    'log stderr all;',
    `router id ${options.routerId};`,
    'debug protocols { states, events };',
    ...(options.restarter ? ['graceful restart wait 10;'] : []),
    'protocol device { }',
    // A MED that an external neighbour is to see must be set on its way out.
    'attribute int own_med;',
    'function med_out() { if defined(own_med) then bgp_med = own_med; return true; }',
    // One path a prefix and table: each further path id has a static protocol of its own.
    ...[...new Set(routes.map(({ pathId }) => pathId ?? 0))].flatMap((pathId) =>
      (['ipv4-unicast', 'ipv6-unicast'] as const).map((family) => {
        const own = routes.filter((route) => (route.pathId ?? 0) === pathId && familyOf(route.prefix) === family);
        const channel = family === 'ipv6-unicast' ? 'ipv6' : 'ipv4';
        return `protocol static s${pathId}_${channel} {\n  ${channel} { preference ${200 - pathId}; };\n${own.map(staticRoute).join('')}}`;
      }),
    ),
    ...options.neighbours.map((neighbour, i) => protocol(node, options, neighbour, i)),
    '',
  ].join('\n');
}

function staticRoute({ prefix, origin, asPath, nextHop, med, communities, extendedCommunities, largeCommunities }: Announcement): string {
  const pair = (text: string): string => `(${text.replaceAll(':', ',')})`;
  const extended = (text: string): string => {
    const [kind, ...rest] = text.split(':');
    return `(${kind === 'target' ? 'rt' : kind === 'origin' ? 'ro' : (kind ?? '').replace('0x', 'generic, 0x')},${rest.join(',')})`;
  };
  const steps = [
    // BIRD prepends at the front, so the last one comes first.
    ...[...(asPath ?? [])].reverse().map((as) => `bgp_path.prepend(${as});`),
    ...(origin === undefined ? [] : [`bgp_origin = ORIGIN_${origin.toUpperCase()};`]),
    ...(nextHop === undefined ? [] : [`bgp_next_hop = ${nextHop};`]),
    ...(med === undefined ? [] : [`own_med = ${med};`]),
    ...(communities ?? []).map((text) => `bgp_community.add(${pair(text)});`),
    ...(extendedCommunities ?? []).map((text) => `bgp_ext_community.add(${extended(text)});`),
    ...(largeCommunities ?? []).map((text) => `bgp_large_community.add(${pair(text)});`),
  ];
  return `  route ${prefix} blackhole${steps.length > 0 ? ` { ${steps.join(' ')} }` : ''};\n`;
}

function protocol(node: LabNode, options: DaemonOptions, neighbour: NeighbourOptions, i: number): string {
  const { address, addPath } = neighbour;
  const channels = familiesOf(neighbour).map((family) =>
    [
      `  ${family === 'ipv6-unicast' ? 'ipv6' : 'ipv4'} {`,
      '    import all;',
      options.transit ? '    export where med_out();' : '    export where source = RTS_STATIC && med_out();',
      ...(addPath === undefined ? [] : [`    add paths ${addPath === 'send' ? 'tx' : addPath === 'receive' ? 'rx' : 'on'};`]),
      ...(neighbour.extendedNextHop && family === 'ipv4-unicast' ? ['    extended next hop on;'] : []),
      ...(neighbour.maxPrefixes === undefined ? [] : [`    receive limit ${neighbour.maxPrefixes} action disable;`]),
      '  };',
    ].join('\n'),
  );
  return [
    `protocol bgp n${i} {`,
    `  local ${localAddress(node, neighbour)} port ${options.port ?? 179} as ${options.as};`,
    `  neighbor ${address} port ${neighbour.port ?? 179} as ${neighbour.as};`,
    '  strict bind on;',
    '  connect delay time 1;',
    '  connect retry time 1;',
    '  error wait time 1, 2;',
    `  hold time ${neighbour.holdTime ?? 90};`,
    ...(neighbour.passive ? ['  passive on;'] : []),
    ...(options.restarter ? ['  graceful restart on;', '  graceful restart time 60;'] : []),
    ...(neighbour.extendedMessages ? ['  enable extended messages on;'] : []),
    ...(neighbour.fourOctetAs === false ? ['  enable as4 off;'] : []),
    ...(neighbour.allowOwnAs ? ['  allow local as 10;'] : []),
    ...channels,
    '}',
  ].join('\n');
}

/** `show route all`: a line a path, then its attributes. */
function parseRoutes(answer: string, from: string): HeardRoute[] {
  const routes: HeardRoute[] = [];
  let prefix = '';
  let block: Record<string, string> = {};
  let open = false;
  const finish = (): void => {
    if (open) routes.push(heard(prefix, from, block));
    open = false;
  };
  for (const line of answer.split('\n')) {
    const path = /^(\S+\/\d+)?\s+(unicast|blackhole|unreachable|prohibit)\s+\[/.exec(line);
    if (path) {
      finish();
      prefix = path[1] ?? prefix;
      block = {};
      open = true;
    }
    const attribute = /^\s+(BGP\.\w+):\s*(.*)$/.exec(line);
    if (attribute?.[1] !== undefined) block[attribute[1]] = attribute[2] ?? '';
  }
  finish();
  return routes;
}

function heard(prefix: string, from: string, block: Readonly<Record<string, string>>): HeardRoute {
  const groups = (text: string | undefined): string[] =>
    [...(text ?? '').matchAll(/\(([^)]*)\)/g)].map(([, inner = '']) => inner.replaceAll(/,\s*/g, ':'));
  const origin = originOf(block['BGP.origin']);
  return {
    prefix,
    from,
    nextHop: (block['BGP.next_hop'] ?? '').split(' ')[0] ?? '',
    asPath: (block['BGP.as_path'] ?? '').match(/\d+/g)?.map(Number) ?? [],
    ...(origin === undefined ? {} : { origin }),
    ...(block['BGP.med'] === undefined ? {} : { med: Number(block['BGP.med']) }),
    communities: groups(block['BGP.community']),
    extendedCommunities: groups(block['BGP.ext_community']).map((text) => text.replace(/^rt:/, 'target:').replace(/^ro:/, 'origin:')),
    largeCommunities: groups(block['BGP.large_community']),
  };
}
