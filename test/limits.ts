/**
 * Every limit there is, and where a test reaches it: `docs/limits.md` is written from these rows, and `limits.test.ts` holds them to the
 * code. Defaults are the code's own.
 */

import { LARGE_HOLD_TIME } from '../src/bgp/fsm.js';
import { LIMITS, type LimitName } from '../src/bgp/limits.js';
import { PATIENCE as FAILURES, TURNED_AWAY } from '../src/bgp/peer.js';
import { MAX_EXTENDED_MESSAGE } from '../src/bgp/wire/codes.js';
import { MOST_FLAPS } from '../src/claims/dampening.js';
import { ANSWER_LONGER, CONNECTIONS, LONGEST_URL, PATIENCE } from '../src/io/control.js';
import { TURN } from '../src/io/reading-turn.js';
import { INSTANCE_DEFAULTS, INTERFACE_DEFAULTS } from '../src/ospf/options.js';
import { DEFAULT_LIMIT } from '../src/router/attach/bgp/attachment.js';
import { REMEMBERED } from '../src/router/attach/bgp/attempts.js';
import { MAX_PATH_LENGTH } from '../src/router/attach/bgp/terms.js';
import { MOST_ECHOES } from '../src/router/attach/bgp/verdict-echo.js';
import { REJECTIONS_TOLD } from '../src/router/claim-view.js';
import { MAX_RECORDS } from '../src/rtr/config.js';
import { DIAL_TIME, RESPONSE_TIME } from '../src/rtr/session.js';
import { MAX_PDU } from '../src/rtr/wire/pdu.js';
import { DROPS } from '../src/stack/drops.js';
import { MAX_REFUSED } from '../src/stack/forwarding.js';
import { PORT_LIMITS } from '../src/stack/limits.js';

/** One limit. */
export interface Limit {
  /** The field of the configuration, as written there; else what is counted, in words, as it is not configured. */
  readonly name: string;
  readonly configured: boolean;
  /** With its unit. */
  readonly otherwise: string;
  readonly beyond: string;
  /** What it is told as: an event and its field, a verdict, a reason that is counted. Undefined where nothing is refused. */
  readonly reason: string | undefined;
  /** With the labels that tell it from others. Undefined where nobody is refused anything, and nothing is counted. */
  readonly metric: string | undefined;
  /** A file below `test/`, and what a title in it says. */
  readonly test: readonly [file: string, title: string];
}

const count = (value: number, unit: string): string => `${value.toLocaleString('en')} ${unit}`;
const EXCEEDED = 'virtual_router_limit_exceeded_total';
const CONNECTIONS_REFUSED = 'virtual_router_connections_refused_total';
const ENDS = 'virtual_router_session_ends_total';
const REFUSALS = 'virtual_router_refusals_total';

const METRICS: Readonly<Record<LimitName, string>> = {
  prefixes: `${EXCEEDED}{limit="prefixes"}`,
  attributeSets: `${EXCEEDED}{limit="attributeSets"}`,
  memory: `${EXCEEDED}{limit="memory"}`,
  communities: `${REFUSALS}{reason="too-many-communities"}`,
  updateRate: `${EXCEEDED}{limit="updateRate"}`,
  backlog: `${EXCEEDED}{limit="backlog"}`,
  unread: `${EXCEEDED}{limit="unread"}`,
  attempts: `${CONNECTIONS_REFUSED}{reason="too-many-attempts"}`,
  halfOpen: `${CONNECTIONS_REFUSED}{reason="too-many-half-open"}`,
};

const neighbour: readonly Limit[] = [
  ...Object.entries(LIMITS).map(
    ([name, { otherwise, unit, reason, beyond }]): Limit => ({
      name: `limits.${name}`,
      configured: true,
      otherwise: count(otherwise, unit),
      beyond,
      reason,
      metric: METRICS[name as LimitName], // a key of the table
      test: ['router/limits.test.ts', 'is told of by its reason and counted where it is reached'],
    }),
  ),
  {
    name: 'limits.weight',
    configured: true,
    otherwise: `1, which is ${TURN} ms of the process's time`,
    beyond: 'over host sockets: everybody else that has something to say, or is due to hear something, has a turn before it is read on',
    reason: undefined,
    metric: 'virtual_router_session_turns_total',
    test: ['router/limits.test.ts', 'turns that end are counted'],
  },
  {
    name: 'maxPathLength',
    configured: true,
    otherwise: count(MAX_PATH_LENGTH, 'ASes'),
    beyond: 'the route is refused',
    reason: 'path-too-long',
    metric: `${REFUSALS}{reason="path-too-long"}`,
    test: ['router/limits.test.ts', 'ASes of a path'],
  },
  {
    name: 'limit',
    configured: true,
    otherwise: count(DEFAULT_LIMIT, 'sessions of a range'),
    beyond: 'the connection is turned away',
    reason: 'session-refused: limit-exceeded',
    metric: `${CONNECTIONS_REFUSED}{reason="limit-exceeded"}`,
    test: ['router/limits.test.ts', 'sessions of a range'],
  },
  {
    name: '`limit` of a grant',
    configured: false,
    otherwise: 'none, but for `limits.prefixes`',
    beyond: 'the claim is refused, and taken once there is room',
    reason: 'limit-exceeded',
    metric: `${REFUSALS}{reason="limit-exceeded"}`,
    test: ['router/limits.test.ts', 'prefixes of a grant'],
  },
  {
    name: 'sendHoldTime',
    configured: true,
    otherwise: 'twice the hold time, 480 seconds at least',
    beyond: 'the session of a neighbour that takes nothing ends (RFC 9687)',
    reason: 'send-hold-timer-expired',
    metric: `${ENDS}{reason="send-hold-timer-expired"}`,
    test: ['router/limits.test.ts', 'loses the session after the send hold time'],
  },
  {
    name: 'hold time of a session that has no OPEN yet',
    configured: false,
    otherwise: count(LARGE_HOLD_TIME / 1000, 'seconds'),
    beyond: 'the connection is given up (RFC 4271 §8.2.2)',
    reason: 'hold-timer-expired',
    metric: `${ENDS}{reason="hold-timer-expired"}`,
    test: ['router/limits.test.ts', 'who connects and says nothing is given up after the large hold time'],
  },
  {
    name: 'connections beside the one of a session',
    configured: false,
    otherwise: '1, which is weighed against ours',
    beyond: 'turned away with a Cease 6/7',
    reason: 'session-refused: connection-collision',
    metric: `${CONNECTIONS_REFUSED}{reason="connection-collision"}`,
    test: ['router/refused.test.ts', '%s'],
  },
  {
    name: 'connections that are being turned away, of one neighbour',
    configured: false,
    otherwise: count(TURNED_AWAY, 'connections'),
    beyond: 'reset, without a NOTIFICATION',
    reason: 'session-refused: connection-collision',
    metric: `${CONNECTIONS_REFUSED}{reason="connection-collision"}`,
    test: [
      'bgp/peer.test.ts',
      'a neighbour that is turned away again and again, and does not close, costs four connections and two seconds',
    ],
  },
  {
    name: 'failures in a row',
    configured: false,
    otherwise: count(FAILURES, 'sessions'),
    beyond: 'connections are turned away until the pause is over (`dampPeerOscillations`)',
    reason: 'session-refused: too-many-failures',
    metric: `${CONNECTIONS_REFUSED}{reason="too-many-failures"}`,
    test: ['router/refused.test.ts', '%s'],
  },
  {
    name: 'length of a message',
    configured: false,
    otherwise: `4,096 octets; ${count(MAX_EXTENDED_MESSAGE, 'with `extendedMessages`')}`,
    beyond: 'the session ends with the NOTIFICATION 1/2',
    reason: 'notification-sent',
    metric: `${ENDS}{reason="notification-sent"}`,
    test: ['router/told.test.ts', 'are taken of a neighbour that announces nothing of the kind, and are not where we announce none'],
  },
  {
    name: '`tellVerdicts`: claims that are sent back',
    configured: false,
    otherwise: count(MOST_ECHOES, 'claims of an address family'),
    beyond: 'not sent back: `why` answers',
    reason: undefined,
    metric: undefined,
    test: ['router/limits.test.ts', 'claims whose verdicts are sent back'],
  },
];

const PORT_NAMES: Readonly<Record<keyof typeof PORT_LIMITS, string>> = {
  control: 'frames that the router itself deals with',
  queued: 'frames that wait while another is dealt with',
  strangers: 'segments of no connection',
  connections: 'connections',
  halfOpen: 'connections that are not open yet',
  datagrams: 'datagrams in parts, for the router itself',
  parts: 'parts of one of them',
  neighbours: 'addresses behind a node, and its MACs',
  waiting: 'frames that wait for one MAC',
  announced: 'addresses announced on the link',
  virtualRouters: 'virtual routers (VRRP)',
  virtualAddresses: 'addresses of all of them',
  advertisements: 'VRRP advertisements',
  errors: 'ICMP errors',
  resets: 'resets',
};

const ports = Object.entries(PORT_LIMITS).map(([key, { most, unit, reason, beyond }]): Limit => {
  const name = key as keyof typeof PORT_LIMITS; // a key of the table
  const dropped = DROPS.some((drop) => drop === reason);
  return {
    name: PORT_NAMES[name],
    configured: false,
    otherwise: count(most, unit),
    beyond,
    reason,
    metric: dropped ? `virtual_router_frames_dropped_total{reason="${reason}"}` : `virtual_router_answers_withheld_total{kind="${reason}"}`,
    test:
      name === 'connections'
        ? ['stack/tcp/hostile.test.ts', 'so many connections of one node and no more; another gets in']
        : ['stack/limits.test.ts', 'what is beyond a limit of a port is counted'],
  };
});

const problems = 'virtual_router_ospf_problems_total';
const ospf: readonly Limit[] = [
  {
    name: 'interfaces[].neighbourLimit',
    configured: true,
    otherwise: count(INTERFACE_DEFAULTS.neighbourLimit, 'neighbours of an interface'),
    beyond: 'Hellos of one more are dropped',
    reason: 'ospf-problem: neighbour-limit',
    metric: `${problems}{problem="neighbour-limit"}`,
    test: ['ospf/reasons.test.ts', '$problem'],
  },
  {
    name: 'lsaLimit',
    configured: true,
    otherwise: count(INSTANCE_DEFAULTS.lsaLimit, 'LSAs of a neighbour'),
    beyond: 'acknowledged, and not kept',
    reason: 'ospf-problem: lsa-limit',
    metric: `${problems}{problem="lsa-limit"}`,
    test: ['ospf/flooding.test.ts', 'beyond the limit of a neighbour are refused, and other neighbours lose nothing'],
  },
  {
    name: 'retransmitLimit',
    configured: true,
    otherwise: count(INSTANCE_DEFAULTS.retransmitLimit, 'LSAs that a neighbour has not acknowledged'),
    beyond: 'its adjacency begins anew',
    reason: 'ospf-change: retransmit-limit',
    metric: `${problems}{problem="retransmit-limit"}`,
    test: [
      'ospf/flooding.test.ts',
      'that a neighbour does not acknowledge begin its adjacency anew when they are too many, and nobody else loses any',
    ],
  },
];

const failures = 'virtual_router_rpki_cache_failures_total';
const caches: readonly Limit[] = [
  {
    name: 'limit',
    configured: true,
    otherwise: count(MAX_RECORDS, 'records, and changes at once'),
    beyond: 'the session ends with the error 1; the data of before stays until it expires',
    reason: 'cache-change: more than',
    metric: failures,
    test: ['router/rpki.test.ts', 'a cache that has more to say than it may is left, and the next one is used'],
  },
  {
    name: 'length of a PDU',
    configured: false,
    otherwise: count(MAX_PDU, 'octets'),
    beyond: 'the session ends with the error 0',
    reason: 'cache-change: corrupt data',
    metric: failures,
    test: ['rtr/session.test.ts', 'a type that nobody knows is error 5, a length that cannot be is error 0'],
  },
  {
    name: 'time for a connection, TLS and all',
    configured: false,
    otherwise: count(DIAL_TIME / 1000, 'seconds'),
    beyond: 'given up, and tried again after `retry`',
    reason: 'cache-change: the cache could not be connected to in time',
    metric: failures,
    test: ['rtr/session.test.ts', 'a connection that does not come about is given up, and tried again'],
  },
  {
    name: 'time for a whole answer',
    configured: false,
    otherwise: count(RESPONSE_TIME / 1000, 'seconds'),
    beyond: 'given up, and tried again after `retry`',
    reason: 'cache-change: the cache did not answer in time',
    metric: failures,
    test: ['rtr/session.test.ts', 'a cache that never ends its answer is left'],
  },
];

const control = 'virtual_router_control_refused_total';
const callers: readonly Limit[] = [
  {
    name: 'connections',
    configured: false,
    otherwise: count(CONNECTIONS, 'connections'),
    beyond: 'one more is closed',
    reason: 'too-many-connections',
    metric: `${control}{reason="too-many-connections"}`,
    test: ['cli/why.test.ts', 'has so many connections and no more'],
  },
  {
    name: 'time for a whole question',
    configured: false,
    otherwise: count(PATIENCE / 1000, 'seconds'),
    beyond: 'its connection is closed, at the next look, which is as often',
    reason: 'too-slow',
    metric: `${control}{reason="too-slow"}`,
    test: ['cli/why.test.ts', 'ends who asks half a question and then nothing'],
  },
  {
    name: 'time to take a whole answer',
    configured: false,
    otherwise: count((PATIENCE * ANSWER_LONGER) / 1000, 'seconds'),
    beyond: 'its connection is closed',
    reason: 'too-slow',
    metric: `${control}{reason="too-slow"}`,
    test: ['cli/why.test.ts', 'ends who does not read the answer, and who keeps the connection'],
  },
  {
    name: 'length of a URL',
    configured: false,
    otherwise: count(LONGEST_URL, 'octets'),
    beyond: 'answered with 414',
    reason: 'too-long',
    metric: `${control}{reason="too-long"}`,
    test: ['cli/why.test.ts', 'is its owner’s alone, answers GET and nothing else'],
  },
];

const remembered: readonly Limit[] = [
  {
    name: 'addresses that dialled',
    configured: false,
    otherwise: count(REMEMBERED, 'addresses'),
    beyond: 'the one that dialled longest ago is forgotten: it may dial as if for the first time',
    reason: undefined,
    metric: undefined,
    test: ['router/remembered.test.ts', 'of addresses that dialled, those that did so longest ago'],
  },
  {
    name: 'claims that came and went (`dampening`)',
    configured: false,
    otherwise: count(MOST_FLAPS, 'claims'),
    beyond: 'the one that flapped longest ago is forgotten: it may be taken again',
    reason: undefined,
    metric: undefined,
    test: ['router/remembered.test.ts', 'of claims that came and went, those that did so longest ago'],
  },
  {
    name: 'refused claims in one `claim-rejected`',
    configured: false,
    otherwise: count(REJECTIONS_TOLD, 'claims'),
    beyond: 'counted in its `total`, and not told one by one',
    reason: undefined,
    metric: REFUSALS,
    test: ['router/remembered.test.ts', 'of refused claims of one turn so many are told one by one, and all are counted'],
  },
  {
    name: 'sources that were refused at a port (`refusedSources`)',
    configured: false,
    otherwise: count(MAX_REFUSED, 'addresses'),
    beyond: 'the first is forgotten',
    reason: 'source-not-held',
    metric: 'virtual_router_frames_dropped_total{reason="source-not-held"}',
    test: ['stack/router.test.ts', 'from an address of somebody else is dropped, counted and named'],
  },
];

/** By whose they are. */
export const EVERY_LIMIT: readonly (readonly [heading: string, about: string, limits: readonly Limit[]])[] = [
  [
    'A BGP neighbour',
    'Fields of `neighbours[]`. Near a limit of what is kept (`warnAt`, 0.8 of it) and at it there is one `limit-reached`; use and limit are `virtual_router_limit_used` and `_most`.',
    neighbour,
  ],
  ['A node at a port', 'What comes as frames, each port for itself. Not configured: who keeps to the protocols stays far below.', ports],
  ['An OSPF neighbour', 'Fields of `ospf[]`.', ospf],
  ['An RPKI cache', 'Fields of `rpki.caches[]`.', caches],
  ['Whoever asks the control socket', 'Not configured.', callers],
  ['What is remembered', 'Here nobody is refused anything: what was heard of longest ago makes room.', remembered],
];
