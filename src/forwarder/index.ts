/**
 * The forwarder: the ports of a network's routers in a process of their own, which goes on forwarding while the routers' process is away.
 *
 * In the routers' process, `service.ts` gives each router its ports and joins the network; `feed.ts` tells the forwarder the nodes and
 * the mapping, by the journal, and carries frames both ways. In the forwarder's, `follower.ts` calls the router, keeps the forwarding
 * table as it is told, and decides what is left of it while nobody tells; `forwarder.ts` has the ports and a stack (`stack/`) for each
 * router; `split.ts` says of each frame from a guest whose it is. `wire/` is what the two say to each other. The sockets are `io/`'s.
 *
 * **Who does what.** The forwarder does what the mapping and the configuration alone decide: it forwards, with the source check, access
 * rules, TTL, fragments and ICMP errors; it answers ARP and Neighbour Discovery and echo, advertises the routers, and knows the guests' MACs. All else is left to the router's own stack, frame by frame, and the router's frames are sent as they are: BGP over frames, OSPF,
 * VRRP, BFD, claims by ARP and Neighbour Discovery, answers to probes. So protocols know nothing of a forwarder, and they end with
 * the router's process. A port leaves the router at most 20,000 frames a second, and what the other side does not read is dropped beyond 1 MiB.
 *
 * **The feed.** The forwarder calls, with how far it has heard. It is told what changed since, each prefix at its latest, or the whole
 * mapping where the journal does not go back so far or is that of another life. Then each change, a turn at a time, after the routers'
 * own table has it: `mapping-change` does not wait for the forwarder. Nothing is queued for one that reads slowly.
 *
 * **A restart of the router.** The forwarder keeps what it has. The next process tells it everything: with `restart.snapshot` that is what
 * the former one had. What is not in it stays until the router says that whoever was awaited has spoken (a claim of the last second is
 * in no snapshot), and goes then. Without `restart.snapshot` nobody is awaited, and only what is so then is left. While no router calls
 * back for `forwarder.stale` seconds nothing is forwarded any more.
 *
 * Not done: a forwarder on another host; several of one network; a mapping kept over the forwarder's own restart (it forwards nothing until it
 * is told); another configuration of ports, interfaces, access, subnets, links or routes without a restart of the forwarder; metrics and
 * `--control` of its own; the connections of a router that is killed are not closed on its behalf: a guest notices when it is dialled, or says
 * something next.
 */
export { type FeedSource, ForwarderFeed } from './feed.js';
export { Follower, type ForwarderState } from './follower.js';
export { Forwarder, type ForwarderConfiguration, type ForwarderEvents, type ForwarderOptions, type ForwarderStatus } from './forwarder.js';
export { ForwarderService } from './service.js';
