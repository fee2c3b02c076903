/**
 * Node's side of the contracts: TCP sockets and the system's clock. Nothing else in the library imports `node:*`, apart from the
 * command (`cli/`).
 *
 * `sockets.ts` carries BGP (`lib/transport.ts` is the contract), `system-clock.ts` tells the time; `capture-file.ts` opens recordings. `src/index.ts` puts the first two into the one host
 * that all routers of a process share.
 *
 * Not done: TCP MD5, TCP-AO and GTSM on host sockets; kernel routes; TAP and VXLAN ports.
 */
export { BfdThread } from './bfd-thread.js';
export { type CaptureFile, openCapture } from './capture-file.js';
export { NodeTransport } from './sockets.js';
export { SystemClock } from './system-clock.js';
