/**
 * TCP in user space: what BGP and others speak over frames, as the host's sockets are what they speak over otherwise. Both are the contract of
 * `lib/transport.ts`.
 *
 * `tcp-stack.ts` is what IP knows: whose a segment is, who listens, what is answered with a reset, how much any one node may take up. For
 * each connection there is a `tcp-socket.ts`, which the owner has, and under it the machine, `connection.ts` (`events.ts` has its events
 * and effects): states, what is believed, who may end it. It reads no clock and sends nothing itself. What is sent, when, and again, is
 * `transmission.ts`, with `send-buffer.ts`, `congestion.ts`, `round-trip.ts` and `scoreboard.ts`; what is received is `reception.ts`, with
 * `receive-queue.ts` for what came ahead of its turn. `authentication.ts` signs and checks segments before the machine sees them: `md5.ts`, or `ao.ts` with `ao-keys.ts`. `isn.ts`
 * makes numbers that cannot be guessed.
 *
 * **What a flood can take.** A segment's node is told by the port that it came in by, so bounds are each node's: 256 connections that are
 * not open yet, of which the oldest gives way; 1,024 in all; 200 segments a second that belong to no connection, 512 at
 * once; 100 resets a second. A connection keeps at most its window (256 KiB, and
 * 512 pieces ahead of their turn), and tells its writer to wait at 1 MiB; its owner may bound both.
 *
 * **Who may end a connection.** A reset with the very next sequence number (RFC 5961); ICMP ends a dial only, and is heard only when what it
 * quotes is under way (RFC 5927).
 *
 * RFCs: 9293; 2018, 6675 (selective acknowledgement), 2385 (MD5), 3042, 5082 (GTSM), 5681, 5925, 5926 (TCP-AO; HMAC-SHA-1-96 and AES-128-CMAC-96), 5927,
 * 5961, 6056, 6191, 6298, 6528, 6582, 6675, 6928 (initial window), 7323. Departures: the least retransmission timeout is 200 ms as
 * Linux's, and TIME-WAIT a minute; the owner's half-close ends both ways, as with the host's sockets, once the other end has closed.
 *
 * Not done: urgent data (read as any other), ECN, RACK and tail loss probes (a lost retransmission waits for the timeout), path MTU
 * discovery without ICMP, SYN cookies (bounds a node are in their place), fast open. A reset that answers what belongs to no connection is not
 * sent where TCP-AO is configured.
 */
export type { SecurityFault } from './authentication.js';
export type { TcpConfig } from './config.js';
export { type SegmentRefused, TcpStack } from './tcp-stack.js';
