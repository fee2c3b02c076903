/**
 * Where it all meets: `virtual-network.ts` owns nodes, grants, claims, mapping and journal, with its streams of claims in `feeds.ts`,
 * who holds what at first in `initial-holders.ts`, its grants as they change in `grant-book.ts`, what the program claims in
 * `program-claims.ts`, what waits as it flaps in `dampened-claims.ts`, and claims as they are shown in `claim-view.ts`; `virtual-router.ts` owns a router's sessions
 * in a network, `router-ports.ts` its ports as they come and go; `host.ts` is what all routers of a process share. `attach/` introduces each protocol
 * to it, a folder each. `rehearsal.ts` warms the path of a route up, `ospf-rehearsal.ts` that of an LSA.
 *
 * `config.ts` is the configuration (`shape.ts`, `schema.ts` check it), `events.ts` what listeners hear, `session-refusals.ts` why connections are turned away, `turn.ts` the one place that
 * tells them, `explain.ts` why an address is where it is, `lease.ts` what a program's claim is, `neighbour-status.ts` and `prometheus.ts` what is
 * shown.
 *
 * Through failures: `attach/bgp/retained-claims.ts` keeps a neighbour's claims through its restart; `snapshot.ts` is what is claimed as a plain
 * value and `restoration.ts` goes on with it in the next life; `guard.ts` suspects the way to nodes when many are lost at once: each loss is
 * a `feed-death.ts`, of a session or of what a node said on a link, or that of a node that is watched (`silent-nodes.ts`).
 *
 * Not done: taking a snapshot in slices (a million claims are walked at once, as often as takes a twentieth of the time); long-lived claims are marked all at once too.
 *
 * A turn follows one input to its end: octets in, claims changed, prefixes decided, table applied, listeners told, others told.
 */
export {};
