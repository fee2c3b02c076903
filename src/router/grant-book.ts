import type { Authorization } from '../claims/authorization.js';
import type { Cause } from '../claims/feed.js';
import { type Grant, grantId } from '../claims/grant.js';
import type { Cancel, Clock } from '../lib/clock.js';
import { UsageError } from '../lib/errors.js';
import { same } from '../lib/same.js';
import { shown } from '../lib/shown.js';
import type { GrantChange, Journal } from '../mapping/journal.js';
import type { GrantConfig } from '../network/config.js';

/** What the grants of a network need of it. @internal */
export interface GrantBookOwner {
  readonly authorization: Authorization;
  tell(change: GrantChange): void;
  /** Claims that these grants are about are judged again. */
  rejudge(cause: Cause, grants: readonly Grant[]): void;
  /** Acts; what comes about is told at the end. */
  hold(act: () => void): void;
}

/** The grants of a network, as they come, change, are revoked and end: each change stands in the journal, and claims are judged again at once. @internal */
export class GrantBook {
  #expiry: Cancel | undefined;

  constructor(
    private readonly owner: GrantBookOwner,
    private readonly journal: Journal,
    private readonly clock: Clock,
  ) {}

  /** Those that there are at the start, which are no change. */
  begin(grants: readonly GrantConfig[]): void {
    for (const grant of grants) this.owner.authorization.add(grant, this.clock.now());
  }

  /** From now on these are the grants, and no others. What was done, in words; the caller judges anew. */
  replaceAll(configs: readonly GrantConfig[]): string[] {
    const done: string[] = [];
    const wanted = new Map(configs.map((grant) => [grantId(grant), grant]));
    for (const grant of this.owner.authorization.current()) {
      const to = wanted.get(grant.id);
      wanted.delete(grant.id);
      if (!to) {
        this.#remove(grant);
        done.push(`grant ${grant.id} revoked`);
      } else if (!same(grant.config, to)) {
        this.#replace(grant, to);
        done.push(`grant ${grant.id} changed`);
      }
    }
    for (const [id, grant] of wanted) {
      this.#add(grant);
      done.push(`grant ${id} given`);
    }
    this.owner.authorization.order(configs.map(grantId));
    return done;
  }

  /** Gives one, or changes the one of the same id. */
  give(grant: GrantConfig): void {
    const id = grantId(grant);
    const { owner } = this;
    const before = owner.authorization.find(id);
    owner.hold(() => {
      const changed = before ? [before, this.#replace(before, grant)] : [this.#add(grant)];
      owner.rejudge({ type: before ? 'grant-changed' : 'granted', grant: id }, changed);
      this.watch();
    });
  }

  /** Throws a `UsageError` (`NAME_UNKNOWN`). */
  revoke(id: string): void {
    const { owner } = this;
    const grant = owner.authorization.find(id);
    if (!grant) throw new UsageError('NAME_UNKNOWN', `there is no grant ${shown(id)}`);
    owner.hold(() => {
      this.#remove(grant);
      owner.rejudge({ type: 'revoked', grant: id }, [grant]);
      this.watch();
    });
  }

  /** Ends each when its time comes. */
  watch(): void {
    this.stop();
    const next = this.owner.authorization.nextExpiry();
    if (next === undefined || next === Number.POSITIVE_INFINITY) return;
    this.#expiry = this.clock.at(next, () => this.owner.hold(() => this.#expire()));
  }

  #expire(): void {
    const ended = this.owner.authorization.expire(this.clock.now());
    for (const grant of ended) this.#tell(grant.id, grant.config, undefined);
    if (ended[0]) this.owner.rejudge({ type: 'grant-expired', grant: ended[0].id }, ended);
    this.watch();
  }

  stop(): void {
    this.#expiry?.();
    this.#expiry = undefined;
  }

  #add(config: GrantConfig): Grant {
    const grant = this.owner.authorization.add(config, this.clock.now());
    this.#tell(grant.id, undefined, config);
    return grant;
  }
  #remove(grant: Grant): void {
    this.owner.authorization.remove(grant.id);
    this.#tell(grant.id, grant.config, undefined);
  }
  #replace(before: Grant, config: GrantConfig): Grant {
    const grant = this.owner.authorization.replace(before, config, this.clock.now());
    this.#tell(grant.id, before.config, config);
    return grant;
  }
  #tell(id: string, before: GrantConfig | undefined, after: GrantConfig | undefined): void {
    this.owner.tell(this.journal.appendGrantChange({ at: this.clock.now(), grant: id, before, after }));
  }
}
