/** What the commands have in common. */

/** A command of `virtual-router`. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** The text of `--help`. */
  readonly help: string;
  /** Does it. Resolves with the exit code; throws a {@link CommandError} for what is to be said in one line. */
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

/** Where a command writes, and what reaches it from outside. */
export interface Terminal {
  readonly out: Output;
  readonly err: Output;
  /** Calls back at SIGINT, SIGTERM, or when nobody reads the output any more. Returns a way to stop listening. */
  onStop(call: (why: string) => void): () => void;
  /** Calls back at SIGHUP: what was read is to be read again. Returns a way to stop listening. */
  onReload(call: () => void): () => void;
  /** Milliseconds, from whenever. */
  now(): number;
  /** Whether what is run from here may begin cold: then routers start without the rehearsal before them. Default: false. */
  readonly cold?: boolean;
}

/** One stream of text. */
export interface Output {
  write(text: string): void;
  /** Resolves once what was written is on its way, for who has much to write and can wait. Where it is not there, that is always so. */
  ready?(): Promise<void>;
  readonly colour: boolean;
  /** Why some of it could not be written, where that was so: the disk is full, say. */
  readonly failure?: string | undefined;
}

/** The process did what it was told. */
export const DONE = 0;
/** It could not be done: a port in use, say. */
export const FAILED = 1;
/** The command line or the configuration file is wrong. */
export const WRONG_USE = 2;

/** Ends the command with one line on standard error. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/** What would be a line of its own, move the cursor, or turn the reading order about: control characters, and those of lines and directions. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text that may be a stranger's as one line on a terminal, or in a log (RFC 9003 §5): what cannot be seen is spelt out. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => {
    if (character === '\n') return '\\n';
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same of all text in an answer that came as JSON. */
export function allVisible<T>(answer: T): T {
  return JSON.parse(JSON.stringify(answer), (_key, value: unknown) => (typeof value === 'string' ? visible(value) : value)) as T; // as it was
}
