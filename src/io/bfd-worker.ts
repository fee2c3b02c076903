/**
 * The thread that BFD runs on: its own event loop, its own sockets. What the main thread does never delays it.
 *
 * A datagram that waits in a socket is read before a timer that fell due meanwhile is acted on: a timer's call is put behind the
 * loop's next look at its sockets.
 */
import { parentPort } from 'node:worker_threads';
import { BfdEngine } from '../bfd/index.js';
import type { Cancel, Clock } from '../lib/clock.js';
import type { FromThread, ToThread } from './bfd-messages.js';
import { UdpLinks } from './bfd-sockets.js';
import { SystemClock } from './system-clock.js';

const port = parentPort;
if (!port) throw new Error('this file is a worker thread');
const say = (message: FromThread): void => port.postMessage(message);

const system = new SystemClock();
const clock: Clock = {
  now: () => system.now(),
  defer: (call) => system.defer(call),
  at: (when, call) => {
    let cancel: Cancel = system.at(when, () => {
      cancel = system.defer(call);
    });
    return () => cancel();
  },
};

const links = new UdpLinks((bytes, remote, local, multihop) => engine.receive(bytes, remote, local, multihop));
const engine: BfdEngine = new BfdEngine(clock, Math.random, links);
engine.onStall((by) => say({ type: 'stalled', by }));
const watches = new Map<number, { close(): void }>();

port.on('message', (message: ToThread) => {
  const { id } = message;
  if (message.type === 'close') {
    watches.get(id)?.close();
    watches.delete(id);
    return;
  }
  void links.prepare(message.target).then(
    () => {
      const watch = engine.watch(message.target, {
        changed: (change) => say({ type: 'changed', id, change }),
        agreed: (detectionTime) => say({ type: 'agreed', id, detectionTime }),
        failed: (reason) => say({ type: 'failed', id, reason }),
      });
      watches.set(id, watch);
    },
    (error: unknown) => say({ type: 'failed', id, reason: error instanceof Error ? error.message : String(error) }),
  );
});
