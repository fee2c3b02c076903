/** The shape of a router's configuration: what {@link RouterConfig} says, where a program or a file can be held to it. */

import { z } from 'zod';
import { canonicalAddress } from '../lib/address.js';
import { parseAsn } from '../lib/asn.js';
import { UsageError } from '../lib/errors.js';
import {
  address,
  addressOrPrefix,
  asn,
  dnsName,
  expects,
  expectsAsn,
  fail,
  flag,
  holdTime,
  list,
  mac,
  prefix,
  routerId,
  seconds,
  secret,
  text,
  through,
  whole,
  zonedAddress,
} from '../lib/fields.js';
import { shown } from '../lib/shown.js';
import { didYouMean } from '../lib/suggest.js';
import type { Holds, Same } from '../lib/validate.js';
import { networkSchema } from '../network/shape.js';
import { portRange } from './access.js';
import { bfd } from './bfd-shape.js';
import type { RouterConfig } from './config.js';
import { ospfShape } from './ospf-shape.js';
import { policy } from './policy-shape.js';

const advertise = z
  .strictObject({
    maxInterval: seconds(4, 1800).exactOptional().describe('Seconds between two advertisements at most, 4 to 1800. Default 600.'),
    minInterval: seconds(3, 1350)
      .exactOptional()
      .describe(
        'Seconds between two advertisements at least, 3 to three quarters of `maxInterval`. Default: a third of `maxInterval`, and 3 at least.',
      ),
    lifetime: whole(0, 9000)
      .exactOptional()
      .describe(
        'Seconds for which guests take the router for a default one: 0 (they do not), or `maxInterval` to 9000. Default: three times `maxInterval`.',
      ),
  })
  .meta({
    id: 'Advertise',
    description:
      'How often the router advertises itself (RFC 4861 §6.2.1). At a port that several subnets are at, those of the first count.',
  });

const routerInterface = z
  .strictObject({
    subnet: text('the name of a subnet').describe('Name of a subnet of the network.'),
    addresses: list(address(), 'a list of addresses').describe('Its addresses there, inside the subnet.'),
    mac: mac()
      .exactOptional()
      .describe("The router's MAC there, as guests at its ports see it. Default: `02:56:` and the octets of the router id."),
    linkLocal: address().exactOptional().describe('Its IPv6 link-local address. Default: made of the MAC (EUI-64).'),
    advertise: z
      .union([flag(), advertise], expects('true, false, or an object such as { maxInterval: 600 }'))
      .exactOptional()
      .describe(
        'Advertise the router to guests in an IPv6 subnet (RFC 4861): now and then, and when they ask. Default true, which is `{}`.',
      ),
  })
  .meta({ id: 'Interface', description: "The router's addresses in a subnet." });

/** @internal */
export const portSchema = z
  .strictObject({
    name: text('a name').describe("What a node's `location` says. Unique among the router's ports."),
    type: z
      .enum(['vxlan', 'stream', 'dgram', 'tap', 'memory'], expects('"vxlan", "stream", "dgram", "tap" or "memory"'))
      .describe(
        "`vxlan`: a tunnel over UDP (RFC 7348), told from others by the far end's address and the VNI. `stream`: QEMU's `-netdev stream`. `dgram`: QEMU's `-netdev dgram`. `tap`: a TAP device (Linux, koffi). `memory`: a port that the program gives.",
      ),
    mtu: whole(68, 65_521).exactOptional().describe('Octets that a frame may carry. Default 1450 for `vxlan` (1430 over IPv6), else 1500.'),
    address: address().exactOptional().describe("`vxlan`, `dgram`: the host's address to receive on. `stream`: to listen at."),
    port: whole(0, 65_535)
      .exactOptional()
      .describe(
        '`vxlan`: default 4789. `dgram`, `stream`: the port to receive on. VXLAN tunnels of one address and port share a socket, and what its queue cannot hold is lost to all of them: where guests may flood a socket that is not `batched`, give each a port.',
      ),
    remote: address()
      .exactOptional()
      .describe('`vxlan`: the far end (VTEP). `dgram`: whither. `stream`: the address to dial, in place of listening.'),
    remotePort: whole(1, 65_535).exactOptional().describe("`vxlan`: default: the same as `port`. `dgram`, `stream`: the far end's port."),
    vni: whole(0, 0xff_ffff).exactOptional().describe('`vxlan`: the network identifier.'),
    batched: flag()
      .exactOptional()
      .describe(
        '`vxlan`: with batched system calls, which are over four times quicker (Linux on 64 bits, koffi), or without. Default: with them where they can be had. Tunnels of one address and port share a socket: those that leave it open take what the others say, which must agree. Over IPv6, datagrams with no UDP checksum arrive only where koffi is, on Linux: elsewhere the far end has to send checksums (`noudp6zerocsumtx`, its default).',
      ),
    path: text('a path').exactOptional().describe('`stream`: a UNIX socket to listen at, in place of an address.'),
    device: text('the name of a device').exactOptional().describe("`tap`: the device's name."),
    capture: text('a path').exactOptional().describe('A file that every frame of the port is written to, both ways, as pcapng.'),
  })
  .meta({ id: 'Port', description: 'Where a node is attached by frames.' });

const portOrRange = z
  .union([whole(0, 65_535), z.string()], expects('a port, or a range such as "8000-8099"'))
  .check((payload) => {
    if (typeof payload.value === 'number' || portRange(payload.value)) return;
    fail(payload, `expected a port, or a range such as "8000-8099", got ${shown(payload.value)}`);
  })
  .meta({ title: 'port or range' });

const accessRule = z
  .strictObject({
    action: z.enum(['permit', 'deny'], expects('"permit" or "deny"')).describe('What becomes of a packet that fits.'),
    direction: z
      .enum(['in', 'out'], expects('"in" or "out"'))
      .describe('`in`: what guests send, to whomever. `out`: what is forwarded to guests; what the router itself says is not asked about.'),
    at: list(text('the name of a port'), 'a list of ports').exactOptional().describe('Names of ports. Default: all.'),
    source: prefix().exactOptional().describe('Default: any.'),
    destination: prefix().exactOptional().describe('Default: any.'),
    protocol: z
      .union([z.enum(['tcp', 'udp', 'icmp', 'icmp6']), whole(0, 255)], expects('"tcp", "udp", "icmp", "icmp6" or a number from 0 to 255'))
      .exactOptional()
      .describe('Default: any. A name, or an IANA number.'),
    sourcePorts: list(portOrRange, 'a list of ports')
      .exactOptional()
      .describe('Ports of TCP or UDP, as numbers or ranges (`8000-8099`). Default: any.'),
    destinationPorts: list(portOrRange, 'a list of ports').exactOptional().describe('Default: any.'),
  })
  .meta({
    id: 'AccessRule',
    description:
      'A rule on packets, without memory of flows: answers have to be let through too. What it denies is dropped, counted (`access-denied`), and its sender told, within bounds. Later parts of fragmented packets, which have no ports, pass a permitting rule with ports by its other fields.',
  });

const listen = z
  .strictObject({
    address: address().describe("An address of the host's, `0.0.0.0` or `::` for all."),
    port: whole(0, 65_535).exactOptional().describe('Default 179. 0 lets the system choose.'),
  })
  .meta({ id: 'Listen', description: 'Where sessions are accepted.' });

const community = z
  .string(expects('a community such as "65000:1"'))
  .check((payload) => {
    const parts = /^(\d{1,5}):(\d{1,5})$/.exec(payload.value);
    if (!parts || Number(parts[1]) > 0xffff || Number(parts[2]) > 0xffff)
      fail(payload, `expected a community such as "65000:1", got ${shown(payload.value)}`);
  })
  .meta({ title: 'community' });

const originate = z
  .strictObject({
    prefix: prefix().describe('What is announced.'),
    communities: list(community, 'a list of communities').exactOptional().describe('Default: none.'),
    med: whole(0, 0xffff_ffff).exactOptional().describe('Default: none.'),
  })
  .meta({ id: 'Originate', description: 'A prefix that the router originates.' });

const prefixListEntry = z
  .strictObject({
    prefix: prefix().describe('The range. Alone it is exactly this prefix.'),
    ge: whole(0, 128).exactOptional().describe("Shortest length, in bits. Default: the prefix's own."),
    le: whole(0, 128)
      .exactOptional()
      .describe("Longest length, in bits. Default: the family's maximum if `ge` is given, else the prefix's own."),
  })
  .meta({ id: 'PrefixListEntry', description: 'An entry of a prefix list.' });

const EXPORT_KINDS = ['connected', 'default', 'originated', 'claims', 'all'] as const;
const exportKind = z.enum(EXPORT_KINDS);

const exported = z.union(
  [
    exportKind,
    list(exportKind),
    z
      .strictObject({
        of: list(exportKind).exactOptional().describe('What the rules choose from. Default: claims.'),
        rules: policy.describe('Rules on what it is told. What no rule decides on is not told.'),
      })
      .meta({ id: 'ExportRules', description: 'Rules on what a neighbour is told.' }),
  ],
  {
    error: ({ input }) =>
      `expected ${EXPORT_KINDS.map((kind) => `"${kind}"`).join(', ')}, a list of these, or an object with rules, got ${shown(input)}${
        typeof input === 'string' ? didYouMean(input, EXPORT_KINDS) : ''
      }`,
  },
);

const peerAsWords = 'an AS number such as 65000, a list of them, or "any"';
const peerAs = z
  .union([z.int(), z.string(), z.array(asn()).min(1)], expectsAsn(peerAsWords))
  .check((payload) => {
    const { value } = payload;
    if (Array.isArray(value) || value === 'any') return;
    try {
      parseAsn(value);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      fail(payload, `expected ${peerAsWords}, got ${shown(value)}`);
    }
  })
  .meta({ title: 'AS number, list of them, or `any`' });

const nextHop = z
  .string(expects('"self", "unchanged" or an address'))
  .check(through((hop) => (hop === 'self' || hop === 'unchanged' ? hop : nextHopAddress(hop))));

function nextHopAddress(hop: string): string {
  try {
    return canonicalAddress(hop);
  } catch {
    throw new UsageError('CONFIG_INVALID', `expected "self", "unchanged" or an address, got ${shown(hop)}`);
  }
}

const watch = z
  .strictObject(
    {
      node: text('the name of a node').describe('The node that is watched.'),
      address: zonedAddress()
        .exactOptional()
        .describe("Default: the node's first address. An IPv6 link-local one has its link with it, `fe80::1%eth0`, and is of the host's."),
      localAddress: zonedAddress()
        .exactOptional()
        .describe(
          "Address to speak from. Default: the router's own on the node's subnet, else one that it listens at, else the system's choice.",
        ),
      bfd: bfd.exactOptional().describe('Default: 300 ms x 3. A node that was never heard counts as up, unless `strict`.'),
    },
    expects('an object such as { node: web-a, bfd: { minTx: 50, minRx: 50 } }'),
  )
  .meta({ id: 'Watch', description: 'A node to watch by BFD: static holders have a heartbeat so.' });

const invalidRemedy = z.enum(['reject', 'depreference', 'mark']);

const neighbourRpki = z
  .strictObject({
    invalid: invalidRemedy.exactOptional().describe("Default: what the router's `rpki` says."),
    aspa: z
      .enum(['upstream', 'downstream'])
      .exactOptional()
      .describe(
        'Verify AS paths by ASPA: `upstream` for paths from a customer or a peer, `downstream` for those from a provider. Takes a cache of version 2. Default: not at all.',
      ),
  })
  .meta({ id: 'NeighbourRpki', description: 'The RPKI towards one neighbour.' });

const PEM = 'a text in PEM, `{ file: PATH }` or `{ env: NAME }`';
const cacheTls = z
  .strictObject(
    {
      serverName: dnsName().describe("The cache's DNS name. Its certificate must have it as a dNSName; a common name is not looked at."),
      ca: secret('certificates').describe(`Certificates of the authorities that may have signed the cache's, and no others: ${PEM}.`),
      certificate: secret('certificates')
        .exactOptional()
        .describe(`The certificate to show to the cache, and those between it and its authority: ${PEM}. Default: none.`),
      key: secret('a private key').exactOptional().describe(`The private key of \`certificate\`, without a passphrase: ${PEM}.`),
    },
    expects('an object such as { serverName: rpki.example.net, ca: { file: ca.pem } }'),
  )
  .check((payload) => {
    const { certificate, key } = payload.value;
    if ((certificate === undefined) !== (key === undefined)) fail(payload, 'expected both of certificate and key, or neither');
  })
  .meta({
    id: 'CacheTls',
    description:
      'TLS towards a cache (RFC 8210 §9.2). A cache that is not verified is not heard. Files are read when the configuration is taken over, and serve the connections made from then on.',
  });

const cache = z
  .strictObject({
    address: address().describe("The cache's address."),
    port: whole(1, 65_535).exactOptional().describe('Default 323, and 324 with `tls`.'),
    tls: cacheTls
      .exactOptional()
      .describe('Hear it over TLS and in no other way. Default: over TCP, on which anybody in between can say what the cache does not.'),
    preference: whole(0, 65_535).exactOptional().describe('The lowest that has data is used. Default: its place in the list.'),
    version: z
      .union([z.literal(0), z.literal(1), z.literal(2)], expects('0, 1 or 2'))
      .exactOptional()
      .describe('Highest version to ask for; lower ones follow when the cache wants them. Default 1; 2 for ASPA.'),
    limit: whole(1)
      .exactOptional()
      .describe(
        'Most records, payloads and ASPAs together, that are kept of it; more are an error that ends the session. Default 4,000,000.',
      ),
    refresh: whole(1, 86_400).exactOptional().describe('Seconds between queries. Default: what the cache says, else 3600 (RFC 8210 §6).'),
    retry: whole(1, 7200).exactOptional().describe('Seconds to wait after a failure. Default: what the cache says, else 600.'),
    expire: whole(600, 172_800)
      .exactOptional()
      .describe('Seconds that data is good for without the cache. Default: what the cache says, else 7200.'),
  })
  .meta({ id: 'Cache', description: 'A cache to hear validated payloads from (RFC 8210).' });

const rpki = z
  .strictObject({
    caches: list(cache, 'a list of caches').min(1, 'expected at least one cache, got none').describe('Where it hears.'),
    invalid: invalidRemedy
      .exactOptional()
      .describe(
        'What becomes of invalid routes: refused, taken with preference 0, or only marked for policies and in explanations. Default `reject`.',
      ),
  })
  .meta({ id: 'Rpki', description: "RPKI: external neighbours' routes are validated." });

const limits = z
  .strictObject(
    {
      prefixes: whole(1, 0xffff_ffff)
        .exactOptional()
        .describe('Prefixes that it claims, refused ones too, each once however often it comes and by how many paths. Default 2000000.'),
      attributeSets: whole(1, 0xffff_ffff)
        .exactOptional()
        .describe('Sets of path attributes that it was the first to bring. Default 1000000.'),
      memory: whole(1, Number.MAX_SAFE_INTEGER).exactOptional().describe('Octets of its claims and attribute sets. Default 1073741824.'),
      communities: whole(0, 20_000)
        .exactOptional()
        .describe('Communities of all kinds on one route; more are refused `too-many-communities`. Default 1000.'),
      updateRate: whole(1, 0xffff_ffff)
        .exactOptional()
        .describe('Prefixes announced or withdrawn a second, averaged over eight seconds; what is more is read later. Default 500000.'),
      backlog: whole(65_536, 2 ** 30)
        .exactOptional()
        .describe(
          "Octets that it has sent and that wait here to be read, 65536 at least as a message must fit; while they do, it can send no more. Over frames 262144 at most; what the host's system keeps for a socket comes before that. Default 262144.",
        ),
      unread: whole(65_536, 2 ** 30)
        .exactOptional()
        .describe('Octets that wait here as it does not read them; its session ends after `sendHoldTime` of that. Default 1048576.'),
      weight: z
        .number(expects('a number from 0.1 to 10'))
        .min(0.1, 'expected a number from 0.1 to 10')
        .max(10, 'expected a number from 0.1 to 10')
        .exactOptional()
        .describe("Its part of the process's time against others' when all have much to say. Default 1."),
      attempts: whole(1, 100_000).exactOptional().describe('Connections from one address a minute. Default 60.'),
      halfOpen: whole(1, 100_000).exactOptional().describe('Of a range: sessions that are not established yet. Default 20.'),
      exceeded: z
        .enum(['warn', 'refuse', 'shutdown'])
        .exactOptional()
        .describe(
          'What becomes of prefixes, attribute sets and memory beyond a limit: only reported, not taken in, or the session ends (RFC 4486). Default `refuse`.',
        ),
      warnAt: z
        .number(expects('a number from 0.1 to 1'))
        .min(0.1, 'expected a number from 0.1 to 1')
        .max(1, 'expected a number from 0.1 to 1')
        .exactOptional()
        .describe('Part of a limit from which on it is reported. Default 0.8.'),
    },
    expects('an object such as { prefixes: 100 }'),
  )
  .meta({ id: 'Limits', description: 'What one guest may use up. Reaching a limit is told by `limit-reached`.' });
const tcpAoKey = z
  .strictObject({
    sendId: whole(0, 255).describe('KeyID in what we send.'),
    receiveId: whole(0, 255).exactOptional().describe('KeyID in what the neighbour sends. Default: the same.'),
    secret: secret().describe('The key: its text, `{ file: PATH }` or `{ env: NAME }`.'),
    algorithm: z.enum(['hmac-sha-1-96', 'aes-128-cmac-96']).exactOptional().describe('RFC 5926. Default `hmac-sha-1-96`.'),
    coverOptions: flag().exactOptional().describe('Cover the other TCP options too. Default true.'),
  })
  .meta({ id: 'TcpAoKey', description: 'A key of TCP-AO (RFC 5925).' });

/** @internal */
export const neighbourSchema = z
  .strictObject({
    address: addressOrPrefix().describe("The neighbour's address, or a prefix from which neighbours may dial in (dynamic neighbours)."),
    name: text('a name').exactOptional().describe('Default: the address.'),
    as: peerAs.describe('AS number(s) it may have; `any` only for a range.'),
    node: text('the name of a node').exactOptional().describe('The node that speaks. Default: the node that owns the address.'),
    limit: whole(1).exactOptional().describe('Most sessions of a range. Default 100.'),
    localAs: asn().exactOptional().describe("Our AS number towards it. Default: the router's."),
    port: whole(1, 65_535).exactOptional().describe('Port to dial. Default 179.'),
    passive: flag().exactOptional().describe('Never dial. Default: false for an address, always true for a range.'),
    localAddress: address().exactOptional().describe("Address to dial from. Default: the system's choice."),
    holdTime: holdTime().exactOptional().describe('Seconds, 0 or 3 to 65535. Default 90.'),
    connectRetryTime: seconds(0.001).exactOptional().describe('Seconds between dials. Default 30 (jittered).'),
    delayOpen: seconds(0).exactOptional().describe('Seconds to wait with our OPEN after the connection. Default: none.'),
    dampPeerOscillations: flag().exactOptional().describe('Back off when the session keeps failing. Default true.'),
    sendHoldTime: seconds(1)
      .exactOptional()
      .describe('Seconds of a stuck send after which the session is closed (RFC 9687). Default: twice the hold time, at least 480.'),
    families: list(z.enum(['ipv4-unicast', 'ipv6-unicast']), 'a list of families')
      .min(1, 'expected at least one family, got none')
      .exactOptional()
      .describe('Default: the family of the address.'),
    addPath: z.enum(['send', 'receive', 'both']).exactOptional().describe('Several paths a prefix (RFC 7911). Default: neither.'),
    extendedNextHop: flag()
      .exactOptional()
      .describe(
        'IPv4 routes with IPv6 next hops (RFC 8950). Default: true when the address is IPv6 and `ipv4-unicast` is among the families.',
      ),
    extendedMessages: flag().exactOptional().describe('Messages up to 65,535 octets (RFC 8654). Default true.'),
    import: policy
      .exactOptional()
      .describe(
        'Rules on what is heard, after authorization. What no rule decides on is accepted: end with `{ verdict: reject }` to take nothing else. Default: accept all.',
      ),
    export: exported.exactOptional().describe('What it is told. Default: nothing (RFC 8212).'),
    nextHop: nextHop
      .exactOptional()
      .describe(
        "Next hop of what we announce. Default `self`; `unchanged` for a route-server client or a reflector's, and of a next hop in the neighbour's own subnet while the router has no ports, as packets then need not pass through it.",
      ),
    routeReflectorClient: flag().exactOptional().describe('An internal neighbour to reflect to and from (RFC 4456). Default false.'),
    routeServerClient: flag().exactOptional().describe('Leave AS_PATH, MED and NEXT_HOP alone (RFC 7947). Default false.'),
    asOverride: flag().exactOptional().describe("Replace the neighbour's AS number by ours in paths that we send it. Default false."),
    allowOwnAs: whole(0, 255).exactOptional().describe('How often our own AS may stand in a path that it sends. Default 0.'),
    maxPathLength: whole(1, 65_534)
      .exactOptional()
      .describe(
        'Most ASes in a path from it, repetitions counted, an AS_SET as one; a longer one is refused `path-too-long`. Default 255.',
      ),
    limits: limits
      .exactOptional()
      .describe('What it may use up: prefixes, attribute sets, memory, updates a second and so on. Each has a default.'),
    allowAsSets: flag()
      .exactOptional()
      .describe('Paths from it may hold AS_SETs, which RFC 9774 has nobody send: else such a route is refused `as-set`. Default false.'),
    privateAs: z
      .enum(['keep', 'drop', 'replace'])
      .exactOptional()
      .describe(
        'What becomes of private AS numbers (RFC 6996) in paths that we send it: they stay, go, or are replaced by ours. Its own stays. Default `keep`.',
      ),
    localRole: z
      .enum(['provider', 'route-server', 'route-server-client', 'customer', 'peer'])
      .exactOptional()
      .describe(
        'Our role towards it (RFC 9234): announced, held against its own, and what Only-to-Customer is read and written by. A route that came down already and comes up again is refused `route-leak`. Default: none.',
      ),
    requireRole: flag().exactOptional().describe('Turn it away when it announces no role (RFC 9234 §4.2, strict mode). Default false.'),
    bilateralPeer: flag().exactOptional().describe('A bilateral peer: routes with NOPEER are not told to it (RFC 3765). Default false.'),
    enforceFirstAs: flag()
      .exactOptional()
      .describe("Require the neighbour's AS first in paths from it (RFC 4271 §6.3). Default true; false for a route-server peer."),
    bfd: bfd
      .exactOptional()
      .describe('Watch the neighbour by BFD (RFC 5880): when it falls silent, its session and its claims end at once. Default: not.'),
    rpki: neighbourRpki
      .exactOptional()
      .describe("What the RPKI means for its routes. External neighbours only. Default: as the router's `rpki` says."),
    gracefulRestart: z
      .union([z.literal(false), whole(1, 4095)], expects('false, or 1 to 4095 seconds'))
      .exactOptional()
      .describe(
        'When the neighbour restarts and has said that it goes on forwarding (RFC 4724), its claims stay until it is back, for the time that it asked for, up to so many seconds. False: they end at once. Default 120.',
      ),
    tellVerdicts: flag()
      .exactOptional()
      .describe(
        'Tell it what became of its claims: each of the first 4,096 is sent back to it with the large communities `<our AS>:1001:<verdict>` and `<our AS>:1002:<1 where it holds the prefix>`, NO_ADVERTISE and the lowest preference; see guests.md. Default false.',
      ),
    password: secret()
      .exactOptional()
      .describe(
        'TCP MD5 signature key (RFC 2385), 1 to 80 octets: its text, `{ file: PATH }` or `{ env: NAME }`. Of a range: of every neighbour in it. Default: none.',
      ),
    tcpAo: list(tcpAoKey, 'a list of keys')
      .min(1, 'expected at least one key, got none')
      .exactOptional()
      .describe(
        'Keys of TCP-AO (RFC 5925), in place of `password`. What we send begins with the first, and that is the one that we ask the neighbour to use: to roll over, add the new key behind the old at both ends, then put it first. Default: none.',
      ),
    ttlSecurity: whole(1, 254)
      .exactOptional()
      .describe(
        'GTSM (RFC 5082): hops that the neighbour may be away, 1 where it is on the link. We send with TTL 255, as it must, and what comes with less than 256 minus this is dropped. Default: not looked at.',
      ),
    longLivedRestart: whole(0, 0xff_ffff)
      .exactOptional()
      .describe(
        'When it is not back by then and has asked for it (RFC 9494), its claims go on standing as the last resort, for the time that it asked for, up to so many seconds more. Default 0: they end.',
      ),
    shutdown: z
      .union([z.boolean(), z.string()], expects('true, false, or a text for the neighbour'))
      .exactOptional()
      .describe('Keep the session down; a text is sent with the Cease (RFC 9003). Default false.'),
  })
  .meta({ id: 'Neighbour', description: 'A BGP neighbour, or a range of them.' });

/** @internal */
export const routerSchema = z
  .strictObject(
    {
      name: text('a name').exactOptional().describe('Unique in its network. Default `router`.'),
      as: asn().describe('AS number: `65000`, `AS65000` or asdot `1.10` (in quotes).'),
      routerId: routerId().describe('BGP identifier in dotted quad, not 0.0.0.0 (RFC 6286).'),
      network: networkSchema.exactOptional().describe('The network it serves. A private one without.'),
      interfaces: list(routerInterface, 'a list of interfaces')
        .exactOptional()
        .describe("The router's address in each subnet. Nobody can claim these."),
      ports: list(portSchema, 'a list of ports')
        .exactOptional()
        .describe('Where nodes are attached by frames: a node whose `location` names a port is there. Default: none.'),
      access: list(accessRule, 'a list of access rules')
        .exactOptional()
        .describe('What may pass, at ports: the first rule that fits a packet decides, and without one it passes. Default: none.'),
      listen: list(listen, 'a list of addresses to listen on')
        .exactOptional()
        .describe("Where it accepts sessions, on the host's sockets. Default: nowhere (it only dials)."),
      neighbours: list(neighbourSchema, 'a list of neighbours').exactOptional().describe('Who it speaks to.'),
      watch: list(watch, 'a list of nodes to watch')
        .exactOptional()
        .describe(
          'Nodes that it watches by BFD though they speak no routing protocol: one that is silent is down, and what it holds goes to who is next.',
        ),
      originate: list(originate, 'a list of prefixes to announce')
        .exactOptional()
        .describe('What it announces by itself, to neighbours whose `export` says so.'),
      prefixLists: z
        .record(z.string(), list(prefixListEntry, 'a list of prefixes'), expects('an object of prefix lists'))
        .exactOptional()
        .describe('Named lists for policies.'),
      clusterId: routerId().exactOptional().describe('Cluster id for route reflection (RFC 4456), dotted quad. Default: the router id.'),
      ospf: list(ospfShape, 'a list of OSPF instances')
        .exactOptional()
        .describe('OSPF with guests: instances of OSPFv2 or OSPFv3. Default: none.'),
      rpki: rpki
        .exactOptional()
        .describe('Where it hears what the RPKI says of routes (RFC 8210), and what it makes of that. Default: routes are not validated.'),
    },
    expects('a router (an object with as and routerId)'),
  )
  .meta({ id: 'Router', description: 'A virtual router.' });

/** Does not compile where the shape and the interface differ, in either direction. @internal */
export type RouterAgreement = Holds<Same<RouterConfig, z.output<typeof routerSchema>>>;
