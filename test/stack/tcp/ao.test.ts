import { describe, expect, test } from 'vitest';
import type { AoAlgorithm, MasterKey } from '../../../src/lib/transport.js';
import { AoAuthentication } from '../../../src/stack/tcp/ao.js';
import { cmac } from '../../../src/stack/tcp/ao-keys.js';
import { decodeTcp } from '../../../src/stack/wire/tcp.js';
import { hex } from '../../support/hex.js';
import { Path } from './path.js';

const text = (secret: string) => Uint8Array.from(secret, (character) => character.charCodeAt(0));
const key = (
  sendId: number,
  receiveId: number,
  secret: string,
  algorithm: AoAlgorithm = 'hmac-sha-1-96',
  coverOptions = true,
): MasterKey => ({
  sendId,
  receiveId,
  secret: text(secret),
  algorithm,
  coverOptions,
});

/** Whole packets of RFC 9235: a SYN, its answer, and a segment each way. */
const VECTORS: readonly (readonly [section: string, algorithm: AoAlgorithm, coverOptions: boolean, packets: readonly string[]])[] = [
  [
    '4.2',
    'hmac-sha-1-96',
    false,
    [
      '45e0004c 53994000 ff0648e2 0a0b0c0d ac1b1c1d ff1200b3 cb0efbee 00000000 e002ffff 541f0000 020405b4 01030308 0402080a 00024cce 00000000 1d103d54 80af3cfe b8536893 7b8f9ec2',
      '45e0004c 32844000 ff0669f7 ac1b1c1d 0a0b0c0d 00b3ff12 acd5b5e1 cb0efbef e012ffff 388e0000 020405b4 01030308 0402080a 576772f3 00024cce 1d10543d 09306f9a cea63a8c 68cb9a70',
      '45e00087 a8f54000 ff06f34a 0a0b0c0d ac1b1c1d ff1200b3 cb0efbef acd5b5e2 c0180104 6c450000 0101080a 00024cce 576772f3 1d103d54 710608cc 696c03a2 71c93aa5 ffffffffffffffffffffffffffffffff 00430104 dabf00b4 0a0b0c0d 26020601 04000100 01020280 00020202 00020242 00020641 040000da bf020840 06006400 010100',
      '45e00087 54374000 ff064809 ac1b1c1d 0a0b0c0d 00b3ff12 acd5b5e2 cb0efc32 c0180100 46b60000 0101080a 576772f3 00024cce 1d10543d 97766e48 ac262de9 ae61b4f9 ffffffffffffffffffffffffffffffff 00430104 dac000b4 ac1b1c1d 26020601 04000100 01020280 00020202 00020242 00020641 040000da c0020840 06006400 010100',
    ],
  ],
  [
    '5.1',
    'aes-128-cmac-96',
    true,
    [
      '45e0004c 7b9f4000 ff0620dc 0a0b0c0d ac1b1c1d c4fa00b3 787a1ddf 00000000 e002ffff 5a0f0000 020405b4 01030308 0402080a 00017ed0 00000000 1d103d54 e477e99c 80407654 98e55091',
      '45e0004c 4bad4000 ff0650ce ac1b1c1d 0a0b0c0d 00b3c4fa fadd6de9 787a1de0 e012ffff f3f20000 020405b4 01030308 0402080a 93f4e9e8 00017ed0 1d10543d d6ada7bc 4cdd536d 1769db5f',
      '45e00087 fb4f4000 ff06a0f0 0a0b0c0d ac1b1c1d c4fa00b3 787a1de0 fadd6dea c0180104 95050000 0101080a 00017ed0 93f4e9e8 1d103d54 77412742 fa4dc433 eff0973e ffffffffffffffffffffffffffffffff 00430104 dabf00b4 0a0b0c0d 26020601 04000100 01020280 00020202 00020242 00020641 040000da bf020840 06006400 010100',
      '45e00087 b9144000 ff06e32b ac1b1c1d 0a0b0c0d 00b3c4fa fadd6dea 787a1e23 c0180100 e7db0000 0101080a 93f4e9e8 00017ed0 1d10543d f6d965a7 8382a748 45f72dac ffffffffffffffffffffffffffffffff 00430104 dac000b4 ac1b1c1d 26020601 04000100 01020280 00020202 00020242 00020641 040000da c0020840 06006400 010100',
    ],
  ],
  [
    '6.1',
    'hmac-sha-1-96',
    true,
    [
      '6e0891dc 00380640 fd000000000000000000000000000001 fd000000000000000000000000000002 f7e400b3 176a833f 00000000 e002ffff 47210000 020405a0 01030308 0402080a 0041d087 00000000 1d103d54 9033ec3d 7334b64c 5edd039f',
      '6e01009e 00380640 fd000000000000000000000000000002 fd000000000000000000000000000001 00b3f7e4 3f51994b 176a8340 e012ffff bfec0000 020405a0 01030308 0402080a bd33129b 0041d087 1d10543d f1cba346 c3526163 f71f1f55',
      '6e0891dc 00730640 fd000000000000000000000000000001 fd000000000000000000000000000002 f7e400b3 176a8340 3f51994c c0180100 329c0000 0101080a 0041d091 bd33129b 1d103d54 bf0805fe b4ac7b16 3d6fcdf2 ffffffffffffffffffffffffffffffff 00430104 fde800b4 01010179 26020601 04000100 01020280 00020202 00020242 00020641 040000fd e8020840 06006400 010100',
      '6e01009e 00730640 fd000000000000000000000000000002 fd000000000000000000000000000001 00b3f7e4 3f51994c 176a8383 c0180100 ee6e0000 0101080a bd3312a5 0041d091 1d10543d 6c48125c 11335bab 9a07a797 ffffffffffffffffffffffffffffffff 00430104 fde800b4 0101017a 26020601 04000100 01020280 00020202 00020242 00020641 040000fd e8020840 06006400 010100',
    ],
  ],
];

describe('TCP-AO', () => {
  test.each(VECTORS)('signs and believes what RFC 9235 §%s has (%s, options covered: %s)', (_section, algorithm, coverOptions, packets) => {
    const segments = packets.map((packet) => {
      const bytes = hex(packet);
      return bytes.slice((bytes[0] ?? 0) >> 4 === 4 ? 20 : 40);
    });
    const [first] = packets.map(hex);
    if (!first) throw new Error('no packets');
    const ipv4 = (first[0] ?? 0) >> 4 === 4;
    const [source, target] = ipv4 ? [first.slice(12, 16), first.slice(16, 20)] : [first.slice(8, 24), first.slice(24, 40)];
    const { sourcePort, targetPort } = decodeTcp(segments[0] ?? first);
    const client = new AoAuthentication([key(61, 84, 'testvector', algorithm, coverOptions)], {
      local: source,
      localPort: sourcePort,
      remote: target,
      remotePort: targetPort,
    });
    const server = new AoAuthentication([key(84, 61, 'testvector', algorithm, coverOptions)], {
      local: target,
      localPort: targetPort,
      remote: source,
      remotePort: sourcePort,
    });
    segments.forEach((bytes, i) => {
      const [sender, receiver] = i % 2 === 0 ? [client, server] : [server, client];
      const segment = decodeTcp(bytes);
      const at = (segment.options.ao?.at ?? 0) - 4;
      const own = bytes.slice();
      own.fill(0, at, at + 16);
      sender.sign(own, at);
      expect(own).toEqual(bytes);
      expect(receiver.fault(bytes, segment)).toBeUndefined();
      const forged = bytes.slice();
      forged[7] = (forged[7] ?? 0) ^ 1;
      expect(receiver.fault(forged, decodeTcp(forged))).toBe('ao-mismatch');
    });
  });

  test('makes the MACs of RFC 4493 §4', () => {
    const secret = hex('2b7e1516 28aed2a6 abf71588 09cf4f3c');
    const message = hex('6bc1bee2 2e409f96 e93d7e11 7393172a ae2d8a57 1e03ac9c 9eb76fac 45af8e51 30c81c46 a35ce411');
    expect(cmac(secret, [])).toEqual(hex('bb1d6929 e9593728 7fa37d12 9b756746'));
    expect(cmac(secret, [message.subarray(0, 16)])).toEqual(hex('070a16b4 6b4d4144 f79bdd9d d04a287c'));
    expect(cmac(secret, [message.subarray(0, 7), message.subarray(7)])).toEqual(hex('dfa66747 de9ae630 30ca3261 1497c827'));
  });

  test('rolls over to another key while octets flow, and none is lost', () => {
    const path = new Path({ delay: 5, loss: 0.01 });
    const old = key(1, 2, 'old', 'aes-128-cmac-96');
    const fresh = key(3, 4, 'new');
    const mirror = ({ sendId, receiveId, ...rest }: MasterKey): MasterKey => ({ ...rest, sendId: receiveId, receiveId: sendId });
    const a = { ao: [old] };
    let b = { ao: [mirror(old)] };
    const accepted = path.b.serve(() => b);
    const dialled = path.a.dial(a);
    path.clock.advance(3000);
    dialled.sink?.pour(400_000);
    path.clock.advance(30);
    // The new key behind the old at both ends; then first at one of them, which asks the other end to send with it, and is asked.
    path.a.stack.rekey(() => ({ ao: [old, fresh] }));
    b = { ao: [mirror(old), mirror(fresh)] };
    path.b.stack.rekey(() => b);
    path.clock.advance(30);
    path.b.stack.rekey(() => ({ ao: [mirror(fresh), mirror(old)] }));
    path.a.stack.rekey(() => ({ ao: [fresh, old] }));
    path.clock.advance(60);
    path.a.stack.rekey(() => ({ ao: [fresh] }));
    path.b.stack.rekey(() => ({ ao: [mirror(fresh)] }));
    path.clock.advance(60_000);
    expect([accepted[0]?.octets, accepted[0]?.right, accepted[0]?.closed]).toEqual([400_000, true, undefined]);
    expect([...path.a.refused, ...path.b.refused].filter(({ fault }) => fault === 'ao-mismatch')).toEqual([]);
  });
});

describe('what a connection is protected by', () => {
  const md5 = { md5: text('secret') };
  test.each([
    ['MD5 at both ends', md5, md5, undefined],
    ['two MD5 keys', md5, { md5: text('other') }, 'md5-mismatch'],
    ['MD5 at the listening end only', undefined, md5, 'md5-missing'],
    ['MD5 at the dialling end only', md5, undefined, 'md5-unexpected'],
    ['TCP-AO against MD5', { ao: [key(1, 1, 'a')] }, md5, 'ao-unexpected'],
    ['two KeyIDs', { ao: [key(1, 1, 'a')] }, { ao: [key(2, 2, 'a')] }, 'ao-unknown-key'],
    ['two secrets of TCP-AO', { ao: [key(1, 1, 'a')] }, { ao: [key(1, 1, 'b')] }, 'ao-mismatch'],
  ])('%s: %o, %o', (_name, dialling, listening, fault) => {
    const path = new Path({ delay: 5 });
    const accepted = path.b.serve(() => listening);
    const dialled = path.a.dial(dialling);
    path.clock.advance(2000);
    dialled.sink?.pour(50_000);
    path.clock.advance(100_000);
    expect(path.b.refused[0]?.fault).toBe(fault);
    expect(accepted[0]?.octets).toBe(fault ? undefined : 50_000);
    expect(dialled.failed).toBe(fault ? 'nobody answered' : undefined);
  });

  test('GTSM lets whoever is near enough in, and nobody else', () => {
    for (const [hops, faults] of [
      [0, []],
      [1, ['too-far-away']],
    ] as const) {
      const path = new Path();
      path.a.hops = hops;
      path.b.serve(() => ({ hops: 1 }));
      const dialled = path.a.dial({ hops: 1 });
      path.clock.advance(500);
      expect(path.b.refused.map(({ fault }) => fault)).toEqual(faults);
      expect(dialled.connection === undefined).toBe(hops > 0);
    }
  });
});
