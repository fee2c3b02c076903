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

/** The system's "ENOENT: no such file or directory, open '...'" without its ends. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return /^[A-Z]+: ([^,]+),/.exec(error.message)?.[1] ?? error.message;
}
