/**
 * Many OSPF routers in a random topology on one manual clock, with loss and links that flap, held to a plain Dijkstra:
 * `npx tsx bench/ospf-simulation.ts [--routers 150] [--seed 1] [--version 2] [--record]`. The same seed makes the same run;
 * `--record` writes what came of it to docs/benchmarks.json. Ends with 1 where a way is
 * another than Dijkstra says. Work grows with the square of the routers, each of which keeps what all say: octets and meanings once for all,
 * where each LSA came from and the ways that follow for itself. Of OSPFv2 150 took 9 s of CPU and 285 MB, 300 took 33 s and 1 GB, 1000 13 minutes
 * and 6 GB, of OSPFv3 17 minutes (`npm run bench:simulation` has both), on a machine that did other work too.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { simulate } from '../test/ospf/support/simulation.js';

const { values } = parseArgs({
  options: {
    routers: { type: 'string', default: '150' },
    seed: { type: 'string', default: '1' },
    version: { type: 'string', default: '2' },
    record: { type: 'boolean' },
  },
});
const routers = Number(values.routers);
const options = {
  version: values.version === '3' ? 3 : 2,
  seed: Number(values.seed),
  routers,
  links: Math.round(routers * 1.5),
  lans: Math.round(routers / 20),
  loss: 0.02,
  flaps: Math.round(routers / 25),
} as const;
console.log(options);
const start = performance.now();
const { wrong, checked, packets } = simulate(options);
const seconds = ((performance.now() - start) / 1000).toFixed(1);
const cpu = (process.cpuUsage().user / 1e6).toFixed(1);
const megabytes = Math.round(process.memoryUsage().rss / 1e6);
for (const line of wrong) console.log(line);
console.log(
  `${wrong.length === 0 ? 'as Dijkstra says' : 'WRONG'}: ${checked} ways, ${packets} packets, ${seconds} s (${cpu} s of CPU), ${megabytes} MB`,
);
if (values.record) {
  const file = join(import.meta.dirname, '..', 'docs', 'benchmarks.json');
  const known = JSON.parse(readFileSync(file, 'utf8')) as { readonly ospfSimulation?: readonly { readonly version: number }[] };
  const simulation = {
    version: options.version,
    measured: new Date().toISOString().slice(0, 10),
    routers,
    wrong: wrong.length,
    checked,
    cpuSeconds: Number(cpu),
    megabytes,
  };
  const others = known.ospfSimulation?.filter(({ version }) => version !== options.version) ?? [];
  const ospfSimulation = [...others, simulation].sort((x, y) => x.version - y.version);
  writeFileSync(file, `${JSON.stringify({ ...known, ospfSimulation }, null, 2)}\n`);
}
process.exitCode = wrong.length === 0 ? 0 : 1;
