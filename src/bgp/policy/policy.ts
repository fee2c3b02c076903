import { shown } from '../../lib/shown.js';
import { validate } from '../../lib/validate.js';
import type { PathAttributes } from '../wire/index.js';
import { type Changer, compileChanges } from './changes.js';
import { compileMatch, type Matcher, type PrefixLists } from './matcher.js';
import type { PolicyConfig, PolicyFunction, PolicyRoute, PolicyRule, RuleChanges } from './rules.js';
import { ruleChanges } from './shape.js';

/** What a policy made of a route. @internal */
export type PolicyResult =
  | {
      readonly verdict: 'accept';
      /** After all changes; the very object that was given when there were none. */
      readonly attributes: PathAttributes;
      /** Preference that it asks for. */
      readonly preference: number | undefined;
      /** Whether it set these, be it to what they were. */
      readonly sets: { readonly med: boolean; readonly nextHop: boolean };
      /** The rule that decided, by name or place; undefined for the default at the end. */
      readonly rule: string | undefined;
    }
  | { readonly verdict: 'reject' | 'error'; readonly reason: string; readonly rule: string | undefined };

/** A compiled policy. @internal */
export interface Policy {
  /** Whether it looks at prefixes: without, one answer holds for all prefixes with the same attributes. */
  readonly needsPrefix: boolean;
  evaluate(route: PolicyRoute): PolicyResult;
}

/** @internal */
export interface PolicyContext {
  readonly lists: PrefixLists;
  /** For `prepend`. */
  readonly localAs: number;
  /** The verdict where no rule decides. */
  readonly otherwise: 'accept' | 'reject';
}

/** Compiles rules, or wraps a function. Throws a `UsageError` (`CONFIG_INVALID`). @internal */
export function compilePolicy(policy: PolicyConfig, context: PolicyContext): Policy {
  return typeof policy === 'function' ? inCode(policy, context) : inData(policy, context);
}

interface CompiledRule {
  readonly name: string;
  readonly matches: Matcher;
  readonly change: Changer;
  readonly preference: number | undefined;
  readonly sets: RuleChanges;
  readonly verdict: NonNullable<PolicyRule['verdict']>;
}

function inData(rules: readonly PolicyRule[], { lists, localAs, otherwise }: PolicyContext): Policy {
  const compiled = rules.map(
    (rule, i): CompiledRule => ({
      name: rule.name ?? `rule ${i + 1}`,
      matches: compileMatch(rule.match ?? {}, lists),
      change: compileChanges(rule.set ?? {}, localAs),
      preference: rule.set?.preference,
      sets: rule.set ?? {},
      verdict: rule.verdict ?? 'accept',
    }),
  );
  return {
    needsPrefix: rules.some(({ match }) => match?.prefixes !== undefined || match?.rpki !== undefined || match?.aspa !== undefined),
    evaluate(route) {
      let { attributes } = route;
      let preference: number | undefined;
      const sets = { med: false, nextHop: false };
      for (const { name, matches, change, preference: wanted, sets: own, verdict } of compiled) {
        if (!matches({ ...route, attributes })) continue;
        if (verdict === 'reject') return { verdict: 'reject', reason: `rejected by ${name}`, rule: name };
        if (typeof verdict === 'object') return { verdict: 'reject', reason: verdict.reject, rule: name };
        attributes = change(attributes);
        preference = wanted ?? preference;
        if (own.med !== undefined) sets.med = true;
        if (own.nextHop !== undefined) sets.nextHop = true;
        if (verdict === 'accept') return { verdict: 'accept', attributes, preference, sets, rule: name };
      }
      if (otherwise === 'reject') return { verdict: 'reject', reason: 'no rule accepts it', rule: undefined };
      return { verdict: 'accept', attributes, preference, sets, rule: undefined };
    },
  };
}

const NOTHING_SET = { med: false, nextHop: false };

/** Functions of a program without types may return anything: nothing, `true`, a promise. */
function isDecision(decision: unknown): boolean {
  return typeof decision === 'object' && decision !== null && ('reject' in decision || 'accept' in decision);
}

function inCode(decide: PolicyFunction, { localAs }: PolicyContext): Policy {
  return {
    needsPrefix: true,
    evaluate(route) {
      try {
        const decision = decide(route as Parameters<PolicyFunction>[0]); // its prefix was asked for
        if (decision === 'accept')
          return { verdict: 'accept', attributes: route.attributes, preference: undefined, sets: NOTHING_SET, rule: undefined };
        if (!isDecision(decision)) throw new Error(`expected 'accept', { reject } or { accept } of the function, got ${shown(decision)}`);
        if ('reject' in decision) return { verdict: 'reject', reason: decision.reject, rule: undefined };
        const changes: RuleChanges = validate(ruleChanges, decision.accept);
        const attributes = compileChanges(changes, localAs)(route.attributes);
        const sets = { med: changes.med !== undefined, nextHop: changes.nextHop !== undefined };
        return { verdict: 'accept', attributes, preference: changes.preference, sets, rule: undefined };
      } catch (error) {
        return { verdict: 'error', reason: error instanceof Error ? error.message : String(error), rule: undefined };
      }
    },
  };
}
