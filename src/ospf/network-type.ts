import type { Millis } from '../lib/clock.js';
import { vertexOfRouter } from './dialect.js';
import type { OspfInstance } from './instance.js';
import type { Neighbour } from './neighbour.js';
import { type RouterLink, word } from './wire/index.js';

/** Ages are whole seconds, and go up by InfTransDelay with each hop: so much older than it is an LSA may seem. */
const MARGIN: Millis = 2000;

/**
 * Tells of a neighbour that is fully adjacent and takes the link for another kind of network than we do. Nothing in a Hello says so, both hear
 * each other, and no path leads over the link: each lists a link that the other does not list back (RFC 2328 §16.1 step 2 (b)).
 *
 * It is told by a link of the other kind that the neighbour lists for the very interface from which it speaks to us, in a router LSA
 * that is of this adjacency's time. So an unnumbered point-to-point end in OSPFv2 is not told.
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
  }
}
