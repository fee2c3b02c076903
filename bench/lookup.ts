/**
 * Look-ups in the memory table: IPv4 over a full table, IPv6 over 280,000 prefixes, and what it costs to fill and empty them.
 * Beside it, in the same run, DIR-24-8 in plain typed arrays, the fastest table there is for IPv4 in JavaScript otherwise.
 */
import { execFileSync } from 'node:child_process';
import { LpmTable } from '../src/fib/lpm-table.js';
import { parsePrefix, prefixWords } from '../src/lib/prefix.js';
import { seeded } from '../src/lib/random.js';
import { bundled } from './lab.js';
import { fullTable } from './table.js';

const LOOKUPS = 1 << 22;
const ROUNDS = 7;

export interface LookupFigures {
  readonly name: string;
  readonly millionPerSecond: number;
}

/** Median of millions of look-ups a second, over several rounds. */
function measure(run: () => number): number {
  run();
  run();
  const rates: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now();
    sink += run();
    rates.push(LOOKUPS / (performance.now() - start) / 1000);
  }
  return rates.sort((x, y) => x - y)[ROUNDS >> 1] ?? 0;
}

/** Keeps results from being optimised away. */
export let sink = 0;

/** The peer: 2^24 entries, and 256 more for each /24 with longer prefixes. */
function dir248(prefixes: readonly (readonly [a: number, length: number])[]): (keys: Uint32Array) => number {
  const first = new Uint32Array(1 << 24);
  let second = new Uint32Array(256 * 1024);
  let groups = 0;
  for (const [a, length] of [...prefixes].sort((x, y) => x[1] - y[1])) {
    const target = 1 + (a % 1000);
    if (length <= 24) first.fill(target, a >>> 8, (a >>> 8) + (1 << (24 - length)));
    else {
      const at = a >>> 8;
      let group = first[at] ?? 0;
      if (group < 0x8000_0000) {
        if ((groups + 1) * 256 > second.length) {
          const wider = new Uint32Array(second.length * 2);
          wider.set(second);
          second = wider;
        }
        second.fill(group, groups * 256, groups * 256 + 256);
        group = (0x8000_0000 | groups++) >>> 0;
        first[at] = group;
      }
      const from = (group & 0x7fff_ffff) * 256 + (a & 255);
      second.fill(target, from, from + (1 << (32 - length)));
    }
  }
  return (keys) => {
    let sum = 0;
    for (let i = 0; i < LOOKUPS; i++) {
      const a = keys[i] as number;
      let entry = first[a >>> 8] as number;
      if (entry >= 0x8000_0000) entry = second[((entry & 0x7fff_ffff) << 8) | (a & 255)] as number;
      sum = (sum + entry) | 0;
    }
    return sum;
  };
}

function benchLookup(): Record<string, number> {
  const random = seeded(1);
  const figures: Record<string, number> = {};
  const v4 = fullTable('ipv4', 1_000_000).map((text) => {
    const { bytes, length } = parsePrefix(text);
    return [prefixWords(bytes)[0], length] as const;
  });
  const table = new LpmTable(false);
  let start = performance.now();
  // As the mapping does it: by those who know what was there.
  for (const [a, length] of v4) table.put(a, 0, 0, 0, length, 0, 1 + (a % 1000));
  figures['ipv4 fill ms'] = performance.now() - start;
  const uniform = Uint32Array.from({ length: LOOKUPS }, () => Math.floor(random() * 0x1_0000_0000));
  const routed = Uint32Array.from({ length: LOOKUPS }, () => {
    const [a, length] = v4[Math.floor(random() * v4.length)] as readonly [number, number];
    return (a | Math.floor(random() * 2 ** (32 - length))) >>> 0;
  });
  const run = (keys: Uint32Array) => (): number => {
    let sum = 0;
    for (let i = 0; i < LOOKUPS; i++) sum = (sum + table.lookup4(keys[i] as number)) | 0;
    return sum;
  };
  figures['ipv4 random M/s'] = measure(run(uniform));
  figures['ipv4 routed M/s'] = measure(run(routed));
  figures['ipv4 bytes MB'] = table.bytes / 1e6;
  const peer = dir248(v4);
  figures['DIR-24-8 random M/s'] = measure(() => peer(uniform));
  figures['DIR-24-8 routed M/s'] = measure(() => peer(routed));
  start = performance.now();
  table.set(0, 0, 0, 0, 0, 7);
  table.delete(0, 0, 0, 0, 0);
  figures['ipv4 default route flap ms'] = performance.now() - start;
  start = performance.now();
  table.set(0x0a00_0000, 0, 0, 0, 8, 7);
  figures['ipv4 /8 ms'] = performance.now() - start;
  start = performance.now();
  for (const [a, length] of v4) {
    table.put(a, 0, 0, 0, length, 1, 0);
  }
  figures['ipv4 empty ms'] = performance.now() - start;

  const v6 = fullTable('ipv6', 280_000).map((text) => {
    const { bytes, length } = parsePrefix(text);
    return [...prefixWords(bytes), length] as const;
  });
  const table6 = new LpmTable(true);
  start = performance.now();
  for (const [a, b, c, d, length] of v6) table6.set(a, b, c, d, length, 1 + (b % 1000));
  figures['ipv6 fill ms'] = performance.now() - start;
  const keys6 = new Uint32Array(LOOKUPS * 4);
  for (let i = 0; i < LOOKUPS; i++) {
    const [a, b, c, d, length] = v6[Math.floor(random() * v6.length)] as readonly [number, number, number, number, number];
    const low = (bits: number): number =>
      bits >= 32 ? 0 : bits <= 0 ? Math.floor(random() * 0x1_0000_0000) : Math.floor(random() * 2 ** (32 - bits));
    keys6.set([(a | low(length)) >>> 0, (b | low(length - 32)) >>> 0, (c | low(length - 64)) >>> 0, (d | low(length - 96)) >>> 0], i * 4);
  }
  figures['ipv6 routed M/s'] = measure(() => {
    let sum = 0;
    for (let i = 0; i < 4 * LOOKUPS; i += 4)
      sum = (sum + table6.lookup6(keys6[i] as number, keys6[i + 1] as number, keys6[i + 2] as number, keys6[i + 3] as number)) | 0;
    return sum;
  });
  figures['ipv6 bytes MB'] = table6.bytes / 1e6;
  const small = Array.from({ length: 1000 }, (_, n) => {
    const one = new LpmTable(false);
    for (let i = 0; i < 100; i++) one.set((n * 65_536 + i * 256) >>> 0, 0, 0, 0, 24, 1);
    return one;
  });
  figures['100 prefixes KB, each of 1,000 tables'] = small.reduce((sum, one) => sum + one.bytes, 0) / small.length / 1000;
  return figures;
}

/** The same in a process of its own, as those run it who import the library. */
export function benchLookupApart(): Record<string, number> {
  const out = execFileSync(process.execPath, [bundled('lookup'), '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const figures = JSON.parse(out.toString()) as Record<string, number>;
  printFigures(figures);
  return figures;
}

function printFigures(figures: Record<string, number>): void {
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(40)} ${value.toFixed(value < 10 ? 2 : 1)}`);
}

if (process.argv.includes('--json')) console.log(JSON.stringify(benchLookup()));
else if (import.meta.filename === process.argv[1]) benchLookupApart();
