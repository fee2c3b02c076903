/**
 * OSPF: a router that is a full neighbour to guests which speak it, knows what they reach, and tells them what it reaches. One engine for
 * OSPFv2 and OSPFv3.
 *
 * `instance.ts` is the machine: packets, timers and changes of configuration in; packets, changed states and changed routes out. It
 * knows no sockets and no clock. A packet goes through `receive.ts` (whose is it? `heard-sequences.ts`: was it heard before?) to `hello.ts`, `exchange.ts` (database descriptions and
 * requests, those wanted in `columns/request-list.ts`) or `flooding.ts` (updates and acknowledgments, those owed in `acknowledgments.ts`): LSAs
 * and headers are read where they stand in it (`wire/lsa-run.ts`), and only what is kept is made of them. `fsm.ts` has the tables of interfaces and neighbours as the RFC has them,
 * `election.ts` who is designated router. LSAs (`lsa.ts`, with their octets in `lsa-octets.ts`) live in a `database.ts` for each scope, by their three
 * numbers (`columns/lsa-table.ts`), count for who gave them (`departed.ts`: where that is gone), grow old in `ageing.ts`; ours are made
 * in `origination.ts` from what the dialect says they are, and in `border.ts` between areas (`ranges.ts`: several networks as one) and at
 * the edge of the AS (`nssa-translation.ts`: for whom we tell an NSSA's externals, `nssa-ranges.ts`: several of them as one), under ids of `link-state-ids.ts`.
 *
 * What LSAs say goes two ways: links into an area's graph (`area.ts`; `spf/` has the shortest paths, whole and as amended by what changed, in
 * columns; `next-hops.ts` where they begin; `network-type.ts` tells why none leads over a link that both ends take for different things; `backoff.ts` when), prefixes (`said-prefix.ts`) into `routes.ts`, which works out again only what hangs on what
 * changed. Destinations (`destinations.ts`) have numbers (`columns/prefix-index.ts`). Of externals there may be a hundred thousand: what one says is read
 * where it stands (`external-saying.ts`), and they are looked at some hundreds a turn.
 *
 * `meaning.ts` is what LSAs mean to all of that, `dialect.ts` all that OSPFv2 (`v2.ts`) and OSPFv3 (`v3.ts`) differ in. `config.ts` is what is configured, `options.ts` the same resolved;
 * `events.ts` the vocabulary; `link.ts` the contract with who sends packets (`memory-links.ts`: nobody but memory).
 *
 * **When a neighbour does not come up**, the reason is an event: every packet that counts for nothing has one, told once and counted always.
 *
 * **Held against** a plain Dijkstra in simulations with loss and flapping links (`test/ospf/simulation.test.ts`; more routers in
 * `bench/ospf-simulation.ts`), and recorded topologies of another implementation (`test/ospf/conformance.test.ts`,
 * `test/ospf/conformance-v3.test.ts`).
 *
 * An LSA is its originator's own where that very instance came from its own attach point, first or again: see `router/attach/ospf/claims.ts`.
 *
 * Departures, all for speed or safety: a Hello answers the first one of a new neighbour at once; an LSA that was asked for does not count as
 * flooded for MinLSArrival; LSAs beyond a neighbour's limit are acknowledged and not kept; Hello intervals below a second.
 *
 * RFCs: 2328, 5340, 5838 (unicast families), 3101 (NSSA), 3509 (border routers), 3623 and 5187 (helper), 5250 (opaque LSAs are flooded and kept),
 * 6987 (stub router), 8405 (SPF back-off); in `wire/` 5709, 7166, 7474.
 *
 * Not done: NBMA networks, virtual links, keeping back a translation that another translator tells alike (2328 §12.4.4.1), demand circuits (1793), restarting gracefully ourselves, LSDB resynchronization (4811),
 * traffic engineering, multi-topology, RFC 8362's extended LSAs, host routers (8770), RFC1583Compatibility (it is off), forwarding of packets along OSPF's
 * own paths (the mapping does that).
 */
export type {
  OspfAreaConfig,
  OspfAreaRangeConfig,
  OspfAuthenticationConfig,
  OspfInstanceConfig,
  OspfInterfaceConfig,
  OspfKeyConfig,
  OspfNssaRangeConfig,
} from './config.js';
export { type OspfRoute, routeKey } from './destinations.js';
export type {
  ExternalRoute,
  NeighbourReason,
  OspfEffect,
  OspfEvent,
  OspfInterfaceState,
  OspfNeighbourState,
  OspfProblem,
  RouteKey,
} from './events.js';
export { OspfInstance } from './instance.js';
export type { OspfLink, OspfLinkEvents, OspfLinks } from './link.js';
export { MemoryOspfLinks, OspfSegment } from './memory-links.js';
export type { Neighbour } from './neighbour.js';
export {
  AREA_DEFAULTS,
  type AreaOptions,
  INSTANCE_DEFAULTS,
  INTERFACE_DEFAULTS,
  type InterfaceOptions,
  type NssaTranslatorRole,
  type OspfAreaType,
  type OspfInterfaceType,
} from './options.js';
export { type Advertisement, best, type OspfPath, type OspfPathType, PATH_TYPES } from './routes.js';
export type { OspfHash, OspfVersion, PacketDrop } from './wire/index.js';
