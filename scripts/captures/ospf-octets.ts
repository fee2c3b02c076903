/** The OSPF packets in a capture of our own, and whether writing them again gives the same octets. */
import { capturedPackets, readPcap } from '../../src/capture/index.js';
import { parseAddress } from '../../src/lib/address.js';
import { ByteWriter } from '../../src/lib/bytes.js';
import { decodeLsaBody, encodeLsa, inspectPacket, instanceFamily } from '../../src/ospf/wire/index.js';
import { writePacket } from '../../src/ospf/wire/packet.js';

const MADE =
  'Recorded by scripts/record-captures.ts with tcpdump between daemons of Debian 12 in network namespaces (BIRD 2.0.12, FRR 8.4.4): Hellos every second, a dead interval of four.';

/** How it was made, and whether our encoder writes the same octets: for packets without their header, and for each LSA in them. */
export function ospfNote(pcap: Uint8Array): string[] {
  const others = new Set<string>();
  let packets = 0;
  for (const captured of capturedPackets(readPcap(pcap))) {
    if (!('packet' in captured)) continue;
    packets++;
    const { packet, version, from, to } = captured;
    const { header, body } = inspectPacket(packet, version, parseAddress(from), parseAddress(to));
    if (!header || !body) {
      others.add(`${from}: a packet that is none`);
      continue;
    }
    const writer = new ByteWriter();
    writePacket(writer, header, body);
    const again = writer.finish();
    const start = version === 2 ? 24 : 16;
    if (!same(again.subarray(start), packet.subarray(start, header.length))) others.add(`${from}: ${body.type}`);
    if (body.type !== 'link-state-update') continue;
    for (const lsa of body.lsas) {
      const context = { version, family: version === 2 ? 'ipv4' : (instanceFamily(header.instance) ?? 'ipv6') } as const;
      const said = decodeLsaBody(lsa, context);
      if (typeof said === 'string' || !same(encodeLsa(lsa.header, said, context).bytes, lsa.bytes))
        others.add(`${from}: LSA of type ${lsa.header.lsType}`);
    }
  }
  const canonical = `Canonical: re-encoding gives the same octets for each of the ${packets} packets and every LSA`;
  return [MADE, others.size === 0 ? `${canonical}.` : `${canonical}, except from ${[...others].join('; from ')}.`];
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(Buffer.from(b));
}
