/** Full-table feeds as octets, made before any clock runs: the same for every router under test. */
import { parsePrefix } from '../src/lib/prefix.js';
import { seeded } from '../src/lib/random.js';
import { originatedTable } from './table.js';

export interface FeedOptions {
  readonly prefixes: number;
  /** AS of the sender, first in each path. */
  readonly as: number;
  readonly nextHop: string;
  /** Same prefixes, other attributes. Default 1. */
  readonly seed?: number;
  /** Takes the prefixes from this place of the table. Default 0. */
  readonly from?: number;
}

export interface Feed {
  /** UPDATEs, one after another. */
  readonly bytes: Buffer;
  readonly updates: number;
  readonly prefixes: number;
}

/**
 * About one UPDATE for five prefixes: those of one origin share a path, in groups of geometrically distributed size, and groups come
 * in an order that says nothing about addresses.
 */
export function makeFeed({ prefixes, as, nextHop, seed = 1, from = 0 }: FeedOptions): Feed {
  const table = originatedTable('ipv4', from + prefixes).slice(from);
  const random = seeded(seed);
  const byOrigin = new Map<number, string[]>();
  for (const [prefix, origin] of table) {
    const list = byOrigin.get(origin);
    if (list) list.push(prefix);
    else byOrigin.set(origin, [prefix]);
  }
  const groups: { readonly origin: number; readonly prefixes: readonly string[] }[] = [];
  for (const [origin, list] of byOrigin) {
    for (let i = 0; i < list.length; ) {
      const size = Math.max(1, Math.round(-Math.log(1 - random()) * 8));
      groups.push({ origin, prefixes: list.slice(i, i + size) });
      i += size;
    }
  }
  for (let i = groups.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [groups[i], groups[j]] = [groups[j] as (typeof groups)[0], groups[i] as (typeof groups)[0]];
  }
  const messages = groups.map((group) => update(group.prefixes, attributes(group.origin, as, nextHop, random)));
  return { bytes: Buffer.concat(messages), updates: messages.length, prefixes: table.length };
}

function attributes(origin: number, as: number, nextHop: string, random: () => number): number[] {
  const path = [as];
  for (let left = 1 + Math.floor(random() * 5); left > 0; left--) {
    const hop = 1000 + Math.floor(random() * 64_000);
    path.push(hop === 23_456 ? 1000 : hop); // AS_TRANS is nobody's (RFC 6793 §9): such a path is refused
  }
  path.push(origin);
  const block = [0x40, 1, 1, random() < 0.9 ? 0 : 2, 0x40, 2, 2 + 4 * path.length, 2, path.length, ...path.flatMap(u32)];
  block.push(0x40, 3, 4, ...nextHop.split('.').map(Number));
  if (random() < 0.2) block.push(0x80, 4, 4, ...u32(Math.floor(random() * 100)));
  if (random() < 0.03) block.push(0x40, 6, 0, 0xc0, 7, 8, ...u32(origin), 192, 0, 2, 1);
  if (random() < 0.6) {
    const count = 1 + Math.floor(random() * 6);
    block.push(0xc0, 8, 4 * count);
    for (let i = 0; i < count; i++) block.push(...u32((path[1 + (i % 2)] ?? 1) * 65_536 + Math.floor(random() * 2000)));
  }
  if (random() < 0.15) block.push(0xc0, 32, 12, ...u32(path[1] ?? 1), ...u32(1), ...u32(Math.floor(random() * 5000)));
  return block;
}

function update(prefixes: readonly string[], block: readonly number[]): Buffer {
  const nlri = prefixes.flatMap((text) => {
    const { bytes, length } = parsePrefix(text);
    return [length, ...bytes.subarray(0, (length + 7) >> 3)];
  });
  const message = Buffer.alloc(23 + block.length + nlri.length, 0xff);
  message.writeUInt16BE(message.length, 16);
  message[18] = 2;
  message.writeUInt16BE(0, 19);
  message.writeUInt16BE(block.length, 21);
  message.set(block, 23);
  message.set(nlri, 23 + block.length);
  return message;
}

function u32(value: number): number[] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}
