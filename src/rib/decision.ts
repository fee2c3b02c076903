import type { Feed } from '../claims/feed.js';
import { SOURCES } from '../claims/grant.js';
import type { Rib } from './rib.js';

/** Options of the decision process, as `DecisionConfig` documents them. @internal */
export interface DecisionOptions {
  alwaysCompareMed: boolean;
  preferOldestExternal: boolean;
  multipath: boolean;
}

/** The steps that may decide between claims, in their order; shown by `explain`. @public */
export type DecisionStep =
  | 'not-authorized'
  | 'holder-down'
  | 'same-holder'
  | 'preference'
  | 'takeover'
  | 'source'
  | 'ospf-cost'
  | 'vrrp-priority'
  | 'local-pref'
  | 'as-path-length'
  | 'origin'
  | 'med'
  | 'external'
  | 'oldest-external'
  | 'router-id'
  | 'cluster-list-length'
  | 'neighbour-address'
  | 'node-name'
  | 'path-id';

/** Told of each claim that leaves the race, and the step that it lost at. @internal */
export type Eliminated = (row: number, step: DecisionStep) => void;

/**
 * The decision between claims of equal preference, RFC 4271 §9.1.2.2 with RFC 4456 §9, as eliminations: after each step only the
 * best stay. (As a pairwise comparison it would not be deterministic: MED is compared within one neighbouring AS only.)
 *
 * Two ways out: {@link Decision.best} goes on to the last tie-break and leaves one row; {@link Decision.equals} stops before the
 * steps that only break ties and leaves those that may share.
 *
 * @internal
 */
export class Decision {
  /** Keys of the rows looked at, and the rows as they were before a step. */
  #keys = new Float64Array(16);
  #all = new Int32Array(16);

  constructor(
    private readonly rib: Rib,
    readonly options: DecisionOptions,
  ) {}

  /** The winner among `rows[0, count)`, which is reordered. */
  best(rows: Int32Array, count: number, eliminated?: Eliminated): number {
    if (count === 1) return rows[0];
    return rows[this.#breakTies(rows, this.equals(rows, count, eliminated), eliminated) - 1];
  }

  /** How many of `rows[0, count)` tie for best up to the steps that only break ties; they are moved to the front. */
  equals(rows: Int32Array, count: number, eliminated?: Eliminated): number {
    count = this.#least(rows, count, 'source', this.#source, eliminated);
    if (count === 1) return 1;
    const source = this.#source(rows[0]);
    // RFC 2328 §11: the kind of path, then its cost.
    if (source === OSPF) return this.#least(rows, count, 'ospf-cost', this.#rank, eliminated);
    if (source === VRRP) return this.#least(rows, count, 'vrrp-priority', this.#priority, eliminated);
    if (source !== BGP) return count;
    // Degree of preference (§9.1.1): LOCAL_PREF counts from internal neighbours only; the import drops it from others.
    if (eliminated) {
      count = this.#least(rows, count, 'local-pref', this.#localPref, eliminated);
      count = this.#least(rows, count, 'as-path-length', this.#pathLength, eliminated);
      count = this.#least(rows, count, 'origin', this.#origin, eliminated);
    } else count = this.#least(rows, count, 'local-pref', this.#degree, undefined); // the three in one
    count = this.#leastMed(rows, count, eliminated);
    // Interior cost (§9.1.2.2 e) is no step: every next hop is a node of the network, one hop away.
    return this.#least(rows, count, 'external', this.#internal, eliminated);
  }

  #breakTies(rows: Int32Array, count: number, eliminated: Eliminated | undefined): number {
    if (count === 1) return 1;
    const source = this.#source(rows[0]);
    if (source === BGP) {
      if (this.options.preferOldestExternal && this.#feed(rows[0]).external)
        count = this.#least(rows, count, 'oldest-external', this.#arrival, eliminated);
      count = this.#least(rows, count, 'router-id', this.#routerId, eliminated);
      count = this.#least(rows, count, 'cluster-list-length', this.#clusterLength, eliminated);
      count = this.#first(rows, count, 'neighbour-address', this.#byAddress, eliminated);
    }
    // RFC 9568 §6.4.3: of equal priorities, the greater primary address.
    if (source === VRRP) count = this.#first(rows, count, 'neighbour-address', this.#byGreaterAddress, eliminated);
    count = this.#first(rows, count, 'node-name', this.#byName, eliminated);
    return this.#first(rows, count, 'path-id', this.#byPathId, eliminated);
  }

  // Keys of a row, the least first; made once, not a decision.

  readonly #source = (row: number): number => this.#feed(row).sourceIndex;
  readonly #rank = (row: number): number => this.rib.claims.rankOf(row);
  readonly #priority = (row: number): number => -this.#feed(row).priority;
  readonly #localPref = (row: number): number => -this.rib.sets.localPrefOf(this.rib.claims.setOutOf(row));
  readonly #pathLength = (row: number): number => this.rib.sets.pathLengthOf(this.rib.claims.setOutOf(row));
  readonly #origin = (row: number): number => this.rib.sets.originOf(this.rib.claims.setOutOf(row));
  readonly #degree = (row: number): number => this.rib.sets.degreeOf(this.rib.claims.setOutOf(row));
  readonly #internal = (row: number): number => (this.#feed(row).external ? 0 : 1);
  readonly #arrival = (row: number): number => this.rib.claims.arrivalOf(row);
  readonly #routerId = (row: number): number => this.rib.sets.originatorIdOf(this.rib.claims.setOutOf(row)) || this.#feed(row).routerId;
  readonly #clusterLength = (row: number): number => this.rib.sets.clusterLengthOf(this.rib.claims.setOutOf(row));

  // Orders of two rows.

  readonly #byAddress = (x: number, y: number): number => compareBytes(this.#feed(x).address, this.#feed(y).address);
  readonly #byGreaterAddress = (x: number, y: number): number => compareBytes(this.#feed(y).address, this.#feed(x).address);
  readonly #byName = (x: number, y: number): number => {
    const [one, other] = [this.#name(x), this.#name(y)];
    return one < other ? -1 : one > other ? 1 : 0;
  };
  readonly #byPathId = (x: number, y: number): number => {
    const { claims } = this.rib;
    return claims.pathIdOf(x) - claims.pathIdOf(y) || x - y;
  };

  #feed(row: number): Feed {
    return this.rib.feeds[this.rib.feedOf(row)] as Feed; // a row's feed outlives it
  }
  #name(row: number): string {
    return this.rib.model.at(this.rib.holderOf(row)).name;
  }

  /** Keeps the rows with the least key, in their order. */
  #least(rows: Int32Array, count: number, step: DecisionStep, key: (row: number) => number, eliminated: Eliminated | undefined): number {
    if (count === 1) return 1;
    if (count > this.#keys.length) this.#keys = new Float64Array(2 * count);
    const keys = this.#keys;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      keys[i] = key(rows[i]);
      if (keys[i] < least) least = keys[i];
    }
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (keys[i] === least) rows[kept++] = rows[i];
      else eliminated?.(rows[i], step);
    }
    return kept;
  }

  /** Keeps the rows that come first: all that tie. */
  #first(
    rows: Int32Array,
    count: number,
    step: DecisionStep,
    order: (x: number, y: number) => number,
    eliminated: Eliminated | undefined,
  ): number {
    if (count === 1) return 1;
    let first = rows[0];
    for (let i = 1; i < count; i++) if (order(rows[i], first) < 0) first = rows[i];
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (order(rows[i], first) === 0) rows[kept++] = rows[i];
      else eliminated?.(rows[i], step);
    }
    return kept;
  }

  /** §9.1.2.2 c: a route goes when another from the same neighbouring AS has a lower MED. No MED is 0. */
  #leastMed(rows: Int32Array, count: number, eliminated: Eliminated | undefined): number {
    if (count === 1) return 1;
    if (count > this.#all.length) this.#all = new Int32Array(2 * count);
    const all = this.#all;
    const { sets } = this.rib;
    let most = 0;
    for (let i = 0; i < count; i++) {
      all[i] = rows[i];
      most = Math.max(most, sets.medOf(this.rib.claims.setOutOf(rows[i])));
    }
    if (most === 0) return count;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (this.#hasLessMed(all, count, all[i])) eliminated?.(all[i], 'med');
      else rows[kept++] = all[i];
    }
    return kept;
  }
  #hasLessMed(rows: Int32Array, count: number, row: number): boolean {
    const { sets } = this.rib;
    const set = this.rib.claims.setOutOf(row);
    for (let i = 0; i < count; i++) {
      const other = this.rib.claims.setOutOf(rows[i]);
      if (sets.medOf(other) < sets.medOf(set) && (this.options.alwaysCompareMed || sets.neighbourAsOf(other) === sets.neighbourAsOf(set)))
        return true;
    }
    return false;
  }
}

const BGP = SOURCES.indexOf('bgp');
const OSPF = SOURCES.indexOf('ospf');
const VRRP = SOURCES.indexOf('vrrp');

function compareBytes(x: Uint8Array, y: Uint8Array): number {
  for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return x[i] - y[i];
  return x.length - y.length;
}
