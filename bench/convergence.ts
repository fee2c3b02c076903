/**
 * One full table through each router in turn: from the first octet of the first UPDATE to the last prefix at a second neighbour,
 * and, when the sender is gone, to the last withdrawal there. Namespaces of its own; needs root.
 */
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Lab, median, usage } from './lab.js';
import { bird, frr, gobgp, type Neighbour, openbgpd, type Target, virtualRouter } from './targets.js';

const SENDER: Neighbour = { address: '10.99.1.2', as: 65_001 };
const RECEIVER: Neighbour = { address: '10.99.1.3', as: 65_002 };
/** Seconds for one phase of one router. */
const PATIENCE = 300;

export interface Convergence {
  readonly name: string;
  readonly version: string;
  readonly rounds: number;
  readonly convergedSeconds: number;
  readonly withdrawnSeconds: number;
  readonly peakMb: number;
  readonly cpuSeconds: number;
}

/** @param expected - Prefixes that reach the receiver, where that is not all. BIRD has no grants: it passes on everything. */
export async function converge(
  target: Target,
  prefixes: number,
  expected = prefixes,
): Promise<Omit<Convergence, 'name' | 'version' | 'rounds'>> {
  const lab = new Lab();
  try {
    const router = lab.host('10.99.1.1');
    const sender = lab.speaker(lab.host(SENDER.address), router, target.port, SENDER.as, [prefixes]);
    // The feed is made before the router starts, so that nothing else runs beside it.
    await sender.next('ready', PATIENCE);
    const receiver = lab.speaker(lab.host(RECEIVER.address), router, target.port, RECEIVER.as);
    const process = target.start(lab, router, [SENDER, RECEIVER]);
    await Promise.all([sender.next('up', PATIENCE), receiver.next('up', PATIENCE)]);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    receiver.command(`count ${target.name === 'virtual-router' ? expected : prefixes}`);
    sender.command('send');
    const begun = await sender.next('sending', PATIENCE);
    const reached = await receiver.next('reached', PATIENCE);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    receiver.command('count 0');
    sender.command('die');
    const died = await sender.next('died', PATIENCE);
    const empty = await receiver.next('reached', PATIENCE);
    const { peakMb, cpuSeconds } = usage(process);
    return { convergedSeconds: (reached.at - begun.at) / 1000, withdrawnSeconds: (empty.at - died.at) / 1000, peakMb, cpuSeconds };
  } finally {
    lab.dispose();
  }
}

/** Several rounds of each target, in turn, so that what else the machine does falls on all. */
export async function benchConvergence(
  targets: readonly Target[],
  prefixes: number,
  rounds: number,
  print: (line: string) => void = console.log,
  expected = prefixes,
): Promise<Convergence[]> {
  const results: Convergence[] = [];
  const runs = new Map<Target, Omit<Convergence, 'name' | 'version' | 'rounds'>[]>(targets.map((target) => [target, []]));
  for (let round = 0; round < rounds; round++) {
    for (const target of targets) {
      // Those that take a minute take it once.
      if (!runs.has(target)) continue;
      if (round > 0 && (runs.get(target)?.[0]?.convergedSeconds ?? 0) > 20) continue;
      let run: Omit<Convergence, 'name' | 'version' | 'rounds'>;
      try {
        run = await converge(target, prefixes, expected);
      } catch (error) {
        print(`${target.name.padEnd(16)} left out: ${error instanceof Error ? error.message : String(error)}`);
        runs.delete(target);
        continue;
      }
      runs.get(target)?.push(run);
      print(
        `${target.name.padEnd(16)} converged ${run.convergedSeconds.toFixed(3)} s, withdrawn ${run.withdrawnSeconds.toFixed(3)} s, peak ${run.peakMb.toFixed(0)} MB, CPU ${run.cpuSeconds.toFixed(2)} s`,
      );
    }
  }
  for (const [target, all] of runs) {
    results.push({
      name: target.name,
      version: target.version(),
      rounds: all.length,
      convergedSeconds: median(all.map((run) => run.convergedSeconds)),
      withdrawnSeconds: median(all.map((run) => run.withdrawnSeconds)),
      peakMb: median(all.map((run) => run.peakMb)),
      cpuSeconds: median(all.map((run) => run.cpuSeconds)),
    });
  }
  return results;
}

/** A table of ratios against BIRD. */
export function ratios(results: readonly Convergence[]): string {
  const base = results.find(({ name }) => name === 'BIRD') ?? results[0];
  if (!base) return '';
  const lines = ['                   converged        withdrawn        peak memory      CPU'];
  for (const result of results) {
    const cell = (value: number, of: number, unit: string): string =>
      `${value.toFixed(value < 10 ? 2 : 0)} ${unit} (${(value / of).toFixed(2)})`.padEnd(17);
    lines.push(
      `${result.name.padEnd(19)}${cell(result.convergedSeconds, base.convergedSeconds, 's')}${cell(result.withdrawnSeconds, base.withdrawnSeconds, 's')}${cell(result.peakMb, base.peakMb, 'MB')}${cell(result.cpuSeconds, base.cpuSeconds, 's')}`,
    );
  }
  return lines.join('\n');
}

export const TARGETS: readonly Target[] = [virtualRouter(), bird, openbgpd, frr, gobgp];

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: { targets: { type: 'string' }, prefixes: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '3' } },
  });
  const names = values.targets?.toLowerCase().split(',');
  const targets = TARGETS.filter((target) => target.present() && (names?.includes(target.name.toLowerCase()) ?? true));
  const results = await benchConvergence(targets, Number(values.prefixes), Number(values.rounds));
  console.log(`\n${ratios(results)}`);
}
