/**
 * A full table from BIRD in a guest, over frames (the guest's vxlan device, our own TCP) and over the kernel's sockets, in turn: from the
 * first prefix that the router has to the last. `npm run bench:frames`; needs root and BIRD. With `--record`
 * the medians go to docs/benchmarks.json.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Lab, median, Speaker } from './lab.js';

const ROUTER = '10.99.1.1';
const GUEST = '10.99.1.2';
const SOURCE = '10.99.1.4';
const PATIENCE = 120;
const root = join(import.meta.dirname, '..');

const { values } = parseArgs({
  options: {
    prefixes: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    record: { type: 'boolean', default: false },
  },
});
const prefixes = Number(values.prefixes);
/** Of others: what is measured here would be in a later one. */
const loadAverage = Math.round(loadavg()[0] ?? 0);
const lab = new Lab();
try {
  const router = lab.host(ROUTER);
  const guest = lab.host(GUEST);
  const inGuest = (command: string, ...args: string[]): string =>
    execFileSync('ip', ['netns', 'exec', guest.namespace, command, ...args]).toString();
  const ip = (line: string): string => inGuest('ip', ...line.split(' '));
  ip(`link add vx0 type vxlan id 42 local ${GUEST} remote ${ROUTER} dstport 4789 dev eth0`);
  inGuest('python3', join(root, 'test/interop/support/checksums.py'), 'vx0');
  ip('link set vx0 mtu 1450 up');
  ip('address add 10.0.1.10/24 dev vx0');
  const control = join(lab.folder, 'bird.ctl');
  const file = join(lab.folder, 'bird.conf');
  const session = (name: string, own: string, other: string): string =>
    `protocol bgp ${name} { disabled; local ${own} as 65001; neighbor ${other} as 65000; connect delay time 1; connect retry time 1; ipv4 { import none; export all; next hop self; }; }`;
  writeFileSync(
    file,
    [
      'router id 2.2.2.2;',
      'protocol device {}',
      `protocol bgp feed { local ${GUEST} port 1790 as 65001; neighbor ${SOURCE} as 64999; passive; ipv4 { import all; export none; }; }`,
      session('over_frames', '10.0.1.10', '10.0.1.1'),
      session('over_sockets', GUEST, ROUTER),
      '',
    ].join('\n'),
  );
  const feeder = lab.speaker(lab.host(SOURCE), guest, 1790, 64_999, [prefixes]);
  await feeder.next('ready', PATIENCE);
  lab.spawn(guest, ['/usr/sbin/bird', '-f', '-c', file, '-s', control]);
  await feeder.next('up', PATIENCE);
  feeder.command('send');
  console.log('BIRD takes the table');
  const birdc = (...command: string[]): string => inGuest('birdc', '-s', control, ...command);
  for (let i = 0; !birdc('show', 'route', 'count').includes(`${prefixes} routes for ${prefixes} networks in table master4`) && i < 600; i++)
    await new Promise((resolve) => setTimeout(resolve, 200));
  const times: Record<string, number[]> = { frames: [], sockets: [] };
  for (let round = 0; round < Number(values.rounds); round++)
    for (const mode of ['sockets', 'frames'] as const) {
      const child = lab.program(router, [
        process.execPath,
        '--import',
        'tsx',
        join(root, 'bench/frames-router.ts'),
        mode,
        ROUTER,
        GUEST,
        String(prefixes),
      ]);
      const process_ = new Speaker(child);
      await process_.next('ready', PATIENCE);
      birdc('enable', `over_${mode}`);
      const first = await process_.next('first', PATIENCE);
      const full = await process_.next('full', PATIENCE);
      const time = (full.at - first.at) / 1000;
      times[mode]?.push(time);
      console.log(`${mode.padEnd(8)} ${prefixes} prefixes from BIRD in ${time.toFixed(3)} s`);
      birdc('disable', `over_${mode}`);
      lab.stop(child);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  const [frames = Number.NaN, sockets = Number.NaN] = [median(times.frames ?? []), median(times.sockets ?? [])];
  console.log(
    `\nmedian: frames ${frames.toFixed(2)} s, kernel sockets ${sockets.toFixed(2)} s: ${(frames / sockets).toFixed(2)} times as long`,
  );
  const figures = {
    measured: new Date().toISOString().slice(0, 10),
    loadAverage,
    prefixes,
    framesSeconds: frames,
    socketsSeconds: sockets,
  };
  if (values.record) {
    const record = join(root, 'docs', 'benchmarks.json');
    const before = JSON.parse(readFileSync(record, 'utf8')) as object;
    writeFileSync(record, `${JSON.stringify({ ...before, frames: figures }, null, 2)}\n`);
  }
} finally {
  lab.dispose();
}
