import type { Prefix } from '../lib/prefix.js';
import { CoverIndex } from './cover-index.js';
import type { Grant } from './grant.js';
import { type GrantColumns, GrantTrait } from './grant-columns.js';
import { Verdict } from './reasons.js';
import { VerdictCache } from './verdict-cache.js';

/** A prefix that matters: a range of the network's, a reserved one, one that something is granted of. @internal */
export interface Entry {
  readonly prefix: Prefix;
  range: boolean;
  reserved: boolean;
  readonly exclusive: { readonly grant: Grant; readonly nodes: ReadonlySet<number> }[];
  /** Grants of this very range, by the node that has them. */
  readonly byNode: Map<number, Grant[]>;
}

/** Bits of what an entry is. */
const RANGE = 1;
const RESERVED = 2;
const EXCLUSIVE = 4;

/**
 * One family's grants, compiled for look-up: the prefixes that matter in a {@link CoverIndex}, with the grants of each in columns, by node.
 * A claim's verdict is read on the walk up from the innermost that covers it, once for all claims alike ({@link VerdictCache}).
 *
 * @internal
 */
export class CompiledGrants {
  readonly #index: CoverIndex<Entry>;
  readonly #known: VerdictCache;
  /** By entry: what it is, and where its rows begin; one more for the last one's end. */
  readonly #marks: Uint8Array;
  readonly #begin: Uint32Array;
  /** Rows of an entry: each node's grants, in the order of nodes. */
  readonly #node: Uint32Array;
  readonly #grant: Uint32Array;

  constructor(
    entries: readonly Entry[],
    ipv6: boolean,
    private readonly columns: GrantColumns,
    /** For each grant that names others, the node indexes that it lets the speaker name as holder. */
    private readonly speaksFor: ReadonlyMap<number, ReadonlySet<number>>,
  ) {
    const index = new CoverIndex(entries, ipv6);
    this.#index = index;
    this.#known = new VerdictCache(index.size);
    this.#marks = new Uint8Array(index.size);
    this.#begin = new Uint32Array(index.size + 1);
    const nodes: number[] = [];
    const grants: number[] = [];
    for (let at = 0; at < index.size; at++) {
      const { range, reserved, exclusive, byNode } = index.entry(at);
      this.#marks[at] = (range ? RANGE : 0) | (reserved ? RESERVED : 0) | (exclusive.length > 0 ? EXCLUSIVE : 0);
      for (const [node, own] of [...byNode].sort(([x], [y]) => x - y)) {
        for (const { index } of own) {
          nodes.push(node);
          grants.push(index);
        }
      }
      this.#begin[at + 1] = nodes.length;
    }
    this.#node = new Uint32Array(nodes);
    this.#grant = new Uint32Array(grants);
  }

  /** A grant came to its end. */
  forget(): void {
    this.#known.clear();
  }

  /** The index of the grant that covers a claim, or minus its refusal's position in `VERDICTS`. Words may have a sign. */
  judge(a: number, b: number, c: number, d: number, length: number, speaker: number, holder: number, source: number): number {
    const innermost = this.#index.innermost(a, b, c, d, length);
    if (!this.#known.has(innermost, length, speaker, holder, source)) {
      this.#known.put(this.#read(innermost, length, speaker, holder, source));
    }
    return this.#known.verdict;
  }

  /** Reads the verdict on the walk up from an entry. */
  #read(innermost: number, length: number, speaker: number, holder: number, source: number): number {
    let refusal = length === 0 ? Verdict['default-not-granted'] : Verdict['not-granted'];
    let accepted = -1;
    let gateway = -1;
    let outside = true;
    const { ge, le, sources, traits } = this.columns;
    for (let at = innermost; at >= 0; at = this.#index.up(at)) {
      const marks = this.#marks[at] as number; // an entry
      if ((marks & RESERVED) !== 0 && this.#index.lengthOf(at) === length) return -Verdict.reserved;
      if ((marks & RANGE) !== 0) outside = false;
      if ((marks & EXCLUSIVE) !== 0 && !this.#isIncluded(at, speaker)) return -Verdict['covered-by-exclusive'];
      if (gateway >= 0) continue;
      const end = this.#begin[at + 1] as number;
      for (let row = this.#firstRow(at, speaker); row < end && this.#node[row] === speaker; row++) {
        const grant = this.#grant[row] as number; // a row
        const most = le[grant] as number; // a grant
        const trait = traits[grant] as number;
        if (length < (ge[grant] as number) || length > most || (length === 0 && most !== 0)) continue;
        if ((trait & GrantTrait.live) === 0) {
          if (refusal === Verdict['not-granted'] || refusal === Verdict['default-not-granted']) refusal = Verdict['grant-expired'];
        } else if (((sources[grant] as number) & (1 << source)) === 0) refusal = Verdict['source-not-granted'];
        else if (holder !== speaker && this.speaksFor.get(grant)?.has(holder) !== true) refusal = Verdict['next-hop-not-own'];
        else {
          if (accepted < 0) accepted = grant;
          if ((trait & GrantTrait.gateway) !== 0 && gateway < 0) gateway = grant;
        }
      }
    }
    if (accepted < 0) return -refusal;
    if (outside) return gateway >= 0 ? gateway : -Verdict['outside-network'];
    return accepted;
  }

  /** The first of an entry's rows that is not of a node before this one. */
  #firstRow(at: number, node: number): number {
    let low = this.#begin[at] as number;
    let high = this.#begin[at + 1] as number;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#node[middle] as number) < node) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether a node has everything that is exclusive of an entry. */
  #isIncluded(at: number, node: number): boolean {
    return this.#index.entry(at).exclusive.every(({ nodes }) => nodes.has(node));
  }
}
