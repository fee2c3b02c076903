import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ADDRESS, configuration, ROUTER, startBird } from './support/bfd-guest.js';
import { bird } from './support/bird.js';
import { type Line, startCommand } from './support/command.js';
import { daemonsPresent } from './support/daemons.js';
import { frr } from './support/frr.js';
import { Lab, type LabNode, type Running } from './support/lab.js';
import { undisturbed } from './support/undisturbed.js';

const { present } = daemonsPresent();

/** A guest that announces the address with BFD on; ends by being killed. */
type StartGuest = (lab: Lab, node: LabNode, interval: number) => Promise<{ kill9(): Promise<void> }>;

const startFrr: StartGuest = async (lab, node, interval) => {
  const zserv = join(node.directory, 'zserv');
  const write = (name: string, lines: readonly string[]): string => {
    const file = join(node.directory, name);
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  };
  const bfd = write('bfdd.conf', [
    'bfd',
    ' profile fast',
    '  detect-multiplier 3',
    `  receive-interval ${interval}`,
    `  transmit-interval ${interval}`,
  ]);
  const bgp = write('bgpd.conf', [
    'router bgp 65001',
    ` bgp router-id ${node.ipv4}`,
    ' no bgp ebgp-requires-policy',
    ' no bgp network import-check',
    ' timers bgp 30 90',
    ` neighbor ${ROUTER} remote-as 65000`,
    ` neighbor ${ROUTER} timers connect 1`,
    ` neighbor ${ROUTER} bfd profile fast`,
    ' address-family ipv4 unicast',
    `  network ${ADDRESS}`,
  ]);
  const empty = write('zebra.conf', []);
  execFileSync('chown', ['-R', 'frr:frr', node.directory]);
  const common = ['-z', zserv, '--vty_socket', node.directory, '--log', 'stdout', '-P', '0'];
  const start = async (daemon: string, file: string, ...more: string[]): Promise<Running> => {
    const args = [...common, '-f', file, '-i', join(node.directory, `${daemon}.pid`), ...more];
    const process = lab.spawn(node, `/usr/lib/frr/${daemon}`, args, { undelayed: daemon === 'bfdd' });
    const ask = ['--vty_socket', node.directory, '-d', daemon, '-c', 'show version'];
    await lab.answers(process, async () => (await lab.exec(node, 'vtysh', ask)).includes('FRRouting'));
    return process;
  };
  const running = [
    await start('zebra', empty),
    await start('bfdd', bfd, '--bfdctl', join(node.directory, 'bfdd.sock')),
    await start('bgpd', bgp, '-n'),
  ];
  return {
    kill9: async () => {
      for (const process of running.reverse()) await process.kill('SIGKILL');
    },
  };
};

const GUESTS: readonly (readonly [typeof bird, StartGuest])[] = [
  [bird, (lab, node, interval) => startBird(lab, node, interval)],
  [frr, startFrr],
];

async function scenario(start: StartGuest, interval: number): Promise<void> {
  await using lab = await Lab.create();
  const own = await lab.node('router');
  const guest = await lab.node('guest');
  const { next, forget } = await startCommand(lab, own, configuration(interval));
  const holds = (node: string) => (line: Line) => line.prefix === ADDRESS && JSON.stringify(line.after).includes(node);
  const bfdUp = (line: Line): boolean => line.event === 'bfd-change' && line.to === 'up';

  const daemon = await start(lab, guest, interval);
  await next('the guest holds the address', holds('guest'));
  await next('BFD is up', bfdUp);

  forget();
  await lab.link(guest, 'down');
  expect(await next('BFD is down', ({ event, from }) => event === 'bfd-change' && from === 'up')).toMatchObject({
    to: 'down',
    diagnostic: 'detection-time-expired',
  });
  await next('the session is down', ({ event, reason }) => event === 'session-change' && (reason ?? '').includes('BFD is down'));
  await next('the address goes back', holds('spare'));

  forget();
  await lab.link(guest, 'up');
  await next('the guest holds the address again', holds('guest'));
  await next('BFD is up again', bfdUp);

  // As its owner takes an interface down, which the guest's daemons see at once, and tell nobody.
  forget();
  await lab.exec(guest, 'ip', ['link', 'set', 'eth0', 'down']);
  await next('BFD is down', ({ event, from }) => event === 'bfd-change' && from === 'up');
  await next('the address goes back', holds('spare'));
  forget();
  await lab.exec(guest, 'ip', ['link', 'set', 'eth0', 'up']);
  await next('the guest holds the address once more', holds('guest'));
  await next('BFD is up once more', bfdUp);

  forget();
  await daemon.kill9();
  await next('the address goes back', holds('spare'));
}

for (const [kind, start] of GUESTS) {
  describe.skipIf(!present.includes(kind))(`BFD with ${kind.name}`, () => {
    it.each([10, 50, 300])(
      'at %i ms x 3: comes up, notices a cut link, an interface that is taken down and a killed daemon, and comes back',
      (interval) => undisturbed(interval, () => scenario(start, interval)),
    );
  });
}
