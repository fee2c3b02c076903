/**
 * Node's side of the contracts: TCP sockets, the system's clock, threads, files, and the ports of the emulated link. Nothing else in the
 * library imports `node:*`, apart from the command (`cli/`).
 *
 * `sockets.ts` carries BGP and RPKI (`lib/transport.ts` is the contract): a connection is a `socket-connection.ts`, which is read in turns
 * (`reading-turn.ts`; `closing-turns.ts`: when many end at once), and `tls.ts` dials with TLS. `system-clock.ts` tells the time, `node-compiler.ts` has a rehearsal compiled sooner, `bfd-thread.ts` has neighbours watched on a thread of
 * its own (`bfd-worker.ts`, with `bfd-sockets.ts`, `bfd-messages.ts`, `bfd-echo.ts` and its `packet-filter.ts`; `thread-priority.ts` puts it before others): `src/index.ts` puts these into the one host that all routers of
 * a process share. `capture-file.ts` opens recordings. `control.ts` answers questions about running routers over HTTP. `libc.ts` is the C
 * library, through koffi, for what Node has no words for. `secrets.ts` reads keys from where a configuration says that they are,
 * `system-error.ts` says why a call of the system failed.
 * `ospf-sockets.ts` carries OSPF (`ospf/link.ts` is the contract): `netlink.ts` knows the host's interfaces. `reactor.ts` says when
 * descriptors that Node does not know have something to read.
 *
 * `unix-socket.ts` listens at paths, and carries what a router's process and its forwarder say to each other.
 *
 * `snapshot-file.ts` and `snapshot-keeper.ts` keep what is claimed in a file, for the next life of a process.
 *
 * `ports.ts` opens ports (`stack/port.ts` is the contract): `vxlan.ts`, whose tunnels (`vxlan-tunnel.ts`) of one address and port share a
 * `vxlan-socket.ts`, carried (`vxlan-carrier.ts`) by batched system calls (`vxlan-batched.ts` over `batched-udp.ts`) or without (`vxlan-plain.ts`); QEMU's two kinds of socket in `qemu.ts` (`frame-stream.ts` cuts its stream), `tap.ts`, and
 * `tee.ts`, which has a capture of any of them written (`recording.ts`). `udp-socket.ts` is what is common to Node's own; `freed-memory.ts` has them not pay for memory twice.
 *
 * `tcp-options.ts` protects TCP connections (RFC 2385, RFC 5082).
 *
 * Not done: TCP-AO was only tried where the kernel has it not, and its keys do not roll over on host sockets; kernel routes; UNIX datagram sockets (Node has
 * none); `capture` of ports that the program gives; VXLAN over IPv6 without checksums, where koffi is not.
 */
export { BfdThread } from './bfd-thread.js';
export { type CaptureFile, openCapture } from './capture-file.js';
export { nodeCompiler } from './node-compiler.js';
export { RawOspfLinks } from './ospf-sockets.js';
export { NodePorts } from './ports.js';
export { entropy, readSecret } from './secrets.js';
export { formerLife, SnapshotKeeper } from './snapshot-keeper.js';
export { NodeTransport } from './sockets.js';
export { SystemClock } from './system-clock.js';
export { acceptAtPath, dialPath } from './unix-socket.js';
