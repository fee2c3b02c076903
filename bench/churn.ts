/**
 * Ten neighbours with 100,000 prefixes each, half of them a neighbour's too; then every one of them announces all of it again with other
 * attributes. From the first octet until an eleventh, who says nothing and alone is told, has heard the last of it.
 * Namespaces of its own; needs root.
 */
import { pathToFileURL } from 'node:url';
import { Lab, median, type Speaker, usage } from './lab.js';
import { bird, type Neighbour, type Target, virtualRouter } from './targets.js';

const PEERS = 10;
const EACH = 100_000;
const DISTINCT = (PEERS + 1) * (EACH / 2);
/** Milliseconds without a word after which a change is over. */
const QUIET = 2000;
const PATIENCE = 180;

export interface Churn {
  readonly name: string;
  readonly arrivedSeconds: number;
  readonly churnedSeconds: number;
  readonly peakMb: number;
  readonly cpuSeconds: number;
}

/** A router whose nodes may each claim anything, and of shared prefixes the first holds. */
function yaml(neighbours: readonly Neighbour[]): string {
  return [
    'as: 65000',
    'routerId: 1.1.1.1',
    'listen: [{ address: 10.99.1.1, port: 1790 }]',
    'network:',
    `  reserve: { ipv4: ${PEERS * EACH} }`,
    '  nodes:',
    ...neighbours.map(({ address }, i) => `    - { name: peer-${i}, addresses: [${address}], tags: [peer] }`),
    '  grants:',
    '    - { tag: peer, prefix: 0.0.0.0/0, le: 32, as: gateway }',
    'neighbours:',
    ...neighbours.map(
      ({ address, as, untold }) => `  - { address: ${address}, as: ${as}, passive: true, export: ${untold ? '[]' : 'claims'} }`,
    ),
    '',
  ].join('\n');
}

async function churn(target: Target): Promise<Omit<Churn, 'name'>> {
  const lab = new Lab();
  try {
    const router = lab.host('10.99.1.1');
    const neighbours = Array.from(
      { length: PEERS + 1 },
      (_, i): Neighbour => ({
        address: `10.99.2.${i + 1}`,
        as: 65_001 + i,
        untold: i < PEERS,
      }),
    );
    const speakers: Speaker[] = [];
    for (const [i, { address, as }] of neighbours.entries()) {
      const feed = i < PEERS ? [EACH, 1 + 2 * i, (i * EACH) / 2] : [];
      const speaker = lab.speaker(lab.host(address), router, target.port, as, feed);
      await speaker.next('ready', PATIENCE);
      if (feed.length > 0) {
        speaker.command('prepare');
        await speaker.next('prepared', PATIENCE);
      }
      speakers.push(speaker);
    }
    const observer = speakers[PEERS];
    if (!observer) throw new Error('nobody observes');
    const process = target.start(lab, router, neighbours);
    await Promise.all(speakers.map((speaker) => speaker.next('up', PATIENCE)));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const phase = async (command: 'send' | 'churn'): Promise<number> => {
      const begun = speakers.slice(0, PEERS).map((speaker) => {
        speaker.command(command);
        return speaker.next('sending', PATIENCE);
      });
      const started = Math.min(...(await Promise.all(begun)).map(({ at }) => at));
      observer.command(`quiet ${QUIET}`);
      const end = await observer.next('quiet', PATIENCE);
      if (end.announced !== DISTINCT) throw new Error(`${target.name}: the observer has ${end.announced} prefixes of ${DISTINCT}`);
      return (end.at - started) / 1000;
    };
    const arrivedSeconds = await phase('send');
    const churnedSeconds = await phase('churn');
    return { arrivedSeconds, churnedSeconds, ...usage(process) };
  } finally {
    lab.dispose();
  }
}

/** Several rounds of our router and BIRD, in turn. */
export async function benchChurn(rounds: number, print: (line: string) => void = console.log): Promise<Churn[]> {
  const targets = [virtualRouter(yaml), bird].filter((target) => target.present());
  const runs = new Map<Target, Omit<Churn, 'name'>[]>(targets.map((target) => [target, []]));
  for (let round = 0; round < rounds; round++) {
    for (const target of targets) {
      const run = await churn(target);
      runs.get(target)?.push(run);
      print(
        `${target.name.padEnd(16)} arrived ${run.arrivedSeconds.toFixed(3)} s, churned ${run.churnedSeconds.toFixed(3)} s, peak ${run.peakMb.toFixed(0)} MB, CPU ${run.cpuSeconds.toFixed(2)} s`,
      );
    }
  }
  return [...runs].map(([{ name }, all]) => ({
    name,
    arrivedSeconds: median(all.map((run) => run.arrivedSeconds)),
    churnedSeconds: median(all.map((run) => run.churnedSeconds)),
    peakMb: median(all.map((run) => run.peakMb)),
    cpuSeconds: median(all.map((run) => run.cpuSeconds)),
  }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await benchChurn(2);
