import { formatAddress } from '../../../src/lib/address.js';
import { formatPrefix } from '../../../src/lib/prefix.js';
import type { OspfInstance } from '../../../src/ospf/instance.js';
import { best } from '../../../src/ospf/routes.js';

/** Routes of a machine by prefix: type, cost, and the interfaces and addresses of the next hops. */
export function tableOf(machine: OspfInstance): Record<string, string> {
  const lines = [...machine.routes.routes.values()].flatMap((route): [string, string][] => {
    const ways = best(route).map(({ way }) => way);
    const [first] = ways;
    if (!first) return [];
    const hops = ways.flatMap(({ hops: set }) =>
      machine.hopSets.get(set).flatMap((number) => {
        const hop = machine.nextHops.get(number);
        const neighbour = [...(hop?.interface.neighbours.values() ?? [])].find(({ routerId }) => routerId === hop?.routerId);
        return hop && neighbour ? [`${hop.interface.options.name} ${formatAddress(neighbour.address)}`] : [];
      }),
    );
    return [[formatPrefix(route.prefix), `${first.type} ${first.cost} ${[...new Set(hops)].sort().join(', ')}`]];
  });
  return Object.fromEntries(lines.sort(([x], [y]) => (x < y ? -1 : 1)));
}
