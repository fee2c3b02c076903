import type { Millis } from '../lib/clock.js';

/** What one guest may use up. Every field has a default: see {@link LIMITS}. @public */
export interface LimitsConfig {
  /** Prefixes that it claims, refused ones too, each once however often it comes and by how many paths. */
  readonly prefixes?: number;
  /** Sets of path attributes that it was the first to bring. */
  readonly attributeSets?: number;
  /** Octets of its claims and attribute sets. */
  readonly memory?: number;
  /** Communities of all kinds on one route. */
  readonly communities?: number;
  /** Prefixes announced or withdrawn a second, averaged over eight seconds. */
  readonly updateRate?: number;
  /**
   * Octets that it has sent and that wait here to be read, 65536 at least as a message must fit. Over frames 262144 at most. What the host's
   * system keeps for a socket comes before that.
   */
  readonly backlog?: number;
  /** Octets that wait here as it does not read them, 65536 at least. */
  readonly unread?: number;
  /** Its part of the process's time against others' when all have much to say: 2 is twice the usual. */
  readonly weight?: number;
  /** Connections from one address a minute. */
  readonly attempts?: number;
  /** Of a range: sessions that are not established yet. */
  readonly halfOpen?: number;
  /**
   * What becomes of prefixes and attribute sets beyond a limit, or of memory: they are only reported, they are not taken in, or the session
   * ends (RFC 4486: Maximum Number of Prefixes Reached, Out of Resources). Default `refuse`.
   */
  readonly exceeded?: 'warn' | 'refuse' | 'shutdown';
  /** Part of a limit from which on it is reported. Default 0.8. */
  readonly warnAt?: number;
}

/** The limits that are a number, by name. @public */
export type LimitName = Exclude<keyof LimitsConfig, 'exceeded' | 'warnAt' | 'weight'>;

/** One limit: what it is unless configured, what is counted, and the code that reports and refusals have. @internal */
export interface LimitRow {
  readonly otherwise: number;
  readonly unit: string;
  /** Of `limit-reached`, `session-refused`, or a refused claim. */
  readonly reason: string;
  /** What happens beyond it. */
  readonly beyond: string;
}

/** The limits of a guest, a row each; the documentation shows them. @internal */
export const LIMITS: Readonly<Record<LimitName, LimitRow>> = {
  prefixes: {
    otherwise: 2_000_000,
    unit: 'prefixes',
    reason: 'limit-reached: prefixes',
    beyond: 'not taken in (`exceeded`)',
  },
  attributeSets: {
    otherwise: 1_000_000,
    unit: 'sets',
    reason: 'limit-reached: attributeSets',
    beyond: 'routes with another new set are not taken in (`exceeded`)',
  },
  memory: {
    otherwise: 2 ** 30,
    unit: 'octets',
    reason: 'limit-reached: memory',
    beyond: 'not taken in (`exceeded`)',
  },
  communities: {
    otherwise: 1000,
    unit: 'communities',
    reason: 'too-many-communities',
    beyond: 'the route is refused',
  },
  updateRate: {
    otherwise: 500_000,
    unit: 'prefixes a second',
    reason: 'limit-reached: updateRate',
    beyond: 'its connection is read on later, at most a third of the hold time',
  },
  backlog: {
    otherwise: 262_144,
    unit: 'octets',
    reason: 'limit-reached: backlog',
    beyond: 'while its connection is read on later (`updateRate`), it can send no more (TCP closes its window)',
  },
  unread: {
    otherwise: 2 ** 20,
    unit: 'octets',
    reason: 'limit-reached: unread',
    beyond: 'nothing more is written; its session ends after `sendHoldTime`',
  },
  attempts: {
    otherwise: 60,
    unit: 'connections a minute',
    reason: 'session-refused: too-many-attempts',
    beyond: 'the connection is reset',
  },
  halfOpen: {
    otherwise: 20,
    unit: 'sessions',
    reason: 'session-refused: too-many-half-open',
    beyond: 'the connection is turned away',
  },
};

/** Octets that a claim takes: its row, and its part of the prefix's. */
export const CLAIM_OCTETS = 96;
/** Seconds of the update rate that may come at once. */
const BURST = 8;
/** A limit that was reported is reported again only once use has fallen to so much of where it was reported. */
const CALMED = 0.9;

/** What a guest's claims take now. @internal */
export interface Use {
  readonly prefixes: number;
  readonly attributeSets: number;
  readonly memory: number;
}

/** Octets of a guest's connection that wait: sent by it and not read by us, and the other way round. @internal */
export type Waiting = Readonly<Record<'backlog' | 'unread', number>>;

/** A limit of a guest as it stands. @public */
export interface LimitStatus {
  readonly limit: LimitName;
  readonly used: number;
  readonly most: number;
  /** Prefixes that were not taken in, pauses in reading, or times that a connection was full, because of it. */
  readonly exceeded: number;
}

/** Something to report: use has come near a limit, or to it. @internal */
export interface LimitReport {
  readonly limit: LimitName;
  readonly used: number;
  readonly most: number;
  readonly action: 'warned' | 'refused' | 'shutdown' | 'held';
}

/** The limits of what is kept of a guest: beyond them it is not taken in. @internal */
export const KEPT = ['prefixes', 'attributeSets', 'memory'] as const;
type Kept = (typeof KEPT)[number];

/**
 * One guest's budget: what it may have taken in, and how fast it may speak. Counts, and says what to report; who asks does what
 * follows.
 *
 * @internal
 */
export class Budget {
  readonly most: Readonly<Record<LimitName, number>>;
  readonly exceeded: 'warn' | 'refuse' | 'shutdown';
  readonly weight: number;
  readonly #warnAt: number;
  /** What {@link Budget.fits} looks at, of {@link Budget.most}. */
  readonly #prefixes: number;
  readonly #attributeSets: number;
  readonly #memory: number;
  readonly #beyond: Record<LimitName, number>;
  /** The reports that were made, and at what use. */
  readonly #reported = new Map<string, number>();
  #reports: LimitReport[] = [];
  /** Prefixes that may still come at once, and when that was. */
  #tokens: number;
  #since: Millis | undefined;

  constructor(config: LimitsConfig = {}) {
    const most = Object.fromEntries(Object.entries(LIMITS).map(([name, { otherwise }]) => [name, otherwise]));
    const { exceeded = 'refuse', warnAt = 0.8, weight = 1, ...own } = config;
    this.most = { ...most, ...own } as Record<LimitName, number>; // a row each
    this.#beyond = Object.fromEntries(Object.keys(LIMITS).map((name) => [name, 0])) as Record<LimitName, number>;
    this.exceeded = exceeded;
    this.weight = weight;
    this.#warnAt = warnAt;
    this.#tokens = this.most.updateRate * BURST;
    this.#prefixes = this.most.prefixes;
    this.#attributeSets = this.most.attributeSets;
    this.#memory = this.most.memory;
  }

  /** Whether `count` more claims fit with certainty, without a closer look. */
  fits(claims: number, count: number, sets: number, octets: number): boolean {
    const after = claims + count;
    return after <= this.#prefixes && sets <= this.#attributeSets && after * CLAIM_OCTETS + octets <= this.#memory;
  }

  /** `count` prefixes were not taken in, or would not have been. */
  refuse(limit: Kept, count: number): void {
    this.#beyond[limit] += count;
  }

  /** After input: says what is near a limit or beyond it. */
  watch(use: Use): void {
    for (const limit of KEPT) {
      this.#judge(limit, 'near', use[limit], this.#warnAt * this.most[limit], 'warned');
      if (this.#beyond[limit] === 0) continue;
      const action = this.exceeded === 'warn' ? 'warned' : this.exceeded === 'refuse' ? 'refused' : 'shutdown';
      this.#judge(limit, 'beyond', use[limit], this.most[limit] * CALMED, action);
    }
  }

  #judge(limit: Kept, what: string, used: number, from: number, action: LimitReport['action']): void {
    const key = `${limit} ${what}`;
    const before = this.#reported.get(key);
    if (used < from * (before === undefined ? 1 : CALMED)) this.#reported.delete(key);
    else if (before === undefined) {
      this.#reported.set(key, used);
      this.#reports.push({ limit, used, most: this.most[limit], action });
    }
  }

  /** `count` prefixes were announced or withdrawn: milliseconds to leave the rest unread, 0 for none. */
  spend(count: number, now: Millis): Millis {
    const rate = this.most.updateRate;
    if (this.#since !== undefined) this.#tokens = Math.min(rate * BURST, this.#tokens + ((now - this.#since) * rate) / 1000);
    this.#since = now;
    this.#tokens -= count;
    if (this.#tokens >= 0) {
      if (this.#tokens > (rate * BURST) / 2) this.#reported.delete('updateRate');
      return 0;
    }
    this.#beyond.updateRate++;
    if (!this.#reported.has('updateRate')) {
      this.#reported.set('updateRate', rate);
      this.#reports.push({ limit: 'updateRate', used: count, most: rate, action: 'held' });
    }
    return (-this.#tokens * 1000) / rate;
  }

  /** So many octets wait, where that tells whether a connection is full. */
  wait(limit: keyof Waiting, octets: number): void {
    const most = this.most[limit];
    if (octets < most * CALMED) this.#reported.delete(limit);
    if (octets < most) return;
    this.#beyond[limit]++;
    if (this.#reported.has(limit)) return;
    this.#reported.set(limit, octets);
    this.#reports.push({ limit, used: octets, most, action: 'held' });
  }

  /** What there is to report since this was last asked. */
  reports(): readonly LimitReport[] {
    if (this.#reports.length === 0) return this.#reports;
    const reports = this.#reports;
    this.#reports = [];
    return reports;
  }

  status(use: Use, waiting: Waiting): readonly LimitStatus[] {
    const rate = this.most.updateRate;
    return [
      ...KEPT.map((limit) => ({ limit, used: use[limit], most: this.most[limit], exceeded: this.#beyond[limit] })),
      {
        limit: 'updateRate' as const,
        used: Math.max(0, Math.round(rate - this.#tokens / BURST)),
        most: rate,
        exceeded: this.#beyond.updateRate,
      },
      ...(['backlog', 'unread'] as const).map((limit) => ({
        limit,
        used: waiting[limit],
        most: this.most[limit],
        exceeded: this.#beyond[limit],
      })),
    ];
  }
}
