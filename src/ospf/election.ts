/** A router that may be designated, as the election sees it (RFC 2328 §9.4). @internal */
export interface Candidate {
  readonly routerId: number;
  readonly priority: number;
  /** What stands for it in Hellos, and whom it declares. */
  readonly drId: number;
  readonly designatedRouter: number;
  readonly backupDesignatedRouter: number;
}

/** @internal */
export interface Elected {
  readonly designatedRouter: number;
  readonly backupDesignatedRouter: number;
}

/**
 * Elects a designated router and its backup among us and those that we have two-way communication with (RFC 2328 §9.4). `self` is as it
 * declared itself until now.
 *
 * @internal
 */
export function elect(self: Candidate, others: readonly Candidate[]): Elected {
  const first = round(self, others);
  // Step 4: where our own part changed, once more with that, so that nobody is both.
  const was = partOf(self.drId, self);
  const is = partOf(self.drId, first);
  return was === is ? first : round({ ...self, ...first }, others);
}

function partOf(drId: number, { designatedRouter, backupDesignatedRouter }: Elected): 'dr' | 'backup' | 'other' {
  return designatedRouter === drId ? 'dr' : backupDesignatedRouter === drId ? 'backup' : 'other';
}

function round(self: Candidate, others: readonly Candidate[]): Elected {
  const eligible = [self, ...others].filter(({ priority }) => priority > 0);
  // Step 2: the backup is of those that do not declare themselves designated; who declares itself backup goes first.
  const notDesignated = eligible.filter(({ designatedRouter, drId }) => designatedRouter !== drId);
  const declaredBackup = notDesignated.filter(({ backupDesignatedRouter, drId }) => backupDesignatedRouter === drId);
  const backup = highest(declaredBackup.length > 0 ? declaredBackup : notDesignated);
  // Step 3.
  const designated = highest(eligible.filter(({ designatedRouter, drId }) => designatedRouter === drId)) ?? backup;
  return { designatedRouter: designated?.drId ?? 0, backupDesignatedRouter: backup?.drId ?? 0 };
}

function highest(candidates: readonly Candidate[]): Candidate | undefined {
  let best: Candidate | undefined;
  for (const one of candidates)
    if (!best || one.priority > best.priority || (one.priority === best.priority && one.routerId > best.routerId)) best = one;
  return best;
}
