/** Lines about a running router: for people, or as JSON. */
import type { Cause, MappingChange, Targets } from '../index.js';
import { type Output, visible } from './command.js';

/** How lines are written. */
export type Style = 'human' | 'json' | 'quiet';

/** Something that happened, with what belongs to it; `event` names it. */
export interface Happening {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Writes what happens, a line each. */
export class Printer {
  constructor(
    private readonly output: Output,
    private readonly style: Style,
  ) {}

  /** Whether nothing is written, so that nothing need be watched for it. */
  get quiet(): boolean {
    return this.style === 'quiet';
  }

  /** @param at - Milliseconds since the epoch. */
  line(at: number, happening: Happening, words: string, tone: Tone = 'plain'): void {
    if (this.style === 'json') this.output.write(`${JSON.stringify({ time: new Date(at).toISOString(), ...happening })}\n`);
    else if (this.style === 'human')
      this.output.write(`${paint(this.output, 'dim', clockTime(at))} ${paint(this.output, tone, visible(words))}\n`);
  }

  change(change: MappingChange): void {
    const { seq, prefix, before, after, cause, merged, heard, decided, applied } = change;
    const ms = Math.round((applied - heard) * 1000) / 1000;
    const words = `${prefix}  ${nodes(before)} -> ${nodes(after)}  ${because(cause)}${merged > 1 ? `, ${merged} merged` : ''}  ${ms} ms`;
    this.line(
      applied,
      { event: 'mapping-change', seq, prefix, before: before ?? null, after: after ?? null, cause, merged, heard, decided, applied, ms },
      words,
    );
  }
}

type Tone = 'plain' | 'dim' | 'good' | 'bad';
const CODES: Readonly<Record<Tone, string>> = { plain: '', dim: '\u001b[2m', good: '\u001b[32m', bad: '\u001b[31m' };

function paint(output: Output, tone: Tone, text: string): string {
  return output.colour && tone !== 'plain' ? `${CODES[tone]}${text}\u001b[0m` : text;
}

/** The time of day, to the millisecond, where the reader is. */
function clockTime(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** `web-a`, `web-a + web-b`, `via gw-1`, `discard`, or `-` for nowhere. */
function nodes(targets: Targets | undefined): string {
  if (!targets) return '-';
  return targets
    .map((target) => (target.type === 'node' ? target.node : target.type === 'gateway' ? `via ${target.node}` : 'discard'))
    .join(' + ');
}

/** Why, in a few words. */
function because(cause: Cause): string {
  switch (cause.type) {
    case 'announced':
      return `announced by ${cause.neighbour}`;
    case 'withdrawn':
      return `withdrawn by ${cause.neighbour}`;
    case 'session-down':
      return `session of ${cause.neighbour} down (${cause.reason})`;
    case 'claimed':
    case 'released':
    case 'lease-expired':
      return `${cause.type} by the program for ${cause.node}`;
    case 'policy-changed':
      return `policy of ${cause.neighbour} changed`;
    case 'rpki-changed':
      return `RPKI cache ${cause.cache} changed`;
    case 'configured':
      return 'configured';
    case 'undampened':
      return 'quiet for long enough';
    case 'restored':
      return 'restored after a restart, or not said again since';
    default:
      return 'grant' in cause ? `${cause.type}: ${cause.grant}` : `${cause.type}: ${cause.node}`;
  }
}
