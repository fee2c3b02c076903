/**
 * Policies: what a neighbour's routes must be like, and what becomes of them on the way in or out.
 *
 * A policy is data, an ordered list of rules (`rules.ts` has their types, `shape.ts` checks them), or a function. `policy.ts`
 * compiles either into one thing to evaluate; `matcher.ts` compiles what a rule looks at, `changes.ts` what it sets,
 * `communities.ts` patterns for communities of all kinds, and `as-path-pattern.ts` regular expressions over AS paths, with a
 * matcher of its own that takes linear time, since the paths come from strangers.
 *
 * A policy that looks at no prefix is evaluated once an attribute set; its answer is kept (`bgp/import.ts`, `bgp/export.ts`).
 *
 * Not done: named community and AS-path lists, calling one policy from another.
 */
export { prepended } from './changes.js';
export { compilePolicy, type Policy, type PolicyContext, type PolicyResult } from './policy.js';
export type {
  Bounds,
  PolicyConfig,
  PolicyDecision,
  PolicyFunction,
  PolicyRoute,
  PolicyRule,
  PrefixPattern,
  RuleChanges,
  RuleMatch,
} from './rules.js';
export { policyRule } from './shape.js';
