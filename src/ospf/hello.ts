import type { OspfInstance } from './instance.js';
import type { OspfInterface } from './interface.js';
import { Neighbour } from './neighbour.js';
import type { InterfaceOptions } from './options.js';
import { type Hello, Option } from './wire/index.js';

/** Intervals as Hellos have them, in seconds. Below a second it is 0, as Cisco's and FRR's fast Hellos say. @internal */
export function intervals({ helloInterval, deadInterval }: InterfaceOptions): Pick<Hello, 'helloInterval' | 'deadInterval'> {
  return { helloInterval: Math.floor(helloInterval / 1000), deadInterval: Math.ceil(deadInterval / 1000) };
}

/** RFC 2328 §9.5. @internal */
export function sendHello(o: OspfInstance, one: OspfInterface): void {
  if (!one.isUp || one.options.passive) return;
  const hello: Hello = {
    type: 'hello',
    ...o.dialect.helloFields(one.options),
    options: o.dialect.options(one.area),
    ...intervals(one.options),
    priority: one.elects ? one.options.priority : 0,
    designatedRouter: one.designatedRouter,
    backupDesignatedRouter: one.backupDesignatedRouter,
    neighbours: [...one.neighbours.values()].filter(({ state }) => state !== 'down').map(({ routerId }) => routerId),
  };
  o.send(one, o.dialect.allRouters, hello);
  // §9.5: one to each there, and some hear no other; the one to the group is for those who are not known yet.
  if (one.options.type === 'point-to-multipoint') for (const { address } of one.neighbours.values()) o.send(one, address, hello);
}

/** RFC 2328 §10.5, RFC 5340 §4.2.2.1. @internal */
export function receiveHello(o: OspfInstance, one: OspfInterface, routerId: number, source: Uint8Array, hello: Hello): void {
  const { dialect } = o;
  const ours = intervals(one.options);
  if (hello.helloInterval !== ours.helloInterval) {
    o.problem(
      one,
      'hello-interval-mismatch',
      source,
      routerId,
      `its Hellos come every ${hello.helloInterval} s, ours every ${ours.helloInterval} s`,
    );
    return;
  }
  if (hello.deadInterval !== ours.deadInterval) {
    o.problem(
      one,
      'dead-interval-mismatch',
      source,
      routerId,
      `it waits ${hello.deadInterval} s for a Hello, we wait ${ours.deadInterval} s`,
    );
    return;
  }
  const kind = Option.e | Option.n;
  if ((hello.options & kind) !== (dialect.options(one.area) & kind)) {
    o.problem(one, 'area-type-mismatch', source, routerId, areaType(hello.options));
    return;
  }
  const wrong = dialect.checkHello(one, hello, source);
  if (wrong) {
    o.problem(one, wrong.problem, source, routerId, wrong.detail);
    return;
  }
  const neighbour = neighbourOf(o, one, routerId, source);
  if (!neighbour) return;
  const drId = dialect.drIdOf(routerId, source);
  const before = { ...pick(neighbour) };
  neighbour.priority = hello.priority;
  neighbour.designatedRouter = hello.designatedRouter;
  neighbour.backupDesignatedRouter = hello.backupDesignatedRouter;
  neighbour.interfaceId = hello.interfaceId;
  if (!neighbour.isExchanging) neighbour.options = hello.options;
  o.neighbourEvent(neighbour, { type: 'helloReceived' });
  if (!hello.neighbours.includes(o.options.routerId)) {
    o.neighbourEvent(neighbour, { type: 'oneWayReceived' });
    return;
  }
  if (neighbour.state === 'init') o.neighbourEvent(neighbour, { type: 'twoWayReceived' });
  if (!one.elects) return;
  // What of its declarations makes another election (§9.2).
  if (one.state === 'waiting') {
    const alone = hello.designatedRouter === drId && hello.backupDesignatedRouter === 0;
    if (alone || hello.backupDesignatedRouter === drId) o.interfaceEvent(one, { type: 'backupSeen' });
    return;
  }
  const changed =
    before.priority !== hello.priority ||
    (before.designatedRouter === drId) !== (hello.designatedRouter === drId) ||
    (before.backupDesignatedRouter === drId) !== (hello.backupDesignatedRouter === drId);
  if (changed) o.interfaceEvent(one, { type: 'neighbourChange' });
  else if (before.interfaceId !== hello.interfaceId) o.originateArea(one.area);
}

/** What a Hello's options say of its area, for people. */
function areaType(options: number): string {
  const type = (options & Option.e) !== 0 ? 'one that takes externals' : (options & Option.n) !== 0 ? 'an NSSA' : 'a stub area';
  return `it takes the area for ${type}`;
}

function pick({ priority, designatedRouter, backupDesignatedRouter, interfaceId }: Neighbour) {
  return { priority, designatedRouter, backupDesignatedRouter, interfaceId };
}

/** The neighbour that a Hello is of, new if need be. */
function neighbourOf(o: OspfInstance, one: OspfInterface, routerId: number, source: Uint8Array): Neighbour | undefined {
  const { dialect } = o;
  const key = dialect.neighbourKey(one.options, routerId, source);
  const known = one.neighbours.get(key);
  if (known && known.routerId === routerId) {
    // §10.5: on point-to-point links its address may change, and in OSPFv3 on all; that it changes back is two routers' doing.
    if (known.address.join() !== source.join()) {
      const { formerly } = known;
      if (formerly && o.now < formerly.until && formerly.address.join() === source.join())
        o.problem(one, 'duplicate-router-id', source, routerId, 'another neighbour on this link has the same router id');
      known.formerly = { address: known.address, until: o.now + one.options.deadInterval };
      known.address = source.slice();
      known.drId = dialect.drIdOf(routerId, source);
    }
    return known;
  }
  if (known) o.neighbourEvent(known, { type: 'killNbr', reason: 'router-id-changed' });
  for (const other of o.neighbours()) {
    if (other.routerId !== routerId || (other.interface === one && other.address.join() === source.join())) continue;
    // Parallel links to one router are none; the same id at another place of one link is. Who they are is known further up.
    if (other.interface === one)
      o.problem(one, 'duplicate-router-id', source, routerId, 'another neighbour on this link has the same router id');
  }
  if (one.options.type === 'point-to-point') {
    // One neighbour is all there is on such a link: another router id is the other end started anew.
    for (const other of [...one.neighbours.values()]) o.neighbourEvent(other, { type: 'killNbr', reason: 'router-id-changed' });
  }
  if (one.neighbours.size >= one.options.neighbourLimit) {
    o.problem(one, 'neighbour-limit', source, routerId, `${one.options.neighbourLimit} neighbours are there already`);
    return undefined;
  }
  const neighbour = new Neighbour(one, routerId, source.slice(), dialect.drIdOf(routerId, source));
  one.neighbours.set(key, neighbour);
  o.flooding.came(neighbour);
  // It need not wait for our next Hello to know that it is heard.
  o.afterTurn(() => sendHello(o, one));
  return neighbour;
}
