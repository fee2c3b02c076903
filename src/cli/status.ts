import { parseArgs } from 'node:util';
import type { NeighbourStatus, RouterMetrics } from '../index.js';
import { allVisible, type Command, CommandError, DONE, WRONG_USE } from './command.js';
import { askRouter, CONTROL_HELP, CONTROL_OPTIONS, type Status } from './control.js';

export const status: Command = {
  summary: 'asks a running router for its sessions, ports and counts',
  help: `Usage: virtual-router status --control SOCKET [--json]

Asks the routers that run with the same --control how they stand: what is claimed and
mapped, each neighbour's session, ports, OSPF, VRRP, watched nodes and RPKI caches; of
these only what there is.

${CONTROL_HELP}
  --json                       all there is to know, as JSON: what router.metrics() returns
  --help                       this text

Exit codes: 0 it answers, 1 no router answers, 2 the command line is wrong.
`,
  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...CONTROL_OPTIONS, json: { type: 'boolean' } },
    });
    if (positionals.length > 0) throw new CommandError(`expected nothing but options, got ${positionals.join(' ')}`, WRONG_USE);
    const answer = await askRouter<Status>(values, '/status');
    terminal.out.write(values.json ? `${JSON.stringify(answer)}\n` : formatStatus(allVisible(answer)));
    return DONE;
  },
};

/** The answer as tables, for people. */
export function formatStatus({ at, routers }: Status): string {
  return routers.map((router) => formatRouter(router, at)).join('\n');
}

function formatRouter({ router, network, neighbours, links, ospf, virtualRouters, watches, caches }: RouterMetrics, at: number): string {
  const { nodes, grants, claims, claimsRefused, prefixes } = network;
  const refused = claimsRefused > 0 ? ` (${claimsRefused} refused)` : '';
  return [
    `${router}: ${counted(nodes, 'node')}, ${counted(grants, 'grant')}, ${counted(claims, 'claim')}${refused} to ${counted(prefixes, 'prefix', 'prefixes')}\n`,
    table(
      ['neighbour', 'node', 'AS', 'claims', 'refused', 'told', 'session', 'BFD'],
      neighbours.map((one) => [
        one.name === one.address ? one.address : `${one.name} (${one.address})`,
        one.node,
        one.peerAs ?? '',
        one.claims,
        one.claimsRefused,
        one.told,
        sessionOf(one, at),
        one.bfd ? bfdOf(one.bfd) : '',
      ]),
    ),
    table(
      ['link', 'node', 'frames in', 'out', 'forwarded', 'dropped'],
      links.map(({ port, router: other, node, received, sent, forwarded, dropped }) => [
        port ?? `to ${other}`,
        node ?? '',
        received,
        sent,
        forwarded,
        Object.entries(dropped)
          .map(([reason, count]) => `${count} ${reason}`)
          .join(', '),
      ]),
    ),
    table(
      ['OSPF', 'interface', 'area', 'neighbour', 'node', 'state'],
      ospf.flatMap(({ name, interfaces }) =>
        interfaces.flatMap(({ name: link, area, state, neighbours: heard }) =>
          heard.length === 0
            ? [[name, link, area, 'nobody is heard', '', state]]
            : heard.map((one) => [name, link, area, `${one.routerId} (${one.address})`, one.node ?? '', one.state]),
        ),
      ),
    ),
    table(
      ['VRRP', 'node', 'priority', 'addresses'],
      virtualRouters.map(({ virtualRouterId, version, node, priority, addresses }) => [
        `${virtualRouterId} (v${version})`,
        node,
        priority,
        addresses.join(', '),
      ]),
    ),
    table(
      ['watched', 'address', 'BFD'],
      watches.map(({ node, address, bfd }) => [node, address, bfdOf(bfd)]),
    ),
    table(
      ['RPKI cache', 'state', 'VRPs', 'ASPAs'],
      caches.map(({ name, state, lastDown, vrps, aspas }) => [
        name,
        state === 'in-sync' || !lastDown ? state : `${state}: ${lastDown}`,
        vrps,
        aspas,
      ]),
    ),
  ].join('');
}

function sessionOf({ state, establishedAt, lastDown, waitsForBfd, restart }: NeighbourStatus, at: number): string {
  if (restart) return `${state}, ${restart.phase}`;
  if (state === 'established' && establishedAt !== undefined) return `established for ${duration(at - establishedAt)}`;
  if (waitsForBfd) return `${state}, waits for BFD`;
  return lastDown === undefined ? state : `${state}: ${lastDown}`;
}

function bfdOf({ state, diagnostic, detectionTime, failure }: NonNullable<NeighbourStatus['bfd']>): string {
  if (failure !== undefined) return failure;
  if (state === 'up') return `up, detects in ${detectionTime} ms`;
  return diagnostic === 'none' ? state : `${state}: ${diagnostic}`;
}

/** `5s`, `3m 12s`, `2h 5m`, `4d 1h`. */
function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)];
  if (days > 0) return `${days}d ${hours % 24}h`;
  if (hours > 0) return `${hours}h ${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Rows under their heads, in columns; nothing where there are none. Numbers stand to the right. */
function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  if (rows.length === 0) return '';
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => String(row[i]).length)));
  const numeric = heads.map((_, i) => rows.some((row) => typeof row[i] === 'number'));
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, i) => (numeric[i] ? String(cell).padStart(widths[i] ?? 0) : String(cell).padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return `\n${[heads, ...rows].map(line).join('\n')}\n`;
}
