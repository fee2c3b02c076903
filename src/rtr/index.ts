/**
 * RPKI: hearing from caches which AS may originate a prefix and who is whose provider, and judging routes by it.
 *
 * `session.ts` is a router's side of one session with a cache, a machine without I/O; `events.ts` its vocabulary, `config.ts` what it is
 * configured with, `wire/` the PDUs. An answer of the cache fills a `cache-data.ts` (all at once, at its End of Data): `vrp-table.ts` holds the
 * payloads of a family in columns and validates origins, `aspa.ts` verifies paths. `router/attach/rtr.ts` connects the caches, uses
 * the data of the most preferred one that has any, and has every claim judged again, in place, when that changes.
 *
 * RFCs done: 6810, 6811, 8210. Drafts: sidrops-aspa-verification (upstream and downstream paths), and of sidrops-8210bis (version 2) the ASPA
 * PDU without address family: flags in the header, then the customer and its providers. Revision 25 is the newest known of; no cache that speaks
 * it was at hand, so version 2 is tested against PDUs of our own only, and has to be asked for. The older form, with flags, address
 * family and count, is refused with an error that says so.
 *
 * Over TLS (RFC 8210 §9.2) a cache has to be verified before anything is asked of it; `io/tls.ts` does that, and falls back to nothing.
 *
 * Departures: a router may come without a certificate of its own over TLS, where the cache lets it (§9.2 has every router show one, which
 * protects the cache: see SECURITY.md). All caches are connected at once, and only the most preferred one with data is used (§10 lets the
 * others be connected too). Data is kept until it expires, also after a fatal error, and replaced whole by the next answer.
 *
 * Not done: SSH and TCP MD5 or AO towards caches; router keys (BGPsec) are read and dropped; the state as an extended community
 * (RFC 8097).
 */
export {};
