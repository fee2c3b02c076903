import type { NetworkModel } from '../network/model.js';
import { TargetKind } from '../rib/rib.js';

/** Where packets for a prefix go. @public */
export type Target =
  /** To the node that holds the address. Of several, `weight` says how many flows it gets in comparison: 1 unless given, 0 no new ones. */
  | { readonly type: 'node'; readonly node: string; readonly location?: string; readonly weight?: number }
  /** Through a node, to what lies behind it. */
  | { readonly type: 'gateway'; readonly node: string; readonly location?: string; readonly weight?: number }
  /** Nowhere: they are dropped (BLACKHOLE, RFC 7999). */
  | { readonly type: 'discard'; readonly node: string };

/** One target, or several that share. @public */
export type Targets = readonly [Target, ...Target[]];

/**
 * Sets of targets, each kept once and given a small number, so that a column can hold them. Counted; the last user frees a set.
 * Number 0 is "no target".
 *
 * @internal
 */
export class TargetSets {
  readonly #targets: (Targets | undefined)[] = [undefined];
  readonly #keys: string[] = [''];
  readonly #parts: (readonly Part[])[] = [[]];
  readonly #byKey = new Map<string, number>();
  readonly #free: number[] = [];
  #refs = new Uint32Array(64);
  /** Number of the one-target set of each node and kind. */
  readonly #single = new Map<number, number>();
  #lastKey = -1;
  #lastId = 0;

  constructor(private readonly model: NetworkModel) {}

  /** The set of one target, not counted. */
  single(holder: number, kind: number): number {
    const key = holder * 4 + kind;
    if (key === this.#lastKey) return this.#lastId;
    let id = this.#single.get(key);
    if (id === undefined) {
      id = this.#intern(String(key), [[holder, kind, 1]]);
      this.#single.set(key, id);
    }
    this.#lastKey = key;
    this.#lastId = id;
    return id;
  }

  /** The set of several, not counted, in order. */
  several(parts: readonly Part[]): number {
    const [first] = parts;
    if (first && parts.length === 1) return this.single(first[0], first[1]);
    return this.#intern(parts.map((part) => part.join(' ')).join(), parts);
  }

  get(id: number): Targets | undefined {
    return this.#targets[id];
  }

  /** So many users more of a set. */
  retain(id: number, users = 1): void {
    this.#refs[id] += users;
  }
  /** So many users less of a set. */
  release(id: number, users = 1): void {
    this.#refs[id] -= users;
    if (this.#refs[id] > 0) return;
    this.#lastKey = -1;
    this.#forget(id);
    this.#targets[id] = undefined;
    this.#free.push(id);
  }

  /** Nodes that some prefix leads to. */
  holders(): Set<number> {
    const holders = new Set<number>();
    this.#targets.forEach((targets, id) => {
      if (targets && this.#refs[id] > 0) for (const [holder] of this.#parts[id]) holders.add(holder);
    });
    return holders;
  }

  /**
   * A node moved: sets that name it stay as they are for those who have them, and nobody gets them any more. Their numbers: who has one is to
   * get the set of the same targets, which is another now.
   */
  retire(holder: number): Set<number> {
    const retired = new Set<number>();
    this.#lastKey = -1;
    this.#targets.forEach((targets, id) => {
      if (!targets || !this.#parts[id].some(([node]) => node === holder)) return;
      this.#forget(id);
      retired.add(id);
    });
    return retired;
  }

  /** Nobody gets the set any more. */
  #forget(id: number): void {
    const key = this.#keys[id];
    // Another may stand for the same, where a node moved.
    if (this.#byKey.get(key) !== id) return;
    this.#byKey.delete(key);
    if (!key.includes(',')) this.#single.delete(Number(key));
  }

  #intern(key: string, parts: readonly Part[]): number {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const id = this.#free.pop() ?? this.#targets.length;
    this.#targets[id] = this.#make(parts);
    this.#keys[id] = key;
    this.#parts[id] = parts;
    this.#byKey.set(key, id);
    if (id >= this.#refs.length) {
      const wider = new Uint32Array(this.#refs.length * 4);
      wider.set(this.#refs);
      this.#refs = wider;
    }
    this.#refs[id] = 0;
    return id;
  }

  #make(parts: readonly Part[]): Targets {
    const targets = parts.map(([holder, kind, weight]): Target => {
      const { name, config } = this.model.at(holder);
      const location = config.location === undefined ? {} : { location: config.location };
      if (kind === TargetKind.discard) return { type: 'discard', node: name };
      return { type: kind === TargetKind.gateway ? 'gateway' : 'node', node: name, ...location, ...(weight === 1 ? {} : { weight }) };
    });
    const [first, ...rest] = targets;
    if (!first) throw new Error('a set of no targets');
    return [first, ...rest];
  }
}

/** @internal */
export type Part = readonly [holder: number, kind: number, weight: number];
