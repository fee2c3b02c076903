/** BFD packets from one guest as fast as its kernel sends them, while another's session at 50 ms x 3 goes on. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { BfdPort } from '../../src/bfd/index.js';
import { parseAddress } from '../../src/lib/address.js';
import { EtherType, Protocol } from '../../src/stack/wire/codes.js';
import { ETHERNET, writeEthernet } from '../../src/stack/wire/ethernet.js';
import { IPV4, writeIpv4 } from '../../src/stack/wire/ipv4.js';
import { udpDatagram } from '../../src/stack/wire/udp.js';
import { ADDRESS, configuration, ROUTER, startBird } from './support/bfd-guest.js';
import { bird } from './support/bird.js';
import { type Line, startCommand } from './support/command.js';
import { daemonsPresent } from './support/daemons.js';
import { Lab, type LabNode } from './support/lab.js';
import { undisturbed } from './support/undisturbed.js';

const FLOOD = fileURLToPath(new URL('support/flood.py', import.meta.url));
const SECONDS = 4;
/** Milliseconds. */
const INTERVAL = 50;
/** Different source ports. */
const FRAMES = 1024;

const macOf = ({ number }: LabNode): Uint8Array => Uint8Array.of(2, 0, 0, 0, 0, number);

/** What says that BFD of `source` is down. */
function frame(from: LabNode, to: LabNode, source: string, port: number): Uint8Array {
  const hello = Uint8Array.of(0x20, 0x40, 3, 24, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 0, 0x0f, 0x42, 0x40, 0, 0, 0, 0);
  const [own, far] = [parseAddress(source), parseAddress(ROUTER)];
  const datagram = udpDatagram(own, port, far, BfdPort.singleHop, hello);
  const made = new Uint8Array(ETHERNET + IPV4 + datagram.length);
  writeEthernet(made, 0, macOf(to), macOf(from), EtherType.ipv4);
  writeIpv4(made, ETHERNET, { source: own, target: far, protocol: Protocol.udp, payload: datagram.length, ttl: 255 });
  made.set(datagram, ETHERNET + IPV4);
  return made;
}

/** Datagrams that programs in a node have read. */
async function read(lab: Lab, node: LabNode): Promise<number> {
  const [names = [], values = []] = (await lab.exec(node, 'cat', ['/proc/net/snmp']))
    .split('\n')
    .filter((line) => line.startsWith('Udp: '))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf('InDatagrams')]);
}

async function scenario(source: string): Promise<void> {
  await using lab = await Lab.create();
  const [own, guest, flooder] = [await lab.node('router'), await lab.node('guest'), await lab.node('flooder')];
  const more = '  - address: 10.77.0.3\n    as: 65002\n    passive: true\n    bfd: { minTx: 50, minRx: 50 }\n';
  const router = await startCommand(lab, own, `${configuration(INTERVAL)}${more}`);
  await startBird(lab, guest, INTERVAL);
  await lab.waitFor('the guest holds the address', () => router.holds(ADDRESS, 'guest'));
  await router.next('BFD is up', ({ event, to }) => event === 'bfd-change' && to === 'up');
  router.forget();
  const file = join(flooder.directory, 'frames');
  writeFileSync(
    file,
    Array.from({ length: FRAMES }, (_, i) => Buffer.from(frame(flooder, own, source, 49_152 + i)).toString('hex')).join('\n'),
  );
  const before = await read(lab, own);
  const said = await lab.exec(flooder, 'python3', [FLOOD, 'eth0', file, String(SECONDS)], { timeout: 40_000 });
  const sent = Number(said.replace('sent ', ''));
  expect(sent).toBeGreaterThan(SECONDS * 10_000);
  const isDown = ({ event, from }: Line): boolean => event === 'bfd-change' && from === 'up';
  expect(router.events().filter(isDown)).toEqual([]);
  await lab.link(guest, 'down');
  const lost = await router.next('the guest is lost', isDown);
  await lab.waitFor('the address goes back', () => router.holds(ADDRESS, 'spare'));
  expect(lost.diagnostic).toBe('detection-time-expired');
  expect((await read(lab, own)) - before).toBeGreaterThan(sent / 2);
  console.log(
    said.trim(),
    router.count(({ event }) => event === 'bfd-stall'),
  );
}

it.skipIf(!daemonsPresent().present.includes(bird)).each([
  ['one who is watched too', '10.77.0.3'],
  ['a stranger', '10.77.0.99'],
])('%s ends no session but its own', (_who, source) => undisturbed(INTERVAL, () => scenario(source)));
