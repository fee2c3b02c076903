/** The shape of a policy: rules as data, or a function. */
import { z } from 'zod';
import { type PolicyFunction, policyRule } from '../bgp/policy/index.js';
import { expects, list } from '../lib/fields.js';

/** What a file cannot hold: a policy in code. @internal */
export const IN_CODE = 'function';
const inCode = z.custom<PolicyFunction>((value) => typeof value === 'function').meta({ title: IN_CODE });
/** @internal */
export const policy = z.union([list(policyRule, 'a list of rules'), inCode], expects('a list of rules, or a function'));
