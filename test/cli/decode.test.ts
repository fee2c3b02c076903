import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readPcap, writePcapng } from '../../src/capture/index.js';
import { main } from '../../src/cli/index.js';
import { concatBytes } from '../../src/lib/bytes.js';
import * as mrt from '../support/mrt-records.js';
import { KeptTerminal } from './terminal.js';

const folder = mkdtempSync(join(tmpdir(), 'virtual-router-decode-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function decode(content: string | Uint8Array): Promise<{ code: number; lines: Record<string, unknown>[]; err: string }> {
  const file = join(folder, 'input');
  writeFileSync(file, content);
  const terminal = new KeptTerminal();
  const code = await main(['decode', file], terminal);
  const lines = terminal.out.text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, lines, err: terminal.err.text };
}

const MARKER = 'ffffffff ffffffff ffffffff ffffffff';

test('prints a line for each message of a hex file, malformed ones with their remedy, and stops at none', async () => {
  const { code, lines, err } = await decode(`# two good ones, a bad one between, and one of an unknown type
    ${MARKER} 0013 04
    ${MARKER} 0030 02 0000 0015  40 01 02 0000  40 02 06 02 01 0000fde9  40 03 04 0a000002  18 c00002
    ${MARKER}:0017:02:0000:0000 // End-of-RIB
    ${MARKER} 0014 09 ab
    ${MARKER} 0015 03 06 02`);
  expect([code, err]).toEqual([0, '']);
  expect(lines.map(({ type, error }) => [type, (error as { remedy?: string } | undefined)?.remedy])).toEqual([
    ['keepalive', undefined],
    ['update', 'treat-as-withdraw'],
    ['update', undefined],
    ['unknown', 'reset-session'],
    ['notification', undefined],
  ]);
  expect(lines[1]).toMatchObject({ time: null, from: null, body: { announced: [{ prefix: '192.0.2.0/24' }] } });
  expect(lines[3]).toMatchObject({ error: { code: 1, subcode: 3 } });
  expect(lines[4]).toMatchObject({ body: { code: 6, subcode: 2 } });
});

test('says of a malformed OPEN which NOTIFICATION it deserves, and prints route refreshes', async () => {
  const { code, lines } = await decode(`
    ${MARKER} 001d 01 03 fde9 005a 7f000002 00        # version 3
    ${MARKER} 001d 01 04 fde9 0001 7f000002 00        # a hold time of a second
    ${MARKER} 0020 01 04 fde9 005a 7f000002 03 02 05 01 # a parameter that runs past the end
    ${MARKER} 0017 05 0001 00 01                      # a request for IPv4 unicast
    ${MARKER} 0017 05 0002 01 01                      # the beginning of one for IPv6 unicast (RFC 7313)
  `);
  expect(code).toBe(0);
  expect(lines.map(({ type, error }) => [type, error])).toEqual([
    ['open', { remedy: 'reset-session', code: 2, subcode: 1, message: expect.stringContaining('3') }],
    ['open', { remedy: 'reset-session', code: 2, subcode: 6, message: expect.any(String) }],
    ['open', { remedy: 'reset-session', code: 2, subcode: 0, message: expect.any(String) }],
    ['route-refresh', undefined],
    ['route-refresh', undefined],
  ]);
  expect(lines.slice(3).map(({ body }) => body)).toEqual([
    { afi: 1, safi: 1, family: 'ipv4-unicast', subtype: 0 },
    { afi: 2, safi: 1, family: 'ipv6-unicast', subtype: 1 },
  ]);
});

test('prints the entries of an MRT table as routes, and messages and changes of state beside them', async () => {
  const { code, lines } = await decode(
    concatBytes([mrt.peerIndex, mrt.rib4AddPath, mrt.tableDump6, mrt.bgp4mp.MESSAGE_AS4, mrt.stateChange]),
  );
  expect(code).toBe(0);
  const attributes = { origin: 'igp', asPath: [{ type: 'sequence', asns: [65001, 65010] }], nextHop: '192.0.2.1' };
  const entry = { time: mrt.TIME, from: '192.0.2.1', to: null, type: 'route' };
  const body = {
    prefix: '203.0.113.0/24',
    family: 'ipv4-unicast',
    peer: { address: '192.0.2.1', as: 65001, routerId: '1.1.1.1' },
    originated: mrt.ORIGINATED,
    attributes,
  };
  expect(lines).toEqual([
    { ...entry, body: { ...body, pathId: 5 } },
    { ...entry, body: { ...body, pathId: 6 } },
    {
      ...entry,
      from: '2001:db8::1',
      body: {
        prefix: '2001:db8:1::/48',
        family: 'ipv6-unicast',
        peer: { address: '2001:db8::1', as: 65001 },
        originated: mrt.ORIGINATED,
        attributes: { ...attributes, nextHop: '2001:db8::1' },
      },
    },
    expect.objectContaining({ time: mrt.TIME, from: '192.0.2.1', to: '192.0.2.2', protocol: 'bgp', type: 'update' }),
    {
      ...entry,
      type: 'state-change',
      body: { peer: { address: '192.0.2.1', as: 65001 }, from: 'open-confirm', to: 'established' },
    },
  ]);
});

test('reads pcapng as it reads pcap', async () => {
  const recorded = new Uint8Array(readFileSync(join(import.meta.dirname, '..', 'captures', 'refresh-bird-gobgp.pcap')));
  const frames = [...readPcap(recorded)].flatMap((frame) => ('damage' in frame ? [] : [frame]));
  const [plain, next] = [await decode(recorded), await decode(writePcapng(frames))];
  expect(next).toEqual(plain);
  expect(new Set(next.lines.map(({ type }) => type))).toEqual(new Set(['open', 'keepalive', 'update', 'route-refresh']));
});

test('reads a recorded session, with times and ends', async () => {
  const terminal = new KeptTerminal();
  expect(await main(['decode', join(import.meta.dirname, '..', 'captures', 'bird-frr.pcap')], terminal)).toBe(0);
  const lines = terminal.out.text
    .trimEnd()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as { type: string; time: number; from: string; to: string; error?: unknown; body: Record<string, unknown> },
    );
  expect(new Set(lines.map(({ type }) => type))).toEqual(new Set(['open', 'keepalive', 'update', 'notification']));
  expect(lines.every(({ time, error }) => time > 1.6e9 && error === undefined)).toBe(true);
  expect(lines[0]?.from).toMatch(/^[\d.]+:\d+$/);
  expect(lines.find(({ type }) => type === 'open')?.body).toMatchObject({ version: 4, capabilities: expect.anything() });
});

test('says in one line that a file cannot be read, and exits with 1', async () => {
  expect(await decode('this is prose, not octets')).toMatchObject({
    code: 1,
    lines: [],
    err: expect.stringMatching(/^virtual-router: .* is not a pcap, pcapng, MRT or hex file\n$/),
  });
  const terminal = new KeptTerminal();
  expect(await main(['decode', join(folder, 'absent')], terminal)).toBe(1);
  expect(terminal.err.text).toMatch(/^virtual-router: cannot read .*: no such file or directory\n$/);
  expect(await main(['decode'], new KeptTerminal())).toBe(2);
});

test('reads OSPF, of either version, signed or not', async () => {
  const read = async (name: string) => {
    const terminal = new KeptTerminal();
    expect(await main(['decode', join(import.meta.dirname, '..', 'captures', name)], terminal)).toBe(0);
    return terminal.out.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { protocol: string; type: string; from: string; error?: unknown; body: Record<string, unknown> });
  };
  const broadcast = await read('ospf2-broadcast-bird-frr.pcap');
  expect(broadcast.every(({ protocol, error }) => protocol === 'ospf' && error === undefined)).toBe(true);
  expect(new Set(broadcast.map(({ type }) => type)).size).toBe(5);
  expect(broadcast[0]).toMatchObject({
    type: 'hello',
    from: '10.77.0.1',
    body: { version: 2, routerId: '1.1.1.1', area: '0.0.0.0', helloInterval: 1 },
  });
  expect(JSON.stringify(broadcast)).toContain('"prefix":"203.0.113.1/32","metricType":2,"metric":21');
  const [signed] = await read('ospf3-hmac-sha-256-bird-bird.pcap');
  expect(signed?.body).toMatchObject({
    version: 3,
    options: expect.arrayContaining(['v6', 'r', 'at']),
    authentication: { type: 'cryptographic', keyId: 7 },
  });
});

test('says on standard error how far it is when a file takes longer than a second', async () => {
  const whole = readFileSync(join(import.meta.dirname, '..', 'captures', 'feed-10000-bird-to-frr.pcap'));
  // A fifth of it, to the end of a packet.
  let end = 24;
  while (end < whole.length / 5) end += 16 + whole.readUInt32LE(end + 8);
  const file = join(folder, 'feed.pcap');
  writeFileSync(file, whole.subarray(0, end));
  const quick = new KeptTerminal();
  quick.step = 1; // a look at the clock every so many records: all of it in far less than a second
  expect(await main(['decode', file], quick)).toBe(0);
  expect(quick.err.text).toBe('');
  const slow = new KeptTerminal();
  slow.step = 600;
  expect(await main(['decode', file], slow)).toBe(0);
  const told = slow.err.text.trimEnd().split('\n');
  expect(told.length).toBeGreaterThan(0);
  for (const line of told) expect(line).toMatch(/^\d+ records read, \d+ lines$/);
  // Every other look, which is one for each batch of lines: more than a second has passed since the last word.
  expect(told[0]).toMatch(/ 400 lines$/);
  expect(slow.out.text).toBe(quick.out.text);
});

test('shows progress in a file of packets that hold nothing to print', async () => {
  const packets = 2000;
  const pcap = new DataView(new ArrayBuffer(24 + packets * 76));
  for (const [i, word] of [0xa1b2c3d4, 0x00020004, 0, 0, 65_535, 1].entries()) pcap.setUint32(4 * i, word);
  for (let i = 0; i < packets; i++) {
    pcap.setUint32(24 + i * 76 + 8, 60);
    pcap.setUint32(24 + i * 76 + 12, 60);
    pcap.setUint16(24 + i * 76 + 16 + 12, 0x0806); // ARP
  }
  const name = join(folder, 'arp.pcap');
  writeFileSync(name, new Uint8Array(pcap.buffer));
  const terminal = new KeptTerminal();
  terminal.step = 2000;
  expect(await main(['decode', name], terminal)).toBe(0);
  expect(terminal.out.text).toBe('');
  const soFar = [256, 512, 768, 1024, 1280, 1536, 1792].map((read) => `${read} records read, 0 lines\n`);
  expect(terminal.err.text).toBe(`${soFar.join('')}no BGP or OSPF in ${packets} records\n`);
});

test('says on standard error when frames were recorded without their ends, and when there is nothing to print', async () => {
  const recorded = readFileSync(new URL('../captures/bird-frr.pcap', import.meta.url));
  const frames = [...readPcap(recorded)].filter((frame) => 'bytes' in frame);
  const [{ linkType } = { linkType: 1 }] = frames;
  // As `tcpdump -s 60` writes it: the header of each record says how long the frame was.
  const parts = frames.flatMap((frame) => {
    const head = new DataView(new ArrayBuffer(16));
    head.setUint32(8, Math.min(60, frame.length), true);
    head.setUint32(12, frame.length, true);
    return [new Uint8Array(head.buffer), frame.bytes.slice(0, 60)];
  });
  const start = new DataView(new ArrayBuffer(24));
  start.setUint32(0, 0xa1b2c3d4, true);
  start.setUint16(4, 2, true);
  start.setUint16(6, 4, true);
  start.setUint32(16, 60, true);
  start.setUint32(20, linkType, true);
  const cut = frames.filter(({ length }) => length > 60).length;
  expect(await decode(concatBytes([new Uint8Array(start.buffer), ...parts]))).toEqual({
    code: 0,
    lines: [],
    err: `no BGP or OSPF in ${frames.length} records\n${cut} of ${frames.length} frames were recorded without their ends (tcpdump has them whole with -s 0)\n`,
  });
  expect((await decode(recorded)).err).toBe('');
});

test('prints no time of a packet that has none', async () => {
  const first = readPcap(new Uint8Array(readFileSync(join(import.meta.dirname, '..', 'captures', 'bird-frr.pcap'))));
  const frames = [...first].flatMap((frame) => ('bytes' in frame ? [frame] : []));
  const [frame] = frames;
  if (!frame) throw new Error('no frame');
  const begin = writePcapng([{ ...frame, bytes: new Uint8Array(0) }]);
  const simple = frames.map(({ bytes }) => {
    const padded = (bytes.length + 3) & ~3;
    const block = new DataView(new ArrayBuffer(16 + padded));
    block.setUint32(0, 3);
    block.setUint32(4, 16 + padded);
    block.setUint32(8, bytes.length);
    new Uint8Array(block.buffer).set(bytes, 12);
    block.setUint32(12 + padded, 16 + padded);
    return new Uint8Array(block.buffer);
  });
  const { lines } = await decode(concatBytes([begin, ...simple]));
  expect(lines.length).toBeGreaterThan(5);
  expect(new Set(lines.map(({ time }) => time))).toEqual(new Set([null]));
});
