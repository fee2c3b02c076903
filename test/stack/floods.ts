/** Floods that a guest may make, by what they are of: each sends its frame number `n`. */
import { parseAddress } from '../../src/lib/address.js';
import { Protocol } from '../../src/stack/wire/codes.js';
import { neighbourAdvertisement, neighbourSolicitation } from '../../src/stack/wire/nd.js';
import { checksumTcp, encodeTcp, TcpFlag } from '../../src/stack/wire/tcp.js';
import { encodeVrrp } from '../../src/vrrp/wire/index.js';
import { hex } from '../support/hex.js';
import type { Guest } from './guest.js';

/** The flooder has 10.0.1.10 and 2001:db8::a, the router 10.0.1.1 and 2001:db8::1. */
export function floodsOf(guest: Guest): Readonly<Record<string, (n: number) => void>> {
  const own = parseAddress('10.0.1.10');
  const router = parseAddress('10.0.1.1');
  const number = (n: number): string => `10.0.${8 + ((n >> 8) & 7)}.${n & 255}`;
  const address = (n: number): Uint8Array => Uint8Array.of(...parseAddress('2001:db8::').subarray(0, 12), 1, n >> 16, n >> 8, n);
  return {
    ARP: (n) => guest.arp(1, '10.0.1.10', `10.0.1.${n & 255}`),
    'gratuitous ARP': (n) => guest.arp(1, number(n), number(n)),
    'Neighbour Discovery': (n) =>
      guest.ipv6(parseAddress('2001:db8::a'), parseAddress('ff02::1:ff00:1'), 58, neighbourSolicitation(address(n), guest.mac), 255, true),
    'unsolicited advertisements': (n) =>
      guest.ipv6(address(n), parseAddress('ff02::1'), 58, neighbourAdvertisement(address(n), guest.mac, 0x20), 255, true),
    echo: () => guest.echo('10.0.1.10', '10.0.1.1'),
    fragments: (n) => guest.ipv4('10.0.1.10', '10.0.1.1', { fragment: 0x2000 | (n & 1), id: n & 0xffff, payload: new Uint8Array(1400) }),
    'packets to nowhere': (n) => guest.ipv4('10.0.1.10', `10.77.${n & 255}.1`),
    'unknown unicast': () => guest.raw(hex('020000000077 02000000000a 0800 4500')),
    'false sources': (n) => guest.ipv4(`10.9.${(n >> 8) & 255}.${n & 255}`, '10.0.1.11'),
    SYNs: (n) => {
      const syn = { seq: n << 8, ack: 0, flags: TcpFlag.syn, window: 1024, payload: new Uint8Array(0), mss: 1400 };
      const payload = encodeTcp(syn, 1024 + (n % 60_000), 179, 0);
      checksumTcp(payload, own, router);
      guest.ipv4('10.0.1.10', '10.0.1.1', { protocol: Protocol.tcp, payload });
    },
    VRRP: (n) => {
      const fields = {
        version: 2,
        virtualRouterId: 1 + (n % 255),
        priority: 1,
        interval: 1000,
        addresses: [parseAddress(number(n))],
      } as const;
      const payload = encodeVrrp(fields, own, parseAddress('224.0.0.18'));
      guest.ipv4('10.0.1.10', '224.0.0.18', { protocol: 112, payload, ttl: 255 });
    },
  };
}
