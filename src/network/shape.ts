/** The shape of a network's configuration: what {@link NetworkConfig} says, where a program or a file can be held to it. */
import { z } from 'zod';
import { address, expects, flag, list, moment, prefix, text, whole } from '../lib/fields.js';
import type { Holds, Same } from '../lib/validate.js';
import type { NetworkConfig } from './config.js';

const SOURCES = ['api', 'bgp', 'ospf', 'vrrp', 'arp'] as const;

const subnet = z
  .strictObject({
    name: text('a name').exactOptional().describe('Default: the prefix.'),
    prefix: prefix().describe('`10.0.1.0/24`.'),
  })
  .meta({ id: 'Subnet', description: 'One subnet: an address range on one link. Its prefix is reserved (nobody can claim it).' });

/** @internal */
export const nodeState = z.enum(['up', 'draining', 'down']);

/** @internal */
export const nodeSchema = z
  .strictObject({
    name: text('a name').describe('Unique in the network.'),
    addresses: list(address(), 'a list of addresses')
      .exactOptional()
      .describe(
        "The node's own addresses. It is their initial holder; they identify its sessions, and no other node can claim those that do.",
      ),
    tags: list(text('a tag'), 'a list of tags').exactOptional().describe('Groups for grants.'),
    location: text()
      .exactOptional()
      .describe('Where it is attached (a host, a port); opaque to the control plane and given to the forwarding table.'),
    state: nodeState
      .exactOptional()
      .describe(
        'A node that is down holds nothing. One that is draining holds what nobody else claims, as the last resort, and shares with weight zero; others are told so (GRACEFUL_SHUTDOWN, RFC 8326). Default `up`.',
      ),
  })
  .meta({ id: 'Node', description: 'A computing node: a VM, a container, an appliance.' });

const length = () => whole(0, 128);
const preference = () => whole(0, 65_535);

/** @internal */
export const grantSchema = z
  .strictObject({
    id: text('an id').exactOptional().describe('Stable name, to change or revoke it by. Default: `node/prefix` or `tag/prefix`.'),
    node: text('the name of a node').exactOptional().describe('The node that may claim. Either this or `tag`.'),
    tag: text('a tag').exactOptional().describe('The tag whose nodes may claim.'),
    prefix: prefix().describe(
      'The range. Alone it is exactly this prefix; with `ge` or `le` also longer ones inside it. A default route is granted only as itself.',
    ),
    ge: length().exactOptional().describe("Shortest length, in bits. Default: the prefix's own."),
    le: length()
      .exactOptional()
      .describe("Longest length, in bits. Default: the family's maximum if `ge` is given, else the prefix's own."),
    mode: z
      .enum(['single', 'exclusive', 'shared'])
      .exactOptional()
      .describe(
        '`single` (default): one holder at a time; others with a grant may take over. `exclusive`: as single, and nobody without this very grant may claim anything equal to the range or inside it. `shared`: all claimants that are equal hold it together.',
      ),
    weight: whole(0, 1000)
      .exactOptional()
      .describe(
        'Of a `shared` grant: how many flows a claimant gets in comparison with the others, 0 to 1000. 0: none, unless all have 0. When it changes, only flows that the claimant gets or loses move. Default 1.',
      ),
    as: z
      .enum(['holder', 'gateway'])
      .exactOptional()
      .describe("`holder` (default): the addresses are the node's own. `gateway`: a remote prefix that is reached through it."),
    sources: list(z.enum(SOURCES), 'a list of sources').exactOptional().describe('Whence the node may claim. Default: all.'),
    limit: whole(1)
      .exactOptional()
      .describe('Most prefixes that one holder may have by this grant at once; the excess is refused. Default: no limit.'),
    until: moment().exactOptional().describe('When the grant ends, ISO 8601. Default: never.'),
    preference: preference()
      .exactOptional()
      .describe("Preference of a claim under this grant. Default: the source's (api 500, bgp 400, ospf 300, vrrp 200, arp 100)."),
    preferenceRange: z
      .tuple([preference(), preference()], expects('two preferences, [min, max]'))
      .exactOptional()
      .describe('Bounds within which policy or a community may set the preference. Default: it may not be set.'),
    takeover: z
      .enum(['always', 'if-preferred', 'if-holder-down'])
      .exactOptional()
      .describe(
        'When a claim takes an address from the node that has it. Default: `if-preferred` for bgp, ospf and vrrp, which have a decision of their own, `always` for api and arp.',
      ),
    speaksFor: list(text('the name of a node, or "tag:NAME"'), 'a list of nodes')
      .exactOptional()
      .describe("Nodes (by name, or `tag:NAME`) whose addresses this node's claims may name as next hop. Default: none."),
  })
  .meta({ id: 'Grant', description: 'Permission for a node, or all nodes with a tag, to claim prefixes.' });

const holder = z
  .strictObject({
    prefix: prefix().describe('What it holds.'),
    node: text('the name of a node').describe('Who holds it.'),
    as: z.enum(['holder', 'gateway']).exactOptional().describe('Default `holder`.'),
    moved: z
      .boolean()
      .exactOptional()
      .describe(
        "It was claimed, not configured: `network.configuration()` writes it, and the network that it is given to starts with it. It goes before other initial holders and ends when its node's own claim is heard again. Default false.",
      ),
  })
  .meta({ id: 'Holder', description: 'An initial holder.' });

const link = z
  .strictObject({
    routers: z
      .tuple([text('the name of a router'), text('the name of a router')], expects('the names of two routers'))
      .describe('Its two ends.'),
  })
  .meta({ id: 'Link', description: 'A link between two routers of the network.' });

const route = z
  .strictObject({
    router: text('the name of a router').describe('The router that has the route.'),
    prefix: prefix().describe('Where it leads.'),
    via: text('the name of a router').describe('The neighbouring router that is next.'),
  })
  .meta({ id: 'StaticRoute', description: 'A route from one router to the next, followed along links.' });

const restart = z
  .strictObject({
    time: whole(1, 4095).exactOptional().describe('Seconds that neighbours are asked to wait for us. Default 120.'),
    longLived: whole(0, 0xff_ffff)
      .exactOptional()
      .describe('Seconds more for which our routes may be their last resort (RFC 9494). Default 0: none.'),
    deferral: whole(1, 4095)
      .exactOptional()
      .describe(
        'Seconds after the start in which neighbours say everything again: nothing is told before, and what they have not said by then ends. Default 120.',
      ),
    snapshot: text('a path')
      .exactOptional()
      .describe('A file that what is claimed is written to, for the next life to begin with. Default: none.'),
  })
  .meta({ id: 'Restart', description: 'How routers come through a restart of their own (RFC 4724).' });

const forwarder = z
  .strictObject({
    path: text('a path').describe("A UNIX socket, at which the routers' process listens and the forwarder's calls."),
    stale: whole(1)
      .exactOptional()
      .describe('Seconds for which the forwarder goes on without a router: then it forwards nothing any more. Default 600.'),
  })
  .meta({
    id: 'Forwarder',
    description:
      "A forwarder: a process (`virtual-router forward`) that has the ports of the network's routers and forwards by the mapping that it hears of, on its own while no router runs.",
  });

const dampening = z
  .strictObject({
    halfLife: whole(1).exactOptional().describe('Seconds in which a penalty decays by half. Default 900.'),
    suppress: whole(1).exactOptional().describe('Penalty above which a claim is refused. Default 2000 (RFC 7196 advises 6000).'),
    reuse: whole(1).exactOptional().describe('Penalty below which it is taken again. Default 750.'),
    maxSuppress: whole(1).exactOptional().describe('Seconds for which a claim is refused at most after its last flap. Default 3600.'),
    withdrawal: whole(0).exactOptional().describe('What the end of a claim costs. Default 1000.'),
    change: whole(0).exactOptional().describe('What other attributes cost. Default 500.'),
  })
  .meta({ id: 'Dampening', description: 'How claims that come and go are dampened (RFC 2439).' });

const guard = z
  .strictObject({
    share: z
      .number(expects('a share, more than 0 and less than 1'))
      .gt(0, expects('a share, more than 0 and less than 1'))
      .lt(1, expects('a share, more than 0 and less than 1'))
      .describe("Of the network's holders, or of its peers, more than 0 and less than 1."),
    window: whole(1, 3600).exactOptional().describe('Seconds. Default 10.'),
    decide: z
      .strictObject({
        after: whole(1).describe('Seconds.'),
        as: z
          .enum(['let-go', 'keep'])
          .describe('`let-go`: they are dead, what is held ends. `keep`: it stays until their sessions are back.'),
      })
      .meta({ id: 'GuardDecision', description: 'What is decided when nobody has.' })
      .exactOptional()
      .describe('What is decided when nobody has after a while. Default: nothing.'),
  })
  .meta({
    id: 'Guard',
    description:
      "The blast-radius guard. When more than `share` of the network's holders, or of its peers, and at least five, are lost without a word within `window`, those lost from then on keep what they claim, and so do those lost before what nobody else claims, until somebody decides.",
  });

const decision = z
  .strictObject({
    alwaysCompareMed: flag()
      .exactOptional()
      .describe('Compare MED between different neighbouring ASes. Default false (RFC 4271 §9.1.2.2 c).'),
    preferOldestExternal: flag().exactOptional().describe('Between external paths that tie, keep the oldest (RFC 5004). Default false.'),
    multipath: flag()
      .exactOptional()
      .describe('Paths equal up to the steps that only break ties share a prefix whose grants are `shared`. Default true.'),
  })
  .meta({ id: 'Decision', description: 'How the best of several paths for a prefix is chosen.' });

/** @internal */
export const networkSchema = z
  .strictObject(
    {
      name: text('a name').exactOptional().describe('Shown in logs, metrics and events. Default `network`.'),
      ranges: list(prefix(), 'a list of prefixes')
        .exactOptional()
        .describe('Prefixes that belong to the network. A claim outside them needs a `gateway` grant. Default: none.'),
      subnets: list(subnet, 'a list of subnets').exactOptional().describe('The subnets in which nodes and routers have addresses.'),
      nodes: list(nodeSchema, 'a list of nodes').exactOptional().describe('The computing nodes of the network.'),
      grants: list(grantSchema, 'a list of grants')
        .exactOptional()
        .describe('Who may claim what. Nothing is granted unless it stands here.'),
      holders: list(holder, 'a list of holders')
        .exactOptional()
        .describe("Who holds an address while nobody claims it: candidates of preference 0. A node's own addresses need not be listed."),
      links: list(link, 'a list of links').exactOptional().describe("Links between the network's routers, by name."),
      routes: list(route, 'a list of routes').exactOptional().describe('Routes from one router to the next, followed along links.'),
      journal: whole(1).exactOptional().describe('How many changes the journal keeps for listeners that resume. Default 65,536.'),
      reserve: z
        .strictObject({
          ipv4: whole(0, 16_000_000).exactOptional().describe('IPv4 prefixes. Default 0.'),
          ipv6: whole(0, 16_000_000).exactOptional().describe('IPv6 prefixes. Default 0.'),
        })
        .exactOptional()
        .describe(
          "Prefixes of each family for which to make room at the start, about 200 octets each: a table that large then comes in without waiting for the system's memory. Default: room is made when it is needed.",
        ),
      decision: decision.exactOptional().describe('Options of the decision process.'),
      restart: restart
        .exactOptional()
        .describe(
          'How its routers come through a restart of their own: of use where packets are forwarded meanwhile, by something that outlives the process. Default: they ask nobody to wait for them.',
        ),
      forwarder: forwarder
        .exactOptional()
        .describe("Its routers' ports are in a forwarder, a process of its own. Default: they are in the router's process."),
      dampening: dampening
        .exactOptional()
        .describe("Refuses claims that come and go (RFC 2439), each holder's to each prefix for itself. Default: not."),
      holdDown: whole(0, 86_400)
        .exactOptional()
        .describe('Seconds for which a claim that ended is not taken back from its holder. Default 0.'),
      guard: guard.exactOptional().describe('Suspects the way to nodes when many are lost at once. Default: not.'),
      announce: z
        .enum(['applied', 'decided'])
        .exactOptional()
        .describe(
          'When routes leave for other neighbours: once the forwarding table took the change, or as soon as it is decided. Default `applied`.',
        ),
    },
    expects('a network (an object)'),
  )
  .meta({ id: 'Network', description: 'A virtual network: its addresses, the nodes in it, and what each node may claim.' });

/** Does not compile where the shape and the interface differ, in either direction. @internal */
export type NetworkAgreement = Holds<Same<NetworkConfig, z.output<typeof networkSchema>>>;
