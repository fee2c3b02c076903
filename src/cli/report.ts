/** Lines about what running routers tell of. */
import type { GuardChange, RejectedClaim, VirtualNetwork } from '../core.js';
import type { VirtualRouter } from '../index.js';
import type { Printer } from './print.js';

/** Milliseconds in which claims that are refused get one line. */
const REFUSALS_EVERY = 250;
/** Addresses whose last failure is remembered. */
const REMEMBERED = 10_000;
const GUARD_WORDS: Readonly<Record<GuardChange['state'], string>> = {
  suspected: 'too many were lost at once; the way to them is suspected',
  held: 'their claims are held until somebody decides',
  'let-go': 'their claims have ended after all',
  kept: 'their claims stay until their sessions are back',
};

/** Whether what happens over and over gets a line this time: at 1, 10, 100 and so on. */
function milestone(count: number): boolean {
  return /^10*$/.test(String(count));
}

/**
 * Prints what a router tells of its sessions and links.
 *
 * @param stopping - Whether the router is being stopped, so that sessions end because of that.
 */
export function report(router: VirtualRouter, printer: Printer, stopping: () => boolean = () => false): void {
  router.on('listening', ({ router, address, port }) => {
    const host = address.includes(':') ? `[${address}]` : address;
    printer.line(Date.now(), { event: 'listening', router, address, port }, `listening on ${host}:${port} (${router})`);
  });
  /** Why sessions last failed to come up, by address: said once while it stays the same. */
  const failures = new Map<string, string>();
  router.on('session-change', (event) => {
    const { neighbour, address, node, from, to, reason } = event;
    const who = neighbour === address ? address : `${neighbour} (${address})`;
    const failed = to !== 'established' && from !== 'established';
    if (failed) {
      if (reason === undefined || stopping() || failures.get(address) === reason) return;
      // Neighbours of a range may be anybody.
      if (failures.size >= REMEMBERED) failures.clear();
      failures.set(address, reason);
    } else failures.delete(address);
    const words =
      to === 'established'
        ? `session with ${who} up, node ${node}`
        : `session with ${who} ${failed ? 'does not come up' : 'down'}: ${reason ?? to}`;
    printer.line(Date.now(), { event: 'session-change', ...event }, words, to === 'established' ? 'good' : 'bad');
  });
  router.on('restart-change', (event) => {
    const { neighbour, restart, reason } = event;
    const words = restart ? `${neighbour} ${restart.phase}, its claims stay (${reason})` : `restart of ${neighbour} over: ${reason}`;
    printer.line(Date.now(), { event: 'restart-change', ...event }, words);
  });
  router.on('session-refused', (event) => {
    printer.line(Date.now(), { event: 'session-refused', ...event }, `connection from ${event.address} refused: ${event.reason}`, 'bad');
  });
  router.on('bfd-change', (event) => {
    const { neighbour, from, to, diagnostic } = event;
    if (to !== 'up' && from !== 'up') return;
    const words =
      to === 'up' ? `BFD of ${neighbour} up, detects within ${event.detectionTime} ms` : `BFD of ${neighbour} down: ${diagnostic}`;
    printer.line(event.at, { event: 'bfd-change', ...event }, words, to === 'up' ? 'good' : 'bad');
  });
  router.on('bfd-failure', (event) => {
    printer.line(Date.now(), { event: 'bfd-failure', ...event }, `${event.neighbour} cannot be watched by BFD: ${event.reason}`, 'bad');
  });
  router.on('capture-failure', (event) => {
    const words = `${event.path}, the capture of port ${event.port}, ends here: ${event.reason}`;
    printer.line(Date.now(), { event: 'capture-failure', ...event }, words, 'bad');
  });
  router.on('node-change', (event) => {
    const { node, state, reason } = event;
    printer.line(Date.now(), { event: 'node-change', ...event }, `node ${node} is ${state}: ${reason}`, state === 'up' ? 'good' : 'bad');
  });
  router.on('bfd-stall', (event) => {
    printer.line(Date.now(), { event: 'bfd-stall', ...event }, `BFD stood still for ${Math.round(event.by)} ms`, 'bad');
  });
  router.on('message-malformed', (event) => {
    if (!milestone(event.count)) return;
    const words = `malformed message from ${event.neighbour} (${event.count} so far): ${event.message}`;
    printer.line(Date.now(), { event: 'message-malformed', ...event }, words, 'bad');
  });
  router.on('limit-reached', (event) => {
    const { neighbour, limit, used, most, action } = event;
    printer.line(Date.now(), { event: 'limit-reached', ...event }, `${neighbour} has ${used} of ${most} ${limit}: ${action}`, 'bad');
  });
  let segments = 0;
  router.on('segment-refused', (event) => {
    segments++;
    if (!milestone(segments)) return;
    const words = `TCP segment from ${event.address} refused (${segments} so far): ${event.reason}`;
    printer.line(Date.now(), { event: 'segment-refused', ...event }, words, 'bad');
  });
  router.on('ospf-change', (event) => {
    const { interface: link, routerId, node, from, to, reason } = event;
    const up = to === 'full' || to === '2-way';
    // Between routers that are neither the designated one nor its backup, 2-way is all there is.
    if (stopping() || (!reason && !up) || (up && from === 'full')) return;
    const who = `OSPF neighbour ${routerId} at ${link}`;
    const words = reason ? `${who} went from ${from} to ${to}: ${reason}` : `${who} ${to}${node === undefined ? '' : `, node ${node}`}`;
    printer.line(Date.now(), { event: 'ospf-change', ...event }, words, reason ? 'bad' : 'good');
  });
  router.on('ospf-problem', (event) => {
    const { interface: link, source, problem, detail } = event;
    const words = `OSPF at ${link}${source === '' ? '' : `, from ${source}`}: ${problem}${detail === '' ? '' : ` (${detail})`}`;
    printer.line(Date.now(), { event: 'ospf-problem', ...event }, words, 'bad');
  });
  router.on('cache-change', (event) => {
    const { cache, to, reason } = event;
    if (stopping() || (to !== 'in-sync' && to !== 'no-data' && reason === undefined)) return;
    const words = `RPKI cache ${cache} ${to}${reason === undefined ? '' : `: ${reason}`}`;
    printer.line(Date.now(), { event: 'cache-change', ...event }, words, to === 'in-sync' ? 'good' : 'bad');
  });
}

/** Prints what a network tells, but for what moves in it. */
export function reportNetwork(network: VirtualNetwork, printer: Printer): void {
  let more = 0;
  let first: RejectedClaim | undefined;
  let waiting = false;
  const refusals = (): void => {
    waiting = first !== undefined;
    if (!first) return;
    const { prefix, node, from, reason, message } = first;
    const words = `refused ${prefix} for ${node} from ${from}: ${reason}${more > 1 ? `, and ${more - 1} more` : ''}`;
    printer.line(Date.now(), { event: 'claim-rejected', total: more, prefix, node, from, reason, message }, words, 'bad');
    more = 0;
    first = undefined;
    // A guest that is refused a whole table gets a line now and then, not one a message.
    setTimeout(refusals, REFUSALS_EVERY).unref();
  };
  network.on('claim-rejected', ({ claims, total }) => {
    first ??= claims[0];
    more += total;
    if (!waiting) refusals();
  });
  network.on('grant-change', (event) => {
    const { grant, before, after } = event;
    printer.line(event.at, { ...event, event: 'grant-change' }, `grant ${grant} ${after ? (before ? 'changed' : 'given') : 'ended'}`);
  });
  network.on('guard-change', (event) => {
    const { state, nodes } = event;
    const [first, ...more] = nodes;
    const whose = first === undefined ? '' : `: ${first}${more.length > 0 ? `, and ${more.length} more` : ''}`;
    printer.line(Date.now(), { event: 'guard-change', ...event }, `guard: ${GUARD_WORDS[state]}${whose}`, 'bad');
  });
  network.on('restore-change', (event) => {
    const { state, claims, reason } = event;
    const words =
      state === 'over'
        ? 'neighbours have spoken: routes are told'
        : state === 'restored'
          ? `restored ${claims} claims of before`
          : `nothing restored: ${reason}`;
    printer.line(Date.now(), { event: 'restore-change', ...event }, words, state === 'unusable' ? 'bad' : 'good');
  });
  network.on('snapshot-failure', (event) => {
    printer.line(Date.now(), { event: 'snapshot-failure', ...event }, `${event.path} could not be written: ${event.reason}`, 'bad');
  });
  network.on('table-failure', ({ failed, error }) => {
    const words = `the forwarding table refused ${error ?? `${failed.length} prefixes`}`;
    printer.line(Date.now(), { event: 'table-failure', failed, error }, words, 'bad');
  });
}
