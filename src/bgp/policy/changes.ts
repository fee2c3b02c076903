import { canonicalAddress } from '../../lib/address.js';
import type { AsSegment, PathAttributes } from '../wire/index.js';
import { changeCommunities, parsePattern, parseSettable } from './communities.js';
import type { RuleChanges } from './rules.js';

/** Attributes after a rule's changes; made once from a rule. @internal */
export type Changer = (attributes: PathAttributes) => PathAttributes;

/** Compiles what a rule changes. Throws a `UsageError` (`CONFIG_INVALID`). @internal */
export function compileChanges(changes: RuleChanges, localAs: number): Changer {
  const { localPref, med, origin, nextHop, prepend } = changes;
  const add = (changes.setCommunities ?? changes.addCommunities ?? []).map(parseSettable);
  const remove = (changes.removeCommunities ?? []).map(parsePattern);
  const replace = changes.setCommunities !== undefined;
  const hop = nextHop === undefined ? undefined : canonicalAddress(nextHop);
  const front = typeof prepend === 'number' ? new Array<number>(prepend).fill(localAs) : (prepend ?? []);
  return (before) => {
    let attributes = before;
    if (localPref !== undefined) attributes = { ...attributes, localPref };
    if (med === 'none') attributes = without(attributes, 'med');
    else if (med !== undefined) attributes = { ...attributes, med };
    if (origin !== undefined) attributes = { ...attributes, origin };
    if (hop !== undefined) attributes = { ...without(attributes, 'linkLocalNextHop'), nextHop: hop };
    if (front.length > 0) attributes = { ...attributes, asPath: prepended(attributes.asPath ?? [], front) };
    if (add.length > 0 || remove.length > 0 || replace) attributes = changeCommunities(attributes, add, remove, replace);
    return attributes;
  };
}

function without<K extends keyof PathAttributes>(attributes: PathAttributes, key: K): PathAttributes {
  const { [key]: _gone, ...rest } = attributes;
  return rest;
}

/** A path with ASes in front. A segment counts to 255 (RFC 4271 §5.1.2). @internal */
export function prepended(path: readonly AsSegment[], front: readonly number[]): readonly AsSegment[] {
  const [first, ...rest] = path;
  if (first?.type === 'sequence' && first.asns.length + front.length <= 255)
    return [{ type: 'sequence', asns: [...front, ...first.asns] }, ...rest];
  return [{ type: 'sequence', asns: front }, ...path];
}
