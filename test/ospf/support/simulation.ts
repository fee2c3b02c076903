import { parsePrefix } from '../../../src/lib/prefix.js';
import { Lab, type LabRouter, type Wire } from './lab.js';
import { SharedOctets } from './shared-octets.js';

export interface SimulationOptions {
  readonly version: 2 | 3;
  readonly seed: number;
  readonly routers: number;
  /** Point-to-point links; the first connect everybody. */
  readonly links: number;
  /** Broadcast links of three to five routers. */
  readonly lans: number;
  readonly loss: number;
  /** Links that go down and come back. */
  readonly flaps: number;
}

/** What connects whom at which cost, as the test made it. */
interface Edge {
  readonly wire: Wire;
  readonly ends: readonly { readonly router: number; readonly cost: number }[];
}

/**
 * Makes a random topology of a seed, lets links flap and packets get lost, and then compares the way from every router to every
 * router's own prefix with a plain Dijkstra over what is up. The same seed makes the same run.
 */
export function simulate(options: SimulationOptions): { readonly wrong: string[]; readonly checked: number; readonly packets: number } {
  const { version, routers: count } = options;
  const lab = new Lab({
    seed: options.seed,
    version,
    loss: options.loss,
    octets: new SharedOctets(),
    instance: { spf: { initial: 50, short: 200, long: 1000, timeToLearn: 500, holdDown: 2000 } },
  });
  const pick = (below: number): number => Math.floor(lab.random() * below);
  const routers: LabRouter[] = [];
  for (let id = 1; id <= count; id++) routers.push(lab.router(id));
  const at = (id: number): LabRouter => routers[id - 1] as LabRouter; // 1 to count
  const prefixOf = (id: number): string => (version === 2 ? `172.16.${id >> 8}.${id & 255}/32` : `2001:db8:ffff::${id.toString(16)}/128`);
  for (let id = 1; id <= count; id++) at(id).attach(lab.wire(), prefixOf(id), { name: 'own', passive: true, cost: 0 });
  const edges: Edge[] = [];
  const connect = (members: readonly number[], type: 'point-to-point' | 'broadcast'): void => {
    const number = edges.length;
    const wire = lab.wire(1 + pick(5));
    const ends = members.map((router) => ({ router, cost: 1 + pick(20) }));
    for (const [i, { router, cost }] of ends.entries()) {
      const address = version === 2 ? `10.${number >> 8}.${number & 255}.${i + 1}/24` : `2001:db8:${number.toString(16)}::${i + 1}/64`;
      at(router).attach(wire, address, { cost, type, priority: pick(3), name: `e${number}` });
    }
    edges.push({ wire, ends });
  };
  for (let id = 2; id <= count; id++) connect([1 + pick(id - 1), id], 'point-to-point');
  while (edges.length < options.links) {
    const [x, y] = [1 + pick(count), 1 + pick(count)];
    if (x !== y) connect([x, y], 'point-to-point');
  }
  for (let i = 0; i < options.lans; i++) {
    const members = new Set<number>();
    while (members.size < Math.min(count, 3 + pick(3))) members.add(1 + pick(count));
    connect([...members], 'broadcast');
  }
  for (let i = 0; i < options.flaps; i++) {
    const wire = (edges[pick(edges.length)] as Edge).wire; // one of them
    const down = 20_000 + pick(60_000);
    lab.at(lab.now + down, () => {
      wire.up = false;
    });
    // Some for less than the dead interval, some for ever.
    if (pick(4) > 0)
      lab.at(lab.now + down + 1000 + pick(80_000), () => {
        wire.up = true;
      });
  }
  lab.advance(170_000);
  // Dead interval, exchange, and what was lost sent again.
  let wrong: string[] = [];
  for (let quiet = 0; quiet < 12; quiet++) {
    lab.advance(20_000);
    if (quiet < 4) continue;
    wrong = compare(routers, edges, prefixOf);
    if (wrong.length === 0) break;
  }
  return { wrong: wrong.slice(0, 20), checked: count * (count - 1), packets: lab.delivered };
}

function compare(routers: readonly LabRouter[], edges: readonly Edge[], prefixOf: (id: number) => string): string[] {
  const count = routers.length;
  const links: { readonly to: number; readonly cost: number }[][] = Array.from({ length: count + 1 }, () => []);
  for (const { wire, ends } of edges) {
    // A broadcast link on which nobody may be designated joins nobody.
    if (!wire.up || !joins(wire)) continue;
    for (const from of ends) for (const to of ends) if (from !== to) links[from.router]?.push({ to: to.router, cost: from.cost });
  }
  const prefixes = Array.from({ length: count }, (_, i) => parsePrefix(prefixOf(i + 1)));
  const wrong: string[] = [];
  for (const [i, router] of routers.entries()) {
    const distance = dijkstra(links, i + 1);
    for (const [j, prefix] of prefixes.entries()) {
      if (i === j) continue;
      const id = j + 1;
      const path = router.machine.routes.routes.get(prefix)?.paths[0]?.way;
      const expected = distance[id] ?? Number.POSITIVE_INFINITY;
      if ((path?.cost ?? Number.POSITIVE_INFINITY) !== expected || (path && path.type !== 'intra'))
        wrong.push(`${i + 1} to ${id}: ${path ? `${path.type} ${path.cost}` : 'no way'}, Dijkstra says ${expected}`);
    }
  }
  return wrong;
}

function joins(wire: Wire): boolean {
  return wire.ends.some(({ router, name }) => {
    const options = router.machine.interfaces.get(name)?.options;
    return options?.type === 'point-to-point' || (options?.priority ?? 0) > 0;
  });
}

/** As plain as can be: the nearest that is not done is done next. */
function dijkstra(links: readonly (readonly { readonly to: number; readonly cost: number }[])[], from: number): number[] {
  const distance = links.map((_, id) => (id === from ? 0 : Number.POSITIVE_INFINITY));
  const done = links.map(() => false);
  for (;;) {
    let next = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let id = 1; id < links.length; id++) {
      const d = distance[id] ?? least;
      if (!done[id] && d < least) {
        next = id;
        least = d;
      }
    }
    if (next === 0) return distance;
    done[next] = true;
    for (const { to, cost } of links[next] ?? []) if (least + cost < (distance[to] ?? 0)) distance[to] = least + cost;
  }
}
