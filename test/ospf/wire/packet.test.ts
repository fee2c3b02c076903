import { expect, test } from 'vitest';
import { parseAddress } from '../../../src/lib/address.js';
import { decodePacket, encodePacket, type OspfPacket, type PacketContext } from '../../../src/ospf/wire/index.js';

const context: PacketContext = {
  authentication: { type: 'null' },
  source: parseAddress('192.0.2.1'),
  destination: parseAddress('224.0.0.5'),
  now: 0,
};

const hello: OspfPacket = {
  version: 2,
  routerId: 0x01010101,
  area: 0,
  instance: 0,
  body: {
    type: 'hello',
    mask: 0xffffff00,
    interfaceId: 0,
    options: 0x02,
    helloInterval: 10,
    deadInterval: 40,
    priority: 1,
    designatedRouter: 0xc0000201,
    backupDesignatedRouter: 0,
    neighbours: [0x02020202],
  },
};

test('a Hello decodes to what was encoded, in either version', () => {
  expect(decodePacket(encodePacket(hello, context), 2, context)).toEqual({ packet: hello });
  const v6 = { ...context, source: parseAddress('fe80::1'), destination: parseAddress('ff02::5') };
  const helloV3: OspfPacket = { ...hello, version: 3, body: { ...hello.body, mask: 0, interfaceId: 7 } as OspfPacket['body'] };
  expect(decodePacket(encodePacket(helloV3, v6), 3, v6)).toEqual({ packet: helloV3 });
});
