import { UsageError } from './errors.js';
import { shown } from './shown.js';

/** Throws for the first place where a value that was read back is not the one that was given: a `UsageError` (`VALUE_INVALID`). @internal */
export function refuseOther(given: unknown, read: unknown, path: readonly (string | number)[] = []): void {
  if (Object.is(given, read)) return;
  if (typeof given === 'object' && given !== null && typeof read === 'object' && read !== null) {
    const [before, after] = [given as Readonly<Record<string, unknown>>, read as Readonly<Record<string, unknown>>];
    const isList = Array.isArray(given) || given instanceof Uint8Array;
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      refuseOther(before[key], after[key], [...path, isList ? Number(key) : key]);
    return;
  }
  throw new UsageError('VALUE_INVALID', `got ${shown(given)}, which would be read as ${shown(read)}`, path);
}
