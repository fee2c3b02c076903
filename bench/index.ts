/**
 * `npm run bench`: everything that is measured, in plain text, with the figures in docs/benchmarks.json and a picture of the first in
 * docs/convergence.svg. `npm run bench -- sessions churn` measures some of it; what else was measured stays as it was. Needs root and the
 * daemons (`npm run interop:install`); what is not there is left out, and said so. Bounded: about half an hour with all of them.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chart } from './chart.js';
import { benchChurn } from './churn.js';
import { benchConvergence, ratios, TARGETS } from './convergence.js';
import { manyGrants } from './grants.js';
import { benchLookupApart } from './lookup.js';
import { benchOspf } from './ospf.js';
import { benchOspfDatabase } from './ospf-database.js';
import { bird, virtualRouter } from './targets.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { prefixes: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '5' } },
});
const prefixes = Number(values.prefixes);
const docs = join(import.meta.dirname, '..', 'docs');
const file = join(docs, 'benchmarks.json');

/** What is measured, each by its name on the command line: the fields of docs/benchmarks.json that it gives. */
const PARTS: Readonly<Record<string, () => object | Promise<object>>> = {
  lookup() {
    console.log('Look-ups in the memory table');
    return { lookup: benchLookupApart() };
  },
  ospf() {
    console.log('\nShortest paths of OSPF over 5,000 routers and 20,000 links');
    return { ospf: { measured: today(), results: benchOspf() } };
  },
  async database() {
    console.log('\nA database of 50,000 external LSAs taken in from FRR');
    return { ospfDatabase: await benchOspfDatabase() };
  },
  sessions() {
    console.log('\n1,000 sessions, and how late the event loop is');
    // By itself: what this process holds would count.
    const out = execFileSync(process.execPath, ['--import', 'tsx', '--expose-gc', join(import.meta.dirname, 'sessions.ts'), '--json']);
    const sessions = JSON.parse(out.toString()) as Record<string, number>;
    for (const [name, value] of Object.entries(sessions)) console.log(`${name.padEnd(60)} ${value.toFixed(2)}`);
    return { sessions };
  },
  async convergence() {
    const targets = TARGETS.filter((target) => target.present());
    for (const absent of TARGETS.filter((target) => !target.present())) console.log(`${absent.name} is not installed: left out`);
    console.log(`\nOne table of ${prefixes} prefixes through each router`);
    const convergence = await benchConvergence(targets, prefixes, Number(values.rounds));
    console.log(`\n${ratios(convergence)}`);
    writeFileSync(join(docs, 'convergence.svg'), chart(convergence, prefixes));
    return { prefixes, convergence };
  },
  async grants() {
    console.log('\nThe same with 10,000 grants, by which one prefix in a hundred is refused');
    const grants = manyGrants(prefixes);
    const results = await benchConvergence([virtualRouter(grants.yaml), bird], prefixes, 3, console.log, grants.accepted);
    console.log(`\n${ratios(results)}`);
    return { withGrants: { granted: grants.accepted, grantsUsed: grants.used, results } };
  },
  async churn() {
    console.log('\nTen neighbours with 100,000 prefixes each, who announce all of them again');
    return { churn: { measured: today(), results: await benchChurn(2) } };
  },
};

const wrong = positionals.filter((name) => !PARTS[name]);
if (wrong.length > 0) throw new Error(`no benchmark ${wrong.join(', ')}: there are ${Object.keys(PARTS).join(', ')}`);
for (const [name, measure] of Object.entries(PARTS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const figures = await measure();
  // What other benchmarks have written there stays.
  const known = JSON.parse(readFileSync(file, 'utf8')) as object;
  const machine = { cpu: cpus()[0]?.model.trim(), cores: cpus().length, kernel: release(), node: process.version };
  // The first figures' day; what is measured apart has one of its own.
  const head = name === 'ospf' || name === 'churn' ? {} : { measured: today(), machine };
  writeFileSync(file, `${JSON.stringify({ ...known, ...head, ...figures }, null, 2)}\n`);
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
