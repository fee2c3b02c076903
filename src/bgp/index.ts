/**
 * BGP-4: sessions, and what goes in and out of them.
 *
 * A session is a machine without I/O: `events.ts` is its vocabulary, `fsm.ts` the table of RFC 4271 §8.2.2 and its actions,
 * `session.ts` the machine, `negotiation.ts` what two OPENs agree on, `config.ts` what it is configured with. `peer.ts` is a neighbour:
 * its session, the connection under it (`lib/transport.ts`), a second one while two collide; `farewell.ts` how connections are closed. `framer.ts` cuts the stream into messages;
 * runs of UPDATEs go on as octets, all of a large chunk as one run, which is one turn of the network's.
 *
 * In: `ingest.ts` turns UPDATEs into claims (`look-ahead.ts`: what they will need from far away in memory; `repetition.ts`: those that are said again), `import.ts` judges an attribute set (loops, next hop, policy). Out: `export.ts` rewrites a
 * set for a neighbour, `packer.ts` fills UPDATEs; `roles.ts` is what RFC 9234 has each role do. Both work on octets and make no object a route. `policy/` is rules as data or code,
 * `wire/` the codec, `speaker.ts` a guest's side for labs and tests.
 *
 * RFCs done: 1997, 2545, 2918, 3765, 4271, 4360, 4456, 4486, 4724, 4760, 5004, 5492, 5668, 5701, 6286, 6608, 6793, 7313, 7606, 7607, 7705, 7911, 7947,
 * 7999, 8092, 8212, 8326, 8538, 8654, 8950, 9003, 9072, 9234, 9494, 9687, 9774. TCP MD5 and GTSM are the transport's (`io/tcp-options.ts`, `stack/tcp`).
 * draft-ietf-idr-bgp-bfd-strict-mode-19 too; an OPEN that comes while ours is delayed (`delayOpenTime`) is answered with ours at once, so that
 * the session waits for BFD in OpenSent and not in Connect or Active; BFD that goes down ends a session that has sent its OPEN, whether it
 * waited for BFD or not.
 *
 * Not done: of RFC 7705, paths with both AS numbers of a router (`localAs` stands alone in them: No Prepend Inbound, Replace Old AS), and
 * either AS in one OPEN (§4); AIGP in the decision (7311),
 * confederations (5065; their segments are read), MRAI, families other than IPv4 and IPv6
 * unicast. Interior cost is the same for every next hop: each is a node of the network, one hop away.
 */
export {};
