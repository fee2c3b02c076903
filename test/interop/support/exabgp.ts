/**
 * ExaBGP: it has no table and no command of its own worth the name; it talks JSON with a program that it starts. That program is
 * two `cat`s here: one passes on the commands that we write to a pipe, one keeps what ExaBGP says in a file.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
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
} from './daemon.js';
import type { Lab, LabNode } from './lab.js';

export const exabgp: DaemonKind = {
  name: 'ExaBGP',
  programs: ['exabgp'],
  abilities: {
    addPathSend: true,
    addPathReceive: true,
    extendedNextHop: true,
    extendedMessages: true,
    enhancedRefresh: true,
    shutdownTextSent: false,
    // It ends the session, but its own code fails on the text.
    shutdownTextHeard: false,
    refreshAsked: true,
    // It announces the enhanced kind, and fails with a TypeError when it should send the beginning of the answer (4.2.21).
    refreshAnswered: false,
  },
  version: () => `ExaBGP ${/ExaBGP : (\S+)/.exec(execFileSync('exabgp', ['--version'], { encoding: 'utf8' }))?.[1] ?? ''}`,
  start,
};

async function start(lab: Lab, node: LabNode, options: DaemonOptions): Promise<Daemon> {
  const file = join(node.directory, 'exabgp.conf');
  const script = join(node.directory, 'talk.sh');
  const commands = join(node.directory, 'commands');
  const events = join(node.directory, 'events');
  execFileSync('mkfifo', [commands]);
  // Opened for both, the pipe has no end while nobody writes.
  writeFileSync(script, `exec 3<>${commands}\ncat <&3 &\nexec cat >>${events}\n`);
  writeFileSync(file, configuration(node, options, script));
  const listen = options.neighbours.find(({ passive }) => passive);
  const running = lab.spawn(node, 'exabgp', [file], {
    name: `ExaBGP in ${node.name}`,
    env: {
      'exabgp.daemon.drop': 'false',
      'exabgp.daemon.user': 'root',
      'exabgp.daemon.daemonize': 'false',
      'exabgp.log.destination': 'stdout',
      'exabgp.api.ack': 'false',
      'exabgp.api.cli': 'false',
      ...(listen === undefined ? {} : { 'exabgp.tcp.bind': localAddress(node, listen), 'exabgp.tcp.port': String(options.port ?? 179) }),
    },
  });
  await lab.answers(running, () => existsSync(events));
  const say = (...lines: readonly string[]): void => appendFileSync(commands, lines.map((line) => `${line}\n`).join(''));
  const announced = new Announced();
  const towards = (prefix: string): NeighbourOptions[] =>
    options.neighbours.filter((neighbour) => familiesOf(neighbour).includes(familyOf(prefix)));
  const command = (verb: string, route: Announcement): string[] =>
    towards(route.prefix).map((neighbour) => `neighbor ${neighbour.address} ${verb} ${words(node, options.as, neighbour, route)}`);
  const announce = async (...routes: readonly Announcement[]): Promise<void> => {
    announced.set(routes);
    say(...routes.flatMap((route) => command('announce', route)));
  };
  await announce(...(options.announce ?? []));
  const history = (): History => read(readFileSync(events, 'utf8'));

  return {
    name: 'ExaBGP',
    node,
    pid: running.pid,
    routes: async (family) => [...history().routes.values()].filter(({ prefix }) => familyOf(prefix) === family),
    sessionState: async (address) => history().states.get(address) ?? 'idle',
    announce,
    withdraw: async (...prefixes) => {
      say(
        ...announced
          .all()
          .filter(({ prefix }) => prefixes.includes(prefix))
          .flatMap((route) => command('withdraw', route)),
      );
      announced.delete(prefixes);
    },
    refresh: async (address) => {
      const neighbour = options.neighbours.find((one) => one.address === address);
      for (const family of neighbour === undefined ? [] : familiesOf(neighbour))
        say(`neighbor ${address} announce route-refresh ${wordsOf(family)}`);
    },
    shutdown: async (address) => say(`neighbor ${address} teardown 2`),
    log: () => `${running.output()}${readFileSync(events, 'utf8')}`,
    kill9: () => running.kill('SIGKILL'),
    stop: () => running.kill('SIGTERM'),
  };
}

const wordsOf = (family: Family): string => (family === 'ipv6-unicast' ? 'ipv6 unicast' : 'ipv4 unicast');

function configuration(node: LabNode, options: DaemonOptions, script: string): string {
  return [
    'process talk {',
    `  run /bin/sh ${script};`,
    '  encoder json;',
    '}',
    ...options.neighbours.map((neighbour) => neighbourLines(node, options, neighbour)),
    '',
  ].join('\n');
}

function neighbourLines(node: LabNode, options: DaemonOptions, neighbour: NeighbourOptions): string {
  const { address, as, passive, port, holdTime = 90, addPath, extendedNextHop } = neighbour;
  const on = (value: boolean | undefined): string => (value ? 'enable' : 'disable');
  return [
    `neighbor ${address} {`,
    `  router-id ${options.routerId};`,
    `  local-address ${localAddress(node, neighbour)};`,
    `  local-as ${options.as};`,
    `  peer-as ${as};`,
    `  hold-time ${holdTime};`,
    ...(passive ? ['  passive true;'] : []),
    ...(port === undefined ? [] : [`  connect ${port};`]),
    '  capability {',
    `    asn4 ${on(neighbour.fourOctetAs !== false)};`,
    '    route-refresh enable;',
    `    extended-message ${on(neighbour.extendedMessages)};`,
    `    nexthop ${on(extendedNextHop)};`,
    `    add-path ${addPath === undefined ? 'disable' : addPath === 'both' ? 'send/receive' : addPath};`,
    '  }',
    `  family { ${familiesOf(neighbour)
      .map((family) => `${wordsOf(family)};`)
      .join(' ')} }`,
    ...(addPath === undefined
      ? []
      : [
          `  add-path { ${familiesOf(neighbour)
            .map((family) => `${wordsOf(family)};`)
            .join(' ')} }`,
        ]),
    ...(extendedNextHop ? ['  nexthop { ipv4 unicast ipv6; }'] : []),
    '  api {',
    '    processes [ talk ];',
    '    neighbor-changes;',
    '    receive { parsed; update; }',
    '  }',
    '}',
  ].join('\n');
}

function words(node: LabNode, as: number, neighbour: NeighbourOptions, route: Announcement): string {
  const { prefix, pathId, origin, asPath, med, communities, extendedCommunities, largeCommunities, exabgp: more } = route;
  const nextHop = route.nextHop ?? (familyOf(prefix) === 'ipv6-unicast' || neighbour.extendedNextHop ? node.ipv6 : node.ipv4);
  return [
    `route ${prefix} next-hop ${nextHop}`,
    ...(pathId === undefined ? [] : [`path-information ${[24, 16, 8, 0].map((shift) => (pathId >>> shift) & 255).join('.')}`]),
    ...(origin === undefined ? [] : [`origin ${origin}`]),
    // A path that is given is sent as it is.
    ...(asPath?.length ? [`as-path [ ${[...(neighbour.as === as ? [] : [as]), ...asPath].join(' ')} ]`] : []),
    ...(med === undefined ? [] : [`med ${med}`]),
    ...(communities?.length ? [`community [ ${communities.join(' ')} ]`] : []),
    ...(extendedCommunities?.length ? [`extended-community [ ${extendedCommunities.join(' ')} ]`] : []),
    ...(largeCommunities?.length ? [`large-community [ ${largeCommunities.join(' ')} ]`] : []),
    ...(more === undefined ? [] : [more]),
  ].join(' ');
}

interface History {
  readonly routes: ReadonlyMap<string, HeardRoute>;
  readonly states: ReadonlyMap<string, string>;
}

/** What is read of ExaBGP's events. */
interface ExaEvent {
  readonly type: string;
  readonly neighbor?: {
    readonly address: { readonly peer: string };
    readonly state?: string;
    readonly message?: { readonly update?: ExaUpdate };
  };
}

interface ExaUpdate {
  readonly attribute?: {
    readonly origin?: HeardRoute['origin'];
    readonly 'as-path'?: readonly (number | readonly number[])[];
    readonly med?: number;
    readonly community?: readonly (readonly number[])[];
    readonly 'extended-community'?: readonly { readonly string: string }[];
    readonly 'large-community'?: readonly (readonly number[])[];
  };
  readonly announce?: Readonly<Record<string, Readonly<Record<string, readonly ExaNlri[]>>>>;
  readonly withdraw?: Readonly<Record<string, readonly ExaNlri[]>>;
}

interface ExaNlri {
  readonly nlri?: string;
  readonly 'path-information'?: string;
}

/** Lives through the events again. */
function read(text: string): History {
  const routes = new Map<string, HeardRoute>();
  const states = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (!line.startsWith('{') || !line.endsWith('}')) continue;
    const { type, neighbor } = JSON.parse(line) as ExaEvent;
    const from = neighbor?.address.peer;
    if (neighbor === undefined || from === undefined) continue;
    if (type === 'state') {
      states.set(from, neighbor.state === 'up' ? 'established' : (neighbor.state ?? 'idle'));
      if (neighbor.state === 'down') for (const [key, route] of routes) if (route.from === from) routes.delete(key);
    }
    if (neighbor.message?.update) apply(routes, from, neighbor.message.update);
  }
  return { routes, states };
}

function apply(routes: Map<string, HeardRoute>, from: string, { attribute = {}, announce = {}, withdraw = {} }: ExaUpdate): void {
  const key = ({ nlri = '', 'path-information': id = '' }: ExaNlri): string => `${from} ${nlri} ${id}`;
  for (const gone of Object.values(withdraw).flat()) routes.delete(key(gone));
  const seen = new Set<string>();
  for (const [nextHop, entries] of Object.values(announce).flatMap((byNextHop) => Object.entries(byNextHop))) {
    for (const entry of entries) {
      // End-of-RIB has no prefix. A link-local next hop stands beside the global one, as if it were another.
      if (entry.nlri === undefined || (nextHop.startsWith('fe80:') && seen.has(key(entry)))) continue;
      seen.add(key(entry));
      const { origin, med } = attribute;
      const id = entry['path-information'];
      routes.set(key(entry), {
        prefix: entry.nlri,
        from,
        nextHop,
        asPath: attribute['as-path']?.flat() ?? [],
        ...(origin === undefined ? {} : { origin }),
        ...(med === undefined ? {} : { med }),
        communities: attribute.community?.map((parts) => parts.join(':')) ?? [],
        extendedCommunities: attribute['extended-community']?.map(({ string }) => string) ?? [],
        largeCommunities: attribute['large-community']?.map((parts) => parts.join(':')) ?? [],
        ...(id === undefined ? {} : { pathId: id.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) }),
      });
    }
  }
}
