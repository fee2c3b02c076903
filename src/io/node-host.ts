import { Host } from '../router/host.js';
import { NodeTransport } from './sockets.js';
import { SystemClock } from './system-clock.js';

let shared: Host | undefined;

/** The process's host: its sockets and its clock, shared by all routers that are given no other. @public */
export function nodeHost(): Host {
  shared ??= new Host({ transport: new NodeTransport(), clock: new SystemClock() });
  return shared;
}
