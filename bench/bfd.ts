/**
 * `npm run bench:bfd`: 1,000 BFD sessions at 300 ms x 3, and what they cost the processor: virtual-router and BIRD in turn, each on one
 * core, with the same crowd of neighbours. No session may go down, since no neighbour does. Then a simulated day on busy threads, which
 * also stand still once an hour: how often one blames the other for it.
 *
 *     tsx bench/bfd.ts [--sessions 1000] [--interval 300] [--seconds 30] [--record]
 *
 * Namespaces of its own; needs root. With `--record` figures go to docs/benchmarks.json.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { falseAlarms } from '../test/bfd/day.js';
import { bundled, type Host, Lab, Speaker, usage } from './lab.js';

const ROUTER = '10.97.1.1';
const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '1000' },
    interval: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '30' },
    record: { type: 'boolean', default: false },
  },
});
const sessions = Number(values.sessions);
const interval = Number(values.interval);
const seconds = Number(values.seconds);
const addresses = Array.from({ length: sessions }, (_, i) => `10.97.${2 + (i >> 8)}.${i & 255}`);
/** Seconds that all may take to come up. */
const PATIENCE = 60;

interface Router {
  readonly name: string;
  readonly present: () => boolean;
  start(lab: Lab, host: Host): ChildProcess;
}

/** On one core. */
const pinned = (command: readonly string[]): string[] => ['taskset', '-c', '0', ...command];

const virtualRouter: Router = {
  name: 'virtual-router',
  present: () => existsSync(join(root, 'dist', 'cli.js')),
  start: (lab, host) => {
    const file = join(lab.folder, 'router.yaml');
    writeFileSync(
      file,
      [
        'as: 65000',
        'routerId: 1.1.1.1',
        `listen: [{ address: ${ROUTER} }]`,
        'network:',
        '  nodes:',
        ...addresses.map((address, i) => `    - { name: node-${i}, addresses: [${address}] }`),
        'watch:',
        ...addresses.map((_, i) => `  - { node: node-${i}, bfd: { minTx: ${interval}, minRx: ${interval} } }`),
        '',
      ].join('\n'),
    );
    return lab.spawn(host, pinned([process.execPath, join(root, 'dist', 'cli.js'), 'run', '--quiet', file]));
  },
};

const bird: Router = {
  name: 'BIRD',
  present: () => existsSync('/usr/sbin/bird'),
  start: (lab, host) => {
    const file = join(lab.folder, 'bird.conf');
    writeFileSync(
      file,
      [
        'router id 1.1.1.1;',
        'protocol device {}',
        'protocol bfd {',
        `  interface "eth0" { min rx interval ${interval} ms; min tx interval ${interval} ms; multiplier 3; };`,
        ...addresses.map((address) => `  neighbor ${address} dev "eth0" local ${ROUTER};`),
        '}',
        '',
      ].join('\n'),
    );
    return lab.spawn(host, pinned(['/usr/sbin/bird', '-f', '-c', file, '-s', join(lab.folder, 'bird.ctl')]));
  },
};

interface Figures {
  readonly name: string;
  readonly cpuPercent: number;
  readonly falseAlarms: number;
  readonly peakMb: number;
}

async function measure(router: Router): Promise<Figures> {
  const lab = new Lab();
  try {
    const host = lab.host(ROUTER);
    const crowd = lab.host('10.97.1.2');
    for (const address of addresses) lab.addAddress(crowd, address);
    const process_ = router.start(lab, host);
    const speaker = new Speaker(
      lab.program(crowd, ['taskset', '-c', '1', process.execPath, bundled('bfd-crowd'), ROUTER, String(interval), ...addresses]),
    );
    let falseAlarms = 0;
    speaker.listen(({ event }) => {
      if (event === 'false-alarm') falseAlarms++;
    });
    await speaker.next('up', PATIENCE);
    // The last of them have only just agreed on their pace.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const before = usage(process_);
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const after = usage(process_);
    const taken = (performance.now() - start) / 1000;
    return { name: router.name, cpuPercent: ((after.cpuSeconds - before.cpuSeconds) / taken) * 100, falseAlarms, peakMb: after.peakMb };
  } finally {
    lab.dispose();
  }
}

console.log(`${sessions} BFD sessions at ${interval} ms x 3, ${seconds} seconds`);
const figures: Figures[] = [];
for (const router of [virtualRouter, bird]) {
  if (!router.present()) continue;
  const one = await measure(router);
  figures.push(one);
  console.log(
    `${one.name.padEnd(16)} ${one.cpuPercent.toFixed(1)} % of a core, ${one.falseAlarms} false alarms, peak ${one.peakMb.toFixed(0)} MB`,
  );
}
const HOURS = 24;
const days = [300, 50].map((ms) => ({ interval: ms, hours: HOURS, ...falseAlarms(HOURS, { minTx: ms, minRx: ms, multiplier: 3 }, 7) }));
for (const { interval: ms, alarms, stalls } of days)
  console.log(`a simulated day at ${ms} ms x 3, ${stalls} stalls of up to five seconds: ${alarms} false alarms`);
if (values.record) {
  const file = join(root, 'docs', 'benchmarks.json');
  const known = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(
    file,
    `${JSON.stringify({ ...known, bfd: { measured: new Date().toISOString().slice(0, 10), sessions, interval, seconds, figures, days } }, null, 2)}\n`,
  );
}
