import type { HistogramSnapshot } from '../lib/histogram.js';
import type { RouterMetrics } from './virtual-router.js';

/** One sample. */
type Sample = readonly [labels: Record<string, string>, value: number];
/** Adds samples to a family. */
type Put = (name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]) => void;
/** Adds lines to a family, as they are. */
type PutLines = (name: string, type: string, help: string, lines: readonly string[]) => void;

/** Metrics of a router, or of several, as Prometheus' text format, one sample a line: each metric's are together, as it asks. @public */
export function renderPrometheus(metrics: RouterMetrics | readonly RouterMetrics[]): string {
  const families = new Map<string, string[]>();
  const put: PutLines = (name, type, help, lines) => {
    if (lines.length === 0) return;
    const known = families.get(name) ?? [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
    known.push(...lines);
    families.set(name, known);
  };
  for (const each of [metrics].flat()) describe(each, put);
  return `${[...families.values()].flat().join('\n')}\n`;
}

function describe(metrics: RouterMetrics, put: PutLines): void {
  const family: Put = (name, type, help, samples) =>
    put(
      name,
      type,
      help,
      samples.map(([labels, value]) => {
        const text = Object.entries(labels).map(([key, label]) => `${key}="${label.replace(/[\\"\n]/g, escaped)}"`);
        return `${name}{${text.join(',')}} ${value}`;
      }),
    );
  const router = { router: metrics.router };
  const { network, neighbours } = metrics;
  family('virtual_router_nodes', 'gauge', 'Nodes of the network.', [[router, network.nodes]]);
  family('virtual_router_grants', 'gauge', 'Grants in force or ended.', [[router, network.grants]]);
  family('virtual_router_claims', 'gauge', 'Claims, refused ones too.', [[router, network.claims]]);
  family('virtual_router_claims_refused', 'gauge', 'Claims that are refused.', [[router, network.claimsRefused]]);
  family(
    'virtual_router_refusals_total',
    'counter',
    'Claims that were refused so far, by reason.',
    Object.entries(network.refusals).map(([reason, count]) => [{ ...router, reason }, count]),
  );
  family('virtual_router_prefixes', 'gauge', 'Prefixes that somebody claims, holds or was told of.', [[router, network.prefixes]]);
  family('virtual_router_attribute_sets', 'gauge', 'Path attribute sets, each kept once.', [[router, network.attributeSets]]);
  family('virtual_router_changes_total', 'counter', 'Changes of the mapping that were applied.', [[router, network.changes]]);
  family('virtual_router_table_failures_total', 'counter', 'Prefixes that the forwarding table refused.', [
    [router, network.prefixFailures],
  ]);
  const stages = Object.entries(metrics.moves) as [string, HistogramSnapshot][]; // its fields are all histograms
  put(
    'virtual_router_move_seconds',
    'histogram',
    'How long moves took: detection (last heard to detected), decision, application, total.',
    stages.flatMap(([stage, { bounds, counts, count, sum }]) => {
      const labels = `router="${metrics.router.replace(/[\\"\n]/g, escaped)}",stage="${stage}"`;
      let below = 0;
      const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, i) => {
        below += counts[i] ?? 0;
        return `virtual_router_move_seconds_bucket{${labels},le="${bound === Number.POSITIVE_INFINITY ? '+Inf' : bound / 1000}"} ${below}`;
      });
      return [
        ...buckets,
        `virtual_router_move_seconds_sum{${labels}} ${sum / 1000}`,
        `virtual_router_move_seconds_count{${labels}} ${count}`,
      ];
    }),
  );
  const each = (value: (neighbour: RouterMetrics['neighbours'][number]) => number): [Record<string, string>, number][] =>
    neighbours.map((neighbour) => [{ ...router, neighbour: neighbour.name }, value(neighbour)]);
  family(
    'virtual_router_session_up',
    'gauge',
    'Whether the session is established.',
    each(({ state }) => (state === 'established' ? 1 : 0)),
  );
  family(
    'virtual_router_session_flaps_total',
    'counter',
    'Sessions that came up again.',
    each(({ flaps }) => flaps),
  );
  family(
    'virtual_router_session_ends_total',
    'counter',
    'Sessions, and attempts at one, that ended, by why.',
    neighbours.flatMap(({ name, ends }) =>
      Object.entries(ends).map(([reason, count = 0]): [Record<string, string>, number] => [{ ...router, neighbour: name, reason }, count]),
    ),
  );
  family(
    'virtual_router_session_claims',
    'gauge',
    'Claims of the session.',
    each(({ claims }) => claims),
  );
  family(
    'virtual_router_session_claims_refused',
    'gauge',
    'Claims of the session that are refused.',
    each(({ claimsRefused }) => claimsRefused),
  );
  family(
    'virtual_router_session_told',
    'gauge',
    'Prefixes told to the neighbour.',
    each(({ told }) => told),
  );
  family(
    'virtual_router_session_malformed_total',
    'counter',
    'Malformed messages that did not end the session.',
    each(({ malformed }) => malformed),
  );
  family(
    'virtual_router_session_received_bytes_total',
    'counter',
    'Octets received.',
    each(({ bytesIn }) => bytesIn),
  );
  family(
    'virtual_router_session_sent_bytes_total',
    'counter',
    'Octets sent.',
    each(({ bytesOut }) => bytesOut),
  );
  family(
    'virtual_router_session_turns_total',
    'counter',
    "Times that the neighbour's input had taken so much of the process's time that everybody else had a turn first.",
    each(({ turns }) => turns),
  );
  family(
    'virtual_router_session_unread_bytes',
    'gauge',
    'Octets written that the neighbour has not taken yet.',
    each(({ unread }) => unread),
  );
  const limits = (value: (limit: RouterMetrics['neighbours'][number]['limits'][number]) => number): [Record<string, string>, number][] =>
    neighbours.flatMap((neighbour) =>
      neighbour.limits.map((limit): [Record<string, string>, number] => [
        { ...router, neighbour: neighbour.name, limit: limit.limit },
        value(limit),
      ]),
    );
  family(
    'virtual_router_limit_used',
    'gauge',
    'What a neighbour uses of a limit.',
    limits(({ used }) => used),
  );
  family(
    'virtual_router_limit_most',
    'gauge',
    'What a neighbour may use at most.',
    limits(({ most }) => most),
  );
  family(
    'virtual_router_limit_exceeded_total',
    'counter',
    'Prefixes that were not taken in, pauses in reading, or times that a connection was full, because of a limit.',
    limits(({ exceeded }) => exceeded),
  );
  family(
    'virtual_router_connections_refused_total',
    'counter',
    'Connections that were turned away, by reason.',
    Object.entries(metrics.refused).map(([reason, count]) => [{ ...router, reason }, count]),
  );
  const caches = (value: (cache: RouterMetrics['caches'][number]) => number): [Record<string, string>, number][] =>
    metrics.caches.map((cache) => [{ ...router, cache: cache.name }, value(cache)]);
  family(
    'virtual_router_rpki_cache_in_use',
    'gauge',
    'Whether routes are validated by what this RPKI cache said.',
    caches(({ used }) => (used ? 1 : 0)),
  );
  family(
    'virtual_router_rpki_cache_vrps',
    'gauge',
    'Validated ROA payloads that the RPKI cache has given.',
    caches(({ vrps }) => vrps),
  );
  family(
    'virtual_router_rpki_cache_failures_total',
    'counter',
    'Sessions with the RPKI cache that failed.',
    caches(({ failures }) => failures),
  );
  const port = ({ port, router: peer, node }: RouterMetrics['links'][number]): Record<string, string> =>
    port === undefined ? { ...router, peer: peer ?? '' } : { ...router, port, node: node ?? '' };
  const { links } = metrics;
  family(
    'virtual_router_frames_received_total',
    'counter',
    'Frames that came in by a port.',
    links.map((link) => [port(link), link.received]),
  );
  family(
    'virtual_router_frames_sent_total',
    'counter',
    'Frames that went out by a port.',
    links.map((link) => [port(link), link.sent]),
  );
  family(
    'virtual_router_frames_dropped_total',
    'counter',
    'Frames that went no further, by reason.',
    links.flatMap((link) =>
      Object.entries(link.dropped).map(([reason, count]): [Record<string, string>, number] => [{ ...port(link), reason }, count]),
    ),
  );
  family(
    'virtual_router_bfd_dropped_total',
    'counter',
    "BFD packets that were not taken, by reason: at the router's ports, and by the host's watcher.",
    Object.entries(metrics.bfdDrops).flatMap(([at, drops]) =>
      Object.entries(drops).map(([reason, count]): [Record<string, string>, number] => [{ ...router, at, reason }, count]),
    ),
  );
  family(
    'virtual_router_answers_withheld_total',
    'counter',
    'Answers to what came in by a port that were not sent, as there were too many a second, by kind.',
    links.flatMap((link) =>
      Object.entries(link.withheld).map(([kind, count]): [Record<string, string>, number] => [{ ...port(link), kind }, count]),
    ),
  );
  const ospf = metrics.ospf.flatMap(({ name, interfaces }) =>
    interfaces.map((one) => [{ ...router, instance: name, interface: one.name }, one] as const),
  );
  family(
    'virtual_router_ospf_neighbour_full',
    'gauge',
    'Whether the OSPF neighbour is fully adjacent.',
    ospf.flatMap(([labels, { neighbours: there }]) =>
      there.map(({ routerId, state }): [Record<string, string>, number] => [{ ...labels, neighbour: routerId }, state === 'full' ? 1 : 0]),
    ),
  );
  family(
    'virtual_router_ospf_problems_total',
    'counter',
    'OSPF packets and LSAs that counted for nothing, by what was wrong.',
    ospf.flatMap(([labels, { problems }]) =>
      Object.entries(problems).map(([problem, count]): [Record<string, string>, number] => [{ ...labels, problem }, count]),
    ),
  );
  family(
    'virtual_router_ospf_lsas',
    'gauge',
    'LSAs kept.',
    metrics.ospf.map(({ name, lsas }) => [{ ...router, instance: name }, lsas]),
  );
}

function escaped(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}
