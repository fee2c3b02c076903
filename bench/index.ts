/**
 * `npm run bench`: everything that is measured, in plain text, with the figures in docs/benchmarks.json and a picture of the first in
 * docs/convergence.svg. Needs root and the daemons (`npm run interop:install`); what is not there is left out, and said so. Bounded: about
 * ten minutes with all of them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chart } from './chart.js';
import { benchConvergence, ratios, TARGETS } from './convergence.js';
import { manyGrants } from './grants.js';
import { benchLookup } from './lookup.js';
import { benchOspf } from './ospf.js';
import { bird, virtualRouter } from './targets.js';

const { values } = parseArgs({ options: { prefixes: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '5' } } });
const prefixes = Number(values.prefixes);
const docs = join(import.meta.dirname, '..', 'docs');

console.log('Look-ups in the memory table');
const lookup = benchLookup();

console.log('\nShortest paths of OSPF over 5,000 routers and 20,000 links');
const ospf = benchOspf();

const targets = TARGETS.filter((target) => target.present());
for (const absent of TARGETS.filter((target) => !target.present())) console.log(`${absent.name} is not installed: left out`);
console.log(`\nOne table of ${prefixes} prefixes through each router`);
const convergence = await benchConvergence(targets, prefixes, Number(values.rounds));
console.log(`\n${ratios(convergence)}`);
writeFileSync(join(docs, 'convergence.svg'), chart(convergence, prefixes));

console.log('\nThe same with 10,000 grants, by which one prefix in a hundred is refused');
const grants = manyGrants(prefixes);
const withGrants = await benchConvergence([virtualRouter(grants.yaml), bird], prefixes, 3, console.log, grants.accepted);
console.log(`\n${ratios(withGrants)}`);

writeFileSync(
  join(docs, 'benchmarks.json'),
  `${JSON.stringify(
    {
      // What other benchmarks have written there stays.
      ...(JSON.parse(readFileSync(join(docs, 'benchmarks.json'), 'utf8')) as object),
      measured: new Date().toISOString().slice(0, 10),
      machine: { cpu: cpus()[0]?.model.trim(), cores: cpus().length, kernel: release(), node: process.version },
      prefixes,
      lookup,
      ospf,
      convergence,
      withGrants: { granted: grants.accepted, results: withGrants },
    },
    null,
    2,
  )}\n`,
);
