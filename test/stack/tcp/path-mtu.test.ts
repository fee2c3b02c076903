import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.js';
import { memoryCable, type Port } from '../../../src/stack/index.js';
import { EtherType, Icmp4, Icmp6, Protocol } from '../../../src/stack/wire/codes.js';
import { ETHERNET, writeEthernet } from '../../../src/stack/wire/ethernet.js';
import { checksumIcmp, icmpError } from '../../../src/stack/wire/icmp.js';
import { IPV4, writeIpv4 } from '../../../src/stack/wire/ipv4.js';
import { IPV6, writeIpv6 } from '../../../src/stack/wire/ipv6.js';
import { put32, u16, u32 } from '../../../src/stack/wire/octets.js';
import { GuestStack } from '../../support/guest-stack.js';
import { pattern, Sink } from './path.js';

const NARROW = 1300;

/** A port before which there is a router with a narrow way beyond, that says so by ICMP; `forge` changes the sequence number that it quotes. */
function narrowed(port: Port, forge: boolean): Port & { told: number } {
  let receiver: Parameters<Port['listen']>[0];
  const wrapped = {
    mtu: port.mtu,
    told: 0,
    listen: (own: typeof receiver) => {
      receiver = own;
      port.listen(own);
    },
    close: () => port.close(),
    send: (b: Uint8Array, start: number, end: number) => {
      const packet = b.slice(start + ETHERNET, end);
      if (packet.length <= NARROW) return port.send(b, start, end);
      wrapped.told++;
      const four = (packet[0] ?? 0) >> 4 === 4;
      const header = four ? IPV4 : IPV6;
      if (forge) put32(packet, header + 4, u32(packet, header + 4) ^ 0x4000_0000);
      const message = icmpError(four ? Icmp4.unreachable : Icmp6.packetTooBig, four ? 4 : 0, NARROW, packet.slice(0, header + 8));
      const source = four ? packet.slice(16, 20) : packet.slice(24, 40);
      const target = four ? packet.slice(12, 16) : packet.slice(8, 24);
      if (four) checksumIcmp(message, 0, message.length);
      else checksumIcmp(message, 0, message.length, source, target);
      const frame = new Uint8Array(ETHERNET + header + message.length);
      writeEthernet(frame, 0, b.slice(start + 6, start + 12), b.slice(start, start + 6), four ? EtherType.ipv4 : EtherType.ipv6);
      if (four) writeIpv4(frame, ETHERNET, { source, target, protocol: Protocol.icmp, payload: message.length, ttl: 64 });
      else writeIpv6(frame, ETHERNET, { source, target, protocol: Protocol.icmp6, payload: message.length, hopLimit: 64 });
      frame.set(message, ETHERNET + header);
      expect(four ? u16(packet, 6) & 0x4000 : 0x4000).toBe(0x4000); // DF: else nobody would say
      receiver?.(frame, 0, frame.length);
    },
  };
  return wrapped;
}

test.each([
  ['10.0.0.2', false],
  ['fd00::2', false],
  ['10.0.0.2', true],
])('to %s a narrower way is heard of, and what did not pass goes out anew; forged: %s', (address, forged) => {
  const clock = new ManualClock(1_000_000);
  const [x, y] = memoryCable();
  const narrow = narrowed(x, forged);
  const prefixes = ['10.0.0.0/24', 'fd00::/64'];
  const a = new GuestStack(clock, narrow, {
    mac: '02:00:00:00:00:01',
    addresses: ['10.0.0.1', 'fd00::1'],
    prefixes,
    router: ['10.0.0.2', 'fd00::2'],
  });
  const b = new GuestStack(clock, y, {
    mac: '02:00:00:00:00:02',
    addresses: ['10.0.0.2', 'fd00::2'],
    prefixes,
    router: ['10.0.0.1', 'fd00::1'],
  });
  const far: Sink[] = [];
  b.tcp.listen(179, { security: () => undefined, accepted: (connection) => far.push(new Sink(connection)) });
  a.tcp.dial(
    { remote: { address, port: 179 } },
    { connected: (connection) => void connection.write(pattern(0, 100_000)), failed: (reason) => expect(reason).toBe('connected') },
  );
  clock.advance(1000);
  if (forged) {
    expect(far[0]?.octets).toBe(0);
    expect(a.stack.local.pathMtu(address)).toBe(1500);
    return;
  }
  expect([far[0]?.octets, far[0]?.right]).toEqual([100_000, true]);
  expect(a.stack.local.pathMtu(address)).toBe(NARROW);
  // The ten of the first window at most; nothing waited for a timeout.
  expect(narrow.told).toBeLessThanOrEqual(10);
});

/** A guest, who is told by `tell` that of what it sent to 10.0.0.2 no more than so many octets pass. */
function told(protocol: number) {
  const clock = new ManualClock(1_000_000);
  const [x, y] = memoryCable();
  const a = new GuestStack(clock, x, {
    mac: '02:00:00:00:00:01',
    addresses: ['10.0.0.1'],
    prefixes: ['10.0.0.0/24'],
    router: ['10.0.0.2'],
  });
  return { clock, a, tell: (mtu: number) => tell(y, protocol, mtu) };
}

function tell(y: Port, protocol: number, mtu: number): void {
  const about = new Uint8Array(IPV4 + 8);
  const [source, target] = [Uint8Array.of(10, 0, 0, 1), Uint8Array.of(10, 0, 0, 2)];
  writeIpv4(about, 0, { source, target, protocol, payload: 8, ttl: 64 });
  const message = icmpError(Icmp4.unreachable, 4, mtu, about);
  checksumIcmp(message, 0, message.length);
  const frame = new Uint8Array(ETHERNET + IPV4 + message.length);
  writeEthernet(frame, 0, Uint8Array.of(2, 0, 0, 0, 0, 1), Uint8Array.of(2, 0, 0, 0, 0, 2), EtherType.ipv4);
  writeIpv4(frame, ETHERNET, { source: target, target: source, protocol: Protocol.icmp, payload: message.length, ttl: 64 });
  frame.set(message, ETHERNET + IPV4);
  y.send(frame, 0, frame.length);
}

test.each([17, 50])('who says that what protocol %i carried was too big is not believed: nobody knows whether we sent it', (protocol) => {
  const { a, tell } = told(protocol);
  tell(600);
  expect([a.stack.local.pathMtu('10.0.0.2'), [...a.stack.links.values()][0]?.drops['source-not-held']]).toEqual([1500, 0]);
});

test('who says that more passes than somebody said before is not believed: that may be old (RFC 1191 §3, RFC 8201 §4)', () => {
  const { clock, a, tell } = told(17);
  a.stack.local.register(17, { receive: () => {}, error: () => true });
  const after = [900, 1200, 600, 700].map((mtu) => {
    tell(mtu);
    return a.stack.local.pathMtu('10.0.0.2');
  });
  expect(after).toEqual([900, 900, 600, 600]);
  clock.advance(600_001);
  tell(1200);
  expect(a.stack.local.pathMtu('10.0.0.2')).toBe(1200);
});
