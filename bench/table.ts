import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { formatAddress } from '../src/lib/address.js';
import { maskBytes } from '../src/lib/prefix.js';
import { seeded } from '../src/lib/random.js';

/** A routing table's prefixes by length in June 2026, IPv4 and IPv6, in thousandths. */
const LENGTHS: Readonly<Record<'ipv4' | 'ipv6', Readonly<Record<number, number>>>> = {
  ipv4: { 16: 13, 17: 8, 18: 13, 19: 24, 20: 43, 21: 48, 22: 108, 23: 99, 24: 644 },
  ipv6: { 29: 20, 32: 170, 36: 30, 40: 80, 44: 90, 46: 20, 47: 20, 48: 570 },
};

/** Where the corpora lie, if anywhere. */
export function corpora(): string | undefined {
  const named = process.env.VIRTUAL_ROUTER_CORPORA ?? join(import.meta.dirname ?? '.', '..', '..', 'shared', 'corpora');
  return existsSync(named) ? named : undefined;
}

/** Prefixes with the AS that originates each: the real table where it is there, else one made with its lengths. */
export function originatedTable(family: 'ipv4' | 'ipv6', count: number): (readonly [prefix: string, origin: number])[] {
  const folder = corpora();
  const file = folder && join(folder, 'table', `${family}-prefix-origin.txt.gz`);
  const seen = new Set<string>();
  const table: (readonly [string, number])[] = [];
  if (file && existsSync(file)) {
    for (const line of gunzipSync(readFileSync(file)).toString().split('\n')) {
      const [prefix, origin] = line.split(' ');
      if (!prefix || !origin || seen.has(prefix)) continue;
      seen.add(prefix);
      table.push([prefix, Number(origin)]);
      if (table.length >= count) break;
    }
  }
  const random = seeded(20_260_601);
  const lengths = Object.entries(LENGTHS[family]).flatMap(([length, share]) => new Array<number>(share).fill(Number(length)));
  while (table.length < count) {
    const bytes = new Uint8Array(family === 'ipv4' ? 4 : 16).map(() => Math.floor(random() * 256));
    bytes[0] = family === 'ipv4' ? 1 + Math.floor(random() * 222) : 0x20 + Math.floor(random() * 16);
    if (bytes[0] === 127 || bytes[0] === 10) continue;
    const length = lengths[Math.floor(random() * lengths.length)] ?? 24;
    const prefix = `${formatAddress(maskBytes(bytes, length))}/${length}`;
    if (seen.has(prefix)) continue;
    seen.add(prefix);
    // Few networks originate many prefixes, and none of them is an AS of the benchmark's.
    table.push([prefix, 100_000 + Math.floor(78_600 * random() ** 3)]);
  }
  return table;
}

/** Prefixes alone, in an order that says nothing. */
export function fullTable(family: 'ipv4' | 'ipv6', count: number): string[] {
  const prefixes = originatedTable(family, count).map(([prefix]) => prefix);
  const random = seeded(7);
  for (let i = prefixes.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [prefixes[i], prefixes[j]] = [prefixes[j] as string, prefixes[i] as string];
  }
  return prefixes;
}
