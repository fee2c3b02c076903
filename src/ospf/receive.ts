import { bytesEqual } from '../lib/bytes.js';
import { contains } from '../lib/prefix.js';
import type { OspfEvent } from './events.js';
import { receiveDescription, receiveRequest } from './exchange.js';
import { receiveHello } from './hello.js';
import type { OspfInstance } from './instance.js';
import type { OspfInterface } from './interface.js';
import { octets, type PacketContext, type ReceivedRun, runPacket } from './wire/index.js';

/** A packet that came in: RFC 2328 §8.2, RFC 5340 §4.2.2. @internal */
export function receivePacket(
  o: OspfInstance,
  { interface: name, source, destination, bytes }: Extract<OspfEvent, { type: 'packet' }>,
): void {
  const one = o.interfaces.get(name);
  if (!one?.isUp) return;
  const { options } = one;
  one.counters.received++;
  if (options.passive) {
    o.problem(one, 'passive', source, 0, 'the interface is passive');
    return;
  }
  const context: PacketContext = { authentication: one.authentication, source, destination, now: o.now };
  const received = runPacket(bytes, o.dialect.version, context);
  if ('drop' in received) {
    o.problem(one, received.drop, source, 0, received.message);
    return;
  }
  if (!belongs(o, one, received, source, destination)) return;
  if (!isFresh(o, one, received)) {
    o.problem(one, 'authentication-replay', source, received.header.routerId, 'its sequence number went back');
    return;
  }
  dispatch(o, one, received, source, destination);
  // What is no neighbour may begin again at whatever number it likes.
  if (received.cryptographicSequence !== undefined && !hasNeighbour(one, received.header.routerId))
    o.heardSequences.forget(one, received.header.routerId);
}

function hasNeighbour({ neighbours }: OspfInterface, routerId: number): boolean {
  for (const neighbour of neighbours.values()) if (neighbour.routerId === routerId) return true;
  return false;
}

/** Whether a packet is one of our link's. */
function belongs(
  o: OspfInstance,
  one: OspfInterface,
  { header: packet }: ReceivedRun,
  source: Uint8Array,
  destination: Uint8Array,
): boolean {
  const { options } = one;
  const { routerId } = packet;
  const wrong = (problem: Parameters<OspfInstance['problem']>[1], detail: string): false => {
    o.problem(one, problem, source, routerId, detail);
    return false;
  };
  if (packet.instance !== options.instance)
    return wrong('instance-mismatch', `it is of instance ${packet.instance}, not ${options.instance}`);
  if (packet.area !== options.area)
    return wrong('area-mismatch', `it is of area ${octets(packet.area).join('.')}, not ${octets(options.area).join('.')}`);
  if (routerId === o.options.routerId) return wrong('own-router-id', 'it has our router id');
  if (routerId === 0) return wrong('router-id-zero', 'its router id is 0.0.0.0');
  if (o.dialect.version === 2 && options.type !== 'point-to-point' && options.maskLength < 32) {
    const { maskLength } = options;
    if (!contains({ family: 'ipv4', bytes: mask(options.address, maskLength), length: maskLength }, source))
      return wrong('source-off-link', `its source is not in our subnet of /${maskLength}`);
  }
  // §8.2: what is for designated routers is for nobody else.
  if (one.elects && !one.isDesignated && destination.join() === o.dialect.allDesignatedRouters.join()) {
    const { problems } = one.counters;
    problems.set('not-designated', (problems.get('not-designated') ?? 0) + 1);
    return false;
  }
  return true;
}

function mask(address: Uint8Array, length: number): Uint8Array {
  return address.map((octet, i) => octet & ((0xff << (8 - Math.min(8, Math.max(0, length - 8 * i)))) & 0xff));
}

function isToAll({ dialect }: OspfInstance, destination: Uint8Array): boolean {
  return bytesEqual(destination, dialect.allRouters);
}

/** Whether a packet is none that was sent again by somebody who has no key. */
function isFresh(o: OspfInstance, one: OspfInterface, { header, body, cryptographicSequence: sequence }: ReceivedRun): boolean {
  if (sequence === undefined) return true;
  const { authentication } = one;
  const strict = o.dialect.version === 3 || (authentication.type === 'cryptographic' && authentication.extended === true);
  return o.heardSequences.take(one, header.routerId, strict ? body.type : undefined, sequence);
}

function dispatch(o: OspfInstance, one: OspfInterface, { header, body }: ReceivedRun, source: Uint8Array, destination: Uint8Array): void {
  const { routerId } = header;
  if (body.type === 'hello') {
    receiveHello(o, one, routerId, source, body);
    return;
  }
  const neighbour = one.neighbours.get(o.dialect.neighbourKey(one.options, routerId, source));
  if (!neighbour || neighbour.routerId !== routerId) {
    o.problem(one, 'unknown-neighbour', source, routerId, 'no Hello of it was taken before');
    return;
  }
  switch (body.type) {
    case 'database-description':
      receiveDescription(o, neighbour, body);
      break;
    case 'link-state-request':
      receiveRequest(o, neighbour, body);
      break;
    case 'link-state-update':
      o.flooding.receiveUpdate(neighbour, body.run, isToAll(o, destination));
      break;
    case 'link-state-acknowledgment':
      o.flooding.receiveAcknowledgment(neighbour, body.run);
  }
}
