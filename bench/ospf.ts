/**
 * Shortest paths of OSPF over 5,000 routers and 20,000 links: worked out anew once warm, and amended after one link's cost changed or one
 * link went and came back, or one at the root itself. `npx tsx bench/ospf.ts`. Everything that a change brings about is in the time: taking in the two LSAs' links,
 * distances, next hops, and which destinations are others than before.
 */
import { seeded } from '../src/lib/random.js';
import { Graph, VertexKind } from '../src/ospf/spf/graph.js';
import { HopSets } from '../src/ospf/spf/hop-sets.js';
import { ShortestPaths } from '../src/ospf/spf/shortest-paths.js';

const ROUTERS = 5000;
const LINKS = 20_000;
const WARM = 20;
const ROUNDS = 200;

interface Topology {
  readonly graph: Graph;
  readonly links: Map<number, number>[];
}

function topology(random: () => number): Topology {
  const graph = new Graph();
  const links: Map<number, number>[] = [];
  for (let i = 0; i < ROUTERS; i++) {
    graph.add(VertexKind.router);
    links.push(new Map());
  }
  const pick = (below: number): number => Math.floor(random() * below);
  const join = (x: number, y: number): boolean => {
    if (x === y || links[x]?.has(y)) return false;
    links[x]?.set(y, 1 + pick(100));
    links[y]?.set(x, 1 + pick(100));
    return true;
  };
  let made = 0;
  for (let i = 1; i < ROUTERS; i++) if (join(i, pick(i))) made++;
  while (made < LINKS) if (join(pick(ROUTERS), pick(ROUTERS))) made++;
  for (const [vertex, listed] of links.entries()) graph.setLinks(vertex, Int32Array.from([...listed].flat()));
  return { graph, links };
}

interface Figures {
  readonly name: string;
  readonly median: number;
  readonly p99: number;
  /** Destinations whose distance or next hops changed, on average. */
  readonly changed: number;
}

function measure(name: string, rounds: number, paths: ShortestPaths, change: (round: number) => void): Figures {
  const times: number[] = [];
  let changed = 0;
  for (let i = 0; i < WARM + rounds; i++) {
    const start = performance.now();
    change(i);
    paths.update(0);
    const time = performance.now() - start;
    if (i < WARM) continue;
    times.push(time);
    changed += paths.changedCount;
  }
  times.sort((x, y) => x - y);
  return { name, median: times[times.length >> 1] ?? 0, p99: times[Math.floor(times.length * 0.99)] ?? 0, changed: changed / rounds };
}

/** @returns What was measured, in milliseconds. */
export function benchOspf(print: (line: string) => void = console.log): readonly Figures[] {
  const random = seeded(1);
  const { graph, links } = topology(random);
  const sets = new HopSets();
  const paths = new ShortestPaths(graph, sets, {
    direct: (router) => sets.of([1 + router]),
    across: (network, router) => sets.of([1 + network, 1 + router]),
  });
  const pick = (below: number): number => Math.floor(random() * below);
  const say = (vertex: number): void => {
    graph.setLinks(vertex, Int32Array.from([...(links[vertex] ?? [])].flat()));
  };
  const linkOf = (): readonly [from: number, to: number] => {
    const from = pick(ROUTERS);
    const others = [...(links[from]?.keys() ?? [])];
    return [from, others[pick(others.length)] ?? 0];
  };
  const whole = measure('worked out anew', ROUNDS, paths, () => paths.invalidate());
  const cost = measure('one cost changed', ROUNDS * 5, paths, () => {
    const [from, to] = linkOf();
    links[from]?.set(to, 1 + pick(100));
    say(from);
  });
  let gone: readonly [number, number, number, number] | undefined;
  const flap = measure('one link went, or came back', ROUNDS * 5, paths, () => {
    if (gone) {
      const [from, to, out, back] = gone;
      gone = undefined;
      links[from]?.set(to, out);
      links[to]?.set(from, back);
      say(from);
      say(to);
      return;
    }
    const [from, to] = linkOf();
    gone = [from, to, links[from]?.get(to) ?? 1, links[to]?.get(from) ?? 1];
    links[from]?.delete(to);
    links[to]?.delete(from);
    say(from);
    say(to);
  });
  // What changes at the root itself is worked out anew: its own next hops may be others. The most of them move there.
  const own = measure("one cost of the root's own changed", ROUNDS, paths, () => {
    const others = [...(links[0]?.keys() ?? [])];
    links[0]?.set(others[pick(others.length)] ?? 1, 1 + pick(100));
    say(0);
    paths.invalidate();
  });
  const figures = [whole, cost, flap, own];
  for (const { name, median, p99, changed } of figures)
    print(
      `${name}: median ${median.toFixed(2)} ms, 99 % under ${p99.toFixed(2)} ms; ${changed.toFixed(0)} of ${ROUTERS} routers elsewhere than before`,
    );
  print(`${paths.full} whole calculations, ${paths.incremental} amended`);
  return figures;
}

if (import.meta.filename === process.argv[1]) {
  console.log(`Shortest paths over ${ROUTERS} routers and ${LINKS} links`);
  benchOspf();
}
