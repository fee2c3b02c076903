import { describe, expect, test } from 'vitest';
import { BfdPackets } from '../../bench/bfd-record.js';
import { encodeControl } from '../../src/bfd/wire/packet.js';
import { writePcap } from '../../src/capture/index.js';
import { parseAddress } from '../../src/lib/address.js';
import { EtherType, Protocol } from '../../src/stack/wire/codes.js';
import { ETHERNET, writeEthernet } from '../../src/stack/wire/ethernet.js';
import { IPV4, writeIpv4 } from '../../src/stack/wire/ipv4.js';
import { udpDatagram } from '../../src/stack/wire/udp.js';

const [GUEST, OTHER, ROUTER] = ['10.98.1.2', '10.98.1.5', '10.98.1.1'];
/** Milliseconds since the epoch, and those that a side may be silent. */
const START = 1_700_000_000_000;
const ALLOWED = 29;
const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);

/** When, who, and what it says of the session. */
type Word = readonly [after: number, from: string, state: 'up' | 'down'];

function frame(from: string, to: string, state: 'up' | 'down'): Uint8Array {
  const [source, target] = [parseAddress(from), parseAddress(to)];
  const packet = encodeControl({
    diagnostic: 'none',
    state,
    poll: false,
    final: false,
    controlPlaneIndependent: false,
    demand: false,
    multiplier: 3,
    myDiscriminator: 1,
    yourDiscriminator: 2,
    desiredMinTx: 10_000,
    requiredMinRx: 10_000,
    requiredMinEchoRx: 0,
  });
  const datagram = udpDatagram(source, 49_152, target, 3784, packet);
  const made = new Uint8Array(ETHERNET + IPV4 + datagram.length);
  writeEthernet(made, 0, MAC, MAC, EtherType.ipv4);
  writeIpv4(made, ETHERNET, { source, target, protocol: Protocol.udp, payload: datagram.length, ttl: 255 });
  made.set(datagram, ETHERNET + IPV4);
  return made;
}

/** Both say every 10 ms from 0 to 100 that they are up; `left` takes away some of it. */
const talk = (left: (after: number, from: string) => boolean = () => false): Word[] =>
  Array.from({ length: 11 }, (_, i) => [GUEST, ROUTER].map((from, k): Word => [10 * i + k, from, 'up']))
    .flat()
    .filter(([after, from]) => !left(after, from));

function judged(words: readonly Word[], guest = GUEST, at = 120) {
  const frames = words.map(([after, from, state]) => ({
    time: (START + after) / 1000,
    bytes: frame(from, from === ROUTER ? GUEST : ROUTER, state),
  }));
  const { fault, since, story } = new BfdPackets(writePcap(frames, 1)).judge(guest, ROUTER, START + at, ALLOWED);
  return { fault, since: Math.round(since - START), story };
}

describe('whose fault it was that a BFD session ended', () => {
  const quietGuest = talk((after, from) => from === GUEST && after > 70);
  const quietRouter = talk((after, from) => from === ROUTER && after > 70);
  test.each<[string, readonly Word[], ReturnType<typeof judged>['fault'], number]>([
    ['the guest’s, which fell silent', [...quietGuest, [105, ROUTER, 'down']], 'guest', 70],
    ['the router’s, which was deaf to a guest that spoke', [...talk(), [105, ROUTER, 'down']], 'router', 100],
    ['the router’s, which fell silent', [...quietRouter, [105, GUEST, 'down']], 'router', 61],
    ['the guest’s, which was deaf to a router that spoke', [...talk(), [105, GUEST, 'down']], 'guest', 101],
  ])('%s', (_whose, words, fault, since) => {
    expect(judged(words)).toMatchObject({ fault, since });
  });

  test('is said of who gave up first, whatever the other says after it', () => {
    expect(judged([...quietGuest, [105, ROUTER, 'down'], [106, GUEST, 'down']])).toMatchObject({
      fault: 'guest',
      story: expect.stringMatching('the router gave up'),
    });
  });

  test('is that of the last time, where it happened twice', () => {
    const again = talk().map(([after, from, state]): Word => [after + 200, from, state]);
    expect(judged([...quietGuest, [105, ROUTER, 'down'], [110, GUEST, 'down'], ...again, [305, ROUTER, 'down']], GUEST, 320)).toMatchObject(
      {
        fault: 'router',
      },
    );
  });

  test('is nobody’s where none says that it is down, or others do', () => {
    expect(judged(talk())).toMatchObject({ fault: 'nobody' });
    expect(judged([...quietGuest, [105, ROUTER, 'down']], OTHER)).toMatchObject({ fault: 'nobody' });
  });
});
