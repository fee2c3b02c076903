import { SOURCES } from '../claims/authorization.js';
import type { Feed } from '../claims/feed.js';
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
    const { rib } = this;
    const { sets } = rib;
    count = this.#least(rows, count, 'source', (row) => this.#source(row), eliminated);
    if (count === 1) return 1;
    // RFC 2328 §11: the kind of path, then its cost.
    if (this.#source(rows[0]) === OSPF) return this.#least(rows, count, 'ospf-cost', (row) => rib.rankOf(row), eliminated);
    if (this.#source(rows[0]) === VRRP) return this.#least(rows, count, 'vrrp-priority', (row) => -this.#feed(row).priority, eliminated);
    if (this.#source(rows[0]) !== BGP) return count;
    // Degree of preference (§9.1.1): LOCAL_PREF counts from internal neighbours only; the import drops it from others.
    count = this.#least(rows, count, 'local-pref', (row) => -sets.localPrefOf(rib.setOutOf(row)), eliminated);
    count = this.#least(rows, count, 'as-path-length', (row) => sets.pathLength[rib.setOutOf(row)], eliminated);
    count = this.#least(rows, count, 'origin', (row) => sets.origin[rib.setOutOf(row)], eliminated);
    count = this.#leastMed(rows, count, eliminated);
    count = this.#least(rows, count, 'external', (row) => (this.#feed(row).external ? 0 : 1), eliminated);
    // Interior cost (§9.1.2.2 e): every next hop is a node of the network, one hop away.
    return count;
  }

  #breakTies(rows: Int32Array, count: number, eliminated: Eliminated | undefined): number {
    const { rib } = this;
    const { sets } = rib;
    if (count > 1 && this.#source(rows[0]) === BGP) {
      if (this.options.preferOldestExternal && this.#feed(rows[0]).external) {
        count = this.#least(rows, count, 'oldest-external', (row) => rib.arrival[row], eliminated);
      }
      count = this.#least(
        rows,
        count,
        'router-id',
        (row) => sets.originatorIdOf(rib.setOutOf(row)) || this.#feed(row).routerId,
        eliminated,
      );
      count = this.#least(rows, count, 'cluster-list-length', (row) => sets.clusterLengthOf(rib.setOutOf(row)), eliminated);
      count = this.#first(
        rows,
        count,
        'neighbour-address',
        (x, y) => compareBytes(this.#feed(x).address, this.#feed(y).address),
        eliminated,
      );
    }
    if (count > 1 && this.#source(rows[0]) === VRRP) {
      // RFC 9568 §6.4.3: of equal priorities, the greater primary address.
      const greater = (x: number, y: number): number => compareBytes(this.#feed(y).address, this.#feed(x).address);
      count = this.#first(rows, count, 'neighbour-address', greater, eliminated);
    }
    const name = (row: number): string => rib.model.at(rib.holderOf(row)).name;
    count = this.#first(rows, count, 'node-name', (x, y) => (name(x) < name(y) ? -1 : name(x) > name(y) ? 1 : 0), eliminated);
    return this.#first(rows, count, 'path-id', (x, y) => (rib.pathId[x] ?? 0) - (rib.pathId[y] ?? 0) || x - y, eliminated, 1);
  }

  #feed(row: number): Feed {
    return this.rib.feeds[this.rib.feedOf(row)] as Feed; // a row's feed outlives it
  }
  #source(row: number): number {
    return this.#feed(row).sourceIndex;
  }

  /** Keeps the rows with the least key. */
  #least(rows: Int32Array, count: number, step: DecisionStep, key: (row: number) => number, eliminated: Eliminated | undefined): number {
    if (count === 1) return 1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) least = Math.min(least, key(rows[i]));
    return keep(rows, count, step, (row) => key(row) === least, eliminated);
  }

  /** Keeps the rows that come first, all that tie unless `most` says how many. */
  #first(
    rows: Int32Array,
    count: number,
    step: DecisionStep,
    order: (x: number, y: number) => number,
    eliminated: Eliminated | undefined,
    most = count,
  ): number {
    if (count === 1) return 1;
    let first = rows[0];
    for (let i = 1; i < count; i++) if (order(rows[i], first) < 0) first = rows[i];
    let kept = 0;
    return keep(rows, count, step, (row) => order(row, first) === 0 && kept++ < most, eliminated);
  }

  /** §9.1.2.2 c: a route goes when another from the same neighbouring AS has a lower MED. No MED is 0. */
  #leastMed(rows: Int32Array, count: number, eliminated: Eliminated | undefined): number {
    if (count === 1) return 1;
    const { rib } = this;
    const { sets } = rib;
    const all = rows.slice(0, count);
    return keep(
      rows,
      count,
      'med',
      (row) => {
        const set = rib.setOutOf(row);
        return !all.some((other) => {
          const o = rib.setOutOf(other);
          return (this.options.alwaysCompareMed || sets.neighbourAs[o] === sets.neighbourAs[set]) && sets.med[o] < sets.med[set];
        });
      },
      eliminated,
    );
  }
}

const BGP = SOURCES.indexOf('bgp');
const OSPF = SOURCES.indexOf('ospf');
const VRRP = SOURCES.indexOf('vrrp');

/** Moves the rows to keep to the front, in their order. */
function keep(
  rows: Int32Array,
  count: number,
  step: DecisionStep,
  stays: (row: number) => boolean,
  eliminated: Eliminated | undefined,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    if (stays(row)) rows[kept++] = row;
    else eliminated?.(row, step);
  }
  return kept;
}

function compareBytes(x: Uint8Array, y: Uint8Array): number {
  for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return x[i] - y[i];
  return x.length - y.length;
}
