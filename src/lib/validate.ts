/**
 * From any value to a configuration, or a `UsageError` that names the path and says in plain words what was expected.
 * Shapes are zod's; the sentences are ours, so that a file's author never reads a validator's jargon.
 */
import { z } from 'zod';
import { type Problem, UsageError } from './errors.js';
import { shown } from './shown.js';
import { didYouMean } from './suggest.js';

/** Where something stands in a configuration, outermost first. @internal */
export type Path = readonly (string | number)[];

/**
 * `value` as `schema` has it: a fresh object, addresses and prefixes canonical. Throws a `UsageError` (`CONFIG_INVALID`) for the
 * first thing that is wrong; its `problems` hold that and all others.
 *
 * @param path - Where `value` stands in the whole configuration.
 * @internal
 */
export function validate<T>(schema: z.ZodType<T>, value: unknown, path: Path = []): T {
  const result = schema.safeParse(withoutUndefined(value, path, new Set()), { error: sentence, reportInput: true });
  if (result.success) return result.data;
  const problems = new Problems(path);
  for (const issue of slipsFirst(result.error.issues)) describe(issue, schema, [], problems);
  problems.raise();
  throw new Error('zod refused a value and named no issue');
}

/** What is wrong with a configuration so far. @internal */
export class Problems {
  readonly #found: Problem[] = [];

  constructor(private readonly root: Path) {}

  /** `path` is relative to the root. */
  add(path: Path, message: string): void {
    this.#found.push({ path: [...this.root, ...path], message });
  }

  /** Throws if anything is wrong. */
  raise(): void {
    const [first] = this.#found;
    if (first) throw new UsageError('CONFIG_INVALID', first.message, first.path, this.#found);
  }
}

/**
 * The type `true` where an interface and a schema's output have the same fields, of the same types, required or not. Only `readonly`
 * is left aside: zod would freeze what it makes.
 *
 * @internal
 */
export type Same<Config, Shape> = Identical<Plain<Config>, Plain<Shape>>;

/** Does not compile unless it is given `true`. @internal */
export type Holds<T extends true> = T;

type Identical<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Plain<T> = T extends (...args: never) => unknown ? T : T extends object ? { -readonly [K in keyof T]: Plain<T[K]> } : T;

/** `a`, `a or b`, `a, b or c`. @internal */
export function alternatives(words: readonly string[]): string {
  const [last, ...others] = [...words].reverse();
  return others.length === 0 ? (last ?? '') : `${others.reverse().join(', ')} or ${last}`;
}

/** What zod found, where the field itself has no words for it. */
function sentence(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? issue.expected}, got ${shown(issue.input)}`;
    case 'invalid_value': {
      const words = issue.values.map((value) => JSON.stringify(value) ?? String(value));
      const near =
        typeof issue.input === 'string'
          ? didYouMean(
              issue.input,
              issue.values.filter((value) => typeof value === 'string'),
            )
          : '';
      return `expected ${alternatives(words)}, got ${shown(issue.input)}${near}`;
    }
    case 'too_small':
    case 'too_big': {
      const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
      const { input } = issue;
      if (Array.isArray(input)) return `expected ${bound} entries, got ${input.length}`;
      return typeof input === 'string' ? `expected ${bound} characters, got ${shown(input)}` : `expected ${bound}, got ${shown(input)}`;
    }
    case 'unrecognized_keys':
      return `unknown field ${issue.keys.join(', ')}`;
    default:
      return `expected something else, got ${shown(issue.input)}`;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
};

/** So many fields are all named where one is unknown and like none of them. */
const FEW = 8;

/** Adds what an issue says; inside a union, what the alternative says that came nearest. */
function describe(issue: z.core.$ZodIssue, schema: z.core.$ZodType | undefined, at: Path, problems: Problems): void {
  const path = [...at, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  const here = inside(schema, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = here instanceof z.ZodObject ? Object.keys(here.shape) : [];
    for (const key of issue.keys) {
      const near = inFieldOf(here, key) || didYouMean(key, known, (word) => word);
      const all = known.length > 0 && known.length <= FEW ? `; there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}` : '';
      problems.add([...path, key], `unknown field ${key}${near || all}`);
    }
    return;
  }
  if (issue.code === 'invalid_union') {
    const nearest = issue.errors.findIndex((errors) => errors.every(isInside));
    if (nearest >= 0 && (issue.errors[nearest] ?? []).length > 0) {
      const option = here instanceof z.ZodUnion ? here.options[nearest] : undefined;
      for (const inner of slipsFirst(issue.errors[nearest] ?? [])) describe(inner, option, path, problems);
      return;
    }
  }
  const required = issue.code === 'invalid_type' && here instanceof z.ZodObject ? requiredFields(here) : '';
  problems.add(
    path,
    required === '' ? issue.message : issue.message.replace(/^expected an object,/, `expected an object such as ${required},`),
  );
}

/** `; network has nodes`: what is indented too little, or was looked for here. */
function inFieldOf(here: z.core.$ZodType | undefined, key: string): string {
  if (!(here instanceof z.ZodObject)) return '';
  const has = Object.keys(here.shape).filter((name) => {
    const inner = bare(here.shape[name]);
    return inner instanceof z.ZodObject && Object.hasOwn(inner.shape, key);
  });
  return has.length === 1 ? `; ${has[0]} has ${key}` : '';
}

/** `{ address: ..., as: ... }` */
function requiredFields({ shape }: z.ZodObject): string {
  const names = Object.keys(shape).filter((name) => !(shape[name] instanceof z.ZodExactOptional));
  return names.length === 0 ? '' : `{ ${names.map((name) => `${name}: ...`).join(', ')} }`;
}

/** A mistyped field says more than the absence of the one that was meant. */
function slipsFirst(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  return [...issues].sort((a, b) => Number(b.code === 'unrecognized_keys') - Number(a.code === 'unrecognized_keys'));
}

/** The alternative of the right kind is the one whose complaints are about what is in it. */
function isInside(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0 || issue.code === 'unrecognized_keys') return true;
  return issue.code === 'invalid_union' && issue.errors.some((errors) => errors.every(isInside));
}

function inside(schema: z.core.$ZodType | undefined, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  let here = bare(schema);
  for (const step of path) {
    if (here instanceof z.ZodObject) here = bare(here.shape[String(step)]);
    else if (here instanceof z.ZodArray) here = bare(here.element);
    else if (here instanceof z.ZodRecord) here = bare(here.valueType);
    else return undefined;
  }
  return here;
}

function bare(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  return schema instanceof z.ZodExactOptional ? bare(schema.unwrap()) : schema;
}

/**
 * A field set to `undefined` is a field left out, as a program that builds its configuration from parts means it.
 *
 * @param above - What holds `value`. Aliases of YAML, too, can make something that holds itself.
 */
function withoutUndefined(value: unknown, path: Path, above: Set<object>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== null && prototype !== Object.prototype) return value;
  if (above.has(value)) {
    const message = 'expected something that does not hold itself';
    throw new UsageError('CONFIG_INVALID', message, path, [{ path, message }]);
  }
  above.add(value);
  const inner = Array.isArray(value)
    ? value.map((entry, i) => withoutUndefined(entry, [...path, i], above))
    : Object.fromEntries(
        Object.entries(value).flatMap(([key, entry]) =>
          entry === undefined ? [] : [[key, withoutUndefined(entry, [...path, key], above)]],
        ),
      );
  above.delete(value);
  return inner;
}
