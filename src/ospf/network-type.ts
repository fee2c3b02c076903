import type { Millis } from '../lib/clock.js';
import { vertexOfRouter } from './dialect.js';
import type { OspfInstance } from './instance.js';
import type { Neighbour } from './neighbour.js';
import { type RouterBody, type RouterLink, word } from './wire/index.js';

/** Ages are whole seconds, and go up by InfTransDelay with each hop: so much older than it is an LSA may seem. */
const MARGIN: Millis = 2000;
/** Below it is no address of an interface (RFC 1122 §3.2.1.3), and all ifIndexes that there are. */
const LEAST_ADDRESS = 0x100_0000;

/**
 * Tells of a neighbour that is fully adjacent and takes the link for another kind of network than we do. Nothing in a Hello says so, both hear
 * each other, and no path leads over the link: each lists a link that the other does not list back (RFC 2328 §16.1 step 2 (b)).
 *
 * It is told by a link of the other kind that the neighbour lists for the very interface from which it speaks to us, in a router LSA
 * that is of this adjacency's time. In OSPFv2 an unnumbered point-to-point end is listed by its ifIndex, which no packet says (RFC 2328
 * §12.4.1.1): it is told where the neighbour lists more of these than there are links of ours that they can be of.
 *
 * @internal
 */
export function checkNetworkType(o: OspfInstance, neighbour: Neighbour): void {
  const { interface: one, routerId, address } = neighbour;
  if (neighbour.state !== 'full') return;
  const wrong: RouterLink['type'] = one.elects ? 'point-to-point' : 'transit';
  const end = o.dialect.version === 2 ? word(address) : neighbour.interfaceId;
  for (const lsa of one.area.speakers(vertexOfRouter(routerId))) {
    if (lsa.born + MARGIN < neighbour.exchangeBegan) continue;
    const body = lsa.body(o.dialect.context);
    if (body?.type !== 'router') continue;
    for (const link of body.links) {
      if (link.type !== wrong || link.interfaceId !== end) continue;
      if (link.type === 'point-to-point' && link.neighbour !== o.options.routerId) continue;
      const theirs = link.type === 'transit' ? 'a network of many' : 'point-to-point';
      o.problem(one, 'network-type-mismatch', address, routerId, `it takes the link for ${theirs}, which is ${one.options.type} here`);
      return;
    }
    if (one.elects && o.dialect.version === 2 && isUnnumberedHere(o, neighbour, body)) {
      o.problem(one, 'network-type-mismatch', address, routerId, `it takes the link for point-to-point, which is ${one.options.type} here`);
      return;
    }
  }
}

/** Whether an unnumbered end that a router LSA lists can be of no link but this one, where a designated router is elected. */
function isUnnumberedHere(o: OspfInstance, { interface: one, routerId, address }: Neighbour, { links }: RouterBody): boolean {
  const numbered = new Set<number>();
  let unnumbered = 0;
  for (const link of links) {
    if (link.type === 'transit' && link.interfaceId === word(address)) return false;
    if (link.type !== 'point-to-point' || link.neighbour !== o.options.routerId) continue;
    if (link.interfaceId < LEAST_ADDRESS) unnumbered++;
    else numbered.add(link.interfaceId);
  }
  for (const other of one.area.interfaces) {
    if (other.elects) continue;
    for (const there of other.neighbours.values()) if (there.routerId === routerId && !numbered.has(word(there.address))) unnumbered--;
  }
  return unnumbered > 0;
}
