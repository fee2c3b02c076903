/**
 * Reads a routing table from an MRT file and says which AS originates how much of it. Give it a dump of a route collector, gzip or
 * bzip2 around it or not: `npx tsx examples/mrt-table.ts rib.20261124.0000.bz2`. Without one it reads the small table below.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCapture } from '../src/index.js';
import { type MrtRoute, readMrt } from '../src/testing.js';

/** A peer and three routes, as `xxd -p` shows them. */
const SMALL = `
69248100000d000100000015c00002010000000102c0000201c00002010000fbf4
69248100000d00020000002a0000000018c6336400010000692459f000184001010040020a02020000fbf40000fbfe400304c0000201
69248100000d00020000002e0000000118cb007100010000692459f0001c4001010040020e02030000fbf40000fbff0000fbfe400304c0000201
69248100000d00040000003a000000023020010db8010000010000692459f000254001010040020a02020000fbf40000fc00800e1110
20010db8000000000000000000000001`;

const folder = mkdtempSync(join(tmpdir(), 'mrt-'));
const small = join(folder, 'small.mrt');
writeFileSync(small, Buffer.from(SMALL.replaceAll('\n', ''), 'hex'));

const origins = new Map<number | 'unknown', number>();
let routes = 0;
for (const record of readMrt(openCapture(process.argv[2] ?? small).bytes)) {
  if ('damage' in record) console.error(`damage at octet ${record.offset}: ${record.damage}`);
  else if (record.type === 'route') {
    routes++;
    if (routes <= 3) console.log(`${record.prefix} from ${record.peer.address}, AS ${record.peer.as}, path ${pathOf(record).join(' ')}`);
    const origin = pathOf(record).at(-1) ?? 'unknown';
    origins.set(origin, (origins.get(origin) ?? 0) + 1);
  }
}
rmSync(folder, { recursive: true });

console.log(`${routes} routes of ${origins.size} origins; the largest:`);
for (const [origin, count] of [...origins].sort((x, y) => y[1] - x[1]).slice(0, 5)) console.log(`  AS ${origin}  ${count}`);

function pathOf({ attributes }: MrtRoute): number[] {
  return (attributes.asPath ?? []).flatMap(({ asns }) => asns);
}
