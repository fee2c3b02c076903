/** Captures from elsewhere: read where they are. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { bgpMessages, type CapturedMessage, isPcap, readMrt, readPcap, readPcapng } from '../../src/capture/index.js';
import { openCapture } from '../../src/io/capture-file.js';

const CORPORA = process.env.VIRTUAL_ROUTER_CORPORA;
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe.skipIf(!CORPORA)('the corpora', () => {
  const root = CORPORA ?? '';
  const captures = CORPORA ? readdirSync(root).filter((name) => existsSync(join(root, name, 'messages.json.gz'))) : [];
  /** Captures that differ, and why. */
  const DIFFER: Readonly<Record<string, string>> = {
    'bgp-aigp.pcap': 'Juniper frames, which are not read',
    'bgp-ipv6-aggregate-address.pcapng': 'BGP inside GRE, which is not followed',
    'bgp-bgp_capabilities_print-oobr-1.pcap': 'a message found in the middle of octets that are none',
    'bgp-shutdown-msg-variations.pcap': 'three segments that begin a connection each: the oracle puts them into one',
  };

  test.each(captures)('%s: the messages that an independent reader found', (name) => {
    const oracle = JSON.parse(gunzipSync(readFileSync(join(root, name, 'messages.json.gz'))).toString()) as Record<
      string,
      { bgp?: { type: string; hex: string }[] }
    >;
    for (const [file, { bgp = [] }] of Object.entries(oracle)) {
      if (DIFFER[file] !== undefined) continue;
      const { bytes } = openCapture(join(root, name, file));
      const found = [...bgpMessages(isPcap(bytes) ? readPcap(bytes) : readPcapng(bytes))].filter(
        (message): message is CapturedMessage => !('damage' in message) && !message.truncated,
      );
      const wanted = bgp.filter(({ type }) => !['UNSYNCED', 'TRUNCATED', 'BADLEN'].includes(type)).map((message) => message.hex);
      expect(found.map((message) => text(message.bytes)).sort(), file).toEqual(wanted.sort());
    }
  });

  test('MRT: as many records as the inventory counts, each of them read', () => {
    const inventory = JSON.parse(readFileSync(join(root, 'mrt', 'inventory.json'), 'utf8')) as Record<
      string,
      { records: Record<string, number>; bgp: Record<string, number>; truncated_tail: number }
    >;
    for (const [file, { records }] of Object.entries(inventory)) {
      if (!existsSync(join(root, 'mrt', file))) continue;
      const messages = Object.entries(records)
        .filter(([name]) => /MESSAGE/.test(name))
        .reduce((sum, [, count]) => sum + count, 0);
      const changes = Object.entries(records)
        .filter(([name]) => /BGP4MP.*STATE_CHANGE/.test(name))
        .reduce((sum, [, count]) => sum + count, 0);
      const dumped = records['TABLE_DUMP/AFI_IPv4'] ?? 0;
      const counts: Record<string, number> = {};
      for (const record of readMrt(openCapture(join(root, 'mrt', file)).bytes)) {
        const key = 'damage' in record ? 'damage' : record.type;
        counts[key] = (counts[key] ?? 0) + 1;
      }
      if (messages > 0) expect(counts.message, file).toBe(messages);
      // Some collector wrote changes of state without the states: those count as damage.
      if (changes > 0) expect((counts['state-change'] ?? 0) + (counts.damage ?? 0), file).toBe(changes);
      if (dumped > 0) expect(counts.route, file).toBeGreaterThanOrEqual(dumped);
    }
  });
});
