#!/usr/bin/env node
/**
 * The `virtual-router` command.
 *
 * `index.ts` finds the command and turns whatever it throws into one line and an exit code. Each command is a module that exports a
 * {@link Command} and is loaded only when it is asked for: `run.ts` runs routers from a file, `watch.ts` does the same and prints what
 * moves, `reload.ts` has running routers do what their file says now, `forward.ts` forwards for a `run` that has its ports elsewhere, `decode.ts`
 * prints what recorded bytes say (`progress.ts`: how far it is), `engine.ts` tells the engine what suits a router, `status.ts` and `why.ts`
 * ask running routers through the socket of `control.ts`. `file.ts` says what a configuration file holds, `yaml.ts` reads one and knows the line of every field,
 * `report.ts` says in lines what running routers tell of, `print.ts` writes them for people or as JSON, and `stream-output.ts` hands them to whoever reads. `run` goes through `src/index.ts`, as a program of the user's
 * would; `decode` reads captures and the wire directly.
 *
 * Not done: routers that come or go with the file, or another AS number, while it runs; daemonising (leave that to the service manager).
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, CommandError, FAILED, type Terminal, WRONG_USE } from './command.js';
import { tuneEngine } from './engine.js';
import { doNotWait, MOST_WAITING, StreamOutput } from './stream-output.js';

/** Commands that live on at SIGHUP, as they read their file again or say that they do not: from the very beginning, as the signal's default is to end the process. */
const RELOADING: readonly string[] = ['run', 'watch', 'forward'];

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => {
    tuneEngine();
    return (await import('./run.js')).run;
  },
  watch: async () => {
    tuneEngine();
    return (await import('./watch.js')).watch;
  },
  forward: async () => (await import('./forward.js')).forward,
  status: async () => (await import('./status.js')).status,
  why: async () => (await import('./why.js')).why,
  decode: async () => (await import('./decode.js')).decode,
};

/** Does what the arguments say; resolves with the exit code. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(args, terminal);
  } catch (error) {
    const [message, code] = inOneLine(error);
    terminal.err.write(`virtual-router: ${message}\n`);
    return code;
  }
}

async function dispatch([name, ...args]: readonly string[], terminal: Terminal): Promise<number> {
  if (name === '--version' || name === '-V') {
    terminal.out.write(`${version()}\n`);
    return 0;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    const [about] = args;
    terminal.out.write(about === undefined ? await usage() : (await find(about)).help);
    return 0;
  }
  if (name === undefined) {
    terminal.err.write(await usage());
    return WRONG_USE;
  }
  const command = await find(name);
  if (args.includes('--help') || args.includes('-h')) {
    terminal.out.write(command.help);
    return 0;
  }
  return command.run(args, terminal);
}

async function find(name: string): Promise<Command> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!load)
    throw new CommandError(
      `no such command: ${name} (there are ${Object.keys(COMMANDS).join(', ')}; see virtual-router --help)`,
      WRONG_USE,
    );
  return load();
}

async function usage(): Promise<string> {
  const lines = await Promise.all(Object.entries(COMMANDS).map(async ([name, load]) => `  ${name.padEnd(8)} ${(await load()).summary}`));
  return `virtual-router ${version()}: a virtual router to which guests announce addresses

Usage: virtual-router COMMAND [OPTIONS] FILE

Commands:
${lines.join('\n')}

  virtual-router COMMAND --help    what a command takes
  virtual-router --version         the version

Exit codes: 0 done, 1 could not be done (a port in use, say), 2 the command line or the configuration file is wrong.
`;
}

/** A wrong option is a wrong use; an error that nobody foresaw keeps its stack, for the report. */
function inOneLine(error: unknown): [message: string, code: number] {
  if (error instanceof CommandError) return [error.message, error.exitCode];
  if (!(error instanceof Error)) return [String(error), FAILED];
  if ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) return [error.message, WRONG_USE];
  return [error.stack ?? error.message, FAILED];
}

/** The package's version. The package is above this file both as built and in the sources. */
function version(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  throw new Error('no package.json above the command');
}

/** Milliseconds that a process which was told to stop leaves to a reader for what is written. */
const LAST_WORDS = 2000;

/** The terminal that the process has; `end` is called when all is done. */
function processTerminal(): Terminal & { end(): void } {
  const { stdout, stderr, env } = process;
  const stopped = new Set<(why: string) => void>();
  if (RELOADING.includes(process.argv[2] ?? '')) for (const stream of [stdout, stderr]) doNotWait(stream);
  const colour = (stream: NodeJS.WriteStream): boolean => Boolean(stream.isTTY) && !env.NO_COLOR;
  const out = new StreamOutput(stdout, colour(stdout), {
    unread: () => {
      for (const call of stopped) call('nobody reads the output');
    },
    failed: (reason) => {
      process.exitCode = FAILED;
      stderr.write(`virtual-router: the output cannot be written: ${reason}\n`);
    },
  });
  stderr.on('error', () => {}); // there is nowhere left to say so
  let stops = 0;
  let reload: (() => void) | undefined;
  let missed = false;
  // Windows has no such signal: its name means there that the window is closed.
  if (process.platform !== 'win32' && RELOADING.includes(process.argv[2] ?? ''))
    process.on('SIGHUP', () => {
      if (reload) reload();
      else missed = true;
    });
  return {
    out,
    end: () => {
      if (stops === 0) return;
      // Who was told to stop does not wait for a reader that has stopped itself.
      setTimeout(() => process.exit(out.waits ? FAILED : process.exitCode), LAST_WORDS).unref();
    },
    err: { write: (text) => void (stderr.writableLength <= MOST_WAITING && stderr.write(text)), colour: colour(stderr) },
    now: () => performance.now(),
    onStop: (call) => {
      const onSignal = (signal: NodeJS.Signals, number: number): void => {
        stops++;
        // The second signal means it: whatever the first one waits for is left.
        if (stops > 1) process.exit(128 + number);
        call(signal);
      };
      process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
      stopped.add(call);
      return () => {
        process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
        stopped.delete(call);
      };
    },
    onReload: (call) => {
      reload = call;
      if (missed) call();
      missed = false;
      return () => {
        reload = undefined;
      };
    },
  };
}

if (process.argv[1] !== undefined && isThisFile(process.argv[1])) {
  const terminal = processTerminal();
  const code = await main(process.argv.slice(2), terminal);
  // What could not be written was not done.
  process.exitCode ||= code;
  terminal.end();
}

/** npm starts the command through a link. */
function isThisFile(started: string): boolean {
  return realpathSync(started) === fileURLToPath(import.meta.url);
}
