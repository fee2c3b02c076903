import { covers, formatPrefix, type Prefix } from '../lib/prefix.js';
import type { GrantConfig } from '../network/config.js';
import type { NetworkModel } from '../network/model.js';
import { CompiledGrants, type Entry } from './compiled-grants.js';
import { type Grant, resolveGrant } from './grant.js';
import { GrantColumns } from './grant-columns.js';
import { isMartian4, isMartian6 } from './martian.js';
import { Verdict } from './reasons.js';

/**
 * The grants of a network: who has which, and what a claim is judged to be by them. For each family they are compiled, with the network's
 * ranges and reserved prefixes, when the first claim is judged after a change ({@link CompiledGrants}).
 *
 * @internal
 */
export class Authorization {
  /** Grants by index; also those taken back by which claims may still stand. */
  readonly grants: Grant[] = [];
  /** Indexes of grants taken back, and such that no claim stands by any more. */
  #taken: number[] = [];
  readonly #free: number[] = [];
  readonly #byId = new Map<string, Grant>();
  /** What claims are judged by of them. */
  readonly columns = new GrantColumns();
  /** For each grant that names others, the node indexes that it lets the speaker name as holder. */
  #speaksFor = new Map<number, ReadonlySet<number>>();
  #compiled4: CompiledGrants;
  #compiled6: CompiledGrants;
  #stale = true;

  constructor(private readonly model: NetworkModel) {
    this.#compiled4 = new CompiledGrants([], false, this.columns, this.#speaksFor);
    this.#compiled6 = new CompiledGrants([], true, this.columns, this.#speaksFor);
  }

  add(config: GrantConfig, now: number): Grant {
    const grant = resolveGrant(config, this.#free.pop() ?? this.grants.length, now);
    this.grants[grant.index] = grant;
    this.columns.put(grant);
    this.#byId.set(grant.id, grant);
    this.#stale = true;
    return grant;
  }

  find(id: string): Grant | undefined {
    return this.#byId.get(id);
  }
  remove(id: string): Grant | undefined {
    const grant = this.#byId.get(id);
    if (!grant) return undefined;
    this.#end(grant);
    this.#byId.delete(id);
    this.#taken.push(grant.index);
    this.#stale = true;
    return grant;
  }
  /** Another grant under the same id, in the same place. */
  replace(grant: Grant, config: GrantConfig, now: number): Grant {
    this.#end(grant);
    this.#taken.push(grant.index);
    return this.add(config, now);
  }
  /** Puts the grants into this order: of several that cover a claim alike, the first counts. */
  order(ids: Iterable<string>): void {
    for (const id of ids) {
      const grant = this.#byId.get(id);
      if (!grant) continue;
      this.#byId.delete(id);
      this.#byId.set(id, grant);
    }
    this.#stale = true;
  }
  /** Every claim that stood by a grant taken back was judged again: its index may be another's. */
  reuse(): void {
    this.#free.push(...this.#taken);
    this.#taken = [];
  }
  /** Whether a limit has a part in what claims inside a prefix are judged to be: each then depends on others. */
  hasLimits(prefix: Prefix): boolean {
    const counts = ({ limit, prefix: other }: Grant): boolean =>
      limit !== Number.POSITIVE_INFINITY && (covers(other, prefix) || covers(prefix, other));
    return this.current().some(counts) || this.#taken.some((index) => counts(this.grants[index] as Grant)); // indexes of grants
  }
  /** Grants in force or ended, in the order given. */
  current(): Grant[] {
    return [...this.#byId.values()];
  }
  /** When the next grant ends, if any does. */
  nextExpiry(): number | undefined {
    let next: number | undefined;
    for (const grant of this.#byId.values()) {
      if (grant.live && grant.until < (next ?? Number.POSITIVE_INFINITY)) next = grant.until;
    }
    return next;
  }
  /** Ends the grants whose time is up; whether there were any. */
  expire(now: number): Grant[] {
    const ended = [...this.#byId.values()].filter((grant) => grant.live && grant.until <= now);
    for (const grant of ended) this.#end(grant);
    this.#compiled4.forget();
    this.#compiled6.forget();
    return ended;
  }
  /** Nodes, tags or addresses changed: compile anew before the next judgement. */
  invalidate(): void {
    this.#stale = true;
  }
  /** Whether anything changed since the last judgement. */
  get stale(): boolean {
    return this.#stale;
  }

  /**
   * Judges a claim: the index of the grant that covers it, or minus its refusal's position in `VERDICTS`.
   * Limits are not looked at here: they depend on what else is claimed. Words may have a sign.
   */
  judge(
    a: number,
    b: number,
    c: number,
    d: number,
    length: number,
    ipv6: boolean,
    speaker: number,
    holder: number,
    source: number,
  ): number {
    if (this.#stale) this.#compile();
    if (ipv6 ? isMartian6(a, b, c, d, length) : isMartian4(a, length)) return -Verdict.reserved;
    return (ipv6 ? this.#compiled6 : this.#compiled4).judge(a, b, c, d, length, speaker, holder, source);
  }

  #end(grant: Grant): void {
    grant.live = false;
    this.columns.end(grant.index);
  }

  /** Whether any grant at all lets `speaker` name `holder` as next hop. */
  maySpeakFor(speaker: number, holder: number): boolean {
    if (this.#stale) this.#compile();
    for (const [index, holders] of this.#speaksFor) {
      const grant = this.grants[index] as Grant; // an index of one
      if (grant.live && holders.has(holder) && this.#nodesOf(grant).has(speaker)) return true;
    }
    return false;
  }

  /** Of a node's grants whose range holds a prefix but that are for other lengths, the one with the smallest range. */
  grantOfOtherLengths(prefix: Prefix, node: number): Grant | undefined {
    let nearest: Grant | undefined;
    for (const grant of this.#byId.values()) {
      if (!grant.live || !covers(grant.prefix, prefix) || (prefix.length >= grant.ge && prefix.length <= grant.le)) continue;
      if (nearest && nearest.prefix.length >= grant.prefix.length) continue;
      if (this.#nodesOf(grant).has(node)) nearest = grant;
    }
    return nearest;
  }

  #nodesOf(grant: Grant): ReadonlySet<number> {
    if (grant.config.node !== undefined) {
      const node = this.model.find(grant.config.node);
      return new Set(node ? [node.index] : []);
    }
    return new Set(grant.config.tag === undefined ? [] : this.model.withTag(grant.config.tag).map((node) => node.index));
  }

  #compile(): void {
    this.#stale = false;
    const speaking = new Map<number, ReadonlySet<number>>();
    this.#speaksFor = speaking;
    const entries = new Map<string, Entry>();
    const entryOf = (prefix: Prefix): Entry => {
      const key = formatPrefix(prefix);
      let entry = entries.get(key);
      if (!entry) {
        entry = { prefix, range: false, reserved: false, exclusive: [], byNode: new Map() };
        entries.set(key, entry);
      }
      return entry;
    };
    for (const prefix of this.model.ranges) entryOf(prefix).range = true;
    for (const prefix of this.model.reserved()) entryOf(prefix).reserved = true;
    const tagged = new Map<string, ReadonlySet<number>>();
    for (const grant of this.#byId.values()) {
      const { tag, speaksFor } = grant.config;
      const nodes = (tag === undefined ? undefined : tagged.get(tag)) ?? this.#nodesOf(grant);
      if (tag !== undefined) tagged.set(tag, nodes);
      const entry = entryOf(grant.prefix);
      if (grant.mode === 'exclusive' && grant.live) entry.exclusive.push({ grant, nodes });
      for (const node of nodes) {
        const list = entry.byNode.get(node);
        if (list) list.push(grant);
        else entry.byNode.set(node, [grant]);
      }
      if (speaksFor) {
        const holders = speaksFor.flatMap((name) =>
          name.startsWith('tag:') ? this.model.withTag(name.slice(4)) : (this.model.find(name) ?? []),
        );
        speaking.set(grant.index, new Set(holders.map((node) => node.index)));
      }
    }
    const of = (family: string): Entry[] => [...entries.values()].filter((entry) => entry.prefix.family === family);
    this.#compiled4 = new CompiledGrants(of('ipv4'), false, this.columns, speaking);
    this.#compiled6 = new CompiledGrants(of('ipv6'), true, this.columns, speaking);
  }
}
