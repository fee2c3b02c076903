import type { DropReason } from './drops.js';

/** One limit: how much, of what, under which reason what is beyond it is counted, and what happens to it. @internal */
export interface PortLimit {
  readonly most: number;
  readonly unit: string;
  /** A {@link DropReason} of the port, or the kind of answer that is withheld there. */
  readonly reason: DropReason | WithheldAnswer;
  readonly beyond: string;
}

/** Answers that are not sent once there were too many. @public */
export type WithheldAnswer = 'icmp-error' | 'reset';

/** How many answers were not sent, by kind. @internal */
export type WithheldCounters = Record<WithheldAnswer, number>;

/**
 * What the node at a port may use up, a row each; the documentation shows them. They are no configuration: a guest that keeps to its
 * protocols stays far below all of them.
 *
 * @internal
 */
export const PORT_LIMITS = {
  control: {
    most: 1000,
    unit: 'frames a second',
    reason: 'overload',
    beyond:
      'what the router itself has to deal with (groups, ARP, Neighbour Discovery, ICMP, all that is sent to it but TCP) is dropped; what is passed on is not counted',
  },
  queued: {
    most: 1024,
    unit: 'frames',
    reason: 'overload',
    beyond: 'frames that come in while another is dealt with are dropped',
  },
  strangers: {
    most: 200,
    unit: 'segments a second',
    reason: 'overload',
    beyond: 'TCP that belongs to no connection, or begins one, is dropped; 512 at once',
  },
  connections: {
    most: 1024,
    unit: 'TCP connections',
    reason: 'too-many-connections',
    beyond: 'one more is not answered',
  },
  halfOpen: {
    most: 256,
    unit: 'TCP connections',
    reason: 'too-many-half-open',
    beyond: 'the oldest that is not open yet gives way, without a word',
  },
  datagrams: {
    most: 64,
    unit: 'datagrams',
    reason: 'reassembly',
    beyond: 'the oldest of those that are not whole yet is given up; so is what is not whole after 30 s',
  },
  parts: {
    most: 64,
    unit: 'parts of a datagram',
    reason: 'reassembly',
    beyond: 'the datagram is given up',
  },
  neighbours: {
    most: 256,
    unit: 'addresses',
    reason: 'unresolved',
    beyond: 'the one that was asked for first is forgotten, and what waits for its answer is dropped',
  },
  waiting: {
    most: 16,
    unit: 'frames',
    reason: 'unresolved',
    beyond: 'the frame that has waited longest for an answer to ARP or Neighbour Discovery is dropped',
  },
  announced: {
    most: 256,
    unit: 'addresses',
    reason: 'too-many-claims',
    beyond: 'what it announces by gratuitous ARP, or unsolicited advertisement, is no claim',
  },
  virtualRouters: {
    most: 64,
    unit: 'virtual routers',
    reason: 'too-many-claims',
    beyond: 'VRRP of one more is not heard',
  },
  virtualAddresses: {
    most: 256,
    unit: 'addresses',
    reason: 'too-many-claims',
    beyond: 'a VRRP advertisement that has more, with those of its other virtual routers, is not heard',
  },
  advertisements: {
    most: 250,
    unit: 'VRRP advertisements a second',
    reason: 'overload',
    beyond: 'dropped; 500 at once',
  },
  errors: {
    most: 100,
    unit: 'ICMP errors a second',
    reason: 'icmp-error',
    beyond: 'its packets are dropped as before, and it is not told',
  },
  resets: {
    most: 100,
    unit: 'resets a second',
    reason: 'reset',
    beyond: 'segments that belong to no connection are not answered',
  },
} as const satisfies Readonly<Record<string, PortLimit>>;

/** @internal */
export type PortLimitName = keyof typeof PORT_LIMITS;
