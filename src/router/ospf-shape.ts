/** The shape of OSPF's configuration: what {@link OspfConfig} says, where a program or a file can be held to it. */
import { z } from 'zod';
import { expects, flag, list, moment, prefix, routerId, seconds, text, whole } from '../lib/fields.js';
import type { Holds, Same } from '../lib/validate.js';
import { bfd } from './bfd-shape.js';
import type { OspfConfig } from './ospf-config.js';
import { policy } from './policy-shape.js';

const areaId = () => z.union([whole(0, 0xffff_ffff), areaQuad()], expects('an area: a number or dotted quad'));
const areaQuad = () =>
  z.string(expects('an area such as "0.0.0.1"')).regex(/^\d{1,3}(\.\d{1,3}){3}$/, 'expected an area such as "0.0.0.1"');

const range = z
  .strictObject({
    prefix: prefix().describe('The range.'),
    advertise: flag().exactOptional().describe('False: neither it nor what lies in it is told. Default true.'),
  })
  .meta({
    id: 'OspfAreaRange',
    description: 'An address range of an area: while any network of the area in it can be reached, the range is told as one.',
  });

const nssaRange = z
  .strictObject({
    prefix: prefix().describe('The range.'),
    advertise: flag().exactOptional().describe('False: neither it nor what lies in it is told. Default true.'),
    metric: whole(0, 0xff_fffe).exactOptional().describe('Default: the highest of what lies in it, and one more where that is of type 2.'),
    tag: whole(0, 0xffff_ffff).exactOptional().describe('Default 0, which is none.'),
  })
  .meta({
    id: 'OspfNssaRange',
    description:
      'An address range of an NSSA: while any external of the area in it is to be told beyond the area, the range is told as one.',
  });

const area = z
  .strictObject({
    area: areaId().describe('A number, or dotted quad; 0 is the backbone.'),
    type: z.enum(['normal', 'stub', 'nssa']).exactOptional().describe('Default `normal`.'),
    summaries: flag()
      .exactOptional()
      .describe('Stub areas and NSSAs: tell summaries of other areas; false is "totally stubby". Default true.'),
    defaultCost: whole(0, 0xff_fffe).exactOptional().describe('Cost of the default route told into a stub area or NSSA. Default 1.'),
    ranges: list(range, 'a list of ranges')
      .exactOptional()
      .describe('Told to other areas in place of the networks that lie in them (RFC 2328 §12.4.3). Default: each network is told.'),
    nssaRanges: list(nssaRange, 'a list of ranges')
      .exactOptional()
      .describe('NSSAs: told beyond the area in place of the externals that lie in them (RFC 3101 §3.2). Default: each external is told.'),
    translatorRole: z
      .enum(['candidate', 'always'])
      .exactOptional()
      .describe(
        "NSSAs: what we are as border router (RFC 3101 §2.1). A `candidate` tells the area's externals to others while it is the elected one of the area's border routers, `always` does whatever others do. Default `candidate`.",
      ),
    translatorStabilityInterval: seconds(0)
      .exactOptional()
      .describe('NSSAs: for how long a border router goes on doing so once another one is elected (RFC 3101 §2.1). Default 40.'),
  })
  .meta({ id: 'OspfArea', description: 'An area of OSPF.' });

const key = z
  .strictObject({
    id: whole(0, 65_535).describe('Key id: 0 to 255 in OSPFv2, a security association in OSPFv3.'),
    hash: z
      .enum(['md5', 'hmac-sha-1', 'hmac-sha-256', 'hmac-sha-384', 'hmac-sha-512'])
      .exactOptional()
      .describe('Default `md5` in OSPFv2, `hmac-sha-256` in OSPFv3.'),
    secret: text('a secret').describe('Shared with the neighbours.'),
    sendFrom: moment().exactOptional().describe('Sent from then on, ISO 8601. Default: always.'),
    sendUntil: moment().exactOptional().describe('Not sent any more. Default: never.'),
    acceptFrom: moment().exactOptional().describe('Taken from then on. Default: always.'),
    acceptUntil: moment().exactOptional().describe('Not taken any more. Default: never.'),
  })
  .meta({ id: 'OspfKey', description: 'A key of OSPF authentication, and when it counts.' });

const authentication = z
  .strictObject({
    type: z
      .enum(['simple', 'cryptographic'])
      .describe('`simple`: a password in clear (OSPFv2). `cryptographic`: RFC 2328 D and RFC 5709 in OSPFv2, RFC 7166 in OSPFv3.'),
    password: text('a password').exactOptional().describe('`simple`: up to eight characters.'),
    keys: list(key, 'a list of keys').exactOptional().describe('`cryptographic`: any of them is taken, the last that counts is sent.'),
    extended: flag().exactOptional().describe('OSPFv2: sequence numbers of 64 bits (RFC 7474). Default false.'),
    swappedProtocolId: flag()
      .exactOptional()
      .describe('OSPFv3: digests as FRR makes them, seen in 8.4, which differ from RFC 7166 in the order of two octets. Default false.'),
  })
  .meta({ id: 'OspfAuthentication', description: 'How packets of OSPF are authenticated.' });

const ospfInterface = z
  .strictObject({
    name: text('a name').exactOptional().describe('Shown in events. Default: the port or device.'),
    port: text('the name of a port').exactOptional().describe("A port of the router's (see `ports`): the guest there."),
    subnet: text('the name of a subnet')
      .exactOptional()
      .describe('A subnet of the network: each port whose node has an address there, an interface each.'),
    device: text('the name of a device').exactOptional().describe("An interface of the host's, over raw sockets (Linux, koffi)."),
    node: text('the name of a node')
      .exactOptional()
      .describe('`device`: the node of all that speak there. Default: the node that owns the address that speaks.'),
    area: areaId().exactOptional().describe('Number or dotted quad, one of `areas`. Default 0.'),
    type: z
      .enum(['point-to-point', 'broadcast', 'point-to-multipoint'])
      .exactOptional()
      .describe(
        'As the neighbour has it: FRR and BIRD take Ethernet for `broadcast` unless told otherwise, and with another type at each end there is an adjacency but no route. Default `point-to-point`.',
      ),
    cost: whole(1, 65_535).exactOptional().describe('1 to 65535. Default 10.'),
    priority: whole(0, 255).exactOptional().describe('`broadcast`: 0 to 255, to be the designated router; 0 never is. Default 1.'),
    helloInterval: seconds(0.01)
      .exactOptional()
      .describe('Seconds. Below 1 the dead interval is 1 at the least, and Hellos say 0, as fast Hellos do. Default 10.'),
    deadInterval: seconds(0.05).exactOptional().describe('Seconds. Default four times the Hello interval.'),
    retransmitInterval: seconds(0.05).exactOptional().describe('Seconds between retransmissions. Default 5.'),
    transmitDelay: whole(1, 3600).exactOptional().describe('Seconds. Default 1.'),
    mtu: whole(576, 65_535).exactOptional().describe("Octets. Default: the port's or device's."),
    ignoreMtu: flag().exactOptional().describe('Take a neighbour whose MTU is larger (RFC 2328 §10.6 forbids it). Default false.'),
    passive: flag().exactOptional().describe('Announce the subnet and speak to nobody. Default false.'),
    instance: whole(0, 255).exactOptional().describe('OSPFv3 instance id on the link (RFC 5340 §2.4). Default 0; 64 for IPv4 (RFC 5838).'),
    authentication: authentication.exactOptional().describe('Default: none.'),
    trusted: flag()
      .exactOptional()
      .describe(
        'LSAs that come by this link become claims of their originators, whoever passed them on. For links where all are authenticated and trusted. Default false.',
      ),
    neighbourLimit: whole(1, 65_535).exactOptional().describe('Most neighbours. Default 256.'),
    bfd: bfd
      .exactOptional()
      .describe("Watch each neighbour that is a node's by BFD: when it falls silent, it is down at once and its claims end. Default: not."),
  })
  .meta({
    id: 'OspfInterface',
    description: 'A link, or several alike, on which OSPF is spoken. One of `port`, `subnet` and `device` says which.',
  });

const ospfExport = z
  .strictObject({
    connected: flag().exactOptional().describe("Tell the router's subnets, as stub networks. Default false."),
    default: z
      .enum(['always', 'conditional'])
      .exactOptional()
      .describe('Tell a default route: `always`, or only while the network has one itself (`conditional`). Default: never.'),
    claims: flag()
      .exactOptional()
      .describe(
        'Tell addresses that guests hold which do not speak OSPF here (over BGP, by ARP, by the program), as externals. Default false.',
      ),
    originated: flag().exactOptional().describe("Tell the router's `originate`, as externals. Default false."),
    metricType: z
      .union([z.literal(1), z.literal(2)], expects('1 or 2'))
      .exactOptional()
      .describe('Of externals: 1 adds the way to us, 2 does not. Default 2.'),
    metric: whole(0, 0xff_fffe).exactOptional().describe('Of externals. Default 20.'),
    tag: whole(0, 0xffff_ffff)
      .exactOptional()
      .describe('Of externals; what comes back with it is refused (`own-tag`). 0 for none. Default: made of the AS number (RFC 1403).'),
    rules: policy
      .exactOptional()
      .describe('Rules on claims that are told, as those of BGP; a MED that they set is the metric. Default: all.'),
  })
  .meta({ id: 'OspfExport', description: 'What of the network guests are told by OSPF.' });

/** @internal */
export const ospfShape = z
  .strictObject({
    name: text('a name').exactOptional().describe('Shown in events and metrics. Default `ospf`, `ospf6` for OSPFv3. Unique in the router.'),
    version: z
      .union([z.literal(2), z.literal(3)], expects('2 or 3'))
      .exactOptional()
      .describe('2 is OSPFv2 (RFC 2328), for IPv4; 3 is OSPFv3 (RFC 5340). Default 2.'),
    family: z.enum(['ipv4', 'ipv6']).exactOptional().describe('OSPFv3: the family of its prefixes (RFC 5838). Default `ipv6`.'),
    routerId: routerId().exactOptional().describe("Dotted quad. Default: the router's."),
    areas: list(area, 'a list of areas')
      .min(1, 'expected at least one area, got none')
      .exactOptional()
      .describe('Default: the backbone alone.'),
    interfaces: list(ospfInterface, 'a list of interfaces').describe('Where it is spoken.'),
    export: ospfExport.exactOptional().describe('What is announced to guests. Default: nothing but the links that it is spoken on.'),
    stubRouter: flag().exactOptional().describe('Others pass through us only if there is no other way (RFC 6987). Default false.'),
    gracefulRestart: z
      .union([z.literal(false), whole(1, 1800)], expects('false, or 1 to 1800 seconds'))
      .exactOptional()
      .describe('Most seconds that a guest which restarts gracefully is held for up (RFC 3623); false for not at all. Default 1800.'),
    lsaLimit: whole(1).exactOptional().describe('LSAs of one neighbour that are kept; the excess is refused. Default 100,000.'),
    retransmitLimit: whole(1)
      .exactOptional()
      .describe("LSAs that may wait for one neighbour's acknowledgment before its adjacency begins anew. Default 100,000."),
  })
  .meta({ id: 'Ospf', description: 'OSPF in a router: one instance of the protocol, with one area or several.' });

/** Does not compile where the shape and the interface differ, in either direction. @internal */
export type OspfAgreement = Holds<Same<OspfConfig, z.output<typeof ospfShape>>>;
