import type { Clock, Millis } from '../lib/clock.js';
import type { TimerHeap } from '../lib/timers.js';
import { AccessList } from './access.js';
import type { Advertiser } from './advertiser.js';
import { noDrops } from './drops.js';
import type { Interface } from './interface.js';
import { PORT_LIMITS, type WithheldCounters } from './limits.js';
import type { Neighbour } from './neighbour.js';
import type { Port } from './port.js';
import { Reassembly } from './reassembly.js';

/** ICMP errors at once (RFC 1812 §4.3.2.8, RFC 4443 §2.4 f). */
const ERRORS_AT_ONCE = 20;
/** Nodes behind another router whose share of the router's time is kept apart. */
const MOST_BEHIND = 4096;

/** So many a second, and so many at once. @internal */
export class Bucket {
  #tokens: number;
  #at: Millis = 0;

  constructor(
    private readonly rate: number,
    private readonly burst: number,
  ) {
    this.#tokens = burst;
  }

  take(clock: Clock): boolean {
    const now = clock.now();
    this.#tokens = Math.min(this.burst, this.#tokens + ((now - this.#at) * this.rate) / 1000);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

/** What a guest has of the router's time. @internal */
export class Allowance {
  /** ICMP errors. */
  readonly errors = new Bucket(PORT_LIMITS.errors.most, ERRORS_AT_ONCE);
  /** For groups, ARP and Neighbour Discovery, and what is sent to the router: each takes far longer than to pass a packet on. */
  readonly control = new Bucket(PORT_LIMITS.control.most, PORT_LIMITS.control.most);
}

/** A node, as its link knows it. @internal */
export interface LinkNode {
  readonly name: string;
  readonly up: boolean;
  readonly addresses: readonly Uint8Array[];
}

/** A port of the router, and the node at it. @internal */
export class Link {
  node: LinkNode | undefined;
  /** The same as it was named, and the router's interfaces then: what all that follows was made of. */
  occupant: { readonly addresses: readonly string[]; readonly up: boolean } | undefined;
  faces: readonly Interface[] | undefined;
  /** The name of the node, empty where there is none: compared for every frame. */
  holder = '';
  /** Whether frames may go out here: its node is up, or another router is there. */
  ready = false;
  /** What guests' packets are held to on their way in, and what goes out to them. */
  accessIn = new AccessList([]);
  accessOut = new AccessList([]);
  /** The node's own IPv4 addresses as signed numbers. */
  readonly own4 = new Set<number>();
  /** Its interfaces of the router: those whose subnets the node has addresses in, or all. */
  interfaces: readonly Interface[] = [];
  /** MAC that the router shows here. */
  mac = new Uint8Array(6);
  /** Where packets for the node go, while it has an address of its own. */
  hop4: Neighbour | undefined;
  hop6: Neighbour | undefined;
  readonly neighbours = new Map<string, Neighbour>();
  /** Tells the node of the router; none where another router is. */
  advertiser: Advertiser | undefined;
  readonly drops = noDrops();
  /** Answers to what came in here that were not sent, as there were too many. */
  readonly withheld: WithheldCounters = { 'icmp-error': 0, reset: 0 };
  /** Fragments from here for the router itself. */
  readonly reassembly: Reassembly;
  received = 0;
  sent = 0;
  forwarded = 0;
  /** Of the node that is here; behind another router there are many, and each has its own. */
  readonly allowance = new Allowance();
  readonly #behind = new Map<string, Allowance>();
  /** Addresses of the last packets that the source check refused, for `explain`. */
  readonly refused: string[] = [];

  constructor(
    readonly name: string,
    readonly port: Port,
    timers: TimerHeap,
    /** The rest of a datagram for the router did not come within its time; the frame had its first part. */
    expired: (link: Link, frame: Uint8Array) => void,
    /** The router at the other end, empty where guests are: what it sends was checked where it came in. */
    readonly peer = '',
  ) {
    this.reassembly = new Reassembly(timers, (first) => {
      this.drops.reassembly++;
      if (first) expired(this, first);
    });
  }

  /** That of a node behind the router at the other end. */
  allowanceOf(node: string): Allowance {
    let allowance = this.#behind.get(node);
    if (!allowance) {
      const [oldest] = this.#behind.keys();
      if (this.#behind.size >= MOST_BEHIND && oldest !== undefined) this.#behind.delete(oldest);
      allowance = new Allowance();
      this.#behind.set(node, allowance);
    }
    return allowance;
  }

  /** Another node is here, or none. */
  forget(): void {
    for (const neighbour of this.neighbours.values()) this.drops.unresolved += neighbour.forget();
    this.neighbours.clear();
    this.hop4 = undefined;
    this.hop6 = undefined;
  }
}
