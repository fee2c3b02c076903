import { expect, test } from 'vitest';
import { bgpMessages, readPcap, writePcap } from '../../src/capture/index.js';
import { hex } from '../support/hex.js';

const KEEPALIVE = `${'ff'.repeat(16)} 0013 04`;
/** A segment from port 179, of sequence number 1, with a KEEPALIVE. */
const TCP = `00b3 c001 00000001 00000000 5018 ffff 0000 0000 ${KEEPALIVE}`;
const IPV4 = `4500 003b 0001 0000 4006 0000 0a000002 0a000001 ${TCP}`;
const IPV6 = `60000000 0027 06 40 20010db8000000000000000000000002 20010db8000000000000000000000001 ${TCP}`;
const MACS = '020000000001 020000000002';
/** Of a cooked frame: to us, Ethernet, an address of six octets. */
const COOKED = '0000 0001 0006 020000000002 0000';
/** Of the second kind, after the protocol: interface 3, Ethernet, to us, six octets. */
const COOKED_2 = '0000 00000003 0001 00 06 020000000002 0000';

test.each([
  ['Ethernet', 1, `${MACS} 0800 ${IPV4}`],
  ['Ethernet, IPv6', 1, `${MACS} 86dd ${IPV6}`],
  ['Ethernet with a VLAN tag', 1, `${MACS} 8100 0064 0800 ${IPV4}`],
  ['Ethernet with a VLAN tag, IPv6', 1, `${MACS} 8100 0064 86dd ${IPV6}`],
  ['Ethernet with a tag of the provider and one of the customer (802.1ad)', 1, `${MACS} 88a8 0064 8100 00c8 0800 ${IPV4}`],
  ['Ethernet with the old tag of a provider', 1, `${MACS} 9100 0064 8100 00c8 0800 ${IPV4}`],
  ['Linux cooked', 113, `${COOKED} 0800 ${IPV4}`],
  ['Linux cooked, IPv6', 113, `${COOKED} 86dd ${IPV6}`],
  ['Linux cooked with a VLAN tag', 113, `${COOKED} 8100 0064 0800 ${IPV4}`],
  ['Linux cooked, version 2', 276, `0800 ${COOKED_2} ${IPV4}`],
  ['Linux cooked, version 2, IPv6', 276, `86dd ${COOKED_2} ${IPV6}`],
  ['Linux cooked, version 2, with a VLAN tag', 276, `8100 ${COOKED_2} 0064 0800 ${IPV4}`],
  ['Linux cooked, version 2, with two, IPv6', 276, `88a8 ${COOKED_2} 0064 8100 00c8 86dd ${IPV6}`],
  ['raw IP', 101, IPV4],
  ['raw IP, IPv6', 101, IPV6],
])('%s', (name, linkType, frame) => {
  const [from, to] = name.endsWith('IPv6') ? ['[2001:db8::2]:179', '[2001:db8::1]:49153'] : ['10.0.0.2:179', '10.0.0.1:49153'];
  const found = [...bgpMessages(readPcap(writePcap([{ time: 7, bytes: hex(frame) }], linkType)))];
  expect(found).toEqual([expect.objectContaining({ time: 7, frame: 1, from, to, bytes: hex(KEEPALIVE), truncated: false })]);
});

test.each([
  ['ARP', 1, `${MACS} 0806 ${IPV4}`],
  ['a tag around something else', 1, `${MACS} 8100 0064 0806 ${IPV4}`],
  ['cooked ARP', 113, `${COOKED} 0806 ${IPV4}`],
  ['cooked ARP, version 2', 276, `0806 ${COOKED_2} ${IPV4}`],
  ['a frame that ends within its tag', 1, `${MACS} 8100 00`],
])('%s holds none', (_name, linkType, frame) => {
  expect([...bgpMessages(readPcap(writePcap([{ time: 7, bytes: hex(frame) }], linkType)))]).toEqual([]);
});
