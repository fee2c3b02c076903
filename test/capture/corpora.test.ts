/** Captures from elsewhere: read where they are. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { inspectMessage, type PathAttributes } from '../../src/bgp/wire/index.js';
import { bgpMessages, type CapturedMessage, isPcap, type MrtRecord, readMrt, readPcap, readPcapng } from '../../src/capture/index.js';
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
        (message): message is CapturedMessage =>
          !('damage' in message) && !message.truncated && message.bytes.subarray(0, 16).every((octet) => octet === 0xff),
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
      const dumped = (records['TABLE_DUMP/AFI_IPv4'] ?? 0) + (records['TABLE_DUMP/AFI_IPv6'] ?? 0);
      // A record of the second kind has an entry for each peer, and may have none.
      const ribs = Object.entries(records)
        .filter(([name]) => /TABLE_DUMP_V2\/RIB_IPV[46]_UNICAST/.test(name))
        .reduce((sum, [, count]) => sum + count, 0);
      const counts: Record<string, number> = {};
      const prefixes = new Set<string>();
      for (const record of readMrt(openCapture(join(root, 'mrt', file)).bytes)) {
        const key = 'damage' in record ? 'damage' : record.type;
        counts[key] = (counts[key] ?? 0) + 1;
        if ('prefix' in record) prefixes.add(record.prefix);
      }
      if (messages > 0) expect(counts.message, file).toBe(messages);
      // Some collector wrote changes of state without the states: those count as damage.
      if (changes > 0) expect((counts['state-change'] ?? 0) + (counts.damage ?? 0), file).toBe(changes);
      if (dumped > 0) expect(counts.route, file).toBe(dumped);
      // Each prefix has one record; BIRD's file holds two dumps.
      if (ribs > 0 && file !== 'mrtparse/bird-mrtdump_rib') expect(prefixes.size, file).toBe(ribs);
    }
  });

  const printed = CORPORA ? readdirSync(join(root, 'mrt', 'bgpdump')).filter((name) => name.endsWith('.bgp.gz')) : [];
  test.each(printed)('MRT: %s, as bgpdump prints it', (name) => {
    const wanted = gunzipSync(readFileSync(join(root, 'mrt', 'bgpdump', name)))
      .toString()
      .trimEnd()
      .split('\n')
      .map(comparable);
    const found = [...readMrt(openCapture(join(root, 'mrt', 'bgpdump', name.replace('.bgp.gz', ''))).bytes)].flatMap(asPrinted);
    const rest = new Map<string, number>();
    for (const line of wanted) rest.set(line, (rest.get(line) ?? 0) + 1);
    for (const line of found) rest.set(line, (rest.get(line) ?? 0) - 1);
    expect([...rest].filter(([, count]) => count !== 0)).toEqual([]);
  });
});

/** A line of `bgpdump -vm` as far as it is compared: its next hop, communities and aggregator are written in ways of its own. */
function comparable(line: string): string {
  const parts = line.split('|');
  const [type, time, kind, peer, as] = parts;
  if (kind === 'W' || kind === 'STATE') return [time, kind, peer, as, ...parts.slice(5)].join('|').replace(/\|$/, '');
  // With path identifiers there is one field more.
  const [pathId, path, origin, , localPref, med] = type?.endsWith('_AP') ? parts.slice(6) : ['', ...parts.slice(6)];
  return [time, kind, peer, as, parts[5], pathId, path, origin, localPref, med].join('|');
}

/** What bgpdump would print of a record, a line for each prefix. */
function asPrinted(record: MrtRecord): string[] {
  if ('damage' in record || record.type === 'unknown') return [];
  const time = Math.floor(record.time);
  if (record.type === 'state-change') return [[time, 'STATE', record.peer.address, record.peer.as, record.from, record.to].join('|')];
  if (record.type === 'route') {
    const { prefix, pathId, peer, attributes } = record;
    return [announced(time, 'B', peer.address, peer.as, prefix, pathId, attributes)];
  }
  const { message } = inspectMessage(record.bytes, record.context);
  if (message?.type !== 'update') return [];
  const { mpReach, mpUnreach } = message.attributes;
  const { from, peerAs } = record;
  return [
    ...[...message.withdrawn, ...(mpUnreach?.nlri ?? [])].map(({ prefix }) => [time, 'W', from, peerAs, prefix].join('|')),
    ...[...message.announced, ...(mpReach?.nlri ?? [])].map(({ prefix, pathId }) =>
      announced(time, 'A', from, peerAs, prefix, pathId, message.attributes),
    ),
  ];
}

function announced(
  time: number,
  kind: string,
  peer: string,
  as: number,
  prefix: string,
  pathId: number | undefined,
  // What is not there it prints as if it were.
  { asPath = [], origin = 'incomplete', localPref = 0, med = 0 }: PathAttributes,
): string {
  const path = asPath.map(({ type, asns }) => (type === 'set' ? `{${asns.join(',')}}` : asns.join(' '))).join(' ');
  return [time, kind, peer, as, prefix, pathId ?? '', path, origin?.toUpperCase(), localPref, med].join('|');
}
