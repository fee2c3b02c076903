import { UsageError } from '../../lib/errors.js';
import type { AsSegment } from '../wire/index.js';

/** What stands around and between the numbers of a segment. */
const WRITTEN: Readonly<Record<AsSegment['type'], readonly [open: string, between: string, close: string]>> = {
  sequence: ['', ' ', ''],
  set: ['{', ',', '}'],
  'confed-sequence': ['(', ' ', ')'],
  'confed-set': ['[', ',', ']'],
};

/** An AS path as operators read it: sequences bare, sets in braces, a confederation's segments in parentheses or brackets. @internal */
export function asPathText(path: readonly AsSegment[]): string {
  return path
    .map(({ type, asns }) => {
      const [open, between, close] = WRITTEN[type];
      return `${open}${asns.join(between)}${close}`;
    })
    .join(' ');
}

/** A step of the machine: take one of these characters, or assert a place, or go on in one or two ways. */
type Step =
  | { readonly type: 'take'; readonly has: (character: number) => boolean; readonly next: number }
  | { readonly type: 'start' | 'end'; readonly next: number }
  | { readonly type: 'split'; readonly ways: readonly number[] }
  | { readonly type: 'match' };

const BORDERS = ' {}()[],';

/**
 * A compiled pattern. It runs all its ways side by side, so a path takes time in proportion to its length times the pattern's,
 * whatever either says: the paths come from strangers.
 *
 * @internal
 */
export class AsPathPattern {
  readonly #steps: Step[] = [];
  readonly #start: number;

  /** Throws a `UsageError` (`CONFIG_INVALID`) for a pattern that does not read. */
  constructor(readonly source: string) {
    const parser = new PatternParser(source, this.#steps);
    const match = this.#steps.push({ type: 'match' }) - 1;
    this.#start = parser.parse(match);
  }

  test(text: string): boolean {
    let now = new Set<number>();
    for (let at = 0; at <= text.length; at++) {
      // The pattern may begin anywhere.
      if (this.#reach(this.#start, at, text.length, now)) return true;
      if (at === text.length) break;
      const character = text.charCodeAt(at);
      const later = new Set<number>();
      for (const index of now) {
        const step = this.#steps[index];
        if (step?.type === 'take' && step.has(character) && this.#reach(step.next, at + 1, text.length, later)) return true;
      }
      now = later;
    }
    return false;
  }

  /** Adds what can be reached from a step without taking a character; whether that is a match. */
  #reach(from: number, at: number, end: number, into: Set<number>): boolean {
    const waiting = [from];
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      if (into.has(index)) continue;
      into.add(index);
      const step = this.#steps[index];
      if (step?.type === 'match') return true;
      if (step?.type === 'split') waiting.push(...step.ways);
      else if (step?.type === 'start' && at === 0) waiting.push(step.next);
      else if (step?.type === 'end' && at === end) waiting.push(step.next);
    }
    return false;
  }
}

/** Most steps of a pattern: repetition counts multiply them. */
const MAX_STEPS = 10_000;

/** A part of a pattern: builds its steps, given where to go on, and returns where it begins. */
type Part = (next: number) => number;

class PatternParser {
  #at = 0;

  constructor(
    private readonly source: string,
    private readonly steps: Step[],
  ) {}

  parse(match: number): number {
    const part = this.#alternatives();
    if (this.#at < this.source.length) this.#wrong(`"${this.source[this.#at]}"`);
    return part(match);
  }

  #alternatives(): Part {
    const parts = [this.#sequence()];
    while (this.#eat('|')) parts.push(this.#sequence());
    const [only] = parts;
    if (only && parts.length === 1) return only;
    return (next) => this.#add({ type: 'split', ways: parts.map((part) => part(next)) });
  }

  #sequence(): Part {
    const parts: Part[] = [];
    while (this.#at < this.source.length && !'|)'.includes(this.source[this.#at] ?? '')) parts.push(this.#repeated());
    return (next) => parts.reduceRight((to, part) => part(to), next);
  }

  #repeated(): Part {
    let part = this.#atom();
    for (;;) {
      const inner = part;
      if (this.#eat('*')) part = this.#star(inner);
      else if (this.#eat('+')) part = (next) => inner(this.#star(inner)(next));
      else if (this.#eat('?')) part = (next) => this.#add({ type: 'split', ways: [inner(next), next] });
      else if (this.source[this.#at] === '{') part = this.#counted(inner);
      else return part;
    }
  }

  #star(inner: Part): Part {
    return (next) => {
      const ways: number[] = [];
      const loop = this.#add({ type: 'split', ways });
      ways.push(inner(loop), next);
      return loop;
    };
  }

  #counted(inner: Part): Part {
    const found = /^\{(\d{1,3})(,(\d{0,3}))?\}/.exec(this.source.slice(this.#at));
    if (!found) return this.#wrong('a count such as {2} or {1,3}');
    this.#at += found[0].length;
    const least = Number(found[1]);
    const most = found[2] === undefined ? least : found[3] ? Number(found[3]) : undefined;
    if (most !== undefined && most < least) this.#wrong('a count whose bounds are in order');
    return (next) => {
      let to = next;
      if (most === undefined) to = this.#star(inner)(to);
      else for (let i = least; i < most; i++) to = this.#add({ type: 'split', ways: [inner(to), next] });
      for (let i = 0; i < least; i++) to = inner(to);
      return to;
    };
  }

  #atom(): Part {
    const character = this.source[this.#at++] ?? '';
    switch (character) {
      case '(': {
        const part = this.#alternatives();
        if (!this.#eat(')')) this.#wrong('")"');
        return part;
      }
      case '[':
        return this.#class();
      case '.':
        return this.#take(() => true);
      case '^':
        return (next) => this.#add({ type: 'start', next });
      case '$':
        return (next) => this.#add({ type: 'end', next });
      case '_':
        return (next) =>
          this.#add({
            type: 'split',
            ways: [
              this.#add({ type: 'start', next }),
              this.#add({ type: 'end', next }),
              this.#add({ type: 'take', has: (code) => BORDERS.includes(String.fromCharCode(code)), next }),
            ],
          });
      case '\\': {
        const escaped = this.source[this.#at++];
        if (escaped === undefined) return this.#wrong('a character after "\\"');
        const [digit, literal] = [escaped === 'd', escaped.charCodeAt(0)];
        return this.#take(digit ? isDigit : (code) => code === literal);
      }
      case '*':
      case '+':
      case '?':
      case ')':
      case ']':
      case '{':
        this.#at--;
        return this.#wrong(`"${character}"`);
      default: {
        const literal = character.charCodeAt(0);
        return this.#take((code) => code === literal);
      }
    }
  }

  #class(): Part {
    const inverted = this.#eat('^');
    const ranges: [from: number, to: number][] = [];
    while (this.source[this.#at] !== ']' || ranges.length === 0) {
      const from = this.source.charCodeAt(this.#at++);
      if (Number.isNaN(from)) return this.#wrong('"]"');
      if (this.source[this.#at] === '-' && this.#at + 1 < this.source.length && this.source[this.#at + 1] !== ']') {
        const to = this.source.charCodeAt(this.#at + 1);
        if (to < from) this.#wrong('a range in order');
        ranges.push([from, to]);
        this.#at += 2;
      } else ranges.push([from, from]);
    }
    this.#at++;
    return this.#take((code) => ranges.some(([from, to]) => code >= from && code <= to) !== inverted);
  }

  #take(has: (character: number) => boolean): Part {
    return (next) => this.#add({ type: 'take', has, next });
  }

  #add(step: Step): number {
    if (this.steps.length >= MAX_STEPS) this.#wrong('fewer repetitions');
    return this.steps.push(step) - 1;
  }

  #eat(character: string): boolean {
    if (this.source[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #wrong(what: string): never {
    throw new UsageError('CONFIG_INVALID', `AS path pattern "${this.source}" does not read at character ${this.#at + 1}: ${what}`);
  }
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
