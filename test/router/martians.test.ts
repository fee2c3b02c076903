/** Prefixes that nobody can hold and next hops that are nobody's, said by a guest that is granted everything (RFC 6890, RFC 5735). */
import { expect, test } from 'vitest';
import type { NetworkConfig } from '../../src/network/config.js';
import { A, B, routerLab } from '../support/router-lab.js';

const A6 = '2001:db8::a';
const B6 = '2001:db8::b';
const OWN6 = '2001:db8::1';

async function lab() {
  const network: NetworkConfig = {
    nodes: [
      { name: 'a', addresses: [A, A6] },
      { name: 'b', addresses: [B, B6] },
    ],
    grants: [
      { node: 'a', prefix: '0.0.0.0/0', le: 32, as: 'gateway' },
      { node: 'a', prefix: '::/0', le: 128, as: 'gateway' },
    ],
  };
  const families = ['ipv4-unicast', 'ipv6-unicast'] as const;
  const listen = [{ address: '10.0.0.1' }, { address: OWN6 }];
  const made = await routerLab([{ address: A, as: 65001, families }], { network, listen });
  const malformed: string[] = [];
  made.router.on('message-malformed', ({ message }) => malformed.push(message));
  return { ...made, malformed, a: made.guest(A, 65001, { families }) };
}

const PREFIXES: readonly (readonly [what: string, prefix: string, verdict: 'accepted' | 'reserved'])[] = [
  ['this network', '0.0.0.0/8', 'reserved'],
  ['a part of this network', '0.1.0.0/16', 'reserved'],
  ['the unspecified address', '0.0.0.0/32', 'reserved'],
  ['loopback', '127.0.0.0/8', 'reserved'],
  ['a loopback address', '127.0.0.1/32', 'reserved'],
  ['multicast', '224.0.0.0/4', 'reserved'],
  ['multicast and class E', '224.0.0.0/3', 'reserved'],
  ['a multicast address', '239.255.255.250/32', 'reserved'],
  ['the limited broadcast', '255.255.255.255/32', 'reserved'],
  ["the router's own address", '10.0.0.1/32', 'reserved'],
  ["the guest's own address", `${A}/32`, 'reserved'],
  ['half of everything, which covers this network', '0.0.0.0/1', 'accepted'],
  ['what covers loopback', '126.0.0.0/7', 'accepted'],
  ['class E, which networks use', '240.0.0.0/4', 'accepted'],
  ['a private prefix', '192.168.0.0/16', 'accepted'],
  ['shared address space', '100.64.0.0/10', 'accepted'],
  ['a link-local address, as of a metadata service', '169.254.169.254/32', 'accepted'],
  ['IPv6 unspecified', '::/128', 'reserved'],
  ['IPv6 loopback', '::1/128', 'reserved'],
  ['IPv4-mapped addresses', '::ffff:0:0/96', 'reserved'],
  ['an IPv4-mapped address', '::ffff:192.0.2.1/128', 'reserved'],
  ['IPv6 multicast', 'ff00::/8', 'reserved'],
  ['an IPv6 multicast address', 'ff02::5/128', 'reserved'],
  ["the router's own IPv6 address", `${OWN6}/128`, 'reserved'],
  ['what covers IPv6 unspecified and loopback', '::/127', 'accepted'],
  ['addresses of NAT64', '64:ff9b::/96', 'accepted'],
  ['unique local addresses', 'fd00::/8', 'accepted'],
];

test.each(PREFIXES)('%s: %s is %s', async (_what, prefix, verdict) => {
  const { a, say, router, malformed } = await lab();
  say(a, prefix, { nextHop: prefix.includes(':') ? A6 : A });
  const claims = [...router.claims()].filter(({ source }) => source === 'bgp');
  expect(claims.map((claim) => claim.verdict)).toEqual([verdict]);
  expect(malformed).toEqual([]);
});

/** `malformed`: RFC 7606 §7.3, §7.11: the address can be no host's, and the route is withdrawn. */
const NEXT_HOPS: readonly (readonly [what: string, nextHop: string, verdict: 'accepted' | 'next-hop-not-own' | 'malformed'])[] = [
  ["the guest's own address", A, 'accepted'],
  ["the router's own address", '10.0.0.1', 'next-hop-not-own'],
  ["another guest's address", B, 'next-hop-not-own'],
  ["nobody's address", '10.0.0.99', 'next-hop-not-own'],
  ['an address far away', '198.51.100.1', 'next-hop-not-own'],
  ['loopback', '127.0.0.1', 'next-hop-not-own'],
  ['class E', '240.0.0.1', 'next-hop-not-own'],
  ['link-local', '169.254.0.1', 'next-hop-not-own'],
  ['unspecified', '0.0.0.0', 'malformed'],
  ['this network', '0.1.2.3', 'malformed'],
  ['multicast', '224.0.0.1', 'malformed'],
  ['the limited broadcast', '255.255.255.255', 'malformed'],
  ["the guest's own IPv6 address", A6, 'accepted'],
  ["the router's own IPv6 address", OWN6, 'next-hop-not-own'],
  ["another guest's IPv6 address", B6, 'next-hop-not-own'],
  ["nobody's IPv6 address", '2001:db8::99', 'next-hop-not-own'],
  ['IPv6 loopback', '::1', 'next-hop-not-own'],
  ['IPv6 link-local', 'fe80::1', 'next-hop-not-own'],
  ["the guest's own address, IPv4-mapped", `::ffff:${A}`, 'next-hop-not-own'],
  ['IPv6 unspecified', '::', 'malformed'],
  ['IPv6 multicast', 'ff02::1', 'malformed'],
];

test.each(NEXT_HOPS)('a next hop that is %s (%s) is %s', async (_what, nextHop, verdict) => {
  const { a, say, router, malformed } = await lab();
  const prefix = nextHop.includes(':') ? '2001:db8:1::/48' : '192.0.2.0/24';
  const own = nextHop.includes(':') ? A6 : A;
  // What was said before is gone too where the new one is malformed.
  say(a, prefix, { nextHop: own });
  say(a, prefix, { nextHop, med: 1 });
  const claims = [...router.claims()].filter(({ source }) => source === 'bgp');
  expect(claims.map((claim) => claim.verdict)).toEqual(verdict === 'malformed' ? [] : [verdict]);
  expect(malformed.length).toBe(verdict === 'malformed' ? 1 : 0);
  expect(router.neighbours()[0]?.state).toBe('established');
});
