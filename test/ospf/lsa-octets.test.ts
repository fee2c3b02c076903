import { expect, test } from 'vitest';
import { StoredLsa } from '../../src/ospf/lsa.js';
import { ChunkedOctets } from '../../src/ospf/lsa-octets.js';
import { encodeLsa } from '../../src/ospf/wire/index.js';

const context = { version: 2, family: 'ipv4' } as const;

test('LSAs share chunks, one too large for them has one of its own, and each still reads as it came', () => {
  const octets = new ChunkedOctets();
  const kept = Array.from({ length: 200 }, (_, i) => {
    const body = { type: 'unknown', lsType: 5, data: new Uint8Array(i === 100 ? 5000 : 16).fill(i) } as const;
    const head = {
      lsType: 5,
      id: 0xc0a8_0000 + i,
      advertisingRouter: 0xffff_ffff - i,
      age: i,
      options: i === 7 ? 0 : 0x42,
      sequence: i - 100,
    };
    const lsa = encodeLsa(head, body, context);
    const packet = Uint8Array.of(...new Array(28).fill(0xee), ...lsa.bytes);
    octets.keep(lsa.header, packet, 28);
    packet.fill(0xaa);
    return { lsa, stored: new StoredLsa(lsa.header, 1_000_000, octets.chunk, octets.at), chunk: octets.chunk };
  });
  for (const { lsa, stored } of kept) {
    expect(stored.headerAt(1_000_000)).toEqual(lsa.header);
    expect(stored.bytes).toEqual(lsa.bytes);
    expect(stored.installed).toBe(1_000_000);
    expect(stored.sentAt(1_003_000, 1)).toMatchObject({ header: { age: lsa.header.age + 4 } });
  }
  expect(new Set(kept.map(({ chunk }) => chunk)).size).toBeLessThan(10);
  // What is sent is a copy.
  kept[0]?.stored.sentAt(1_000_000, 1).bytes.fill(0);
  expect(kept[0]?.stored.bytes).toEqual(kept[0]?.lsa.bytes);
});
