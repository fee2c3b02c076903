/** BIRD and FRR as OSPF routers in a lab: version 2 and 3, told by a file, asked by their own commands. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab, LabNode, Running } from './lab.js';

export type OspfGuestKind = 'BIRD' | 'FRR';

/** Where a guest's interface is in FRR's words; BIRD's are shorter. */
export type OspfType = 'broadcast' | 'point-to-point' | 'point-to-multipoint';

export interface OspfGuestOptions {
  readonly version: 2 | 3;
  readonly routerId: string;
  /** OSPFv3 for IPv4 (RFC 5838); BIRD alone. */
  readonly family?: 'ipv4' | 'ipv6';
  readonly area?: string;
  readonly areaType?: 'normal' | 'stub' | 'nssa';
  readonly type?: OspfType;
  /** Addresses of the others on a point-to-multipoint link (link-local ones in OSPFv3), which BIRD must be told. */
  readonly others?: readonly string[];
  readonly priority?: number;
  readonly cost?: number;
  /** Seconds; 0.25 is FRR's "minimal hello-multiplier 4", with a dead interval of one second. */
  readonly hello?: number;
  readonly dead?: number;
  readonly authentication?:
    | { readonly type: 'simple'; readonly password: string }
    | {
        readonly type: 'cryptographic';
        /** BIRD takes several; FRR the first. */
        readonly keys: readonly {
          readonly id: number;
          readonly hash: 'md5' | 'hmac-sha-1' | 'hmac-sha-256' | 'hmac-sha-384' | 'hmac-sha-512';
          readonly secret: string;
        }[];
      };
  /** Host prefixes on its loopback interface, told as stubs. */
  readonly stubs?: readonly string[];
  readonly externals?: readonly { readonly prefix: string; readonly metric?: number; readonly metricType?: 1 | 2; readonly tag?: number }[];
  /** A network behind it in another area: an interface `behind` with this address and length. */
  readonly behind?: { readonly area: string; readonly address: string };
  /** BIRD: it asks to be held for up when it is restarted by `graceful restart`. */
  readonly restartGracefully?: boolean;
  /** BIRD: it watches its neighbours by BFD, ten times a second. */
  readonly bfd?: boolean;
}

/** A running guest. */
export interface OspfGuest {
  readonly name: OspfGuestKind;
  readonly node: LabNode;
  readonly pid: number;
  /** Router ids of its neighbours, with their states in lower case: `full`, `2-way`, `init`, ... */
  neighbours(): Promise<{ readonly routerId: string; readonly state: string }[]>;
  /** Prefixes that it reaches by OSPF. */
  routes(): Promise<string[]>;
  /** Gives it another configuration while it runs. BIRD alone. */
  configure(options: OspfGuestOptions): Promise<void>;
  log(): string;
  kill9(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a guest and waits until it answers. */
export async function startOspfGuest(lab: Lab, node: LabNode, kind: OspfGuestKind, options: OspfGuestOptions): Promise<OspfGuest> {
  await prepare(lab, node, options);
  return kind === 'BIRD' ? startBird(lab, node, options) : startFrr(lab, node, options);
}

/** Its host's part: addresses on the loopback, the network behind, routes to redistribute. */
async function prepare(lab: Lab, node: LabNode, { stubs = [], externals = [], behind }: OspfGuestOptions): Promise<void> {
  const ip = (...args: string[]) => lab.exec(node, 'ip', args);
  for (const prefix of stubs) await ip('address', 'replace', prefix, 'dev', 'lo');
  for (const { prefix } of externals) await ip('route', 'replace', 'blackhole', prefix);
  if (!behind) return;
  await ip('link', 'add', 'behind', 'type', 'veth', 'peer', 'name', 'behind-it').catch(() => '');
  await ip('link', 'set', 'behind', 'up');
  await ip('link', 'set', 'behind-it', 'up');
  await ip('address', 'replace', behind.address, 'dev', 'behind');
}

// --- BIRD ----------------------------------------------------------------------------------------------------------------------------

const BIRD_TYPES: Readonly<Record<OspfType, string>> = { broadcast: 'broadcast', 'point-to-point': 'ptp', 'point-to-multipoint': 'ptmp' };
const BIRD_HASHES = {
  md5: 'keyed md5',
  'hmac-sha-1': 'hmac sha1',
  'hmac-sha-256': 'hmac sha256',
  'hmac-sha-384': 'hmac sha384',
  'hmac-sha-512': 'hmac sha512',
} as const;

async function startBird(lab: Lab, node: LabNode, options: OspfGuestOptions): Promise<OspfGuest> {
  const file = join(node.directory, 'bird-ospf.conf');
  const socket = join(node.directory, 'bird-ospf.ctl');
  writeFileSync(file, birdConfiguration(options));
  const running = lab.spawn(node, 'bird', ['-f', '-c', file, '-s', socket], { name: `BIRD in ${node.name}` });
  const birdc = (...command: string[]): Promise<string> => lab.exec(node, 'birdc', ['-s', socket, ...command]);
  await lab.answers(running, async () => (await birdc('show', 'status')).includes('up and running'));
  return {
    name: 'BIRD',
    node,
    pid: running.pid,
    neighbours: async () =>
      [...(await birdc('show', 'ospf', 'neighbors', 'o1')).matchAll(/^(\d+\.\d+\.\d+\.\d+)\s+\d+\s+([\w-]+)\//gm)].map(
        ([, routerId = '', state = '']) => ({ routerId, state: state.toLowerCase() }),
      ),
    routes: async () => [...(await birdc('show', 'route', 'protocol', 'o1')).matchAll(/^(\S+\/\d+)\s/gm)].map(([, prefix = '']) => prefix),
    configure: async (changed) => {
      writeFileSync(file, birdConfiguration(changed));
      const answer = await birdc('configure');
      if (!/Reconfigur/.test(answer)) throw new Error(`birdc configure: ${answer}`);
    },
    log: running.output,
    kill9: () => running.kill('SIGKILL'),
    stop: async () => {
      await birdc('down');
      await running.exited;
    },
  };
}

function birdConfiguration(options: OspfGuestOptions): string {
  const {
    version,
    area = '0.0.0.0',
    areaType = 'normal',
    type = 'broadcast',
    hello = 1,
    dead = 4,
    stubs = [],
    externals = [],
    behind,
  } = options;
  const channel = version === 2 ? 'ipv4' : (options.family ?? 'ipv6');
  const security = birdAuthentication(options);
  const kind = areaType === 'normal' ? '' : `${areaType};`;
  // On a point-to-multipoint link BIRD speaks to those alone whom it was told of.
  const known =
    type === 'point-to-multipoint' ? [`      neighbors { ${(options.others ?? []).map((address) => `${address};`).join(' ')} };`] : [];
  return [
    'log stderr all;',
    `router id ${options.routerId};`,
    'debug protocols { states, events };',
    'protocol device { scan time 1; }',
    ...(options.bfd ? ['protocol bfd { interface "*" { interval 100 ms; multiplier 3; }; }'] : []),
    'protocol static told {',
    `  ${channel};`,
    ...externals.map(
      ({ prefix, metric = 20, metricType = 2, tag = 0 }) =>
        `  route ${prefix} blackhole { ospf_metric${metricType} = ${metric}; ospf_tag = ${tag}; };`,
    ),
    '}',
    `protocol ospf v${version} o1 {`,
    ...(options.restartGracefully ? ['  graceful restart on;'] : []),
    `  ${channel} { import all; export where source = RTS_STATIC; };`,
    `  area ${area} {`,
    `    ${kind}`,
    '    interface "eth0" {',
    `      type ${BIRD_TYPES[type]}; hello ${hello}; dead ${dead}; wait ${dead}; retransmit 2; cost ${options.cost ?? 10}; priority ${options.priority ?? 1};`,
    ...known,
    ...(options.bfd ? ['      bfd on;'] : []),
    ...security,
    '    };',
    ...stubs.map((prefix) => `    stubnet ${prefix};`),
    '  };',
    ...(behind ? [`  area ${behind.area} { interface "behind" { stub yes; }; };`] : []),
    '}',
    '',
  ].join('\n');
}

function birdAuthentication({ authentication, version }: OspfGuestOptions): string[] {
  if (!authentication) return [];
  if (authentication.type === 'simple') return ['      authentication simple;', `      password "${authentication.password}";`];
  return [
    '      authentication cryptographic;',
    ...authentication.keys.map(({ id, hash, secret }) =>
      hash === 'md5' && version === 3
        ? '      # OSPFv3 has no MD5'
        : `      password "${secret}" { id ${id}; algorithm ${BIRD_HASHES[hash]}; };`,
    ),
  ];
}

// --- FRR -----------------------------------------------------------------------------------------------------------------------------

const FOLDER = '/usr/lib/frr';

async function startFrr(lab: Lab, node: LabNode, options: OspfGuestOptions): Promise<OspfGuest> {
  const daemon = options.version === 2 ? 'ospfd' : 'ospf6d';
  const file = join(node.directory, `${daemon}.conf`);
  const empty = join(node.directory, 'zebra.conf');
  writeFileSync(empty, '');
  writeFileSync(file, `${frrConfiguration(options).join('\n')}\n`);
  // They give up root for this user, and make their sockets in the folder.
  execFileSync('chown', ['-R', 'frr:frr', node.directory]);
  const common = ['-z', join(node.directory, 'zserv'), '--vty_socket', node.directory, '--log', 'stdout', '-P', '0'];
  const ask = (asked: string, ...commands: string[]): Promise<string> =>
    lab.exec(node, 'vtysh', ['--vty_socket', node.directory, '-d', asked, ...commands.flatMap((command) => ['-c', command])]);
  const run = async (name: string, more: readonly string[]): Promise<Running> => {
    const running = lab.spawn(node, join(FOLDER, name), [...common, '-i', join(node.directory, `${name}.pid`), ...more], {
      name: `${name} in ${node.name}`,
    });
    await lab.answers(running, async () => (await ask(name, 'show version')).includes('FRRouting'));
    return running;
  };
  const zebra = await run('zebra', ['-f', empty]);
  const ospf = await run(daemon, ['-f', file]);
  const dead = async (signal: NodeJS.Signals): Promise<void> => {
    await ospf.kill(signal);
    await zebra.kill(signal);
  };
  return {
    name: 'FRR',
    node,
    pid: ospf.pid,
    neighbours: async () =>
      options.version === 2
        ? neighboursV2(await ask(daemon, 'show ip ospf neighbor json'))
        : neighboursV3(await ask(daemon, 'show ipv6 ospf6 neighbor json')),
    routes: async () => {
      const answer = JSON.parse(
        await ask(daemon, options.version === 2 ? 'show ip ospf route json' : 'show ipv6 ospf6 route json'),
      ) as Record<string, unknown>;
      const routes = options.version === 2 ? answer : ((answer.routes as Record<string, unknown> | undefined) ?? {});
      return Object.keys(routes).filter((prefix) => prefix.includes('/'));
    },
    configure: () => Promise.reject(new Error('FRR is not told anew here')),
    log: ospf.output,
    kill9: () => dead('SIGKILL'),
    stop: () => dead('SIGTERM'),
  };
}

function neighboursV2(answer: string): { routerId: string; state: string }[] {
  const { neighbors = {} } = JSON.parse(answer) as { neighbors?: Record<string, readonly { state?: string; nbrState?: string }[]> };
  return Object.entries(neighbors).flatMap(([routerId, list]) =>
    list.map(({ nbrState, state }) => ({ routerId, state: ((nbrState ?? state ?? '').split('/')[0] ?? '').toLowerCase() })),
  );
}

function neighboursV3(answer: string): { routerId: string; state: string }[] {
  const { neighbors = [] } = JSON.parse(answer) as { neighbors?: readonly { neighborId?: string; state?: string }[] };
  return neighbors.map(({ neighborId = '', state = '' }) => ({
    routerId: neighborId,
    state: state.toLowerCase().replace('twoway', '2-way'),
  }));
}

function frrConfiguration(options: OspfGuestOptions): string[] {
  const {
    version,
    area = '0.0.0.0',
    areaType = 'normal',
    type = 'broadcast',
    hello = 1,
    dead = 4,
    externals = [],
    stubs = [],
    behind,
  } = options;
  const ip = version === 2 ? 'ip ospf' : 'ipv6 ospf6';
  const [first] = externals;
  const tag = first?.tag ?? 0;
  return [
    'frr version 8.4',
    'frr defaults traditional',
    'hostname frr',
    'interface eth0',
    ` ${ip} area ${area}`,
    ` ${ip} network ${type}`,
    ...(version === 2 && hello < 1
      ? [` ${ip} dead-interval minimal hello-multiplier ${Math.round(1 / hello)}`]
      : [` ${ip} hello-interval ${hello}`, ` ${ip} dead-interval ${dead}`]),
    ` ${ip} retransmit-interval 2`,
    ` ${ip} cost ${options.cost ?? 10}`,
    ` ${ip} priority ${options.priority ?? 1}`,
    ...frrAuthentication(options),
    'exit',
    ...(stubs.length > 0 ? ['interface lo', ` ${ip} area ${area}`, 'exit'] : []),
    ...(behind ? ['interface behind', ` ${ip} area ${behind.area}`, ` ${ip} passive`, 'exit'] : []),
    ...(externals.length > 0
      ? [
          'route-map told permit 10',
          ` set metric ${first?.metric ?? 20}`,
          ` set metric-type type-${first?.metricType ?? 2}`,
          ...(tag > 0 ? [` set tag ${tag}`] : []),
          'exit',
        ]
      : []),
    version === 2 ? 'router ospf' : 'router ospf6',
    version === 2 ? ` ospf router-id ${options.routerId}` : ` ospf6 router-id ${options.routerId}`,
    version === 2 ? ' timers throttle spf 0 50 1000' : ' timers throttle spf 0 50 1000',
    ...(areaType === 'normal' ? [] : [` area ${area} ${areaType}`]),
    ...(externals.length > 0 ? [' redistribute kernel route-map told'] : []),
    'exit',
  ];
}

function frrAuthentication({ authentication, version }: OspfGuestOptions): string[] {
  if (!authentication) return [];
  if (authentication.type === 'simple') return [' ip ospf authentication', ` ip ospf authentication-key ${authentication.password}`];
  const [key] = authentication.keys;
  if (!key) return [];
  if (version === 3) return [` ipv6 ospf6 authentication key-id ${key.id} hash-algo ${key.hash} key ${key.secret}`];
  return [
    ' ip ospf authentication message-digest',
    ...authentication.keys.map(({ id, secret }) => ` ip ospf message-digest-key ${id} md5 ${secret}`),
  ];
}

/** Waits until a guest has exactly these neighbours in the state `full`. */
export async function full(lab: Lab, guest: OspfGuest, routerIds: readonly string[], seconds = 30): Promise<void> {
  await lab.waitFor(
    `${guest.name} in ${guest.node.name} is full with ${routerIds.join(', ')}`,
    async () => {
      const there = await guest.neighbours();
      const done = there.filter(({ state }) => state === 'full').map(({ routerId }) => routerId);
      if (routerIds.every((id) => done.includes(id))) return true;
      throw new Error(JSON.stringify(there));
    },
    seconds,
  );
}

/** Waits until a guest reaches all of these prefixes by OSPF, and none of those. */
export async function reaches(
  lab: Lab,
  guest: OspfGuest,
  prefixes: readonly string[],
  without: readonly string[] = [],
  seconds = 20,
): Promise<void> {
  await lab.waitFor(
    `${guest.name} in ${guest.node.name} reaches ${prefixes.join(', ')}${without.length > 0 ? ` and not ${without.join(', ')}` : ''}`,
    async () => {
      const routes = await guest.routes();
      if (prefixes.every((prefix) => routes.includes(prefix)) && !without.some((prefix) => routes.includes(prefix))) return true;
      throw new Error(routes.join(' '));
    },
    seconds,
  );
}

/** A node's link-local address, which its MAC address makes. */
export function linkLocal(node: LabNode): string {
  return `fe80::ff:fe00:${node.number.toString(16)}`;
}
