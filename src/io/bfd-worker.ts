/**
 * The thread that BFD runs on: its own event loop, its own sockets. What the main thread does never delays it.
 *
 * Where the C library can be called it waits in the kernel (`bfd-loop.ts`), as precisely as that can; elsewhere it has Node's loop and
 * sockets.
 */
import { workerData } from 'node:worker_threads';
import { BfdEngine, type BfdEvents, type BfdLinks, type BfdTarget, type BfdWatch, DropCounts } from '../bfd/index.js';
import type { Cancel, Clock } from '../lib/clock.js';
import { BfdLoop } from './bfd-loop.js';
import type { FromThread, ThreadData, ToThread } from './bfd-messages.js';
import { NativeLinks } from './bfd-native.js';
import { type BfdReceive, UdpLinks } from './bfd-sockets.js';
import { type Libc, libc } from './libc.js';
import { SystemClock } from './system-clock.js';
import { ThreadPriority } from './thread-priority.js';

const { port, losses, drops } = workerData as ThreadData; // what `BfdThread` starts it with
const say = (message: FromThread): void => port.postMessage(message);
const watches = new Map<number, BfdWatch>();

/** What a watch tells, on its way to the main thread. */
const told = (id: number): BfdEvents => ({
  changed: (change) => {
    if (change.from === 'up') Atomics.add(losses, 0, 1);
    say({ type: 'changed', id, change });
  },
  agreed: (detectionTime) => say({ type: 'agreed', id, detectionTime }),
  dampened: (until) => say({ type: 'dampened', id, until }),
  failed: (reason) => say({ type: 'failed', id, reason }),
});

function engineOn(clock: Clock, links: (receive: BfdReceive, echoed: (payload: Uint8Array) => void) => BfdLinks): BfdEngine {
  const engine: BfdEngine = new BfdEngine(
    clock,
    Math.random,
    links(
      (...datagram) => engine.receive(...datagram),
      (payload) => engine.echoed(payload),
    ),
    new DropCounts(drops),
  );
  engine.onStall((by) => say({ type: 'stalled', by }));
  return engine;
}

/** What is asked of a watch that there is. */
function tend(message: Exclude<ToThread, { type: 'watch' | 'end' }>): void {
  const watch = watches.get(message.id);
  if (message.type === 'reconfigure') watch?.reconfigure(message.config);
  else if (message.type === 'signal') watch?.signal(message.diagnostic);
  else {
    watch?.close();
    watches.delete(message.id);
  }
}

/** On the loop of our own. */
function native(c: Libc): void {
  const priority = new ThreadPriority(c);
  priority.raise();
  const loop = new BfdLoop(c);
  const engine = engineOn(loop, (receive, echoed) => new NativeLinks(c, loop, receive, echoed));
  say({ type: 'ready', wake: loop.wake });
  const hear = (message: unknown): void => {
    const wanted = message as ToThread; // `BfdThread` says nothing else
    if (wanted.type === 'watch') watches.set(wanted.id, engine.watch(wanted.target, told(wanted.id)));
    else if (wanted.type === 'end') loop.end();
    else tend(wanted);
  };
  loop.run(port, hear, (worked, now) => priority.spent(worked, now));
  port.close();
}

/** On Node's loop. */
function evented(): void {
  const system = new SystemClock();
  const clock: Clock = {
    now: () => system.now(),
    defer: (call) => system.defer(call),
    // A timer's call is put behind the loop's next look at its sockets: what waits there is read before anybody is declared dead.
    at: (when, call) => {
      let cancel: Cancel = system.at(when, () => {
        cancel = system.defer(call);
      });
      return () => cancel();
    },
  };
  let links: UdpLinks | undefined;
  const engine = engineOn(clock, (receive) => {
    links = new UdpLinks(receive);
    return links;
  });
  /** Closed before its sockets were there. */
  const gone = new Set<number>();
  const open = async (id: number, target: BfdTarget): Promise<void> => {
    try {
      await links?.prepare(target);
      const watch = engine.watch(target, told(id));
      links?.discard(target);
      if (gone.delete(id)) watch.close();
      else watches.set(id, watch);
    } catch (error) {
      say({ type: 'failed', id, reason: error instanceof Error ? error.message : String(error) });
    }
  };
  port.on('message', (message: ToThread) => {
    if (message.type === 'watch') void open(message.id, message.target);
    else if (message.type === 'end') setTimeout(() => port.close(), LAST_WORDS);
    else if (message.type !== 'close' || watches.has(message.id)) tend(message);
    else gone.add(message.id);
  });
  say({ type: 'ready', wake: undefined });
}
/** Time for the last datagrams to leave, milliseconds. */
const LAST_WORDS = 20;

await libc('BFD').then(native, evented);
