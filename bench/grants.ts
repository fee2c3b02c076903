import { originatedTable } from './table.js';
import type { Neighbour } from './targets.js';

/** The grants of the second figure: 10,000, for blocks of addresses, such that one prefix in a hundred of the table is not covered. */
export function manyGrants(prefixes: number): {
  readonly yaml: (neighbours: readonly Neighbour[]) => string;
  readonly accepted: number;
  /** Grants that the feed uses: the narrowest of the sender's that covers each prefix. */
  readonly used: number;
} {
  const table = originatedTable('ipv4', prefixes).map(([prefix]) => prefix);
  // Prefixes by their /12: 10,000 grants are some of them whole, and the rest cut into /20s of the fullest.
  const inside = new Map<string, number>();
  const blockOf = (prefix: string): string => {
    const [address = '', length = '0'] = prefix.split('/');
    const [a = 0, b = 0] = address.split('.').map(Number);
    return Number(length) < 12 ? prefix : `${a}.${b & 0xf0}.0.0/12`;
  };
  for (const prefix of table) inside.set(blockOf(prefix), (inside.get(blockOf(prefix)) ?? 0) + 1);
  const blocks = [...inside].sort((x, y) => x[1] - y[1]);
  const left: string[] = [];
  let refused = 0;
  // The thinnest blocks go ungranted, until one in a hundred prefixes has no grant.
  while (blocks.length > 0 && refused + (blocks[0]?.[1] ?? 0) <= prefixes / 100) {
    const [block = '', count = 0] = blocks.shift() ?? [];
    left.push(block);
    refused += count;
  }
  const grants = blocks.map(([prefix]) => `    - { node: sender, prefix: ${prefix}, le: 32, as: gateway }`);
  const narrow = new Set<string>();
  // Finer grants of the sender's inside its blocks, as delegations would be; and others' elsewhere.
  for (let i = 0; grants.length < 10_000; i++) {
    const [block = '0.0.0.0/12'] = blocks[i % blocks.length] ?? [];
    const [a = 0, b = 0] = block.split('.').map(Number);
    const part = Math.floor(i / blocks.length);
    if (part >= 256) break;
    const prefix = `${a}.${(b & 0xf0) | (part >> 4)}.${(part & 15) << 4}.0/20`;
    if (!block.endsWith('/12')) continue;
    if (i % 3 !== 0) narrow.add(prefix);
    grants.push(`    - { id: part-${i}, node: ${i % 3 === 0 ? 'receiver' : 'sender'}, prefix: ${prefix}, ge: 20, le: 24, as: gateway }`);
  }
  const yaml = (neighbours: readonly Neighbour[]): string =>
    [
      'as: 65000',
      'routerId: 1.1.1.1',
      'listen: [{ address: 10.99.1.1, port: 1790 }]',
      'network:',
      `  reserve: { ipv4: ${prefixes} }`,
      '  nodes:',
      ...neighbours.map(({ address }, i) => `    - { name: ${i === 0 ? 'sender' : 'receiver'}, addresses: [${address}] }`),
      '  grants:',
      ...grants,
      'neighbours:',
      ...neighbours.map(({ address, as }) => `  - { address: ${address}, as: ${as}, passive: true, export: claims }`),
      '',
    ].join('\n');
  const ungranted = new Set(left);
  const used = new Set<string>();
  for (const prefix of table) {
    const [address = '', length = '0'] = prefix.split('/');
    const [a = 0, b = 0, c = 0] = address.split('.').map(Number);
    const part = `${a}.${b}.${c & 0xf0}.0/20`;
    if (Number(length) >= 20 && Number(length) <= 24 && narrow.has(part)) used.add(part);
    else if (!ungranted.has(blockOf(prefix))) used.add(blockOf(prefix));
  }
  return { yaml, accepted: prefixes - refused, used: used.size };
}
